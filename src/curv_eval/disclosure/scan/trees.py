"""JSON, notebooks and YAML as pieces and columns; a key that stands twice is read twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from curv_eval.disclosure.scan.items import Column, Item, Piece, Refused, label, within

if TYPE_CHECKING:
    import yaml

Packed = Callable[[str, str], Iterator[Item]]
_MIME = re.compile(r"(?:application|audio|font|image|model|text|video)/[\w.+-]+")
_DEEPEST = 200
# the fingerprint of a registered plan, which the program itself writes
_OWN, _HASH = {"registered_plan"}, "[0-9a-f]{64}"


class _Pairs(list):
    """The keys and values of a JSON object, in order."""


def json_items(text: str, *, packed: Packed, notebook: bool = False) -> Iterator[Item]:
    """Yield every key and value. packed: what becomes of text under a key that is a kind of media (kind, text)."""
    try:
        tree = json.loads(text, object_pairs_hook=_Pairs, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        yield Refused("", "not readable as JSON")
        return
    yield from _Walk(packed, notebook).node(tree, "", 0)


class _Walk:
    """One walk through a tree of JSON."""

    def __init__(self, packed: Packed, notebook: bool) -> None:
        self.packed, self.notebook = packed, notebook

    def node(self, node: object, place: str, depth: int) -> Iterator[Item]:
        """Yield what is in a node and below it."""
        if depth > _DEEPEST:
            yield Refused(place, "nested too deeply")
        elif isinstance(node, _Pairs):
            yield from self._object(node, place, depth, headed=False)
        elif isinstance(node, list):
            yield from self._list(node, place, depth)
        elif isinstance(node, str):
            yield Piece(place or "the text", node)

    def _object(self, pairs: _Pairs, place: str, depth: int, *, headed: bool) -> Iterator[Item]:
        yield from _point(dict(pairs), place)
        for number, (key, value) in enumerate(pairs, 1):
            here = _below(place, key, number)
            if not headed:
                yield Piece(here, key, heading=True, strict=False)
            if _MIME.fullmatch(key) and not isinstance(value, _Pairs):
                yield from within(here, self.packed(key, _joined(value)))
            elif not (key in _OWN and isinstance(value, str) and re.fullmatch(_HASH, value)):
                yield from self.node(value, here, depth + 1)

    def _list(self, nodes: list, place: str, depth: int) -> Iterator[Item]:
        if nodes and all(isinstance(one, str) for one in nodes) and any(one.endswith("\n") for one in nodes):
            yield Piece(place, "".join(nodes))
            return
        rows = len(nodes) > 1 and all(isinstance(one, _Pairs) for one in nodes)
        if rows:
            yield from _columns(nodes, place, strict=not self.notebook)
        for number, one in enumerate(nodes, 1):
            here = f"{place}[{number}]"
            yield from self._object(one, here, depth + 1, headed=True) if rows else self.node(one, here, depth + 1)


def _below(place: str, key: str, number: int) -> str:
    said = label("", key, number).strip()
    return f"{place}.{said}" if place else said


def _joined(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _columns(rows: Sequence[_Pairs], place: str, *, strict: bool) -> Iterator[Item]:
    """Yield the columns of a list of objects, and their names once."""
    values: dict[str, list[str]] = {}
    for row in rows:
        for key, value in row:
            values.setdefault(key, []).extend([value] if isinstance(value, str) else [])
    for number, (key, held) in enumerate(values.items(), 1):
        here = f"{place}, {label('column', key, number)}"
        yield Piece(here, key, heading=True, strict=strict)
        yield Column(here, key, tuple(held))


def _point(held: dict[str, object], place: str) -> Iterator[Item]:
    """Yield the point of a GeoJSON geometry as text; boundaries of areas are not points."""
    at = held.get("coordinates")
    if held.get("type") in ("Point", "MultiPoint") and isinstance(at, list):
        points = at if at and isinstance(at[0], list) else [at]
        yield from (Piece(f"{place}.coordinates", ", ".join(map(str, one[:2]))) for one in points)


def yaml_items(text: str) -> Iterator[Item]:
    """Yield every key, value and comment, by line."""
    import yaml

    try:
        nodes = list(yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        yield from (item for node in nodes if node is not None for item in _yaml_node(node, set()))
    except (yaml.YAMLError, RecursionError):
        yield Refused("", "not readable as YAML")
        return
    for number, line in enumerate(text.split("\n"), 1):
        comment = re.search(r"(?:^|\s)#(.*)", line)
        if comment:
            yield Piece(f"line {number}", comment[1])


def _yaml_node(node: yaml.Node, seen: set[int]) -> Iterator[Item]:
    """Yield what is below a node; one that an alias names again is read once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    place = f"line {node.start_mark.line + 1}"
    if node.id == "scalar":
        yield Piece(place, node.value)
    elif node.id == "sequence":
        for one in node.value:
            yield from _yaml_node(one, seen)
    else:
        for key, value in node.value:
            yield from _yaml_key(key, seen)
            if not (key.id == value.id == "scalar" and key.value in _OWN and re.fullmatch(_HASH, value.value)):
                yield from _yaml_node(value, seen)


def _yaml_key(key: yaml.Node, seen: set[int]) -> Iterator[Item]:
    if key.id == "scalar":
        yield Piece(f"line {key.start_mark.line + 1}", key.value, heading=True, strict=False)
    else:
        yield from _yaml_node(key, seen)
