"""The truth written beside made-up data is the effect that is in the data."""

from __future__ import annotations

import numpy as np
import pytest

from curv_eval.made_up import read_truth
from curv_eval.made_up.drawing import streams_of
from curv_eval.made_up.known import area_truth
from curv_eval.made_up.process import (
    MONTHS,
    NEVER,
    NOISE_SHAPE,
    PLACED_SHARE,
    POLICE_SHARE,
    STARTS,
    WARD_SHAPE,
    World,
    draw_incidents,
    expected_violence,
    is_mentored,
    make_world,
    united,
)

SEEDS = range(40)
EFFECT = -0.2


def world_and_police(seed: int, effect: float) -> tuple[World, np.ndarray]:
    """A world and its police counts, (n_studied, n_months), drawn as make_up draws them."""
    first, second = np.random.default_rng(seed).spawn(2)
    world = make_world(first)
    incidents = draw_incidents(second, world, effect)
    counts = np.zeros((len(world.level), len(MONTHS)))
    np.add.at(counts, (incidents.area[incidents.by_police], incidents.month[incidents.by_police]), 1)
    return world, counts


@pytest.fixture(scope="module")
def draws() -> list[tuple[World, np.ndarray]]:
    return [world_and_police(seed, EFFECT) for seed in SEEDS]


def variance(world: World, where: np.ndarray) -> float:
    """Variance of the police count over `where`: Poisson, area noise, and shocks shared by a ward in a month."""
    mean = np.where(where, expected_violence(world, EFFECT) * POLICE_SHARE, 0)
    ward = np.array([area.ward for area in world.studied])
    in_ward = np.zeros((ward.max() + 1, len(MONTHS)))
    np.add.at(in_ward, ward, mean)
    noise = (1 + 1 / WARD_SHAPE) / NOISE_SHAPE
    return mean.sum() + noise * (mean**2).sum() + (in_ward**2).sum() / WARD_SHAPE


def test_the_truth_is_the_expectation_with_mentoring_minus_without(folder, null_folder):
    truth, null = read_truth(folder), read_truth(null_folder)
    world = make_world(streams_of(7)["world"])
    gap = expected_violence(world, EFFECT) - expected_violence(world, 0.0)
    for name, share in PLACED_SHARE.items():
        assert truth.total[name] == pytest.approx(gap.sum() * share)
        assert null.total[name] == 0
        assert truth.average_per_unit_month[name] * truth.n_treated_unit_months == pytest.approx(truth.total[name])
    assert (null.cohorts, null.n_treated_areas) == (truth.cohorts, truth.n_treated_areas)


def test_mentoring_changes_nothing_else_and_nothing_earlier():
    world = make_world(np.random.default_rng(1))
    ratio = expected_violence(world, EFFECT) / expected_violence(world, 0.0)
    assert ratio[is_mentored(world)] == pytest.approx(0.8)
    assert (ratio[~is_mentored(world)] == 1).all()
    assert not is_mentored(world)[:, : MONTHS.index(STARTS[0])].any()


def test_truth_counts_united_areas_and_their_months(folder, table):
    truth, register, lookup = read_truth(folder), table("intervention_register"), table("lsoa_lookup")
    # By hand: two of the three splits are mentored, and the two sisters of a split are one united area.
    parent = lookup.drop_duplicates("lsoa21_code").set_index("lsoa21_code").lsoa11_code
    started = register.assign(area=register.lsoa21_code.map(parent)).drop_duplicates("area")
    assert truth.n_treated_areas == len(started) == len(register) - 2
    assert truth.cohorts == started.start_month.value_counts().to_dict()
    months = sum(len(MONTHS) - MONTHS.index(month) for month in started.start_month)
    assert truth.n_treated_unit_months == months
    assert truth.n_areas == 168 - 3


def test_a_smaller_unit_has_a_smaller_average(folder):
    truth = read_truth(folder)
    for name in PLACED_SHARE:
        assert truth.average_per_unit_month[name] < truth.average_per_lsoa21_month[name] < 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_happens_scatters_around_what_is_expected(draws, when):
    scores = []
    for world, counts in draws:
        mentored = is_mentored(world)
        where = mentored if when == "after" else ~mentored
        expected = (expected_violence(world, EFFECT) * POLICE_SHARE)[where].sum()
        scores.append((counts[where].sum() - expected) / variance(world, where) ** 0.5)
    # 40 standard normal scores: their mean has standard error 0.16, their standard deviation about 0.11.
    assert abs(np.mean(scores)) < 0.55
    assert 0.65 < np.std(scores) < 1.4
    assert np.abs(scores).max() < 4


def test_the_relative_effect_comes_back_from_the_counts(draws):
    logs = []
    for world, counts in draws:
        early, late = slice(0, MONTHS.index(STARTS[0])), slice(MONTHS.index(STARTS[-1]), None)
        treated = world.start < NEVER
        logs.append(log_ratio(counts, treated, early, late))
    error = np.std(logs, ddof=1) / len(logs) ** 0.5
    assert error < 0.01
    assert np.mean(logs) == pytest.approx(np.log1p(EFFECT), abs=3.5 * error)


