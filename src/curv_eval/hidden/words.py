"""What lists that overlap say, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def said(
    seen: float, span: tuple[float, float], models: pd.DataFrame, *, lists: Sequence[str], linked: str = ""
) -> str:
    """Return one paragraph in plain words: the range first, then how far the models agree, then what it assumes.

    span: the ends of the range. models: the table of a Hidden. linked: what the linkers expect of their links, where
    the range allows for it, as in "about 5 of 100 links to be missing".
    """
    top = f"{rounded(span[1]):,}" if np.isfinite(span[1]) else "no upper limit that these lists can give"
    head = (
        f"{seen:,.0f} people were seen by {listed(lists)}. Counting those whom none of them saw, there may be between "
        f"about {max(rounded(span[0]), round(seen)):,} and {top}."
    )
    allowed = [f"The range allows for links being in error: the linkers expect {linked}."] if linked else []
    agreed = _agreement(models[models["supported"]], len(lists))
    return " ".join([head, *allowed, agreed, _assumes(len(lists), bool(linked))])


def _agreement(best: pd.DataFrame, lists: int) -> str:
    if lists == 2:
        return "With two lists there is only one way of reading the overlap, and it cannot be checked."
    if len(best) == 1:
        return "One way of reading the overlaps carries nearly all the weight, and the range is its own."
    return (
        f"{len(best)} ways of reading the overlaps fit about as well, with totals from about "
        f"{rounded(best['total'].min()):,} to {rounded(best['total'].max()):,}; we give the range, not one number."
    )


def _assumes(lists: int, linked: bool) -> str:
    links = "that links are no worse than that" if linked else "that records were linked without error"
    said = (
        f"This assumes that nobody came or went in the time, {links}, and that each person could have been seen by "
        "every list"
    )
    return f"{said}, and that being on one list makes the other no likelier." if lists == 2 else f"{said}."


def rounded(value: float) -> int:
    """Return a number of people to two significant digits, since no more are known."""
    return int(round(value, 1 - int(np.floor(np.log10(max(value, 1.0))))))


def listed(names: Sequence[str]) -> str:
    """Return names as people list them: a, b and c."""
    return f"{', '.join(names[:-1])} and {names[-1]}"
