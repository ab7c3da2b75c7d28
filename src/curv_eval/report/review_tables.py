"""What a review may show: its studies, the average effect, other ways to put them together, and judgements."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from curv_eval.data import Data, study_contract
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.errors import DesignError, DisclosureError
from curv_eval.evidence.answered import Answered, answer, by_moderator, other_ways
from curv_eval.evidence.judgement import traffic_lights
from curv_eval.evidence.screening import checklist, parts
from curv_eval.evidence.sizes import Effect
from curv_eval.study import Review

# where in the brief a reader finds each part that the checklist of PRISMA 2020 asks for
WHERE = {
    "title": "Title", "summary": "At a glance", "question": "The question", "eligibility": "Which studies count",
    "sources": "Where the studies came from", "effect_measure": "How it was done", "preparation": "How it was done",
    "display": "How it was done", "synthesis_method": "How it was done", "sensitivity_method": "How it was done",
    "publication_method": "How it was done", "certainty_method": "How sure we are",
    "flow": "Where the studies came from",
    "effects": "Each study", "pooled": "Results", "differences": "Results", "sensitivity": "Results",
    "differences_method": "How it was done", "publication": "What may be missing", "certainty": "How sure we are",
    "meaning": "What this means", "limits_of_studies": "Limits", "limits_of_review": "Limits",
    "registration": "Was the plan kept?", "deviations": "Was the plan kept?", "data_and_code": "Reproduce this",
}  # fmt: skip


def answer_review(review: Review, data: Data) -> Answered:
    """Return the answer of a review from its data. Raises StudyError and DesignError."""
    tables = {name: data.con.execute(f'SELECT * FROM "{name}"').df() for name in review.contracts}
    return answer(review, tables)


def release_review(found: Answered) -> dict[str, Released]:
    """Release every table of a review, by name: numbers that their authors published, and what follows from them.

    Raises DisclosureError where the table of studies is under a rule: a review takes published tables alone.
    """
    _refuse_closed(found.review)
    tables = {
        "review_forest": (_forest(found), "The effect in each study, and of all together"),
        "review_funnel": (_funnel(found), "Effects and their precision"),
        "review_other": (_shown(found, other_ways(found)), "The average effect by other choices"),
        "review_security": (found.security.table, "How secure the finding of the review is"),
        **_groups(found),
    }
    if found.flow:
        tables["review_flow"] = (found.flow.table, "From records to studies")
    if found.assessed:
        tables["review_bias"] = (_bias(found), "The risk of bias of each study")
    if found.certainty:
        tables["review_certainty"] = (found.certainty.table, "How sure one can be, reason by reason")
    if found.transfer:
        tables["review_transfer"] = (found.transfer.table, f"How like {found.transfer.place} the studies' places are")
    return {name: _released(name, title, table) for name, (table, title) in tables.items()}


def _refuse_closed(review: Review) -> None:
    rules = [study_contract(review, name).small_number_rule for name in review.contracts]
    if strictest(rules).events_below > 1:
        do = "take the numbers from what was published, or release them from a study of your own first"
        raise DisclosureError("a review takes tables that are published already", [f"rules: {', '.join(rules)}"], do)


def _released(name: str, title: str, table: pd.DataFrame) -> Released:
    """Release a table in which every number is public already: nobody's count stands behind a cell."""
    roles = dict.fromkeys(table.columns, Role.KEY)
    return release(table.reset_index(drop=True), name=name, title=title, rule=strictest(["open"]), roles=roles)


def _forest(found: Answered) -> pd.DataFrame:
    """Return the rows of a forest plot: studies, most precise first, the average, and a new place."""
    level, share = 1 - found.review.synthesis.alpha, weights_of(found)
    rows = [
        (one.study, "study", one.shown, *one.interval(level), weight)
        for one, weight in sorted(zip(found.alone, share, strict=True), key=lambda held: -held[1])
    ]
    held = found.pooled
    rows.append((f"All {held.studies} studies", "pooled", held.estimate, held.low, held.high, 100.0))
    if held.prediction:
        rows.append(("In a new place", "prediction", held.estimate, *held.prediction, np.nan))
    table = pd.DataFrame(rows, columns=["label", "kind", "estimate", "conf_low", "conf_high", "weight"])
    return table.assign(weight=table["weight"].round(2))


def weights_of(found: Answered) -> np.ndarray:
    """Return each study's share of the average in per cent, (k,): one over its variance and that between studies."""
    if hasattr(found.found, "sigma2"):
        w = 1 / (found.v + found.found.sigma2[0])
        return 100 * w / w.sum()
    return found.found.found.weights


def _funnel(found: Answered) -> pd.DataFrame:
    rows = [(one.study, one.shown, one.std_error) for one in found.alone]
    return pd.DataFrame(rows, columns=["label", "estimate", "std_error"])


def _bias(found: Answered) -> pd.DataFrame:
    rows = traffic_lights(found.assessed).rename(columns={"study": "label", "level": "judgement"})
    return rows[["label", "domain", "judgement", "reason"]]


def _shown(found: Answered, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of averages as readers know them: ratios, or differences."""
    turn = np.exp if found.alone[0].measure.is_ratio else (lambda x: x)
    return table.assign(**{name: turn(table[name]) for name in ("estimate", "conf_low", "conf_high")})


def _groups(found: Answered) -> Mapping[str, tuple[pd.DataFrame, str]]:
    made = {}
    for name in found.review.studies.moderators:
        try:
            table, p = by_moderator(found, name)
        except DesignError:
            continue
        said = f"The average effect by {name.replace('_', ' ')} (difference between groups: p = {p:.2f})"
        made[f"review_by_{name}"] = (_shown(found, table), said)
    return made


def where_met(found: Answered) -> dict[str, str]:
    """Return where in the brief a reader finds each part that is there."""
    more = {"screening": "Where the studies came from"} if found.flow else {}
    more |= {"bias": "Risk of bias", "bias_method": "Risk of bias"} if found.assessed else {}
    return {**WHERE, **more}


def prisma(found: Answered) -> pd.DataFrame:
    """Return the checklist of PRISMA 2020, with where this brief meets each item, or why not."""
    there = where_met(found)
    lacking = f"the table of studies was taken from {found.review.taken_from}"
    return checklist(there, {name: lacking for name in parts() if name not in there})


def in_words(one: Effect) -> str:
    """Return how an effect was worked out, and what was taken as true for it."""
    return "; ".join([one.how, *one.assumptions])
