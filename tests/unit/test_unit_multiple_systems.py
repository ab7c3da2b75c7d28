"""Log-linear models of lists: which there are, empty overlaps, existence, weights, profiles and errors of linkage."""

from itertools import combinations

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import chi2

from curv_eval.errors import DesignError
from curv_eval.stats.captures import chapman, tabulate
from curv_eval.stats.linkage_error import corrected
from curv_eval.stats.multiple_systems import (
    averaged,
    every_model,
    fit_models,
    matrix,
    maximum_exists,
    supported,
    weights,
)
from curv_eval.stats.poisson import fit_poisson
from curv_eval.stats.profile_total import profile

EVERY3 = [(1, 1, 1), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 1, 1), (0, 1, 0), (0, 0, 1)]
SOME = tabulate(EVERY3, [12, 30, 25, 90, 20, 80, 70])


@pytest.mark.parametrize(
    ("lists", "order", "number"), [(2, 2, 1), (3, 1, 1), (3, 2, 8), (4, 2, 64), (5, 2, 1024), (4, 3, 113)]
)
def test_the_number_of_models(lists, order, number):
    # 113 hierarchical models of four lists without the interaction of all (Bishop, Fienberg & Holland 1975)
    models = every_model(lists, order)
    assert len(models) == number == len(set(models))


def test_models_are_hierarchical():
    for model in every_model(4, 3):
        for term in model:
            assert all(part in model for part in combinations(term, len(term) - 1) if len(part) > 1)


def test_too_many_models_are_refused():
    with pytest.raises(DesignError, match=r"7 lists make 2\^21 models"):
        every_model(7, 2)
    with pytest.raises(DesignError, match="got more than 40,000 models"):
        every_model(6, 4)


def test_the_design_by_hand():
    x = matrix(SOME, [(0, 2), (0, 1)])
    assert x[0].tolist() == [1, 1, 1, 1, 1, 1]
    assert x[2].tolist() == [1, 1, 0, 1, 1, 0]
    assert x[6].tolist() == [1, 0, 0, 1, 0, 0]


def test_the_saturated_model_has_a_closed_form():
    # with all pairs, N_000 = n_111 n_100 n_010 n_001 / (n_110 n_101 n_011) (Fienberg 1972)
    found = fit_models(SOME, [((0, 1), (0, 2), (1, 2))])
    assert found.total[0] == pytest.approx(SOME.seen + 12 * 90 * 80 * 70 / (30 * 25 * 20), rel=1e-8)
    assert found.deviance[0] == pytest.approx(0, abs=1e-8)
    unseen = found.total[0] - SOME.seen
    log = sum(1 / n for n in SOME.counts)
    assert found.std_error[0] == pytest.approx(np.sqrt(unseen + unseen**2 * log), rel=1e-6)


def test_one_missing_pair_has_a_closed_form_too():
    # lists 1 and 2 independent given 3: only people not on list 3 count, N_000 = n_100 n_010 / n_110
    found = fit_models(SOME, [((0, 2), (1, 2))])
    assert found.total[0] == pytest.approx(SOME.seen + 90 * 80 / 30, rel=1e-8)


def test_two_lists_are_lincoln_and_petersen():
    two = tabulate([(1, 1), (1, 0), (0, 1)], [30, 170, 120])
    assert fit_models(two, [()]).total[0] == pytest.approx(1000, rel=1e-10)


def test_fits_do_not_depend_on_their_company():
    models = every_model(3, 2)
    whole = fit_models(SOME, models)
    for k, model in enumerate(models):
        alone = fit_models(SOME, [model])
        assert alone.total[0] == pytest.approx(whole.total[k], rel=1e-9)
        assert alone.log_likelihood[0] == pytest.approx(whole.log_likelihood[k], rel=1e-12)


def test_many_models_are_fitted_in_parts(monkeypatch):
    whole = fit_models(SOME, every_model(3, 2))
    monkeypatch.setattr("curv_eval.stats.multiple_systems.CHUNK", 3)
    parts = fit_models(SOME, every_model(3, 2))
    assert parts.total == pytest.approx(whole.total)
    assert parts.models == whole.models


def test_the_order_of_lists_does_not_matter():
    rows = np.repeat(SOME.histories, SOME.counts.astype(int), axis=0)
    turned = fit_models(tabulate(rows[:, [2, 0, 1]]), [((0, 1),)])
    assert turned.total[0] == pytest.approx(fit_models(SOME, [((0, 2),)]).total[0], rel=1e-9)


# empty overlaps


EMPTY = tabulate(EVERY3, [0, 30, 25, 90, 0, 80, 70])


