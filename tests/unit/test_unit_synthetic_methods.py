"""The three synthetic methods on panels: donors, placebos, refusals, and what they print."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import by, overall
from curv_eval.estimate.synthetic import assignment
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.stats import synthetic, synthetic_did
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")
GAPS = ("synthetic_control", "augmented_synthetic_control")
ALL = (*GAPS, "synthetic_difference_in_differences")


def design(method, anticipation=0, alpha=0.05, **options):
    return Design(method=method, window=WINDOW, options=options, anticipation=anticipation, alpha=alpha)


def one_treated(units=25, periods=20, effect=-6.0, seed=1):
    """One treated area among others that share two factors; nobody is in a cluster."""
    draw = np.random.default_rng(seed)
    factors = draw.normal(size=(2, periods)).cumsum(axis=1)
    y = 30 + draw.uniform(0.5, 1.5, size=(units, 2)) @ factors + draw.normal(size=(units, periods))
    y[0, 14:] += effect
    names = np.array([f"A{i:02d}" for i in range(units)])
    return Panel(
        units=names, periods=np.arange(periods), cohort=np.where(np.arange(units) == 0, 14.0, np.nan), cluster=names,
        outcomes={"y": y}, frequency="year", district=np.where(np.arange(units) % 2, "east", "west"),
        neighbours=np.abs(np.subtract.outer(np.arange(units), np.arange(units))) == 1,
    )  # fmt: skip


@pytest.mark.parametrize("method", ALL)
def test_one_treated_area_is_compared_with_every_other(method):
    found = fit(one_treated(), outcome="y", design=design(method))
    assert len(found.influence) == 24
    row = overall(found).iloc[0]
    assert row["estimate"] == pytest.approx(-6, abs=1.5)
    assert (found.cells["n_comparison"] == 24).all()
    assert len(found.cells) == 20
    assert (found.cells["event_time"] == np.arange(20) - 14).all()


@pytest.mark.parametrize("method", GAPS)
def test_gaps_before_the_start_are_the_fit(method):
    found = fit(one_treated(), outcome="y", design=design(method))
    rows = found.parameters.set_index("term")["estimate"]
    before = found.cells["event_time"] < 0
    assert np.sqrt((found.cells.loc[before, "estimate"] ** 2).mean()) == pytest.approx(rows["pre_rmspe"])
    assert 1 <= rows["donors_above_1_percent"] <= 24
    assert rows["rmspe_ratio"] > 1


@pytest.mark.parametrize("method", GAPS)
def test_p_and_floor_are_in_tested_and_in_the_notes(method):
    found = fit(one_treated(), outcome="y", design=design(method))
    assert found.tested.floor == pytest.approx(1 / 25)
    assert found.tested.p_value == pytest.approx(1 / 25)
    assert any("placebo p 0.040" in note and "below 0.0400" in note for note in found.notes)
    assert overall(found).iloc[0]["conf_high"] < 0


@pytest.mark.parametrize("method", GAPS)
def test_the_error_is_the_root_mean_square_of_the_placebos(method):
    found = fit(one_treated(), outcome="y", design=design(method))
    averages = found.influence[:, found.after].mean(axis=1) * np.sqrt(24)
    assert overall(found).iloc[0]["std_error"] == pytest.approx(np.sqrt((averages**2).mean()))


@pytest.mark.parametrize("method", GAPS)
def test_a_constant_for_all_changes_nothing_and_with_an_intercept_no_level_does(method):
    panel = one_treated()
    y = panel.outcomes["y"]
    levels = replace(panel, outcomes={"y": y + 10 * np.arange(25)[:, None]})
    moved = replace(panel, outcomes={"y": y + 10})
    for chosen, other in (({"intercept": "no"}, moved), ({"intercept": "yes"}, levels)):
        one, two = (fit(p, outcome="y", design=design(method, **chosen)) for p in (panel, other))
        assert two.cells["estimate"].to_numpy() == pytest.approx(one.cells["estimate"].to_numpy(), abs=1e-5)
        assert two.tested.conf_low == pytest.approx(one.tested.conf_low, abs=1e-4)


@pytest.mark.parametrize("method", GAPS)
def test_conformal_intervals_are_named_and_move_with_the_effect(method):
    found = fit(one_treated(effect=-6.0), outcome="y", design=design(method, alpha=0.1, interval="conformal"))
    more = fit(one_treated(effect=-9.0), outcome="y", design=design(method, alpha=0.1, interval="conformal"))
    assert "conformal" in found.tested.rule
    assert found.tested.floor == 1 / 20
    assert more.tested.conf_low == pytest.approx(found.tested.conf_low - 3, abs=1e-3)
    assert found.tested.conf_low < overall(found).iloc[0]["estimate"] < found.tested.conf_high


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize(("donors", "count"), [("all", 24), ("same district", 12), ("not neighbours", 23)])
def test_donors_are_chosen(method, donors, count):
    found = fit(one_treated(), outcome="y", design=design(method, donors=donors))
    assert (found.cells["n_comparison"] == count).all()


@pytest.mark.parametrize("method", ALL)
def test_anticipation_leaves_periods_out_of_the_fit(method):
    panel = one_treated(effect=0.0)
    spoilt = panel.outcomes["y"].copy()
    spoilt[0, 12:14] += 100
    found = fit(replace(panel, outcomes={"y": spoilt}), outcome="y", design=design(method, anticipation=2))
    clean = fit(panel, outcome="y", design=design(method, anticipation=2))
    early = found.cells["event_time"].isin([-2, -1])
    assert found.cells.loc[~early, "estimate"].to_numpy() == pytest.approx(
        clean.cells.loc[~early, "estimate"].to_numpy()
    )
    assert (found.cells.loc[early, "estimate"] > 90).all()


@pytest.mark.parametrize("method", ALL)
def test_event_study_has_periods_before_and_after(method):
    rows = by(fit(one_treated(), outcome="y", design=design(method)), "event_time", seed=1)
    assert rows["event_time"].min() == -14
    assert rows["event_time"].max() == 5
    assert np.isfinite(rows[["estimate", "std_error"]].to_numpy()).all()


@pytest.mark.parametrize("method", GAPS)
def test_groups_of_clusters_are_placebos_where_clusters_are_treated(method):
    panel = known(n=80)
    three = panel.with_cohort(np.where(np.isin(panel.cluster, ["ward 00", "ward 01"]), 12.0, np.nan))
    found = fit(three, outcome="y", design=design(method, draws=60))
    assert found.tested.draws in (59, 60)  # less the real one, if it was drawn
    assert "drawn with seed 20261125" in found.se_rule
    assert found.n_treated_clusters == 2
    other = fit(three, outcome="y", design=design(method, draws=60, seed=5))
    assert other.tested.conf_low != found.tested.conf_low
    assert other.cells["estimate"].equals(found.cells["estimate"])


def test_exact_fits_are_said():
    notes = " ".join(fit(known(), outcome="y", design=design("synthetic_control")).notes)
    assert "fits before the start are exact" in notes
    assert "groups of treated and untreated clusters alike" in notes


@pytest.mark.parametrize("method", GAPS)
def test_the_error_does_not_hold_the_effect_of_treated_clusters_among_the_placebos(method):
    panel = known(n=40, effect=0.0)
    on = panel.treated[:, None] & (panel.periods >= 12)
    moved = replace(panel, outcomes={"y": panel.outcomes["y"] + 50.0 * on})
    one, two = (overall(fit(p, outcome="y", design=design(method))).iloc[0] for p in (panel, moved))
    assert two["estimate"] == pytest.approx(one["estimate"] + 50, abs=1e-4)
    assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-5)
    assert two["conf_low"] == pytest.approx(one["conf_low"] + 50, abs=1e-3)


def test_clusters_that_are_treated_in_part_make_units_the_assignment():
    panel = known(n=40)
    assert (assignment(panel) == panel.cluster).all()
    part = panel.with_cohort(np.where(np.arange(40) == 0, 12.0, np.nan))
    assert (assignment(part) == part.units).all()
    found = fit(part, outcome="y", design=design("synthetic_control"))
    assert found.tested.draws == 39


def test_a_poor_fit_is_said():
    panel = one_treated()
    y = panel.outcomes["y"].copy()
    y[0] *= 3
    notes = fit(replace(panel, outcomes={"y": y}), outcome="y", design=design("synthetic_control")).notes
    assert "lies outside what weighted donors can reproduce" in notes[0]
    assert "%" in notes[0]


def test_few_donors_leave_the_interval_open_and_say_so():
    panel = one_treated()
    few = panel.take(np.arange(25) < 6)
    found = fit(few, outcome="y", design=design("synthetic_control"))
    assert found.tested.floor == pytest.approx(1 / 6)
    assert np.isinf([found.tested.conf_low, found.tested.conf_high]).all()
    assert "no finite 95% interval exists" in found.notes[-1]
    assert np.isfinite(overall(found)["std_error"]).all()


REFUSED = {
    "two periods before": (lambda p: p.take(np.full(25, True), p.periods >= 12), {}, "got 2, expected at least 3"),
    "one donor": (lambda p: p.take(np.arange(25) < 2), {}, "at least 2 clusters"),
    "no districts": (lambda p: replace(p, district=None), {"donors": "same district"}, "use `donors: all`"),
    "no neighbours": (lambda p: replace(p, neighbours=None), {"donors": "not neighbours"}, "use `donors: all`"),
    "nobody in the district": (
        lambda p: replace(p, district=np.where(np.arange(25) == 0, "alone", "other")),
        {"donors": "same district"},
        "got 0 areas",
    ),
}


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("fault", REFUSED)
def test_what_has_no_synthetic_control_is_refused(method, fault):
    change, options, words = REFUSED[fault]
    with pytest.raises(DesignError) as refusal:
        fit(change(one_treated()), outcome="y", design=design(method, **options))
    assert words in str(refusal.value)


@pytest.mark.parametrize("method", ALL)
def test_staggered_starts_name_two_remedies(method):
    with pytest.raises(DesignError) as refusal:
        fit(known(starts=(10, 14)), outcome="y", design=design(method))
    assert "callaway_santanna" in refusal.value.do
    assert "randomisation_inference" in refusal.value.do


# synthetic difference-in-differences


def sdid(**options):
    return design("synthetic_difference_in_differences", **options)


def test_the_method_is_the_function():
    panel = one_treated()
    y = panel.outcomes["y"]
    block = synthetic_did.Block(np.vstack([y[1:], y[:1]]), 24, 14)
    found = fit(panel, outcome="y", design=sdid())
    assert overall(found).iloc[0]["estimate"] == pytest.approx(
        synthetic_did.effect(block, synthetic_did.synthetic_did(block))
    )
    rows = found.parameters.set_index("term")["estimate"]
    assert rows["zeta"] == pytest.approx(block.zeta)


def test_placebo_draws_and_seed_are_printed():
    panel = known(n=80)
    two = panel.with_cohort(np.where(np.isin(panel.cluster, ["ward 00", "ward 01"]), 12.0, np.nan))
    found = fit(two, outcome="y", design=sdid(draws=30, seed=7))
    assert "30 placebo draws, seed 7" in found.se_rule
    assert "30 placebo draws, seed 7" in " ".join(found.notes)
    assert len(found.influence) == 30


def test_placebo_variance_by_hand():
    panel = one_treated(units=8)
    found = fit(panel, outcome="y", design=sdid())
    y = panel.outcomes["y"][1:]
    effects = []
    for j in range(7):
        block = synthetic_did.Block(np.vstack([np.delete(y, j, axis=0), y[j : j + 1]]), 6, 14)
        effects.append(synthetic_did.effect(block, synthetic_did.synthetic_did(block, exact=True)))
    assert overall(found).iloc[0]["std_error"] == pytest.approx(np.std(effects))


def test_jackknife_by_hand():
    panel = known(n=40)
    alone = replace(panel, cluster=panel.units)
    found = fit(alone, outcome="y", design=sdid(errors="jackknife"))
    y, treated = panel.outcomes["y"], panel.treated
    rows = np.vstack([y[~treated], y[treated]])
    block = synthetic_did.Block(rows, 20, 12)
    weights = synthetic_did.synthetic_did(block)
    left = [synthetic_did.without(block, weights, np.arange(40) == i)[12:].mean() for i in range(40)]
    # R synthdid: sqrt((n - 1) / n x (n - 1) x var(u))
    assert overall(found).iloc[0]["std_error"] == pytest.approx(np.sqrt(39 / 40 * 39 * np.var(left, ddof=1)))


def test_placebos_without_donors_enough_are_refused_if_asked_for_and_replaced_if_not():
    with pytest.raises(DesignError, match="more untreated clusters than treated ones, got 15 and 15"):
        fit(known(), outcome="y", design=sdid(errors="placebos"))
    found = fit(known(), outcome="y", design=sdid())
    assert "jackknife" in found.se_rule
    assert "jackknife" in found.notes[0]


def test_jackknife_with_one_treated_is_refused():
    with pytest.raises(DesignError, match="at least 2 treated clusters"):
        fit(one_treated(), outcome="y", design=sdid(errors="jackknife"))


def test_donors_that_never_change_are_refused():
    panel = one_treated()
    y = panel.outcomes["y"].copy()
    y[1:] = 4.0
    with pytest.raises(DesignError, match="no donor changes"):
        fit(replace(panel, outcomes={"y": y}), outcome="y", design=sdid())


def test_the_method_synthetic_control_is_the_function():
    panel = one_treated()
    y = panel.outcomes["y"]
    found = fit(panel, outcome="y", design=design("synthetic_control"))
    assert found.cells["estimate"].to_numpy() == pytest.approx(synthetic.fit(y[0], y[1:], np.arange(20) < 14).gap)
