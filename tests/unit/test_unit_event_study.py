"""Event studies and triple differences: by hand on five units, against every dummy, and where they must refuse."""

from dataclasses import replace

import dense
import numpy as np
import pytest
from five_units import COHORT, PERIODS, Y, slope

from curv_eval.errors import DesignError
from curv_eval.estimate import PARAMETER_COLUMNS
from curv_eval.estimate.averages import by, overall
from curv_eval.methods import fit, path
from curv_eval.panel import Panel
from curv_eval.stats.few_clusters import inflation
from curv_eval.stats.group_time import Rule, group_time
from curv_eval.stats.saturated import lift, two_group_df
from curv_eval.stats.triple import triple
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def design(method, **changes):
    return Design(method=method, window=WINDOW, **changes)


def small(y, cohort, cluster=None, **outcomes):
    n = len(y)
    return Panel(
        units=np.arange(n).astype(str), periods=np.arange(1, y.shape[1] + 1), cohort=np.asarray(cohort, float),
        cluster=np.arange(n) if cluster is None else np.asarray(cluster), frequency="year",
        outcomes={"y": np.asarray(y, float), **outcomes},
    )  # fmt: skip


ONE = small(Y[[0, 1, 3, 4]], [3, 3, np.nan, np.nan])  # means 6, 8, 7, 4 against 15, 15, 12, 10


def test_event_study_by_hand():
    found = fit(ONE, outcome="y", design=design("event_study"))
    assert found.cells["event_time"].tolist() == [-2, 0, 1]
    assert found.cells["estimate"].tolist() == pytest.approx([(6 - 8) - 0, (7 - 8) + 3, (4 - 8) + 5])
    # changes since period 2: in period 3 -1 and -1 in a and b, -2 and -4 in d and e; CR2 of two units doubles 1/4
    assert found.parameters["std_error"].to_numpy()[1] == pytest.approx(np.sqrt(2 * (1 / 2) ** 2 * 2))
    # two pairs: df = (1/2 + 1/2)^2 / (1/4 + 1/4)
    assert found.parameters["df"].tolist() == pytest.approx([2, 2, 2])


def test_event_study_with_anticipation_is_measured_against_an_earlier_period():
    found = fit(ONE, outcome="y", design=design("event_study", anticipation=1))
    assert found.cells["event_time"].tolist() == [-1, 0, 1]
    assert found.cells["estimate"].tolist() == pytest.approx([(8 - 6) - 0, (7 - 6) + 3, (4 - 6) + 5])


def test_event_study_jumps_over_a_missing_period():
    gap = replace(ONE, periods=np.array([1, 2, 5, 6]), cohort=np.array([4, 4, np.nan, np.nan]))
    found = fit(gap, outcome="y", design=design("event_study"))
    assert found.cells["event_time"].tolist() == [-3, 1, 2]
    assert found.cells["estimate"].iloc[1] == pytest.approx((7 - 8) + 3)


@pytest.mark.parametrize("spread", [False, True], ids=["whole clusters", "treatment inside clusters"])
def test_event_study_is_the_regression_with_every_dummy(spread):
    draw = np.random.default_rng(1)
    cluster, n, t = np.repeat(np.arange(6), [1, 2, 3, 1, 4, 2]), 13, 5
    treated = np.arange(n) % 2 == 0 if spread else cluster < 3
    y = draw.normal(size=(n, t)) + draw.normal(size=(n, 1))
    found = fit(small(y, np.where(treated, 4, np.nan), cluster), outcome="y", design=design("event_study"))
    times = [-3, -2, 0, 1]
    events = np.stack([treated[:, None] & (np.arange(1, t + 1) - 4 == e) for e in times], axis=2).reshape(n * t, -1)
    full = np.column_stack([events, dense.dummies(n, t)])
    value, xw, left = dense.least_squares(full, y.ravel())
    assert found.cells["event_time"].tolist() == times
    assert found.cells["estimate"].to_numpy() == pytest.approx(value[:4])
    for k in range(4):
        scores, df = dense.cr2(xw, left, np.repeat(cluster, t), np.eye(full.shape[1])[k])
        assert found.influence[:, k] == pytest.approx(scores, abs=1e-9)
        assert found.df == pytest.approx(df, rel=1e-7)
    mean = np.zeros(full.shape[1])
    mean[2:4] = 0.5
    scores, df = dense.cr2(xw, left, np.repeat(cluster, t), mean)
    row = overall(found).iloc[0]
    assert row["std_error"] == pytest.approx(np.linalg.norm(scores))
    assert found.df == pytest.approx(df, rel=1e-7)


