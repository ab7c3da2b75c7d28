"""How a study was made, in words: what is compared, what must be true, and how the errors were worked out."""

from __future__ import annotations

import re

from curv_eval.disclosure import Released
from curv_eval.disclosure.rules import Rule
from curv_eval.estimate import Estimate
from curv_eval.report.bundle import plain
from curv_eval.study import Study

_TRENDS = {
    "proportional": "Without {it}, incidents would have changed by the same percentage in both kinds of area.",
    "additive": "Without {it}, incidents would have changed by the same number in both kinds of area.",
}


_COUNT = re.compile(r"(?<!fewer than )\b(?:only )?(\d[\d,]*)(?= (?:\w+ )?(?:people|persons|events)\b)")


def counted(note: str, rule: Rule) -> str:
    """Return a note of a method whose counts of people and of events are shown as the rule shows counts.

    A count that the rule withholds is "a few". A note is not a table: its counts stand in nobody's total.
    """

    def shown(match: re.Match) -> str:
        count = int(match[1].replace(",", ""))
        if 0 < count < rule.events_below:
            return "a few"
        return match[0] if rule.round_to == 1 else f"about {rule.rounded(count):,}"

    return _COUNT.sub(shown, note)


def assumed(study: Study) -> list[str]:
    """Return what must be true, in the study's words."""
    from curv_eval.methods import load, trends

    w, kind = study.words, trends(study.design)
    first = [_TRENDS[kind].format(it=w.intervention)] if kind in _TRENDS else []
    words = {"intervention": w.intervention, "treated": w.treated, "comparison": w.comparison}
    said = [text.format(**words) for text in load(study.design.method).ASSUMES]
    return [text[0].upper() + text[1:] for text in first + said]


def _clusters(estimate: Estimate, called: str) -> str:
    cells = estimate.cells
    alone = estimate.of_people and estimate.n_clusters == (cells["n_units"] + cells["n_comparison"]).iloc[0]
    if not estimate.n_clusters or alone:
        return ""
    return f"; clusters: {estimate.n_clusters} {called}s, {estimate.n_treated_clusters} of them treated"


def method_words(study: Study, estimate: Estimate, rule: Rule) -> str:
    """Return the paragraphs on how the study was made: the comparison, what must be true, the method and its errors.

    rule: how the people and events that the method's notes count are shown.
    """
    from curv_eval.methods import load

    d, w = study.design, study.words
    people = study.people
    compared = (
        f"We compared {w.treated} with {w.comparison}, each followed for {people.months} months."
        if people
        else f"We compared {w.treated} with {w.comparison}, month by month, before and after each start."
    )
    once = "person counts once" if people else "area counts once in each month"
    later = d.comparison == "not_yet_treated" and not people and load(d.method).STAGGERED
    words = [
        compared,
        *assumed(study),
        "Areas that started later served for comparison until their own start." if later else "",
        f"The number reported is an average over {w.treated} from their start on. Each {once}.",
        f"Method: {load(d.method).NAMED}; errors: {estimate.se_rule}"
        + _clusters(estimate, "group" if people else d.cluster)
        + ".",
        *(f"Note: {counted(note, rule)}." for note in estimate.notes),
    ]
    return "\n\n".join(plain(text) for text in words if text)


def chances(study: Study, released: Released, estimate: Estimate) -> list[str]:
    """Say the chance of a benefit and the p-value of a test, as released, in words."""
    found = released.table.set_index("term")["estimate"].dropna()
    said = []
    if "chance" in found:
        said.append(
            f"By this method, the chance that {study.words.intervention} changed things for the better is about "
            f"{100 * found['chance']:.0f} in 100."
        )
    if {"p_value", "smallest_p"} <= set(found.index):
        said.append(
            f"If {study.words.intervention} had changed nothing, a result as large as this would come up "
            f"{_often(found['p_value'])}. With so few places to compare, this test could not have said less than "
            f"{_often(found['smallest_p'])} ({estimate.tested.rule})."
        )
    return said


def _often(p: float) -> str:
    return f"{100 * p:.1f} times in 100" if p < 0.1 else f"{100 * p:.0f} times in 100"
