"""The p-value of the average effect goes with the way its interval is made."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from curv_eval import estimate as nouns
from curv_eval.errors import DesignError
from curv_eval.estimate.averages import average, overall
from curv_eval.estimate.p_values import bounded, p_value
from curv_eval.methods import fit
from curv_eval.study import Design, Span
from panels import known
from people import known_people

WINDOW = Span("2000-01", "2001-12")


@pytest.fixture(scope="module")
def estimate():
    design = Design(method="callaway_santanna", window=WINDOW, options={"small_sample": "cr2"})
    return fit(known(effect=-0.05, n=80), outcome="y", design=design)


def test_an_interval_that_ends_at_0_has_a_p_value_of_alpha(estimate):
    p = p_value(estimate)
    row = overall(replace(estimate, alpha=p)).iloc[0]
    assert min(abs(row["conf_low"]), abs(row["conf_high"])) < 1e-9


def test_people_use_their_degrees_of_freedom():
    found = fit(known_people(effect=-0.2), outcome="y", design=Design(method="ancova", window=WINDOW))
    a = average(found, found.after)
    assert p_value(found) == pytest.approx(2 * stats.t.sf(abs(a.value) / a.std_error, found.df))
    assert p_value(found) > 2 * stats.norm.sf(abs(a.value) / a.std_error)


def test_a_test_gives_its_own(estimate):
    tested = replace(estimate, tested=nouns.Tested(-1.0, 1.0, 0.123, 0.01, 100, "a rule"))
    assert p_value(tested) == 0.123


def test_draws_give_twice_the_smaller_share_and_never_0(estimate):
    cells = len(estimate.cells)
    below = np.full((99, cells), -1.0)
    assert p_value(replace(estimate, draws=below)) == pytest.approx(2 / 100)
    mixed = np.vstack([below[:79], -below[:20]])
    assert p_value(replace(estimate, draws=mixed)) == pytest.approx(2 * 21 / 100)
    even = np.vstack([below[:50], -below[:49]])
    assert p_value(replace(estimate, draws=even)) == 1.0


def test_an_average_without_error_has_none(estimate):
    silent = replace(
        estimate, influence=np.zeros_like(estimate.influence),
        shares={g: (share, np.zeros_like(psi)) for g, (share, psi) in estimate.shares.items()},
    )  # fmt: skip
    with pytest.raises(DesignError, match="no error"):
        p_value(silent)


def test_it_is_the_same_for_a_rise_and_a_fall_and_scales_away(estimate):
    turned = replace(estimate, cells=estimate.cells.assign(estimate=-estimate.cells["estimate"]))
    # the influence of estimated shares is 0 with one cohort, so that only the sign changes
    assert p_value(turned) == pytest.approx(p_value(estimate), rel=1e-6)


def test_intervals_without_an_end_are_refused(estimate):
    row = overall(estimate).iloc[[0]]
    assert bounded(row, "y") is row
    with pytest.raises(DesignError, match="y: there are too few placebos"):
        bounded(row.assign(conf_high=np.inf), "y")
