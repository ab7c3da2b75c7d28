"""What people are adjusted for, who counts as offered, and which field a refusal names."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.adjusting import (
    FIELDS,
    adjusters,
    error_rule,
    few_clusters,
    need,
    need_baseline,
    offered,
    require_clusters,
    said_rule,
)
from curv_eval.estimate.compliers import complied
from curv_eval.methods import fit
from curv_eval.study import Design, Span
from people import known_people


def bare(**given):
    return replace(known_people(n=80), **given)


def test_covariates_and_the_score_before_are_used():
    people = known_people()
    found = adjusters(people, "y")
    assert found.x == pytest.approx(np.column_stack([people.matrix, people.before["y"]]))
    assert found.notes == ()
    assert adjusters(people, "another").x == pytest.approx(people.matrix)


def test_a_missing_score_is_marked_and_set_to_the_mean():
    people = known_people()
    before = people.before["y"].copy()
    before[:10] = np.nan
    found = adjusters(replace(people, before={"y": before}), "y")
    assert found.x[:10, 2] == pytest.approx(np.nanmean(before))
    assert found.x[:, 3].sum() == 10
    assert found.notes == ("10 people without y before were kept and marked",)


def test_strata_become_columns_less_one():
    found = adjusters(bare(stratum=np.arange(80) % 4, covariates={}, before={}), "y")
    assert found.x.shape == (80, 3)
    assert found.x.sum(axis=0).tolist() == [20, 20, 20]


def test_a_stratum_of_one_group_is_named():
    people = bare()
    found = adjusters(replace(people, stratum=np.where(people.treated, np.arange(80) % 2, 0)), "y")
    assert "1 strata hold only one" in found.notes[0]


@pytest.mark.parametrize(
    ("columns", "kept"),
    [({}, 0), ({"same": np.ones(80)}, 0), ({"a": np.arange(80.0), "b": 2 * np.arange(80.0)}, 1)],
)
def test_columns_that_say_nothing_new_are_left_out(columns, kept):
    found = adjusters(bare(covariates=columns, before={}), "y")
    assert found.x.shape == (80, kept)
    assert bool(found.notes) == (len(columns) > kept)


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_named_with_what_to_put_there(name):
    with pytest.raises(DesignError) as refusal:
        need(bare(**{name: None}), "some_method", name)
    said = str(refusal.value)
    assert f"{name}: is not given; some_method needs {FIELDS[name]}" in said
    assert f"`{name}:`" in refusal.value.do


@pytest.mark.parametrize("name", ["dose", "running", "time"])
def test_people_without_a_value_are_counted(name):
    people = bare()
    held = np.where(np.arange(80) < 3, np.nan, getattr(people, name))
    with pytest.raises(DesignError, match=f"{name}: 3 people have no value"):
        need(replace(people, **{name: held}), "some_method", name)


def test_every_missing_field_is_named_at_once():
    with pytest.raises(DesignError) as refusal:
        need(bare(dose=None, time=None), "some_method", "dose", "time", "running")
    assert len(refusal.value.breaches) == 2
    need(bare(), "some_method", *FIELDS)


def test_a_score_that_was_not_measured_before_is_refused_with_a_way_out():
    with pytest.raises(DesignError) as refusal:
        need_baseline(bare(before={}), "some_method", outcome="y")
    assert "`method: ancova`" in refusal.value.do
    assert need_baseline(bare(), "some_method", outcome="y").shape == (80,)


def test_those_offered_are_those_assigned():
    people = bare()
    some = replace(people, assigned=~people.treated)
    found, notes = offered(some)
    assert (found.treated == some.assigned).all()
    assert notes[0].startswith("80 people received what they were not assigned")
    assert offered(people)[1] == ()
    assert offered(replace(people, assigned=None))[0].treated is people.treated


@pytest.mark.parametrize("plain", ["HC2", "HC3"])
def test_the_rule_for_people_has_its_form_for_clusters(plain):
    assert error_rule(bare(), plain) == plain.replace("HC", "CR")
    assert error_rule(bare(cluster=None), plain) == plain
    assert said_rule(error_rule(bare(), plain)).startswith(plain.replace("HC", "CR"))
    assert "cluster" in said_rule(error_rule(bare(), plain))


@pytest.mark.parametrize(("df", "told"), [(4.2, True), (9.99, True), (10.0, False), (60.0, False)])
def test_few_degrees_of_freedom_are_told(df, told):
    assert bool(few_clusters(bare(), df)) == told
    assert few_clusters(bare(cluster=None), df) == ()


def test_compliers_are_those_whom_the_offer_moved():
    people = known_people()
    took = people.assigned & (np.arange(800) % 4 != 0)
    some = replace(people, treated=took)
    y = some.outcomes["y"]
    found = complied(some, y, np.empty((800, 0)), alpha=0.05)
    z = some.assigned
    assert found.value == pytest.approx((y[z].mean() - y[~z].mean()) / took[z].mean())
    assert found.stage.shift == pytest.approx(took[z].mean())
    assert not found.weak
    assert found.notes == ()
    assert found.inverted.conf_low < found.value < found.inverted.conf_high
    assert "Anderson-Rubin" in found.inverted.rule


def one_treated_cluster(people):
    treated = people.cluster == 3
    return replace(people, treated=treated, assigned=treated.copy(), dose=people.dose * treated + 2.0 * treated)


@pytest.mark.parametrize(
    "method", ["ancova", "cluster_trial", "dose_response", "instrumental_variables", "time_to_event", "waiting_list"]
)
def test_one_treated_cluster_is_refused(method):
    people = one_treated_cluster(known_people(binary=method == "time_to_event"))
    design = Design(method=method, window=Span("2000-01", "2001-12"))
    with pytest.raises(DesignError, match="clusters: got 1"):
        fit(people, outcome="y", design=design)


def test_clusters_that_leave_nothing_to_vary_are_refused():
    people = bare()
    with pytest.raises(DesignError, match=r"0\.4 degrees of freedom"):
        few_clusters(people, 0.4)
    require_clusters(people, people.treated, 1.0)
    require_clusters(replace(people, cluster=None), people.cluster == 0, 0.1)
