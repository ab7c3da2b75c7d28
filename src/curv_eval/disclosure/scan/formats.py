"""From a file to its pieces, by its kind; what cannot be read is refused, never passed over."""

from __future__ import annotations

import base64
import binascii
import io
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from curv_eval.disclosure.scan.items import Item, Piece, Refused, label, within
from curv_eval.disclosure.scan.markup import embedded, html_items, xml_items
from curv_eval.disclosure.scan.pictures import png_items
from curv_eval.disclosure.scan.tables import delimited_items, sheets, table_items
from curv_eval.disclosure.scan.trees import json_items, yaml_items

_PACKED = (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods")
_XML = (".svg", ".xml", ".rels", ".gml", ".kml", ".rdf", ".vml")
_DEEPEST, _LARGEST = 3, 400_000_000
_KINDS = {
    "image/png": ".png", "image/svg+xml": ".svg", "text/html": ".html", "application/json": ".json",
    "text/csv": ".csv", "application/pdf": ".pdf",
}  # fmt: skip
_FONTS = ("font/", "application/font", "application/x-font", "application/vnd.ms-fontobject")
_CONTROL = bytes(i for i in range(32) if i not in b"\t\n\r\f\x1b")


def items(name: str, raw: bytes, depth: int = 0) -> Iterator[Item]:
    """Yield everything in a file that can be read. name: of the file, whose ending says what it is."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in _PACKED:
        yield from _zip_items(name, raw, depth)
    elif ending == ".png":
        yield from png_items(raw)
    elif ending == ".pdf":
        yield from _pdf_items(raw)
    elif ending in _XML:
        yield from xml_items(raw, packed=_of_kind, office=depth > 0)
    else:
        yield from _text_items(ending, raw)


def _text_items(ending: str, raw: bytes) -> Iterator[Item]:
    text = _decoded(raw)
    if text is None:
        yield Refused("", "of a kind that is not known here")
    elif ending in (".csv", ".tsv", ".tab"):
        yield from delimited_items(text, tabs=ending != ".csv")
    elif ending in (".json", ".geojson", ".ipynb", ".jsonld"):
        yield from json_items(text, packed=_of_media, notebook=ending == ".ipynb")
    elif ending in (".yml", ".yaml"):
        yield from yaml_items(text)
    elif ending in (".html", ".htm", ".xhtml"):
        yield from html_items(text, packed=_of_kind)
    else:
        yield from text_items(text)


def _decoded(raw: bytes) -> str | None:
    """Return bytes as text, None where they are none."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    if any(byte in raw for byte in _CONTROL):
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def text_items(text: str) -> Iterator[Item]:
    """Yield a text as a whole, so that nothing is parted, and the cells of its tables, whose rows begin with `|`."""
    text, found = embedded(text, _of_kind)
    yield Piece("", text, line=1)
    yield from found
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("|"):
            heading = number < len(lines) and not set(lines[number]) - set("|:- \t\r") and "-" in lines[number]
            for cell in line.strip().strip("|").split("|"):
                yield Piece(f"line {number}", cell.strip(), heading=heading, strict=False)


def _of_kind(kind: str, raw: bytes) -> Iterator[Item]:
    """Yield what is in a file of a kind of media."""
    kind = kind.lower()
    if kind.startswith(_FONTS):
        return
    if kind in _KINDS or kind.startswith("text/") or kind.endswith(("json", "javascript")):
        yield from items(f"packed{_KINDS.get(kind, '.json' if kind.endswith('json') else '.txt')}", raw, 1)
    else:
        yield Refused("", f"of the kind {kind}, which is not known here")


def _of_media(kind: str, text: str) -> Iterator[Item]:
    """Yield what a notebook holds under a kind of media: pictures are base64, all else is text."""
    if kind.startswith(("image/", "application/pdf")) and kind != "image/svg+xml":
        try:
            raw = base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            yield Refused("", "not readable as base64")
            return
        yield from _of_kind(kind, raw)
    else:
        yield from _of_kind(kind, text.encode())


def _zip_items(name: str, raw: bytes, depth: int) -> Iterator[Item]:
    """Yield what is in every member of a ZIP file; documents and workbooks are ZIP files of XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as held:
            members = [one for one in held.infolist() if not one.is_dir()]
            if depth >= _DEEPEST or sum(one.file_size for one in members) > _LARGEST:
                yield Refused("", "a packed file that is too deep or too large to read")
                return
            yield Piece("comment", held.comment.decode("utf-8", errors="replace"))
            for number, one in enumerate(members, 1):
                yield from within(label("member", one.filename, number), _member(held, one, depth))
            if name.lower().endswith(".xlsx"):
                for sheet, rows in sheets(held):
                    yield from within(sheet, table_items(rows))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, zlib.error, ET.ParseError):
        yield Refused("", "a packed file that cannot be opened")


def _member(held: zipfile.ZipFile, one: zipfile.ZipInfo, depth: int) -> Iterator[Item]:
    yield from name_items(one.filename)
    yield Piece("comment", one.comment.decode("utf-8", errors="replace"))
    yield from items(one.filename, held.read(one), depth + 1)


def name_items(name: str) -> Iterator[Item]:
    """Yield the name of a file, as it is and with its words parted."""
    yield Piece("its name", name)
    for part in PurePosixPath(name).parts:
        stem = part.split(".")[0] if not part.startswith(".") else part
        yield Piece("its name", " ".join(stem.replace("_", " ").replace("-", " ").split()))


def _pdf_items(raw: bytes) -> Iterator[Item]:
    """Yield the text and the properties of a PDF, where pypdf is installed."""
    try:
        import pypdf
    except ImportError:
        yield Refused("", "a PDF, which only a machine with pypdf can read")
        return
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        for number, page in enumerate(reader.pages, 1):
            yield Piece(f"page {number}", page.extract_text())
        for key, value in (reader.metadata or {}).items():
            yield Piece(label("property", str(key).lstrip("/"), 0), str(value))
        if reader.attachments:
            yield Refused("", "a PDF with files attached")
    except Exception:  # whatever a broken PDF does to its reader, it is not read
        yield Refused("", "a PDF that cannot be read")
