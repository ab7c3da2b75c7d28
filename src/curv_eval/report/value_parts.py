"""What the effect is worth: released, and said in words from what was released."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import Rule
from curv_eval.estimate import Estimate
from curv_eval.report.bundle import plain
from curv_eval.study import Study, Worth
from curv_eval.value import Appraisal, Multiplier, Programme
from curv_eval.value.cost_benefit import Value, cost_benefit
from curv_eval.value.effects import prevented
from curv_eval.value.words import said

_SPAN = ["estimate", "conf_low", "conf_high"]


def value_of(study: Study, estimate: Estimate) -> Value:
    """Return costs and benefits of the primary outcome's effect. Raises DesignError, such as for an unknown offence."""
    asked = study.value
    appraisal = Appraisal(
        price_year=asked.price_year, multiplier=_multiplier(asked), rate=asked.rate, seed=study.seed,
        cost_optimism=asked.cost_optimism, benefit_optimism=asked.benefit_optimism, alpha=study.design.alpha,
    )  # fmt: skip
    programme = Programme(tuple(asked.costs), asked.price_year)
    return cost_benefit(prevented(estimate, offence=asked.offence), programme=programme, appraisal=appraisal)


def _multiplier(asked: Worth) -> Multiplier:
    if asked.committed_per_recorded is None:
        return Multiplier.recorded_only()
    return Multiplier({asked.offence: asked.committed_per_recorded}, asked.committed_source)


def value_table(value: Value, estimate: Estimate, rule: Rule) -> Released:
    """Release the table of a value: it rests on the units and events behind the effect."""
    cells = estimate.cells[estimate.after]
    behind = {"n_units": int(cells.groupby("cohort")["n_units"].first().sum()), "events": int(cells["events"].sum())}
    table = value.table[["scope", "term", *_SPAN]].assign(**behind)
    roles = {"scope": Role.KEY, "term": Role.KEY, **dict.fromkeys(_SPAN, Role.VALUE)}
    roles |= {"n_units": Role.UNITS, "events": Role.EVENTS}
    return release(table, name="value", title="Costs and benefits, in present values", rule=rule, roles=roles)


def value_part(study: Study, value: Value, released: Released) -> str:
    """Return the section of the brief, in the words of the rule, from what was released."""
    heading = "## What it was worth {#sec-value}"
    if released.suppressed:
        return f"{heading}\n\nWhat it was worth is withheld: the effect rests on too few incidents or areas."
    words = said(released.table, proven=value.proven, appraisal=value.appraisal, facts=value.facts)
    # the paragraph has said in which prices, and by which multiplier
    notes = [f"Costs of the programme: {study.value.costs_source}.", *(n for n in value.notes if n != value.caption)]
    return "\n\n".join([heading, plain(words), _rows(released), *map(_sentence, notes)])


def _sentence(text: str) -> str:
    return plain(text[0].upper() + text[1:] + ("" if text.endswith(".") else "."))


def _rows(released: Released) -> str:
    """Return a pipe table: money in pounds, ratios with two figures, and counts whole."""
    table = released.table
    columns = [_written(table, column) for column in _SPAN]
    lines = [
        "| " + " | ".join((plain(_named(scope, term, table)), *cells)) + " |"
        for scope, term, *cells in zip(table["scope"], table["term"], *columns, strict=True)
    ]
    head = "| What | Best estimate | From | To |\n| :--- | ---: | ---: | ---: |"
    return "\n".join([head, *lines, "", f': {plain(released.title)} {{#tbl-value tbl-colwidths="[40,22,19,19]"}}'])


def _named(scope: str, term: str, table: pd.DataFrame) -> str:
    said = term[0].upper() + term[1:]
    return said if table["scope"].nunique() == 1 else f"{said}, {scope}"


def _written(table: pd.DataFrame, column: str) -> list[str]:
    return [_UNIT.get(term, _pounds)(x) for term, x in zip(table["term"], table[column], strict=True)]


def _pounds(value: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{'−' if value < 0 else ''}£{abs(value):,.0f}"


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}"


def _ratio(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.2f}"


_UNIT: dict[str, Callable[[float], str]] = {
    "benefit-cost ratio": _ratio, "incidents prevented": _number, "break-even incidents": _number,
}  # fmt: skip