def test_event_study_draws_its_own_figure():
    panel = known()
    drawn = path(panel, outcome="y", design=design("event_study"))
    assert drawn.method == "event_study"
    assert drawn.cells["event_time"].tolist() == [e for e in range(-12, 12) if e != -1]
    assert list(drawn.parameters.columns) == list(PARAMETER_COLUMNS)
    assert drawn.parameters["term"].iloc[0] == "event time -12"


def test_average_of_the_event_study_equals_that_of_group_time_effects():
    panel = known()
    ours = overall(fit(panel, outcome="y", design=design("event_study")))
    theirs = overall(fit(panel, outcome="y", design=design("callaway_santanna", options={"base": "universal"})))
    assert ours["estimate"].to_numpy() == pytest.approx(theirs["estimate"].to_numpy())


def test_lift_is_the_house_rule_where_clusters_are_of_equal_size():
    cluster, group = np.repeat(np.arange(7), 4), np.repeat([0, 1], [12, 16])
    assert lift(group, cluster) == pytest.approx(inflation(np.array([0, 0, 0, 1, 1, 1, 1]))[cluster])


def test_lift_by_hand_for_clusters_of_unequal_size():
    # group 0: 3 of 4 units in one cluster; group 1: halves; sizes count where they are given
    group, cluster = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 2])
    assert lift(group, cluster) == pytest.approx([2, 2, 2, np.sqrt(4 / 3), np.sqrt(2), np.sqrt(2)])
    sized = lift(group, cluster, size=np.array([1.0, 0, 0, 1, 3, 1]))
    assert sized == pytest.approx([*[np.sqrt(2)] * 4, 2, np.sqrt(4 / 3)])
    with pytest.raises(DesignError, match="1 cohort"):
        lift(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]))


def test_degrees_of_freedom_of_two_groups_are_bell_and_mccaffreys():
    treated, single = np.arange(8) < 3, np.arange(8)
    wanted = (1 / 3 + 1 / 5) ** 2 / (1 / (9 * 2) + 1 / (25 * 4))
    assert two_group_df(treated, single) == pytest.approx(wanted)
    assert two_group_df(np.repeat(treated, 4), np.repeat(single, 4)) == pytest.approx(wanted)


FIVE = small(Y, COHORT)


def test_sun_and_abraham_by_hand():
    # never treated d and e: 15, 15, 12, 10; base period 2 for cohort 3, period 3 for cohort 4
    found = fit(FIVE, outcome="y", design=design("sun_abraham", options={"small_sample": "fixest"}))
    effects = dict(
        zip(zip(found.cells["cohort"], found.cells["period"], strict=True), found.cells["estimate"], strict=True)
    )
    assert effects == pytest.approx({
        (3, 1): -2, (3, 3): -1 + 3, (3, 4): -4 + 5, (4, 1): -2 - 3, (4, 2): -2 - 3, (4, 4): -3 + 2,
    })  # fmt: skip
    averages = by(found, "event_time", seed=1).set_index("event_time")["estimate"]
    assert averages[0] == pytest.approx((2 * 2 + 1 * -1) / 3)
    assert averages[-2] == pytest.approx((2 * -2 + 1 * -5) / 3)
    assert found.parameters["estimate"].to_numpy() == pytest.approx(averages.to_numpy())


