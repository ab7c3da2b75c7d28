"""What a result depends on, as hashes of content: never of times, names of machines or places."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from curv_eval import granted, registration
from curv_eval.errors import RunError
from curv_eval.linkage.account import account_beside
from curv_eval.shipped import shipped
from curv_eval.study import Study, canonical, fingerprint
from curv_eval.study.nouns import NOTEBOOKS as OF_A_STUDY
from curv_eval.study.review import NOTEBOOKS as OF_A_REVIEW

NOTEBOOKS = (*OF_A_STUDY, *OF_A_REVIEW)
_APART = {"__pycache__", "_shipped"}
# hashes worked out once for all studies of one plan; files are read again for the next
Memo = dict[object, object]

digest = fingerprint


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path, pattern: str = "*") -> dict[str, str]:
    """Return relative path -> SHA-256 for every file below `folder`, except caches and the copies in a wheel."""
    files = (p for p in sorted(folder.rglob(pattern)) if p.is_file() and not _APART & {*p.relative_to(folder).parts})
    return {p.relative_to(folder).as_posix(): sha256(p) for p in files}


def inputs(study: Study, *, data: Path | None, contracts: dict[str, Path], memo: Memo | None = None) -> dict:
    """Return everything a result depends on, by hash.

    That is the study, its registration and exceptions, contracts, code, notebooks, the environment and the data.
    contracts: the file of each contract by name. data: the data folder; None leaves the data out. memo: shared by
    the studies of one plan, so that a file they have in common is read once.
    """
    memo = {} if memo is None else memo
    held = {
        "study": fingerprint(canonical(study)),
        "registration": {name: _hash(path, memo) for name, path in registration.files(study).items()},
        "exceptions": {name: _hash(path, memo) for name, path in granted.files(study).items()},
        "contracts": {name: _hash(path, memo) for name, path in contracts.items() if path.is_file()},
        "code": _once(memo, "code", code),
        "notebooks": _once(memo, ("notebooks", study.notebooks), lambda: notebooks(study.notebooks)),
        "environment": environment(),
    }
    if data is not None:
        held["data"] = {
            f"{name}/{file}": found
            for name, use in study.contracts.items()
            for file, found in _once(memo, data / use.location, lambda at=data / use.location: dict(files(at))).items()
        }
    return held


def key(found: dict) -> str:
    """Return the content key of a run: the same inputs give the same key, wherever and whenever."""
    return digest(_shared(found))[:12]


def step_keys(found: dict) -> dict[str, str]:
    """Return the key of each notebook of a run: its source, those before it, and everything else the run depends on."""
    shared = digest(_shared({name: held for name, held in found.items() if name != "notebooks"}))
    keys, before = {}, ""
    for name, source in found["notebooks"].items():
        before = keys[name] = digest([shared, source, before])[:12]
    return keys


def _shared(found: dict) -> dict:
    """Return what was found with the digest of the program's files in place of them."""
    return {**found, "code": digest_once(found["code"])} if "code" in found else found


def digest_once(held: dict) -> str:
    """Return the digest of a mapping that many studies share, such as the program's files, worked out once."""
    if not any(held is one for one, _ in _DIGESTED):
        _DIGESTED[:] = [(held, digest(held))]
    return _DIGESTED[0][1]


# the mapping that was digested last, itself, so that nothing else can be taken for it; nobody changes one
_DIGESTED: list[tuple[dict, str]] = []


def _once(memo: Memo, what: object, work) -> dict:
    if what not in memo:
        memo[what] = work()
    return memo[what]


def _hash(path: Path, memo: Memo) -> str:
    return _once(memo, path, lambda: {"": sha256(path)})[""]


def code() -> dict[str, str]:
    """Return the first 16 figures of the hash of each file of the program, enough to name what changed."""
    return {name: found[:16] for name, found in tree(Path(__file__).parent, "*.*").items()}


def notebooks(names: Iterable[str]) -> dict[str, str]:
    """Return the hash of what each notebook of a run does. Raises RunError for one that is not whole."""
    return {name: _source(shipped("notebooks") / f"{name}.ipynb") for name in names}


def _source(notebook: Path) -> str:
    """Return the hash of what a notebook does: its cells and what it declares, not its outputs or who opened it."""
    try:
        held = json.loads(notebook.read_text("utf-8"))
        cells = [[c["cell_type"], "".join(c["source"]), c["metadata"].get("tags", [])] for c in held["cells"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        do = "bring it back from version control"
        raise RunError(f"notebooks/{notebook.name} is not a whole notebook", do=do) from None
    return digest([cells, held["metadata"].get("curv_eval", {})])


def files(where: Path) -> Iterable[tuple[str, str]]:
    """Return name and hash of a file and of the linker's account beside it, or of every file below a folder."""
    if where.is_file():
        return [(one.name, sha256(one)) for one in (where, account_beside(where)) if one.is_file()]
    return tree(where).items() if where.is_dir() else []


@functools.cache
def environment() -> dict[str, str]:
    """Return the versions of Python and of every package that curv-eval needs, and the hash of the lock."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", **_needed("curv-eval", {})}
    lock = Path(__file__).parents[2] / "requirements.lock"
    return {**found, "lock": sha256(lock)[:16]} if lock.is_file() else found


def _needed(name: str, found: dict[str, str]) -> dict[str, str]:
    """Return the versions of a package and of all it needs."""
    from packaging.requirements import Requirement

    try:
        found[name] = metadata.version(name)
        asked = [Requirement(text) for text in metadata.requires(name) or ()]
    except metadata.PackageNotFoundError:
        found[name], asked = "not installed", []
    for one in asked:
        wanted = one.name.lower().replace("_", "-")
        if wanted not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
            _needed(wanted, found)
    return found
