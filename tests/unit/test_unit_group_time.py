"""Group-time effects worked out by hand from the means in five_units, and their influence by moving weights."""

import numpy as np
import pytest
from five_units import COHORT, NEVER, PERIODS, Y, slope

from curv_eval.errors import DesignError
from curv_eval.stats.group_time import Rule, group_time


def cells(rule, y=Y, cohort=COHORT, periods=PERIODS):
    found = group_time(y, cohort, periods, rule=rule)
    return {(int(g), int(t)): e for g, t, e in zip(found.cohort, found.period, found.effect, strict=True)}


def close(found, expected):
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()), abs=1e-12)


def test_varying_base_additive_never_treated():
    close(cells(Rule(**NEVER)), {
        (3, 2): (8 - 6) - (15 - 15), (3, 3): (7 - 8) - (12 - 15), (3, 4): (4 - 8) - (10 - 15),
        (4, 2): (2 - 2) - (15 - 15), (4, 3): (4 - 2) - (12 - 15), (4, 4): (1 - 4) - (10 - 12),
    })  # fmt: skip


def test_not_yet_treated_units_compare_until_they_start():
    # with c beside d and e the comparison means are 32/3, 32/3, 28/3 until period 3; with a and b beside d and e
    # 10.5 and 11.5 until period 2
    close(cells(Rule(comparison="not_yet_treated")), {
        (3, 2): 2 - 0, (3, 3): -1 - (28 / 3 - 32 / 3), (3, 4): -4 + 5,
        (4, 2): 0 - (11.5 - 10.5), (4, 3): 2 + 3, (4, 4): -3 + 2,
    })  # fmt: skip


def test_universal_base_is_the_last_period_before_the_start():
    close(cells(Rule(**NEVER, base="universal")), {
        (3, 1): (6 - 8) - 0, (3, 3): -1 + 3, (3, 4): -4 + 5,
        (4, 1): (2 - 4) - (15 - 12), (4, 2): (2 - 4) - (15 - 12), (4, 4): -3 + 2,
    })  # fmt: skip


def test_with_a_universal_base_the_comparison_is_untreated_in_the_base_too():
    # (4, 1) and (4, 2) are measured against period 3, when cohort 3 has started: only d and e remain
    found = cells(Rule(comparison="not_yet_treated", base="universal"))
    assert found[4, 1] == found[4, 2] == pytest.approx(-5)
    assert found[3, 1] == pytest.approx(-2)


def test_mean_base_is_every_period_before_the_start():
    # cohort 3: base 7 against 15; cohort 4: base 8/3 against 14
    close(cells(Rule(**NEVER, base="mean")), {
        (3, 1): (6 - 7) - 0, (3, 2): (8 - 7) - 0, (3, 3): 0 - (12 - 15), (3, 4): (4 - 7) - (10 - 15),
        (4, 1): (2 - 8 / 3) - 1, (4, 2): (2 - 8 / 3) - 1, (4, 3): (4 - 8 / 3) + 2, (4, 4): (1 - 8 / 3) + 4,
    })  # fmt: skip


def test_proportional_trends_scale_the_base_by_the_growth_elsewhere():
    close(cells(Rule(**NEVER, trends="proportional")), {
        (3, 2): 8 - 6 * 15 / 15, (3, 3): 7 - 8 * 12 / 15, (3, 4): 4 - 8 * 10 / 15,
        (4, 2): 2 - 2 * 15 / 15, (4, 3): 4 - 2 * 12 / 15, (4, 4): 1 - 4 * 10 / 12,
    })  # fmt: skip
    found = cells(Rule(**NEVER, trends="proportional", base="mean"))
    assert found[3, 4] == pytest.approx(4 - 7 * 10 / 15)
    assert found[4, 4] == pytest.approx(1 - 8 / 3 * 10 / 14)


def test_anticipation_moves_the_base_back():
    # cohort 3 may react from period 2 on, so its base is period 1 and (3, 1) has none
    close(cells(Rule(**NEVER, anticipation=1)), {
        (3, 2): (8 - 6) - 0, (3, 3): (7 - 6) + 3, (3, 4): (4 - 6) + 5,
        (4, 2): 0 - 0, (4, 3): (4 - 2) + 3, (4, 4): (1 - 2) + 5,
    })  # fmt: skip


