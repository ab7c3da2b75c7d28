"""Other draws of clusters: all of them by hand, the interval that inverts the test, strata, and the method."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.cluster_permutation import Lots, permutation_test
from curv_eval.study import Design, Span

# six clusters of one: treated 5, 6, 9 against 1, 2, 4
Y, D = np.array([1.0, 2.0, 4.0, 5.0, 6.0, 9.0]), np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
ONE = Lots(np.arange(6))


def design(**options):
    return Design(method="cluster_trial", window=Span("2000-01", "2001-12"), options=options)


def trial(groups=8, size=10, seed=1, effect=1.0, strata=1):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(groups), size)
    layer = np.arange(groups) % strata
    chosen = np.zeros(groups, dtype=bool)
    for one in range(strata):
        rows = np.flatnonzero(layer == one)
        chosen[draw.permutation(rows)[: len(rows) // 2]] = True
    assigned, x = chosen[cluster], draw.normal(size=groups * size)
    y = 10 + x + draw.normal(size=groups * size) + 0.5 * draw.normal(size=groups)[cluster] + effect * assigned
    return People(
        persons=np.arange(groups * size), treated=assigned, assigned=assigned.copy(), outcomes={"y": y},
        covariates={"x": x}, cluster=cluster, stratum=layer[cluster] if strata > 1 else None,
    )  # fmt: skip


def test_all_draws_by_hand():
    found = permutation_test(Y, D, ONE)
    gaps = [np.mean(Y[list(c)]) - np.mean(np.delete(Y, list(c))) for c in combinations(range(6), 3)]
    assert sorted(found.coefficients) == pytest.approx(sorted(gaps))
    assert found.exact
    assert found.value == pytest.approx(20 / 3 - 7 / 3)
    # the real draw and its mirror image are the largest of 20
    assert found.p_value == pytest.approx(2 / 20)
    assert found.floor == pytest.approx(2 / 20)


def test_covariates_are_taken_out_in_every_draw():
    people = trial()
    y, d, x = people.outcomes["y"], people.assigned.astype(float), people.covariates["x"]
    found = permutation_test(y, d, Lots(people.cluster), x=x[:, None])
    by_hand = []
    for chosen in combinations(range(8), 4):
        star = np.isin(people.cluster, chosen).astype(float)
        by_hand.append(np.linalg.lstsq(np.column_stack([star, np.ones(80), x]), y, rcond=None)[0][0])
    assert sorted(found.coefficients) == pytest.approx(sorted(by_hand))
    assert len(found.coefficients) == 70
    assert found.p_value == pytest.approx(np.mean(np.abs(by_hand) >= abs(found.value) - 1e-9))


@pytest.mark.parametrize("seed", range(4))
def test_the_ends_are_where_the_test_turns(seed):
    people = trial(groups=10, seed=seed)
    y, d, lots = people.outcomes["y"], people.assigned.astype(float), Lots(people.cluster)
    x = people.covariates["x"][:, None]
    found = permutation_test(y, d, lots, x=x)

    def p_value(effect):
        return permutation_test(y - effect * d, d, lots, x=x).p_value

    for end, out in ((found.conf_low, -1), (found.conf_high, 1)):
        assert p_value(end - out * 1e-6) > 0.05
        assert p_value(end + out * 1e-6) <= 0.05
    assert found.conf_low < found.value < found.conf_high
    # the whole inside is kept, and nothing outside
    for effect in np.linspace(found.conf_low + 1e-6, found.conf_high - 1e-6, 9):
        assert p_value(effect) > 0.05
    for far in (0.5, 2.0, 20.0):
        assert p_value(found.conf_high + far) <= 0.05
        assert p_value(found.conf_low - far) <= 0.05


def test_too_few_draws_to_reject_leave_no_ends():
    found = permutation_test(Y, D, ONE, alpha=0.05)
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)
    wide = permutation_test(Y, D, ONE, alpha=0.2)
    assert np.isfinite([wide.conf_low, wide.conf_high]).all()


def test_the_interval_moves_and_grows_with_the_outcome():
    people = trial(groups=10)
    y, d, lots = people.outcomes["y"], people.assigned.astype(float), Lots(people.cluster)
    one, moved = permutation_test(y, d, lots), permutation_test(3 * y + 7 + 2 * d, d, lots)
    assert (moved.conf_low, moved.conf_high) == pytest.approx((3 * one.conf_low + 2, 3 * one.conf_high + 2))


def test_many_clusters_are_sampled_the_same_way_twice():
    people = trial(groups=24, size=5)
    y, d = people.outcomes["y"], people.assigned.astype(float)
    one, again = (permutation_test(y, d, Lots(people.cluster, draws=999)) for _ in range(2))
    assert not one.exact
    assert len(one.coefficients) == 1000
    assert (one.coefficients == again.coefficients).all()
    assert one.coefficients[0] == pytest.approx(one.value)
    other = permutation_test(y, d, Lots(people.cluster, draws=999, seed=5))
    assert other.p_value != one.p_value or (other.coefficients != one.coefficients).any()


def test_lots_within_strata_stay_there():
    people = trial(groups=8, strata=2)
    y, d = people.outcomes["y"], people.assigned.astype(float)
    found = permutation_test(y, d, Lots(people.cluster, people.stratum))
    # two strata of four clusters, two drawn in each: 6 x 6
    assert len(found.coefficients) == 36
    assert len(permutation_test(y, d, Lots(people.cluster)).coefficients) == 70


def test_sampled_lots_stay_in_their_strata_too():
    people = trial(groups=40, size=3, strata=2)
    lots = Lots(people.cluster, people.stratum, draws=99)
    dummies = (people.stratum == 1).astype(float)[:, None]
    # an outcome that is the stratum itself has no coefficient in any such draw
    found = permutation_test(dummies[:, 0] + 1e-6 * people.outcomes["y"], people.assigned.astype(float), lots)
    assert np.abs(found.coefficients).max() < 1e-4


def test_a_true_null_is_rejected_as_often_as_it_should():
    rejected = 0
    for seed in range(200):
        people = trial(groups=8, size=4, seed=seed, effect=0.0)
        rejected += permutation_test(
            people.outcomes["y"], people.assigned.astype(float), Lots(people.cluster)
        ).p_value <= 0.05  # fmt: skip
    # with 70 draws that come in pairs the largest p below 0.05 is 2/70: about 3 in 100 reject, never more than 5
    assert rejected <= 14


def test_the_method_gives_the_interval_of_the_test():
    people = trial(groups=10)
    found = fit(people, outcome="y", design=design(test="permutation"))
    held = permutation_test(
        people.outcomes["y"], people.assigned.astype(float), Lots(people.cluster), x=people.covariates["x"][:, None]
    )
    row = overall(found).iloc[0]
    assert (row["conf_low"], row["conf_high"]) == (held.conf_low, held.conf_high)
    assert row["estimate"] == pytest.approx(held.value)
    assert (found.tested.p_value, found.tested.floor, found.tested.draws) == (held.p_value, held.floor, 252)
    assert "all 252" in found.tested.rule


def test_the_method_samples_and_takes_a_seed():
    people = trial(groups=24, size=5)
    given = [fit(people, outcome="y", design=design(test="permutation", draws=199, seed=s)) for s in (1, 1, 2)]
    assert given[0].tested == given[1].tested
    assert given[0].tested.conf_low != given[2].tested.conf_low
    assert given[0].tested.draws == 200


def test_columns_that_draws_follow_from_are_refused():
    with pytest.raises(DesignError, match="follow from covariates"):
        permutation_test(Y, D, ONE, x=D[::-1, None])


@pytest.mark.parametrize(
    ("d", "lots", "said"),
    [
        (np.array([0.0, 1, 0, 1, 1, 1]), Lots(np.array([0, 0, 1, 2, 3, 4])), "1 clusters hold both"),
        (np.ones(6), ONE, "no other draw"),
        (D, Lots(np.repeat([0, 1, 2], 2) + 10 * (np.arange(6) > 2), np.arange(6)), "strata differ within clusters"),
    ],
)
def test_what_was_not_drawn_by_cluster_is_refused(d, lots, said):
    with pytest.raises(DesignError, match=said):
        permutation_test(Y, d, lots)


@pytest.mark.parametrize("options", [{"analysis": "clusters"}, {"adjust": "lin"}])
def test_the_method_refuses_what_the_test_does_not_do(options):
    with pytest.raises(DesignError, match="one slope"):
        fit(trial(), outcome="y", design=design(test="permutation", **options))


def test_people_drawn_one_by_one_are_refused():
    people = trial()
    mixed = replace(people, assigned=np.arange(80) % 2 == 0)
    with pytest.raises(DesignError, match="8 clusters hold both"):
        fit(mixed, outcome="y", design=design(test="permutation"))