def test_sun_and_abraham_against_the_last_cohort_leaves_its_treated_periods_out():
    panel = known(starts=(10, 14))
    found = fit(panel, outcome="y", design=design("sun_abraham", options={"compared_with": "last_cohort"}))
    assert set(found.cells["cohort"]) == {10}
    assert found.cells["period"].max() == 13
    assert found.comparison == "last_cohort"
    assert any("start in 14" in note for note in found.notes)
    early, late = panel.cohort == 10, panel.cohort == 14
    y, row = panel.outcomes["y"], found.cells[found.cells["period"] == 12].iloc[0]
    change = y[:, 12] - y[:, 9]
    assert row["estimate"] == pytest.approx(change[early].mean() - change[late].mean())
    assert row["n_comparison"] == late.sum()


def test_sun_and_abraham_without_never_treated_uses_the_last_cohort_by_itself():
    panel = known(starts=(10, 14))
    some = panel.take(panel.treated)
    by_itself = fit(some, outcome="y", design=design("sun_abraham"))
    asked = fit(panel, outcome="y", design=design("sun_abraham", options={"compared_with": "last_cohort"}))
    assert by_itself.cells.equals(asked.cells)
    assert fit(panel, outcome="y", design=design("sun_abraham")).comparison == "never_treated"


def test_sun_and_abraham_cannot_compare_one_cohort_with_itself():
    with pytest.raises(DesignError, match="cannot compare with itself"):
        fit(known(), outcome="y", design=design("sun_abraham", options={"compared_with": "last_cohort"}))


def test_sun_and_abraham_has_the_errors_of_the_saturated_regression():
    draw = np.random.default_rng(2)
    cluster, n, t = np.repeat(np.arange(7), [1, 2, 2, 3, 1, 2, 2]), 13, 4
    cohort = np.array([3.0, 3, 3, 3, 3, 4, 4, 4, 4, np.nan, np.nan, np.nan, np.nan])
    y = draw.normal(size=(n, t)) + draw.normal(size=(n, 1))
    panel = small(y, cohort, cluster)
    found = fit(panel, outcome="y", design=design("sun_abraham"))
    cells = list(zip(found.cells["cohort"], found.cells["period"], strict=True))
    events = np.stack([(cohort == g)[:, None] & (np.arange(1, t + 1) == p) for g, p in cells], axis=2)
    full = np.column_stack([events.reshape(n * t, -1), dense.dummies(n, t)])
    value, xw, left = dense.least_squares(full, y.ravel())
    assert found.cells["estimate"].to_numpy() == pytest.approx(value[: len(cells)])
    for k in range(len(cells)):
        scores, _ = dense.cr2(xw, left, np.repeat(cluster, t), np.eye(full.shape[1])[k])
        assert found.influence[:, k] == pytest.approx(scores, abs=1e-9)


def test_rules_of_sun_and_abraham_differ_as_they_say():
    panel = known(starts=(10, 14))
    house = fit(panel, outcome="y", design=design("sun_abraham"))
    fixest = fit(panel, outcome="y", design=design("sun_abraham", options={"small_sample": "fixest"}))
    assert all((influence == 0).all() for _, influence in fixest.shares.values())
    assert any((influence != 0).any() for _, influence in house.shares.values())
    assert fixest.df == fixest.n_clusters - 1
    assert (np.linalg.norm(house.influence, axis=0) > np.linalg.norm(fixest.influence, axis=0)).mean() > 0.9
    assert house.parameters["df"].max() < fixest.df


# the other outcome of five_units: means 3, 4, 4, 3 in cohort 3, 5, 5, 5, 5 in never treated
OTHER = np.array([[2.0, 3, 3, 2], [4, 5, 5, 4], [1, 1, 1, 1], [4, 4, 4, 4], [6, 6, 6, 6]])
PAIR = small(Y[[0, 1, 3, 4]], [3, 3, np.nan, np.nan], other=OTHER[[0, 1, 3, 4]])


def test_additive_triple_differences_by_hand():
    # effects on y 2 and 1, on the other (4-4)-0 and (3-4)-0
    given = design("triple_differences", options={"trends": "additive", "base": "universal"})
    found = fit(PAIR, outcome="y", design=given)
    after = found.cells[found.after]
    assert after["estimate"].tolist() == pytest.approx([2 - 0, 1 + 1])
    assert after["observed"].tolist() == [7, 4]


