"""Bayesian synthesis of few studies: what bayesmeta prints, what a plain grid finds, and which priors are refused."""

import numpy as np
import pytest
from evidence_levels_support import bcg, case
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from curv_eval.errors import DesignError
from curv_eval.stats.meta_bayes import SHAPES, TauPrior, bayes, shrunken
from curv_eval.stats.meta_posterior import Mixture, quadrature, summary

TRIALS = case("psilocybin_bayes")
HALF = TauPrior("half-normal", 0.5)


def trials():
    given_ = TRIALS["data"]["inline"]
    low, high = np.array(given_["low"]), np.array(given_["high"])
    return np.array(given_["g"]), ((high - low) / (2 * 1.959963984540054)) ** 2


FOUND = bayes(*trials(), HALF, mu_prior=(0.0, 1.0))


# ---- outside numbers


@pytest.mark.parametrize("of", ["tau", "mu"])
@pytest.mark.parametrize("what", ["median", "mean", "sd", "low", "high"])
def test_posteriors_are_those_of_bayesmeta(of, what):
    found = getattr(summary(getattr(FOUND, of)), what)
    assert found == pytest.approx(TRIALS["expected"][of][what], abs=TRIALS["tolerance"][what])


@pytest.mark.parametrize("of", ["tau", "mu"])
def test_the_densest_value_is_that_of_bayesmeta(of):
    expected, posterior = TRIALS["expected"][of]["mode"], getattr(FOUND, of)
    around = np.linspace(expected - 0.01, expected + 0.01, 401)
    densest = around[np.argmax([posterior.density(at) for at in around])]
    assert densest == pytest.approx(expected, abs=2 * TRIALS["tolerance"]["mode"])


# ---- the same by a plain grid of mu and tau


def grid(y, v, log_prior, *, mu_prior, top=8.0):
    """Marginal means, sds and chances from the joint density on a grid, without any of the formulas used."""
    tau = (np.arange(960) + 0.5) * top / 960
    mu = np.linspace(-8, 8, 1001)
    log = np.zeros((len(tau), len(mu)))
    for effect, variance in zip(y, v, strict=True):
        log += stats.norm.logpdf(effect, mu[None, :], np.sqrt(variance + tau[:, None] ** 2))
    log += log_prior(tau)[:, None]
    if np.isfinite(mu_prior[1]):
        log += stats.norm.logpdf(mu, *mu_prior)[None, :]
    joint = np.exp(log - log.max())
    joint /= joint.sum()
    of_tau, of_mu = joint.sum(axis=1), joint.sum(axis=0)
    return {
        "tau": of_tau @ tau, "mu": of_mu @ mu, "sd": np.sqrt(of_mu @ mu**2 - (of_mu @ mu) ** 2),
        "below": of_mu[mu < 0].sum() + of_mu[np.isclose(mu, 0)].sum() / 2, "above": of_tau[tau > 0.5].sum(),
    }  # fmt: skip


PRIORS = [
    (TauPrior("half-normal", 0.5), lambda t: stats.halfnorm.logpdf(t, scale=0.5)),
    (TauPrior("half-cauchy", 0.3), lambda t: stats.halfcauchy.logpdf(t, scale=0.3)),
    (TauPrior("half-t", 0.4, 4.0), lambda t: stats.t.logpdf(t / 0.4, 4)),
]


@pytest.mark.parametrize("mu_prior", [(0.0, 1.0), (0.5, 2.0), (0.0, np.inf)])
@pytest.mark.parametrize(("prior", "log_prior"), PRIORS, ids=SHAPES)
def test_a_plain_grid_finds_the_same(prior, log_prior, mu_prior):
    y, v = (one[:6] for one in trials())
    expected, found = grid(y, v, log_prior, mu_prior=mu_prior), bayes(y, v, prior, mu_prior=mu_prior)
    assert found.tau.mean == pytest.approx(expected["tau"], abs=2e-4)
    assert found.mu.mean == pytest.approx(expected["mu"], abs=1e-4)
    assert found.mu.sd == pytest.approx(expected["sd"], abs=1e-3)
    assert found.mu.cdf(0) == pytest.approx(expected["below"], abs=1e-4)
    assert 1 - found.tau.cdf(0.5) == pytest.approx(expected["above"], abs=1e-3)


