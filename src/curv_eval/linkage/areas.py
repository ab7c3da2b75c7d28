"""Small areas that mean the same place in 2011 and 2021.

An LSOA that was split in 2021 has several children: an incident coded to the parent cannot be given to one of them
from its code alone. Dropping it would look like a fall, sharing it out would invent places. So the children of a
split (and the parents of a merge) are kept together as one *united area*, to which both vintages belong exactly.
"""

from __future__ import annotations

from collections.abc import Iterable


def united_areas(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the united area of every LSOA code, of either vintage.

    pairs: (2011 code, 2021 code) rows of the published lookup. Codes joined by any chain of pairs form one area,
    named by its smallest 2021 code.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}
    for old, new in pairs:
        parent[_root(parent, ("11", old))] = _root(parent, ("21", new))
    root = {node: _root(parent, node) for node in list(parent)}
    name: dict[tuple[str, str], str] = {}
    for (vintage, code), top in root.items():
        if vintage == "21":
            name[top] = min(code, name.get(top, code))
    return {code: name[top] for (_, code), top in root.items()}


def _root(parent: dict, node: tuple[str, str]) -> tuple[str, str]:
    parent.setdefault(node, node)
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
