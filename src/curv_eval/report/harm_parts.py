"""Harm beside counts: the section of the brief, from what was released."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from curv_eval.disclosure import Released
from curv_eval.report.bundle import plain
from curv_eval.report.harm_tables import NAME, SHARES, harm_weights, points
from curv_eval.report.words import Effect, percent, sentence
from curv_eval.study import Study
from curv_eval.value.harm import Harm

LABEL = "harm points"
_SPAN = ["estimate", "conf_low", "conf_high"]


def harm_part(study: Study, results: Mapping[str, Released]) -> str:
    """Return the section of the brief, or nothing for a study that does not ask."""
    if study.harm is None:
        return ""
    rows = results[NAME].table.set_index("term").reindex(["total", "relative", "average"])
    total, relative = rows.loc["total", _SPAN], rows.loc["relative", _SPAN]
    effect = Effect(LABEL, *total, *relative, study.smallest_worthwhile, primary=False)
    shown = [] if effect.found == "withheld" else [_size(rows, f"{1 - study.design.alpha:.0%}")]
    weights = harm_weights(study)
    return "\n\n".join([
        "## Harm beside counts {#sec-harm}", _WHAT, plain(sentence(effect, study.words.intervention)), *shown,
        _carried(study, results[SHARES]), *_mixes(study), *(map(plain, _notes(study, weights))), _SAME,
    ])  # fmt: skip


def _size(rows: pd.DataFrame, level: str) -> str:
    lines = [
        f"| {said} | " + " | ".join(write(value) for value in rows.loc[term, _SPAN]) + " |"
        for term, (said, write) in _TERMS.items()
    ]
    head = f"| Effect on harm | Best estimate | {level} interval from | to |\n| :--- | ---: | ---: | ---: |"
    caption = ': Effect on harm, in harm points (weighted by sentence) {#tbl-harm tbl-colwidths="[34,22,26,18]"}'
    return "\n".join([head, *lines, "", caption])


def _points(value: float) -> str:
    if np.isinf(value):
        return "any number"
    # three figures are more than any interval of harm needs
    size = f"{abs(value):,.0f}" if abs(value) >= 1000 else f"{abs(value):,.3g}"
    return f"−{size}" if value < 0 else size


_TERMS: dict[str, tuple[str, Callable[[float], str]]] = {
    "average": ("Points in each area and month", _points),
    "total": ("Points in all", _points),
    "relative": ("Change", percent),
}


def _carried(study: Study, shares: Released) -> str:
    """Return what each outcome weighs and which share of all harm it carries."""
    each, share = points(study), shares.table.set_index("outcome")["share"]
    offences = study.harm.offences
    rows = [
        f"| {plain(one.label)} | {plain(offences.get(one.name, 'a mix, see below'))} | {_points(each[one.name])} "
        f"| {'withheld' if np.isnan(share[one.name]) else f'{share[one.name]:.0%}'} |"
        for one in study.outcomes
        if one.name in each
    ]
    head = "| Counted | Weighed as | Points each | Share of harm |\n| :--- | :--- | ---: | ---: |"
    where = f"share of all harm in {study.words.treated} after the start"
    caption = f": Points by the {plain(study.harm.index)}, and {plain(where)}"
    return "\n".join([head, *rows, "", f'{caption} {{#tbl-harm-shares tbl-colwidths="[32,34,16,18]"}}'])


def _mixes(study: Study) -> list[str]:
    labels = {outcome.name: outcome.label for outcome in study.outcomes}
    said = [
        f"{labels[name][0].upper()}{labels[name][1:]} are weighed as a mix: "
        + ", ".join(f"{offence} {share:.0%}" for offence, share in made.items())
        + ". If what they are made of changed as well as their number, this does not show it."
        for name, made in study.harm.mix.items()
    ]
    return [plain(" ".join([*said, f"Source of the mix: {study.harm.mix_source}."]))] if said else []


def _notes(study: Study, weights: Harm) -> list[str]:
    if study.harm.weights:
        return [f"Weights: {study.harm.weights_source}."]
    return [f"Not verified: {note}." for note in weights.notes]


_WHAT = (
    "A count takes a threat and a stabbing as one each. Here each offence is weighed by how serious it is, as the "
    "sentences that courts give for it say, and the weights are added up."
)
_SAME = (
    "Harm is worked out from the same incidents as the counts above, so it is no second confirmation of them, and a "
    "few grave offences can decide it."
)
