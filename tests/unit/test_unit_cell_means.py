"""A difference-in-differences from published means: by hand, and against the units themselves."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.cell_means import from_means

TREATED, COMPARISON = ((20.0, 3.0), (12.0, 4.0)), ((10.0, 5.0), (9.0, 12.0))


def test_by_hand():
    found = from_means(TREATED, COMPARISON)
    assert (found.treated_change, found.comparison_change, found.effect) == (-8, -1, -7)
    assert (found.treated_error, found.comparison_error) == (5, 13)
    assert found.std_error == pytest.approx(np.sqrt(25 + 169))


def test_errors_of_the_changes_take_the_place_of_the_four():
    found = from_means(TREATED, COMPARISON, change_errors=(3.0, 4.0))
    assert found.effect == -7
    assert found.std_error == pytest.approx(5)


def test_four_independent_samples_are_what_their_units_say():
    draw = np.random.default_rng(1)
    samples = [draw.normal(size=n) for n in (30, 40, 50, 60)]
    means = [(x.mean(), x.std(ddof=1) / np.sqrt(len(x))) for x in samples]
    found = from_means((means[0], means[1]), (means[2], means[3]))
    assert found.effect == pytest.approx(samples[1].mean() - samples[0].mean() - samples[3].mean() + samples[2].mean())
    assert found.std_error**2 == pytest.approx(sum(x.var(ddof=1) / len(x) for x in samples))


def test_units_seen_twice_are_more_certain_than_two_samples():
    draw = np.random.default_rng(2)
    before = draw.normal(size=(2, 40))
    after = before + draw.normal(scale=0.3, size=(2, 40))
    cells = [tuple((x.mean(), x.std(ddof=1) / np.sqrt(40)) for x in (before[g], after[g])) for g in (0, 1)]
    changes = tuple((after[g] - before[g]).std(ddof=1) / np.sqrt(40) for g in (0, 1))
    assert from_means(*cells, change_errors=changes).std_error < from_means(*cells).std_error / 2


@pytest.mark.parametrize("wrong", [(np.nan, 1.0), (1.0, -0.1), (np.inf, 1.0), (1.0, np.nan)])
def test_what_is_no_mean_or_error_is_refused(wrong):
    with pytest.raises(DesignError, match="a mean or its error is not a number"):
        from_means((wrong, TREATED[1]), COMPARISON)


def test_an_error_below_nothing_is_refused_for_a_change_too():
    with pytest.raises(DesignError, match="error is below 0"):
        from_means(TREATED, COMPARISON, change_errors=(-1.0, 1.0))
