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


def forest() -> Sample:
    y, error = np.linspace(-0.9, 0.4, 14), 0.1 + 0.03 * np.arange(14)
    ends = [np.exp(y + k * error).round(4) for k in (0, -1.96, 1.96)]
    rows = [(f"Author {i} (200{i % 10})", "study", *(e[i] for e in ends), round(100 / 14, 2)) for i in range(14)]
    rows += [
        ("All 14 studies", "pooled", 0.78, 0.65, 0.93, 100.0),
        ("In a new place", "prediction", None, 0.4, 1.5, None),
    ]
    columns = ["label", "kind", "estimate", "conf_low", "conf_high", "weight"]
    words = {"effect_label": "Odds ratio of violence", "scale": "ratio", "fewer": "less violence",
             "more": "more violence", "what": "the effect on violence in 14 studies"}  # fmt: skip
    return Sample(pd.DataFrame(rows, columns=columns), words)


def funnel() -> Sample:
    error = 0.08 + 0.05 * np.arange(18)
    y = np.exp(-0.25 + error * np.sin(np.arange(18))).round(4)
    table = pd.DataFrame({"label": [f"Author {i}" for i in range(18)], "estimate": y, "std_error": error.round(3)})
    words = {"effect_label": "Odds ratio of violence", "scale": "ratio", "pooled": "0.78",
             "what": "the effect on violence in 18 studies"}  # fmt: skip
    return Sample(table, words)


def review_flow() -> Sample:
    column = "databases and registers"
    rows = [
        (column, "records identified", "", 842), (column, "records identified", "PsycINFO", 512),
        (column, "records identified", "Criminal Justice Abstracts", 330),
        (column, "records removed before screening", "", 205), (column, "records screened", "", 637),
        (column, "records excluded", "", 549), (column, "reports sought for retrieval", "", 88),
        (column, "reports not retrieved", "", 4), (column, "reports assessed for eligibility", "", 84),
        (column, "reports excluded", "", 43), (column, "reports excluded", "no_counts", 31),
        (column, "reports excluded", "no_comparison", 12), ("included", "studies included", "", 40),
        ("included", "reports included", "", 41),
    ]  # fmt: skip
    return Sample(pd.DataFrame(rows, columns=["column", "box", "detail", "n"]), {"what": "the studies of this review"})


def traffic_light() -> Sample:
    domains = ("randomisation", "deviations", "missing_data", "measurement", "reporting", "overall")
    levels = ("low", "some_concerns", "high")
    rows = [(f"Author {i} (2001)", d, levels[(i * j) % 3]) for i in range(8) for j, d in enumerate(domains)]
    return Sample(pd.DataFrame(rows, columns=["label", "domain", "judgement"]), {"what": "the studies of this review"})


SAMPLES = {
    make.__name__: make
    for make in (observed_expected, event_study, area_map, forest, funnel, review_flow, traffic_light)
}
