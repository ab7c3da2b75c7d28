"""One row per unit and period: the only shape a method receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from curv_eval.errors import DesignError


@dataclass(frozen=True, repr=False)
class Panel:
    """A balanced panel: n units by T periods.

    units: (n,) names. periods: (T,) increasing integers (months counted from year 0, or years); gaps are periods
    that no source supplied. cohort: (n,) first treated period, NaN if never treated. cluster: (n,) the groups to
    which treatment was assigned. outcomes: name -> (n, T) counts. population: (n,) residents, or None.
    district: (n,) the larger area of each unit. neighbours: (n, n) bool, or None. frequency: "month" or "year".
    covariates: name -> (n,) what each unit was like before anything began, finite.
    """

    units: np.ndarray
    periods: np.ndarray
    cohort: np.ndarray
    cluster: np.ndarray
    outcomes: Mapping[str, np.ndarray]
    population: np.ndarray | None = None
    district: np.ndarray | None = None
    neighbours: np.ndarray | None = None
    frequency: str = field(default="month")
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise DesignError("these data do not form a panel", faults, "one row per unit and period, none missing")
        for array in (self.units, self.periods, self.cohort, self.cluster, *self.outcomes.values()):
            array.setflags(write=False)

    def __repr__(self) -> str:
        n, never = len(self.units), int(np.isnan(self.cohort).sum())
        cohorts = len(np.unique(self.cohort[~np.isnan(self.cohort)]))
        return f"<Panel: {n} units x {len(self.periods)} periods, {cohorts} cohorts, {never} never treated>"

    def take(self, units: np.ndarray, periods: np.ndarray | None = None) -> Panel:
        """Return the panel of some units (bool (n,)) and, if given, some periods (bool (T,))."""
        keep = slice(None) if periods is None else periods
        return replace(
            self,
            units=self.units[units], cohort=self.cohort[units], cluster=self.cluster[units],
            periods=self.periods[keep],
            outcomes={name: y[units][:, keep] for name, y in self.outcomes.items()},
            population=None if self.population is None else self.population[units],
            district=None if self.district is None else self.district[units],
            neighbours=None if self.neighbours is None else self.neighbours[np.ix_(units, units)],
            covariates={name: x[units] for name, x in self.covariates.items()},
        )  # fmt: skip

    def with_cohort(self, cohort: np.ndarray) -> Panel:
        """Return the same panel with other first treated periods, (n,)."""
        return replace(self, cohort=np.asarray(cohort, dtype=float))

    def rate(self, outcome: str, *, per: float = 1000) -> np.ndarray:
        """Return the outcome as a rate: (n, T) events per `per` residents and period.

        population is one figure per unit for all periods, so a rate shows who is exposed, not how that changed. Methods
        take counts: in poisson_fixed_effects a fixed population is an offset that the unit effects absorb, and leaves
        the estimate as it is; one that changes over time is not supported. Raises DesignError, naming the outcome if it
        is unknown and every unit without residents.
        """
        if outcome not in self.outcomes:
            raise DesignError(f"{outcome} is not an outcome of this panel (it has {', '.join(self.outcomes)})")
        people = np.full(len(self.units), np.nan) if self.population is None else self.population
        without = self.units[~(people > 0)]
        if len(without):
            raise DesignError(
                f"{len(without)} of {len(self.units)} units have no residents, so they have no rate",
                [", ".join(map(str, without[:10])) + (" and others" if len(without) > 10 else "")],
                "check that the population's areas are of the lookup's vintage (2011), and that none is missing",
            )
        return self.outcomes[outcome] / people[:, None] * per

    @property
    def treated(self) -> np.ndarray:
        """Units that are ever treated: (n,) bool."""
        return ~np.isnan(self.cohort)

    def label(self, period: float) -> str:
        """Return a period as people write it: 2023-08, or 2023."""
        return month_text(int(period)) if self.frequency == "month" else str(int(period))

    def spoken(self, period: float) -> str:
        """Return a period as people say it: August 2023, or 2023."""
        return month_name(self.label(period)) if self.frequency == "month" else self.label(period)


def _faults(panel: Panel) -> list[str]:
    n, faults = len(panel.units), []
    if len(np.unique(panel.units)) != n:
        faults.append("units: some names stand twice")
    if np.any(np.diff(panel.periods) <= 0):
        faults.append("periods: not in increasing order")
    for name, array in (("cohort", panel.cohort), ("cluster", panel.cluster)):
        if len(array) != n:
            faults.append(f"{name}: got {len(array)} values, expected {n}")
    for name in ("population", "district", "neighbours"):
        array = getattr(panel, name)
        shape = (n, n) if name == "neighbours" else (n,)
        if array is not None and np.shape(array) != shape:
            faults.append(f"{name}: got shape {np.shape(array)}, expected {shape}")
    for name, x in panel.covariates.items():
        if np.shape(x) != (n,) or not np.isfinite(x).all():
            faults.append(f"{name}: expected a number for each of the {n} units")
    for name, y in panel.outcomes.items():
        if y.shape != (n, len(panel.periods)):
            faults.append(f"{name}: got shape {y.shape}, expected {(n, len(panel.periods))}")
        elif not np.isfinite(y).all():
            faults.append(f"{name}: {int((~np.isfinite(y)).sum()):,} unit-periods have no value")
    return faults


def month_number(text: str) -> int:
    """Return "2023-08" as months counted from year 0."""
    year, month = text.split("-")[:2]
    return int(year) * 12 + int(month) - 1


def month_text(number: int) -> str:
    """Return months counted from year 0 as "2023-08"."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def month_name(period: str) -> str:
    """Return "2023-08" as "August 2023"."""
    names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    year, month = period.split("-")
    return f"{names[int(month) - 1]} {year}"
