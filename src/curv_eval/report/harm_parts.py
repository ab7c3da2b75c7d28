"""Harm beside counts: the effect on offences weighed by how serious they are, released and said in words."""

from __future__ import annotations

from collections.abc import Mapping

from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import Rule
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.report.bundle import plain
from curv_eval.report.words import Effect, number, percent, sentence
from curv_eval.study import Study
from curv_eval.value.harm import Harm, harm, with_harm

NAME, LABEL = "harm", "harm points"
_SPAN = ["estimate", "conf_low", "conf_high"]
_VALUES = ["estimate", "std_error", "conf_low", "conf_high"]


def harm_weights(study: Study) -> Harm:
    """Return the weight of each offence of the study, as harm of one offence each. Raises DesignError."""
    asked = study.harm
    return harm(dict.fromkeys(asked.offences.values(), 1.0), index=asked.index, weights=asked.weights or None)


def harm_estimate(study: Study, panel: Panel) -> Estimate:
    """Return the effect on harm by the study's own method. Raises DesignError, such as for an unknown offence."""
    asked = study.harm
    weighed, _ = with_harm(panel, asked.offences, name=NAME, index=asked.index, weights=asked.weights or None)
    return fit(weighed, outcome=NAME, design=study.design)


def harm_table(study: Study, estimates: Mapping[str, Estimate], rule: Rule) -> Released:
    """Release the effect on harm.

    The weights are public, so harm tells as much as the counts behind it: it rests on the fewest incidents of any of
    its offences, and where one is withheld, so is harm.
    """
    table = overall(estimates[NAME]).drop(columns="unit_periods")
    fewest = min(int(overall(estimates[name])["events"].min()) for name in study.harm.offences)
    roles = {"term": Role.KEY, **dict.fromkeys(_VALUES, Role.VALUE), "n_units": Role.UNITS, "events": Role.EVENTS}
    title = "Effect on harm, in points"
    return release(table.assign(events=fewest)[list(roles)], name="results_harm", title=title, rule=rule, roles=roles)


def harm_part(study: Study, results: Mapping[str, Released]) -> str:
    """Return the section of the brief, or nothing for a study that does not ask."""
    if study.harm is None:
        return ""
    rows = results[NAME].table.set_index("term").reindex(["total", "relative"])
    total, relative = rows.loc["total", _SPAN], rows.loc["relative", _SPAN]
    effect = Effect(LABEL, *total, *relative, study.smallest_worthwhile, primary=False)
    shown = [] if effect.found == "withheld" else [_size(effect)]
    weights = harm_weights(study)
    said = [sentence(effect, study.words.intervention), *shown]
    return "\n\n".join([
        "## Harm beside counts {#sec-harm}", _WHAT, *map(plain, said),
        _weights(study, weights), *(plain(f"{note[0].upper()}{note[1:]}.") for note in _notes(study, weights)),
    ])  # fmt: skip


def _size(effect: Effect) -> str:
    return (
        f"Change in harm: {percent(effect.relative)} ({percent(effect.low)} to {percent(effect.high)}), "
        f"{number(abs(effect.total))} points {'fewer' if effect.total < 0 else 'more'}."
    )


def _notes(study: Study, weights: Harm) -> list[str]:
    if study.harm.weights:
        return [f"weights: {study.harm.weights_source}"]
    return list(weights.notes)


def _weights(study: Study, weights: Harm) -> str:
    labels = {outcome.name: outcome.label for outcome in study.outcomes}
    rows = [
        f"| {plain(labels[name])} | {plain(offence)} | {weights.by_offence[offence]:,.0f} |"
        for name, offence in study.harm.offences.items()
    ]
    head = "| Counted | Weighed as | Points each |\n| :--- | :--- | ---: |"
    return "\n".join([head, *rows, "", f": How much each offence weighs, {plain(study.harm.index)} {{#tbl-harm}}"])


_WHAT = (
    "A count takes a threat and a stabbing as one each. Here each offence is weighed by how serious it is, as the "
    "sentences that courts give for it say, and the weights are added up."
)
