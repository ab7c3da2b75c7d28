"""What the linker hands over: pairs of pseudonyms for the analyst, and an account of the linkage for everyone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curv_eval.errors import RunError
from curv_eval.linkage.account import account_beside
from curv_eval.linkage.encoded import Encoded, read_encoded, require_same
from curv_eval.linkage.match import Matching, match_encoded
from curv_eval.linkage.match_exact import match_exact
from curv_eval.linkage.quality import expected_errors
from curv_eval.linkage.written import refuse_out

if TYPE_CHECKING:
    import duckdb

    from curv_eval.linkage.clear import Told
    from curv_eval.linkage.links import Links

HEADER = ("left_id", "right_id", "probability")


def link_files(con: duckdb.DuckDBPyConnection, left: Path, right: Path, *, matching: Matching | None) -> tuple:
    """Return the links of two encoded files, and the two files as opened.

    matching: None for equal pseudonyms only. Raises ContractError for files not encoded by one scheme under one
    key, and what the match raises.
    """
    files = read_encoded(con, left, "left_people"), read_encoded(con, right, "right_people")
    require_same(*files)
    if files[0].source == files[1].source:
        what = f"{left.name} and {right.name} both come from {files[0].source}"
        raise RunError(what, do="give the files of two different partners")
    scheme, names = files[0].scheme, [file.name for file in files]
    if matching is None:
        return match_exact(con, *names, scheme=scheme), *files
    return match_encoded(con, *names, scheme=scheme, matching=matching), *files


def refuse_places(out: Path) -> None:
    """Raise RunError unless the pairs and their account can be written: before the match, which may take hours."""
    refuse_out(out, ".csv")
    refuse_out(account_beside(out))


def write_links(out: Path, links: Links, files: tuple[Encoded | Told, ...]) -> dict[str, Any]:
    """Write `out` (CSV of left_id, right_id, probability) and `out`.about.json, and return what the account says.

    The account names no record. Raises RunError where one of the two exists already.
    """
    refuse_places(out)
    account = account_beside(out)
    said = _account(links, files)
    pairs = links.pairs.sort_values(["record_id_l", "record_id_r"])
    # an equal pseudonym has no probability; to the analyst it is a pair without doubt
    rows = zip(pairs["record_id_l"], pairs["record_id_r"], pairs["probability"].fillna(1.0), strict=True)
    _put(out, "\n".join([",".join(HEADER), *(f"{a},{b},{p:.6f}" for a, b, p in rows)]) + "\n")
    _put(account, json.dumps(said, indent=1, sort_keys=True) + "\n")
    return said


def _account(links: Links, files: tuple[Encoded | Told, ...]) -> dict[str, Any]:
    expected = None if links.mode == "exact" else expected_errors(links)
    return {
        "mode": links.mode,
        "left": {"source": files[0].source, "records": links.n_left},
        "right": {"source": files[1].source, "records": links.n_right},
        "links": len(links),
        "threshold": links.threshold,
        "conflicts_dropped": links.conflicts,
        "expected_wrong": None if expected is None else round(expected.wrong, 4),
        "expected_missed_among_compared": None if expected is None else round(expected.missed, 4),
        "key_fingerprint": files[0].fingerprint,
        "scheme": files[0].scheme.name,
        "purpose": sorted({file.purpose for file in files}),
        "made_up": any(file.made_up for file in files),
    }


def _put(path: Path, text: str) -> None:
    partial = path.with_name(f".partial-{path.name}-{os.getpid()}")
    try:
        partial.write_text(text, "utf-8", newline="\n")
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