def test_with_anticipation_a_unit_stops_comparing_before_its_start():
    # in period 3 cohort 4 may already react, in period 2 not
    found = group_time(Y, COHORT, PERIODS, rule=Rule(comparison="not_yet_treated", anticipation=1))
    rows = dict(zip(zip(found.cohort, found.period, strict=True), found.n_comparison, strict=True))
    assert (rows[3, 2], rows[3, 3], rows[3, 4]) == (3, 2, 2)


def test_counts_and_levels_stand_behind_every_cell():
    found = group_time(Y, COHORT, PERIODS, rule=Rule(comparison="not_yet_treated"))
    assert found.n_treated.tolist() == [2, 2, 2, 1, 1, 1]
    assert found.n_comparison.tolist() == [3, 3, 2, 4, 2, 2]
    assert found.observed.tolist() == [8, 7, 4, 2, 4, 1]


def test_without_never_treated_units_the_last_cohort_compares_until_it_starts():
    # only c compares with a and b and the reverse; nobody is left from period 4 (cohort 3) or 3 (cohort 4) on
    close(cells(Rule(comparison="not_yet_treated"), Y[:3], COHORT[:3]), {(3, 2): 2 - 0, (3, 3): -1 - 2, (4, 2): 0 - 2})


def test_without_anybody_to_compare_with_there_is_no_answer():
    with pytest.raises(DesignError, match="areas to compare with"):
        cells(Rule(**NEVER), Y[:3], COHORT[:3])
    with pytest.raises(DesignError, match="a period before treatment"):
        cells(Rule(**NEVER), cohort=np.array([1, 1, 1, np.nan, np.nan]))


def test_a_missing_period_is_jumped_over():
    # periods 1, 2, 5, 6 and a start in 4, which nobody supplied: period 2 is the last before it
    cohort = np.array([4, 4, np.nan, np.nan, np.nan])
    found = cells(Rule(**NEVER), cohort=cohort, periods=np.array([1, 2, 5, 6]))
    never = [32 / 3, 32 / 3, 28 / 3, 7]
    close(found, {(4, 2): 2 - 0, (4, 5): -1 - (never[2] - never[1]), (4, 6): -4 - (never[3] - never[1])})


def test_proportional_trends_need_events_to_grow_from():
    y = Y.copy()
    y[3:, 1] = 0
    with pytest.raises(DesignError, match="events before treatment") as refusal:
        cells(Rule(**NEVER, trends="proportional"), y)
    assert "additive" in refusal.value.do
    assert cells(Rule(**NEVER), y)[3, 3] == pytest.approx(-1 - 12)


def test_influence_by_hand():
    # (3, 3): the changes are -1 and -1 in a and b, -2 and -4 in d and e; each is measured from its group's mean
    found = group_time(Y, COHORT, PERIODS, rule=Rule(**NEVER))
    at = found.period.tolist().index(3)
    assert found.influence[:, at] == pytest.approx([0, 0, 0, -(-2 + 3) / 2, -(-4 + 3) / 2])
    assert found.observed_influence[:, at] == pytest.approx([(5 - 7) / 2, (9 - 7) / 2, 0, 0, 0])


RULES = [
    pytest.param(Rule(comparison, base, trends, anticipation), id=f"{comparison}-{base}-{trends}-{anticipation}")
    for comparison in ("never_treated", "not_yet_treated")
    for base in ("varying", "universal", "mean")
    for trends in ("additive", "proportional")
    for anticipation in (0, 1)
]


@pytest.mark.parametrize("rule", RULES)
def test_influence_is_what_one_units_weight_does(rule):
    whole = group_time(Y, COHORT, PERIODS, rule=rule)
    assert whole.influence.sum(axis=0) == pytest.approx(np.zeros(len(whole.effect)), abs=1e-12)

    def moved(times):
        return group_time(np.repeat(Y, times, axis=0), np.repeat(COHORT, times), PERIODS, rule=rule)

    assert slope(lambda times: moved(times).effect, times=1000) == pytest.approx(whole.influence, abs=1e-4)
    assert slope(lambda times: moved(times).observed, times=1000) == pytest.approx(whole.observed_influence, abs=1e-4)
