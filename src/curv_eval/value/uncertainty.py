"""Draws of everything that is not known: the effect, unit costs, multipliers, programme costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.value import Appraisal, Prevented


@dataclass(frozen=True)
class Inputs:
    """What a benefit is made of, per offence group: prevented (Y,), unit cost, multiplier; all at their best value."""

    prevented: dict[str, np.ndarray]
    unit: dict[str, float]
    multiplier: dict[str, float]
    cost: float


@dataclass(frozen=True)
class Draws:
    """The same, drawn R times: prevented[offence] (R, Y), unit[offence], multiplier[offence] and cost (R,)."""

    prevented: dict[str, np.ndarray]
    unit: dict[str, np.ndarray]
    multiplier: dict[str, np.ndarray]
    cost: np.ndarray


def positive(mean: float, spread: float, *, family: str, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return draws above 0 with the given mean and relative standard deviation, (size,).

    family: "gamma" (shape 1/s^2, scale mean s^2) or "lognormal" (log variance log(1 + s^2)); Briggs, Claxton & Sculpher
    2006, chapter 4.
    """
    if spread == 0 or mean == 0:
        return np.full(size, float(mean))
    if family == "gamma":
        return rng.gamma(1 / spread**2, mean * spread**2, size)
    variance = np.log1p(spread**2)
    return rng.lognormal(np.log(mean) - variance / 2, np.sqrt(variance), size)


def draw(inputs: Inputs, effects: tuple[Prevented, ...], *, spread: float, appraisal: Appraisal) -> Draws:
    """Return appraisal.draws draws of all inputs, each independent of the others. spread: of the programme's cost."""
    size, family = appraisal.draws, appraisal.family
    rng = np.random.default_rng(appraisal.seed)

    def around(mean: float, relative: float, kind: str) -> np.ndarray:
        return positive(mean, relative, family=kind, size=size, rng=rng)

    return Draws(
        prevented={effect.offence: _effect(effect, size, rng) for effect in effects},
        unit={name: around(value, appraisal.unit_spread, family) for name, value in inputs.unit.items()},
        multiplier={
            k: 1 + around(v - 1, appraisal.multiplier.spread, "lognormal") for k, v in inputs.multiplier.items()
        },
        cost=around(inputs.cost, spread, family),
    )


def _effect(effect: Prevented, size: int, rng: np.random.Generator) -> np.ndarray:
    if effect.draws is not None:
        return effect.draws[rng.integers(0, len(effect.draws), size)]
    return np.asarray(effect.by_year) + rng.standard_normal((size, 1)) * np.asarray(effect.std_errors)
