"""What the power and effect notebooks may show: estimates, paths and checks, each released by its data's rule."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.checks import Check
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import Rule
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import by, chance, overall, series
from curv_eval.methods import fixed_base, path
from curv_eval.panel import Panel, month_text
from curv_eval.people import People
from curv_eval.power import Power
from curv_eval.study import Outcome, Study

_BEHIND = {"n_units": Role.UNITS, "events": Role.EVENTS}
_PEOPLE = dict.fromkeys(["people", "compared", "left"], Role.EVENTS)


def results(outcome: Outcome, estimate: Estimate, rule: Rule) -> Released:
    """Release the average, total and relative effect of one outcome.

    Where the method has them, also the chance that the effect went the better way, and the p-value of its test with
    the smallest one the test could have given: rows without an interval.
    """
    table = overall(estimate).drop(columns="unit_periods")
    if "relative" not in set(table["term"]) and not estimate.of_people:
        raise DesignError(
            f"{outcome.name}: the number expected without the intervention is 0 or below, which no count can be",
            ["equal changes in numbers do not fit places that start from so different levels"],
            "use `trends: proportional`, or a longer window",
        )
    roles = {
        "term": Role.KEY,
        **dict.fromkeys(["estimate", "std_error", "conf_low", "conf_high"], Role.VALUE),
        **_BEHIND,
    }
    table = _with_chances(table, estimate, outcome.better)
    if estimate.of_people:
        table, roles = _with_people(table, estimate), roles | _PEOPLE
    title = f"Effect on {outcome.label}"
    return release(table, name=f"results_{outcome.name}", title=title, rule=rule, roles=roles)


def _with_chances(table: pd.DataFrame, estimate: Estimate, better: str) -> pd.DataFrame:
    tested, likely = estimate.tested, chance(estimate, better=better)
    said = {} if likely is None else {"chance": likely}
    said |= {"p_value": tested.p_value, "smallest_p": tested.floor} if tested else {}
    behind = table.iloc[0][["n_units", "events"]].to_dict()
    rows = [{"term": term, "estimate": value, **behind} for term, value in said.items()]
    return pd.concat([table, pd.DataFrame(rows)], ignore_index=True) if rows else table


def _with_people(table: pd.DataFrame, estimate: Estimate) -> pd.DataFrame:
    """People are few or many as events are, and so are those who are left when the events are taken away."""
    cell = estimate.cells.iloc[0]
    left = cell["n_units"] if estimate.scored else cell["n_units"] - cell["events"]
    return table.assign(people=int(cell["n_units"]), compared=int(cell["n_comparison"]), left=int(left))


def event_study(study: Study, panel: Panel, rule: Rule) -> Released:
    """Release the effect on the primary outcome by months before and after the start."""
    events = path(panel, outcome=study.primary.name, design=study.design)
    table = by(events, "event_time", seed=study.seed).drop(columns="term")
    values = ["estimate", "std_error", "conf_low", "conf_high", "band_low", "band_high"]
    table = table.assign(compared=_least_compared(study, panel, table["event_time"]))
    roles = {"event_time": Role.KEY, **dict.fromkeys(values, Role.VALUE), **_BEHIND, "compared": Role.EVENTS}
    title = f"Difference from what was expected, {study.primary.label}"
    return release(
        table.assign(event_time=table["event_time"].astype(int)),
        name="event_study",
        title=title,
        rule=rule,
        roles=roles,
    )


def observed_expected(study: Study, panel: Panel, rule: Rule) -> Released:
    """Release the monthly total in treated areas, observed and expected without treatment."""
    events = path(panel, outcome=study.primary.name, design=study.design)
    table = series(events, panel, leads=fixed_base(study.design))
    compared = _compared(study, panel)
    table = table.assign(
        period=[month_text(int(p)) for p in table["period"]], compared=[compared[int(p)] for p in table["period"]]
    )
    roles = {"period": Role.KEY, "observed": Role.COUNT, **_BEHIND, "compared": Role.EVENTS}
    roles |= dict.fromkeys(["expected", "expected_low", "expected_high"], Role.VALUE)
    title = f"{study.primary.label.capitalize()} in {study.words.treated} each month, observed and expected"
    return release(table, name="observed_expected", title=title, rule=rule, roles=roles)


def _compared(study: Study, panel: Panel) -> dict[int, int]:
    """Return by period how many events there were in the areas that nothing had begun in.

    What is expected of treated areas rests on them: few of them could be worked back from it.
    """
    counts = panel.outcomes[study.primary.name]
    never = np.isnan(panel.cohort)
    before = {
        int(p): never if study.design.comparison == "never_treated" else ~(panel.cohort <= p) for p in panel.periods
    }
    return {int(p): int(counts[before[int(p)], n].sum()) for n, p in enumerate(panel.periods)}


def _least_compared(study: Study, panel: Panel, event_times: pd.Series) -> list[int]:
    """Return for each event time the fewest such events in a period that it rests on."""
    held, starts = _compared(study, panel), np.unique(panel.cohort[panel.treated])
    found = [[held[int(g + e)] for g in starts if int(g + e) in held] for e in event_times]
    return [min(one, default=0) for one in found]


def check_tables(checks: list[Check], rule: Rule, *, people: bool = False) -> dict[str, Released]:
    """Release the numbers behind each check. people: whether its units are people, who are protected as events are."""
    out = {}
    for check in checks:
        table = check.table[["term", "estimate", "conf_low", "conf_high", "n_units", "events"]]
        roles = {"term": Role.KEY, **dict.fromkeys(["estimate", "conf_low", "conf_high"], Role.VALUE), **_BEHIND}
        if people:
            table, roles = table.assign(people=table["n_units"]), {**roles, "people": Role.EVENTS}
        out[check.name] = release(table, name=f"check_{check.name}", title=check.question, rule=rule, roles=roles)
    return out


def _events(panel: Panel | People, outcome: str) -> int:
    """Return what stands behind the placebo draws: events in places never treated, or people whose outcome is known."""
    y = panel.outcomes[outcome]
    return int(np.isfinite(y).sum()) if isinstance(panel, People) else int(y[~panel.treated].sum())


def power_table(found: Power, *, panel: Panel | People, study: Study, rule: Rule) -> Released:
    """Release the smallest effect the study could have seen, and how often its intervals held."""
    table = pd.DataFrame({
        "smallest": [found.smallest], "covered": [found.covered], "draws": [len(found.draws)],
        "clusters": [found.clusters], "wanted": [found.wanted], "n_units": [int((~panel.treated).sum())],
        "events": [_events(panel, study.primary.name)],
    })  # fmt: skip
    roles = {
        "smallest": Role.VALUE,
        "covered": Role.VALUE,
        **dict.fromkeys(["draws", "clusters", "wanted"], Role.KEY),
        **_BEHIND,
    }
    return release(table, name="power", title="What the study could have seen", rule=rule, roles=roles)