def test_nobody_in_common_is_minus_infinity_and_takes_its_cells_with_it():
    found = fit_models(EMPTY, [((1, 2),), ()])
    assert found.why.tolist() == ["", ""]
    assert found.empty.tolist() == [1, 0]
    # without cells 111 and 011 the model is one of independent lists on the five other histories
    kept = EMPTY.counts > 0
    x = np.column_stack([np.ones(7), EMPTY.histories])[kept]
    by_hand = fit_poisson(x, EMPTY.counts[kept])
    assert found.total[0] == pytest.approx(EMPTY.seen + np.exp(by_hand.coefficients[0]), rel=1e-9)
    assert found.log_likelihood[0] == pytest.approx(by_hand.log_likelihood, rel=1e-10)


def test_it_is_the_limit_of_ever_smaller_overlaps():
    limit = fit_models(EMPTY, [((1, 2),)])
    near = fit_models(tabulate(EVERY3, [0, 30, 25, 90, 1e-6, 80, 70]), [((1, 2),)])
    assert near.empty[0] == 0
    assert near.total[0] == pytest.approx(limit.total[0], rel=1e-5)
    assert near.std_error[0] == pytest.approx(limit.std_error[0], rel=1e-3)


def test_a_parameter_at_minus_infinity_is_counted():
    found = fit_models(EMPTY, [((1, 2),), ((0, 1),)])
    assert found.parameters.tolist() == [5, 5]
    assert found.criterion("aic", 100) == pytest.approx(10 - 2 * found.log_likelihood)
    assert found.criterion("bic", 100) == pytest.approx(5 * np.log(100) - 2 * found.log_likelihood)


def test_an_empty_overlap_outside_the_model_is_data():
    assert fit_models(EMPTY, [()]).total[0] != pytest.approx(fit_models(EMPTY, [((1, 2),)]).total[0], rel=0.01)


def test_an_interaction_of_three_lists_goes_with_its_empty_pair():
    singles, pairs = (
        np.eye(4, dtype=int).tolist(),
        [(1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1)],
    )
    triples = [(1, 1, 0, 1), (1, 0, 1, 1)]
    four = tabulate([*singles, *pairs, *triples], [60, 50, 40, 45, 12, 9, 8, 7, 6, 3, 2])
    found = fit_models(four, [((0, 1), (0, 2), (1, 2), (0, 1, 2)), ((0, 1), (0, 2), (1, 2))])
    assert found.empty.tolist() == [2, 1]
    assert found.total[0] == pytest.approx(found.total[1], rel=1e-9)


def test_a_model_without_a_maximum_says_so():
    # nobody on lists 1 and 3, nor on 2 and 3: with 1 x 2 the parameter of list 3 and the constant run away
    lonely = tabulate([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)], [40, 30, 20, 6])
    found = fit_models(lonely, every_model(3, 2))
    assert dict(zip(found.models, found.why, strict=True))[((0, 1),)] == "no maximum"
    assert np.isnan(found.total[found.why != ""]).all()
    assert np.isfinite(found.total[found.why == ""]).all()


def test_the_linear_program_by_hand():
    x = np.array([[1.0, 1], [1, 0]])
    assert maximum_exists(x, np.array([2.0, 3.0]))
    assert not maximum_exists(x, np.array([2.0, 0.0]))


def test_no_model_at_all_is_refused():
    with pytest.raises(DesignError, match="no model of these lists has an estimate"):
        weights(np.array([np.nan, np.nan]))


# weights and averages


def test_weights_by_hand():
    found = weights(np.array([10.0, 12.0, np.nan]))
    assert found[1] / found[0] == pytest.approx(np.exp(-1))
    assert found.sum() == pytest.approx(1)
    assert found[2] == 0


def test_the_average_counts_that_models_disagree():
    mean, error = averaged(np.array([100.0, 200.0, np.nan]), np.array([3.0, 4.0, np.nan]), np.array([0.5, 0.5, 0.0]))
    assert mean == 150
    assert error == pytest.approx(np.sqrt(0.5 * (9 + 2500) + 0.5 * (16 + 2500)))


def test_the_fewest_models_with_95_per_cent_are_supported():
    assert supported(np.array([0.02, 0.6, 0.3, 0.08])).tolist() == [1, 2, 3]
    assert supported(np.array([0.97, 0.03])).tolist() == [0]
    assert supported(np.array([0.5, 0.45, 0.05])).tolist() == [0, 1]


# profiles


def test_the_profile_by_hand_with_two_lists():
    two = tabulate([(1, 1), (1, 0), (0, 1)], [30, 170, 120])

    def likelihood(total):
        # Darroch (1958): given N, the chance of each list is n_i / N
        unseen = total - 320
        every = np.array([30, 170, 120, unseen])
        p, q = 200 / total, 150 / total
        log = np.log([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)])
        return gammaln(total + 1) - gammaln(unseen + 1) + every @ log

    found = profile(two, ())
    grid = np.linspace(900, 1100, 20001)
    assert found.total == pytest.approx(grid[np.argmax([likelihood(n) for n in grid])], abs=0.02)
    top = likelihood(found.total)
    for end in (found.conf_low, found.conf_high):
        assert 2 * (top - likelihood(end)) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-3)
    assert 320 < found.conf_low < found.total < found.conf_high


