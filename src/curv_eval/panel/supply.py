"""Which months of a study were supplied: those with a hole in a source are left out, never counted as zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from curv_eval.errors import ContractError, DesignError
from curv_eval.panel import month_number, month_text
from curv_eval.panel.completeness import Completeness, Verdict, find_incomplete, judge_parts
from curv_eval.panel.tally import A_MONTH, Tally, monthly_rows
from curv_eval.study import Design, Outcome, Study

MATTERS = 0.05  # share of the rows in the study's districts from which on a supplier counts as theirs


@dataclass(frozen=True)
class Supply:
    """months: the study's periods, YYYY-MM. account: one row per month of the window and source: month, source, rows,
    expected (NaN if not judged), supplied and reason.
    """

    months: list[str]
    account: pd.DataFrame


def supplied_months(
    con: duckdb.DuckDBPyConnection, study: Study, tallies: Mapping[str, Tally], *, areas: pd.DataFrame
) -> Supply:
    """Return the months of the window that the primary outcome's source supplied in full, and an account of all.

    con: holds area_of and the tallies. areas: area and district of every unit. A month that the study leaves out is no
    period; one that the study knows to be complete is one whatever the check says. Raises ContractError where no month
    is left, and DesignError where another outcome's source has a hole in a month that would be a period.
    """
    con.register("units", areas[["area", "district"]])
    window = _window(study.design)
    sources = {name: _judge(con, counted, window) for name, counted in tallies.items()}
    missing = {o.name: _known(study.design, sources[o.contract].missing(o)) for o in study.outcomes}
    months = [m for m in window if m not in missing[study.primary.name]]
    account = pd.concat(
        [_account(source, study, missing) for source in sources.values()], ignore_index=True
    )  # fmt: skip
    if not months:
        raise _nothing_left(tallies[study.primary.contract], account, study)
    _refuse_holes(study, months, missing)
    return Supply(months, account)


@dataclass(frozen=True)
class _Source:
    """What was found in one source. own: the suppliers of the study's districts."""

    tally: Tally
    found: Completeness
    own: tuple[str, ...]
    districts: pd.DataFrame
    window: tuple[str, ...]

    @property
    def own_months(self) -> pd.DataFrame:
        """The months of the window of the districts' own suppliers; reasons name the supplier where there are more."""
        months = self.found.months
        own = months[months["supplier"].isin(self.own) & months["month"].isin(self.window)]
        if len(self.own) < 2:
            return own
        said = [f"{who}: {why}" if why else "" for who, why in zip(own["supplier"], own["reason"], strict=True)]
        return own.assign(reason=said)

    def missing(self, outcome: Outcome) -> dict[str, str]:
        """Return the months not supplied for an outcome, and why."""
        own, kind = self.own_months, outcome.where.get(self.tally.kind_column or "")
        held = self.districts[self.districts["month"].isin(self.window)]
        reasons = {m: f"almost no rows in {d}" for d, m in zip(held["part"], held["month"], strict=True)}
        if kind is not None:
            parts = self.found.parts
            lost = parts[parts["supplier"].isin(self.own) & parts["month"].isin(self.window) & (parts["kind"] == kind)]
            reasons |= dict.fromkeys(lost["month"], f"far too few rows of {kind}")
            reasons |= _reasons(own[own["verdict"] == Verdict.MIXED])
        return reasons | _reasons(own[[not verdict.supplied for verdict in own["verdict"]]])


def _reasons(months: pd.DataFrame) -> dict[str, str]:
    """Return month to reason, several reasons joined."""
    said = months.groupby("month")["reason"].agg(lambda reasons: "; ".join(sorted({r for r in reasons if r})))
    return dict(said)


def _window(design: Design) -> tuple[str, ...]:
    first, last = month_number(design.window.first), month_number(design.window.last)
    return tuple(month_text(m) for m in range(first, last + 1))


def _judge(con: duckdb.DuckDBPyConnection, counted: Tally, window: Sequence[str]) -> _Source:
    through, rows = (window[0], window[-1]), monthly_rows(con, counted)
    if not rows["month"].isin(window).any():
        raise _no_rows(counted, window)
    monthly = counted.contract.format == "police_uk"
    found = find_incomplete(rows, through=through, monthly_files=monthly)
    districts = judge_parts(_by_district(con, counted))
    return _Source(counted, found, _suppliers(con, counted, rows), districts, tuple(window))


