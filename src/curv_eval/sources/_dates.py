"""Dates as people write them, and as Excel counts them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from curv_eval.sources._names import hyphened

DAYS_FROM_1900, DAYS_FROM_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
# Excel takes 1900 for a leap year: its day 60 never was, and the days before it are one off
_NEVER_WAS = 60
# a plain number outside these is a year, a count or an identifier rather than a day
_EARLIEST, _LATEST = datetime(1910, 1, 1), datetime(2100, 12, 31)
_PIVOT = 30
_MILLISECONDS = 86_400_000
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NAMES = {name: i for i, full in enumerate(_MONTHS, 1) for name in (full, full[:3])} | {"sept": 9}

_DAY, _YEAR, _NAME = r"(?P<day>\d{1,2})", r"(?P<year>\d{4}|\d{2})", r"(?P<name>[a-z]{3,9})"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]?\s+)?"
_CLOCK = re.compile(
    r"(?:\s+(?:at\s+)?|\s*,\s*|t)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?P<part>\.\d{1,6})?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?(?:z|\+00:?00)?$"
)
_IN_NUMBERS = re.compile(r"(?P<first>\d{1,2})\s*(?P<mark>[/.\- ])\s*(?P<then>\d{1,2})\s*(?P=mark)\s*" + _YEAR)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[/.\-])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})")
_TOGETHER = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")
_IN_WORDS = (
    re.compile(rf"{_WEEKDAY}{_DAY}\s*(?:st|nd|rd|th)?(?:\s+of)?[\s\-/.,]*{_NAME}[\s\-/.,]*{_YEAR}"),
    re.compile(rf"{_WEEKDAY}{_NAME}[\s\-/.]*{_DAY}(?:st|nd|rd|th)?(?:\s*,\s*|[\s\-/.]+)(?P<year>\d{{4}})"),
)
_MONTH_FORMS = (
    re.compile(r"(?P<year>\d{4})\s*[-/.]\s*(?P<month>\d{1,2})"),
    re.compile(r"(?P<month>\d{1,2})\s*[-/.]\s*(?P<year>\d{4})"),
    re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})"),
    re.compile(rf"{_NAME}[\s\-/.,']*{_YEAR}"),
)


@dataclass(frozen=True)
class Written:
    """A date read from text. order: "numbers", "words" or "iso"; timed: a time of day was given."""

    at: datetime
    order: str
    timed: bool
    short_year: bool


def read_written(text: str, *, day_first: bool) -> Written | None:
    """Return the date, with or without a time of day, that `text` writes, or None where it writes none.

    Years of two digits are those of 1930 to 2029, as in Excel. day_first: 3/4/2024 is 3 April.
    """
    said = hyphened(text).strip(" .,").casefold()
    clock = _CLOCK.search(said)
    of_day = _time(clock) if clock else time()
    found = _date(said[: clock.start()] if clock else said, day_first=day_first)
    if found is None or of_day is None:
        return None
    day, order, year = found
    return Written(datetime.combine(day, of_day), order, clock is not None, len(year) == 2)


def read_month(text: str) -> str | None:
    """Return the month that `text` writes (March 2023, Mar-23, 03/2023) as YYYY-MM, or None where it writes none."""
    for form in _MONTH_FORMS:
        if found := form.fullmatch(text.strip().casefold()):
            parts = found.groupdict()
            month = _NAMES.get(parts["name"], 0) if "name" in parts else int(parts["month"])
            return f"{_year(parts['year']):04d}-{month:02d}" if 1 <= month <= 12 else None
    return None


def read_serial(number: float, epoch: datetime) -> datetime | None:
    """Return the moment that Excel counts as `number` days from `epoch`, to a thousandth of a second, or None."""
    days = int(number // 1)
    if epoch == DAYS_FROM_1900:
        if days == _NEVER_WAS:
            return None
        days += days < _NEVER_WAS
    try:
        return epoch + timedelta(days=days, milliseconds=round(number % 1 * _MILLISECONDS)) if number >= 0 else None
    except OverflowError:
        return None


def read_number(number: float, epoch: datetime) -> datetime | None:
    """Return the day that a plain `number` in a column of dates stands for: Excel's count, or 20230131; else None."""
    if found := _TOGETHER.fullmatch(f"{number:.0f}") if number.is_integer() else None:
        day = _day(int(found["year"]), int(found["month"]), int(found["day"]))
        at = datetime.combine(day, time()) if day else None
    else:
        at = read_serial(number, epoch)
    return at if at and _EARLIEST <= at <= _LATEST else None


def _date(said: str, *, day_first: bool) -> tuple[date, str, str] | None:
    if found := _IN_NUMBERS.fullmatch(said):
        first, then = int(found["first"]), int(found["then"])
        day, month = (first, then) if day_first else (then, first)
        return _found(_day(_year(found["year"]), month, day), "numbers", found["year"])
    if found := _YEAR_FIRST.fullmatch(said):
        iso = len(said) == 10 and found["mark"] == "-"
        day = _day(int(found["year"]), int(found["month"]), int(found["day"]))
        return _found(day, "iso" if iso else "words", found["year"])
    for form in _IN_WORDS:
        if found := form.fullmatch(said):
            month = _NAMES.get(found["name"], 0)
            return _found(_day(_year(found["year"]), month, int(found["day"])), "words", found["year"])
    return None


def _found(day: date | None, order: str, year: str) -> tuple[date, str, str] | None:
    return None if day is None else (day, order, year)


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < _PIVOT else 1900)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time(clock: re.Match[str]) -> time | None:
    hour, half = int(clock["hour"]), (clock["half"] or "").replace(".", "")
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    try:
        return time(hour, int(clock["minute"]), int(clock["second"] or 0), int(f"{clock['part'] or '.'}000000"[1:7]))
    except ValueError:
        return None
