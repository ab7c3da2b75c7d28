"""Which line of the brief a node of pandoc's tree was written on.

pandoc's markdown reader keeps no positions. Its words stand in the tree in the order in which they were written, so
a cursor that follows them word by word knows the line; headings, blocks and pictures set it right again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.publish.source import BRIEF, Line

_NEAR = 25  # lines: a word that pandoc changed (a dash, a quotation mark) is not looked for in another section
_OPENS = re.compile(r"^\s*:{3,}\s*[^\s:]")
_RULE = re.compile(r"^\s*(?:[-*_]\s*){3,}$")
_LEFT_OVER = re.compile(r"\[\^|:::|\]\{|\]\(")
_TRACED = re.compile(
    "LineBlock|CodeBlock|RawBlock|BlockQuote|DefinitionList|HorizontalRule|Table|Figure|Underline|Strikeout|"
    "Superscript|Subscript|SmallCaps|Cite|Code|Math|RawInline|Link|Image|Note|Span"
)


def trace(tree: list, lines: tuple[Line, ...]) -> None:
    """Write under "at" the line of every node in `tree` that a rule may speak of; words only when left over."""
    _Cursor(lines).visit(tree)


class _Cursor:
    """A place in the lines, moved forward by the words of the tree."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines or (Line("", BRIEF, 1),)
        self.row = self.column = 0
        self.headings = iter([row for row, line in enumerate(self.lines) if line.text.startswith("#")])
        self.divs = iter([row for row, line in enumerate(self.lines) if _OPENS.match(line.text)])

    def visit(self, value: object) -> None:
        if isinstance(value, list):
            for part in value:
                self.visit(part)
        elif isinstance(value, dict) and value.get("t") == "Str":
            self._word(value)
        elif isinstance(value, dict) and "t" in value:
            self._node(value)

    def _word(self, node: dict) -> None:
        found = self._find(node["c"], self.row + _NEAR)
        if found is None:
            return
        row, column = found
        # Marks that were escaped are words: in the source a backslash stands before them.
        if _LEFT_OVER.search(node["c"]) and not self.lines[row].text[:column].endswith("\\"):
            node["at"] = self.lines[row]
        self.row, self.column = row, column + len(node["c"])

    def _node(self, node: dict) -> None:
        kind, kept = node["t"], (self.row, self.column)
        if kind in ("Header", "Div"):
            self.row, self.column = next(self.headings if kind == "Header" else self.divs, self.row), 0
            node["at"] = self.lines[self.row]
        elif _TRACED.fullmatch(kind):
            at = self._row_of(node)
            node["at"] = self.lines[at]
        if kind == "Note":
            self.row = self.column = 0
        for part in _parts(node):
            self.visit(part)
        if kind == "Note":
            self.row, self.column = kept
        elif kind in ("Image", "Table"):
            self.row, self.column = max(self.row, at + 1), 0

    def _row_of(self, node: dict) -> int:
        if node["t"] == "Note":
            return self.row
        if node["t"] == "HorizontalRule":
            rules = [row for row in range(self.row, len(self.lines)) if _RULE.match(self.lines[row].text)]
            return rules[0] if rules else self.row
        sought = _snippet(node)
        found = self._find(sought, len(self.lines)) if sought else None
        anywhere = [row for row, line in enumerate(self.lines) if sought and sought in line.text]
        return found[0] if found else [*anywhere, min(self.row, len(self.lines) - 1)][0]

    def _find(self, text: str, end: int) -> tuple[int, int] | None:
        for row in range(self.row, min(end, len(self.lines))):
            column = self.lines[row].text.find(text, self.column if row == self.row else 0)
            if column >= 0:
                return row, column
        return None


def _parts(node: dict) -> list:
    content = node.get("c")
    if node["t"] == "Table":  # its caption is written below it
        return [*content[3:], content[1]]
    if node["t"] == "Figure":  # its caption is the picture's
        return content[2:]
    return content if isinstance(content, list) else []


def _snippet(node: dict) -> str:
    kind, content = node["t"], node["c"]
    if kind in ("Code", "Math", "RawInline", "RawBlock", "CodeBlock"):
        return next(iter(content[-1].splitlines()), "")
    if kind == "Image":
        return f"({content[2][0]}"
    if kind == "Link":
        return content[2][0]
    if kind == "Cite":
        return "@" + content[0][0]["citationId"]
    if kind in ("Table", "Figure") and content[0][0]:
        return f"#{content[0][0]}"
    return next(_words(_parts(node)), "")


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _words(part)
    elif isinstance(value, dict) and value.get("t") == "Str":
        yield value["c"]
    elif isinstance(value, dict) and "t" in value:
        yield from _words(_parts(value))
