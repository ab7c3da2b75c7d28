"""What a study could have seen, from places where nothing began."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.power import placebo_power
from curv_eval.study import Design, Span
from panels import known

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2000-12"),
    options={"base": "mean", "trends": "proportional", "small_sample": "cr2"},
)  # fmt: skip


def study(seed=5, **changes):
    return SimpleNamespace(design=replace(DESIGN, **changes), seed=seed, primary=SimpleNamespace(name="y"))


def year(**changes):
    return known(**{"effect": 0.0, "n": 240, "periods": 12, "starts": (6,), **changes})


def test_the_same_seed_gives_the_same_draws_and_another_others():
    panel = year(n=120)
    first, again, other = (placebo_power(panel, study(seed), draws=5) for seed in (5, 5, 6))
    assert first.draws.equals(again.draws)
    assert first.smallest == again.smallest
    assert not first.draws.equals(other.draws)


def test_the_smallest_effect_is_its_formula():
    found = placebo_power(year(n=120), study(), draws=20)
    s = np.log1p(found.draws["estimate"]).std(ddof=1)
    assert found.smallest == pytest.approx(1 - np.exp(-(stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * s))
    surer = placebo_power(year(n=120), study(), draws=20, chance=0.9)
    assert surer.smallest == pytest.approx(1 - np.exp(-(stats.norm.ppf(0.975) + stats.norm.ppf(0.9)) * s))
    assert found.smallest < surer.smallest


def test_intervals_cover_no_change_about_95_times_in_100():
    shares = [placebo_power(year(seed=seed), study(), draws=60).covered for seed in range(6)]
    # 360 draws, not independent within a panel: 0.95 give or take twice what independent ones would have
    assert abs(np.mean(shares) - 0.95) < 2 * 1.96 * np.sqrt(0.95 * 0.05 / 360)


def test_intervals_that_are_too_narrow_are_found_out():
    # at alpha 0.4 the interval should hold about 60 in 100
    shares = [placebo_power(year(seed=seed), study(alpha=0.4), draws=60).covered for seed in range(3)]
    assert 0.48 < np.mean(shares) < 0.75


def test_more_data_see_smaller_effects():
    few, many = (
        np.mean([placebo_power(year(n=n, seed=s), study(), draws=30).smallest for s in (1, 2)]) for n in (120, 480)
    )
    assert many < 0.75 * few


def test_nothing_that_happened_in_treated_areas_is_used():
    panel = year(n=120)
    y = panel.outcomes["y"].copy()
    y[panel.treated] = 1e6
    assert placebo_power(replace(panel, outcomes={"y": y}), study(), draws=5).draws.equals(
        placebo_power(panel, study(), draws=5).draws
    )


def test_starts_are_those_of_the_study_thinned_to_half_of_what_is_left():
    # 15 clusters start, 15 never do: 7 can start in a draw, so that 8 remain to compare with
    found = placebo_power(year(n=120), study(), draws=3)
    assert (found.clusters, found.wanted) == (7, 15)
    # 3 of 27 clusters start: all of them can
    panel = year(n=120)
    few = panel.with_cohort(np.where(np.isin(panel.cluster, ["ward 00", "ward 01", "ward 02"]), panel.cohort, np.nan))
    found = placebo_power(few, study(), draws=3)
    assert (found.clusters, found.wanted) == (3, 3)


def test_every_cohort_stays_in_the_draws():
    # 5 clusters start in each of 3 periods: every draw has as many areas from each start as its thinned share
    panel = year(n=120, starts=(4, 6, 8))
    found = placebo_power(panel, study(), draws=3)
    assert found.clusters == 7
    assert (found.draws["n_units"] == 7 * 4).all()
    # starts 4 4 4 4 4 6 6 6 6 6 8 8 8 8 8 thinned to 4 4 4 6 8 8 8 or the like: 12 - start months each
    months = found.draws["unit_periods"].unique()
    assert len(months) == 1
    assert 7 * 4 * 5 <= months[0] <= 7 * 4 * 7


@pytest.mark.parametrize("never", [0, 3])
def test_too_few_never_treated_clusters_are_refused(never):
    panel = year(n=120)
    names = np.unique(panel.cluster[~panel.treated])
    part = panel.take(panel.treated | np.isin(panel.cluster, names[:never]))
    with pytest.raises(DesignError, match=f"power: got {never} never-treated clusters, expected at least 4"):
        placebo_power(part, study(), draws=3)


def test_four_never_treated_clusters_are_enough_to_ask():
    panel = year(n=120)
    names = np.unique(panel.cluster[~panel.treated])
    part = panel.take(panel.treated | np.isin(panel.cluster, names[:4]))
    found = placebo_power(part, study(), draws=5)
    assert found.clusters == 2
    assert len(found.draws) == 5


def test_shows_shapes_and_no_values():
    assert repr(placebo_power(year(n=120), study(), draws=3)) == "<Power: 3 placebo draws of 7 clusters>"


def test_a_panel_in_which_no_draw_has_an_answer_is_refused_in_words():
    # six cohorts of two clusters, thinned to four starts: one cluster each, which the small-sample rule refuses
    panel = known(effect=0.0, n=160, starts=(8, 10, 12, 14, 16, 18))
    names = np.unique(panel.cluster)
    part = panel.take(np.isin(panel.cluster, [*names[:12], *names[20:28]]))
    with pytest.raises(DesignError):
        placebo_power(part, study(), draws=3)


def test_places_without_incidents_are_refused_in_words():
    panel = year(n=120)
    y = np.where(panel.treated[:, None], panel.outcomes["y"], 0)
    with pytest.raises(DesignError):
        placebo_power(replace(panel, outcomes={"y": y}), study(), draws=3)
