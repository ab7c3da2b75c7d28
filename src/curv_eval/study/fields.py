"""What the fields of a study file may hold: patterns, and how each is said to a person."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

MONTH, DAY, NAME = r"^\d{4}-(0[1-9]|1[0-2])$", r"^\d{4}-\d{2}-\d{2}$", r"^[a-z][a-z0-9_]{0,39}$"
PRICES = r"^\d{4}-\d{2}$"
COLUMN = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"
WAY = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"
SECRET = r"^env:[A-Z][A-Z0-9_]{0,63}$"
DISTRICT, STUDY, LINK = r"^[EW]\d{8}$", r"^[a-z0-9][a-z0-9-]{1,58}[a-z0-9]$", r"^https://[^\s\"<>]+$"
# how each pattern is said to a person
LOOKS = {
    MONTH: "a month like 2023-08",
    DAY: "a day like 2026-11-23",
    NAME: "a name of at most 40 small letters, digits and _",
    PRICES: "a financial year like 2024-25",
    COLUMN: "contract.column, such as deprivation_2019.imd_rank",
    WAY: "a way into the study file, such as design.method",
    SECRET: "the name of a variable that holds it, like env:VCSE_KEY",
    DISTRICT: "a district's code like E06000002",
    STUDY: "a name of 3 to 60 small letters, digits and -",
    LINK: "a web address that starts with https://",
}


def _real_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day that is in the calendar") from None
    return text


def located(given: Any) -> Any:
    """Return a location that was written as text alone as the mapping it stands for."""
    return {"location": given} if isinstance(given, str) else given


Month = Annotated[str, Field(pattern=MONTH)]
Day = Annotated[str, Field(pattern=DAY), AfterValidator(_real_day)]
Name = Annotated[str, Field(pattern=NAME)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Names = Annotated[tuple[Name, ...], Field(strict=False)]
STRICT = ConfigDict(extra="forbid", strict=True)
