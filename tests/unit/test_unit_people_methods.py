"""What trials, thresholds, time to an event, doses and waiting lists have in common."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.estimate.options import Number
from curv_eval.methods import fit, load
from curv_eval.study import Design, Span
from people import known_people

SCORES = (
    "ancova", "cluster_trial", "dose_response", "instrumental_variables", "regression_discontinuity", "waiting_list",
)  # fmt: skip
ALL = (*SCORES, "time_to_event")


def design(method, **options):
    return Design(method=method, window=Span("2000-01", "2001-12"), options=options)


def people_for(method, seed=1, **given):
    return known_people(binary=method == "time_to_event", seed=seed, **given)


def whole_clusters(people):
    """The same people, with treatment by cluster, so that a trial of clusters can be had of them."""
    assigned = people.cluster % 2 == 0
    moved = people.outcomes["y"] - 2 * (assigned.astype(float) - people.treated)
    return replace(people, assigned=assigned, treated=assigned.copy(), outcomes={"y": moved})


def row(people, method, **options):
    return overall(fit(people, outcome="y", design=design(method, **options))).iloc[0]


def every_choice():
    """Each combination of the options that are choices, with each number at its default."""
    for method in ALL:
        given = {k: v for k, v in load(method).OPTIONS.items() if not isinstance(v, Number)}
        for values in product(*given.values()):
            chosen = dict(zip(given, values, strict=True))
            if chosen.get("test") == "permutation" and (
                chosen["analysis"] == "clusters" or chosen["adjust"] == "lin" or chosen["effect"] == "cace"
            ):
                continue
            yield pytest.param(method, chosen, id=f"{method}-{'-'.join(values)}")


@pytest.mark.parametrize(("method", "options"), list(every_choice()))
def test_every_combination_of_choices_gives_an_answer(method, options):
    people = people_for(method)
    people = whole_clusters(people) if method == "cluster_trial" else people
    given = {**options, "draws": 199} if options.get("test") == "permutation" else options
    found = fit(people, outcome="y", design=design(method, **given))
    assert np.isfinite(overall(found)[["estimate", "std_error"]].to_numpy()).all()
    assert overall(found).iloc[0]["std_error"] > 0
    assert found.df > 1
    if found.parameters is not None:
        assert np.isfinite(found.parameters[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy()).all()
        assert (found.parameters["conf_low"] <= found.parameters["estimate"] + 1e-9).all()
        assert (found.parameters["conf_high"] >= found.parameters["estimate"] - 1e-9).all()
        assert found.parameters["p_value"].between(0, 1).all()


@pytest.mark.parametrize("method", ALL)
def test_options_are_named_and_their_defaults_come_first(method):
    module = load(method)
    assert module.TAKES == "people"
    assert module.OUTCOME in ("event", "score", "any")
    first = {k: v.default if isinstance(v, Number) else v[0] for k, v in module.OPTIONS.items()}
    people = people_for(method)
    assert row(people, method)["estimate"] == row(people, method, **first)["estimate"]


@pytest.mark.parametrize("method", SCORES)
def test_a_number_added_to_scores_changes_nothing(method):
    people = people_for(method)
    moved = replace(people, outcomes={"y": people.outcomes["y"] + 40}, before={"y": people.before["y"] + 40})
    one, other = row(people, method), row(moved, method)
    assert other["estimate"] == pytest.approx(one["estimate"], rel=1e-6)
    assert other["std_error"] == pytest.approx(one["std_error"], rel=1e-6)


@pytest.mark.parametrize("method", ALL)
def test_units_of_covariates_do_not_matter(method):
    people = people_for(method)
    turned = {"age": 1000 * people.covariates["age"] + 20, "girl": 5 - people.covariates["girl"]}
    one, other = row(people, method), row(replace(people, covariates=turned), method)
    assert other["estimate"] == pytest.approx(one["estimate"], rel=1e-6)
    assert other["std_error"] == pytest.approx(one["std_error"], rel=1e-5)


@pytest.mark.parametrize("method", ALL)
def test_names_of_people_and_clusters_do_not_matter(method):
    people = people_for(method)
    named = replace(
        people, persons=np.array([f"z{i}" for i in np.random.default_rng(1).permutation(800)]),
        cluster=np.array([f"school {c}" for c in 7 * people.cluster]),
    )  # fmt: skip
    one, other = row(people, method), row(named, method)
    assert other["estimate"] == pytest.approx(one["estimate"], rel=1e-6)
    assert other["std_error"] == pytest.approx(one["std_error"], rel=1e-5)


@pytest.mark.parametrize("method", [m for m in ALL if m != "cluster_trial"])
def test_without_clusters_each_person_counts_alone(method):
    people = replace(people_for(method), cluster=None)
    found = fit(people, outcome="y", design=design(method))
    assert found.influence.shape == (800, 1)
    assert "clustered" not in found.se_rule
    assert found.n_clusters == 800


@pytest.mark.parametrize("method", ALL)
def test_influence_and_error_are_one(method):
    found = fit(people_for(method), outcome="y", design=design(method))
    table = overall(found).iloc[0]
    assert table["std_error"] == pytest.approx(float(np.linalg.norm(found.influence)))
    assert found.influence.shape == found.observed_influence.shape
    width = found.quantile(found.influence[:, 0]) * table["std_error"]
    assert table["conf_high"] - table["estimate"] == pytest.approx(width)


@pytest.mark.parametrize("method", ALL)
def test_four_times_the_people_halve_the_error(method):
    few, many = (np.mean([row(people_for(method, seed=s, n=n), method)["std_error"] for s in range(4)])
                 for n in (800, 3200))  # fmt: skip
    # clusters stay 80, so what people of one share does not average out
    assert 0.4 < many / few < 0.9


@pytest.mark.parametrize("method", ALL)
def test_notes_are_phrases_of_a_readable_length(method):
    people = people_for(method)
    for given in (people, replace(people, cluster=people.cluster % 6)):
        notes = fit(given, outcome="y", design=design(method)).notes
        assert all(20 < len(note) < 300 for note in notes)
        assert not any(note.endswith(".") for note in notes)


@pytest.mark.parametrize("method", ALL)
def test_hundred_people_are_enough(method):
    found = fit(people_for(method, n=160), outcome="y", design=design(method))
    assert np.isfinite(overall(found).iloc[0]["conf_low"])


@pytest.mark.parametrize("method", ("ancova", "cluster_trial"))
def test_the_offer_decides_who_is_compared(method):
    people = whole_clusters(people_for(method))
    took = people.assigned & (np.random.default_rng(2).random(800) < 0.7)
    some = replace(people, treated=took)
    assert row(some, method)["estimate"] == row(people, method)["estimate"]
    assert row(some, method)["n_units"] == people.assigned.sum()
