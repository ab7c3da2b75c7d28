"""What several sources say of the same months, side by side, and how much of the violence each of them sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pandas as pd

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.panel import Panel, month_text
from curv_eval.profile import Coverage
from curv_eval.study import Outcome, Study

YEAR = 12


def side_by_side(
    con: duckdb.DuckDBPyConnection, study: Study, contracts: Mapping[str, Contract], *, panel: Panel
) -> pd.DataFrame:
    """Return one row per outcome and month of the panel, outcomes in the study's order.

    Columns: outcome, label, dataset, month, count (rows placed in the panel's areas), not_placed (rows of that month
    without an area code that is known; they cannot be told to lie inside or outside), index (count as a percentage of
    the mean month of the first year, NaN where that is 0), and of, share, low, high, source, confidence: which share
    of what the source sees, from the first coverage entry of its contract that has a figure, else the first; empty
    where it has none. Counts of different sources overlap and must not be added. con: as `assemble` left it.
    """
    tables = [_series(con, study, outcome, panel=panel) for outcome in study.outcomes]
    table = pd.concat(tables, ignore_index=True)
    seen = {name: _first(contracts[name].coverage) for name in table["dataset"].unique()}
    for field in ("of", "share", "low", "high", "source", "confidence"):
        table[field] = [getattr(seen[name], field, None) for name in table["dataset"]]
    return table.astype(dict.fromkeys(("share", "low", "high"), float))


def coverage_text(study: Study, contracts: Mapping[str, Contract]) -> str:
    """Return in plain sentences what share of what each source of the study's outcomes sees.

    A share that nobody knows is said to be unknown, one that was not verified is said to be so, and more than one
    source ends in the warning that they overlap.
    """
    names = list(dict.fromkeys(outcome.contract for outcome in study.outcomes))
    said = [_sentence(contracts[name], entry) for name in names for entry in contracts[name].coverage or (None,)]
    if len(names) > 1:
        said.append("These sources see some of the same events, so their counts must not be added together.")
    return " ".join(said)


def _series(con: duckdb.DuckDBPyConnection, study: Study, outcome: Outcome, *, panel: Panel) -> pd.DataFrame:
    counts = panel.outcomes[outcome.name].sum(axis=0)
    months = [month_text(int(period)) for period in panel.periods]
    base = counts[panel.periods < panel.periods[0] + YEAR].mean()
    unplaced = _unplaced(con, outcome)
    return pd.DataFrame({
        "outcome": outcome.name, "label": outcome.label, "dataset": outcome.contract, "month": months,
        "count": counts.astype(int), "not_placed": [unplaced.get(month, 0) for month in months],
        "index": counts / base * 100 if base else float("nan"),
    })  # fmt: skip


def _unplaced(con: duckdb.DuckDBPyConnection, outcome: Outcome) -> dict[str, int]:
    found = con.execute(f"""
        SELECT t.month, sum(t.{quoted(f"n_{outcome.name}")})::BIGINT
        FROM {quoted(f"tally_{outcome.contract}")} t LEFT JOIN area_of a ON a.code = t.code
        WHERE t.by_place AND a.area IS NULL GROUP BY 1""").fetchall()
    return dict(found)


def _first(entries: tuple[Coverage, ...]) -> Coverage | None:
    return next((entry for entry in entries if _has_figure(entry)), next(iter(entries), None))


def _has_figure(entry: Coverage) -> bool:
    return any(value is not None for value in (entry.share, entry.low, entry.high))


def _sentence(contract: Contract, entry: Coverage | None) -> str:
    if entry is None:
        return f"{contract.title}: nothing is known of the share it sees."
    return f"{contract.title}: {', '.join(_parts(entry))}."


def _parts(entry: Coverage) -> Iterator[str]:
    if not _has_figure(entry):
        yield f"the share of {entry.of} that it sees is not known"
    elif entry.share is None:
        yield f"it sees {_range(entry)} in 100 of {entry.of}"
    else:
        interval = f" ({_range(entry)})" if entry.low is not None or entry.high is not None else ""
        yield f"it sees about {_hundred(entry.share)} in 100{interval} of {entry.of}"
    if _has_figure(entry):
        yield {
            "unverified": "a figure that was not verified",
            "found-secondary": "a figure taken from a second hand",
        }.get(entry.confidence, f"from {entry.source.strip().rstrip('.')}")


def _range(entry: Coverage) -> str:
    if entry.low is None:
        return f"at most {_hundred(entry.high)}"
    if entry.high is None:
        return f"at least {_hundred(entry.low)}"
    return f"{_hundred(entry.low)} to {_hundred(entry.high)}"


def _hundred(share: float) -> str:
    """Return a share as so many in 100: whole numbers, and one decimal below 1."""
    value = share * 100
    return f"{value:.0f}" if value >= 1 or value == 0 else f"{value:.1f}"
