"""Costs against benefits, in present values, with what is not known drawn many times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.value import Appraisal, Prevented, Programme
from curv_eval.value.facts import Fact, unverified
from curv_eval.value.prices import deflator, discount_factors, rate_fact
from curv_eval.value.uncertainty import Draws, Inputs, draw
from curv_eval.value.unit_costs import unit_cost
from curv_eval.value.words import caption, said

VALUE_COLUMNS = ("scope", "term", "estimate", "std_error", "conf_low", "conf_high")
ALL, WITHOUT = "all offences", "without homicide"
HOMICIDE = "Homicide"


@dataclass(frozen=True, repr=False)
class Value:
    """What a programme was worth.

    table: VALUE_COLUMNS; scope is "all offences", and "without homicide" where homicide is among them. effects,
    programme, appraisal: what was put in. inputs, draws: what benefits are made of, at best and drawn. factors: (Y,)
    discount factors. proven: the scopes in which the intervals of incidents prevented and of benefits lie above 0.
    facts: the numbers taken from tables. notes: what must be said beside the result.
    """

    table: pd.DataFrame
    effects: tuple[Prevented, ...]
    programme: Programme
    appraisal: Appraisal
    inputs: Inputs
    draws: Draws
    factors: np.ndarray
    proven: tuple[str, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Value: {len(self.effects)} offence groups, prices of {self.appraisal.price_year}>"

    @property
    def offences(self) -> tuple[str, ...]:
        """The offence groups."""
        return tuple(effect.offence for effect in self.effects)

    @property
    def caption(self) -> str:
        """Price year, discount rate and multiplier, for the caption of every figure."""
        return caption(self.appraisal)

    @property
    def text(self) -> str:
        """One paragraph in plain words; a ratio leads only where the effect's interval excludes 0."""
        return said(self.table, proven=self.proven, appraisal=self.appraisal, facts=self.facts)

    def benefit(self, offences: Iterable[str] | None = None) -> np.ndarray:
        """Return draws of the present value of benefits, (R,)."""
        return _benefit(self.draws, self.factors, self.appraisal, self.offences if offences is None else offences)

    def incidents(self, offences: Iterable[str] | None = None) -> np.ndarray:
        """Return draws of incidents prevented, summed over years, (R,)."""
        return _incidents(self.draws, self.offences if offences is None else offences)


def cost_benefit(effects: Prevented | Iterable[Prevented], *, programme: Programme, appraisal: Appraisal) -> Value:
    """Return costs, benefits, net present social value, benefit-cost ratio, break-even and cost per incident.

        benefit = sum over offences o and years t of
                  prevented_ot x multiplier_o x unit cost_o x discount factor_t x (1 - optimism)

    in prices of one year (HM Treasury 2026, Green Book; Heeks et al. 2018). Intervals are quantiles of
    `appraisal.draws` draws of effect, unit costs, multipliers and costs. Raises DesignError for an offence group that
    stands twice or has no unit cost (with the nearest name), and missing price years and multipliers.
    """
    effects = (effects,) if isinstance(effects, Prevented) else tuple(effects)
    names = [effect.offence for effect in effects]
    if not names or len(set(names)) != len(names):
        raise DesignError(f"effects: got {', '.join(names) or 'none'}, expected each offence group once")
    years = max(len(programme.costs), *(len(effect.by_year) for effect in effects))
    factors = discount_factors(years - 1, rate=appraisal.rate)
    inputs, facts = _inputs(effects, programme, appraisal, factors)
    drawn = draw(inputs, effects, spread=programme.spread, appraisal=appraisal)
    found = Value(
        pd.DataFrame(), effects, programme, appraisal, inputs, drawn, factors, proven=(), facts=facts, notes=()
    )
    table = pd.concat([_scope(found, scope, names) for scope, names in scopes(found)], ignore_index=True)
    effect = table[table["term"].isin(["incidents prevented", "present value of benefits"])]
    least = effect.groupby("scope", sort=False)["conf_low"].min()
    return replace(found, table=table, proven=tuple(least.index[least > 0]), notes=tuple(_notes(found)))


def scopes(value: Value) -> list[tuple[str, list[str]]]:
    """Return the sets of offence groups that are added up, by name."""
    every = list(value.offences)
    rest = [name for name in every if name != HOMICIDE]
    return [(ALL, every), (WITHOUT, rest)] if rest and rest != every else [(ALL, every)]


def present_cost(programme: Programme, appraisal: Appraisal, factors: np.ndarray) -> float:
    """Return the present value of the programme's costs, with optimism bias, in prices of the appraisal."""
    paid = np.asarray(programme.costs) @ factors[: len(programme.costs)]
    return float(paid * deflator(programme.price_year, appraisal.price_year).value * (1 + appraisal.cost_optimism))


