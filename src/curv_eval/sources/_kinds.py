"""What a file really is, told by its first bytes and not by its name."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

_HEAD = 4096
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# how a package states what it is; a binary workbook says that it may hold macros as well
_STATED = {
    b"sheet.binary": "xlsb",
    b"macroenabled": "xlsm",
    b"spreadsheetml.sheet.main": "xlsx",
    b"spreadsheetml.template.main": "xlsx",
    b"wordprocessingml": "docx",
}
_TEXTS = {b"<html": "html", b"<!doctype html": "html", b"<table": "html", b"%pdf": "pdf"}
SAID = {
    "xlsx": "an Excel workbook (.xlsx)",
    "xlsm": "a workbook with macros (.xlsm), which are never run here",
    "xlsb": "a binary workbook (.xlsb)",
    "xls": "a workbook in the old format (.xls)",
    "password": "protected by a password",
    "ods": "an OpenDocument spreadsheet (.ods)",
    "numbers": "a spreadsheet of Apple Numbers",
    "docx": "a Word document",
    "xml": "a spreadsheet in the XML of 2003",
    "html": "a web page",
    "pdf": "a PDF",
    "parquet": "a Parquet file",
    "sealed parquet": "an encrypted Parquet file",
    "zip": "a zip archive",
    "damaged zip": "damaged or cut short",
    "empty": "empty (0 bytes)",
    "text": "a text file",
    "other": "of a kind that is not known here",
}


def kind_of(path: Path) -> str:
    """Return the kind of the file at `path`: a key of SAID."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(_COMPOUND):
        return "password" if _holds(path, _ENCRYPTED) else "xls"
    return _kind_of_head(head)


def _kind_of_head(head: bytes) -> str:
    if head.startswith((b"PAR1", b"PARE")):
        return "parquet" if head.startswith(b"PAR1") else "sealed parquet"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return "xml"
    for mark, kind in _TEXTS.items():
        if start.startswith(mark):
            return kind
    if not head:
        return "empty"
    return "other" if b"\0" in head else "text"


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower().lstrip("/"): name for name in archive.namelist()}
            stated = {
                part: _start(archive, names[part]) for part in ("mimetype", "[content_types].xml") if part in names
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
        return "damaged zip"
    except RuntimeError:
        return "password"
    if b"opendocument.spreadsheet" in stated.get("mimetype", b""):
        return "ods"
    if "index/document.iwa" in names:
        return "numbers"
    types = stated.get("[content_types].xml", b"")
    return next((kind for mark, kind in _STATED.items() if mark in types), "zip")


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(1 << 20).lower()


def _holds(path: Path, wanted: bytes) -> bool:
    """Return whether the file holds these bytes, however long it is."""
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if wanted in kept + chunk:
                return True
            kept = chunk[-len(wanted) :]
    return False
