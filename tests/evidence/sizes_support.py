"""Rows of coding tables that hold, for tests to change one cell of."""

import pandas as pd
import pytest

from curv_eval.errors import StudyError
from curv_eval.evidence.sizes import effects_from

ROWS = {
    "two_by_two": {"events_treated": 12, "n_treated": 100, "events_control": 20, "n_control": 80},
    "means": {
        "mean_treated": 4.0, "sd_treated": 2.0, "n_treated": 30,
        "mean_control": 5.0, "sd_control": 2.5, "n_control": 40,
    },
    "change": {
        "before_treated": 10.0, "after_treated": 7.0, "sd_before_treated": 4.0, "n_treated": 25,
        "before_control": 10.5, "after_control": 9.5, "sd_before_control": 4.4, "n_control": 31,
        "correlation_before_after": 0.6,
    },
    "rates": {"events_treated": 30, "time_treated": 400.0, "events_control": 45, "time_control": 380.0},
    "correlation": {"correlation": -0.2, "n": 90},
    "area_counts": {
        "treated_before": 50, "treated_after": 30, "control_before": 60, "control_after": 55, "dispersion": 1.5,
    },
    "coefficient": {"estimate": 0.7, "conf_low": 0.5, "conf_high": 0.98, "conf_level": 0.95, "measure": "odds_ratio"},
    "statistic": {"statistic": "t", "statistic_value": -2.1, "n_treated": 24, "n_control": 26},
    "effect": {"yi": -0.3, "vi": 0.02, "measure": "log_risk_ratio"},
}  # fmt: skip


def row(kind, **changes):
    """A row of a kind, with cells changed; None takes a cell away."""
    cells = {"study": f"{kind} study", "reports": kind, "better": "lower", **ROWS[kind], **changes}
    return {name: value for name, value in cells.items() if value is not None}


def table(*rows):
    return pd.DataFrame(list(rows)).astype(object)


def effect(kind, target=None, /, **changes):
    (found,) = effects_from(table(row(kind, **changes)), measure=target)
    return found


def refused(*rows, measure=None):
    """The lines of breaches of a table that must be refused."""
    with pytest.raises(StudyError) as refusal:
        effects_from(table(*rows), measure=measure)
    return refusal.value.breaches
