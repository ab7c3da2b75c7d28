"""Numbers in the text of a check, written from its table: from what was estimated, or from what may be shown of it.

A text is made once and written twice: for the evaluator with the numbers of the check's own table, and for a brief with
those of the released one, which may be rounded. So no text tells a number more exactly than the table beside it.
"""

from __future__ import annotations

import re

import pandas as pd

# private-use characters, which no term contains
_START, _NEXT, _END = "\ue000", "\ue001", "\ue002"
_NUMBER = re.compile(f"{_START}(.*?){_NEXT}(.*?){_NEXT}(.*?){_END}", re.DOTALL)


def told(term: str, form: str, column: str = "estimate") -> str:
    """Return a mark in a text for the number of a table in the row `term`.

    form: as in format(), such as "+.0%"; or "odds" for a p-value in words, or "short" for two digits that matter.
    """
    return f"{_START}{term}{_NEXT}{column}{_NEXT}{form}{_END}"


def between(term: str, form: str) -> str:
    """Return "between A and B" for the interval of the row `term`."""
    return f"between {told(term, form, 'conf_low')} and {told(term, form, 'conf_high')}"


def changed_by(term: str, form: str = "+.0%") -> str:
    """Return a number with its interval in brackets: "A (between B and C)"."""
    return f"{told(term, form)} ({between(term, form)})"


def terms_of(text: str) -> tuple[str, ...]:
    """Return the terms of the rows that a text speaks of, each once."""
    return tuple(dict.fromkeys(match[1] for match in _NUMBER.finditer(text)))


def written(text: str, table: pd.DataFrame) -> str:
    """Return the text with its numbers. Raises KeyError for a term that the table does not have."""
    rows = table.drop_duplicates("term").set_index("term")
    return _NUMBER.sub(lambda match: _formed(float(rows.loc[match[1], match[2]]), match[3]), text)


def _formed(value: float, form: str) -> str:
    return _FORMS[form](value) if form in _FORMS else format(value, form)


def _odds(p: float) -> str:
    return f"{100 * p:.0f} times in 100" if p >= 0.015 else "less than 2 times in 100"


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


_FORMS = {"odds": _odds, "short": _short}
