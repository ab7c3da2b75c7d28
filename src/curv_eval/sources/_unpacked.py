"""Files as they arrive, packed or not, turned into files of plain UTF-8 text: whole and hashed."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from curv_eval.errors import ContractError

_CHUNK = 1 << 20
# text packs to a tenth or a fiftieth; what swells more than this is made to fill a disk
_RATIO, _RATIO_FROM = 250, 50 << 20
_OPENERS = {".gz": gzip.open, ".xz": lzma.open}
_DAMAGED = (
    EOFError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
    NotImplementedError,  # a way of packing Python does not know
    RuntimeError,  # a zip with a password
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class _NotUsableError(Exception):
    """Why a file is not plain text."""


@dataclass(frozen=True)
class Arrived:
    """A file on disk, or a member of a zip archive. name: how messages and the manifest call it."""

    name: str
    path: Path
    member: str | None = None

    @property
    def plain_name(self) -> str:
        """The last part of the name, without the ending that says how it is packed."""
        last = Path(self.name)
        return last.stem if last.suffix in (*_OPENERS, ".zip") else last.name


@dataclass(frozen=True)
class Unpacked:
    """A file of plain UTF-8 text at `path`.

    sha256, bytes: as in SourceFile. records: lines whose end is not inside quotation marks, header and blank lines
    included; an estimate where quotation marks are not balanced. longest: bytes of its longest line.
    """

    arrived: Arrived
    path: Path
    sha256: str
    bytes: int
    records: int
    longest: int = 0


class _Count:
    """Counts records in a stream of bytes. longest: bytes in the longest line so far, as far as it was read."""

    def __init__(self) -> None:
        self._ends, self._inside, self._last = 0, 0, b"\n"
        self.longest = self._begun = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes; every other stretch between quotation marks is inside a value."""
        parts = chunk.split(b'"')
        self._ends += sum(part.count(b"\n") for part in parts[self._inside :: 2])
        self._inside, self._last = (self._inside + len(parts) - 1) % 2, chunk[-1:]
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        # lines that begin and end within a piece are shorter than the piece, and nobody asks for those
        self.longest = max(self.longest, self._begun + (len(chunk) if first < 0 else first))
        self._begun = self._begun + len(chunk) if first < 0 else len(chunk) - last - 1

    @property
    def records(self) -> int:
        """The records so far; a last line needs no end."""
        return self._ends + (self._last != b"\n")


def unpack_all(files: Sequence[Arrived], folder: Path) -> list[Unpacked]:
    """Unpack `files` into `folder`, several at once; what is plain already stays where it is.

    Raises ContractError naming every file that is empty, damaged, cut short or not UTF-8.
    """
    # decompressing and hashing release Python's lock
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        results = list(pool.map(_unpack, files, [folder / f"{i:05d}" for i in range(len(files))]))
    faults = [result for result in results if isinstance(result, str)]
    if faults:
        what = "1 file cannot be used" if len(faults) == 1 else f"{len(faults)} files cannot be used"
        raise ContractError(what, faults, "get them again from where they came, whole and as UTF-8 text")
    return [result for result in results if isinstance(result, Unpacked)]


def _unpack(arrived: Arrived, target: Path) -> Unpacked | str:
    """Return the unpacked file, or one line that says why there is none."""
    if not arrived.path.is_file():
        return f"{arrived.name} is a pipe or a device, not a file"
    try:
        return _write(arrived, arrived.path if _is_plain(arrived) else target)
    except _NotUsableError as fault:
        return f"{arrived.name} {fault}"
    except _DAMAGED:
        # the message of the exception may name a folder of this machine
        return f"{arrived.name} is damaged or cut short: it is not a whole {arrived.path.suffix[1:]} file"
    except OSError as fault:
        return f"{arrived.name} cannot be read ({fault.strerror})"


def _is_plain(arrived: Arrived) -> bool:
    packed = arrived.member is not None or arrived.path.suffix in (*_OPENERS, ".zip")
    # DuckDB takes these characters in a path for a pattern
    return not packed and not set("*?[").intersection(str(arrived.path))


def _write(arrived: Arrived, target: Path) -> Unpacked:
    digest, count, size = hashlib.sha256(), _Count(), 0
    with _open(arrived) as stream, nullcontext() if target == arrived.path else target.open("wb") as out:
        for chunk in _checked(stream):
            digest.update(chunk)
            count.add(chunk)
            size += len(chunk)
            if arrived.path.suffix in _OPENERS and swollen(size, arrived.path.stat().st_size):
                raise _NotUsableError(SWOLLEN)
            if out:
                out.write(chunk)
    if arrived.member is None and out:
        return Unpacked(arrived, target, _hash(arrived.path), arrived.path.stat().st_size, count.records, count.longest)
    return Unpacked(arrived, target, digest.hexdigest(), size, count.records, count.longest)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _open(arrived: Arrived) -> Iterator[IO[bytes]]:
    if arrived.member is None and arrived.path.suffix != ".zip":
        with _OPENERS.get(arrived.path.suffix, open)(arrived.path, "rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(arrived.path) as archive:
        if swollen_zip(archive, arrived.path):
            raise _NotUsableError(SWOLLEN)
        with archive.open(arrived.member or _only_member(archive)) as stream:
            yield stream


SWOLLEN = "unpacks to far more than a file of its size holds, so it is not unpacked"


def swollen(size: int, packed: int) -> bool:
    """Return whether what was packed into `packed` bytes swells to more than tables do."""
    return size > max(_RATIO_FROM, _RATIO * packed)


def swollen_zip(archive: zipfile.ZipFile, path: Path) -> bool:
    """Return whether a zip says of its members that they swell; more than it says of one is never unpacked."""
    return swollen(sum(one.file_size for one in archive.infolist()), path.stat().st_size)


def _only_member(archive: zipfile.ZipFile) -> str:
    # macOS adds a __MACOSX folder of its own
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise _NotUsableError(f"holds {len(names)} files; expected one")
    return names[0]


def _checked(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the stream in pieces, each known to be UTF-8."""
    decoder, offset, line = codecs.getincrementaldecoder("utf-8")(), 0, 1
    while chunk := stream.read(_CHUNK):
        _refuse_wide(chunk, offset)
        _decode(decoder, chunk, offset, line)
        yield chunk
        offset, line = offset + len(chunk), line + chunk.count(b"\n")
    _decode(decoder, b"", offset, line)
    if offset == 0:
        raise _NotUsableError("is empty (0 bytes)")


def _refuse_wide(chunk: bytes, offset: int) -> None:
    if offset == 0 and chunk[:2] in _WIDE:
        raise _NotUsableError("is not UTF-8 (byte 0); it looks like UTF-16")
    if (nul := chunk.find(0)) >= 0:
        raise _NotUsableError(f"is not UTF-8 text (a zero at byte {offset + nul:,}); it looks like UTF-16, or damaged")


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, offset: int, line: int) -> None:
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as fault:
        # the decoder may have kept the first bytes of a character from the chunk before
        start = offset - (len(fault.object) - len(chunk)) + fault.start
        at = line + fault.object[: fault.start].count(b"\n")
        reason = f"is not UTF-8 (line {at:,}, byte {start:,}); it looks like Windows-1252 or Latin-1"
        raise _NotUsableError(reason) from None
