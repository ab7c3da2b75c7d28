"""Thresholds: local polynomials by hand, what moving or scaling does, heaping, and the method's refusals."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.bandwidth import bandwidths
from curv_eval.stats.density_jump import density_jump
from curv_eval.stats.discontinuity import adjusted, fuzzy, sharp
from curv_eval.stats.local_polynomial import Settings, Side, kernel, local_fit, neighbour_residuals
from curv_eval.study import Design, Span


def design(**options):
    return Design(method="regression_discontinuity", window=Span("2000-01", "2001-12"), options=options)


def drawn(n=600, seed=1, effect=2.0, noise=1.0):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    return x, 10 + x + 0.5 * x**2 + effect * (x >= 0) + noise * draw.normal(size=n)


def people(x, y, treated=None, **more):
    treated = x >= 0 if treated is None else treated
    return People(persons=np.arange(len(x)), treated=treated, outcomes={"y": y}, running=x, **more)


def test_kernels_by_hand():
    u = np.array([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0])
    assert kernel(u, "triangular").tolist() == [0, 0, 0.5, 1, 0.5, 0]
    assert kernel(u, "epanechnikov").tolist() == [0, 0, 0.5625, 0.75, 0.5625, 0]
    assert kernel(u, "uniform").tolist() == [0, 0, 0.5, 0.5, 0.5, 0]


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_a_curve_of_its_own_order_is_found_exactly(order):
    x = np.linspace(0.01, 2, 50)
    y = sum((j + 1) * x**j for j in range(order + 1))
    fitted = local_fit(x, order=order, width=1.5, name="triangular")
    assert fitted.coefficients(y) == pytest.approx(np.arange(1, order + 2), abs=1e-8)


def test_residuals_from_neighbours_by_hand():
    x, y = np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 3.0, 2.0, 10.0])
    # nearest two: of 1 are 2 and 4; of 2: 1 and 4; of 4: 2 and 1; of 8: 4 and 2
    means = np.array([2.5, 1.5, 2.0, 2.5])
    assert neighbour_residuals(x, y, neighbours=2) == pytest.approx(np.sqrt(2 / 3) * (y - means))


def test_neighbours_at_the_same_distance_all_count():
    x, y = np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 3.0, 5.0, 9.0])
    found = neighbour_residuals(x, y, neighbours=1)
    # of 1: both at 2; of each at 2: the other; of 3: both at 2
    expected = [np.sqrt(2 / 3) * (1 - 4), np.sqrt(1 / 2) * (3 - 5), np.sqrt(1 / 2) * (5 - 3), np.sqrt(2 / 3) * (9 - 4)]
    assert found == pytest.approx(expected)


def test_more_neighbours_than_people_are_all_of_them():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 8.0])
    assert neighbour_residuals(x, y, neighbours=9) == pytest.approx(np.sqrt(2 / 3) * (y - [5.5, 4.5, 2.0]))
    with pytest.raises(DesignError, match="at least two people"):
        neighbour_residuals(x[:1], y[:1], neighbours=3)


def test_neighbours_vary_as_people_do():
    draw = np.random.default_rng(3)
    x = np.sort(draw.normal(size=20_000))
    assert (neighbour_residuals(x, 2 * draw.normal(size=20_000), neighbours=3) ** 2).mean() == pytest.approx(
        4, rel=0.05
    )


@pytest.mark.parametrize("name", ["triangular", "epanechnikov", "uniform"])
def test_straight_lines_have_no_bias(name):
    x = np.random.default_rng(2).normal(size=300)
    y = 3 + 2 * x + np.where(x >= 0, 5 - x, 0.0)
    found = sharp(x, y, settings=Settings(kernel=name), widths=(1.0, 1.5))
    assert (found.conventional, found.value) == pytest.approx((5, 5), abs=1e-9)


def test_bending_is_bias_and_is_taken_off():
    x = np.random.default_rng(2).normal(size=300)
    y = np.where(x >= 0, 1 + x**2, -(x**2))
    found = sharp(x, y, widths=(1.0, 1.5))
    assert abs(found.conventional - 1) > 0.05
    assert found.value == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("scale", [0.01, 1000.0])
def test_units_of_the_running_variable_do_not_matter(scale):
    x, y = drawn()
    one, other = sharp(x, y), sharp(scale * x, y)
    assert other.value == pytest.approx(one.value, rel=1e-6)
    assert other.std_error == pytest.approx(one.std_error, rel=1e-6)
    assert (other.h, other.b) == pytest.approx((scale * one.h, scale * one.b), rel=1e-6)


def test_units_and_level_of_the_outcome_do_not_matter():
    x, y = drawn()
    one, other = sharp(x, y), sharp(x, 50 + 7 * y)
    assert other.value == pytest.approx(7 * one.value, rel=1e-6)
    assert other.std_error == pytest.approx(7 * one.std_error, rel=1e-6)
    assert other.h == pytest.approx(one.h, rel=1e-6)


def test_turning_round_turns_the_sign():
    x, y = drawn()
    x = np.where(x == 0, 0.01, x)
    one, other = sharp(x, y), sharp(-x, y)
    assert other.value == pytest.approx(-one.value, rel=1e-8)
    assert other.std_error == pytest.approx(one.std_error, rel=1e-8)


def test_the_order_of_people_does_not_matter_and_influence_follows_them():
    x, y = drawn()
    order = np.random.default_rng(4).permutation(len(x))
    one, other = sharp(x, y), sharp(x[order], y[order])
    assert other.value == pytest.approx(one.value, rel=1e-10)
    assert other.influence == pytest.approx(one.influence[order], abs=1e-12)


def test_more_people_make_a_narrower_bandwidth():
    def bent(n):
        x, y = drawn(n=n)
        return sharp(x, y + 3 * x**2 * (x >= 0)).h

    # n^(-1/5) of a hundred times as many
    assert bent(40_000) / bent(400) == pytest.approx(100**-0.2, rel=0.3)


def test_bandwidths_for_coverage_are_narrower():
    x, y = drawn()
    sides = Side(np.sort(x[x < 0]), y[x < 0]), Side(np.sort(x[x >= 0]), y[x >= 0])
    mse, coverage = (bandwidths(*sides, Settings(optimal=o)) for o in ("mse", "coverage"))
    assert coverage[0] == pytest.approx(mse[0] * 600 ** (-1 / 20))
    assert coverage[1] == mse[1]


def test_the_error_is_that_of_repeated_draws():
    found = [sharp(*drawn(seed=seed), widths=(1.0, 1.5)) for seed in range(300)]
    spread = np.std([one.value for one in found])
    assert np.mean([one.std_error for one in found]) == pytest.approx(spread, rel=0.12)


def test_a_fuzzy_threshold_divides_the_jumps():
    x, y = drawn()
    d = ((x >= 0) ^ (np.random.default_rng(5).random(600) < 0.2)).astype(float)
    found = fuzzy(x, np.column_stack([y, d]), widths=(1.0, 1.0))
    parts = [sharp(x, v, widths=(1.0, 1.0)) for v in (y, d)]
    assert found.conventional == pytest.approx(parts[0].conventional / parts[1].conventional)
    assert found.first_stage.value == pytest.approx(parts[1].value)
    residual = parts[0].conventional_influence - found.conventional * parts[1].conventional_influence
    assert found.conventional_error == pytest.approx(np.linalg.norm(residual) / parts[1].conventional)


def test_where_all_keep_to_the_threshold_fuzzy_is_sharp():
    x, y = drawn()
    found, one = fuzzy(x, np.column_stack([y, x >= 0])), sharp(x, y)
    assert (found.value, found.std_error) == pytest.approx((one.value, one.std_error))


def test_covariates_take_noise_away_and_not_the_jump():
    draw = np.random.default_rng(6)
    x, y = drawn(n=2000)
    z = draw.normal(size=(2000, 2))
    noisy = y + z @ [3.0, -2.0]
    without = sharp(x, noisy, widths=(1.0, 1.5))
    held = sharp(x, adjusted(x, noisy, z, width=1.0, settings=Settings()), widths=(1.0, 1.5))
    assert held.std_error < 0.5 * without.std_error
    assert abs(held.value - 2) < 4 * held.std_error


@pytest.mark.parametrize(
    ("given", "said"),
    [({"kernel": "gauss"}, "kernel: got 'gauss'"), ({"errors": "HC9"}, "errors: got"), ({"optimal": "x"}, "optimal")],
)
def test_settings_that_cannot_be_are_refused(given, said):
    with pytest.raises(DesignError, match=said):
        Settings(**given)


def test_too_few_people_near_are_refused():
    x, y = drawn()
    with pytest.raises(DesignError, match="too few people"):
        sharp(x, y, widths=(1e-6, 1e-6))
    with pytest.raises(DesignError, match="nobody on one side"):
        sharp(np.abs(x), y)


def test_a_threshold_that_nobody_obeys_is_refused():
    x, y = drawn()
    with pytest.raises(DesignError, match="does not change"):
        fuzzy(x, np.column_stack([y, np.ones(600)]))


def test_an_even_density_has_no_jump():
    draw = np.random.default_rng(1)
    p = [density_jump(draw.uniform(-1, 1, 2000)).p_value for _ in range(200)]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.10


def test_people_who_heap_above_are_seen():
    x = np.random.default_rng(2).normal(size=4000)
    moved = np.where((x < 0) & (x > -0.2) & (np.arange(4000) % 2 == 0), -x, x)
    found = density_jump(moved)
    assert found.value > 0.5
    assert found.p_value < 0.001
    assert density_jump(x).p_value > 0.05


def test_the_density_error_by_hand():
    found = density_jump(np.random.default_rng(2).uniform(-1, 1, 4000), bandwidth=0.5)
    # an even density of 1/2: sqrt(24/5 (2 + 2) / (n h))
    assert found.std_error == pytest.approx(np.sqrt(24 / 5 * 4 / (4000 * 0.5)), rel=0.05)
    assert found.bandwidth == 0.5


@pytest.mark.parametrize("x", [np.zeros(50), np.repeat([-1.0, 1.0], 25)])
def test_a_density_that_cannot_be_seen_is_refused(x):
    with pytest.raises(DesignError):
        density_jump(x)


def test_the_method_is_the_jump_less_its_bias():
    x, y = drawn()
    found, held = fit(people(x, y), outcome="y", design=design()), sharp(x, y)
    row = overall(found).iloc[0]
    assert (row["estimate"], row["std_error"]) == pytest.approx((held.value, held.std_error))
    assert (row["n_units"], found.cells["n_comparison"].iloc[0]) == (held.n_right, held.n_left)
    near = (x >= 0) & (x < held.h)
    assert found.cells["observed"].iloc[0] == pytest.approx(y[near].mean())
    spread = np.sqrt(((y[near] - y[near].mean()) ** 2).sum()) / near.sum()
    assert np.linalg.norm(found.observed_influence) == pytest.approx(spread)
    assert found.observed_influence.shape == found.influence.shape == (600, 1)
    assert any(f"bandwidth {held.h:.4g}" in note for note in found.notes)


@pytest.mark.parametrize(
    ("options", "settings", "widths"),
    [
        ({"bandwidth": 0.8}, Settings(), (0.8, 0.8)),
        ({"kernel": "uniform"}, Settings(kernel="uniform"), None),
        ({"optimal": "coverage"}, Settings(optimal="coverage"), None),
        ({"order": 2}, Settings(order=2), None),
        ({"neighbours": 5}, Settings(neighbours=5), None),
    ],
)
def test_options_reach_the_arithmetic(options, settings, widths):
    x, y = drawn()
    held = sharp(x, y, settings=settings, widths=widths)
    assert overall(fit(people(x, y), outcome="y", design=design(**options))).iloc[0]["estimate"] == held.value


def test_errors_of_clusters_are_wider_when_people_are_alike():
    draw = np.random.default_rng(8)
    x, y = drawn()
    cluster = np.repeat(np.arange(60), 10)
    y = y + 2 * draw.normal(size=60)[cluster] * (x >= 0)
    grouped = people(x, y, cluster=cluster)
    alone = fit(grouped, outcome="y", design=design(bandwidth=1.0))
    together = fit(grouped, outcome="y", design=design(bandwidth=1.0, errors="clusters"))
    assert together.influence.shape == (60, 1)
    assert together.df == 59
    assert "clustered" in together.se_rule
    assert any("`errors: clusters`" in note for note in alone.notes)
    assert overall(together).iloc[0]["estimate"] == overall(alone).iloc[0]["estimate"]
    held = sharp(x, y, settings=Settings(errors="HC0"), widths=(1.0, 1.0))
    sums = np.bincount(cluster, held.influence)
    assert overall(together).iloc[0]["std_error"] == pytest.approx(np.sqrt((sums**2).sum() * 60 / 59))


def test_covariates_are_used_when_asked_for():
    draw = np.random.default_rng(6)
    x, y = drawn(n=2000)
    z = draw.normal(size=2000)
    held = people(x, y + 3 * z, covariates={"z": z})
    errors = [
        overall(fit(held, outcome="y", design=design(covariates=c))).iloc[0]["std_error"]
        for c in ("left out", "adjusted")
    ]
    assert errors[1] < 0.7 * errors[0]


def test_a_method_with_exceptions_is_fuzzy_and_says_how_many():
    x, y = drawn()
    d = (x >= 0) ^ (np.random.default_rng(5).random(600) < 0.2)
    found = fit(people(x, y, d), outcome="y", design=design())
    held = fuzzy(x, np.column_stack([y, d]))
    assert overall(found).iloc[0]["estimate"] == pytest.approx(held.value)
    assert any("not all kept to the threshold" in note for note in found.notes)


def test_heaping_is_told():
    x, _ = drawn(n=4000)
    moved = np.where((x < 0) & (x > -0.2) & (np.arange(4000) % 2 == 0), -x, x)
    found = fit(people(moved, moved + np.random.default_rng(1).normal(size=4000)), outcome="y", design=design())
    assert any("heap" in note for note in found.notes)


def test_few_people_near_are_told():
    x, y = drawn(n=120)
    found = fit(people(x, y), outcome="y", design=design(bandwidth=0.45))
    assert any("fewer than 30" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda p: replace(p, running=None), {}, "running: is not given"),
        (lambda p: replace(p, running=np.where(np.arange(600) == 3, np.nan, p.running)), {}, "1 people have no value"),
        (lambda p: replace(p, treated=np.arange(600) % 2 == 0), {}, "did not decide who was treated"),
        (lambda p: p, {"errors": "clusters"}, "cluster: is not given"),
        (lambda p: p, {"bandwidth": 0.01}, "too few people"),
    ],
)
def test_people_without_a_threshold_are_refused(change, options, said):
    with pytest.raises(DesignError, match=said):
        fit(change(people(*drawn())), outcome="y", design=design(**options))
