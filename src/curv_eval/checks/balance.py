"""Are those treated and those they are compared with alike?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.check_rows import fewest, rows
from curv_eval.estimate.options import chosen
from curv_eval.estimate.told import told
from curv_eval.methods import load
from curv_eval.people import People
from curv_eval.stats.balance import Balance, balance, two_valued
from curv_eval.stats.weights import WEIGHTED, comparison_weights
from curv_eval.study import Study

TAKES = "people"
QUESTION = "Are the two groups alike in what was measured before?"
LARGE, SMALL, RATIO = 0.25, 0.1, 2.0
_CONCLUDES = {
    Verdict.FAILS: ("", "The groups are not alike enough to be compared."),
    Verdict.HOLDS: ("That is little. ", "They are alike in everything that was measured."),
    Verdict.INFORMS: ("That is not little. ", "The result leans on the method that adjusts for it."),
}


def check(people: People, study: Study, estimate: Estimate) -> Check:
    """Compare covariates between the groups, weighted as the study's method weighs people.

    FAILS when a standardised difference is above LARGE or a ratio of variances outside 1 / RATIO to RATIO (Rubin 2001;
    Stuart 2010, Statistical Science 25(1)); HOLDS when every difference is at most SMALL; else INFORMS. A method that
    does not weigh people is judged as they were: baseline balance, by assignment where there was one. Behind a
    covariate's numbers stand the people of its rarest value in either group, of those whom the method keeps.
    """
    people, method = people.measured(estimate.outcome), study.design.method
    if not people.covariates:
        raise DesignError("balance: there are no covariates to compare", do="add what people were like before")
    weighs = method in WEIGHTED
    group = people.treated if weighs or people.assigned is None else people.assigned
    options = chosen(study.design.options, load(method).OPTIONS)
    weights = comparison_weights(method, group, people.matrix, options=options, names=people.persons)
    found = balance(group, people.matrix, weights, by="treated" if weighs else "pooled")
    listed = _listed(people, found, weighs)
    table = rows(listed, people, outcome=estimate.outcome, behind=_behind(people, group, weights, listed))
    return _read(people, found, study, weighs=weighs, table=table)


def _listed(people: People, found: Balance, weighs: bool) -> list[tuple[str, float]]:
    names, several = list(people.covariates), ~two_valued(people.matrix)
    listed = [(f"{name}, difference", value) for name, value in zip(names, found.before, strict=True)]
    if weighs:
        listed += [(f"{name}, difference after weighting", v) for name, v in zip(names, found.after, strict=True)]
    ratios = _ratios(found)
    listed += [(f"{name}, ratio of variances", ratios[j]) for j, name in enumerate(names) if several[j]]
    return [*listed, ("comparison people, as many as they count for", found.effective_others)]


def _behind(people: People, group: np.ndarray, weights: np.ndarray, listed: list[tuple[str, float]]) -> dict[str, int]:
    """Return for each covariate's rows the fewest people that they rest on, before and after weighting."""
    kept = weights > 0
    least = {
        name: min(fewest(group, x), fewest(group[kept], x[kept])) for name, x in people.covariates.items()
    }  # fmt: skip
    return {term: least[name] for term, _ in listed if (name := term.rsplit(", ", 1)[0]) in least}


def _ratios(found: Balance) -> np.ndarray:
    """Return the ratios of variances; one group in which nobody differs counts as a thousandfold."""
    return np.clip(found.ratio_after, 1e-3, 1e3)


def _read(people: People, found: Balance, study: Study, *, weighs: bool, table: pd.DataFrame) -> Check:
    ratios = _ratios(found)
    worst, ratio = int(np.abs(found.after).argmax()), int(np.abs(np.log(ratios)).argmax())
    gap, most = found.after[worst], ratios[ratio]
    wide = not 1 / RATIO <= most <= RATIO
    names, when = list(people.covariates), "After weighting" if weighs else "As they were before"
    speaks_of = f"{names[worst]}, difference{' after weighting' if weighs else ''}"
    text = (
        f"{when}, {study.words.treated} and {study.words.comparison} differ most in {_said(names[worst])}: "
        f"by {told(speaks_of, '+.2f')} standard deviations. "
    )
    if wide:
        times = told(f"{names[ratio]}, ratio of variances", ".2f")
        text += f"{_said(names[ratio])} varies {times} times as much among those treated. "
    verdict = Verdict.FAILS if wide or abs(gap) > LARGE else Verdict.HOLDS if abs(gap) <= SMALL else Verdict.INFORMS
    size, concludes = _CONCLUDES[verdict]
    return Check("balance", QUESTION, verdict, f"{text}{size}{concludes}", table, concludes)


def _said(name: str) -> str:
    """Return a covariate's name as people write it."""
    return name.replace("_", " ")
