"""What must hold for any counts: displacement, lists of people, harm and value."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.stats.captures import chao_lower_bound, chapman, lincoln_petersen, tabulate
from curv_eval.stats.displacement import Weights, displacement_quotient, weighted_displacement_difference
from curv_eval.stats.linkage_error import corrected
from curv_eval.stats.multiple_systems import every_model, fit_models, supported, weights
from curv_eval.value import Appraisal, Multiplier, Prevented, Programme
from curv_eval.value.cost_benefit import cost_benefit
from curv_eval.value.harm import harm
from curv_eval.value.plane import acceptability, plane, quadrants, tornado
from curv_eval.value.prices import deflator, discount_factors

COUNT = st.integers(0, 5000)
SOME = st.integers(1, 5000)
PAIR = st.tuples(COUNT, COUNT)
HISTORIES = [(1, 1, 1), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 1, 1), (0, 1, 0), (0, 0, 1)]
TABLE = st.lists(st.integers(1, 300), min_size=7, max_size=7)
many = settings(max_examples=100, deadline=None, derandomize=True)
YEARS = ("2015-16", "2018-19", "2021-22", "2024-25")


# displacement


@many
@given(PAIR, PAIR, PAIR, PAIR)
def test_the_total_is_the_sum_of_its_halves(treated, comparison, buffer, other):
    found = weighted_displacement_difference(treated, comparison, buffer=buffer, buffer_comparison=other)
    assert found.total.value == pytest.approx(found.local.value + found.displacement.value)
    assert found.total.std_error**2 == pytest.approx(found.local.std_error**2 + found.displacement.std_error**2)


@many
@given(PAIR, PAIR)
def test_treated_and_comparison_may_change_places(treated, comparison):
    a = weighted_displacement_difference(treated, comparison).total
    b = weighted_displacement_difference(comparison, treated).total
    assert (a.value, a.std_error) == (-b.value, pytest.approx(b.std_error))


@many
@given(PAIR, PAIR, st.floats(0.1, 10), st.floats(0.1, 10))
def test_dividing_by_size_divides_value_and_error(treated, comparison, area, time):
    plain = weighted_displacement_difference(treated, comparison).total
    weights_ = Weights(areas=(area,) * 4, time=(time, time))
    found = weighted_displacement_difference(treated, comparison, weights=weights_).total
    assert found.value == pytest.approx(plain.value / area / time, rel=1e-9, abs=1e-9)
    assert found.std_error == pytest.approx(plain.std_error / area / time)


@many
@given(st.tuples(SOME, SOME), st.tuples(SOME, SOME), st.tuples(SOME, SOME))
def test_the_quotient_is_only_stable_where_success_differs_from_0(response, buffer, comparison):
    found = displacement_quotient(response, buffer, comparison)
    told = found.success.value < 0 and abs(found.success.value) > 1.959963984540054 * found.success.std_error
    assert found.stable == told
    if found.stable:
        assert found.conf_low <= found.value <= found.conf_high


@many
@given(st.tuples(SOME, SOME), st.tuples(SOME, SOME), st.tuples(SOME, SOME), st.integers(2, 9))
def test_the_quotient_has_no_unit(response, buffer, comparison, factor):
    a = displacement_quotient(response, buffer, comparison)
    b = displacement_quotient(*[tuple(factor * x for x in pair) for pair in (response, buffer, comparison)])
    assert (a.value is None) == (b.value is None)
    if a.value is not None:
        assert b.value == pytest.approx(a.value, rel=1e-9, abs=1e-12)
    assert b.total_net.value == pytest.approx(factor * a.total_net.value, rel=1e-9, abs=1e-6)


@many
@given(st.tuples(SOME, SOME), st.tuples(SOME, SOME), st.tuples(SOME, SOME))
def test_the_net_effect_is_the_success_turned_round(response, buffer, comparison):
    found = displacement_quotient(response, buffer, comparison)
    assert found.net.value == -found.success.value
    assert found.gross.value == response[0] - response[1]


# lists of people


@many
@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500))
def test_no_total_is_below_those_seen(both, first, second):
    seen = both + first + second
    for method in (chapman, lincoln_petersen):
        found = method(both + first, both + second, both)
        assert found.value >= seen - 1e-9
        assert seen - 1e-9 <= found.conf_low <= found.value + 1e-9 <= found.conf_high + 2e-9


@many
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300), st.integers(1, 50))
def test_a_larger_overlap_means_fewer_unseen(both, first, second, more):
    n1, n2 = both + more + first, both + more + second
    assert chapman(n1, n2, both + more).value < chapman(n1, n2, both).value
    assert lincoln_petersen(n1, n2, both + more).value < lincoln_petersen(n1, n2, both).value


@many
@given(TABLE)
def test_chao_s_bound_is_not_below_those_seen(counts):
    table = tabulate(HISTORIES, counts)
    found = chao_lower_bound(table)
    assert found.value >= table.seen
    assert found.conf_low >= table.seen - 1e-9


@settings(max_examples=40, deadline=None, derandomize=True)
@given(TABLE, st.permutations(range(3)))
def test_models_do_not_know_the_order_of_lists(counts, order):
    models = every_model(3, 2)
    turned = [tuple(history[k] for k in order) for history in HISTORIES]
    a, b = fit_models(tabulate(HISTORIES, counts), models), fit_models(tabulate(turned, counts), models)
    assert sorted(a.total) == pytest.approx(sorted(b.total), rel=1e-6)
    assert sorted(a.log_likelihood) == pytest.approx(sorted(b.log_likelihood), rel=1e-8)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(TABLE, st.integers(2, 20))
def test_totals_grow_with_the_counts(counts, factor):
    models = every_model(3, 2)
    one = fit_models(tabulate(HISTORIES, counts), models)
    many = fit_models(tabulate(HISTORIES, [factor * n for n in counts]), models)
    assert many.total == pytest.approx(factor * one.total, rel=1e-6)
    assert many.deviance == pytest.approx(factor * one.deviance, rel=1e-6, abs=1e-6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(TABLE)
def test_every_model_reproduces_its_own_sums(counts):
    table = tabulate(HISTORIES, counts)
    models = every_model(3, 2)
    found = fit_models(table, models)
    assert (found.why == "").all()
    assert (found.total >= table.seen).all()
    # a model with more terms fits at least as well
    size = np.array([len(model) for model in models])
    assert found.deviance[size == 3].max() <= found.deviance[size == 0].min() + 1e-7


@many
@given(st.lists(st.floats(0, 500) | st.just(np.nan), min_size=1, max_size=12))
def test_weights_add_up_and_follow_the_criterion(criterion):
    values = np.array(criterion)
    assume(np.isfinite(values).any())
    found = weights(values)
    assert found.sum() == pytest.approx(1)
    assert (found[np.isnan(values)] == 0).all()
    best = supported(found)
    assert found[best].sum() >= 0.95 - 1e-9
    assert values[best[0]] == pytest.approx(np.nanmin(values), abs=1e-12)


@many
@given(TABLE, st.floats(0, 0.3), st.floats(0, 0.3))
def test_the_linkage_correction_keeps_every_list_as_long_as_it_was(counts, missed, false):
    table = tabulate(HISTORIES, counts)
    try:
        found = corrected(table, missed=missed, false=false)
    except DesignError:
        assume(False)
    assert np.diag(found.overlap) == pytest.approx(np.diag(table.overlap), rel=1e-9)
    assert (found.seen <= table.seen + 1e-9) == (missed >= false - 1e-12)


# prices, harm and value


@many
@given(st.sampled_from(YEARS), st.sampled_from(YEARS), st.sampled_from(YEARS))
def test_deflators_chain(a, b, c):
    assert deflator(a, b).value * deflator(b, c).value == pytest.approx(deflator(a, c).value)


@many
@given(st.integers(0, 320), st.sampled_from(("standard", "health", "sensitivity")))
def test_discount_factors_start_at_1_and_fall(years, rate):
    found = discount_factors(years, rate=rate)
    assert found[0] == 1
    assert len(found) == years + 1
    assert (np.diff(found) < 0).all()
    assert (found > 0).all()


@many
@given(st.lists(st.integers(0, 100), min_size=3, max_size=3), st.integers(1, 9))
def test_harm_is_linear(counts, factor):
    names = ("8N", "5D", "Homicide")
    one = harm(dict(zip(names, counts, strict=True))).total
    assert harm(dict(zip(names, [factor * n for n in counts], strict=True))).total == factor * one
    assert one == sum(harm({name: n}).total for name, n in zip(names, counts, strict=True))


def value(effect, error, cost, **given_):
    appraisal = Appraisal(
        price_year="2024-25", multiplier=Multiplier({"Robbery": 2.0}, "made up here", spread=0.2), draws=500, **given_
    )
    prevented = Prevented("Robbery", (effect,), std_errors=(error,))
    return cost_benefit(prevented, programme=Programme((cost,), "2024-25"), appraisal=appraisal)


EFFECT = st.floats(-100, 100).filter(lambda x: abs(x) > 0.01)
ERROR, COST = st.floats(0.01, 50), st.floats(1_000, 1e7)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(EFFECT, ERROR, COST)
def test_a_ratio_is_said_only_where_the_effect_excludes_0(effect, error, cost):
    found = value(effect, error, cost)
    rows = found.table.set_index("term")
    assert ("£1 spent" in found.text) == (rows.loc["incidents prevented", "conf_low"] > 0)
    assert ("break-even incidents" in rows.index) == (effect > 0)
    assert rows.notna().all(axis=None)
    assert np.isfinite(rows[["estimate", "std_error"]].to_numpy()).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(EFFECT, ERROR, COST)
def test_net_value_is_benefit_less_cost_and_the_ratio_their_quotient(effect, error, cost):
    rows = value(effect, error, cost).table.set_index("term")["estimate"]
    benefit, paid = rows["present value of benefits"], rows["present value of costs"]
    assert rows["net present social value"] == pytest.approx(benefit - paid)
    assert rows["benefit-cost ratio"] == pytest.approx(benefit / paid)
    assert paid == pytest.approx(cost)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(EFFECT, ERROR, COST, st.floats(0, 1))
def test_quadrants_add_up_and_chances_are_chances(effect, error, cost, cashable):
    found = value(effect, error, cost)
    assert quadrants(plane(found, cashable=cashable))["share"].sum() == pytest.approx(1)
    chance = acceptability(found, [0, 1e3, 1e5, 1e7], cashable=cashable)["chance"]
    assert chance.between(0, 1).all()
    bars = tornado(found)
    assert (bars["span"] > 0).all()
    base = found.table.set_index("term").loc["net present social value", "estimate"]
    uncertain = bars[~bars["input"].str.startswith("choice")]
    # the best value lies between the ends, but for inputs whose interval does not hold it
    inside = (uncertain[["value_low", "value_high"]].min(axis=1) <= base + 1e-6) & (
        base - 1e-6 <= uncertain[["value_low", "value_high"]].max(axis=1)
    )
    assert inside.all()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(EFFECT, ERROR, COST, st.sampled_from(YEARS))
def test_the_ratio_does_not_depend_on_the_price_year(effect, error, cost, year):
    found = value(effect, error, cost)
    moved = cost_benefit(found.effects, programme=found.programme, appraisal=replace(found.appraisal, price_year=year))
    a, b = (one.table.set_index("term").loc["benefit-cost ratio", "estimate"] for one in (found, moved))
    assert a == pytest.approx(b)
