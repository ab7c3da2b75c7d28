"""Real public data to learn on, and several methods side by side on one question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit, shared_options
from curv_eval.panel import Panel, month_number
from curv_eval.people import People
from curv_eval.shipped import shipped
from curv_eval.study import Design, Harms, Outcome, Span, Study, Words


@dataclass(frozen=True, repr=False)
class Lesson:
    """Public data, one question, and what a check asks of a study. data: a Panel or People."""

    name: str
    question: str
    source: str
    data: Panel | People
    design: Design
    outcomes: tuple[Outcome, ...]
    words: Words
    checks: tuple[str, ...] = ()
    seed: int = 20261125
    smallest_worthwhile: float = 0.05
    registered: str = "2026-11-25"
    subgroups: tuple[str, ...] = ()
    series_breaks: tuple[str, ...] = ()
    harm: Harms | None = None

    def __repr__(self) -> str:
        return f"{self.question}\n{self.source}\n{self.data!r}"

    @property
    def primary(self) -> Outcome:
        """The outcome that the question is about."""
        return self.outcomes[0]


def example(name: str | Study, data: Panel | People | None = None) -> Lesson:
    """Return public data to learn on: "castle", "seatbelts", "nsw" or "nsw_survey"; or a study with its own data.

    Raises StudyError for another name.
    """
    if isinstance(name, Study):
        fields = ("design", "outcomes", "words", "checks", "seed", "smallest_worthwhile", "registered", "subgroups")
        held = {field: getattr(name, field) for field in (*fields, "series_breaks")}
        return Lesson(name.study, name.question, name.place.name, data, **held)
    if name not in _LESSONS:
        raise StudyError(f"there is no example `{name}`", [f"there are {', '.join(_LESSONS)}"])
    return _LESSONS[name]()


def compare(lesson: Lesson, *methods: str, options: dict[str, dict] | None = None) -> Released:
    """Return the effect on the lesson's primary outcome by each method, in per cent and per unit.

    A method that cannot answer is left in, with its reason. options: by method. The data are public, so that nothing
    is withheld.
    """
    rows = [_row(lesson, name, (options or {}).get(name, {})) for name in methods]
    table = pd.DataFrame(rows)
    keys = dict.fromkeys(["method", "errors", "reason"], Role.KEY)
    values = dict.fromkeys(["average", "low", "high", "relative", "relative_low", "relative_high"], Role.VALUE)
    roles = keys | values | {"units": Role.UNITS, "events": Role.EVENTS}
    rule = replace(strictest(["open"]), units_below=1)
    return release(table, name="compared", title=lesson.question, rule=rule, roles=roles)


def _row(lesson: Lesson, name: str, options: dict) -> dict:
    design = replace(lesson.design, method=name, options={**shared_options(lesson.design, name), **options})
    row = {"method": name, "errors": "", "reason": ""} | dict.fromkeys(_NUMBERS, np.nan) | {"units": 0, "events": 0}
    try:
        found = fit(lesson.data, outcome=lesson.primary.name, design=design)
    except DesignError as refusal:
        return row | {"reason": "; ".join([refusal.what, *refusal.breaches[:1]])}
    terms = overall(found).set_index("term")
    numbers = [*terms.loc["average", _SPAN], *terms.reindex(["relative"])[_SPAN].iloc[0]]
    behind = {"units": int(terms.iloc[0]["n_units"]), "events": int(terms.iloc[0]["events"])}
    return row | {"errors": found.se_rule} | dict(zip(_NUMBERS, numbers, strict=True)) | behind


_SPAN = ["estimate", "conf_low", "conf_high"]
_NUMBERS = ("average", "low", "high", "relative", "relative_low", "relative_high")


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(Path(shipped("notebooks")) / "tutorials" / "data" / f"{name}.csv.gz")


def _castle() -> Lesson:
    # the two states whose law began in a year of its own are left out: one state has no error
    long = _read("castle")
    alone = long.groupby("cohort")["state"].nunique()
    long = long[~long["cohort"].isin(alone[alone < 2].index)]
    wide = {c: long.pivot(index="state", columns="year", values=c) for c in ("homicides", "robberies", "poverty")}
    names = wide["homicides"].index.to_numpy()
    by_state = long.groupby("state")
    panel = Panel(
        units=names, periods=wide["homicides"].columns.to_numpy(), frequency="year", cluster=names,
        cohort=by_state["cohort"].first().to_numpy(float),
        outcomes={name: wide[name].to_numpy(float) for name in ("homicides", "robberies")},
        population=by_state["population"].first().to_numpy(float),
        covariates={"poverty": wide["poverty"].to_numpy(float)[:, :5].mean(axis=1)},
    )  # fmt: skip
    options = {"trends": "proportional", "base": "mean", "small_sample": "cr2"}
    return Lesson(
        "castle", "What did castle doctrine laws change in the number of homicides?",
        "Cheng and Hoekstra (2013), states of the USA, 2000 to 2010", panel,
        Design(method="callaway_santanna", window=Span("2000-01", "2010-12"), options=options),
        (_outcome("homicides"), Outcome(name="robberies", label="robberies", contract="castle", role="secondary")),
        Words("the laws", "states with a law", "other states", "the laws begin", "without the laws"),
        ("pre_trends", "leave_one_out", "bad_comparison"),
    )  # fmt: skip


def _outcome(name: str, label: str | None = None) -> Outcome:
    return Outcome(name=name, label=label or name, contract="public", role="primary")


def _seatbelts() -> Lesson:
    held = _read("seatbelts")
    months = np.array([month_number(month) for month in held["month"]])
    panel = Panel(
        units=np.array(["Great Britain"]), periods=months, cluster=np.array(["Great Britain"]),
        cohort=np.array([float(month_number("1983-02"))]),
        outcomes={"drivers": held["drivers_killed_or_seriously_injured"].to_numpy(float)[None, :]},
    )  # fmt: skip
    return Lesson(
        "seatbelts", "What did the seat-belt law change in the number of drivers killed or seriously injured?",
        "Harvey and Durbin (1986), Great Britain by month, 1969 to 1984", panel,
        Design(
            method="interrupted_time_series", window=Span("1969-01", "1984-12"), options={"comparison": "none"}
        ),
        (_outcome("drivers", "drivers killed or seriously injured"),),
        Words("the law", "Great Britain", "nobody", "the law begins", "without the law"),
    )  # fmt: skip


def _nsw(sample: Callable[[pd.DataFrame], pd.Series], name: str) -> Lesson:
    held = _read("nsw")
    held = held[sample(held)].reset_index(drop=True)
    traits = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
    people = People(
        persons=np.arange(len(held)), treated=held["treat"].to_numpy() == 1,
        outcomes={"earnings": held["re78"].to_numpy(float)}, before={"earnings": held["re75"].to_numpy(float)},
        covariates={trait: held[trait].to_numpy(float) for trait in traits},
    )  # fmt: skip
    return Lesson(
        name, "What did the training change in earnings, in US dollars a year?",
        "LaLonde (1986), Dehejia and Wahba (1999), men in the USA, 1978", people,
        Design(method="doubly_robust", unit="person", window=Span("1975-01", "1978-12")),
        (Outcome(name="earnings", label="earnings in 1978", contract="public", role="primary", better="higher"),),
        Words("training", "men who were trained", "other men", "training begins", "without training"),
        ("balance", "overlap", "sensitivity_to_confounding"),
    )  # fmt: skip


_LESSONS: dict[str, Callable[[], Lesson]] = {
    "castle": _castle,
    "seatbelts": _seatbelts,
    "nsw": lambda: _nsw(lambda held: held["sample"] == "experiment", "nsw"),
    "nsw_survey": lambda: _nsw(lambda held: (held["treat"] == 1) | (held["sample"] == "survey"), "nsw_survey"),
}