def test_priors_are_those_of_scipy_up_to_a_constant():
    tau = np.array([0.01, 0.2, 1.0, 3.0])
    for prior, log_prior in PRIORS:
        gap = prior.log_density(tau) - log_prior(tau)
        assert gap == pytest.approx(np.full(4, gap[0]), abs=1e-12)


def test_the_posterior_of_tau_is_a_distribution():
    y, v = trials()
    found = bayes(y, v, HALF).tau
    assert quad(found.density, 0, 5, epsabs=1e-12)[0] == pytest.approx(1, abs=1e-9)
    assert quad(found.density, 0, 0.4, epsabs=1e-12)[0] == pytest.approx(found.cdf(0.4), abs=1e-10)
    assert found.cdf(0) == 0
    assert found.cdf(1e6) == pytest.approx(1, abs=1e-10)
    assert found.density(-1.0) == 0


def test_the_posterior_of_mu_is_a_distribution():
    found = FOUND.mu
    assert quad(found.density, -3, 1, epsabs=1e-12)[0] == pytest.approx(found.cdf(1) - found.cdf(-3), abs=1e-9)
    assert quad(lambda at: at * found.density(at), -4, 2, epsabs=1e-12)[0] == pytest.approx(found.mean, abs=1e-8)


@pytest.mark.parametrize("chance", [0.001, 0.025, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("of", ["mu", "tau", "prediction"])
def test_quantiles_undo_chances(of, chance):
    posterior = getattr(FOUND, of)
    assert posterior.cdf(posterior.quantile(chance)) == pytest.approx(chance, abs=1e-10)


# ---- worked by hand


def test_without_spread_it_is_the_fixed_effect():
    # a prior that lets tau be nothing leaves a mean of precision weights
    y, v = np.array([0.2, 0.5, 0.1]), np.array([0.04, 0.01, 0.09])
    found = bayes(y, v, TauPrior("half-normal", 1e-5))
    assert found.mu.mean == pytest.approx(np.average(y, weights=1 / v), abs=1e-8)
    assert found.mu.sd == pytest.approx((1 / v).sum() ** -0.5, abs=1e-8)


def test_a_strong_prior_of_mu_counts_as_a_study():
    y, v = np.array([0.2, 0.5]), np.array([0.04, 0.01])
    found = bayes(y, v, TauPrior("half-normal", 1e-5), mu_prior=(1.0, 0.1))
    assert found.mu.mean == pytest.approx(np.average([*y, 1.0], weights=[25, 100, 100]), abs=1e-8)


def test_one_study_leaves_tau_to_its_prior():
    found = bayes(np.array([0.3]), np.array([0.1]), HALF)
    assert summary(found.tau).median == pytest.approx(stats.halfnorm.ppf(0.5, scale=0.5), abs=1e-9)
    assert found.tau.mean == pytest.approx(stats.halfnorm.mean(scale=0.5), abs=1e-9)


def test_two_equal_studies_by_a_single_integral():
    y, v = np.array([0.0, 1.0]), np.array([0.25, 0.25])

    def density(tau):
        w = 1 / (0.25 + tau**2)
        return stats.halfcauchy.pdf(tau, scale=0.5) * np.sqrt(w) * np.exp(-w / 4)

    total = quad(density, 0, np.inf)[0]
    found = bayes(y, v, TauPrior("half-cauchy", 0.5))
    assert found.tau.cdf(0.5) == pytest.approx(quad(density, 0, 0.5)[0] / total, abs=1e-7)
    assert found.mu.quantile(0.5) == pytest.approx(0.5, abs=1e-9)


def test_a_prediction_is_wider_than_the_mean():
    mean, new = summary(FOUND.mu), summary(FOUND.prediction)
    assert new.low < mean.low and mean.high < new.high
    assert FOUND.prediction.mean == pytest.approx(FOUND.mu.mean, abs=1e-12)
    assert FOUND.prediction.sd**2 == pytest.approx(FOUND.mu.sd**2 + FOUND.tau.sd**2 + FOUND.tau.mean**2, rel=1e-9)


def test_true_effects_are_drawn_towards_the_mean():
    y, v = trials()
    for study in range(len(y)):
        own = shrunken(FOUND, study)
        assert min(y[study], FOUND.mu.mean) - 0.02 <= own.mean <= max(y[study], FOUND.mu.mean) + 0.02
        assert own.sd < np.sqrt(v[study])


def test_a_precise_study_keeps_its_effect():
    y, v = np.array([0.0, 1.0, 0.5]), np.array([1e-6, 0.1, 0.1])
    assert shrunken(bayes(y, v, HALF), 0).mean == pytest.approx(0, abs=1e-4)


def test_a_study_that_is_not_there_is_refused():
    with pytest.raises(DesignError, match="got row 12, expected 0 to 11"):
        shrunken(FOUND, 12)


# ---- intervals


def test_a_shortest_interval_has_one_density_at_both_ends():
    found = summary(FOUND.mu)
    assert FOUND.mu.cdf(found.high) - FOUND.mu.cdf(found.low) == pytest.approx(0.95, abs=1e-10)
    assert FOUND.mu.density(found.low) == pytest.approx(FOUND.mu.density(found.high), rel=1e-6)


def test_a_central_interval_leaves_as_much_on_either_side():
    found = summary(FOUND.tau, kind="central")
    assert FOUND.tau.cdf(found.low) == pytest.approx(0.025, abs=1e-10)
    assert FOUND.tau.cdf(found.high) == pytest.approx(0.975, abs=1e-10)


@pytest.mark.parametrize("of", ["mu", "tau", "prediction"])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_no_interval_is_shorter_than_the_shortest(of, level):
    posterior = getattr(FOUND, of)
    found = summary(posterior, level)
    for chance in np.linspace(1e-5, 1 - level - 1e-5, 9):
        other = posterior.quantile(chance + level) - posterior.quantile(chance)
        assert found.high - found.low <= other + 1e-9


def test_a_shortest_interval_away_from_0_does_not_begin_there():
    y, v, _ = bcg()
    found = bayes(y, v, TauPrior("half-cauchy", 0.5)).tau
    ends = summary(found)
    assert ends.low > 0.1
    assert found.density(ends.low) == pytest.approx(found.density(ends.high), rel=1e-6)


def test_a_normal_distribution_has_its_own_interval():
    one = Mixture(np.array([1.0]), np.array([2.0]), np.array([3.0]), 2.0, 3.0)
    found = summary(one)
    half = 3 * stats.norm.ppf(0.975)
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), abs=1e-6)
    assert (found.mean, found.median, found.sd) == pytest.approx((2, 2, 3))


