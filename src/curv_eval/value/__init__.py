"""What an effect is worth: the nouns of a cost-benefit analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from curv_eval.errors import DesignError

SEED = 20261125


@dataclass(frozen=True, repr=False)
class Prevented:
    """Incidents of one offence group prevented, below 0 where they rose, in each year from now (year 0 first).

    by_year: (Y,). std_errors: (Y,), of an error that all years share. draws: (R, Y), instead of std_errors.
    interval: of the sum over years, where the estimate gives one; else it comes from the errors or draws.
    """

    offence: str
    by_year: tuple[float, ...]
    std_errors: tuple[float, ...] | None = None
    draws: np.ndarray | None = None
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        faults = []
        if not self.by_year or not np.isfinite(self.by_year).all():
            faults.append("by_year: expected a number for each year")
        if (self.std_errors is None) == (self.draws is None):
            faults.append("std_errors or draws: expected one of them; an effect without its error cannot be valued")
        if self.std_errors is not None and (
            len(self.std_errors) != len(self.by_year) or not (np.asarray(self.std_errors) >= 0).all()
        ):
            faults.append(f"std_errors: expected {len(self.by_year)} numbers of 0 or more")
        if self.draws is not None and (self.draws.ndim != 2 or self.draws.shape[1] != len(self.by_year)):
            faults.append(f"draws: got shape {self.draws.shape}, expected (draws, {len(self.by_year)})")
        if faults:
            raise DesignError(f"{self.offence}: this effect cannot be valued", faults)

    def __repr__(self) -> str:
        return f"<Prevented: {self.offence}, {len(self.by_year)} years>"


@dataclass(frozen=True, repr=False)
class Programme:
    """What the programme cost in each year from now, in pounds of `price_year`. spread: relative standard error."""

    costs: tuple[float, ...]
    price_year: str
    spread: float = 0.0

    def __post_init__(self) -> None:
        faults = []
        if not self.price_year:
            faults.append("price_year: missing; say in which year's prices the costs are, as 2024-25")
        if any(not cost >= 0 for cost in self.costs):
            faults.append(f"costs: got {sum(not c >= 0 for c in self.costs)} below 0; savings are benefits")
        if not sum(self.costs) > 0:
            faults.append("costs: expected some cost above 0")
        if not self.spread >= 0:
            faults.append("spread: expected 0 or more")
        if faults:
            raise DesignError("these costs cannot be used", faults)

    def __repr__(self) -> str:
        return f"<Programme: {len(self.costs)} years, prices of {self.price_year}>"


@dataclass(frozen=True)
class Multiplier:
    """Crimes committed for each crime recorded, by offence group, with where that comes from.

    Unit costs are per crime committed, so a fall in recorded crime is multiplied; `Multiplier.recorded_only()` says
    that it is not. spread: relative standard error of what each is above 1, by a log-normal distribution.
    """

    by_offence: Mapping[str, float]
    source: str
    spread: float = 0.0
    default: float | None = field(default=None)

    def __post_init__(self) -> None:
        low = [f"{name}: got {x:g}, expected 1 or more" for name, x in self.by_offence.items() if not x >= 1]
        if low or not self.source or not self.spread >= 0:
            raise DesignError("multipliers from recorded to committed crime need values and a source", low)

    @classmethod
    def recorded_only(cls) -> Multiplier:
        """Return the choice not to multiply: only crimes that were recorded are valued."""
        return cls({}, "not multiplied: only recorded crimes are valued, which understates the benefit", default=1.0)

    def of(self, offence: str) -> float:
        """Return the multiplier of an offence group. Raises DesignError where it was not chosen."""
        found = self.by_offence.get(offence, self.default)
        if found is None:
            raise DesignError(
                f"{offence}: no multiplier from recorded to committed crime was chosen",
                [f"there are multipliers for {', '.join(self.by_offence)}"],
                "give one with its source, or `Multiplier.recorded_only()`",
            )
        return float(found)


@dataclass(frozen=True)
class Appraisal:
    """How costs and benefits are added up. What has no default must be chosen.

    price_year: of all results. multiplier: from recorded to committed crime. rate: "standard", "health" or
    "sensitivity". cost_optimism: share added to costs. benefit_optimism: share taken off benefits (Green Book).
    without: components of unit costs to leave out, by offence group. unit_spread: relative standard error of unit
    costs, which their tables do not give. family: "gamma" or "lognormal". table: unit costs of one's own.
    """

    price_year: str = ""
    multiplier: Multiplier | None = None
    rate: str = "standard"
    cost_optimism: float = 0.0
    benefit_optimism: float = 0.0
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit_spread: float = 0.2
    family: str = "gamma"
    table: tuple[Mapping[str, str], ...] | None = None
    draws: int = 10_000
    seed: int = SEED
    alpha: float = 0.05

    def __post_init__(self) -> None:
        faults = []
        if not self.price_year:
            faults.append("price_year: missing; say in which year's prices the results are, as 2024-25")
        if self.multiplier is None:
            faults.append("multiplier: missing; choose one with its source, or `Multiplier.recorded_only()`")
        if self.family not in ("gamma", "lognormal"):
            faults.append(f"family: got {self.family}, expected gamma or lognormal")
        if not 0 <= self.benefit_optimism < 1 or not self.cost_optimism >= 0 or not self.unit_spread >= 0:
            faults.append("optimism and spread: expected shares of 0 or more, and below 1 taken off benefits")
        if not 100 <= self.draws <= 1_000_000:
            faults.append(f"draws: got {self.draws:,}, expected 100 to 1,000,000")
        if faults:
            raise DesignError("the appraisal is not complete", faults)
