"""Doses: bent curves by hand, and what the method makes of sessions attended."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.dose import QUANTILES, DoseCurve, bent, knots
from curv_eval.study import Design, Span

KNOTS = (2.0, 4.0, 7.0, 10.0)


def design(**options):
    return Design(method="dose_response", window=Span("2000-01", "2001-12"), options=options)


def effect(people, **options):
    found = fit(people, outcome="y", design=design(**options))
    return overall(found).iloc[0]["estimate"], found


def attended(n=240, seed=1, noise=1.0, curve=lambda dose: 0.5 * dose):
    """People who are better off attend more; every session is worth what `curve` says."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    dose = np.where(draw.random(n) < 0.6, 1.0 + draw.poisson(np.exp(1.5 + 0.3 * x)), 0.0)
    y = 10 + x + curve(dose) + noise * draw.normal(size=n)
    return People(persons=np.arange(n), treated=dose > 0, outcomes={"y": y}, covariates={"x": x}, dose=dose)


def test_bending_terms_by_hand():
    # three knots 0, 1, 3 at x = 4: [4^3 - 3^3 x 3/2 + 1^3 x 1/2] / 3^2
    assert bent(np.array([4.0]), (0.0, 1.0, 3.0))[0, 0] == pytest.approx((64 - 27 * 1.5 + 0.5) / 9)
    assert bent(np.array([0.5]), (0.0, 1.0, 3.0))[0, 0] == pytest.approx(0.125 / 9)


def test_curves_are_straight_outside_the_knots():
    for ends in (np.linspace(-5, 2, 8), np.linspace(10, 20, 8)):
        assert np.diff(bent(ends, KNOTS), 2, axis=0) == pytest.approx(0, abs=1e-9)
    assert bent(np.array([0.0, 1.0, 2.0]), KNOTS) == pytest.approx(0)


def test_slopes_are_those_of_small_steps():
    x = np.linspace(0.5, 15, 30)
    step = (bent(x + 1e-6, KNOTS) - bent(x - 1e-6, KNOTS)) / 2e-6
    assert bent(x, KNOTS, slope=True) == pytest.approx(step, abs=1e-6)


@pytest.mark.parametrize("number", QUANTILES)
def test_knots_lie_at_quantiles(number):
    x = np.arange(1001.0)
    assert knots(x, number) == pytest.approx([1000 * q for q in QUANTILES[number]])
    assert bent(x, knots(x, number)).shape == (1001, number - 2)


def test_knots_that_fall_together_are_refused():
    with pytest.raises(DesignError, match="too few different values"):
        knots(np.repeat([1.0, 2.0], 50), 4)
    with pytest.raises(DesignError, match="expected 3, 4 or 5"):
        knots(np.arange(100.0), 7)


@pytest.mark.parametrize("step", [True, False])
@pytest.mark.parametrize("at", [(), KNOTS])
def test_no_dose_is_no_effect(step, at):
    curve = DoseCurve(at, step)
    terms = curve.terms(np.array([0.0, 3.0]))
    assert terms[0] == pytest.approx(0)
    assert terms.shape == (2, 1 + max(len(at) - 2, 0) + step)
    assert curve.slopes(np.array([3.0])).shape == (1, terms.shape[1])


def test_each_session_is_found():
    people = attended(noise=0.0)
    value, found = effect(people)
    assert value == pytest.approx(0.5 * people.dose[people.treated].mean())
    assert found.parameters["estimate"].iloc[0] == pytest.approx(0.5)
    quarters = np.quantile(people.dose[people.treated], [0.25, 0.5, 0.75])
    assert found.parameters["estimate"].iloc[1:].to_numpy() == pytest.approx(0.5 * quarters)


def test_people_who_attend_more_for_reasons_measured_are_adjusted_for():
    people = attended(n=6000)
    value, found = effect(people)
    mean = 0.5 * people.dose[people.treated].mean()
    error = float(np.linalg.norm(found.influence))
    assert abs(value - mean) < 4 * error
    unadjusted = effect(people, adjust="none")[1].parameters["estimate"].iloc[0]
    assert unadjusted > 0.53


