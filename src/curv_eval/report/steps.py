"""The steps of the notebooks that join several stages, so that a notebook stays a list of sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from curv_eval import checks as check_files
from curv_eval.checks import Check
from curv_eval.data import Data, study_contract
from curv_eval.disclosure import Released
from curv_eval.disclosure.rules import Rule, strictest
from curv_eval.estimate import Estimate
from curv_eval.evidence.answered import Answered
from curv_eval.granted import let_out
from curv_eval.methods import fit, load, require_clusters
from curv_eval.panel import Panel
from curv_eval.panel.assemble import Assembled
from curv_eval.panel.assemble import assemble as _assemble
from curv_eval.panel.requirements import require
from curv_eval.people import People
from curv_eval.people import require as require_people
from curv_eval.people.assemble import Followed, assemble_people
from curv_eval.power import Power
from curv_eval.report import effect_tables
from curv_eval.report.harm_tables import NAME as HARM
from curv_eval.report.harm_tables import harm_estimate, harm_tables
from curv_eval.report.review_tables import answer_review, release_review
from curv_eval.study import Outcome, Review, Study


def assemble(study: Study, data: Data) -> Assembled | Followed:
    """Return the panel of the study's data, and an account of the rows that could not be placed; or the people.

    Raises DesignError when they cannot answer the question for any registered outcome.
    """
    if study.people:
        followed = assemble_people(data.con, study, fewest=_rule(study, *study.outcomes).events_below)
        for outcome in study.outcomes:
            require_people(followed.people, outcome=outcome.name)
        return followed
    found = _assemble(data.con, study, data.contracts)
    for outcome in study.outcomes:
        require(found.panel, outcome=outcome.name, clustered=load(study.design.method).ERRORS == "clusters")
    require_clusters(found.panel, study.design)
    return found


def estimate_all(study: Study | Review, panel: Panel | People | Data) -> dict[str, Estimate] | Answered:
    """Return the estimate of every registered outcome by the study's method, primary first; and of harm, if asked.

    Of a review and its data, its answer.
    """
    if isinstance(study, Review):
        return answer_review(study, panel)
    found = {o.name: fit(panel, outcome=o.name, design=study.design) for o in study.outcomes}
    return {**found, HARM: harm_estimate(study, panel)} if study.harm else found


def run_checks(study: Study, panel: Panel | People, *, estimates: Mapping[str, Estimate]) -> list[Check]:
    """Return the study's checks of the primary estimate, in the registered order."""
    primary = estimates[study.primary.name]
    return [check_files.load(name).check(panel, study, primary) for name in study.checks]


def release_power(study: Study, panel: Panel | People, *, found: Power) -> Released:
    """Release what the study could have seen."""
    return effect_tables.power_table(found, panel=panel, study=study, rule=_rule(study, study.primary))


def release_results(study: Study | Review, estimates: Mapping[str, Estimate] | Answered) -> dict[str, Released]:
    """Release each outcome's effect by the rule of the contract that fed it; of a review, its tables."""
    if isinstance(study, Review):
        return release_review(estimates)
    found = {o.name: effect_tables.results(o, estimates[o.name], _rule(study, o)) for o in study.outcomes}
    if study.harm is None:
        return found
    rule = _rule(study, *(o for o in study.outcomes if o.name in study.harm.outcomes))
    return {**found, **harm_tables(study, estimates, rule)}


def release_checks(study: Study, found: Iterable[Check]) -> list[tuple[Check, Released]]:
    """Release the numbers behind each check; pairs of check and released table."""
    listed = list(found)
    released = effect_tables.check_tables(listed, _rule(study, study.primary), people=study.people is not None)
    return [(check, released[check.name]) for check in listed]


def release_paths(study: Study, panel: Panel | People) -> dict[str, Released]:
    """Release the two series behind the figures: observed against expected, and the event study. People have none."""
    if isinstance(panel, People):
        return {}
    rule = _rule(study, study.primary)
    tables = (effect_tables.observed_expected(study, panel, rule), effect_tables.event_study(study, panel, rule))
    return {released.name: released for released in tables}


def show(released: Released | Mapping[str, Released] | Iterable) -> pd.DataFrame:
    """Return released tables as one frame for reading in a notebook. Raises TypeError for anything not released."""
    listed = list(released.values()) if isinstance(released, Mapping) else [released]
    if isinstance(released, list):
        listed = [pair[1] for pair in released]
    if not all(isinstance(one, Released) for one in listed):
        raise TypeError("only released tables can be shown; pass this through release() first")
    tables = {r.name: r.table.drop(columns="geometry", errors="ignore") for r in listed}
    return next(iter(tables.values())) if len(tables) == 1 else pd.concat(tables, names=["table", "row"])


def _rule(study: Study, *outcomes: Outcome) -> Rule:
    fed = {*(o.contract for o in outcomes), study.intervention, *(at.split(".")[0] for at in study.covariates.values())}
    if study.people:
        fed |= {study.people.contract} | ({study.people.dose.contract} if study.people.dose else set())
    return strictest((study_contract(study, name).small_number_rule for name in fed), but=let_out(study))
