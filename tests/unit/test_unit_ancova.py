"""Randomised comparisons: regressors by hand, and what the method says of them."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.stats.ancova import ADJUST, regressors
from curv_eval.stats.clustered import least_squares
from curv_eval.study import Design, Span
from people import known_people


def design(**options):
    return Design(method="ancova", window=Span("2000-01", "2001-12"), options=options)


def effect(people, **options):
    found = fit(people, outcome="y", design=design(**options))
    return overall(found).iloc[0], found


def drawn(n=90, seed=3):
    draw = np.random.default_rng(seed)
    d, x = (draw.random(n) < 0.4).astype(float), draw.normal(size=(n, 2))
    return 1 + 2 * d + x @ [1.0, -1.0] + d * x[:, 0] + draw.normal(size=n), d, x


def test_no_adjustment_is_the_difference_in_means():
    y, d, x = drawn()
    found = least_squares(regressors(d, x, adjust="none"), y, rule="HC2")
    assert found.coefficients[0] == pytest.approx(y[d == 1].mean() - y[d == 0].mean())
    neyman = y[d == 1].var(ddof=1) / d.sum() + y[d == 0].var(ddof=1) / (1 - d).sum()
    assert found.robust.covariance[0, 0] == pytest.approx(neyman)


def test_lin_is_two_regressions_read_at_the_mean():
    y, d, x = drawn()
    read = [
        np.linalg.lstsq(np.column_stack([np.ones(int(arm.sum())), x[arm]]), y[arm], rcond=None)[0]
        for arm in (d == 1, d == 0)
    ]
    at = np.append(1.0, x.mean(axis=0))
    assert least_squares(regressors(d, x), y).coefficients[0] == pytest.approx(at @ read[0] - at @ read[1])


def test_lin_centred_at_the_treated_is_read_at_their_mean():
    y, d, x = drawn()
    read = np.linalg.lstsq(np.column_stack([np.ones(int((d == 0).sum())), x[d == 0]]), y[d == 0], rcond=None)[0]
    expected = y[d == 1].mean() - np.append(1.0, x[d == 1].mean(axis=0)) @ read
    assert least_squares(regressors(d, x, weights=d), y).coefficients[0] == pytest.approx(expected)


def test_strata_with_lin_are_averaged_by_their_size():
    y, d, _ = drawn()
    layer = np.arange(90) % 3
    dummies = (layer[:, None] == [1, 2]).astype(float)
    gaps = [y[(layer == s) & (d == 1)].mean() - y[(layer == s) & (d == 0)].mean() for s in range(3)]
    assert least_squares(regressors(d, dummies), y).coefficients[0] == pytest.approx(np.mean(gaps))


def test_ancova_has_one_slope():
    y, d, x = drawn()
    by_hand = np.linalg.lstsq(np.column_stack([d, np.ones(90), x]), y, rcond=None)[0][0]
    assert least_squares(regressors(d, x, adjust="ancova"), y).coefficients[0] == pytest.approx(by_hand)


def test_several_arms_have_an_effect_each():
    draw = np.random.default_rng(4)
    arm, x = np.arange(120) % 3, draw.normal(size=(120, 1))
    y = arm + x[:, 0] * (1 + arm) + draw.normal(size=120)
    dummies = (arm[:, None] == [1, 2]).astype(float)
    both = least_squares(regressors(dummies, x), y).coefficients[:2]
    for j in (1, 2):
        fits = [np.polyfit(x[arm == k, 0], y[arm == k], 1) for k in (j, 0)]
        assert both[j - 1] == pytest.approx(np.polyval(fits[0], x.mean()) - np.polyval(fits[1], x.mean()))


@pytest.mark.parametrize("adjust", ADJUST)
def test_a_number_added_to_covariates_changes_nothing(adjust):
    y, d, x = drawn()
    one = least_squares(regressors(d, x, adjust=adjust), y)
    other = least_squares(regressors(d, 7 + 3 * x, adjust=adjust), y)
    assert other.coefficients[0] == pytest.approx(one.coefficients[0])
    assert other.robust.errors[0] == pytest.approx(one.robust.errors[0])


@pytest.mark.parametrize("adjust", ["lin", "ancova"])
def test_columns_that_follow_from_others_are_left_out(adjust):
    y, d, x = drawn()
    more = np.column_stack([x, x.sum(axis=1), np.ones(90)])
    assert regressors(d, more, adjust=adjust).shape == regressors(d, x, adjust=adjust).shape
    one, other = (least_squares(regressors(d, z, adjust=adjust), y).coefficients[0] for z in (x, more))
    assert other == pytest.approx(one)


@pytest.mark.parametrize(
    ("given", "said"), [({"adjust": "magic"}, "expected one of lin"), ({"d": np.ones(90)}, "nobody or everybody")]
)
def test_what_cannot_be_compared_is_refused(given, said):
    _, d, x = drawn()
    with pytest.raises(DesignError, match=said):
        regressors(given.get("d", d), x, adjust=given.get("adjust", "lin"))


def crossed(people, share=0.2, seed=2):
    swap = np.random.default_rng(seed).random(len(people.persons)) < share
    return replace(people, treated=people.assigned ^ swap)


def test_people_stay_in_the_group_they_were_assigned_to():
    people = crossed(known_people())
    row, found = effect(people)
    as_drawn, _ = effect(replace(people, treated=people.assigned))
    assert row["estimate"] == as_drawn["estimate"]
    assert found.cells["n_units"].iloc[0] == people.assigned.sum()
    assert any("received what they were not assigned" in note for note in found.notes)
    assert "offered" in found.estimand


def test_as_treated_compares_what_they_received_and_says_so():
    people = crossed(known_people())
    row, found = effect(people, effect="as treated")
    alone, _ = effect(replace(people, assigned=None), effect="as treated")
    assert row["estimate"] == alone["estimate"]
    assert found.cells["n_units"].iloc[0] == people.treated.sum()
    assert any("not as drawn" in note for note in found.notes)


def test_without_assigned_the_treated_are_taken_for_them():
    people = known_people()
    row, found = effect(replace(people, assigned=None))
    assert row["estimate"] == effect(people)[0]["estimate"]
    assert any("`assigned` is not given" in note for note in found.notes)


def test_covariates_make_the_answer_more_precise():
    people = known_people()
    errors = [effect(people, adjust=adjust)[0]["std_error"] for adjust in ("none", "ancova", "lin")]
    assert errors[1] < 0.95 * errors[0]
    assert errors[2] < 0.95 * errors[0]


def test_a_missing_score_before_keeps_the_person():
    people = known_people()
    before = people.before["y"].copy()
    before[::5] = np.nan
    row, found = effect(replace(people, before={"y": before}))
    assert found.cells[["n_units", "n_comparison"]].sum(axis=1).iloc[0] == len(people.persons)
    assert row["estimate"] == pytest.approx(effect(people)[0]["estimate"], abs=0.15)
    assert any("160 people without y before were kept" in note for note in found.notes)


def test_no_score_before_at_all_is_no_covariate():
    people = known_people()
    nothing = replace(people, before={"y": np.full(800, np.nan)})
    assert effect(nothing)[0]["estimate"] == pytest.approx(effect(replace(people, before={}))[0]["estimate"])


def test_strata_are_adjusted_for_and_lopsided_ones_are_named():
    people = known_people()
    layer = np.array(["a", "b", "c", "d"])[np.arange(800) % 4]
    row, found = effect(replace(people, stratum=layer))
    assert not any("strata" in note for note in found.notes)
    assert abs(row["estimate"] + 2) < 4 * row["std_error"]
    sided = np.where(people.treated & (np.arange(800) < 100), "all treated", layer)
    assert any("1 strata hold only one" in note for note in effect(replace(people, stratum=sided))[1].notes)


@pytest.mark.parametrize(("errors", "alone", "clustered"), [("hc2", "HC2", "CR2"), ("hc3", "HC3", "CR3")])
def test_the_error_rule_is_named(errors, alone, clustered):
    people = known_people()
    assert effect(people, errors=errors)[1].se_rule.startswith(clustered)
    found = effect(replace(people, cluster=None), errors=errors)[1]
    assert found.se_rule.startswith(alone)
    assert found.influence.shape == (800, 1)


def test_few_clusters_are_said_with_the_remedy():
    people = known_people()
    few = replace(people, cluster=np.where(people.treated, 0, 3) + np.arange(800) % 3)
    _, found = effect(few)
    assert any("degrees of freedom" in note and "test: permutation" in note for note in found.notes)
    assert not any("degrees of freedom" in note for note in effect(people)[1].notes)


def test_all_dummies_of_a_category_may_be_given():
    people = known_people()
    every = {**people.covariates, "boy": 1 - people.covariates["girl"]}
    row, found = effect(replace(people, covariates=every))
    assert row["estimate"] == pytest.approx(effect(people)[0]["estimate"])
    assert any("follow from others" in note for note in found.notes)
