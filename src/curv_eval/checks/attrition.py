"""Could people whose outcome is missing change the finding?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import overall
from curv_eval.estimate.check_rows import fewest, rows
from curv_eval.estimate.told import changed_by, told
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.missing import Pooled, impute, pool
from curv_eval.stats.missing_bounds import filled_worst, round_ends, trimmed
from curv_eval.study import Design, Study

TAKES = "people"
COPIES = 20
_CONCLUDES = {
    Verdict.FAILS: "The people missing could change the finding.",
    Verdict.HOLDS: "The finding stands whoever is missing.",
    Verdict.INFORMS: "The finding stands unless those missing are very unlike those measured.",
}
AMONG = ("missing among treated, share", "missing among others, share")
MEASURED, FILLED = "effect among those measured", "effect with gaps filled in"
WORST = ("effect at the worst lower end", "effect at the worst upper end")


@dataclass(frozen=True)
class _Answers:
    """The effect as estimated, with gaps filled, at Lee's ends and at the worst ends."""

    found: pd.Series
    filled: Pooled
    lee: tuple[float, float]
    worst: tuple[float, float]


def check(people: People, study: Study, estimate: Estimate) -> Check:
    """Estimate again with missing outcomes filled in, and with the most they could change.

    Filled: COPIES imputations by predictive mean matching within each group, pooled by Rubin's rules. Lee's ends: the
    group with more outcomes known loses its highest, or lowest, surplus. Worst ends: those missing have the lowest or
    highest outcome that was measured. Each is put through the study's own method. FAILS when filling in changes whether
    the interval excludes 0, or when Lee's ends do not both lie on the side of 0 of a finding that excluded it; HOLDS
    when nothing is missing, or the worst ends lie there too; else INFORMS. The ends of a score are round numbers
    beyond the lowest and the highest one, which are somebody's own. Behind every share and end stand those whose
    outcome is missing, or known, in either group, whichever are fewest: the ends give the shares back.
    """
    y, treated = people.outcomes[estimate.outcome], people.treated
    shares = [float(np.isnan(y[group]).mean()) for group in (treated, ~treated)]
    missing = [
        *zip(AMONG, shares, strict=True),
        ("missing, difference in shares", shares[0] - shares[1]),
    ]  # fmt: skip
    if not np.isnan(y).any():
        text = f"The outcome of everybody was measured among {study.words.treated} and {study.words.comparison}."
        return _check(Verdict.HOLDS, text, rows(missing, people, outcome=estimate.outcome), "")
    answers = _answers(people, study, estimate)
    listed = [*missing, *_listed(answers)]
    table = rows(listed, people, outcome=estimate.outcome, behind=_behind(listed, y, treated))
    sizes = dict(zip(AMONG, (int(treated.sum()), int((~treated).sum())), strict=True))
    table = table.assign(n_units=table["term"].map(sizes).fillna(table["n_units"]).astype(int))
    verdict = _verdict(answers)
    return _check(verdict, _said(study), table, _CONCLUDES[verdict])


def _behind(listed: list[tuple], y: np.ndarray, treated: np.ndarray) -> dict[str, int]:
    """Return the fewest people behind each number but the effect itself: in a group, or in either of them."""
    both = fewest(treated, np.isnan(y))
    of_groups = {
        term: fewest(np.ones(int(side.sum()), dtype=bool), np.isnan(y[side]))
        for term, side in zip(AMONG, (treated, ~treated), strict=True)
    }
    return {term: of_groups.get(term, both) for term, *_ in listed if term != MEASURED}


def _check(verdict: Verdict, text: str, table: pd.DataFrame, concludes: str) -> Check:
    question = "Could missing outcomes change the finding?"
    return Check("attrition", question, verdict, text + concludes, table, concludes=concludes)


def _answers(people: People, study: Study, estimate: Estimate) -> _Answers:
    outcome, design = estimate.outcome, study.design
    y, treated = people.outcomes[outcome], people.treated
    ends = dict(zip(("low", "high"), round_ends(y), strict=True))
    lee = [_effect(people.take(trimmed(y, treated, highest=up)), outcome, design) for up in (True, False)]
    worst = [
        _effect(_given(people, outcome, filled_worst(y, treated, **ends, up=up)), outcome, design)
        for up in (False, True)
    ]
    return _Answers(
        overall(estimate).iloc[0], _filled(people, study, estimate),
        tuple(sorted(row["estimate"] for row in lee)), tuple(sorted(row["estimate"] for row in worst)),
    )  # fmt: skip


def _effect(people: People, outcome: str, design: Design) -> pd.Series:
    return overall(fit(people, outcome=outcome, design=design)).iloc[0]


def _given(people: People, outcome: str, y: np.ndarray) -> People:
    return replace(people, outcomes={**people.outcomes, outcome: y})


def _filled(people: People, study: Study, estimate: Estimate) -> Pooled:
    outcome, y = estimate.outcome, people.outcomes[estimate.outcome]
    known = [x for x in (people.before.get(outcome),) if x is not None]
    data = np.column_stack([y, *people.covariates.values(), *known])
    copies = np.empty((COPIES, len(y)))
    for group in (people.treated, ~people.treated):
        copies[:, group] = impute(data[group], m=COPIES, seed=study.seed)[:, :, 0]
    effects = [_effect(_given(people, outcome, one), outcome, study.design) for one in copies]
    values = np.array([row["estimate"] for row in effects])
    return pool(values, np.array([row["std_error"] ** 2 for row in effects]), df=estimate.df, alpha=estimate.alpha)


def _listed(answers: _Answers) -> list[tuple]:
    found, filled = answers.found, answers.filled
    return [
        (MEASURED, *found[["estimate", "conf_low", "conf_high"]]),
        (FILLED, filled.value, filled.conf_low, filled.conf_high),
        ("effect at Lee's lower end", answers.lee[0]), ("effect at Lee's upper end", answers.lee[1]),
        *zip(WORST, answers.worst, strict=True),
    ]  # fmt: skip


def _side(low: float, high: float) -> int:
    """Return 1 where both are above 0, -1 where both are below, else 0."""
    return int(low > 0) - int(high < 0)


def _verdict(answers: _Answers) -> Verdict:
    side = _side(answers.found["conf_low"], answers.found["conf_high"])
    if _side(answers.filled.conf_low, answers.filled.conf_high) != side:
        return Verdict.FAILS
    if side and _side(*answers.lee) != side:
        return Verdict.FAILS
    return Verdict.HOLDS if side and _side(*answers.worst) == side else Verdict.INFORMS


def _said(study: Study) -> str:
    return (
        f"The outcome is missing for {told(AMONG[0], '.1%')} of {study.words.treated} and {told(AMONG[1], '.1%')} of "
        f"{study.words.comparison}. With gaps filled in from what is known, the effect is "
        f"{changed_by(FILLED, '+.2f')}. At the worst it could be anything from {told(WORST[0], '+.2f')} to "
        f"{told(WORST[1], '+.2f')}. "
    )
