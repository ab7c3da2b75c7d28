"""What a value says, in words; a ratio leads only where there is an effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from curv_eval.value import Appraisal
from curv_eval.value.facts import Fact


def caption(appraisal: Appraisal) -> str:
    """Return the price year, discount rate, multiplier and optimism bias of all numbers."""
    text = (
        f"prices of {appraisal.price_year}; discounted at the Green Book's {appraisal.rate} rate; from recorded to "
        f"committed crime: {appraisal.multiplier.source}"
    )
    if appraisal.cost_optimism:
        text += f"; costs raised by {appraisal.cost_optimism:.0%} for optimism"
    if appraisal.benefit_optimism:
        text += f"; benefits lowered by {appraisal.benefit_optimism:.0%} for optimism"
    return text


def said(table: pd.DataFrame, *, proven: Sequence[str], appraisal: Appraisal, facts: Iterable[Fact]) -> str:
    """Return one paragraph: what was avoided for each pound, or that the effect does not allow to say so.

    proven: the scopes of the table in which there is an effect; where there is none, no ratio is said.
    """
    every = table["scope"].iloc[0]
    parts = [_paid(table, proven, every) if proven else _unclear(_rows(table, every))]
    parts.append(f"All amounts are in {caption(appraisal)}.")
    doubtful = list(dict.fromkeys(fact.what for fact in facts if not fact.checked))
    if doubtful:
        parts.append(f"Not yet checked in its source: {', '.join(doubtful)}.")
    return " ".join(parts)


def _rows(table: pd.DataFrame, scope: str) -> pd.DataFrame:
    return table[table["scope"] == scope].set_index("term")


def _paid(table: pd.DataFrame, proven: Sequence[str], every: str) -> str:
    first, *rest = proven
    ratio, net = (_rows(table, first).loc[term] for term in ("benefit-cost ratio", "net present social value"))
    lead = "Each" if first == every else "We cannot tell whether homicide changed. Leaving it out, each"
    text = f"{lead} £1 spent is estimated to have avoided harm worth about {_ratio(ratio)}, {_against(net)}."
    for scope in rest:
        text += f" {scope.capitalize()} it is {_ratio(_rows(table, scope).loc['benefit-cost ratio'])}."
    silent = [scope for scope in table["scope"].unique() if scope not in (every, *proven)]
    return text + "".join(f" {scope.capitalize()} we cannot tell." for scope in silent)


def _ratio(row: pd.Series) -> str:
    return f"£{row.estimate:,.2f} (between £{row.conf_low:,.2f} and £{row.conf_high:,.2f})"


def _against(net: pd.Series) -> str:
    if net.conf_low > 0:
        return "more than it cost"
    return "less than it cost" if net.conf_high < 0 else "so we cannot tell whether it was worth its cost"


def _unclear(rows: pd.DataFrame) -> str:
    cost, incidents = rows.loc["present value of costs"], rows.loc["incidents prevented"]
    if incidents.conf_high < 0:
        return (
            f"Incidents rose by between {_whole(-incidents.conf_high)} and {_whole(-incidents.conf_low)}; there is no "
            f"benefit to set against costs of about {_pounds(cost.estimate)}."
        )
    text = (
        f"The programme cost about {_pounds(cost.estimate)}. We cannot tell whether it prevented any harm, so we "
        "cannot tell whether it was worth its cost"
    )
    if "break-even incidents" not in rows.index:
        return f"{text}."
    need = rows.loc["break-even incidents"].estimate
    return f"{text}. To be worth its cost it would have had to prevent about {_whole(need)} recorded incidents."


def _whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1 else f"{value:,.1f}"


def _pounds(value: float) -> str:
    """Return an amount to three significant digits, since no more are known."""
    shown = round(value, 2 - int(np.floor(np.log10(max(value, 1.0)))))
    return f"£{shown / 1e6:,.2f} million" if shown >= 1e6 else f"£{shown:,.0f}"