def test_proportional_triple_differences_are_a_ratio_of_ratios_of_ratios():
    # expected 8 x 12/15 and 8 x 10/15; the other moved by (4/4)/1 and (3/4)/1
    given = design("triple_differences", options={"base": "universal"})
    found = fit(PAIR, outcome="y", design=given)
    after = found.cells[found.after]
    assert after["estimate"].tolist() == pytest.approx([7 - 8 * 12 / 15, 4 - 8 * 10 / 15 * 3 / 4])


@pytest.mark.parametrize("trends", ["additive", "proportional"])
@pytest.mark.parametrize("base", ["varying", "universal", "mean"])
def test_influence_of_triple_differences_is_what_one_units_weight_does(trends, base):
    rule = Rule("never_treated", base, trends)

    def number(times):
        of = np.repeat(np.arange(5), times)
        both = [group_time(y[of], COHORT[of], PERIODS, rule=rule) for y in (Y, OTHER)]
        return triple(*both, trends=trends).effect

    both = [group_time(y, COHORT, PERIODS, rule=rule) for y in (Y, OTHER)]
    whole = triple(*both, trends=trends)
    assert whole.influence.sum(axis=0) == pytest.approx(np.zeros(len(whole.effect)), abs=1e-12)
    assert slope(number, times=1000) == pytest.approx(whole.influence, abs=1e-4)


@pytest.mark.parametrize("trends", ["additive", "proportional"])
def test_a_shock_to_both_outcomes_is_not_taken_for_an_effect(trends):
    panel = known(effect=0.0, n=240)
    shocked = panel.treated[:, None] & (panel.periods >= 12)
    draw = np.random.default_rng(8)
    extra = {name: np.where(shocked, draw.poisson(0.6 * y.mean(), y.shape), 0) for name, y in panel.outcomes.items()}
    moved = replace(panel, outcomes={name: y + extra[name] for name, y in panel.outcomes.items()})
    options = {"trends": trends, "base": "mean"}
    plain = overall(fit(moved, outcome="y", design=design("callaway_santanna", options=options))).iloc[0]
    found = overall(fit(moved, outcome="y", design=design("triple_differences", options=options))).iloc[0]
    assert plain["conf_low"] > 0
    assert found["conf_low"] < 0 < found["conf_high"]


def test_triple_differences_find_an_effect_on_one_outcome():
    row = overall(fit(known(n=400), outcome="y", design=design("triple_differences"))).set_index("term").loc["relative"]
    assert row["conf_low"] < -0.3 < row["conf_high"] < 0


def test_triple_differences_name_the_other_outcome_and_refuse_an_unclear_one():
    panel = known()
    third = replace(panel, outcomes={**panel.outcomes, "third": panel.outcomes["other"] + 1})
    with pytest.raises(DesignError, match=r"got the_other among other, third") as refusal:
        fit(third, outcome="y", design=design("triple_differences"))
    assert "role: placebo" in refusal.value.do
    named = fit(third, outcome="y", design=design("triple_differences", options={"against": "other"}))
    alone = fit(panel, outcome="y", design=design("triple_differences"))
    assert named.cells.equals(alone.cells)
    assert alone.notes[0] == "what happened to other is taken to have happened to y too"
    for wrong in ("y", "murders"):
        with pytest.raises(DesignError, match=f"got {wrong} among"):
            fit(panel, outcome="y", design=design("triple_differences", options={"against": wrong}))
    with pytest.raises(DesignError, match="got none"):
        lone = replace(panel, outcomes={"y": panel.outcomes["y"]})
        fit(lone, outcome="y", design=design("triple_differences"))


def test_triple_differences_refuse_an_outcome_of_which_nothing_was_expected():
    with pytest.raises(DesignError, match="other is 0 in every area"):
        fit(small(Y, COHORT, other=np.zeros_like(Y)), outcome="y", design=design("triple_differences"))
    never = np.where(np.isnan(COHORT)[:, None], OTHER, 0.0)
    given = design("triple_differences", options={"small_sample": "none"})
    with pytest.raises(DesignError, match="no event of the other outcome was expected"):
        fit(small(Y, COHORT, other=never), outcome="y", design=given)
