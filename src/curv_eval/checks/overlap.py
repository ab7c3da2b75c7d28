"""Is there somebody comparable for everybody treated?"""

from __future__ import annotations

import numpy as np

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.check_rows import rows
from curv_eval.people import People
from curv_eval.stats.balance import effective_size
from curv_eval.stats.propensity import propensity
from curv_eval.study import Study

TAKES = "people"
# how far apart the log odds of two comparable people may be, in standard deviations (Austin 2011)
NEAR, MOST, LEAST = 0.2, 0.10, 0.05


def check(people: People, study: Study, estimate: Estimate) -> Check:
    """Look for each treated person's nearest untreated one by the log odds of treatment.

    Without comparable others is who has nobody within NEAR standard deviations; FAILS when that is more than MOST of
    those treated, HOLDS when at most LEAST, else INFORMS. Beside it: the share beyond the range of the untreated, and
    how many people the comparison group counts for when weighted by the odds.
    """
    people = people.measured(estimate.outcome)
    if not people.covariates:
        raise DesignError("overlap: there are no covariates by which to compare", do="add what people were like before")
    fitted, treated = propensity(people.treated, people.matrix), people.treated
    mine, others = fitted.linear[treated], np.sort(fitted.linear[~treated])
    alone = float((_gap(mine, others) > NEAR * fitted.linear.std(ddof=1)).mean())
    beyond = float(((mine > others[-1]) | (mine < others[0])).mean())
    listed = [
        ("treated without comparable others, share", alone),
        ("treated beyond the range of others, share", beyond),
        ("highest chance of treatment among treated", float(fitted.score[treated].max())),
        ("highest chance of treatment among others", float(fitted.score[~treated].max())),
        ("comparison people, as many as they count for", effective_size(fitted.odds[~treated])),
    ]
    verdict = Verdict.FAILS if alone > MOST else Verdict.HOLDS if alone <= LEAST else Verdict.INFORMS
    table = rows(listed, people, outcome=estimate.outcome)
    return Check(
        "overlap", "Is there somebody comparable for everybody treated?", verdict, _said(verdict, alone, study), table
    )


def _gap(mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far each of `mine` is from the nearest of `others`, which are in order."""
    after = np.searchsorted(others, mine).clip(0, len(others) - 1)
    return np.minimum(np.abs(mine - others[after]), np.abs(mine - others[(after - 1).clip(0)]))


def _said(verdict: Verdict, alone: float, study: Study) -> str:
    start = f"Of {study.words.treated}, {alone:.1%} have nobody comparable among {study.words.comparison}. "
    return (
        start
        + {
            Verdict.HOLDS: "For nearly all of them the comparison rests on people like them.",
            Verdict.INFORMS: "For them the comparison rests on the model and not on people like them.",
            Verdict.FAILS: "For so many the comparison rests on the model alone; ask about those who can be compared.",
        }[verdict]
    )