def test_a_lower_level_gives_a_narrower_profile():
    wide, narrow = profile(SOME, ((0, 1),)), profile(SOME, ((0, 1),), alpha=0.5)
    assert wide.conf_low < narrow.conf_low < narrow.total < narrow.conf_high < wide.conf_high


def test_the_profile_starts_at_those_seen():
    all_seen = tabulate(EVERY3, [60, 3, 2, 1, 2, 1, 1])
    found = profile(all_seen, ())
    assert found.conf_low >= all_seen.seen
    assert found.total - all_seen.seen < 2


def test_the_profile_of_an_empty_overlap_is_that_of_its_limit():
    near = profile(tabulate(EVERY3, [0, 30, 25, 90, 1e-7, 80, 70]), ((1, 2),))
    found = profile(EMPTY, ((1, 2),))
    assert found.conf_low == pytest.approx(near.conf_low, rel=1e-4)
    assert found.conf_high == pytest.approx(near.conf_high, rel=1e-4)


def test_coverage_of_the_profile_where_its_model_holds():
    draw, held = np.random.default_rng(1), 0
    for _ in range(200):
        first = draw.random(400) < 0.4
        second = draw.random(400) < np.where(first, 0.5, 0.25)
        third = draw.random(400) < 0.35
        seen = np.column_stack([first, second, third]).astype(int)
        found = profile(tabulate(seen[seen.any(axis=1)]), ((0, 1),))
        held += found.conf_low <= 400 <= found.conf_high
    assert 0.90 <= held / 200 <= 0.99


# linkage


def test_missed_links_of_two_lists_by_hand():
    # 30 found of 40 true links: 10 people stood there twice
    two = tabulate([(1, 1), (1, 0), (0, 1)], [30, 170, 120])
    found = corrected(two, missed=0.25)
    assert found.counts.tolist() == [40, 160, 110]
    assert np.diag(found.overlap).tolist() == [200, 150]
    assert chapman(200, 150, 40).value < chapman(200, 150, 30).value


def test_false_links_of_two_lists_by_hand():
    two = tabulate([(1, 1), (1, 0), (0, 1)], [30, 170, 120])
    assert corrected(two, false=0.1).counts == pytest.approx([27, 173, 123])


def test_no_error_changes_nothing():
    assert corrected(SOME).counts.tolist() == SOME.counts.tolist()


@pytest.mark.parametrize(("missed", "false"), [(0.1, 0.0), (0.0, 0.2), (0.15, 0.05)])
def test_the_number_on_each_list_stays(missed, false):
    found = corrected(SOME, missed=missed, false=false)
    assert np.diag(found.overlap) == pytest.approx(np.diag(SOME.overlap))
    assert (found.seen < SOME.seen) == (missed > false)


def test_one_person_more_on_three_lists_takes_a_record_from_each_in_turn():
    three = tabulate(EVERY3, [12, 30, 30, 90, 30, 90, 90])
    found = corrected(three, missed=0.2)
    # pairs too: 25% more of each; a person more on all three takes a third of a pair and of a single from each
    assert found.counts[0] == pytest.approx(15)
    assert found.counts[1] == pytest.approx(30 * 1.25 - 1)
    assert found.counts[3] == pytest.approx(90 - 2 * 7.5 - 1)


def test_errors_that_these_counts_rule_out_are_refused():
    two = tabulate([(1, 1), (1, 0), (0, 1)], [30, 5, 120])
    with pytest.raises(DesignError, match="50% of links missed and 0% false"):
        corrected(two, missed=0.5)


@pytest.mark.parametrize(("missed", "false"), [(1.0, 0.0), (-0.1, 0.0), (0.0, 1.2)])
def test_shares_outside_0_to_1_are_refused(missed, false):
    with pytest.raises(DesignError, match="the error of linkage is a share"):
        corrected(SOME, missed=missed, false=false)


def test_the_correction_undoes_links_that_were_lost_at_random():
    draw, plain, mended = np.random.default_rng(5), [], []
    for _ in range(100):
        a, b = draw.random(2000) < 0.4, draw.random(2000) < 0.4
        found = (a & b) & (draw.random(2000) < 0.8)
        both, first, second = found.sum(), a.sum() - found.sum(), b.sum() - found.sum()
        seen = tabulate([(1, 1), (1, 0), (0, 1)], [both, first, second])
        plain.append(fit_models(seen, [()]).total[0])
        mended.append(fit_models(corrected(seen, missed=0.2), [()]).total[0])
    assert np.mean(plain) > 2300
    assert np.mean(mended) == pytest.approx(2000, rel=0.02)
