"""The files of a place: ordinary ones only, and no link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curv_eval.retention.claims import GOING, Claim


@dataclass(frozen=True)
class Walked:
    """What lies at a place. links: what is left alone because it is a link, or lies behind one."""

    files: tuple[Path, ...]
    links: tuple[Path, ...] = ()


def walked(claim: Claim) -> Walked:
    """Return the ordinary files of a claim; those a removal that was cut short has renamed are among them."""
    link = _linked(claim)
    if link:
        return Walked((), (link,))
    files, links = [], []
    for place in (claim.place, claim.place.with_name(f"{GOING}{claim.place.name}")):
        for path in _below(place):
            (links if path.is_symlink() else files).append(path)
    return Walked(tuple(files), tuple(links))


def _linked(claim: Claim) -> Path | None:
    """Return the link on the way from the root to the place, or the place where it leads out of the root."""
    if not claim.place.is_relative_to(claim.root) or ".." in claim.place.relative_to(claim.root).parts:
        return claim.place
    at = claim.root
    for part in claim.place.relative_to(claim.root).parts:
        at = at / part
        if at.is_symlink():
            return at
    return None


def _below(place: Path) -> Iterator[Path]:
    try:
        mode = place.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISDIR(mode):
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            yield place
        return
    for at, folders, names in os.walk(place):
        yield from (Path(at, name) for name in sorted(folders) if Path(at, name).is_symlink())
        yield from (path for path in (Path(at, name) for name in sorted(names)) if path.is_symlink() or path.is_file())
        folders.sort()
