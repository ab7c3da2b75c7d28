"""A study and panels for the checks of drift, choices, outcomes and subgroups."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from curv_eval.checks import load
from curv_eval.methods import fit
from curv_eval.study import Design, Outcome, Span, Words

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)
WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
OUTCOMES = (Outcome(name="y", label="incidents", contract="police", role="primary"),)
STUDY = SimpleNamespace(
    design=DESIGN, seed=5, words=WORDS, smallest_worthwhile=0.1, outcomes=OUTCOMES, primary=OUTCOMES[0],
    registered="2000-06-01", subgroups=("district", "deprivation"), series_breaks=(),
)  # fmt: skip


def study(**changed):
    """STUDY with some of its parts changed."""
    return SimpleNamespace(**{**vars(STUDY), **changed})


def run(name, data, held=STUDY):
    """One check of the primary outcome by the study's own method."""
    return load(name).check(data, held, fit(data, outcome="y", design=held.design))


def rows(check):
    """The check's numbers by term."""
    return check.table.set_index("term")


def trending(panel, slope):
    """The panel with treated areas that drift from the comparison by `slope` of their level each period."""
    times = np.arange(len(panel.periods))
    y = panel.outcomes["y"] * np.where(panel.treated[:, None], 1 + slope * times, 1.0)
    return replace(panel, outcomes={**panel.outcomes, "y": y})


def numbers_said(text):
    """Every number in a text, per cents as shares."""
    found = re.findall(r"[-+]?\d+(?:\.\d+)?%?", text)
    return [float(one[:-1]) / 100 if one.endswith("%") else float(one) for one in found]


def all_in_table(check):
    """Whether every number said is in the table, as far as it was rounded in saying it ("times in 100" is a share)."""
    said = numbers_said(re.sub(r"(\d+) times in 100", lambda m: f"{int(m[1])}%", check.text))
    held = check.table[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float).ravel()
    close = [np.abs(held - x).min() <= 0.0051 or np.abs(np.abs(held) - abs(x)).min() <= 0.051 for x in said]
    return all(close), [x for x, ok in zip(said, close, strict=True) if not ok]