def _by_district(con: duckdb.DuckDBPyConnection, counted: Tally) -> pd.DataFrame:
    return con.execute(f"""
        SELECT u.district AS part, t.month, sum(t.n)::BIGINT AS rows
        FROM {counted.table} t JOIN area_of a ON a.code = t.code AND a.inside JOIN units u ON u.area = a.area
        WHERE t.by_place AND {A_MONTH} GROUP BY ALL ORDER BY ALL""").df()


def _suppliers(con: duckdb.DuckDBPyConnection, counted: Tally, rows: pd.DataFrame) -> tuple[str, ...]:
    """Return who supplies the study's districts: neighbours' few rows across a border make nobody a supplier."""
    inside = con.execute(f"""
        SELECT t.supplier, sum(t.n)::BIGINT FROM {counted.table} t JOIN area_of a ON a.code = t.code AND a.inside
        WHERE t.by_place AND t.supplier IS NOT NULL GROUP BY 1 ORDER BY 1""").fetchall()
    total = sum(n for _, n in inside)
    return tuple(name for name, n in inside if n >= MATTERS * total) or tuple(rows["supplier"].dropna().unique())


def _known(design: Design, missing: dict[str, str]) -> dict[str, str]:
    """Return what is missing once the study has said which months it leaves out and which it knows to be complete."""
    known = getattr(design, "known_complete", ())
    left_out = dict.fromkeys(getattr(design, "leave_out", ()), "left out by the study")
    return {m: why for m, why in missing.items() if m not in known} | left_out


def _account(source: _Source, study: Study, missing: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the account of one source: a month is supplied when every outcome that rests on the source has it."""
    own, known = source.own_months, getattr(study.design, "known_complete", ())
    holes = {m: why for o in reversed(source.tally.outcomes) for m, why in missing[o.name].items()}
    said = _reasons(own)
    reasons = [
        holes.get(m) or (f"{why}; the study knows it to be complete" if why and m in known else why)
        for m, why in said.items()
    ]
    sums = own.groupby("month")[["rows", "expected"]].sum(min_count=1)
    return pd.DataFrame({
        "month": list(said), "source": source.tally.contract.name, "rows": sums["rows"].to_numpy(int),
        "expected": sums["expected"].to_numpy(float), "supplied": [m not in holes for m in said],
        "reason": reasons,
    })  # fmt: skip


def _no_rows(counted: Tally, window: Sequence[str]) -> ContractError:
    contract = counted.contract
    return ContractError(f"{contract.name} has no rows from {window[0]} to {window[-1]}", do=contract.obtain)


def _nothing_left(counted: Tally, account: pd.DataFrame, study: Study) -> ContractError:
    lines = account[account["source"] == counted.contract.name]
    said = [f"{month}: {why}" for month, why in zip(lines["month"], lines["reason"], strict=True)]
    what = f"{counted.contract.name} supplied no month of {study.design.window.first} to {study.design.window.last}"
    return ContractError(what, [*said[:12], *([f"and {len(said) - 12} more"] if len(said) > 12 else [])], _DO)


def _refuse_holes(study: Study, months: Sequence[str], missing: Mapping[str, Mapping[str, str]]) -> None:
    """A hole in another source would look like a fall; which months go is the study's decision, not the program's."""
    faults = []
    for outcome in study.outcomes[1:]:
        holes = [f"{m} ({missing[outcome.name][m]})" for m in months if m in missing[outcome.name]]
        more = f" and {len(holes) - 6} more" if len(holes) > 6 else ""
        if holes:
            faults.append(f"outcomes.{outcome.name}: {outcome.contract}: {', '.join(holes[:6])}{more}")
    if faults:
        raise DesignError("sources of other outcomes did not supply every month of the study", faults, _DO)


_DO = (
    "a month not supplied is not a month of zero: name it in `design.leave_out`, shorten `design.window`, leave the "
    "outcome out, or get the month from the source"
    + (
        "; if it is known to be complete, name it in `design.known_complete`"
        if hasattr(Design, "known_complete")
        else ""
    )
)
