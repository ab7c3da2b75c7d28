"""How values are written into columns of text, and what is left out of them."""

from __future__ import annotations

import numpy as np


def years_old(birth: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return whole years on `day`; somebody born on 29 February has a birthday on 1 March in other years."""
    years = day.astype("datetime64[Y]").astype(int) - birth.astype("datetime64[Y]").astype(int)
    into = (moment.astype("datetime64[M]").astype(int) % 12 * 32 + _day_of_month(moment) for moment in (day, birth))
    return years - (np.less(*into)).astype(int)


def _day_of_month(day: np.ndarray) -> np.ndarray:
    return (day.astype("datetime64[D]") - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int)


def as_text(days: np.ndarray) -> list[str]:
    """Return days as YYYY-MM-DD, blank for NaT."""
    return ["" if text == "NaT" else text for text in np.datetime_as_string(days).tolist()]


def booleans(flags: np.ndarray) -> list[str]:
    """Return true or false for each flag."""
    return ["true" if flag else "false" for flag in flags.tolist()]


def minutes(times: np.ndarray) -> list[str]:
    """Return times as YYYY-MM-DD HH:MM, blank for NaT."""
    return [text.replace("T", " ") for text in as_text(times)]


def blanked(rng: np.random.Generator, values: list[str], share: float, *, blank: str = "") -> list[str]:
    """Return the values with a share of them left out at random."""
    lost = (rng.random(len(values)) < share).tolist()
    return [blank if gone else value for value, gone in zip(values, lost, strict=True)]