def _inputs(
    effects: tuple[Prevented, ...], programme: Programme, appraisal: Appraisal, factors: np.ndarray
) -> tuple[Inputs, tuple[Fact, ...]]:
    units = {
        one.offence: unit_cost(
            one.offence, appraisal.price_year, without=appraisal.without.get(one.offence, ()), table=appraisal.table
        )
        for one in effects
    }
    facts = [fact for unit in units.values() for fact in unit.facts]
    facts += [deflator(programme.price_year, appraisal.price_year), rate_fact(appraisal.rate)]
    inputs = Inputs(
        {one.offence: np.asarray(one.by_year, dtype=float) for one in effects},
        {name: unit.value for name, unit in units.items()},
        {one.offence: appraisal.multiplier.of(one.offence) for one in effects},
        present_cost(programme, appraisal, factors),
    )
    return inputs, tuple(dict.fromkeys(facts))


def _benefit(made_of: Inputs | Draws, factors: np.ndarray, appraisal: Appraisal, offences: Iterable[str]):
    """Return the present value of benefits: a number for Inputs, (R,) for Draws."""
    parts = [
        made_of.prevented[name] @ factors[: made_of.prevented[name].shape[-1]]
        * made_of.unit[name] * made_of.multiplier[name]
        for name in offences
    ]  # fmt: skip
    return (1 - appraisal.benefit_optimism) * sum(parts)


def _incidents(made_of: Inputs | Draws, offences: Iterable[str]):
    return sum(made_of.prevented[name].sum(axis=-1) for name in offences)


def best_benefit(value: Value, offences: Iterable[str] | None = None) -> float:
    """Return the present value of benefits with everything at its best value."""
    names = value.offences if offences is None else offences
    return float(_benefit(value.inputs, value.factors, value.appraisal, names))


def _scope(value: Value, scope: str, offences: list[str]) -> pd.DataFrame:
    """Return the rows of one set of offence groups."""
    made, drawn = value.inputs, value.draws
    incidents, benefit = float(_incidents(made, offences)), best_benefit(value, offences)
    drawn_incidents, drawn_benefit = value.incidents(offences), value.benefit(offences)
    rows = [
        _row("incidents prevented", incidents, drawn_incidents, value),
        _row("present value of costs", made.cost, drawn.cost, value),
        _row("present value of benefits", benefit, drawn_benefit, value),
        _row("net present social value", benefit - made.cost, drawn_benefit - drawn.cost, value),
        _row("benefit-cost ratio", benefit / made.cost, drawn_benefit / drawn.cost, value),
    ]
    given = value.effects[0].interval
    if len(value.effects) == 1 and given:
        rows[0] = (*rows[0][:3], *given)
    if benefit > 0 and incidents > 0:
        rows.append(_break_even(value, offences, incidents))
    if rows[0][3] > 0:
        rows.append(_per_incident(value, rows[:2], drawn_incidents))
    return pd.DataFrame([(scope, *row) for row in rows], columns=VALUE_COLUMNS)


def _row(term: str, best: float, drawn: np.ndarray, value: Value) -> tuple:
    ends = np.quantile(drawn, [value.appraisal.alpha / 2, 1 - value.appraisal.alpha / 2])
    # the standard deviation of equal numbers is not 0 in floating point
    error = float(drawn.std(ddof=1)) if np.ptp(drawn) else 0.0
    return term, float(best), error, float(ends[0]), float(ends[1])


def _break_even(value: Value, offences: list[str], incidents: float) -> tuple:
    """Return how many incidents must be prevented for benefits to equal costs, at the mix and timing found."""
    fixed = replace(value.draws, prevented=value.inputs.prevented)
    worth = _benefit(fixed, value.factors, value.appraisal, offences) / incidents
    best = value.inputs.cost / (best_benefit(value, offences) / incidents)
    return _row("break-even incidents", best, value.draws.cost / worth, value)


def _per_incident(value: Value, rows: list[tuple], incidents: np.ndarray) -> tuple:
    """Return the cost of one incident prevented; draws that prevent none cost without limit."""
    drawn = np.where(incidents > 0, value.draws.cost / np.where(incidents > 0, incidents, 1.0), np.inf)
    ends = np.quantile(drawn, [value.appraisal.alpha / 2, 1 - value.appraisal.alpha / 2], method="nearest")
    best = value.inputs.cost / rows[0][1]
    error = best * np.hypot(rows[0][2] / rows[0][1], rows[1][2] / rows[1][1])
    return "cost per incident prevented", float(best), float(error), float(ends[0]), float(ends[1])


def _notes(value: Value) -> list[str]:
    appraisal = value.appraisal
    notes = [caption(appraisal)]
    if any(not appraisal.without.get(name) for name in value.offences):
        notes.append(
            "unit costs include what is spent in anticipation of crime, which one crime fewer does not save by itself"
        )
    notes.append("most of the value is harm to people that was avoided, and not money that a service gets back")
    if HOMICIDE in value.offences:
        notes.append("homicide is rare and dear: read the rows without it, since a single case more or less decides")
    if appraisal.unit_spread > 0:
        notes.append("the spread of unit costs is assumed; their source gives none")
    if len(value.effects) > 1:
        notes.append("effects on different offence groups are drawn independently of one another")
    return [*notes, *unverified(value.facts)]
