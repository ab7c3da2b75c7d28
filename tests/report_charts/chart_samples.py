"""One realistic table per chart, filed under the name of the chart's module; a new chart needs one here too."""

import json
import pkgutil
from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.report import charts

CHARTS = sorted(module.name for module in pkgutil.iter_modules(charts.__path__))


@dataclass(frozen=True)
class Sample:
    table: pd.DataFrame
    words: dict[str, str]


def observed_expected() -> Sample:
    periods = [str(p) for p in pd.period_range("2021-03", "2024-03", freq="M")]
    observed = [400.0 + 37 * (i * 7 % 5) + i for i in range(len(periods))]
    table = pd.DataFrame({"period": periods, "observed": observed})
    treated = table["period"] >= "2023-08"
    for name, factor in {"expected": 1.21, "expected_low": 1.1, "expected_high": 1.32}.items():
        table[name] = (table["observed"] * factor).round(1).where(treated)
    supplied = ~table["period"].between("2022-04", "2022-12")
    words = {
        "unit_label": "Incidents recorded per month in the 74 patrol areas",
        "what": "antisocial behaviour in the patrol areas",
        "starts": "patrols begin",
        "start_periods": "2023-08, 2023-10,2023-12",
        "expected": "Expected without the patrols",
    }
    return Sample(table[supplied].reset_index(drop=True), words)


def event_study() -> Sample:
    times = np.array([*range(-33, -17), *range(-11, 8)])
    estimate = np.round(0.41 * np.sin(times) - 1.23 * (times >= 0), 3)
    spread = {"conf_low": -0.98, "conf_high": 0.98, "band_low": -1.51, "band_high": 1.51}
    table = pd.DataFrame({"event_time": times, "estimate": estimate})
    for name, width in spread.items():
        table[name] = (estimate + width).round(3)
    base = table["event_time"] == -1
    table.loc[base, "estimate"] = 0.0
    table.loc[base, list(spread)] = np.nan
    words = {"unit_label": "Incidents per area per month, compared with expected", "what": "the effect of the patrols"}
    return Sample(table, words)


def area_map() -> Sample:
    rows, groups = [], ["August 2023", "No patrols", "October 2023", "No patrols", "December 2023"]
    for i in range(60):
        x, y = -1.4 + 0.0105 * (i % 12) + 0.005 * (i // 12 % 2), 54.5 + 0.0053 * (i // 12)
        ring = [[x + 0.006 * np.sin(k * np.pi / 3), y + 0.0035 * np.cos(k * np.pi / 3)] for k in range(7)]
        polygon = {"type": "Polygon", "coordinates": [ring]}
        rows.append((f"E010{i:05}", groups[i % 5], json.dumps(polygon)))
    table = pd.DataFrame(rows, columns=["area", "group", "geometry"])
    names = {"name": ["Northmoor", "Southvale"], "lon": [-1.34, -1.338], "lat": [54.51, 54.511]}
    table.attrs = {"labels": pd.DataFrame(names), "outlines": [rows[0][2]]}
    return Sample(table, {"what": "when patrols began, by neighbourhood", "unit_label": "Month patrols began (areas)"})


SAMPLES = {make.__name__: make for make in (observed_expected, event_study, area_map)}
