"""The weighted displacement difference on panels: by hand, by every rule of error, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import by, overall
from curv_eval.methods import fit, path
from curv_eval.panel import Panel
from curv_eval.stats.displacement import dispersion, weighted_displacement_difference
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def design(**options):
    return Design(method="weighted_displacement", window=WINDOW, options=options)


def estimated(panel, **options):
    return fit(panel, outcome="y", design=design(**options))


def terms(found):
    return found.parameters.set_index("term")


def averages(found):
    return overall(found).set_index("term")


def six():
    """Two treated areas, two next to them and four outside, over two periods before and two after."""
    y = np.array([
        [10, 12, 6, 4], [8, 10, 5, 7], [5, 5, 6, 7], [4, 6, 4, 5],
        [9, 11, 10, 9], [7, 7, 6, 8], [3, 5, 4, 4], [6, 4, 5, 6],
    ], dtype=float)  # fmt: skip
    touch = np.zeros((8, 8), dtype=bool)
    for a, b in ((0, 2), (1, 3), (2, 4)):
        touch[a, b] = touch[b, a] = True
    return Panel(
        units=np.array(list("abcdefgh")), periods=np.arange(4), cohort=np.where(np.arange(8) < 2, 2.0, np.nan),
        cluster=np.array(list("abcdefgh")), outcomes={"y": y}, frequency="year", neighbours=touch,
        population=np.array([10, 10, 20, 20, 30, 10, 10, 10.0]),
    )  # fmt: skip


# sums before and after: treated 40 and 22, next to them 20 and 22, outside 52 and 52
def test_the_difference_and_its_parts_by_hand():
    found = terms(estimated(six()))["estimate"]
    assert found["weighted displacement difference"] == pytest.approx((22 - 40) + (22 - 20) - (2 + 2) / 4 * 0)
    assert found["treated areas"] == pytest.approx(-18)
    assert found["areas next to treated areas"] == pytest.approx(2)


def test_the_measures_of_bowers_and_johnson_by_hand():
    found = terms(estimated(six(), errors="poisson"))["estimate"]
    assert found["gross effect"] == 18
    assert found["net effect"] == pytest.approx(40 / 52 - 22 / 52)
    assert found["total net effect"] == pytest.approx(60 - 44)
    assert found["success measure"] == pytest.approx(22 / 52 - 40 / 52)
    assert found["buffer displacement measure"] == pytest.approx(2 / 52)


def test_the_cells_by_hand():
    found = estimated(six())
    assert found.cells["period"].tolist() == [0, 1, 2, 3]
    # outside: mean 6.25, 6.75 before (base 6.5), 6.25 and 6.75 after; treated: base 10
    assert found.cells["estimate"].tolist() == pytest.approx(
        [9 + 0.25 - 10, 11 - 0.25 - 10, 5.5 + 0.25 - 10, 5.5 - 0.25 - 10]
    )
    assert found.cells["events"].tolist() == [18, 22, 11, 11]
    assert found.cells["n_comparison"].tolist() == [4] * 4


def test_with_counts_net_the_total_is_the_difference():
    for errors in ("clusters", "poisson", "overdispersed"):
        found = estimated(known(), counts="net", errors=errors)
        whole = terms(found).loc["weighted displacement difference"]
        total = averages(found).loc["total"]
        assert total["estimate"] == pytest.approx(whole["estimate"], rel=1e-10)
        assert total["std_error"] == pytest.approx(whole["std_error"], rel=1e-8)
        assert total["conf_low"] == pytest.approx(whole["conf_low"], rel=1e-8)
        assert "the total is the WDD" in found.estimand
        assert any("together" in note for note in found.notes)


def test_with_counts_treated_the_total_is_its_first_half():
    for errors in ("clusters", "poisson", "overdispersed"):
        found = estimated(known(), errors=errors)
        own, total = terms(found).loc["treated areas"], averages(found).loc["total"]
        assert total["estimate"] == pytest.approx(own["estimate"], rel=1e-10)
        assert total["std_error"] == pytest.approx(own["std_error"], rel=1e-8)


def test_the_difference_is_the_sum_of_its_parts():
    found = terms(estimated(known(), rings=1))["estimate"]
    parts = found["treated areas"] + found["areas next to treated areas"]
    assert found["weighted displacement difference"] == pytest.approx(parts)


def test_the_poisson_rule_is_that_of_wheeler_and_ratcliffe():
    panel = known()
    y, treated = panel.outcomes["y"], panel.treated
    near = panel.neighbours[:, treated].any(axis=1) & ~treated
    far = ~treated & ~near

    def pair(chosen):
        return y[chosen][:, :12].sum(), y[chosen][:, 12:].sum()

    sizes = [1.0, far.sum() / treated.sum(), 1.0, far.sum() / near.sum()]
    found = terms(estimated(panel, errors="poisson"))
    from curv_eval.stats.displacement import Weights

    apart = weighted_displacement_difference(
        pair(treated), pair(far), buffer=pair(near), buffer_comparison=pair(far), weights=Weights(areas=tuple(sizes))
    )
    rows = ["treated areas", "areas next to treated areas"]
    assert found.loc[rows, "estimate"].tolist() == pytest.approx([apart.local.value, apart.displacement.value])
    assert found.loc[rows, "std_error"].tolist() == pytest.approx([apart.local.std_error, apart.displacement.std_error])
    # the comparison stands in both halves, so the two are not independent: its weight adds up before it is squared
    weight = (treated.sum() + near.sum()) / far.sum()
    variance = sum(pair(treated)) + sum(pair(near)) + weight**2 * sum(pair(far))
    whole = found.loc["weighted displacement difference"]
    assert whole["std_error"] == pytest.approx(np.sqrt(variance))
    assert whole["df"] == np.inf


def test_overdispersed_errors_are_the_root_of_the_dispersion_times_poisson_ones():
    panel = known()
    y = panel.outcomes["y"]
    near = panel.neighbours[:, panel.treated].any(axis=1) & ~panel.treated
    group = np.where(panel.treated, 0, np.where(near, 1, 2))
    phi = dispersion(y[:, :12].sum(axis=1), y[:, 12:].sum(axis=1), group)
    plain, wide = (terms(estimated(panel, errors=rule))["std_error"] for rule in ("poisson", "overdispersed"))
    assert (wide / plain).to_numpy() == pytest.approx(np.sqrt(phi), rel=1e-10)


def test_every_rule_of_error_names_itself_and_agrees_on_the_estimate():
    found = {rule: estimated(known(), errors=rule) for rule in ("clusters", "poisson", "overdispersed", "permutation")}
    assert len({one.se_rule for one in found.values()}) == 4
    values = [averages(one).loc["average", "estimate"] for one in found.values()]
    assert values == pytest.approx([values[0]] * 4)
    errors = [averages(one).loc["average", "std_error"] for one in found.values()]
    assert max(errors) < 2 * min(errors)  # the counts are Poisson, so all rules must be near one another


def test_poisson_errors_are_too_small_where_areas_jump():
    panel = known(effect=0.0)
    jump = np.random.default_rng(2).gamma(3, 1 / 3, (120, 2)).repeat(12, axis=1)
    jumpy = replace(panel, outcomes={"y": np.random.default_rng(1).poisson(panel.outcomes["y"] * jump).astype(float)})
    errors = {rule: averages(estimated(jumpy, errors=rule)).loc["average", "std_error"] for rule in
              ("clusters", "poisson", "overdispersed")}  # fmt: skip
    assert errors["clusters"] > 2 * errors["poisson"]
    assert errors["overdispersed"] > 2 * errors["poisson"]


def test_the_permutation_test_gives_the_interval_and_its_floor():
    found = estimated(known(), errors="permutation")
    assert found.tested.draws == 999
    assert found.tested.floor == pytest.approx(1 / 1000)
    row = averages(found).loc["average"]
    assert (row["conf_low"], row["conf_high"]) == (found.tested.conf_low, found.tested.conf_high)
    assert row["conf_low"] < row["estimate"] < row["conf_high"] < 0
    assert found.tested.p_value < 0.01


def test_the_seed_changes_the_draws_and_nothing_else():
    a, b, c = (estimated(known(effect=-0.05), errors="permutation", seed=s) for s in (1, 1, 2))
    assert a.tested == b.tested
    assert a.tested != c.tested
    assert a.cells.equals(c.cells)


def test_incidents_that_moved_show_in_the_ring_and_in_the_sum():
    panel = known(effect=-0.3, n=400)
    near = panel.neighbours[:, panel.treated].any(axis=1) & ~panel.treated
    draw = np.random.default_rng(4)
    y = panel.outcomes["y"].copy()
    y[near, 12:] += draw.poisson(3.0, (near.sum(), 12))
    found = terms(estimated(replace(panel, outcomes={"y": y})))
    ring = found.loc["areas next to treated areas"]
    assert ring["conf_low"] > 0
    assert ring["conf_low"] < 3.0 * near.sum() * 12 < ring["conf_high"]
    assert found.loc["weighted displacement difference", "estimate"] > found.loc["treated areas", "estimate"]
    quotient = found.loc["weighted displacement quotient"]
    assert quotient["conf_low"] < quotient["estimate"] < quotient["conf_high"] < 0


def test_the_effect_on_treated_areas_does_not_see_the_ring():
    panel = known()
    near = panel.neighbours[:, panel.treated].any(axis=1) & ~panel.treated
    y = panel.outcomes["y"] + 50.0 * near[:, None] * (panel.periods >= 12)
    a, b = averages(estimated(panel)), averages(estimated(replace(panel, outcomes={"y": y})))
    assert b["estimate"].tolist() == pytest.approx(a["estimate"].tolist())


def test_without_success_the_quotient_is_left_out_and_said():
    found = estimated(known(effect=0.0))
    assert "weighted displacement quotient" not in found.parameters["term"].tolist()
    assert any("cannot be told from 0" in note and "difference instead" in note for note in found.notes)
    assert found.parameters.notna().all(axis=None)


def test_with_success_the_quotient_stands_last_with_its_interval():
    found = estimated(known(effect=-0.5, n=400))
    assert found.parameters["term"].iloc[-1] == "weighted displacement quotient"
    assert found.parameters.notna().all(axis=None)
    assert found.parameters["term"].iloc[0] == "weighted displacement difference"


def test_the_quotient_covers_0_about_as_often_as_it_should():
    held = told = 0
    for seed in range(60):
        found = terms(estimated(known(effect=-0.4, seed=seed)))
        if "weighted displacement quotient" in found.index:
            told += 1
            row = found.loc["weighted displacement quotient"]
            held += row["conf_low"] <= 0 <= row["conf_high"]
    assert told >= 50
    assert held / told >= 0.85


def test_three_rings_are_told_apart():
    panel = six()
    found = terms(estimated(panel, rings=2, errors="poisson"))
    assert "areas 2 borders away from treated areas" in found.index
    assert found.loc["areas 2 borders away from treated areas", "estimate"] == pytest.approx(
        -1 - (15 + 9 + 10 - 14 - 8 - 10 - 0 - 1 + 0) / 3 * 0 - outside()
    )


def outside():
    """The mean change of areas f, g and h: those outside two rings."""
    y = six().outcomes["y"][5:]
    return (y[:, 2:].sum() - y[:, :2].sum()) / 3


def test_windows_are_the_longest_that_fit_both_sides():
    found = estimated(known(starts=(9,)))
    assert found.cells["period"].tolist() == list(range(18))
    assert found.cells["event_time"].min() == -9


def test_months_are_taken_in_whole_years():
    panel = replace(known(starts=(15,), periods=32), frequency="month")
    assert len(estimated(panel).cells) == 24
    assert len(estimated(panel, months=15).cells) == 30
    assert len(estimated(replace(panel, frequency="year")).cells) == 30


def test_a_window_of_one_period_is_the_two_by_two():
    panel = known()
    found = estimated(panel, months=1)
    y, treated = panel.outcomes["y"], panel.treated
    near = panel.neighbours[:, treated].any(axis=1) & ~treated
    change = y[:, 12] - y[:, 11]
    expected = change[treated].mean() - change[~treated & ~near].mean()
    assert averages(found).loc["average", "estimate"] == pytest.approx(expected)


def test_anticipation_moves_the_window_before():
    found = fit(known(), outcome="y", design=replace(design(), anticipation=2))
    assert sorted(found.cells["event_time"]) == [*range(-12, -2), *range(10)]


@pytest.mark.parametrize("months", [13, 120])
def test_a_window_that_does_not_fit_is_refused(months):
    with pytest.raises(DesignError, match=f"months: got {months}, expected at most 12"):
        estimated(known(), months=months)


def test_the_comparison_may_count_residents():
    panel = six()
    found = terms(estimated(panel, compare="population", errors="poisson"))
    # 20 residents treated and 60 outside: a third of the change outside, which is 0 here
    assert found.loc["treated areas", "estimate"] == pytest.approx(-18)
    more = replace(
        panel, outcomes={"y": panel.outcomes["y"] + np.array([0, 0, 0, 0, 1, 1, 1, 1])[:, None] * [0, 0, 1, 1]}
    )
    found = terms(estimated(more, compare="population", errors="poisson"))
    assert found.loc["treated areas", "estimate"] == pytest.approx(-18 - 8 * 20 / 60)
    assert found.loc["areas next to treated areas", "estimate"] == pytest.approx(2 - 8 * 40 / 60)


@pytest.mark.parametrize("population", [None, np.array([10, 10, 20, 20, 30, 10, 0, 10.0])])
def test_residents_must_be_known_to_be_counted(population):
    with pytest.raises(DesignError, match="compare: population needs residents in every area"):
        estimated(replace(six(), population=population), compare="population")


def test_permutation_compares_areas_only():
    with pytest.raises(DesignError, match="errors: permutation compares areas"):
        estimated(known(), errors="permutation", compare="population")


def test_one_treated_area_is_answered_where_incidents_are_independent():
    panel = six().with_cohort(np.where(np.arange(8) == 0, 2.0, np.nan))
    found = estimated(panel, errors="poisson")
    assert averages(found).loc["total", "estimate"] == pytest.approx(-12 - change_without(panel))
    assert any("independent of one another" in note for note in found.notes)
    with pytest.raises(DesignError, match="got 1 treated cluster"):
        estimated(panel)


def change_without(panel):
    y = panel.outcomes["y"][[1, 3, 4, 5, 6, 7]]
    return (y[:, 2:].sum() - y[:, :2].sum()) / 6


def test_one_treated_area_among_few_has_too_few_permutations():
    panel = six().with_cohort(np.where(np.arange(8) == 0, 2.0, np.nan))
    with pytest.raises(DesignError, match="other sets of areas that could be treated, expected at least 20"):
        estimated(panel, errors="permutation")


def test_without_borders_there_is_no_buffer():
    with pytest.raises(DesignError, match="does not know which areas touch"):
        estimated(replace(known(), neighbours=None))
    with pytest.raises(DesignError, match="does not know which areas touch"):
        estimated(replace(known(), neighbours=np.zeros((120, 120), dtype=bool)))


def test_treated_areas_that_touch_only_one_another_have_no_buffer():
    touch = np.zeros((8, 8), dtype=bool)
    touch[0, 1] = touch[1, 0] = True
    with pytest.raises(DesignError, match="no treated area touches an untreated one") as refusal:
        estimated(replace(six(), neighbours=touch))
    assert "difference_in_differences" in refusal.value.do


def test_a_buffer_that_takes_all_leaves_no_comparison():
    touch = ~np.eye(8, dtype=bool)
    with pytest.raises(DesignError, match="got 0 comparison areas"):
        estimated(replace(six(), neighbours=touch))


def test_a_ring_within_one_cluster_is_refused_and_the_remedy_answers():
    panel = replace(six(), cluster=np.array(list("abccefgh")))
    with pytest.raises(DesignError, match="lie within one cluster") as refusal:
        estimated(panel)
    assert "smaller area" in refusal.value.do
    assert np.isfinite(averages(estimated(panel, errors="overdispersed"))["std_error"]).all()


def test_few_treated_clusters_are_said_with_the_remedy():
    found = estimated(six())
    assert any("only 2 treated clusters" in note and "permutation" in note for note in found.notes)
    assert not any("treated clusters" in note for note in estimated(known()).notes)


def test_the_event_study_is_its_own():
    found = path(known(), outcome="y", design=design())
    assert found.method == "weighted_displacement"
    rows = by(found, "event_time", seed=1)
    assert rows["event_time"].min() == -12
    assert rows["estimate"][rows["event_time"] < 0].mean() == pytest.approx(0, abs=1e-10)


def test_ten_thousand_areas_take_less_than_a_second():
    import time

    panel = known(n=4000, periods=12, starts=(6,))
    began = time.process_time()
    estimated(panel)
    assert time.process_time() - began < 1.0


def test_the_size_of_the_test_on_clustered_noise():
    rejected = 0
    for seed in range(80):
        draw = np.random.default_rng(seed)
        panel = known(effect=0.0, seed=seed)
        shock = draw.gamma(10, 0.1, (30, 2)).repeat(12, axis=1).repeat(4, axis=0)
        y = draw.poisson(panel.outcomes["y"] * shock).astype(float)
        row = averages(estimated(replace(panel, outcomes={"y": y}))).loc["average"]
        rejected += not row["conf_low"] <= 0 <= row["conf_high"]
    assert rejected <= 10
