"""Quantiles, survival curves and scatter plots: nobody's own value is in them."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.disclosure.rules import rules
from curv_eval.disclosure.summaries import release_points, release_quantiles, release_survival
from curv_eval.errors import DisclosureError

RULE, OPEN = rules()["under_10"], rules()["open"]
NAMED = {"name": "t", "title": "T"}


def people(n, seed=1):
    return np.random.default_rng(seed).uniform(10, 90, n)


def test_a_quantile_is_nobody_s_value_and_near_the_true_one():
    values = people(400)
    made = release_quantiles(values, [0.25, 0.5, 0.75], rule=RULE, **NAMED)
    assert not made.suppressed
    for shown, true in zip(made.table["value"], np.quantile(values, [0.25, 0.5, 0.75]), strict=True):
        assert shown not in values
        assert shown == pytest.approx(true, abs=2.5)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, 1.5])
def test_the_least_and_the_largest_are_refused(probability):
    with pytest.raises(DisclosureError, match="neither end is shown"):
        release_quantiles(people(400), [probability], rule=RULE, **NAMED)


@pytest.mark.parametrize(("n", "probability", "gone"), [
    (400, 0.01, True), (400, 0.99, True), (400, 0.03, False), (19, 0.5, True), (21, 0.5, False), (3, 0.5, True),
])  # fmt: skip
def test_a_quantile_with_few_people_beside_it_is_withheld(n, probability, gone):
    made = release_quantiles(people(n), [probability], rule=RULE, **NAMED)
    assert made.hidden["value"].tolist() == [gone]


def test_moving_one_person_far_away_moves_no_quantile_but_by_rounding():
    values = people(400)
    far = values.copy()
    far[values.argmax()] = 1e6
    first, second = (release_quantiles(v, [0.1, 0.5, 0.9], rule=RULE, **NAMED).table for v in (values, far))
    assert first.equals(second)


def test_missing_values_are_refused():
    with pytest.raises(DisclosureError, match="missing"):
        release_quantiles(np.array([1.0, np.nan]), [0.5], rule=RULE, **NAMED)
    with pytest.raises(DisclosureError, match="missing"):
        release_points(np.column_stack([np.array([1.0, np.nan]), np.array([1.0, 2.0])]), cells=4, rule=RULE, **NAMED)
    with pytest.raises(DisclosureError, match="0 or more"):
        release_survival(np.array([-1.0, 2.0]), np.array([True, True]), rule=RULE, **NAMED)


def drawn(n, seed=2):
    rng = np.random.default_rng(seed)
    times, last = rng.exponential(20, n), rng.uniform(5, 60, n)
    return np.minimum(times, last), times <= last


def kaplan_meier(times, ended, at):
    """The product over all events up to `at`, by definition."""
    share = 1.0
    for time in sorted(set(times[ended & (times <= at)])):
        share *= 1 - (ended & (times == time)).sum() / (times >= time).sum()
    return share


def test_each_step_of_a_survival_curve_stands_for_ten_people_or_more():
    times, ended = drawn(300)
    exact = release_survival(times, ended, rule=OPEN, **NAMED).table["surviving"].to_numpy()
    made = release_survival(times, ended, rule=replace(RULE, round_to=1), **NAMED).table
    at = [int(np.argmin(np.abs(exact - share))) for share in made["surviving"]]
    assert np.abs(exact[at] - made["surviving"]).max() < 1e-12
    assert len(at) > 5
    assert min(np.diff([-1, *at])) >= 10
    last = np.sort(times[ended])[at[-1]]
    assert (times > last).sum() >= 10
    own = {f"{time:g}" for time in times}
    assert not own & set(made["time"])


def test_an_exact_curve_is_that_of_kaplan_and_meier():
    times, ended = drawn(60)
    exact = release_survival(times, ended, rule=OPEN, **NAMED).table
    for time, share in zip(exact["time"].astype(float), exact["surviving"], strict=True):
        assert share == pytest.approx(kaplan_meier(times, ended, time * (1 + 1e-5)))


def test_of_few_people_nothing_is_drawn():
    times, ended = drawn(12)
    assert release_survival(times, ended, rule=RULE, **NAMED).table.empty


def test_a_scatter_plot_is_a_grid_of_counts():
    across, up = people(500), people(500, 2)
    made = release_points(np.column_stack([across, up]), cells=4, rule=RULE, **NAMED)
    assert made.table["across"].unique().tolist() == ["0 to 20", "20 to 40", "40 to 60", "60 to 80", "80 to 100"]
    exact = release_points(np.column_stack([across, up]), cells=4, rule=OPEN, **NAMED).table
    assert exact["people"].sum() == 500
    row = exact[(exact["across"] == "20 to 40") & (exact["up"] == "40 to 60")]
    inside = (across >= 20) & (across < 40) & (up >= 40) & (up < 60)
    assert row["people"].tolist() == [inside.sum()]


def test_a_part_with_few_people_is_withheld():
    across = np.concatenate([np.full(40, 1.0), np.full(40, 11.0), np.full(3, 21.0)])
    made = release_points(np.column_stack([across, across]), cells=3, rule=RULE, **NAMED)
    assert made.table["people"].isna().sum() == 2, "the few, and one beside them"


def test_people_who_are_all_alike_are_one_part():
    made = release_points(np.column_stack([np.full(30, 5.0), np.full(30, 7.0)]), cells=3, rule=RULE, **NAMED)
    assert made.table["people"].tolist() == [30]
