"""The PRISMA 2020 checklist: for each item whether a review's brief meets it, where, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.screening.decisions import nearest
from curv_eval.yamlfile import read_yaml

_FILE = Path(__file__).with_name("prisma_2020.yaml")


@dataclass(frozen=True)
class Item:
    """One item of the checklist: its number in PRISMA 2020, what it asks in our words, and the parts that meet it."""

    item: str
    section: str
    asks: str
    parts: tuple[str, ...]


@cache
def items() -> tuple[Item, ...]:
    """Return the 27 items of PRISMA 2020, those with parts as 10a, 10b and so on: 42 rows."""
    return tuple(Item(**{**one, "parts": tuple(one["parts"])}) for one in read_yaml(_FILE)["items"])


def parts() -> tuple[str, ...]:
    """Return the names of the parts of a review's brief, in the order of the items that ask for them."""
    return tuple(dict.fromkeys(part for item in items() for part in item.parts))


def checklist(where: Mapping[str, str], missing: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return one row per item: item, section, asks, met ("met", "partly", "not"), where, and reason.

    where: for each part of the brief that is there, the place a reader finds it. missing: for parts that are not, why;
    without a reason the table says that none was given. Raises StudyError, with every fault, for a part that the
    checklist does not know, one both there and missing, or a blank place.
    """
    absent = dict(missing or {})
    known, faults = parts(), []
    for name in dict.fromkeys([*where, *absent]):
        if name not in known:
            faults.append(f"{name!r} is no part of a review's brief{nearest(name, known)}")
        elif name in where and name in absent:
            faults.append(f"{name}: given both as there and as missing")
        elif not (where.get(name) or absent.get(name) or "").strip():
            faults.append(f"{name}: a blank place or reason")
    if faults:
        raise StudyError("the checklist cannot be filled in", faults, f"the parts are {', '.join(known)}")
    return pd.DataFrame([_row(item, where, absent) for item in items()])


def _row(item: Item, where: Mapping[str, str], absent: Mapping[str, str]) -> dict[str, str]:
    there = [part for part in item.parts if part in where]
    lost = [part for part in item.parts if part not in where]
    return {
        "item": item.item, "section": item.section, "asks": item.asks,
        "met": "met" if not lost else "partly" if there else "not",
        "where": "; ".join(dict.fromkeys(where[part] for part in there)),
        "reason": "; ".join(f"{part.replace('_', ' ')}: {absent.get(part, 'no reason given')}" for part in lost),
    }  # fmt: skip
