"""The checks of drift, choices, outcomes and subgroups keep their promises whatever the study's method."""

from dataclasses import replace

import numpy as np
import pytest
from drift_study import rows, study

from curv_eval.checks import Verdict, load
from curv_eval.errors import DesignError
from curv_eval.methods import fit, names
from curv_eval.methods import load as load_method
from curv_eval.study import Design, Outcome, Span
from panels import known
from people import known_people

COLUMNS = ["term", "estimate", "conf_low", "conf_high", "n_units", "events"]
PANEL_CHECKS = ("honest_did", "pre_trends", "specification_curve", "multiple_outcomes", "subgroup")
PEOPLE_CHECKS = ("multiple_outcomes", "subgroup")
BOTH = [*(("panel", m, c) for m in names("panel") for c in PANEL_CHECKS),
        *(("people", m, c) for m in names("people") for c in PEOPLE_CHECKS)]  # fmt: skip


def outcome(name, role="primary"):
    return Outcome(name=name, label=f"label {name}", contract="police", role=role)


def made(kind, method):
    """Data that the method takes, and a study of two outcomes and one or two subgroups."""
    design = Design(method=method, window=Span("2000-01", "2001-04"))
    if kind == "panel":
        data = known(n=80, periods=16, starts=(8,), level=12.0)
        listed = (outcome("y"), outcome("other", "secondary"))
        return data, study(design=design, outcomes=listed, subgroups=("district", "deprivation"))
    data = known_people(n=480, binary=method == "time_to_event")
    return data, study(design=design, outcomes=(outcome("y"),), subgroups=("girl",))


@pytest.fixture(scope="module")
def estimates():
    return {}


def found(kind, method, estimates):
    data, held = made(kind, method)
    if method not in estimates:
        estimates[method] = fit(data, outcome="y", design=held.design)
    return data, held, estimates[method]


@pytest.mark.parametrize(("kind", "method", "name"), BOTH)
def test_answers_with_numbers_behind_every_word_or_refuses_in_words(kind, method, name, estimates):
    data, held, estimate = found(kind, method, estimates)
    try:
        check = load(name).check(data, held, estimate)
    except DesignError as refusal:
        assert name == "honest_did"
        assert load_method(method).TRENDS == "none"
        assert "does not assume" in str(refusal)
        return
    assert isinstance(check.verdict, Verdict)
    assert list(check.table.columns) == COLUMNS
    assert check.table.notna().all(axis=None)
    assert np.isfinite(check.table[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)).all()
    assert check.table["term"].is_unique
    assert (check.table["conf_low"] <= check.table["conf_high"]).all()
    assert (check.table[["n_units", "events"]] > 0).all(axis=None)
    assert 40 < len(check.text) < 600
    assert "nan" not in check.text


@pytest.mark.parametrize("method", names("panel"))
def test_romano_and_wolf_only_where_errors_come_from_clusters(method, estimates):
    data, held, estimate = found("panel", method, estimates)
    terms = set(load("multiple_outcomes").check(data, held, estimate).table["term"])
    assert "label y: p-value, Holm" in terms
    clustered = load_method(method).ERRORS == "clusters"
    if not clustered:
        assert "label y: p-value, Romano and Wolf" not in terms


@pytest.mark.parametrize("method", names("panel"))
def test_the_registered_choice_heads_the_table_of_choices(method, estimates):
    data, held, estimate = found("panel", method, estimates)
    table = load("specification_curve").check(data, held, estimate).table
    assert table["term"].iloc[0] == "as registered"
    assert f"method {method}" not in set(table["term"])


@pytest.mark.parametrize("method", [m for m in names("panel") if load_method(m).TRENDS != "none"])
def test_more_drift_widens_the_set_under_every_method(method, estimates):
    data, held, estimate = found("panel", method, estimates)
    table = rows(load("honest_did").check(data, held, estimate))
    lengths = [
        table.loc[f"drift up to {bar:g} times the largest before", "conf_high"]
        - table.loc[f"drift up to {bar:g} times the largest before", "conf_low"]
        for bar in load("honest_did").BARS
    ]
    assert (np.diff(lengths) > 0).all()


@pytest.mark.parametrize("name", PANEL_CHECKS)
def test_checks_leave_the_panel_alone(name):
    data, held = made("panel", "callaway_santanna")
    before = {k: v.copy() for k, v in data.outcomes.items()}, data.cohort.copy()
    load(name).check(data, held, fit(data, outcome="y", design=held.design))
    assert all((data.outcomes[k] == v).all() for k, v in before[0].items())
    assert np.array_equal(data.cohort, before[1], equal_nan=True)


@pytest.mark.parametrize("name", PANEL_CHECKS)
def test_the_order_of_areas_does_not_matter(name):
    data, held = made("panel", "callaway_santanna")
    order = np.random.default_rng(2).permutation(len(data.units))
    # cluster names in another order would draw other signs, so that areas move and wards keep their names
    moved = replace(
        data, units=data.units[order], cohort=data.cohort[order], cluster=data.cluster[order],
        outcomes={k: v[order] for k, v in data.outcomes.items()}, population=data.population[order],
        neighbours=data.neighbours[np.ix_(order, order)], district=data.district[order],
        covariates={k: v[order] for k, v in data.covariates.items()},
    )  # fmt: skip
    one = load(name).check(data, held, fit(data, outcome="y", design=held.design))
    other = load(name).check(moved, held, fit(moved, outcome="y", design=held.design))
    assert other.verdict is one.verdict
    a, b = rows(one), rows(other)
    same = a.index.intersection(b.index)
    assert len(same) == len(a)
    assert b.loc[same, "estimate"].to_numpy(float) == pytest.approx(a["estimate"].to_numpy(float), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("name", ["specification_curve", "subgroup"])
def test_relative_effects_do_not_change_when_all_counts_triple(name):
    data, held = made("panel", "callaway_santanna")
    tripled = replace(data, outcomes={k: 3 * v for k, v in data.outcomes.items()})
    one = load(name).check(data, held, fit(data, outcome="y", design=held.design))
    other = load(name).check(tripled, held, fit(tripled, outcome="y", design=held.design))
    ours, theirs = (c.table.set_index("term")["estimate"] for c in (one, other))
    assert theirs.loc[ours.index].to_numpy(float) == pytest.approx(ours.to_numpy(float), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", ["honest_did", "pre_trends"])
def test_effects_in_counts_triple_when_all_counts_do(name):
    data, held = made("panel", "callaway_santanna")
    tripled = replace(data, outcomes={k: 3 * v for k, v in data.outcomes.items()})
    one = rows(load(name).check(data, held, fit(data, outcome="y", design=held.design)))
    other = rows(load(name).check(tripled, held, fit(tripled, outcome="y", design=held.design)))
    free = ("periods in a block", "share of chance", "drift that the finding")
    for term in one.index:
        factor = 1 if term.startswith(free) else 3
        assert other.loc[term, "estimate"] == pytest.approx(factor * one.loc[term, "estimate"], rel=1e-3, abs=2e-3)
