"""Scales before and after: standardised and reliable change by hand, and the waiting list."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.change_scores import correction, reliable_change, standardised_change, standardised_difference
from curv_eval.stats.clustered import least_squares
from curv_eval.study import Design, Span

BEFORE, AFTER = np.array([10.0, 12.0, 14.0, 16.0, 18.0]), np.array([9.0, 12.0, 11.0, 14.0, 14.0])


def design(**options):
    return Design(method="waiting_list", window=Span("2000-01", "2001-12"), options=options)


def waited(n=60, seed=1, effect=-2.0):
    draw = np.random.default_rng(seed)
    treated = draw.permutation(n) < n // 3
    level = 15 + 3 * draw.normal(size=n)
    before = level + draw.normal(size=n)
    after = level + draw.normal(size=n) * np.where(treated, 2, 1) - 0.5 + effect * treated
    return People(
        persons=np.array([f"p{i:03d}" for i in range(n)]), treated=treated, assigned=treated.copy(),
        outcomes={"y": after}, before={"y": before},
    )  # fmt: skip


# Gamma of whole and half numbers: J(2) = 1 / sqrt(pi), J(4) = sqrt(2 / pi), J(6) = 8 / (3 sqrt(3 pi))
@pytest.mark.parametrize(
    ("df", "expected"), [(2, np.pi**-0.5), (4, (2 / np.pi) ** 0.5), (6, 8 / (3 * (3 * np.pi) ** 0.5))]
)
def test_the_small_sample_correction_is_hedges_own(df, expected):
    assert correction(df) == pytest.approx(expected)
    assert correction(10 * df) == pytest.approx(1 - 3 / (40 * df - 1), abs=1e-3)


def test_standardised_change_by_hand():
    # change -2 on average; variances 10 and 4.5; covariance 6
    found = standardised_change(BEFORE, AFTER)
    s2, shared = (10 + 4.5) / 2, 6.0
    d = -2 / np.sqrt(s2)
    j = correction(2 * 4 / (1 + shared**2 / 45))
    variance = d**2 * (100 + 20.25 + 2 * 36) / (8 * s2**2 * 4) + (14.5 - 12) / (s2 * 4)
    assert np.cov(BEFORE, AFTER)[0, 1] == pytest.approx(shared)
    assert found.value == pytest.approx(j * d)
    assert found.std_error == pytest.approx(j * np.sqrt(variance))
    assert found.conf_high - found.conf_low == pytest.approx(2 * 1.959963984540054 * found.std_error)
    assert found.correction == pytest.approx(j)


def test_standardised_change_has_no_bias_and_a_true_error():
    draw, found = np.random.default_rng(1), []
    for _ in range(4000):
        level = draw.normal(size=12)
        found.append(standardised_change(level + draw.normal(size=12), level + draw.normal(size=12) + 1.0))
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(1 / np.sqrt(2), abs=0.02)
    assert np.mean([one.std_error for one in found]) == pytest.approx(values.std(), rel=0.1)
    held = np.mean([one.conf_low <= 1 / np.sqrt(2) <= one.conf_high for one in found])
    assert 0.92 <= held <= 0.98


def test_standardised_difference_by_hand():
    before, after = np.concatenate([BEFORE, BEFORE]), np.concatenate([AFTER, BEFORE + np.array([1.0, -1, 0, 1, -1])])
    treated = np.arange(10) < 5
    found = standardised_difference(before, after, treated)
    j, d = correction(8), -2 / np.sqrt(10)
    a = np.concatenate([AFTER - AFTER.mean(), after[5:] - after[5:].mean()])
    b = np.tile(BEFORE - BEFORE.mean(), 2)
    r = a @ b / np.sqrt((a @ a) * (b @ b))
    g, n_tilde = j * d, 10 / 25
    variance = j**2 * 2 * (1 - r) * n_tilde * 8 / 6 * (1 + g**2 / (2 * (1 - r) * n_tilde)) - g**2
    assert found.value == pytest.approx(g)
    assert found.std_error == pytest.approx(np.sqrt(variance))


def test_standardised_difference_has_no_bias_and_a_true_error():
    draw, found = np.random.default_rng(2), []
    treated = np.arange(30) < 15
    for _ in range(3000):
        level = draw.normal(size=30)
        found.append(
            standardised_difference(level + draw.normal(size=30), level + draw.normal(size=30) + treated, treated)
        )
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(1 / np.sqrt(2), abs=0.02)
    assert np.mean([one.std_error for one in found]) == pytest.approx(values.std(), rel=0.08)


@pytest.mark.parametrize(
    "work", [standardised_change, lambda b, a: standardised_difference(b, a, np.arange(len(b)) < 2)]
)
def test_units_do_not_matter(work):
    one, other = work(BEFORE, AFTER), work(3 + 10 * BEFORE, 3 + 10 * AFTER)
    assert (other.value, other.std_error) == pytest.approx((one.value, one.std_error))


def test_reliable_change_by_hand():
    # sd before sqrt(10), reliability 0.9: 1.96 x 3.162 x sqrt(0.2) = 2.77; changes -1, 0, -3, -2, -4
    found = reliable_change(BEFORE, AFTER, reliability=0.9)
    assert found.least == pytest.approx(1.959963984540054 * np.sqrt(10) * np.sqrt(0.2))
    assert (found.fell, found.rose) == (0.4, 0.0)
    assert reliable_change(AFTER, BEFORE, reliability=0.9, spread=np.sqrt(10)).rose == 0.4
    assert reliable_change(BEFORE, AFTER, reliability=0.9, spread=1.0).fell == 0.8


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: standardised_change(BEFORE[:2], AFTER[:2]), "at least 3"),
        (lambda: standardised_change(np.ones(5), AFTER), "differ between people"),
        (lambda: standardised_difference(BEFORE[:4], AFTER[:4], np.arange(4) < 2), "5 in all"),
        (lambda: standardised_difference(np.ones(5), AFTER, np.arange(5) < 2), "differ between people"),
        (lambda: reliable_change(BEFORE, AFTER, reliability=1.0), "reliability"),
        (lambda: correction(1), "more than 1"),
    ],
)
def test_what_cannot_be_standardised_is_refused(work, said):
    with pytest.raises(DesignError, match=said):
        work()


def test_the_effect_is_the_difference_in_changes_with_the_error_of_two_samples():
    people = waited()
    found = fit(people, outcome="y", design=design())
    change = people.outcomes["y"] - people.before["y"]
    held = least_squares(np.column_stack([people.treated, np.ones(60)]).astype(float), change)
    row = overall(found).iloc[0]
    assert row["estimate"] == pytest.approx(held.coefficients[0])
    assert row["std_error"] == pytest.approx(held.robust.errors[0], rel=1e-6)
    assert found.influence.shape == (60, 1)


def test_clusters_are_those_of_the_changes():
    people = replace(waited(), cluster=np.arange(60) // 4)
    found = fit(people, outcome="y", design=design())
    change = people.outcomes["y"] - people.before["y"]
    x = np.column_stack([people.treated, np.ones(60)]).astype(float)
    held = least_squares(x, change, cluster=people.cluster)
    assert overall(found).iloc[0]["std_error"] == pytest.approx(held.robust.errors[0], rel=0.02)
    assert found.influence.shape == (15, 1)


def test_people_without_a_score_before_are_kept():
    people = waited(n=300)
    before = people.before["y"].copy()
    before[::6] = np.nan
    found = fit(replace(people, before={"y": before}), outcome="y", design=design())
    assert found.cells[["n_units", "n_comparison"]].sum(axis=1).iloc[0] == 300
    assert any("50 people without a score before were kept" in note for note in found.notes)
    row = overall(found).iloc[0]
    assert abs(row["estimate"] + 2) < 4 * row["std_error"]
    only_twice = fit(people.take(np.isfinite(before)), outcome="y", design=design())
    assert row["std_error"] < 1.02 * overall(only_twice).iloc[0]["std_error"]


def test_levels_of_people_do_not_matter():
    people = waited()
    lift = 100 * np.random.default_rng(1).normal(size=60)
    moved = replace(people, outcomes={"y": people.outcomes["y"] + lift}, before={"y": people.before["y"] + lift})
    one, other = (overall(fit(p, outcome="y", design=design())).iloc[0] for p in (people, moved))
    assert other["estimate"] == pytest.approx(one["estimate"])
    assert other["std_error"] == pytest.approx(one["std_error"], rel=1e-6)


def test_what_is_usually_reported_stands_beside():
    people = waited()
    table = fit(people, outcome="y", design=design(reliability=0.9)).parameters.set_index("term")
    before, after, t = people.before["y"], people.outcomes["y"], people.treated
    assert table.loc["treated: mean change", "estimate"] == pytest.approx((after - before)[t].mean())
    assert table.loc["treated: mean change", "df"] == 19
    g = standardised_change(before[t], after[t])
    row = table.loc["treated: change in standard deviations (Hedges g_av)"]
    assert (row["estimate"], row["conf_low"]) == pytest.approx((g.value, g.conf_low))
    gap = standardised_difference(before, after, t)
    row = table.loc["difference in change in standard deviations before (Hedges g)"]
    assert (row["estimate"], row["std_error"]) == pytest.approx((gap.value, gap.std_error))
    reliable = reliable_change(before[t], after[t], reliability=0.9, spread=before.std(ddof=1))
    assert table.loc["treated: share with a reliable fall", "estimate"] == reliable.fell
    assert not any("of at least" in term for term in table.index)


def test_a_change_that_matters_is_counted_when_it_is_named():
    people = waited()
    table = fit(people, outcome="y", design=design(smallest_change=2.0)).parameters.set_index("term")
    change = (people.outcomes["y"] - people.before["y"])[people.treated]
    row = table.loc["treated: share with a fall of at least 2"]
    assert row["estimate"] == pytest.approx((change <= -2).mean())
    # Wilson's interval solves |share - p| = q sqrt(p (1 - p) / n)
    for p in (row["conf_low"], row["conf_high"]):
        assert abs(row["estimate"] - p) == pytest.approx(1.959963984540054 * np.sqrt(p * (1 - p) / 20))


def test_shares_of_nobody_have_an_interval():
    people = waited(effect=-9.0)
    table = fit(people, outcome="y", design=design(smallest_change=5.0)).parameters.set_index("term")
    row = table.loc["treated: share with a rise of at least 5"]
    assert (row["estimate"], row["conf_low"]) == pytest.approx((0, 0), abs=1e-12)
    assert row["conf_high"] > 0.1


def test_it_is_said_when_nobody_drew_who_waits():
    people = waited()
    assert not fit(people, outcome="y", design=design()).notes
    notes = fit(replace(people, assigned=None), outcome="y", design=design()).notes
    assert any("was not drawn by lot" in note for note in notes)


def test_scores_that_do_not_go_together_are_told():
    people = waited()
    apart = replace(people, before={"y": 30 - people.before["y"]})
    assert any("do not go together" in note for note in fit(apart, outcome="y", design=design()).notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: replace(p, before={}), "y was not measured before"),
        (
            lambda p: replace(p, before={"y": np.where(p.treated, np.nan, p.before["y"])}),
            "got 0 people measured before",
        ),
    ],
)
def test_without_scores_before_it_refuses(change, said):
    with pytest.raises(DesignError, match=said):
        fit(change(waited()), outcome="y", design=design())
