"""Is there somebody comparable for everybody treated?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.check_rows import fewest, rows
from curv_eval.estimate.told import told
from curv_eval.people import People
from curv_eval.stats.balance import effective_size
from curv_eval.stats.propensity import propensity
from curv_eval.study import Study

TAKES = "people"
# how far apart the log odds of two comparable people may be, in standard deviations (Austin 2011)
NEAR, MOST, LEAST = 0.2, 0.10, 0.05
QUESTION = "Is there somebody comparable for everybody treated?"
_CONCLUDES = {
    Verdict.HOLDS: "For nearly all of those treated the comparison rests on people like them.",
    Verdict.INFORMS: "For some of those treated the comparison rests on the model and not on people like them.",
    Verdict.FAILS: (
        "For many of those treated the comparison rests on the model alone; ask about those who can be compared."
    ),
}
ALONE, BEYOND = "treated without comparable others, share", "treated beyond the range of others, share"


def check(people: People, study: Study, estimate: Estimate) -> Check:
    """Look for each treated person's nearest untreated one by the log odds of treatment.

    Without comparable others is who has nobody within NEAR standard deviations; FAILS when that is more than MOST of
    those treated, HOLDS when at most LEAST, else INFORMS. Beside it: the share beyond the range of the untreated, and
    how many people the comparison group counts for when weighted by the odds. Nobody's own chance is given, the highest
    least of all. Behind a share stand those in it or those not, whichever are fewer.
    """
    people = people.measured(estimate.outcome)
    if not people.covariates:
        raise DesignError("overlap: there are no covariates by which to compare", do="add what people were like before")
    fitted, treated = propensity(people.treated, people.matrix), people.treated
    mine, others = fitted.linear[treated], np.sort(fitted.linear[~treated])
    alone = _gap(mine, others) > NEAR * fitted.linear.std(ddof=1)
    beyond = (mine > others[-1]) | (mine < others[0])
    listed = [
        (ALONE, float(alone.mean())), (BEYOND, float(beyond.mean())),
        ("comparison people, as many as they count for", effective_size(fitted.odds[~treated])),
    ]  # fmt: skip
    behind = {ALONE: _fewer(alone), BEYOND: _fewer(beyond)}
    table = rows(listed, people, outcome=estimate.outcome, behind=behind)
    return _read(float(alone.mean()), table, study)


def _read(alone: float, table: pd.DataFrame, study: Study) -> Check:
    verdict = Verdict.FAILS if alone > MOST else Verdict.HOLDS if alone <= LEAST else Verdict.INFORMS
    text = f"Of {study.words.treated}, {told(ALONE, '.1%')} have nobody comparable among {study.words.comparison}. "
    concludes = _CONCLUDES[verdict]
    return Check("overlap", QUESTION, verdict, text + concludes, table, concludes)


def _fewer(share: np.ndarray) -> int:
    """Return how many are in or out of a share (n,) bool, whichever are fewer and not 0."""
    return fewest(np.ones(len(share), dtype=bool), share)


def _gap(mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far each of `mine` is from the nearest of `others`, which are in order."""
    after = np.searchsorted(others, mine).clip(0, len(others) - 1)
    return np.minimum(np.abs(mine - others[after]), np.abs(mine - others[(after - 1).clip(0)]))