def test_trends_before_the_start_are_parallel_in_proportion(draws):
    logs = [
        log_ratio(counts, world.start < NEVER, slice(0, 9), slice(9, MONTHS.index(STARTS[0])))
        for world, counts in draws
    ]
    assert np.mean(logs) == pytest.approx(0, abs=3.5 * np.std(logs, ddof=1) / len(logs) ** 0.5)


def log_ratio(counts: np.ndarray, treated: np.ndarray, early: slice, late: slice) -> float:
    """How much more the treated areas changed than the others, as a log ratio of ratios."""
    change = [np.log(counts[group][:, late].sum() / counts[group][:, early].sum()) for group in (treated, ~treated)]
    return change[0] - change[1]


def test_expected_trends_without_effect_are_exactly_proportional():
    world = make_world(np.random.default_rng(2))
    expected = expected_violence(world, 0.0)
    assert expected / expected[:, :1] == pytest.approx(np.broadcast_to(expected[0] / expected[0, 0], expected.shape))


def test_mentored_wards_are_more_violent_than_the_median_ward(draws):
    for world, _ in draws[:10]:
        ward = np.array([area.ward for area in world.studied])
        mean = np.bincount(ward, world.level) / np.bincount(ward)
        mentored = np.unique(ward[world.start < NEVER])
        assert len(mentored) == 12
        assert mean[mentored].min() > np.median(mean)
        assert 55 <= (world.start < NEVER).sum() <= 70
        assert len({world.start[ward == number].min() for number in mentored}) == len(STARTS)


def test_wards_start_as_one():
    world = make_world(np.random.default_rng(3))
    ward = np.array([area.ward for area in world.studied])
    assert all(len(set(world.start[ward == number])) == 1 for number in set(ward))


def test_police_record_about_six_a_month(draws):
    assert np.mean([counts.mean() for _, counts in draws]) == pytest.approx(5.8, abs=0.25)


def test_neighbours_in_a_ward_share_shocks_and_wards_do_not(draws):
    within, between = [], []
    for world, counts in draws:
        ward = np.array([area.ward for area in world.studied])
        expected = expected_violence(world, EFFECT) * POLICE_SHARE
        rest = (counts - expected) / np.sqrt(expected)
        product = rest @ rest.T / len(MONTHS)
        same = (ward[:, None] == ward) & ~np.eye(len(ward), dtype=bool)
        within.append(product[same].mean())
        between.append(product[ward[:, None] != ward].mean())
    assert np.mean(within) == pytest.approx(5.8 / WARD_SHAPE, rel=0.25)
    assert abs(np.mean(between)) < 0.005


def test_sources_overlap_in_part_and_see_their_share():
    world = make_world(np.random.default_rng(4))
    incidents = draw_incidents(np.random.default_rng(5), world, 0.0)
    assert incidents.by_police.mean() == pytest.approx(0.45, abs=0.01)
    assert incidents.by_hospital.mean() == pytest.approx(0.20, abs=0.01)
    assert (incidents.by_police & incidents.by_hospital).mean() == pytest.approx(0.09, abs=0.01)


def test_the_files_hold_the_counts_that_were_drawn(folder, street, table):
    """Through the lookup from either vintage, each united area has in each month exactly what the process drew."""
    stream = streams_of(7)
    world = make_world(stream["world"])
    incidents = draw_incidents(stream["incidents"], world, EFFECT)
    unit_of = {area.code21: unit for area, unit in zip(world.studied, united(world), strict=True)}
    lookup = table("lsoa_lookup")
    unit_of |= {
        old: unit_of[new] for old, new in zip(lookup.lsoa11_code, lookup.lsoa21_code, strict=True) if new in unit_of
    }
    rows = street[street["Crime type"].eq("Violence and sexual offences") & street["LSOA code"].isin(list(unit_of))]
    counts, drawn = np.zeros((2, united(world).max() + 1, len(MONTHS)))
    np.add.at(counts, (rows["LSOA code"].map(unit_of), rows["Month"].map(MONTHS.index)), 1)
    np.add.at(drawn, (united(world)[incidents.area], incidents.month), incidents.by_police)
    assert (counts == drawn).all()
    expected = expected_violence(world, EFFECT).sum()
    assert counts.sum() == pytest.approx(expected * PLACED_SHARE["police_violence"], rel=0.03)
    attended = table("ae_assaults")["LSOA OF ASSAULT (LOCAL)"]
    assert (attended != "").sum() == pytest.approx(expected * PLACED_SHARE["ae_assaults"], rel=0.03)
    assert len(attended) == incidents.by_hospital.sum()
    assert (attended != "").mean() == pytest.approx(0.92, abs=0.01)


def test_truth_scales_with_the_effect():
    world = make_world(np.random.default_rng(6))
    small, large = area_truth(world, -0.1)["total"], area_truth(world, 0.3)["total"]
    for name in PLACED_SHARE:
        assert large[name] == pytest.approx(-3 * small[name])
