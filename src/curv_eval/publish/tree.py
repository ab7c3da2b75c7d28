"""The brief as pandoc's tree, every node with the line it was written on, and what each format shows of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curv_eval.publish.pandoc import run_pandoc
from curv_eval.publish.positions import trace
from curv_eval.publish.source import Line, Source

FORMATS = ("html", "typst", "docx")


@dataclass(frozen=True)
class Node:
    """A pandoc node: its kind, its content as pandoc writes it, the line it is on, and the labels of what holds it."""

    kind: str
    content: list
    at: Line
    above: tuple[str, ...]


def parse(source: Source, folder: Path) -> list:
    """Return pandoc's blocks for the body of `source`; every node carries its line under "at"."""
    tree = json.loads(run_pandoc(source.body, "--to=json", folder=folder))["blocks"]
    trace(tree, source.lines)
    return tree


def shown(tree: list, output: str) -> list:
    """Return `tree` as the format `output` shows it: conditional divs kept open or left out, as Quarto does."""
    result = []
    for value in tree:
        if isinstance(value, dict) and value.get("t") == "Div" and _condition(value):
            result += shown(value["c"][1], output) if _is_shown(value, output) else []
        elif isinstance(value, dict) and isinstance(value.get("c"), list):
            result.append({**value, "c": shown(value["c"], output)})
        else:
            result.append(shown(value, output) if isinstance(value, list) else value)
    return result


def walk(value: object, above: tuple[str, ...] = ()) -> Iterator[Node]:
    """Yield every node in `value`, outermost first, in reading order."""
    if isinstance(value, dict):
        inside = above
        if "at" in value:
            yield Node(value["t"], value.get("c", []), value["at"], above)
            inside = (*above, _label(value))
        for part in value.values():
            yield from walk(part, inside)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part, above)


def plain(value: object) -> str:
    """Return the words of `value` with single spaces, without its notes."""
    if isinstance(value, list):
        return "".join(plain(part) for part in value)
    if not isinstance(value, dict) or value.get("t") == "Note":
        return ""
    if value.get("t") in ("Space", "SoftBreak", "LineBreak"):
        return " "
    content = value.get("c")
    return content if isinstance(content, str) else plain(content)


def classes(node: Node) -> list[str]:
    """Return the classes of a div, span or heading `node`."""
    return _attributes(node.kind, node.content)[1]


def identifier(node: Node) -> str:
    """Return the id written on `node`, or "" when it has none."""
    return _attributes(node.kind, node.content)[0]


def settings(node: Node) -> dict[str, str]:
    """Return the key="value" attributes of `node`."""
    return dict(_attributes(node.kind, node.content)[2])


_ATTRIBUTES_AT = {"Header": 1, "Div": 0, "Span": 0, "Figure": 0, "Table": 0, "Image": 0, "Link": 0, "Code": 0}


def _attributes(kind: str, content: list) -> list:
    return content[_ATTRIBUTES_AT[kind]] if kind in _ATTRIBUTES_AT else ["", [], []]


def _label(node: dict) -> str:
    names = node["c"][0][1] if node["t"] == "Div" else []
    return names[0] if names else node["t"]


def _condition(div: dict) -> str:
    return next((name for name in div["c"][0][1] if name in ("content-visible", "content-hidden")), "")


def _is_shown(div: dict, output: str) -> bool:
    wanted = dict(div["c"][0][2])
    matches = wanted.get("when-format", output) == output and wanted.get("unless-format") != output
    return matches == (_condition(div) == "content-visible")