def test_a_step_is_not_taken_for_a_slope():
    people = attended(noise=0.0, curve=lambda dose: np.where(dose > 0, 3.0, 0.0))
    value, found = effect(people)
    assert value == pytest.approx(3.0)
    assert found.parameters["estimate"].iloc[0] == pytest.approx(0, abs=1e-8)
    assert effect(people, start="zero")[0] != pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("number", [3, 4])
def test_a_bent_curve_is_found_where_a_line_is_not(number):
    people = attended(n=4000, noise=0.1, curve=lambda dose: 4 * np.minimum(dose, 4) / 4)
    truth = np.minimum(people.dose[people.treated], 4).mean()
    line, spline = (effect(people, shape=s, start="zero", knots=number)[0] for s in ("linear", "spline"))
    assert abs(spline - truth) < abs(line - truth) / 2


def test_the_slope_of_a_bent_curve_is_averaged_over_the_treated():
    people = attended(noise=0.0)
    found = effect(people, shape="spline")[1]
    assert found.parameters["estimate"].iloc[0] == pytest.approx(0.5)


def test_among_the_treated_nobody_else_is_compared():
    people = attended()
    value, found = effect(people, among="treated")
    worse = replace(people, outcomes={"y": np.where(people.treated, people.outcomes["y"], -50.0)})
    assert effect(worse, among="treated")[0] == pytest.approx(value)
    assert found.influence.shape == (240, 1)
    assert found.influence[~people.treated].tolist() == [[0.0]] * int((~people.treated).sum())
    mean = people.dose[people.treated].mean()
    assert value == pytest.approx(found.parameters["estimate"].iloc[0] * mean)


def test_clusters_without_a_treated_person_keep_their_row():
    people = attended()
    order = np.argsort(~people.treated, kind="stable")
    rank = np.empty(240, dtype=int)
    rank[order] = np.arange(240)
    grouped = replace(people, cluster=rank // 12)
    found = effect(grouped, among="treated")[1]
    assert found.influence.shape == (20, 1)
    assert "clustered" in found.se_rule


def test_an_expected_dose_takes_out_a_bend_that_covariates_do_not():
    draw = np.random.default_rng(5)
    n = 5000
    x = draw.normal(size=n)
    dose = 1.0 + draw.poisson(np.exp(1 + 0.5 * x))
    some = draw.random(n) < 0.7
    y = 2 * np.maximum(x, 0) ** 2 + 0.2 * dose * some + draw.normal(size=n)
    people = People(
        persons=np.arange(n), treated=some, outcomes={"y": y}, covariates={"x": x}, dose=np.where(some, dose, 0.0)
    )
    slopes = [
        effect(people, among="treated", adjust=a)[1].parameters["estimate"].iloc[0]
        for a in ("covariates", "expected dose")
    ]
    assert abs(slopes[1] - 0.2) < abs(slopes[0] - 0.2) / 2


def test_the_score_before_is_adjusted_for():
    people = attended()
    before = people.covariates["x"] * 2 + 1
    bare = replace(people, covariates={})
    assert effect(replace(bare, before={"y": before}))[0] == pytest.approx(effect(people)[0])
    assert effect(bare)[0] != pytest.approx(effect(people)[0], abs=1e-3)


def test_it_is_said_that_doses_are_chosen():
    for options in ({}, {"shape": "spline"}, {"among": "treated"}):
        notes = effect(attended(), **options)[1].notes
        assert any("was chosen, not given" in note for note in notes)
    assert any("down to a dose of 0" in note for note in notes)
    assert not any("down to a dose of 0" in note for note in effect(attended())[1].notes)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda p: replace(p, dose=None), {}, "dose: is not given"),
        (lambda p: replace(p, dose=-p.dose), {}, "have less than 0"),
        (lambda p: replace(p, dose=5.0 * p.treated), {}, "all treated received the same"),
        (lambda p: replace(p, dose=np.where(p.dose > 3, np.nan, p.dose)), {}, "have no value"),
        (
            lambda p: replace(p, dose=np.where(p.dose > 6, 2.0, p.dose > 0)),
            {"shape": "spline"},
            "too few different values",
        ),
    ],
)
def test_doses_that_say_nothing_are_refused(change, options, said):
    with pytest.raises(DesignError, match=said):
        fit(change(attended()), outcome="y", design=design(**options))
