"""An Excel workbook opened for reading: its worksheets, texts and number formats. Nothing in it is ever run.

Parts are read straight from the archive, because the merged cells, the formulas without a result and the 100,000 rows
of a partner's file are needed, and openpyxl gives either the one or the other.
Source: ECMA-376, part 1, sections 12 and 18 (SpreadsheetML), both the transitional and the strict namespaces.
"""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from xml.parsers import expat

from curv_eval.errors import ContractError
from curv_eval.sources._dates import DAYS_FROM_1900, DAYS_FROM_1904
from curv_eval.sources._kinds import SAID, kind_of

CHUNK = 1 << 18
_MOST, _RATIO, _RATIO_FROM = 2 << 30, 250, 50 << 20
_SAVE = "open it in Excel and save it as Excel Workbook (.xlsx)"
_DO = {
    "password": "take the password off (File, Info, Protect Workbook, Encrypt with Password: leave it empty), save it, "
    "and send the file by a secure way",
    "text": "if it is comma-separated, name it .csv and say so in the contract; or open it in Excel and save it as "
    "Excel Workbook (.xlsx)",
    "empty": "get it again from where it came",
    "damaged zip": "get it again from where it came, whole",
}
_WRONG = (
    expat.ExpatError,
    ET.ParseError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    ValueError,
    StopIteration,
)
# not the halves of characters that need two
_ESCAPED = re.compile("_x((?![dD][89a-fA-F])[0-9A-Fa-f]{4})_")
# what a number is shown as: numbers of the formats that need no entry in the file (ECMA-376, 18.8.30)
_BUILT_IN = {9: "percent", 10: "percent", 22: "datetime", 46: "duration"}
_BUILT_IN |= dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), "date")
_BUILT_IN |= dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47), "time")
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|am/pm|a/p', re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """One worksheet. place: which tab it is, from 1. part: its name in the archive."""

    name: str
    place: int
    hidden: bool
    part: str


@dataclass(frozen=True, repr=False)
class Workbook:
    """An open workbook. strings: the texts cells refer to, None where one is only spaces. shown: what a number in each
    style is shown as, None for a number. stale: the results of formulas were not worked out by Excel."""

    name: str
    archive: zipfile.ZipFile
    sheets: tuple[Sheet, ...]
    strings: tuple[str | None, ...]
    shown: tuple[str | None, ...]
    epoch: datetime
    stale: bool

    @contextmanager
    def open(self, sheet: Sheet) -> Iterator[IO[bytes]]:
        """Open the XML of a sheet. Raises ContractError when it is damaged, also while it is read."""
        with _whole(self.name), self.archive.open(sheet.part) as stream:
            yield stream


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """Open the .xlsx file at `path`.

    Raises ContractError for a file of another kind, protected, damaged, or that unpacks to more than 2 GiB or to 250
    times its size.
    """
    _refuse_kind(path)
    with zipfile.ZipFile(path) as archive:
        _refuse_size(path.name, archive)
        with _whole(path.name):
            workbook = _workbook(path.name, archive)
        yield workbook


