"""A pooled effect for tests, of which each changes what it is about."""

from curv_eval.evidence.judgement import Pooled, assess
from curv_eval.evidence.judgement.bias import ROB_2


def pooled(**changed):
    held = {
        "outcome": "violent crime",
        "measure": "rate ratio",
        "estimate": 0.76,
        "low": 0.64,
        "high": 0.9,
        "studies": 12,
        "smallest": 0.05,
        "prediction": (0.6, 0.95),
        "i2": 0.2,
    }
    return Pooled(**(held | changed))


def flipped(held):
    """The same evidence with the direction that is hoped for turned round."""
    changed = {name: getattr(held, name) for name in held.__dataclass_fields__}
    return Pooled(**(changed | {"better": "higher" if held.better == "lower" else "lower"}))


def studies(n, high=0, some=0):
    """n studies judged with RoB 2, of which some are at high risk and some raise concerns."""
    levels = ["high"] * high + ["some_concerns"] * some + ["low"] * (n - high - some)
    return tuple(
        assess(f"s{at}", "rob_2", dict.fromkeys(ROB_2.domains, (level, "why")), by="Ann Example")
        for at, level in enumerate(levels)
    )