@pytest.mark.parametrize(("level", "kind"), [(0.0, "central"), (1.0, "shortest"), (0.9, "widest")])
def test_unknown_intervals_are_refused(level, kind):
    with pytest.raises(DesignError, match="expected shortest or central"):
        summary(FOUND.mu, level, kind)


# ---- moments that there are not


@pytest.mark.parametrize(
    ("studies", "flat", "mean", "sd"),
    [(1, True, False, False), (2, True, True, False), (3, True, True, True), (2, False, True, True)],
)
def test_a_heavy_prior_of_tau_leaves_few_moments(studies, flat, mean, sd):
    # half-Cauchy: the posterior of tau falls as tau^-(k+1), or tau^-(k+2) where mu has a prior
    y, v = (one[:studies] for one in trials())
    found = bayes(y, v, TauPrior("half-cauchy", 0.5), mu_prior=(0.0, np.inf if flat else 2.0))
    assert np.isfinite(found.tau.mean) == mean
    assert np.isfinite(found.tau.sd) == sd
    assert np.isfinite(found.prediction.sd) == sd
    assert np.isfinite(summary(found.prediction, kind="central").high)


def test_a_proper_prior_of_mu_has_moments_whatever_tau_does():
    y, v = (one[:1] for one in trials())
    found = bayes(y, v, TauPrior("half-cauchy", 0.5), mu_prior=(0.0, 2.0))
    assert found.mu.sd < 2
    assert np.isinf(found.prediction.sd)


