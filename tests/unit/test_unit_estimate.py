"""Estimates of other kinds: from a test, from draws, of people. Worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.disclosure.rules import rules
from curv_eval.estimate import Tested as ByTest
from curv_eval.estimate.averages import chance, overall
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import Number, chosen, default, expected
from curv_eval.estimate.parameters import parameters, ratios
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.report.effect_tables import results
from curv_eval.study import Design, Outcome, Span
from panels import known

DESIGN = Design(method="difference_in_differences", window=Span("2000-01", "2001-12"))
OUTCOME = Outcome(name="y", label="incidents", contract="police", role="primary")


def found():
    return fit(known(), outcome="y", design=DESIGN)


def rows(estimate):
    return overall(estimate).set_index("term")


def test_the_interval_of_a_test_takes_the_place_of_the_error():
    tested = replace(found(), tested=ByTest(-3.0, -1.0, 0.02, 0.01, 99, "by hand"))
    wald, row = rows(found()), rows(tested)
    assert (row["estimate"] == wald["estimate"]).all()
    assert row.loc["average", ["conf_low", "conf_high"]].tolist() == [-3.0, -1.0]
    n = wald.loc["average", "unit_periods"]
    assert row.loc["total", ["conf_low", "conf_high"]].tolist() == [-3.0 * n, -n]
    m = tested.cells["observed"].mean()
    assert row.loc["relative", "conf_low"] == pytest.approx(m / (m + 3) - 1)
    assert row.loc["relative", "conf_high"] == pytest.approx(m / (m + 1) - 1)


def test_an_effect_as_large_as_everything_seen_has_no_end_in_per_cent():
    m = found().cells["observed"].mean()
    tested = replace(found(), tested=ByTest(-1.0, m + 1, 0.5, 0.01, 99, "by hand"))
    assert rows(tested).loc["relative", "conf_high"] == np.inf


def test_draws_give_quantiles_and_a_chance():
    estimate = found()
    cells = len(estimate.cells)
    spread = np.linspace(-4, 1, 501)
    drawn = replace(estimate, draws=np.repeat(spread[:, None], cells, axis=1))
    row = rows(drawn)
    assert row.loc["average", "conf_low"] == pytest.approx(np.quantile(spread, 0.025))
    assert row.loc["average", "conf_high"] == pytest.approx(np.quantile(spread, 0.975))
    assert chance(drawn, better="lower") == pytest.approx((spread < 0).mean())
    assert chance(drawn, better="higher") == pytest.approx((spread > 0).mean())
    assert chance(estimate, better="lower") is None


def test_chances_and_p_values_are_released_without_an_interval():
    estimate = replace(found(), tested=ByTest(-3.0, -1.0, 0.02, 0.01, 99, "by hand"))
    table = results(OUTCOME, estimate, rules()["open"]).table.set_index("term")
    assert table.loc[["p_value", "smallest_p"], "estimate"].tolist() == [0.02, 0.01]
    assert table.loc["p_value", ["conf_low", "conf_high"]].isna().all()
    assert "p_value" not in results(OUTCOME, found(), rules()["open"]).table["term"].tolist()


def people(y):
    treated = np.arange(len(y)) < len(y) // 2
    return People(persons=np.arange(len(y)), treated=treated, outcomes={"y": np.asarray(y, dtype=float)})


def of_people(y, value):
    effect = Effect(value, np.full(len(y), 0.01), "by hand")
    return from_effect(people(y), outcome="y", design=DESIGN, method="m", effect=effect)


def test_people_make_one_cell_with_what_was_observed():
    estimate = of_people([1, 0, 1, 0, 1, 1, 1, 0], -0.25)
    row = rows(estimate)
    assert estimate.of_people
    assert not estimate.scored
    assert estimate.cells[["n_units", "n_comparison", "events"]].to_numpy().tolist() == [[4, 4, 2]]
    assert row.loc["average", "estimate"] == -0.25
    assert row.loc["total", "estimate"] == -1.0
    assert row.loc["relative", "estimate"] == pytest.approx(0.5 / 0.75 - 1)


def test_a_score_counts_the_people_and_an_event_the_events():
    estimate = of_people([10, 12, 14, 16, 9, 9, 9, 12], 1.0)
    assert estimate.scored
    assert estimate.cells["events"].tolist() == [4]
    assert not found().of_people


def test_few_people_are_withheld_as_few_events_are():
    few = of_people([1, 0, 1, 0] * 4, -0.25)
    many = of_people([1, 0, 1, 0] * 40, -0.25)
    rule = rules()["under_10"]
    assert results(OUTCOME, few, rule).table["estimate"].isna().all()
    assert results(OUTCOME, many, rule).table["estimate"].notna().all()


def test_people_to_whom_nothing_happened_are_protected_too():
    """When it happened to nearly everybody, the few to whom it did not are the ones who could be found out."""
    nearly = of_people([1] * 97 + [0] * 3 + [1, 0] * 50, 0.4)
    assert nearly.cells["events"].tolist() == [97]
    assert results(OUTCOME, nearly, rules()["under_10"]).table["estimate"].isna().all()


def test_an_option_is_one_of_some_or_a_number():
    options = {"base": ("mean", "last"), "draws": Number(999, 99, 9999), "caliper": Number(0.2, 0.0, 1.0)}
    assert chosen({}, options) == {"base": "mean", "draws": 999, "caliper": 0.2}
    assert chosen({"draws": 500}, options)["draws"] == 500
    assert (500 in options["draws"], 5.5 in options["draws"], True in options["draws"]) == (True, False, False)
    assert (98 in options["draws"], 0 in options["caliper"], 0.5 in options["caliper"]) == (False, True, True)
    assert default(options["base"]) == "mean"
    assert expected(options["draws"]) == "a whole number from 99 to 9,999"
    assert expected(options["base"]) == "one of mean, last"


def test_parameters_have_the_interval_of_their_distribution():
    table = parameters(["a", "b"], [1.0, -2.0], [0.5, 1.0], alpha=0.05)
    assert table.loc[0, ["conf_low", "conf_high"]].tolist() == pytest.approx([1 - 1.959964 * 0.5, 1 + 1.959964 * 0.5])
    assert table["p_value"].tolist() == pytest.approx([0.0455003, 0.0455003], abs=1e-6)
    few = parameters(["a"], [1.0], [0.5], alpha=0.05, df=4)
    assert few.loc[0, "conf_high"] == pytest.approx(1 + 2.776445 * 0.5, abs=1e-5)


def test_ratios_are_taken_at_the_ends():
    table = ratios(parameters(["a"], [np.log(2.0)], [0.1], alpha=0.05))
    assert table.loc[0, ["estimate", "std_error"]].tolist() == pytest.approx([2.0, 0.2])
    assert table.loc[0, "conf_low"] == pytest.approx(2.0 * np.exp(-0.1959964), abs=1e-6)
