"""The cost-effectiveness plane, how willing one must be to pay, and which input matters most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.value import Multiplier
from curv_eval.value.cost_benefit import Value, best_benefit, present_cost
from curv_eval.value.prices import discount_factors

QUADRANTS = (
    "prevents some, costs more",
    "prevents some, saves money",
    "prevents none, costs more",
    "prevents none, saves money",
)


def plane(value: Value, *, cashable: float = 0.0) -> pd.DataFrame:
    """Return one row per draw: incidents prevented and what they cost, net of the share of benefits that is cash.

    cashable: which share of benefits comes back to services as money; 0 where nobody has worked it out. Raises
    DesignError for a share outside 0 to 1.
    """
    if not 0 <= cashable <= 1:
        raise DesignError(f"cashable: got {cashable:g}, expected a share from 0 to 1")
    net = value.draws.cost - cashable * value.benefit()
    return pd.DataFrame({"incidents": value.incidents(), "net_cost": net})


def quadrants(points: pd.DataFrame) -> pd.DataFrame:
    """Return the share of draws in each quadrant of the plane: quadrant, share."""
    more, dear = points["incidents"] > 0, points["net_cost"] > 0
    shares = [(more & dear).mean(), (more & ~dear).mean(), (~more & dear).mean(), (~more & ~dear).mean()]
    return pd.DataFrame({"quadrant": QUADRANTS, "share": shares})


def acceptability(value: Value, thresholds: Sequence[float], *, cashable: float = 0.0) -> pd.DataFrame:
    """Return the chance that the programme is worth its cost at each price that one would pay for one incident fewer.

    The share of draws with threshold x incidents - net cost > 0 (Fenwick, Claxton & Sculpher 2001). Columns threshold,
    chance. Raises DesignError for thresholds below 0.
    """
    price = np.asarray(thresholds, dtype=float)
    if not len(price) or not (price >= 0).all():
        raise DesignError("thresholds: expected prices of 0 or more for one incident prevented")
    points = plane(value, cashable=cashable)
    gain = price[:, None] * points["incidents"].to_numpy() - points["net_cost"].to_numpy()
    return pd.DataFrame({"threshold": price, "chance": (gain > 0).mean(axis=1)})


def tornado(value: Value) -> pd.DataFrame:
    """Return the net present social value with one input at a time at the ends of its interval, widest first.

    Columns input, low, high (the value of the input), value_low, value_high (the result there), span. Choices stand
    beside what is uncertain: recorded crimes only, and the discount rate for health.
    """
    rows = [*_uncertain(value), *_chosen(value)]
    table = pd.DataFrame(rows, columns=["input", "low", "high", "value_low", "value_high"])
    table = table.assign(span=(table["value_high"] - table["value_low"]).abs())
    return table[table["span"] > 0].sort_values("span", ascending=False, kind="stable", ignore_index=True)


def _uncertain(value: Value) -> list[tuple]:
    ends, made, rows = [value.appraisal.alpha / 2, 1 - value.appraisal.alpha / 2], value.inputs, []
    total = best_benefit(value)
    for name in value.offences:
        own = best_benefit(value, [name])
        pieces = {
            "effect": (made.prevented[name].sum(), value.draws.prevented[name].sum(axis=1)),
            "unit cost": (made.unit[name], value.draws.unit[name]),
            "multiplier": (made.multiplier[name], value.draws.multiplier[name]),
        }
        for what, (best, drawn) in pieces.items():
            if best != 0:
                low, high = np.quantile(drawn, ends)
                moved = [total - own + own * x / best - made.cost for x in (low, high)]
                rows.append((f"{what}: {name}", low, high, *moved))
    low, high = np.quantile(value.draws.cost, ends)
    return [*rows, ("programme cost", low, high, total - low, total - high)]


def _chosen(value: Value) -> list[tuple]:
    base = best_benefit(value) - value.inputs.cost
    recorded = Multiplier.recorded_only()
    plain = replace(
        value,
        inputs=replace(value.inputs, multiplier={name: recorded.of(name) for name in value.offences}),
    )
    health = discount_factors(len(value.factors) - 1, rate="health")
    cost = present_cost(value.programme, value.appraisal, health)
    slow = best_benefit(replace(value, factors=health)) - cost
    usual = discount_factors(1, rate=value.appraisal.rate)[1]
    return [
        ("choice: recorded crimes only", 0.0, 1.0, best_benefit(plain) - value.inputs.cost, base),
        ("choice: discount rate for health", 1 / health[-1 if len(health) == 1 else 1] - 1, 1 / usual - 1, slow, base),
    ]
