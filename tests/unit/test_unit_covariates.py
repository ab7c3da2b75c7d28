"""Group-time effects given covariates: by hand in two strata, by moving weights, and what covariates cannot do."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.stats.doubly_robust import KINDS, adjusted
from curv_eval.stats.group_time import Adjustment, Rule, group_time
from curv_eval.study import Design, Span
from panels import known

# two strata: in stratum 0 changes of treated 5, 7 and others 1, 3; in stratum 1 of treated 10 and others 2, 4, 6
CHANGE = np.array([5.0, 7, 1, 3, 10, 2, 4, 6])
TREATED = np.array([True, True, False, False, True, False, False, False])
STRATUM = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])
# treated less others is 6 - 2 in stratum 0 (two treated) and 10 - 4 in stratum 1 (one treated)
BY_HAND = (2 * 4 + 1 * 6) / 3


def effect(kind, change=CHANGE, treated=TREATED, x=STRATUM):
    return adjusted(
        np.asarray(change, float)[:, None], treated, np.asarray(x, float).reshape(len(treated), -1), kind=kind
    )


@pytest.mark.parametrize("kind", KINDS)
def test_two_strata_by_hand(kind):
    # with one covariate of two values every kind compares within its strata
    assert effect(kind).effect[0] == pytest.approx(BY_HAND, abs=1e-9)


def test_kinds_differ_where_the_covariate_is_not_a_stratum():
    draw = np.random.default_rng(1)
    x = draw.normal(size=60)
    treated = draw.random(60) < 1 / (1 + np.exp(-x))
    change = np.exp(x) + 2 * treated + draw.normal(size=60)
    found = [effect(kind, change, treated, x).effect[0] for kind in KINDS]
    assert len({round(v, 6) for v in found}) == 3


def drawn(n=400, seed=2):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 2))
    treated = draw.random(n) < 1 / (1 + np.exp(-(0.5 * x[:, 0] - 0.4 * x[:, 1])))
    change = 1.5 * x[:, 0] - x[:, 1] + 2 * treated + draw.normal(size=n)
    return change, treated, x


@pytest.mark.parametrize("kind", KINDS)
def test_what_covariates_explain_is_taken_out(kind):
    change, treated, x = drawn()
    found = effect(kind, change, treated, x)
    naive = change[treated].mean() - change[~treated].mean()
    error = np.linalg.norm(found.influence)
    assert abs(found.effect[0] - 2) < 3 * error
    assert abs(naive - 2) > 4 * error


@pytest.mark.parametrize("right", ["regression", "propensity"])
def test_doubly_robust_needs_only_one_of_two_models(right):
    # one model misses the square that drives treatment and change; the other has it
    draw = np.random.default_rng(3)
    z = draw.normal(size=6000)
    square = z**2
    in_change, in_chance = (z, square - z) if right == "regression" else (square, z)
    treated = draw.random(6000) < 1 / (1 + np.exp(-(0.8 * in_chance - 0.5)))
    change = 2 * in_change + 2 * treated + draw.normal(size=6000)
    found = effect("doubly_robust", change, treated, z)
    assert found.effect[0] == pytest.approx(2, abs=4 * np.linalg.norm(found.influence))
    other = effect("ipw" if right == "regression" else "regression", change, treated, z).effect[0]
    assert abs(other - 2) > 0.2


def crooked(n=30):
    """Treatment and change that follow the square of the covariate, which neither model has."""
    draw = np.random.default_rng(11)
    x = draw.normal(size=(n, 1))
    treated = draw.random(n) < 1 / (1 + np.exp(-(x[:, 0] ** 2 - 1 + x[:, 0])))
    return 3 * x[:, 0] ** 2 + draw.normal(size=n), treated, x


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [drawn(30), crooked()], ids=["models that fit", "models that do not"])
def test_influence_is_what_one_units_weight_does(kind, data):
    change, treated, x = data
    whole = effect(kind, change, treated, x)
    assert whole.influence.sum(axis=0) == pytest.approx([0], abs=1e-9)

    def moved(times):
        of = np.repeat(np.arange(30), times)
        return effect(kind, change[of], treated[of], x[of]).effect[0]

    times = 300
    for i in (0, 7, 15, 29):
        step = np.eye(30, dtype=int)[i]
        slope = (moved(times + step) - moved(times - step)) * times / 2
        assert slope == pytest.approx(whole.influence[i, 0], abs=5e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_units_of_measurement_do_not_matter(kind):
    change, treated, x = drawn(80)
    first, second = effect(kind, change, treated, x), effect(kind, change, treated, 1e5 + 3e4 * x)
    assert second.effect == pytest.approx(first.effect, rel=1e-7)
    assert second.influence == pytest.approx(first.influence, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_those_of_many_draws(kind):
    found, errors = [], []
    for seed in range(150):
        one = effect(kind, *drawn(300, seed))
        found.append(one.effect[0])
        errors.append(np.linalg.norm(one.influence))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.15)
    assert np.mean(found) == pytest.approx(2, abs=0.06)


def test_several_changes_are_answered_at_once():
    change, treated, x = drawn(60)
    both = adjusted(np.column_stack([change, -2 * change]), treated, x, kind="doubly_robust")
    one = effect("doubly_robust", change, treated, x)
    assert both.effect == pytest.approx([one.effect[0], -2 * one.effect[0]])
    assert both.influence[:, 1] == pytest.approx(-2 * one.influence[:, 0])


@pytest.mark.parametrize("kind", ["ipw", "doubly_robust"])
def test_a_covariate_that_separates_is_refused(kind):
    # treated have 0 and 6, others 1 to 5 and -1: the square of the distance from 2.5 tells them apart
    x = np.array([-1.0, 6, 1, 2, 6.2, 3, 4, 5])
    distance = (x - 2.5) ** 2
    with pytest.raises(DesignError, match=r"separate treated|no comparison area reaches|almost for certain") as refusal:
        effect(kind, x=np.column_stack([x, distance]))
    assert "covariates: none" in refusal.value.do


@pytest.mark.parametrize("kind", ["ipw", "doubly_robust"])
@pytest.mark.parametrize("lone", [3.4, 5.5], ids=["a comparison area", "treated areas"])
def test_areas_treated_almost_for_certain_are_refused(kind, lone):
    # one untreated area lies among the treated, where its weight would be hundreds, or just keeps the groups apart
    draw = np.random.default_rng(5)
    x = np.r_[draw.normal(0, 1, 200), draw.normal(3 if lone == 3.4 else 4, 0.5, 40), lone]
    treated = np.r_[np.zeros(200, bool), np.ones(40, bool), False]
    chance = statsmodels_chance(treated, x)
    assert (chance[~treated].max() > 0.995) or (chance[treated].max() > 0.999)
    with pytest.raises(DesignError, match="areas are treated almost for certain"):
        effect(kind, draw.normal(size=241), treated, x)


@pytest.mark.parametrize("kind", ["ipw", "doubly_robust"])
def test_overlap_is_refused_for_comparison_areas_alone(kind):
    # the treated spread widely, so that none of them is certain; one comparison area's weight is above 199
    x = np.r_[np.linspace(-1, 3, 400), np.linspace(1.5, 3.9, 200), 7.0]
    treated = np.r_[np.zeros(400, bool), np.ones(200, bool), False]
    chance = statsmodels_chance(treated, x)
    assert chance[-1] > 0.995
    assert chance[:-1].max() < 0.99
    with pytest.raises(DesignError, match="1 areas are treated almost for certain"):
        effect(kind, np.arange(601.0), treated, x)
    near = np.r_[x[:-1], 4.0]
    assert np.isfinite(effect(kind, np.arange(601.0), treated, near).effect).all()


def statsmodels_chance(treated, x):
    import statsmodels.api as sm

    full = sm.add_constant(x)
    return sm.Logit(treated.astype(float), full).fit(disp=0).predict(full)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mean_that_no_comparison_area_reaches_is_refused(kind):
    with pytest.raises(DesignError, match="no comparison area reaches"):
        effect(kind, x=np.where(TREATED, 10.0, 0.0) + np.linspace(0, 1, 8))


@pytest.mark.parametrize("kind", KINDS)
def test_more_covariates_than_comparison_areas_can_tell_apart_are_refused(kind):
    draw = np.random.default_rng(6)
    with pytest.raises(DesignError, match="5 comparison areas cannot tell 5 covariates apart"):
        effect(kind, x=draw.normal(size=(8, 5)))
    with pytest.raises(DesignError, match="cannot tell 2 covariates apart"):
        effect(kind, x=np.column_stack([STRATUM, 2 * STRATUM + 1]))


def test_a_covariate_without_variation_is_refused():
    with pytest.raises(DesignError, match="same value in every area"):
        effect("regression", x=np.full(8, 3.0))


DESIGN = Design(method="callaway_santanna", window=Span("2000-01", "2001-12"))


def given(kind, **options):
    return replace(DESIGN, options={"covariates": kind, **options})


def confounded(seed=1):
    """Counts that drift with deprivation, of which treated units have more."""
    panel = known(seed=seed, n=240, starts=(12, 16), effect=0.0)
    draw = np.random.default_rng(seed)
    deprivation = draw.normal(size=240) + 0.7 * panel.treated
    drift = np.outer(deprivation, np.arange(24)) * 0.15
    return replace(panel, outcomes={"y": panel.outcomes["y"] + drift + 10}, covariates={"deprivation": deprivation})


@pytest.mark.parametrize("kind", KINDS)
def test_a_drift_with_a_covariate_is_not_taken_for_an_effect(kind):
    panel = confounded()
    plain = overall(fit(panel, outcome="y", design=given("none", base="universal"))).iloc[0]
    found = overall(fit(panel, outcome="y", design=given(kind, base="universal"))).iloc[0]
    assert plain["conf_low"] > 0
    assert found["conf_low"] < 0 < found["conf_high"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base", ["varying", "universal", "mean"])
def test_cells_are_the_adjusted_changes_of_their_cohort(kind, base):
    panel = confounded()
    cells = fit(panel, outcome="y", design=given(kind, base=base)).cells
    row = cells[(cells["cohort"] == 16) & (cells["period"] == 18)].iloc[0]
    keep = np.isnan(panel.cohort) | (panel.cohort == 16)
    y, treated = panel.outcomes["y"][keep], panel.cohort[keep] == 16
    before = y[:, :16].mean(axis=1) if base == "mean" else y[:, 15]
    expected = effect(kind, y[:, 18] - before, treated, panel.covariates["deprivation"][keep])
    assert row["estimate"] == pytest.approx(expected.effect[0])
    assert row["n_comparison"] == (~treated).sum()


def test_covariates_are_named_in_the_notes():
    assert "given deprivation" in fit(confounded(), outcome="y", design=given("regression")).notes[0]
    assert not any("given" in note for note in fit(confounded(), outcome="y", design=given("none")).notes)


def test_a_panel_without_covariates_and_proportional_trends_are_refused_at_once():
    bare = replace(known(), covariates={})
    with pytest.raises(DesignError) as refusal:
        fit(bare, outcome="y", design=given("ipw", trends="proportional"))
    assert len(refusal.value.breaches) == 2
    assert "this panel has none" in refusal.value.breaches[0]
    assert "trends: additive" in refusal.value.breaches[1]


def test_the_arithmetic_refuses_proportional_trends_with_covariates_too():
    panel = known()
    rule = Rule(trends="proportional", adjustment=Adjustment("ipw", panel.covariates["deprivation"][:, None]))
    with pytest.raises(DesignError, match="proportional trends do not compare"):
        group_time(panel.outcomes["y"], panel.cohort, panel.periods, rule=rule)


def test_influence_added_up_within_clusters_is_that_of_the_units_added_up():
    panel = known(starts=(10, 14))
    for rule in (Rule(), Rule(trends="proportional", base="mean"), Rule(comparison="never_treated")):
        units = group_time(panel.outcomes["y"], panel.cohort, panel.periods, rule=rule)
        both = group_time(panel.outcomes["y"], panel.cohort, panel.periods, rule=rule, cluster=panel.cluster)
        names, code = np.unique(panel.cluster, return_inverse=True)
        for name in ("influence", "observed_influence"):
            sums = np.zeros((len(names), len(units.effect)))
            np.add.at(sums, code, getattr(units, name))
            assert getattr(both, name) == pytest.approx(sums, abs=1e-12)
