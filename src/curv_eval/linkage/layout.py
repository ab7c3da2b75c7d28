"""What stands in an encoded file, column by column: its writer and its reader hold to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curv_eval.linkage.scheme import Scheme

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
METADATA = b"curv_eval"
# hexadecimal figures of a record id or pseudonym, and of a block
PSEUDONYM, BLOCK = 32, 16


def layout(scheme: Scheme) -> pa.Schema:
    """Return the columns of a file of this scheme: record_id, pseudonym_1.., block_1.. as text, bf_<field> as bytes.

    Text is hexadecimal: 32 figures for record_id and pseudonyms, 16 for blocks. A filter has bits / 8 bytes. Where a
    value is missing, all but record_id are NULL.
    """
    import pyarrow as pa

    kinds = {name: pa.string() if figures(name) else pa.binary(scheme.bits // 8) for name in scheme.columns}
    return pa.schema([pa.field(name, kind, nullable=name != "record_id") for name, kind in kinds.items()])


def figures(column: str) -> int | None:
    """Return how many hexadecimal figures stand in a column, None for a filter."""
    if column.startswith("bf_"):
        return None
    return BLOCK if column.startswith("block_") else PSEUDONYM
