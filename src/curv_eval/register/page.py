"""A register as a page in markdown, for the person who answers for the sharing of information."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curv_eval.register.attention import notices
from curv_eval.register.nouns import Notice, Register
from curv_eval.register.rows import column_rows, dataset_rows
from curv_eval.visible import visible

_WHO = ("dataset", "title", "controller", "steward", "purposes", "recipients", "contract", "version")
_BASIS = (
    "dataset",
    "lawful basis",
    "gateway",
    "special category condition",
    "criminal offence condition",
    "DPIA",
    "agreement",
)
_TIME = ("dataset", "last day of use", "retention", "delete by", "consent", "small-number rule", "may be linked with")
_SENSITIVE = ("dataset", "special category columns", "criminal offence columns", "direct identifiers")
_COLUMNS = ("column", "role", "category", "classification", "may be received as", "age at")
_OPEN = ("dataset", "title", "controller", "agreement", "version")
_MARKS = "\\`*_{}[]<>#|$@~^&!"


def page(register: Register) -> str:
    """Return the register as markdown: what needs attention, then one row per dataset, then every column."""
    shared, open_data = _rows(register)
    lines = [
        *_head(register, len(shared), len(open_data)),
        *_attention(notices(register)),
        *_datasets(shared),
        *_open(open_data),
        *_columns(register),
    ]
    return "\n".join(lines) + "\n"


def plain(text: object) -> str:
    """Return text from a contract that cannot be read as markdown, HTML or a line of its own."""
    safe = visible(" ".join(str(text).split()))
    for mark in _MARKS:
        safe = safe.replace(mark, "\\" + mark)
    return safe


def _rows(register: Register) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    public = {entry.contract.name for entry in register.entries if entry.contract.public}
    rows = dataset_rows(register)
    return [r for r in rows if r["dataset"] not in public], [r for r in rows if r["dataset"] in public]


def _head(register: Register, shared: int, open_data: int) -> Iterator[str]:
    yield "# Information-sharing register\n"
    yield f"Made from the contracts on {register.today}. Change the contracts, not this page.\n"
    broken = f" {len(register.broken)} broken, listed below and nowhere else." if register.broken else ""
    yield f"{shared} datasets that are shared, {open_data} that are open.{broken}\n"


def _attention(found: Sequence[Notice]) -> Iterator[str]:
    yield "## What needs attention\n"
    if not found:
        yield "Nothing.\n"
        return
    alike: dict[tuple[str, str], list[str]] = {}
    for notice in found:
        alike.setdefault((notice.kind, notice.what), []).append(notice.dataset)
    rows = [{"what": kind, "where": ", ".join(names), "why": why} for (kind, why), names in alike.items()]
    yield from _table(("what", "where", "why"), rows)


def _datasets(rows: list[dict[str, str]]) -> Iterator[str]:
    yield "## What is shared, and by whom\n"
    yield from _table(_WHO, rows)
    yield "## On what basis\n"
    yield from _table(_BASIS, rows)
    yield "## Until when, and how\n"
    yield from _table(_TIME, rows)
    yield "## Columns that need the most care\n"
    yield from _table(_SENSITIVE, rows)


def _open(rows: list[dict[str, str]]) -> Iterator[str]:
    yield "## Open data\n"
    yield "Published by their owners. No agreement is needed, there is no end, and they hold no personal data.\n"
    yield from _table(_OPEN, rows)


def _columns(register: Register) -> Iterator[str]:
    yield "## Every column that is shared\n"
    yield "How finely a study may receive each. Columns of open data are in the CSV file.\n"
    public = {entry.contract.name for entry in register.entries if entry.contract.public}
    rows = [row for row in column_rows(register) if row["dataset"] not in public]
    for name in dict.fromkeys(row["dataset"] for row in rows):
        yield f"### {plain(name)}\n"
        yield from _table(_COLUMNS, (row for row in rows if row["dataset"] == name))


def _table(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> Iterator[str]:
    written = [_line(plain(row[column]) for column in columns) for row in rows]
    if not written:
        yield "None.\n"
        return
    yield from (_line(name[0].upper() + name[1:] for name in columns), _line("---" for _ in columns), *written)
    yield ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
