"""HTML, SVG and other XML as pieces: text, attributes, comments, and what is packed into addresses."""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

from curv_eval.disclosure.scan.items import Item, Piece, Refused, within

Packed = Callable[[str, bytes], Iterator[Item]]
_INLINE_TEXT = """
a abbr b code del delText em font hyperlink i ins instrText mark proofErr r rPr s sdt sdtContent small smartTag span
strong sub sup t tspan u wbr
"""
_INLINE = frozenset(_INLINE_TEXT.split())
_GEOMETRY = {"d", "points", "transform", "viewBox", "viewbox"}
_NUMBERS = re.compile(
    r"[\s\d.,+\-eMmLlHhVvCcSsQqTtAaZz]*"
    r"|(?:(?:matrix|rotate|scale|skewX|skewY|translate)\s*\([\s\d.,+\-e]*\)[\s,]*)+"
)
_COUNTED, _CONSTANT = {"id", "val"}, {"fmtid", "id", "uri", "vid"}
_GUID = re.compile(r"\{[0-9A-Fa-f-]{36}\}")
_URI = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)(?:;[\w=.-]+)*;base64,(?P<body>[A-Za-z0-9+/=\s%]*)")


def embedded(text: str, packed: Packed) -> tuple[str, list[Item]]:
    """Return a text without the files that are packed into it as `data:` addresses, and what is in those."""
    items: list[Item] = []

    def taken(match: re.Match[str]) -> str:
        try:
            raw = base64.b64decode(match["body"].replace("%3D", "="), validate=False)
        except (binascii.Error, ValueError):
            items.append(Refused("packed address", "not readable as base64"))
            return ""
        items.extend(within(f"packed {match['kind']}", packed(match["kind"], raw)))
        return ""

    return (_URI.sub(taken, text), items) if "base64," in text else (text, items)


def html_items(text: str, *, packed: Packed) -> Iterator[Item]:
    """Yield the text of every block, every attribute and every comment, by line."""
    reader = _Html(packed)
    reader.feed(text)
    reader.close()
    reader.flush()
    yield from reader.items


class _Html(HTMLParser):
    """Gathers the text of a block until the next one begins."""

    def __init__(self, packed: Packed) -> None:
        super().__init__(convert_charrefs=True)
        self.packed, self.items, self.text, self.at, self.heading = packed, [], "", 0, False

    def flush(self) -> None:
        """End the block."""
        text, found = embedded(self.text, self.packed)
        if text.strip():
            # its first lines may be empty
            self.items.append(Piece("", text, line=self.at, heading=self.heading, strict=False))
        self.items += within(f"line {self.at}", found)
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, unless the tag only marks words within one."""
        if tag not in _INLINE:
            self.flush()
            self.heading = tag == "th"
        line = self.getpos()[0]
        for name, value in attrs:
            if name not in _GEOMETRY and value:
                text, found = embedded(value, self.packed)
                self.items.append(Piece(f"line {line}, attribute {name} of {tag}", text))
                self.items += within(f"line {line}", found)

    def handle_endtag(self, tag: str) -> None:
        """End a block, unless the tag only marks words within one."""
        if tag not in _INLINE:
            self.flush()
            self.heading = False

    def handle_data(self, data: str) -> None:
        """Gather text."""
        self.at = self.at if self.text else self.getpos()[0]
        self.text += data

    def handle_comment(self, data: str) -> None:
        """Comments are read like text."""
        self.items.append(Piece("", data, line=self.getpos()[0]))


def xml_items(raw: bytes, *, packed: Packed, office: bool = False) -> Iterator[Item]:
    """Yield the text of every block, attribute and comment. office: of a document or workbook, with counted ids."""
    try:
        builder = ET.TreeBuilder(insert_comments=True, insert_pis=True)
        tree = ET.fromstring(raw, parser=ET.XMLParser(target=builder))
    except (ET.ParseError, ValueError, LookupError):
        yield Refused("", "not readable as XML")
        return
    yield from _Xml(packed, office).block(tree, heading=False)


class _Xml:
    """One walk through a tree of XML."""

    def __init__(self, packed: Packed, office: bool) -> None:
        self.packed, self.office, self.seen = packed, office, Counter()

    def block(self, element: ET.Element, *, heading: bool) -> Iterator[Item]:
        """Yield the text of a block, then what is in the blocks within it."""
        name = _name(element)
        self.seen[name] += 1
        place, inner = f"element {name} {self.seen[name]}", []
        text, found = embedded(self._gathered(element, inner), self.packed)
        if text.strip():
            yield Piece(place, text, heading=heading, strict=False)
        yield from within(place, found)
        yield from self._attributes(element, place)
        first = next((one for one in inner if _name(one) == "tr"), None) if name in ("tbl", "table") else None
        for one in inner:
            if _name(one) in _INLINE:
                yield from self._attributes(one, place)
            else:
                yield from self.block(one, heading=(heading and name != "tbl") or one is first or _name(one) == "th")

    def _gathered(self, element: ET.Element, inner: list[ET.Element]) -> str:
        """Return the text of a block and of the marks within it, and put every other element into `inner`."""
        parts = [element.text or ""]
        for child in element:
            inner.append(child)
            if _name(child) in _INLINE:
                parts.append(self._gathered(child, inner))
            else:
                parts.append(" " if _name(child) in ("br", "tab", "cr") else "\n" if child.tail else "")
            parts.append(child.tail or "")
        return "".join(parts)

    def _attributes(self, element: ET.Element, place: str) -> Iterator[Item]:
        for key, value in element.attrib.items():
            name = key.rpartition("}")[2]
            geometry = name in _GEOMETRY and _NUMBERS.fullmatch(value)
            counted = self.office and name in _COUNTED and value.lstrip("-").isdigit()
            if value and not (geometry or counted or (self.office and _constant(element, name, value))):
                text, found = embedded(value, self.packed)
                yield Piece(f"{place}, attribute {name}", text)
                yield from within(place, found)


def _constant(element: ET.Element, name: str, value: str) -> bool:
    """Whether an attribute of a document is a constant of its format: the id of a part, or the look of a font."""
    return _name(element) == "panose1" or (name in _CONSTANT and bool(_GUID.fullmatch(value)))


def _name(element: ET.Element) -> str:
    """Return the name of an element without its namespace; comments and instructions are called so."""
    if element.tag is ET.Comment:
        return "comment"
    return "instruction" if element.tag is ET.ProcessingInstruction else element.tag.rpartition("}")[2]
