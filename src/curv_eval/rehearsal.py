"""A linkage rehearsed on made-up people: two key holders encode, a linker compares, an analyst receives pairs.

On real data three parties do this on three computers, with `curv-eval link`. Here one program plays all three, because
nobody in the data exists; it keeps what each would see in places of their own all the same.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from curv_eval.linkage.encode import encode, record_pseudonym
from curv_eval.linkage.handover import link_files, write_links
from curv_eval.linkage.keys import Key
from curv_eval.linkage.match import Matching
from curv_eval.linkage.scheme import UK
from curv_eval.made_up import Setting, make_up

# the contract of the pairs of each two partners; its file is the name with .csv
LINKS = {
    "people_links": ("vcse", "hospital"),
    "hospital_police_links": ("hospital", "police"),
    "vcse_police_links": ("vcse", "police"),
}
_PURPOSE = "rehearsal on made-up people"


def rehearse(
    folder: Path, *, seed: int, effect: float, setting: Setting | None = None, links: Sequence[str] = ("people_links",)
) -> None:
    """Make up the data of a study in `folder`, as `make_up` does, and link its people by the real program.

    links: names of LINKS, the pairs that are made.

    The folder appears complete or not at all. The same seed and effect give the same bytes.
    """
    key = _made_up_key(seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as part:
        inner = Path(part) / folder.name
        own_ids = partial(record_pseudonym, key)
        make_up(inner, seed=seed, effect=effect, setting=setting, pseudonym=own_ids)
        _link(inner, key, links, seed=seed)
        if not folder.exists():
            inner.rename(folder)


@functools.cache
def maker() -> str:
    """Return 8 figures that stand for the program that makes data up: they change when its source does."""
    here = Path(__file__).parent
    files = [Path(__file__), *sorted((here / "made_up").rglob("*.py")), *sorted((here / "linkage").rglob("*.py"))]
    told = hashlib.sha256()
    for file in files:
        told.update(f"{file.relative_to(here).as_posix()}\n".encode() + file.read_bytes())
    return told.hexdigest()[:8]


def _made_up_key(seed: int) -> Key:
    """A key that anyone can work out, for people who do not exist: so the rehearsal gives the same bytes each time."""
    return Key(hashlib.sha256(f"made-up people, seed {seed}".encode()).digest(), project="made-up-people")


def _link(folder: Path, key: Key, names: Sequence[str], *, seed: int) -> None:
    import duckdb

    for name in LINKS:
        (folder / f"{name}.csv").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as linker:
        partners = dict.fromkeys(partner for name in names for partner in LINKS[name])
        encoded = {source: _encode(folder, Path(linker), source, key=key) for source in partners}
        for name in names:
            left, right = LINKS[name]
            with duckdb.connect() as con:
                links, *files = link_files(con, encoded[left], encoded[right], matching=Matching(seed=seed))
                write_links(folder / f"{name}.csv", links, tuple(files))


def _encode(folder: Path, linker: Path, source: str, *, key: Key) -> Path:
    people, out = folder / "partners" / source / "people.csv", linker / f"{source}.parquet"
    encode(people, out, key=key, scheme=UK, source=source, record_id="record_id", purpose=_PURPOSE, made_up=True)
    return out
