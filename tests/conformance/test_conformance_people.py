"""Every file in methods/ that takes people keeps these promises, without being named in a test."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate import CELL_COLUMNS, PARAMETER_COLUMNS
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit, load, names
from curv_eval.study import Design, Span
from panels import known
from people import known_people, true_risk_difference

WINDOW = Span("2000-01", "2001-12")
NAMES = names("people")


EVENTS = [name for name in NAMES if getattr(load(name), "OUTCOME", "any") == "event"]
SCORES = [name for name in NAMES if name not in EVENTS]


def some(name, **given):
    """People as the method takes them: with an event where it needs one, with a score else."""
    return known_people(binary=name in EVENTS, **given)


def design(name):
    return Design(method=name, window=WINDOW)


def numbers(people, name):
    return overall(fit(people, outcome="y", design=design(name)))[["estimate", "std_error"]].to_numpy()


def average(people, name):
    return overall(fit(people, outcome="y", design=design(name))).set_index("term").loc["average"]


@pytest.mark.parametrize("name", NAMES)
def test_recovers_a_known_effect(name):
    row = average(some(name, effect=-2.0, n=1600), name)
    truth = true_risk_difference(-2.0) if name in EVENTS else -2.0
    assert abs(row["estimate"] - truth) < 4 * row["std_error"]
    assert row["conf_high"] < 0


@pytest.mark.parametrize("name", NAMES)
def test_finds_nothing_where_there_is_nothing(name):
    draws = [average(some(name, effect=0.0, seed=seed), name) for seed in range(20)]
    assert sum(row["conf_low"] <= 0 <= row["conf_high"] for row in draws) >= 16


@pytest.mark.parametrize("name", NAMES)
def test_ignores_the_order_of_rows(name):
    people = some(name)
    order = np.random.default_rng(3).permutation(len(people.persons))
    assert numbers(people.take(order), name) == pytest.approx(numbers(people, name), rel=1e-5)


@pytest.mark.parametrize("name", SCORES)
def test_scales_with_the_outcome(name):
    people = some(name)
    tripled = replace(
        people,
        outcomes={k: 3 * v for k, v in people.outcomes.items()},
        before={k: 3 * v for k, v in people.before.items()},
    )
    assert numbers(tripled, name)[:2] == pytest.approx(3 * numbers(people, name)[:2], rel=1e-5)


@pytest.mark.parametrize("name", EVENTS)
def test_a_score_is_refused_where_an_event_is_needed(name):
    with pytest.raises(DesignError):
        fit(known_people(), outcome="y", design=design(name))


@pytest.mark.parametrize("name", NAMES)
def test_leaves_its_input_alone_and_is_the_same_twice(name):
    people = some(name)
    before = people.outcomes["y"].copy()
    first, second = numbers(people, name), numbers(people, name)
    assert (people.outcomes["y"] == before).all()
    assert (first == second).all()


@pytest.mark.parametrize("name", NAMES)
def test_carries_counts_and_names_its_rule(name):
    found = fit(some(name), outcome="y", design=design(name))
    assert list(found.cells.columns) == list(CELL_COLUMNS)
    assert (found.cells[["n_units", "n_comparison"]] > 0).all(axis=None)
    assert found.influence.shape == found.observed_influence.shape
    assert len(found.se_rule) > 5
    if found.parameters is not None:
        assert list(found.parameters.columns) == list(PARAMETER_COLUMNS)
    method = load(name)
    assert method.TRENDS == "none"
    assert method.ASSUMES
    for text in method.ASSUMES:
        said = text.format(intervention="mentoring", treated="young people mentored", comparison="others")
        assert said.endswith(".")
        assert len(said) < 200


@pytest.mark.parametrize("name", NAMES)
def test_leaves_out_people_whose_outcome_is_missing(name):
    people = some(name)
    y = people.outcomes["y"].copy()
    y[::7] = np.nan
    fewer = replace(people, outcomes={"y": y})
    assert numbers(fewer, name) == pytest.approx(numbers(people.take(np.isfinite(y)), name), rel=1e-6)


REFUSED = {
    "nobody treated": lambda p: replace(p, treated=np.zeros(len(p.persons), bool), assigned=None),
    "everybody treated": lambda p: replace(p, treated=np.ones(len(p.persons), bool), assigned=None),
    "the same for all": lambda p: replace(p, outcomes={"y": np.ones(len(p.persons))}),
    "nobody measured": lambda p: replace(p, outcomes={"y": np.full(len(p.persons), np.nan)}),
    "no such outcome": lambda p: replace(p, outcomes={"z": p.outcomes["y"]}),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", REFUSED)
def test_refuses_what_it_cannot_answer(name, fault):
    with pytest.raises(DesignError):
        fit(REFUSED[fault](some(name)), outcome="y", design=design(name))


def test_people_and_panels_are_not_mistaken_for_one_another():
    with pytest.raises(StudyError, match="takes a panel, got a people"):
        fit(known_people(), outcome="y", design=design("callaway_santanna"))
    for name in NAMES[:1]:
        with pytest.raises(StudyError, match="takes a people, got a panel"):
            fit(known(), outcome="y", design=design(name))
