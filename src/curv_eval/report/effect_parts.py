"""The parts of a brief that the power and effect notebooks can write: what was found, and how far to trust it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curv_eval.checks import Check, Verdict
from curv_eval.disclosure import Released
from curv_eval.estimate import Estimate
from curv_eval.evidence.answered import Answered
from curv_eval.panel import Panel
from curv_eval.report.bundle import add_part, add_table, add_values, plain
from curv_eval.report.checked import said
from curv_eval.report.figures import add_figure
from curv_eval.report.harm_parts import harm_part
from curv_eval.report.method_words import chances, method_words
from curv_eval.report.rating_parts import rating_part, rating_table
from curv_eval.report.review_parts import write_review
from curv_eval.report.value_parts import value_of, value_part, value_table
from curv_eval.report.words import Effect, meaning, number, percent, sentence
from curv_eval.study import Outcome, Review, Study

_SPAN = ["estimate", "conf_low", "conf_high"]


def effect_of(outcome: Outcome, released: Released, study: Study) -> Effect:
    """Return an outcome's effect as released, NaN where withheld."""
    rows = released.table.set_index("term").reindex(["total", "relative", "average"])
    total, relative, points = (rows.loc[name, _SPAN] for name in ("total", "relative", "average"))
    kind = "incidents" if outcome.record is None else "people" if outcome.record.value is None else "score"
    return Effect(
        outcome.label, *total, *relative, study.smallest_worthwhile, outcome.role == "primary", outcome.better,
        kind, *points,
    )  # fmt: skip


def write_power(study: Study, released: Released, *, folder: str | Path) -> None:
    """Write what the study could have seen into the bundle."""
    add_table(Path(folder), released)
    row = released.table.iloc[0]
    if np.isnan(row["smallest"]):
        return add_values(
            Path(folder), {"power": "What the study could have seen is withheld: too few areas or people."}
        )
    fewer = (
        ""
        if row["clusters"] == row["wanted"]
        else f" (with {row['clusters']:.0f} of the {row['wanted']:.0f} starts, as many as fit)"
    )
    narrow = (
        ", so the intervals in this brief are somewhat too narrow"
        if row["covered"] < 1 - study.design.alpha - 0.02
        else ""
    )
    given = (
        f"We mixed at random who had received what, {row['draws']:.0f} times, so that nothing was left to find. "
        if study.people
        else f"We gave the same starts to {study.words.comparison} at random {row['draws']:.0f} times{fewer}, where "
        "nothing had begun. "
    )
    text = (
        f"We could not have been confident of seeing a fall smaller than {row['smallest']:.0%}. {given}"
        f"The {_level(study)} interval included no change in {row['covered']:.0%} of those draws{narrow}."
    )
    return add_values(Path(folder), {"power": plain(text), "smallest_visible": f"{row['smallest']:.0%}"})


def write_effect(
    study: Study | Review,
    results: dict[str, Released],
    *,
    checks: list[tuple[Check, Released]],
    estimate: Estimate | Answered,
    folder: str | Path,
) -> None:
    """Write the headline, the results, the checks and the method into the bundle.

    results: one released table per outcome name, primary first. estimate: the primary one, for its design words. Of a
    review: its tables and its answer; it has no checks.
    """
    if isinstance(study, Review):
        write_review(estimate, results, folder=folder)
        return
    folder = Path(folder)
    effects = {o.name: effect_of(o, results[o.name], study) for o in study.outcomes}
    for released in [*results.values(), *(r for _, r in checks)]:
        add_table(folder, released)
    primary = effects[study.primary.name]
    add_values(folder, _values(study, primary))
    add_part(folder, "headline", plain(sentence(primary, study.words.intervention)))
    add_part(folder, "glance", _glance(study, primary, checks))
    add_part(folder, "results", _results(study, effects))
    add_part(folder, "checks", _checks(checks))
    rating, parts = rating_table(study, estimate, checks=checks, folder=folder)
    add_table(folder, parts)
    add_part(folder, "rating", rating_part(rating, parts))
    worth = _worth(study, estimate, results[study.primary.name], folder=folder)
    add_part(folder, "value", worth)
    add_part(folder, "harm", harm_part(study, results))
    add_part(folder, "claim", _claim(study, primary) if study.brief.claim else "")
    said = [*_means(study, primary), *chances(study, results[study.primary.name], estimate)]
    add_part(folder, "means", "\n".join(f"- {plain(t)}" for t in said))
    add_part(folder, "does_not_mean", "\n".join(f"- {plain(t)}" for t in study.brief.does_not_mean))
    add_part(folder, "method", method_words(study, estimate, results[study.primary.name].rule))


def _worth(study: Study, estimate: Estimate, released: Released, *, folder: Path) -> str:
    """Write what the effect is worth into the bundle and return its section; nothing for a study that does not ask."""
    if study.value is None:
        return ""
    value = value_of(study, estimate)
    table = value_table(value, estimate, released.rule)
    add_table(folder, table)
    return value_part(study, value, table)


