"""What a pooled effect is called in one line of a table, and ticks for ratios: by hand."""

import numpy as np
import pytest

from curv_eval.evidence.judgement import Pooled, say
from curv_eval.evidence.judgement.words import in_short
from curv_eval.report.chart_style import ratio_ticks


def pooled(estimate, low, high, **given):
    held = {"outcome": "violence", "measure": "risk ratio", "studies": 8, "smallest": 0.1, **given}
    return Pooled(held.pop("outcome"), held.pop("measure"), estimate, low, high, **held)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (pooled(0.7, 0.6, 0.8), "Less: violence fell by 30% (between 20% and 40%)"),
        (pooled(1.3, 1.1, 1.5), "Harm. More: violence rose by 30% (between 10% and 50%)"),
        (pooled(0.99, 0.95, 1.04), "Little or no difference"),
        (pooled(0.9, 0.6, 1.4), "We cannot tell: anything from a fall of 40% to a rise of 40%"),
        (pooled(0.7, 0.6, 0.8, studies=2), "Too few studies to say"),
        (pooled(0.7, 0.6, 0.8, measure="odds ratio"),
         "Less: the odds of violence fell by 30% (between 20% and 40%)"),
        (pooled(-0.3, -0.4, -0.2, measure="mean difference"),
         "Less: violence fell by 0.30 points (between 0.20 points and 0.40 points)"),
    ],
)  # fmt: skip
def test_one_line_says_what_the_sentences_say(found, line):
    assert in_short(say(found, "patrols"), found) == line


def test_an_end_next_to_nothing_is_not_a_rise_of_nothing():
    found = pooled(-0.2, -0.4, 0.002, measure="standardised mean difference")
    said = say(found, "patrols").text
    assert "to next to no change" in said
    assert "0.00" not in said
    assert in_short(say(found, "patrols"), found).endswith("to next to no change")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.4, 2.2, [0.5, 1, 2]),
        (0.1, 10, [0.1, 0.2, 0.5, 1, 2, 5, 10]),
        (0.01, 50, [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]),
        (0.9, 1.1, [0.5, 1, 2]),
    ],
)
def test_ticks_of_ratios_are_round(low, high, expected):
    found = ratio_ticks(low, high)
    assert set(expected) <= set(found)
    assert 2 <= len(found) <= 8


@pytest.mark.parametrize("reach", [1.05, 2, 30, 1e4, 1e9, 1e15])
def test_however_wide_there_are_two_to_eight_ticks_in_order(reach):
    found = ratio_ticks(1 / reach, reach)
    assert 2 <= len(found) <= 8
    assert (np.diff(found) > 0).all()
    assert all(one > 0 for one in found)