# ---- what must not change


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_the_order_of_studies_does_not_matter(seed, studies):
    draw = np.random.default_rng(seed)
    y, v = draw.normal(0, 0.5, studies), draw.uniform(0.01, 0.5, studies)
    order = draw.permutation(studies)
    found, again = bayes(y, v, HALF), bayes(y[order], v[order], HALF)
    assert again.tau.mean == pytest.approx(found.tau.mean, rel=1e-9)
    assert again.mu.mean == pytest.approx(found.mu.mean, rel=1e-9, abs=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.1, 20))
def test_the_unit_of_effects_does_not_matter(seed, unit):
    draw = np.random.default_rng(seed)
    y, v = draw.normal(0, 0.5, 5), draw.uniform(0.01, 0.5, 5)
    found = bayes(y, v, HALF, mu_prior=(0.0, 1.0))
    again = bayes(-unit * y, unit**2 * v, TauPrior("half-normal", 0.5 * unit), mu_prior=(0.0, unit))
    assert again.tau.quantile(0.9) == pytest.approx(unit * found.tau.quantile(0.9), rel=1e-7)
    assert again.mu.cdf(0.3 * unit) == pytest.approx(1 - found.mu.cdf(-0.3), abs=1e-8)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_chances_rise(seed):
    draw = np.random.default_rng(seed)
    found = bayes(draw.normal(0, 1, 4), draw.uniform(0.01, 1, 4), TauPrior("half-cauchy", 0.5))
    for posterior, at in ((found.tau, np.linspace(0, 3, 30)), (found.mu, np.linspace(-3, 3, 30))):
        chances = [posterior.cdf(x) for x in at]
        assert (np.diff(chances) >= -1e-12).all()
        assert chances[0] >= 0 and chances[-1] <= 1 + 1e-9


def test_a_wider_prior_lets_tau_be_larger():
    y, v = (one[:4] for one in trials())
    medians = [summary(bayes(y, v, TauPrior("half-normal", scale)).tau).median for scale in (0.1, 0.5, 2.0)]
    assert (np.diff(medians) > 0).all()


def test_many_studies_are_still_integrated():
    draw = np.random.default_rng(1)
    y, v = draw.normal(0.2, np.sqrt(0.09 + 0.01), 3000), np.full(3000, 0.01)
    found = bayes(y, v, HALF)
    assert found.tau.mean == pytest.approx(0.3, abs=0.02)
    assert found.mu.sd == pytest.approx(np.sqrt(0.1 / 3000), rel=0.05)


def test_a_posterior_too_narrow_for_the_panels_is_refused():
    with pytest.raises(DesignError, match="too narrow to integrate"):
        quadrature(lambda tau: -0.5 * ((tau - 1) / 1e-5) ** 2, (0.01, 100.0), 2)


# ---- priors that are refused


@pytest.mark.parametrize(
    ("prior", "mu", "words"),
    [
        (
            TauPrior("uniform", 1.0),
            (0.0, 1.0),
            "shape of tau: got 'uniform', expected half-normal, half-cauchy, half-t",
        ),
        (TauPrior("half-normal", 0.0), (0.0, 1.0), "scale of tau: got 0.0"),
        (TauPrior("half-t", 1.0, -1.0), (0.0, 1.0), "df of tau"),
        (HALF, (np.nan, 1.0), "prior of mu"),
        (HALF, (0.0, 0.0), "prior of mu"),
    ],
)
def test_priors_that_are_none_are_refused(prior, mu, words):
    with pytest.raises(DesignError, match=words):
        bayes(*trials(), prior, mu_prior=mu)


def test_every_wrong_prior_is_said_at_once():
    with pytest.raises(DesignError) as caught:
        bayes(*trials(), TauPrior("uniform", -1.0), mu_prior=(0.0, -1.0))
    assert len(caught.value.breaches) == 3


def test_wrong_effects_are_refused():
    with pytest.raises(DesignError, match="above 0"):
        bayes(np.array([0.1]), np.array([0.0]), HALF)


def test_what_was_believed_is_kept():
    assert FOUND.tau_prior == HALF
    assert FOUND.mu_prior == (0.0, 1.0)
