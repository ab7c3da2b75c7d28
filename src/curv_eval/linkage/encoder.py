"""Normalised values into keyed columns, a chunk of rows at a time; each distinct value is worked out once a chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.linkage.bloom import Filters
from curv_eval.linkage.fields import Missing, normalise
from curv_eval.linkage.keys import Key, keyed
from curv_eval.linkage.layout import BLOCK, PSEUDONYM
from curv_eval.linkage.parts import PARTS
from curv_eval.linkage.scheme import Field, Scheme, split_part

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# no normalised value holds it, so no two lists of values join to the same text
_JOIN = "\x1f"


@dataclass(frozen=True)
class _Column:
    """A field of one chunk: its distinct values, None last, and for each row the place of its value."""

    values: list[str | None]
    places: np.ndarray

    def part(self, transform: str) -> list[str | None]:
        """Return the part of each row's value, None where there is none."""
        take = PARTS[transform][1]
        parts = [None if value is None else take(value) for value in self.values]
        return [parts[place] for place in self.places.tolist()]


class Encoder:
    """Encodes chunks under one scheme and key, and counts what was blank or unreadable, by field."""

    def __init__(self, scheme: Scheme, key: Key, dates: str) -> None:
        self.scheme, self._dates = scheme, dates
        self.blank = dict.fromkeys((field.name for field in scheme.fields), 0)
        self.unreadable = dict(self.blank)
        self._exact = [key.derive(f"{scheme.name}/exact/{'+'.join(names)}") for names in scheme.exact]
        self._blocks = [key.derive(f"{scheme.name}/block/{'+'.join(parts)}") for parts in scheme.blocks]
        self._filters = {
            field.name: Filters(field, key.derive(f"{scheme.name}/field/{field.name}"), scheme.bits, fold=scheme.fold)
            for field in scheme.fields
        }

    def __repr__(self) -> str:
        return f"<Encoder of {self.scheme.name}>"

    def columns(self, chunk: pa.Table) -> Iterator[pa.Array]:
        """Yield the columns of an encoded file in order, but for record_id. chunk: one column of text per field."""
        read = {field.name: self._read(field, chunk[field.name]) for field in self.scheme.fields}
        for joined, keys, length in (
            (self.scheme.exact, self._exact, PSEUDONYM),
            (self.scheme.blocks, self._blocks, BLOCK),
        ):
            for parts, key in zip(joined, keys, strict=True):
                yield _tokens([_part(read, part) for part in parts], key, length)
        for field in self.scheme.fields:
            yield _filter_column(read[field.name], self._filters[field.name])

    def _read(self, field: Field, column: pa.ChunkedArray) -> _Column:
        import numpy as np

        told = column.combine_chunks().dictionary_encode()
        found = [normalise(raw, field, dates=self._dates) for raw in told.dictionary.to_pylist()] + [Missing.BLANK]
        places = told.indices.fill_null(len(found) - 1).to_numpy()
        times = np.bincount(places, minlength=len(found)).tolist()
        for why, counts in ((Missing.BLANK, self.blank), (Missing.UNREADABLE, self.unreadable)):
            counts[field.name] += sum(n for n, value in zip(times, found, strict=True) if value is why)
        return _Column([None if isinstance(value, Missing) else value for value in found], places)


def _part(read: dict[str, _Column], part: str) -> list[str | None]:
    field, transform = split_part(part)
    return read[field].part(transform)


def _tokens(parts: Sequence[list[str | None]], key: bytes, length: int) -> pa.Array:
    """Return a keyed token of each row's parts, NULL where one of them is missing."""
    import pyarrow as pa

    mac = keyed(key)
    said = (None if None in row else _JOIN.join(row).encode() for row in zip(*parts, strict=True))
    return pa.array([None if text is None else mac(text).hex()[:length] for text in said], pa.string())


def _filter_column(column: _Column, filters: Filters) -> pa.Array:
    """Return a filter for each row, NULL where there is no value."""
    import numpy as np
    import pyarrow as pa

    made = filters.of([value for value in column.values if value is not None])
    there = np.array([value is not None for value in column.values])
    every = np.zeros((len(there), made.shape[1]), np.uint8)
    every[there] = made
    valid = np.packbits(there[column.places], bitorder="little")
    buffers = [pa.py_buffer(valid.tobytes()), pa.py_buffer(every[column.places].tobytes())]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(made.shape[1]), len(column.places), buffers)