def unescaped(text: str) -> str:
    """Return a text with the characters that XML cannot hold, which Excel writes like _x000D_."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def refuse_types(*_: object) -> None:
    """Refuse a document type, which no workbook has and which can make a small file large."""
    raise ValueError("document type")


def _refuse_kind(path: Path) -> None:
    kind = kind_of(path)
    if kind == "xlsx":
        return
    what = f"{path.name} is {SAID[kind]}"
    expected = "" if kind in ("empty", "damaged zip", "password") else "; expected an Excel workbook (.xlsx)"
    raise ContractError(f"{what}{expected}", do=_DO.get(kind, _SAVE))


def _refuse_size(name: str, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    swollen = any(p.file_size > _RATIO_FROM and p.file_size > _RATIO * p.compress_size for p in parts)
    if swollen or sum(part.file_size for part in parts) > _MOST:
        what = f"{name} unpacks to far more than a workbook of its size holds, so it is not opened"
        raise ContractError(what, do="copy the rows into a new workbook, or send them as CSV")


@contextmanager
def _whole(name: str) -> Iterator[None]:
    try:
        yield
    except (*_WRONG, NotImplementedError):
        # the message of the exception may quote a cell
        what = f"{name} is damaged or cut short: it is not a whole .xlsx file"
        raise ContractError(what, do=f"get it again; or {_SAVE}") from None
    except RuntimeError:
        raise ContractError(f"{name} is {SAID['password']}", do=_DO["password"]) from None


def _workbook(name: str, archive: zipfile.ZipFile) -> Workbook:
    parts = {part.replace("\\", "/").lower().lstrip("/"): part for part in archive.namelist()}
    main = dict(_related(archive, parts, "").values())["officeDocument"]
    root, related = _tree(archive, parts[main]), _related(archive, parts, main)
    others = {kind: parts[target] for kind, target in related.values() if kind in ("sharedStrings", "styles")}
    properties, counting = root.find("{*}workbookPr"), root.find("{*}calcPr")
    return Workbook(
        name,
        archive,
        tuple(_sheets(root, related, parts)),
        tuple(_strings(archive, others["sharedStrings"])) if "sharedStrings" in others else (),
        _styles(_tree(archive, others["styles"])) if "styles" in others else (),
        DAYS_FROM_1904 if _is_on(properties, "date1904") else DAYS_FROM_1900,
        _is_on(counting, "fullCalcOnLoad"),
    )


def _tree(archive: zipfile.ZipFile, part: str) -> ET.Element:
    raw = archive.read(part)
    if b"<!DOCTYPE" in raw:
        refuse_types()
    return ET.fromstring(raw)


def _related(archive: zipfile.ZipFile, parts: dict[str, str], part: str) -> dict[str, tuple[str, str]]:
    """Return kind and target of everything a part refers to by identifier; not what lies outside the workbook."""
    folder, file = posixpath.split(part)
    found = {}
    for one in _tree(archive, parts[posixpath.join(folder, "_rels", f"{file}.rels")]):
        if one.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, one.get("Target", "").replace("\\", "/")))
            found[one.get("Id", "")] = (one.get("Type", "").rpartition("/")[2], target.lower().lstrip("/"))
    return found


def _sheets(root: ET.Element, related: dict[str, tuple[str, str]], parts: dict[str, str]) -> Iterator[Sheet]:
    for place, sheet in enumerate(root.findall("{*}sheets/{*}sheet"), 1):
        kind, target = next(related[value] for name, value in sheet.items() if name.endswith("}id"))
        if kind == "worksheet":
            yield Sheet(sheet.get("name", ""), place, sheet.get("state", "visible") != "visible", parts[target])


def _is_on(element: ET.Element | None, name: str) -> bool:
    return element is not None and element.get(name, "0").lower() in ("1", "true", "on")


def _styles(root: ET.Element) -> tuple[str | None, ...]:
    own = {f.get("numFmtId"): _shown(f.get("formatCode", "")) for f in root.findall("{*}numFmts/{*}numFmt")}
    used = [style.get("numFmtId", "0") for style in root.findall("{*}cellXfs/{*}xf")]
    return tuple(own[number] if number in own else _BUILT_IN.get(int(number)) for number in used)


def _shown(code: str) -> str | None:
    """Return what a number in the format `code` is shown as; the first of its sections is that of numbers above 0."""
    letters = _NOT_SHOWN.sub("", code.split(";")[0]).lower()
    if letters.strip() == "general":
        return None
    if "[" in letters:
        return "duration"
    day, clock = any(c in letters for c in "dy"), any(c in letters for c in "hs")
    if day or clock or "m" in letters:
        return "datetime" if day and clock else "time" if clock else "date"
    return "percent" if "%" in letters else None


class _Strings:
    """Collects the texts of the table of shared strings."""

    def __init__(self) -> None:
        self.found: list[str | None] = []
        self._pieces: list[str] = []
        self._taking = self._aside = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        """Begin a text, or one of its pieces; how it is pronounced (rPh) is no part of it."""
        name = tag.rpartition(" ")[2]
        if name == "si":
            self._pieces, self._aside = [], False
        self._aside = self._aside or name == "rPh"
        self._taking = name == "t" and not self._aside

    def end(self, tag: str) -> None:
        """End a text."""
        self._taking = False
        if tag.endswith(" si"):
            self.found.append(filled("".join(self._pieces)))

    def text(self, piece: str) -> None:
        """Take a piece of text."""
        if self._taking:
            self._pieces.append(piece)


def filled(text: str) -> str | None:
    """Return a cell's text as Excel shows it, None where there is nothing to see."""
    seen = unescaped(text)
    return None if not seen or seen.isspace() else seen


def _strings(archive: zipfile.ZipFile, part: str) -> list[str | None]:
    parser, taken = expat.ParserCreate(namespace_separator=" "), _Strings()
    parser.buffer_text, parser.StartDoctypeDeclHandler = True, refuse_types
    parser.StartElementHandler, parser.EndElementHandler = taken.start, taken.end
    parser.CharacterDataHandler = taken.text
    with archive.open(part) as stream:
        parser.ParseFile(stream)
    return taken.found
