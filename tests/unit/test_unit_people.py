"""People as a noun: what is refused, who is taken, and what goes from one notebook to the next."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.people import People, require
from curv_eval.power import placebo_power
from curv_eval.run.store import keep_panel, read_panel
from people import known_people


def four(**given):
    held = {"persons": np.arange(4), "treated": np.array([True, True, False, False]), "outcomes": {"y": np.arange(4.0)}}
    return People(**{**held, **given})


def test_a_repr_shows_shapes_and_no_value():
    assert repr(four()) == "<People: 4 people, 2 treated>"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"persons": np.array([1, 1, 2, 3])}, "persons: some stand twice"),
        ({"treated": np.array([1, 0, 1, 0])}, "treated: expected true or false"),
        ({"outcomes": {"y": np.arange(3.0)}}, "y: got 3 values, expected 4"),
        ({"cluster": np.array(["a"])}, "cluster: got 1 values, expected 4"),
        ({"covariates": {"age": np.array([1, 2, np.nan, 4])}}, "age: 1 people have no value"),
    ],
)
def test_what_is_no_list_of_people_is_refused(given, said):
    with pytest.raises(DesignError, match=said):
        four(**given)


def test_nothing_can_be_changed_afterwards():
    people = four()
    with pytest.raises(ValueError, match="read-only"):
        people.outcomes["y"][0] = 9


def test_some_are_taken_with_everything_that_is_theirs():
    people = known_people()
    some = people.take(people.treated)
    assert some.treated.all()
    assert len(some.persons) == people.treated.sum()
    assert (some.before["y"] == people.before["y"][people.treated]).all()
    assert (some.running == people.running[people.treated]).all()
    assert (some.matrix == people.matrix[people.treated]).all()


def test_who_was_not_measured_is_left_out():
    people = four(outcomes={"y": np.array([1.0, np.nan, 3.0, 4.0])})
    assert people.measured("y").persons.tolist() == [0, 2, 3]
    with pytest.raises(DesignError, match="z is not an outcome"):
        people.measured("z")


def test_groups_are_clusters_or_persons():
    assert four().groups.tolist() == [0, 1, 2, 3]
    assert four(cluster=np.array(["a", "a", "b", "b"])).groups.tolist() == ["a", "a", "b", "b"]


def test_without_covariates_the_matrix_has_no_columns():
    assert four().matrix.shape == (4, 0)


def test_every_reason_is_said_at_once():
    people = four(treated=np.array([True, False, False, False]), outcomes={"y": np.ones(4)})
    with pytest.raises(DesignError) as caught:
        require(people, outcome="y")
    assert "treated people: got 1" in str(caught.value)
    assert "same value for everybody" in str(caught.value)


@pytest.mark.parametrize("given", [{}, {"stratum": np.repeat(["a", "b"], 400)}, {"dose": None, "running": None}])
def test_people_go_from_one_notebook_to_the_next(tmp_path, given):
    people = replace(known_people(), **given)
    keep_panel(people, tmp_path)
    back = read_panel(tmp_path)
    assert isinstance(back, People)
    for name in ("persons", "treated", "assigned", "cluster", "stratum", "dose", "running", "time"):
        assert np.array_equal(getattr(back, name), getattr(people, name)), name
    for group in ("outcomes", "before", "covariates"):
        held, got = getattr(people, group), getattr(back, group)
        assert held.keys() == got.keys()
        assert all(np.array_equal(held[name], got[name]) for name in held)


class Plan:
    """What power asks of a study."""

    seed = 3

    class design:  # noqa: N801
        method, alpha, options = "ancova", 0.05, {}

    class primary:  # noqa: N801
        name = "y"


def test_power_of_people_does_not_look_at_the_effect():
    """The same people with another effect put in leave the smallest visible effect nearly as it is."""
    none, large = (placebo_power(known_people(effect=e, n=400), Plan, draws=60) for e in (0.0, -4.0))
    assert none.covered > 0.85
    assert large.covered > 0.85
    assert large.smallest < 2 * none.smallest
    assert none.clusters == none.wanted


def test_whole_clusters_are_mixed_where_people_were_treated_in_clusters():
    from curv_eval.power import _mixed

    people = known_people()
    together = replace(people, treated=np.asarray(people.cluster) % 2 == 0)
    mixed = _mixed(together, np.random.default_rng(1))
    share = np.bincount(people.cluster, mixed.treated) / np.bincount(people.cluster)
    assert set(share.tolist()) == {0.0, 1.0}
    assert mixed.treated.sum() == together.treated.sum()
    assert (mixed.outcomes["y"] == people.outcomes["y"]).all()
    alone = _mixed(people, np.random.default_rng(1))
    assert alone.treated.sum() == people.treated.sum()
    assert not (alone.treated == people.treated).all()
