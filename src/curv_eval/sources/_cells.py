"""One cell as the text the contract expects of its column, and what had to be put right for that.

What does not read as its column's type stays as it was typed, so that the check of the contract names its row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple

from curv_eval.contract import Column, Contract
from curv_eval.sources._dates import read_month, read_number, read_serial, read_written
from curv_eval.sources._names import clean, packed, plain
from curv_eval.sources._sheet import Broken, Raw, Shown

# Excel keeps 15 digits of a number
_EXACT = 1e15
_WHOLE, _POINT_ZERO = re.compile(r"[+-]?[0-9]+"), re.compile(r"([+-]?[0-9]+)[.]0*")
_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?")
_SERIAL = re.compile(r"[0-9]{5}([.][0-9]+)?|[0-9]{8}")
_MONTH, _A_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_A_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+]00:?00)?")
_FORMS = {
    "integer": _WHOLE,
    "number": _NUMBER,
    "date": _A_DAY,
    "timestamp": _A_MOMENT,
    "boolean": re.compile("true|false"),
}
_ANSWERS = {"yes": "true", "y": "true", "1": "true", "no": "false", "n": "false", "0": "false"}
# real dates and dates as text from which it can be told that days and months were swapped
_ENOUGH_DATES, _ENOUGH_DAYS, _ENOUGH_TEXTS = 10, 5, 3


class Reading(NamedTuple):
    """A cell as text, None for blank. repairs: kinds of _repairs.KINDS. fault: why it may not be read, "" if it may."""

    text: str | None
    repairs: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Rules:
    """How the cells of a column are read. spelling: allowed values by how they compare, without those that clash."""

    column: Column
    month: bool
    day_first: bool
    epoch: datetime
    blanks: frozenset[str]
    spelling: Mapping[str, str]


class Taken(NamedTuple):
    """The cells of a column that hold something: how often each stands there, and how it reads."""

    rules: Rules
    counts: Mapping[Raw, int]
    readings: Mapping[Raw, Reading]


def column_rules(contract: Contract, column: Column, epoch: datetime) -> Rules:
    """Return how the cells of `column` are read in a workbook that counts days from `epoch`."""
    forms = Counter(plain(value) for value in column.values)
    spelling = {plain(value): value for value in column.values if forms[plain(value)] == 1 and plain(value)}
    blanks = frozenset(packed(word) for word in contract.options.get("blanks", ()))
    return Rules(
        column, takes_months(contract, column), contract.options.get("day_first", True), epoch, blanks, spelling
    )


def takes_months(contract: Contract, column: Column) -> bool:
    """Return whether the values of a column of text are months, written YYYY-MM."""
    if column.type != "string" or column.pattern is None:
        return column.type == "string" and column.name == contract.period_column and not column.values
    return bool(re.search(column.pattern, "2023-03")) and not re.search(column.pattern, "2023-03-01")


def read_cell(raw: Raw, rules: Rules) -> Reading:
    """Return a cell, which holds something, as the text that the contract expects of its column."""
    if isinstance(raw, Broken):
        known = raw.kind == "error" and packed(raw.code) in rules.blanks
        return Reading(None, ("blank",)) if known else Reading(None, (), raw.kind)
    text = clean(raw) if isinstance(raw, str) else _as_text(raw, rules)
    if not text:
        return Reading(None)
    spaces = ("spaces",) if isinstance(raw, str) and text != raw else ()
    found = _known(text, rules) or (_of_text(text, rules) if isinstance(raw, str) else _of_number(raw, text, rules))
    return found._replace(repairs=spaces + found.repairs)


def fits(reading: Reading, column: Column) -> bool:
    """Return whether a cell could be a value of its column."""
    if reading.text is None or (column.values and reading.text not in column.values):
        return False
    form = _FORMS.get(column.type)
    typed = form is None or form.fullmatch(reading.text) is not None
    return typed and (column.pattern is None or re.search(column.pattern, reading.text) is not None)


def take_column(cells: Iterable[Raw | None], rules: Rules) -> Taken:
    """Return the cells of a column, each of which is read once however often it stands there."""
    counts = Counter(cells)
    del counts[None]
    return Taken(rules, counts, {raw: read_cell(raw, rules) for raw in counts})


def days_swapped(taken: Taken) -> bool:
    """Return whether a column's days and months look swapped: a file opened where months come first.

    There, Excel takes 3/4 for the fourth of March, and what cannot be one, like 25/4, stays text. So no real date has a
    day above 12, and no date as text one below.
    """
    days, texts, rules = Counter(), Counter(), taken.rules
    for raw, n in taken.counts.items():
        if isinstance(raw, Shown) and raw.kind in ("date", "datetime"):
            at = read_serial(raw.number, rules.epoch)
            days += Counter({at.day: n} if at else {})
        elif isinstance(raw, str) and (found := read_written(clean(raw), day_first=rules.day_first)):
            texts += Counter({found.at.day: n} if found.order == "numbers" else {})
    enough = days.total() >= _ENOUGH_DATES and len(days) >= _ENOUGH_DAYS and texts.total() >= _ENOUGH_TEXTS
    return enough and max(days) <= 12 < min(texts)


def _known(text: str, rules: Rules) -> Reading | None:
    """Read what the contract lists: allowed values in any spelling, and words for not known."""
    if text in rules.column.values:
        return Reading(text)
    if rules.spelling and (spelled := rules.spelling.get(plain(text))):
        return Reading(spelled, ("spelling",))
    return Reading(None, ("blank",)) if rules.blanks and packed(text) in rules.blanks else None


def _of_text(text: str, rules: Rules) -> Reading:
    bare = text[1:].lstrip() if _has_mark(text, rules.column) else text
    found = _TEXTS[rules.column.type](bare, rules)
    return found if bare == text else found._replace(repairs=("apostrophe", *found.repairs))


def _has_mark(text: str, column: Column) -> bool:
    """Return whether an apostrophe is in front only so that Excel leaves the rest alone."""
    if not text.startswith("'") or len(text) == 1:
        return False
    if column.type != "string":
        return True
    pattern = column.pattern
    return pattern is not None and not re.search(pattern, text) and bool(re.search(pattern, text[1:].lstrip()))


def _text_of_string(text: str, rules: Rules) -> Reading:
    if not rules.month or _MONTH.fullmatch(text):
        return Reading(text)
    if month := read_month(text):
        return Reading(month, ("month",))
    found = read_written(text, day_first=rules.day_first)
    return _month(found.at) if found and found.at.day == 1 else Reading(text)


def _text_of_integer(text: str, rules: Rules) -> Reading:
    bare = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    whole = _POINT_ZERO.fullmatch(bare)
    bare = whole[1] if whole else bare
    return Reading(bare, ("number",)) if _WHOLE.fullmatch(bare) else Reading(text)


def _text_of_number(text: str, rules: Rules) -> Reading:
    bare = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    return Reading(bare, ("number",)) if _NUMBER.fullmatch(bare) else Reading(text)


def _text_of_boolean(text: str, rules: Rules) -> Reading:
    said = text.casefold()
    if said in ("true", "false"):
        return Reading(said)
    return Reading(_ANSWERS[said], ("yes",)) if said in _ANSWERS else Reading(text)


def _text_of_date(text: str, rules: Rules) -> Reading:
    if _SERIAL.fullmatch(text):
        return _counted(float(text), text, rules)
    found = read_written(text, day_first=rules.day_first)
    if found is None:
        return Reading(text)
    order = {"numbers": "day first" if rules.day_first else "month first", "words": "words"}.get(found.order)
    repairs = ((order,) if order else ()) + (("short year",) if found.short_year else ())
    if rules.column.type == "date":
        return Reading(found.at.date().isoformat(), repairs + (("no time",) if found.at.time() != time() else ()))
    if found.order == "iso" and _A_MOMENT.fullmatch(text):
        return Reading(text)
    return Reading(_moment(found.at), repairs + (() if found.timed else ("midnight",)))


_TEXTS: dict[str, Callable[[str, Rules], Reading]] = {
    "string": _text_of_string,
    "integer": _text_of_integer,
    "number": _text_of_number,
    "boolean": _text_of_boolean,
    "date": _text_of_date,
    "timestamp": _text_of_date,
}


def _of_number(raw: float | Shown, text: str, rules: Rules) -> Reading:
    kind = rules.column.type
    if isinstance(raw, Shown):
        return _of_shown(raw, text, rules)
    if kind in ("date", "timestamp"):
        return _counted(raw, text, rules)
    if kind == "boolean" and text in _ANSWERS:
        return Reading(_ANSWERS[text], ("yes",))
    if kind == "string" and abs(raw) >= _EXACT:
        return Reading(None, (), "long number")
    return _text_of_string(text, rules) if kind == "string" else Reading(text)


def _of_shown(raw: Shown, text: str, rules: Rules) -> Reading:
    kind, at = rules.column.type, _at(raw, rules)
    if at is None:
        return Reading(text.lower() if kind == "boolean" else text)
    if kind == "date":
        return Reading(at.date().isoformat(), ("no time",) if at.time() != time() else ())
    if kind == "timestamp":
        return Reading(_moment(at), ("midnight",) if raw.kind == "date" and at.time() == time() else ())
    if kind != "string":
        return Reading(None, (), "date")
    if rules.month:
        return _month(at) if at.day == 1 else Reading(text)
    ruled = rules.column.values or (rules.column.pattern and not re.search(rules.column.pattern, text))
    return Reading(None, (), "date") if ruled else Reading(text)


def _at(raw: Shown, rules: Rules) -> datetime | None:
    """Return the moment a number is shown as, None where it is no moment."""
    dated = raw.kind in ("date", "datetime") or (raw.kind == "time" and rules.column.type in ("date", "timestamp"))
    return read_serial(raw.number, rules.epoch) if dated and raw.number >= 1 else None


def _as_text(raw: float | Shown, rules: Rules) -> str:
    """Return a number about as Excel shows it."""
    if isinstance(raw, float):
        return _digits(raw)
    if raw.kind == "boolean":
        return "TRUE" if raw.number else "FALSE"
    if raw.kind == "percent":
        return f"{raw.number * 100:.10g}%"
    at = _at(raw, rules)
    if at is not None:
        return at.date().isoformat() if at.time() == time() else _moment(at)
    return _clock(raw.number) if raw.kind in ("time", "duration") or 0 < raw.number < 1 else _digits(raw.number)


def _digits(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _clock(number: float) -> str:
    minutes, seconds = divmod(round(number * 86_400), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


def _counted(number: float, text: str, rules: Rules) -> Reading:
    at = read_number(number, rules.epoch)
    if at is None:
        return Reading(text)
    if rules.column.type == "timestamp":
        return Reading(_moment(at), ("serial", "midnight") if at.time() == time() else ("serial",))
    return Reading(at.date().isoformat(), ("serial", "no time") if at.time() != time() else ("serial",))


def _month(at: datetime) -> Reading:
    return Reading(f"{at.year:04d}-{at.month:02d}", ("month",))


def _moment(at: datetime) -> str:
    return at.isoformat(" ", "milliseconds" if at.microsecond else "seconds")