def write_figures(study: Study, paths: dict[str, Released], *, panel: Panel, folder: str | Path) -> None:
    """Draw the two figures of the effect from their released tables."""
    if not paths:
        return
    folder, w = Path(folder), study.words
    starts = [panel.label(g) for g in np.unique(panel.cohort[panel.treated])]
    words = {
        "observed_expected": {
            "unit_label": f"{study.primary.label[0].upper()}{study.primary.label[1:]} a month",
            "starts": w.begins, "start_periods": ",".join(starts), "expected": f"Expected {w.without}",
            "what": f"{study.primary.label} a month in {w.treated}",
            "interval": f"{_level(study)} interval",
        },
        "event_study": {
            "unit_label": "Incidents per area and month, more or fewer than expected",
            "what": f"the difference in {study.primary.label} by month from the start",
            "interval": f"{_level(study)} interval of one month",
            "band": f"{_level(study)} band of all months together",
        },
    }  # fmt: skip
    titles = {
        "observed_expected": f"{study.primary.label[0].upper()}{study.primary.label[1:]} in {w.treated}, by month",
        "event_study": f"Difference between {w.treated} and what was expected, by months before and after the start",
    }
    for name, title in titles.items():
        add_table(folder, paths[name])
        add_part(folder, name, add_figure(folder, name, paths[name], words=words[name], caption=title))


def _means(study: Study, effect: Effect) -> list[str]:
    return meaning(effect, study.words.intervention, where=study.words.treated)


def _values(study: Study, effect: Effect) -> dict[str, str]:
    return {
        "headline": sentence(effect, study.words.intervention), "found": effect.found,
        "relative": _or_withheld(effect.relative, percent), "relative_low": _or_withheld(effect.low, percent),
        "relative_high": _or_withheld(effect.high, percent), "total": _or_withheld(abs(effect.total), number),
        "outcome": plain(study.primary.label), "smallest_worthwhile": f"{study.smallest_worthwhile:.0%}",
    }  # fmt: skip


def _level(study: Study) -> str:
    return f"{1 - study.design.alpha:.0%}"


def _or_withheld(value: float, write) -> str:
    return "withheld" if np.isnan(value) else write(value)


def _glance(study: Study, effect: Effect, checks: list[tuple[Check, Released]]) -> str:
    held = sum(check.verdict is Verdict.HOLDS for check, _ in checks)
    judged = sum(check.verdict is not Verdict.INFORMS for check, _ in checks)
    found = {
        "change": "A change",
        "little": "Little or no difference",
        "unclear": "We cannot tell",
        "withheld": "Withheld",
    }
    facts = [
        f"**{found[effect.found]}** What we found",
        f"**{_or_withheld(effect.relative, percent)}** Best single estimate",
        f"**{_or_withheld(effect.low, percent)} to {_or_withheld(effect.high, percent)}** {_level(study)} interval",
        f"**{held} of {judged}** Checks passed",
    ]
    return "::: {.at-a-glance}\n" + "\n".join(f"- {fact}" for fact in facts) + "\n:::"


def _results(study: Study, effects: dict[str, Effect]) -> str:
    rows = [
        f"| {plain(e.label)} | {'Main' if e.primary else 'Second'} | {_or_withheld(e.relative, percent)} "
        f"| {_or_withheld(e.low, percent)} to {_or_withheld(e.high, percent)} | {_signed(e)} |"
        for e in effects.values()
    ]
    size = _SIZE[study.design.unit]
    head = f"| Outcome | Test | Change | {_level(study)} interval | {size} |\n| :--- | :--- | :--- | :--- | ---: |"
    widths = '{#tbl-results tbl-colwidths="[30,10,18,28,14]"}'
    caption = f": Results, compared with what was expected {study.words.without} {widths}"
    secondary = [plain(sentence(e, study.words.intervention)) for e in effects.values() if not e.primary]
    return "\n".join([head, *rows, "", caption, "", *secondary])


_SIZE = {"lsoa": "Incidents", "person": "People or points"}


def _signed(effect: Effect) -> str:
    if effect.of == "score":
        points = f"{abs(effect.points):.1f} points {'lower' if effect.points < 0 else 'higher'}"
        return "withheld" if np.isnan(effect.points) else points
    total = effect.total
    return "withheld" if np.isnan(total) else f"{number(abs(total))} {'fewer' if total < 0 else 'more'}"


def _checks(checks: list[tuple[Check, Released]]) -> str:
    rows = [
        f"| {plain(check.question)} | {plain(said(check, released))} | {check.verdict.value} |"
        for check, released in checks
    ]
    head = "| Question | Answer | Verdict |\n| :--- | :--- | :--- |"
    return "\n".join(
        [head, *rows, "", ': Checks that tried to break the result {#tbl-checks tbl-colwidths="[26,58,16]"}']
    )


def _claim(study: Study, effect: Effect) -> str:
    claim, w = study.brief.claim, study.words
    inside = effect.low <= claim.change <= effect.high
    verdict = {
        True: "That figure lies inside the range our data allow.",
        False: "That figure lies outside the range our data allow.",
    }[inside]
    if np.isnan(effect.low):
        verdict = "Our own figure is withheld."
    return (
        "## What was claimed {#sec-claim}\n\n"
        f"**The claim.** {plain(claim.by)}: “{plain(claim.text)}” It covers {plain(claim.period)}, "
        f"{plain(claim.design)} ([source]({claim.source})).\n\n"
        f"**Our estimate.** Against what was expected {w.without}: {_or_withheld(effect.relative, percent)} "
        f"(between {_or_withheld(effect.low, percent)} and {_or_withheld(effect.high, percent)}). {verdict} "
        "The two answer different questions: the claim compares a place with its own past, and our estimate compares "
        "it with what happened elsewhere in the same months."
    )
