"""Two versions of a contract: what changed, whom it concerns, and whether the new one may take the old one's place.

Sharing more, keeping longer or protecting less is *breaking: privacy* and needs a named approver. What refuses files
that were good, or takes from users what they relied on, is *breaking: users*.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from curv_eval.contract import Contract, lint_contract, load_contract
from curv_eval.contract_diff.columns import column_differences
from curv_eval.contract_diff.decision import expected_version, refusals
from curv_eval.contract_diff.leftovers import leftover_differences
from curv_eval.contract_diff.nouns import Difference, Kind
from curv_eval.contract_diff.terms import term_differences
from curv_eval.errors import ContractError
from curv_eval.yamlfile import read_yaml

__all__ = ["Difference", "Kind", "decide", "differences", "expected_version"]


def differences(old: Path, new: Path) -> list[Difference]:
    """Return every difference between two contract files, the gravest first; [] for files with the same bytes.

    The files may have any name. Raises ContractError where one of them is not a contract.
    """
    before, after = _contract(old), _contract(new)
    if before.sha256 == after.sha256:
        return []
    found = [
        *term_differences(before, after),
        *column_differences(before, after),
        *leftover_differences(read_yaml(old), read_yaml(new)),
    ]
    order = list(Kind)
    found = sorted(dict.fromkeys(found), key=lambda one: (order.index(one.kind), one.where, one.what))
    return found or [Difference("the file", Kind.WORDING, "only comments or layout changed")]


def decide(found: Sequence[Difference], old: Path, new: Path) -> list[str]:
    """Return every reason why the contract in `new` may not take the place of the one in `old`: [] where it may.

    found: what `differences` returned for the two. A breaking change asks for a new first number of the version, a
    compatible one for a new second, wording for a new third; a change that breaks privacy asks for an approval.
    """
    return refusals(found, _contract(old), _contract(new))


def _contract(path: Path) -> Contract:
    """Return the contract in a file that need not be named like it, such as an older version saved beside it."""
    name = _name(path)
    if name is None or path.name == f"{name}.yaml":
        return load_contract(name, path.parent) if name else lint_contract(path)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / f"{name}.yaml"
        copy.write_bytes(path.read_bytes())
        try:
            return load_contract(name, copy.parent)
        except ContractError as fault:
            raise ContractError(fault.what.replace(copy.name, path.name), fault.breaches, fault.do) from None


def _name(path: Path) -> str | None:
    """Return what the contract in a file calls itself, None where the file does not say it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.findall(r"""^id:[ ]*["']?([a-z][a-z0-9_]*)["']?[ ]*(?:#.*)?$""", text, re.MULTILINE)
    return found[0] if len(found) == 1 else None
