"""The parts of the checks of choices, outcomes and subgroups, worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from curv_eval.checks import multiple_outcomes, specification_curve, subgroup
from curv_eval.checks.subgroup import _Contrast, _difference, _Found, _Group
from curv_eval.estimate.averages import average, relative
from curv_eval.estimate.told import told, written
from curv_eval.methods import fit
from curv_eval.study import Design, Span
from panels import known
from people import known_people

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)


# specification_curve


def test_every_combination_but_the_registered_one():
    found = dict(specification_curve._crossed(known(), DESIGN))
    assert len(found) == 2 * 3 * 2 - 1
    assert "trends additive, base varying, small_sample cr2" in found
    assert found["base universal"].options == {"base": "universal", "trends": "proportional"}
    staggered = dict(specification_curve._crossed(known(starts=(10, 14)), DESIGN))
    assert len(staggered) == 2 * 3 * 2 * 2 - 1
    assert staggered["areas never treated only"].comparison == "never_treated"
    assert staggered["areas never treated only"].options == DESIGN.options


def test_other_options_come_one_by_one_under_either_kind_of_trends():
    found = dict(specification_curve._one_by_one(DESIGN))
    assert found["covariates ipw"].options["covariates"] == "ipw"
    assert found["covariates ipw, trends additive"].options["trends"] == "additive"
    assert not [term for term in found if "covariates none" in term]


def test_windows_lose_a_quarter_on_either_side():
    panel = known(starts=(12,))
    later, sooner = specification_curve._trimmed(panel, DESIGN)
    assert later.panel.periods.tolist() == list(range(3, 24))
    assert sooner.panel.periods.tolist() == list(range(21))
    short = panel.take(np.full(len(panel.units), True), (panel.periods >= 10) & (panel.periods < 15))
    assert list(specification_curve._trimmed(short, DESIGN)) == []


def test_other_methods_take_the_registered_kind_of_trends_where_they_have_a_choice():
    event_study = {one.method: one for one in specification_curve._others(known(), DESIGN)}
    for one in event_study.values():
        assert one.options in ({}, {"trends": "proportional"})
        assert one.alpha == DESIGN.alpha


@pytest.mark.parametrize(("ends", "side"), [((-0.3, -0.1), -1), ((-0.1, 0.2), 0), ((0.1, 0.2), 1), ((0.0, 0.2), 0)])
def test_the_side_of_an_interval(ends, side):
    assert specification_curve._side(pd.Series({"conf_low": ends[0], "conf_high": ends[1]})) == side


def test_the_summary_by_hand():
    found = pd.DataFrame({
        "estimate": [-0.4, -0.2, 0.1], "conf_low": [-0.5, -0.3, -0.1], "conf_high": [-0.3, 0.1, 0.3],
        "n_units": 10, "events": 100,
    })  # fmt: skip
    registered = pd.Series({"estimate": -0.3, "n_units": 10, "events": 100})
    number = specification_curve._summary(found, registered, 2).set_index("term")["estimate"]
    assert number.to_dict() == pytest.approx({
        "alternatives that answered": 3, "alternatives that refused": 2, "middle one": -0.2, "lowest": -0.4,
        "highest": 0.1, "share on the same side of no change": 2 / 3,
        "share whose interval excludes no change": 1 / 3,
    })  # fmt: skip


# multiple_outcomes


def with_intervals(rows):
    """Outcomes with the given intervals."""
    made = []
    for i, (low, high) in enumerate(rows):
        row = pd.Series({"estimate": (low + high) / 2, "conf_low": low, "conf_high": high, "n_units": 9, "events": 99})
        made.append(multiple_outcomes._Tested(f"outcome {i}", row, None, 0.5))
    return made


@pytest.mark.parametrize(
    ("rows", "p", "verdict"),
    [
        ([(-2, -1), (-1, 1)], [0.01, 0.9], "holds"),
        ([(-2, -1), (-1, 1)], [0.06, 0.9], "fails"),
        ([(-2, -1), (-3, -1)], [0.01, 0.06], "fails"),
        ([(-2, -1), (1, 3)], [0.01, 0.02], "holds"),
        ([(-2, 1), (-1, 3)], [0.01, 0.02], "for information"),
    ],
)
def test_the_verdict_asks_whether_every_finding_survives(rows, p, verdict):
    assert multiple_outcomes._verdict(with_intervals(rows), np.array(p), 0.05).value == verdict


@pytest.mark.parametrize(("p", "said"), [(0.5, "50 times in 100"), (0.015, "2 times in 100"), (0.001, "less than 2")])
def test_chances_are_said_in_hundredths(p, said):
    table = pd.DataFrame({"term": ["x: p-value"], "estimate": [p], "conf_low": [p], "conf_high": [p]})
    assert said in written(told("x: p-value", "odds"), table)


# subgroup


def test_the_influence_of_a_relative_effect_is_its_derivative():
    estimate = fit(known(), outcome="y", design=DESIGN)
    found = subgroup._influence(estimate, True)
    d, m = average(estimate, estimate.after), average(estimate, estimate.after, "observed")
    step = 1e-6
    for cluster in (0, 5, 29):
        moved_m, moved_d = m.value + step * m.influence[cluster], d.value + step * d.influence[cluster]
        before, after = m.value / (m.value - d.value), moved_m / (moved_m - moved_d)
        assert found[cluster] == pytest.approx((after - before) / step, rel=1e-4, abs=1e-7)
    row = relative(estimate, "x").iloc[0]
    assert np.linalg.norm(found) == pytest.approx(row["std_error"], rel=1e-9)


def row(value, units, events):
    return pd.DataFrame({"estimate": [value], "n_units": [units], "events": [events]})


def test_a_difference_by_hand():
    inside = _Found(row(-0.4, 10, 50), np.array([0.03, 0.0, 0.04]), 8.0)
    outside = _Found(row(-0.1, 30, 20), np.array([0.03, 0.0, 0.0]), 20.0)
    found = _difference("a less b", inside, outside, 0.05)
    # the first cluster moves both alike and cancels; what is left is 0.04
    width = stats.t.ppf(0.975, 8) * 0.04
    assert found.estimate == pytest.approx(-0.3)
    assert (found.conf_low, found.conf_high) == pytest.approx((-0.3 - width, -0.3 + width))
    assert found.p == pytest.approx(2 * stats.t.sf(0.3 / 0.04, 8))
    assert (found.n_units, found.events) == (10, 20)


def test_groups_whose_rows_are_not_clusters_count_as_independent():
    inside, outside = (_Found(row(v, 10, 50), np.array([e]), np.inf) for v, e in ((-0.4, 0.03), (-0.1, 0.04)))
    found = _difference("a less b", inside, outside, 0.05)
    assert found.conf_high - found.conf_low == pytest.approx(2 * stats.norm.ppf(0.975) * 0.05)


def test_clusters_are_put_in_their_places():
    panel = known(n=40)
    group = _Group("some", np.isin(panel.cluster, ["ward 02", "ward 05", "ward 07"]))
    placed = subgroup._placed(np.array([1.0, 2.0, 3.0]), panel, group)
    assert placed.tolist() == [0, 0, 1, 0, 0, 2, 0, 3, 0, 0]
    assert subgroup._placed(np.array([3.0, 4.0]), panel, group).tolist() == [5.0]


def test_people_are_split_and_lose_covariates_that_are_the_same_for_all():
    people = known_people(n=400)
    girls = _Group("girls", people.covariates["girl"] == 1)
    taken = subgroup._taken(people, girls)
    assert set(taken.covariates) == {"age"}
    assert len(taken.persons) == int(people.covariates["girl"].sum())


def test_holm_counts_every_difference_of_the_plan():
    contrasts = [_Contrast(f"c{i}", -0.1, -0.2, 0.0, p, 10, 50) for i, p in enumerate((0.01, 0.04, 0.03))]
    table = subgroup._compared(contrasts).set_index("term")["estimate"]
    assert [table[f"c{i}: p-value, Holm"] for i in range(3)] == pytest.approx([0.03, 0.06, 0.06])
    assert table["differences tested"] == 3
    assert subgroup._compared([]).empty


@pytest.mark.parametrize(
    ("p", "said"),
    [
        ([], "No two groups could be compared."),
        ([0.5], "The difference is not clear of chance."),
        ([0.5, 0.4], "Among 2 differences, none is clear of chance."),
        ([0.001], "There are signs that the difference is real: c0."),
        ([0.001, 0.5], "Among 2 differences, there are signs that some are real: c0."),
    ],
)
def test_what_is_said_about_differences(p, said):
    contrasts = [_Contrast(f"c{i}", -0.1, -0.2, 0.0, one, 10, 50) for i, one in enumerate(p)]
    assert subgroup._clear(contrasts, 0.05) == said


def test_effects_of_many_levels_are_said_as_a_range():
    few = {"a": -0.1, "b": 0.25}
    many = dict(zip("abcde", (-0.1, 0.2, 0.0, -0.3, 0.1), strict=True))
    table = pd.DataFrame({"term": [*few, *many], "estimate": [*few.values(), *many.values()]})
    of_few, of_many = table.iloc[: len(few)], table.iloc[len(few) :]
    assert written(subgroup._effects(few, True), of_few) == "a -10%, b +25%"
    assert written(subgroup._effects(many, True), of_many) == "from -30% to +20%"
    assert written(subgroup._effects(few, False), of_few) == "a -0.10, b +0.25"


def test_too_few_treated_or_too_few_others_are_too_small():
    panel = known(n=80)
    held = type("S", (), {"design": DESIGN})()
    four = np.zeros(80, bool)
    four[:4] = True
    four[40:60] = True
    assert subgroup._estimated(panel, held, _Group("few treated", four), "y") is None
    others = np.zeros(80, bool)
    others[:20] = True
    others[40:44] = True
    assert subgroup._estimated(panel, held, _Group("few others", others), "y") is None
    some = np.zeros(80, bool)
    some[:20] = some[40:60] = True
    assert subgroup._estimated(panel, held, _Group("enough", some), "y") is not None
    silent = replace(panel, outcomes={"y": np.where(some[:, None], 0.0, panel.outcomes["y"])})
    assert subgroup._estimated(silent, held, _Group("nothing happened", some), "y") is None
