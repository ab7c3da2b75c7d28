"""What each source sees of the thing it counts, and when its recording changed."""

from __future__ import annotations

import pandas as pd

from curv_eval.contract import Contract
from curv_eval.data import Data
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.granted import let_out
from curv_eval.panel import Panel, month_name, month_text
from curv_eval.profile import Coverage
from curv_eval.report.bundle import Column, markdown, plain
from curv_eval.study import Study

_SURE = {
    "found": "",
    "found-secondary": "as quoted by others",
    "unverified": "not verified",
}


def recording_tables(study: Study, data: Data, panel: Panel) -> list[Released]:
    """Release what the outcomes' contracts say of coverage and of changes inside the window, and the series by year."""
    contracts = {o.contract: data.contracts[o.contract] for o in study.outcomes}
    tables = [_coverage(contracts), _breaks(study, contracts)]
    tables += [_series(study, contracts, panel)] if len(contracts) > 1 else []
    return [released for released in tables if len(released.table)]


def recording_part(tables: dict[str, Released]) -> str:
    """Return the section that says what the sources see and when their recording changed."""
    said = []
    if "coverage" in tables:
        columns = (
            Column("source", "Source", plain), Column("of", "Of", plain), Column("sees", "It sees", plain),
            Column("basis", "Where that comes from", plain),
        )  # fmt: skip
        said += [_NEVER_ALL, markdown(tables["coverage"], columns, label="coverage", widths="24,22,20,34")]
    if "breaks" in tables:
        columns = (
            Column("month", "From", plain), Column("dataset", "Source", plain), Column("what", "What changed", plain),
            Column("basis", "Where that comes from", plain),
        )  # fmt: skip
        said += [_BREAKS, markdown(tables["breaks"], columns, label="breaks", widths="16,22,36,26")]
    if "series" in tables:
        said += [_SIDE_BY_SIDE, markdown(tables["series"], _series_columns(tables["series"]), label="series")]
    return "\n\n".join(said)


def _series_columns(released: Released) -> tuple[Column, ...]:
    counts = [Column(c, plain(c[0].upper() + c[1:]), "{:,.0f}".format, right=True) for c in released.table.columns[2:]]
    return Column("year", "Year", str), Column("months", "Months", str, right=True), *counts


def _series(study: Study, contracts: dict[str, Contract], panel: Panel) -> Released:
    """What each source recorded in the study's area, year by year, beside the others."""
    years = pd.Series([month_text(int(period))[:4] for period in panel.periods])
    counts = {o.label: panel.outcomes[o.name].sum(axis=0).astype(int) for o in study.outcomes}
    table = pd.DataFrame({"months": 1, **counts}).groupby(years.to_numpy()).sum().reset_index(names="year")
    roles = {"year": Role.KEY, "months": Role.KEY, **dict.fromkeys(counts, Role.COUNT)}
    rule = strictest((c.small_number_rule for c in contracts.values()), but=let_out(study))
    title = f"What each source recorded in {study.place.name}, all areas together"
    return release(table, name="series", title=title, rule=rule, roles=roles)


_SIDE_BY_SIDE = "Side by side, the sources recorded this in all areas together, treated or not:"
_NEVER_ALL = (
    "No source sees everything, and what two sources see overlaps, so their numbers must not be added. A change in how "
    "much a source sees looks like a change in the thing itself."
)
_BREAKS = "These changes fall inside the study's months. They meet both kinds of area at the same time."


def _coverage(contracts: dict[str, Contract]) -> Released:
    rows = [
        {"source": c.title, "of": one.of, "sees": _sees(one), "basis": _basis(one.source, one.confidence)}
        for c in contracts.values()
        for one in c.coverage
    ]
    return _texts(rows, ["source", "of", "sees", "basis"], "coverage", "What each source sees")


def _breaks(study: Study, contracts: dict[str, Contract]) -> Released:
    window = study.design.window
    rows = [
        (
            one.month,
            {
                "month": month_name(one.month),
                "dataset": c.title,
                "what": one.what,
                "basis": _basis(one.source, one.confidence),
            },
        )
        for c in contracts.values()
        for one in c.definition_changes
        if window.first < one.month <= window.last
    ]
    ordered = [row for _, row in sorted(rows, key=lambda pair: pair[0])]
    title = "Changes in recording during the study"
    return _texts(ordered, ["month", "dataset", "what", "basis"], "breaks", title)


def _texts(rows: list[dict], columns: list[str], name: str, title: str) -> Released:
    """Release words from contracts; they say nothing about anybody."""
    table = pd.DataFrame(rows, columns=columns).astype(object)
    return release(table, name=name, title=title, rule=strictest(["open"]), roles=dict.fromkeys(columns, Role.KEY))


def _sees(one: Coverage) -> str:
    if one.share is None:
        return "not known"
    said = f"about {100 * one.share:.0f} in 100"
    if one.low is not None and one.high is not None:
        return f"{said} ({100 * one.low:.0f} to {100 * one.high:.0f})"
    return f"{said}; no range was published"


def _basis(source: str, confidence: str) -> str:
    return f"{source} ({_SURE[confidence]})" if _SURE[confidence] else source
