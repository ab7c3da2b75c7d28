"""Instruments: ratios by hand, sets that invert tests, and what is said of weak offers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as distributions

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.clustered import least_squares
from curv_eval.stats.instruments import Equation, anderson_rubin, first_stage, ratio_set, two_stage, wu_hausman
from curv_eval.study import Design, Span
from people import known_people


def design(**options):
    return Design(method="instrumental_variables", window=Span("2000-01", "2001-12"), options=options)


def drawn(n=400, push=0.8, seed=1, effect=1.0):
    """An offer z that moves treatment d by chance, and u that moves both d and y."""
    draw = np.random.default_rng(seed)
    z, u = (draw.random(n) < 0.5).astype(float), draw.normal(size=n)
    d = (u + push * z + draw.normal(size=n) > 0.4).astype(float)
    return Equation(effect * d + u + draw.normal(size=n), d, z, np.ones((n, 1)))


def people(equation, **more):
    n = len(equation.y)
    return People(
        persons=np.arange(n), treated=equation.d == 1, outcomes={"y": 20 + equation.y}, assigned=equation.z == 1, **more
    )


def test_without_covariates_the_effect_is_the_ratio_of_two_differences():
    e = drawn()
    gaps = [v[e.z == 1].mean() - v[e.z == 0].mean() for v in (e.y, e.d)]
    assert two_stage(e).coefficients[0] == pytest.approx(gaps[0] / gaps[1])


def test_it_sees_through_what_people_chose():
    e = drawn(n=20_000)
    plain = least_squares(np.column_stack([e.d, e.x]), e.y).coefficients[0]
    found = two_stage(e)
    assert plain > 1.5
    assert abs(found.coefficients[0] - 1) < 4 * found.robust.errors[0]
    chose = wu_hausman(e)
    assert chose.p_value < 0.001
    assert chose.f == pytest.approx((chose.value / chose.std_error) ** 2)


def test_where_everybody_did_as_offered_it_is_the_difference_itself():
    e = drawn()
    e = Equation(e.y, e.z, e.z, e.x)
    found, plain = two_stage(e), least_squares(np.column_stack([e.z, e.x]), e.y)
    assert found.coefficients[0] == pytest.approx(plain.coefficients[0])
    assert found.robust.errors[0] == pytest.approx(plain.robust.errors[0])
    assert first_stage(e).f == np.inf
    assert first_stage(e).shift == pytest.approx(1.0)


def test_first_stage_by_hand():
    e = drawn()
    stage, fitted = first_stage(e, rule="HC2"), least_squares(e.given, e.d, rule="HC2")
    assert stage.shift == pytest.approx(e.d[e.z == 1].mean() - e.d[e.z == 0].mean())
    assert stage.robust_f == pytest.approx((fitted.coefficients[0] / fitted.robust.errors[0]) ** 2)
    t = np.sqrt(stage.f)
    assert stage.partial_r2 == pytest.approx(t**2 / (t**2 + len(e.y) - 2))


@pytest.mark.parametrize("push", [2.0, 0.8])
def test_the_ends_of_the_set_are_where_the_test_turns(push):
    e = drawn(push=push)
    found = anderson_rubin(e)
    assert found.low < two_stage(e).coefficients[0] < found.high
    assert not found.outside

    def p_value(effect):
        fitted = least_squares(e.given, e.y - effect * e.d)
        t = abs(fitted.coefficients[0] / fitted.robust.errors[0])
        return 2 * distributions.t.sf(t, fitted.robust.df[0])

    assert p_value(found.low) == pytest.approx(0.05, abs=1e-8)
    assert p_value(found.high) == pytest.approx(0.05, abs=1e-8)
    assert p_value((found.low + found.high) / 2) > 0.05
    assert p_value(0.0) == pytest.approx(found.p_value, abs=1e-10)


def test_with_clusters_the_set_uses_their_errors():
    e, cluster = drawn(push=2.0), np.arange(400) // 20
    fitted = least_squares(e.given, e.y - anderson_rubin(e, cluster=cluster).high * e.d, cluster=cluster)
    t = abs(fitted.coefficients[0] / fitted.robust.errors[0])
    assert 2 * distributions.t.sf(t, fitted.robust.df[0]) == pytest.approx(0.05, abs=1e-8)


def test_a_strong_offer_gives_both_intervals_alike():
    e = drawn(n=5000, push=3.0)
    fitted, found = two_stage(e), anderson_rubin(e)
    b, q = fitted.coefficients[0], 1.96 * fitted.robust.errors[0]
    assert (found.low, found.high) == pytest.approx((b - q, b + q), abs=0.02)


# scores of two people, so that covariances are easy: v11 = 1, v22 = s^2, v12 = 0
@pytest.mark.parametrize(
    ("top", "bottom", "spread", "kind"),
    [(3.0, 5.0, 0.1, "interval"), (0.1, 0.1, 1.0, "all"), (5.0, 0.1, 1.0, "outside")],
)
def test_sets_come_in_three_kinds(top, bottom, spread, kind):
    found = ratio_set(top, bottom, np.diag([1.0, spread]), alpha=0.05, df=np.inf)
    q = distributions.norm.ppf(0.975)

    def held(e):
        return abs(top - e * bottom) <= q * np.sqrt(1 + e**2 * spread**2)

    if kind == "all":
        assert (found.low, found.high) == (-np.inf, np.inf)
        assert all(held(e) for e in (-100, 0, 100))
    elif kind == "interval":
        assert not found.outside
        assert held(found.low + 1e-6)
        assert not held(found.low - 1e-6)
    else:
        assert found.outside
        assert held(found.low - 1e-6)
        assert not held((found.low + found.high) / 2)
        assert held(found.high + 1e-6)
    assert found.p_value == pytest.approx(2 * distributions.norm.sf(top))


def test_an_offer_that_moves_nothing_is_refused():
    e = drawn()
    for z in (np.ones(400), np.zeros(400)):
        with pytest.raises(DesignError, match="says nothing"):
            two_stage(Equation(e.y, e.d, z, e.x))


def test_fewer_instruments_than_treatments_are_refused():
    e = drawn()
    with pytest.raises(DesignError, match="says nothing"):
        two_stage(Equation(e.y, np.column_stack([e.d, e.d**2 + e.y]), e.z, e.x))


def test_the_method_gives_the_ratio_and_names_whom_it_is_about():
    e = drawn(push=3.0)
    found = fit(people(e), outcome="y", design=design())
    assert overall(found).iloc[0]["estimate"] == pytest.approx(two_stage(e).coefficients[0])
    assert "compliers" in found.estimand
    assert found.tested is None
    assert list(found.parameters["term"]) == [
        "share who took it up because it was offered", "what people chose for themselves (Wu-Hausman)",
    ]  # fmt: skip


def test_a_weak_offer_gets_the_interval_that_holds():
    e = drawn(n=120, push=0.3, seed=5)
    assert first_stage(e).robust_f < 10
    found = fit(people(e), outcome="y", design=design())
    assert found.tested is not None
    assert any("below 10" in note for note in found.notes)
    row = overall(found).iloc[0]
    assert (row["conf_low"], row["conf_high"]) == (found.tested.conf_low, found.tested.conf_high)


def test_the_interval_may_be_asked_for():
    e = drawn(push=3.0)
    found = fit(people(e), outcome="y", design=design(interval="anderson rubin"))
    held = anderson_rubin(e)
    assert (found.tested.conf_low, found.tested.conf_high) == pytest.approx((held.low, held.high))
    assert found.tested.p_value == pytest.approx(held.p_value)


def test_a_set_outside_an_interval_has_no_ends_and_says_so():
    for seed in range(60):
        e = drawn(n=80, push=0.1, seed=seed, effect=3.0)
        if anderson_rubin(e).outside:
            found = fit(people(e), outcome="y", design=design())
            assert (found.tested.conf_low, found.tested.conf_high) == (-np.inf, np.inf)
            assert any("everything below" in note for note in found.notes)
            return
    raise AssertionError("no draw gave such a set")


def test_covariates_can_be_left_out():
    held = known_people()
    swap = np.random.default_rng(3).random(800) < 0.2
    held = replace(held, treated=held.assigned ^ swap)
    bare = fit(held, outcome="y", design=design(covariates="left out"))
    full = fit(held, outcome="y", design=design())
    assert full.influence.T @ full.influence < bare.influence.T @ bare.influence
    e = Equation(held.outcomes["y"], held.treated, held.assigned, np.ones((800, 1)))
    assert overall(bare).iloc[0]["estimate"] == pytest.approx(two_stage(e).coefficients[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: replace(p, assigned=None), "assigned: is not given"),
        (lambda p: replace(p, assigned=np.ones(800, bool)), "everybody was assigned alike"),
    ],
)
def test_people_without_an_offer_are_refused(change, said):
    with pytest.raises(DesignError, match=said):
        fit(change(known_people()), outcome="y", design=design())
