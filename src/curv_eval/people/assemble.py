"""From checked tables to People: one row per person, what came of each, and what they were like before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from curv_eval.breach_sql import quoted, text
from curv_eval.errors import DesignError
from curv_eval.people import People
from curv_eval.people.categories import covariates
from curv_eval.people.outcomes import outcome_of
from curv_eval.study import Persons, Study

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, repr=False)
class Followed:
    """People, and an account of who could not be followed.

    account: one row each for people of the treated and the comparison group: group, followed, and those whose
    `months` had not passed when the records ended (too_recent).
    """

    people: People
    account: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Followed: {len(self.people.persons):,} people>"

    @property
    def panel(self) -> People:
        """The people: what the methods of this study take."""
        return self.people


def assemble_people(con: duckdb.DuckDBPyConnection, study: Study, *, fewest: int = 1) -> Followed:
    """Return everyone whose first row lies in the window, followed for `people.months`, with every outcome.

    A person with several rows counts once, by the first: what came later may be a result of what came before. Those
    who cannot be followed for the whole time are left out and counted. fewest: how many people a category must have in
    each group to be told of (see `covariates`). Raises DesignError naming what is lacking.
    """
    asked, window = study.people, study.design.window
    con.execute(f"CREATE OR REPLACE TABLE followed AS {_first_rows(asked, window.first, window.last)}")
    found = {outcome.name: outcome_of(con, outcome, asked) for outcome in study.outcomes}
    base = con.execute("SELECT * FROM followed ORDER BY person").df()
    if base.empty:
        raise DesignError(f"nobody in {asked.contract} has a `{asked.since}` in the window", do="widen design.window")
    last = min(one.ends for one in found.values())
    # a year from 1 January is over when 31 December is
    whole = (base["since"] + pd.DateOffset(months=asked.months) - pd.Timedelta(days=1) <= last).to_numpy()
    account = _account(base["treated"].to_numpy(bool), whole)
    if not whole.any():
        raise DesignError(f"nobody could be followed for {asked.months} months", do="shorten `people.months`")
    kept = base[whole].reset_index(drop=True)
    outcomes = {name: one.after[whole] for name, one in found.items()}
    before = {name: one.before[whole] for name, one in found.items() if one.before is not None}
    return Followed(_people(kept, asked, outcomes=outcomes, before=before, fewest=fewest), account)


def _first_rows(asked: Persons, first: str, last: str) -> str:
    """Return SQL for one row per person: the first in the window, with the columns that the study asks for."""
    since, person = quoted(asked.since), quoted(asked.person)
    columns = {"treated": asked.treated, "assigned": asked.assigned, "cluster": asked.cluster}
    columns |= {"stratum": asked.stratum, "running": asked.running.column if asked.running else None}
    columns |= {f"x_{name}": name for name in asked.covariates}
    picked = "".join(f", arg_min({quoted(c)}, {since}) AS {quoted(a)}" for a, c in columns.items() if c)
    people = f"""
        SELECT {person} AS person, CAST(min({since}) AS DATE) AS since {picked} FROM {quoted(asked.contract)}
        WHERE {since} IS NOT NULL GROUP BY 1"""
    chosen = f"strftime(since, '%Y-%m') BETWEEN {text(first)} AND {text(last)} AND treated IS NOT NULL"
    if asked.dose is None:
        return f"SELECT * FROM ({people}) WHERE {chosen}"
    return f"""
        WITH p AS ({people}) SELECT p.*, coalesce(d.dose, 0) AS dose
        FROM p LEFT JOIN ({_dose(asked)}) d ON d.person = p.person WHERE {chosen}"""


def _dose(asked: Persons) -> str:
    amount = f"sum({quoted(asked.dose.column)})" if asked.dose.column else "count(*)"
    return (
        f"SELECT {quoted(asked.dose.person)} AS person, {amount} AS dose FROM {quoted(asked.dose.contract)} GROUP BY 1"
    )


def _account(treated: np.ndarray, whole: np.ndarray) -> pd.DataFrame:
    rows = [(group, int((side & whole).sum()), int((side & ~whole).sum())) for group, side in _sides(treated)]
    return pd.DataFrame(rows, columns=["group", "followed", "too_recent"])


def _sides(treated: np.ndarray) -> tuple[tuple[str, np.ndarray], ...]:
    return ("treated", treated), ("comparison", ~treated)


def _people(base: pd.DataFrame, asked: Persons, *, outcomes: dict, before: dict, fewest: int) -> People:
    def held(name: str, kind: type | None = None) -> np.ndarray | None:
        if name not in base:
            return None
        return base[name].to_numpy(kind) if kind else base[name].astype(str).to_numpy(str)

    running, groups = held("running", float), _groups(base, outcomes)
    return People(
        # row numbers stand for people: no pseudonym goes further than this
        persons=np.arange(len(base)), treated=base["treated"].to_numpy(bool), outcomes=outcomes, before=before,
        covariates=covariates(base, asked.covariates, groups=groups, fewest=fewest),
        assigned=held("assigned", bool), cluster=held("cluster"),
        stratum=held("stratum"), dose=held("dose", float),
        running=None if running is None else running - asked.running.threshold,
        time=np.full(len(base), float(asked.months)),
    )  # fmt: skip


def _groups(base: pd.DataFrame, outcomes: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the groups that are compared: treated and others, and those to whom it was offered, for each outcome."""
    sides = [base[name].to_numpy(bool) for name in ("treated", "assigned") if name in base]
    known = [np.isfinite(y) for y in outcomes.values()]
    return [side & one for one in known for whole in sides for side in (whole, ~whole)]
