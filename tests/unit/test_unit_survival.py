"""Time to an event: curves and tests by hand, pseudo-values, Cox, and what the method says and refuses."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.clustered import least_squares
from curv_eval.stats.cox import SCALES, cox, proportional
from curv_eval.stats.survival import at_time, kaplan_meier, log_rank, pseudo_risks
from curv_eval.study import Design, Span

# six people: events at 1, 2 (two of them) and 4; followed without event to 3 and 5
TIME, EVENT = np.array([1.0, 2.0, 2.0, 3.0, 4.0, 5.0]), np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0])


def design(**options):
    return Design(method="time_to_event", window=Span("2000-01", "2001-12"), options=options)


def drawn(n=300, seed=1, ratio=0.5, followed=3.0):
    """Events come at a rate of exp(x / 2), times `ratio` for those treated; some are followed for less."""
    draw = np.random.default_rng(seed)
    x, treated = draw.normal(size=n), draw.random(n) < 0.5
    time = draw.exponential(1 / (np.exp(0.5 * x) * np.where(treated, ratio, 1.0)))
    left = draw.uniform(0.3, followed, size=n)
    until = np.minimum(left, 1.0)
    return People(
        persons=np.arange(n), treated=treated, outcomes={"y": (time <= until).astype(float)},
        covariates={"x": x}, time=np.minimum(time, until),
    )  # fmt: skip


def test_kaplan_meier_by_hand():
    found = kaplan_meier(TIME, EVENT)
    assert found.time.tolist() == [1, 2, 4]
    assert found.at_risk.tolist() == [6, 5, 2]
    assert found.events.tolist() == [1, 2, 1]
    assert found.survival == pytest.approx([5 / 6, 5 / 6 * 3 / 5, 5 / 6 * 3 / 5 * 1 / 2])
    greenwood = np.cumsum([1 / (6 * 5), 2 / (5 * 3), 1 / (2 * 1)])
    assert found.std_error == pytest.approx(found.survival * np.sqrt(greenwood))


def test_intervals_by_hand():
    s, error = 0.5, 0.5 * np.sqrt(1 / 30 + 2 / 15)
    q = 1.959963984540054
    plain, log, twice = (kaplan_meier(TIME, EVENT, interval=i) for i in ("plain", "log", "log-log"))
    assert (plain.conf_low[1], plain.conf_high[1]) == pytest.approx((s - q * error, s + q * error))
    assert (log.conf_low[1], log.conf_high[1]) == pytest.approx((s * np.exp(-q * error / s), 1.0))
    width = q * error / (s * abs(np.log(s)))
    assert twice.conf_low[1] == pytest.approx(s ** np.exp(width))
    assert twice.conf_high[1] == pytest.approx(s ** np.exp(-width))


@pytest.mark.parametrize("interval", ["plain", "log", "log-log"])
def test_intervals_stay_between_nobody_and_all(interval):
    found = kaplan_meier(np.arange(1.0, 6), np.ones(5), interval=interval)
    assert (found.conf_low >= 0).all()
    assert (found.conf_high <= 1).all()
    assert found.survival[-1] == 0
    assert (found.conf_low[-1], found.conf_high[-1]) == (0, 0)


def test_which_row_holds_at_a_time():
    curve = kaplan_meier(TIME, EVENT)
    assert [at_time(curve, when) for when in (0.5, 1, 1.5, 2, 3.9, 4, 99)] == [-1, 0, 0, 1, 1, 2, 2]


def test_pseudo_values_are_the_event_itself_when_all_are_followed():
    time, event = np.array([1.0, 2.0, 2.0, 4.0, 4.0]), np.array([1.0, 1.0, 0.0, 0.0, 1.0])
    whole = np.where(event == 1, time, 5.0)
    assert pseudo_risks(whole, event, when=4.5) == pytest.approx(event)
    assert pseudo_risks(np.full(5, 52.0), event, when=52.0) == pytest.approx(event)


def test_pseudo_values_average_to_the_curve_and_vary_as_greenwood_says():
    people = drawn()
    time, event = people.time, people.outcomes["y"]
    curve = kaplan_meier(time, event)
    for when in (0.2, 0.5, 0.9):
        found, i = pseudo_risks(time, event, when=when), at_time(curve, when)
        assert found.mean() == pytest.approx(1 - curve.survival[i])
        assert found.std() / np.sqrt(len(time)) == pytest.approx(curve.std_error[i])


def test_pseudo_values_are_close_to_leaving_each_person_out():
    people = drawn(n=150)
    time, event = people.time, people.outcomes["y"]
    found = pseudo_risks(time, event, when=0.8)

    def risk(t, e):
        curve = kaplan_meier(t, e)
        return 1 - curve.survival[at_time(curve, 0.8)]

    whole = risk(time, event)
    for i in range(0, 150, 10):
        kept = np.arange(150) != i
        assert found[i] == pytest.approx(150 * whole - 149 * risk(time[kept], event[kept]), abs=0.03)


def test_a_curve_that_falls_to_nobody_says_nothing_of_those_who_left():
    with pytest.raises(DesignError, match="give an earlier `horizon`"):
        pseudo_risks(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 1.0]), when=3.0)
    assert pseudo_risks(np.array([1.0, 2.0]), np.ones(2), when=2.0).tolist() == [1, 1]


def test_log_rank_by_hand():
    # group b has the first event; expected in b: 3/6 at 1, 2 x 2/5 at 2, 1/2 at 4
    group = np.array(["b", "b", "a", "a", "b", "a"])
    found = log_rank(TIME, EVENT, group)
    assert found.observed.tolist() == [1, 3]
    assert found.expected[1] == pytest.approx(3 / 6 + 2 * 2 / 5 + 1 / 2)
    variance = 1 / 4 + 2 * (2 / 5) * (3 / 5) * (5 - 2) / (5 - 1) + 1 / 4
    assert found.chi2 == pytest.approx((3 - found.expected[1]) ** 2 / variance)
    assert found.df == 1


def test_strata_add_up():
    group = np.array(["b", "b", "a", "a", "b", "a"])
    twice = log_rank(np.tile(TIME, 2), np.tile(EVENT, 2), np.tile(group, 2), stratum=np.repeat([0, 1], 6))
    assert twice.chi2 == pytest.approx(2 * log_rank(TIME, EVENT, group).chi2)


@pytest.mark.parametrize(
    ("time", "event", "said"),
    [
        (np.array([1.0, -1.0]), np.ones(2), "expected numbers above 0, got 1"),
        (np.array([1.0, np.nan]), np.ones(2), "got 1 others"),
        (np.ones(2), np.array([0.0, 2.0]), "expected 1 for people to whom it happened"),
    ],
)
def test_times_and_events_that_cannot_be_are_refused(time, event, said):
    for work in (kaplan_meier, lambda t, e: cox(t, e, np.eye(2)), lambda t, e: pseudo_risks(t, e, when=1.0)):
        with pytest.raises(DesignError, match=said):
            work(time, event)


def test_groups_that_cannot_be_compared_are_refused():
    with pytest.raises(DesignError, match="two groups"):
        log_rank(TIME, EVENT, np.zeros(6))
    with pytest.raises(DesignError, match="several groups were followed"):
        log_rank(TIME, np.array([0, 0, 0, 0, 0, 1.0]), np.arange(6) % 2)
    with pytest.raises(DesignError, match="interval"):
        kaplan_meier(TIME, EVENT, interval="wide")


def test_cox_by_hand():
    # events at 1 (x = 1; at risk x = 1, 0, 1, 0) and at 3 (x = 0; at risk 1, 0): L = r/(2r + 2) x 1/(r + 1), r = exp(b)
    time, event = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.0, 0.0, 0.0, 1.0])
    x = np.array([[1.0], [0.0], [1.0], [0.0]])
    found = cox(time, event, x)
    grid = np.linspace(-5, 5, 100_001)
    r = np.exp(grid)
    likely = np.log(r / (2 * r + 2)) + np.log(1 / (r + 1))
    assert found.coefficients[0] == pytest.approx(grid[likely.argmax()], abs=1e-4)
    assert found.log_likelihood == pytest.approx((np.log(1 / 4) + np.log(1 / 2), likely.max()))
    information = 2 * np.exp(found.coefficients[0]) / (1 + np.exp(found.coefficients[0])) ** 2
    assert found.errors[0] == pytest.approx(1 / np.sqrt(information))


def test_efron_takes_half_of_two_tied():
    # two events at 1 of three at risk: x = 1, 0 | 0; first term over r + 2, second over r + 2 - (r + 1) / 2
    time, event = np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0])
    x = np.array([[1.0], [0.0], [0.0]])
    found = cox(time, event, x)
    r = np.exp(np.linspace(-5, 5, 100_001))
    likely = np.log(r) - np.log(r + 2) - np.log(r + 2 - (r + 1) / 2)
    assert found.log_likelihood[1] == pytest.approx(likely.max())
    breslow = np.log(r) - 2 * np.log(r + 2)
    assert cox(time, event, x, ties="breslow").log_likelihood[1] == pytest.approx(breslow.max())


def fitted(people):
    columns = np.column_stack([people.treated, people.covariates["x"]]).astype(float)
    return cox(people.time, people.outcomes["y"], columns), columns


def test_only_the_order_of_times_matters():
    people = drawn()
    one, columns = fitted(people)
    other = cox(people.time**3, people.outcomes["y"], columns)
    assert other.coefficients == pytest.approx(one.coefficients)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_units_of_columns_do_not_matter(scale):
    people = drawn()
    one, columns = fitted(people)
    other = cox(people.time, people.outcomes["y"], columns * [1.0, scale] + [0.0, 5.0])
    assert other.coefficients * [1, scale] == pytest.approx(one.coefficients, rel=1e-6)
    assert other.errors * [1, scale] == pytest.approx(one.errors, rel=1e-6)
    assert other.scores * [1, scale] == pytest.approx(one.scores, rel=1e-4, abs=1e-9)


def test_scores_say_what_a_person_does_to_the_coefficients():
    people = drawn(n=200)
    one, columns = fitted(people)
    assert one.scores.sum(axis=0) == pytest.approx([0, 0], abs=1e-8)
    for i in (0, 50, 100):
        kept = np.arange(200) != i
        other = cox(people.time[kept], people.outcomes["y"][kept], columns[kept])
        assert one.scores[i] == pytest.approx(one.coefficients - other.coefficients, abs=0.01)


def test_clustered_errors_see_people_who_repeat_each_other():
    people = drawn()
    one, columns = fitted(people)
    often = np.repeat(np.arange(300), 3)
    copied = cox(people.time[often], people.outcomes["y"][often], columns[often], ties="breslow")
    once = cox(people.time, people.outcomes["y"], columns, ties="breslow")
    assert copied.coefficients == pytest.approx(once.coefficients)
    assert np.linalg.norm(copied.robust(often), axis=0) == pytest.approx(
        np.linalg.norm(once.robust(np.arange(300)), axis=0)
    )
    assert copied.errors == pytest.approx(once.errors / np.sqrt(3))
    assert one.robust(np.arange(300)).shape == (300, 2)


@pytest.mark.parametrize("seed", range(3))
def test_cox_finds_the_ratio(seed):
    one, _ = fitted(drawn(n=4000, seed=seed))
    assert abs(one.coefficients[0] - np.log(0.5)) < 4 * one.errors[0]
    assert abs(one.coefficients[1] - 0.5) < 4 * one.errors[1]


def test_hazards_that_cannot_be_compared_are_refused():
    x = np.array([[1.0], [1.0], [0.0], [0.0], [0.0], [0.0]])
    with pytest.raises(DesignError, match="no end"):
        cox(TIME, np.array([1.0, 1.0, 0, 0, 0, 0]), x)
    with pytest.raises(DesignError, match="repeat each other"):
        cox(TIME, EVENT, np.column_stack([np.arange(6.0), np.arange(6.0)]))
    with pytest.raises(DesignError, match="nobody had the event"):
        cox(TIME, np.zeros(6), x)
    with pytest.raises(DesignError, match="ties"):
        cox(TIME, EVENT, x, ties="exact")


@pytest.mark.parametrize("scale", SCALES)
def test_a_ratio_that_fades_is_seen(scale):
    draw = np.random.default_rng(3)
    treated = np.arange(2000) % 2
    # the treated are at a third of the rate until 1, and at three times the rate from then on
    early, late = draw.exponential(size=2000), draw.exponential(size=2000)
    time = np.where(treated == 1, np.where(early * 3 < 1, early * 3, 1 + late / 3), early)
    event = (time < 3).astype(float)
    time = np.minimum(time, 3.0)
    found = proportional(cox(time, event, treated[:, None].astype(float)), time, event, scale=scale)
    assert found.p_value[0] < 0.001
    assert found.correlation[0] > 0


def test_a_constant_ratio_is_rarely_doubted():
    doubted = 0
    for seed in range(200):
        people = drawn(seed=seed)
        one, _ = fitted(people)
        doubted += proportional(one, people.time, people.outcomes["y"]).p_value[0] < 0.05
    assert 2 <= doubted <= 20


def test_change_over_time_needs_several_times():
    time, event = np.ones(40), (np.arange(40) % 3 == 0).astype(float)
    with pytest.raises(DesignError, match="same time"):
        proportional(cox(time, event, (np.arange(40) % 2)[:, None].astype(float)), time, event)
    people = drawn()
    with pytest.raises(DesignError, match="scale"):
        proportional(fitted(people)[0], people.time, people.outcomes["y"], scale="square")


def test_without_covariates_the_effect_is_the_difference_of_two_curves():
    people = drawn()
    found = fit(people, outcome="y", design=design(adjust="none"))
    risks, errors = [], []
    for group in (people.treated, ~people.treated):
        curve = kaplan_meier(people.time[group], people.outcomes["y"][group])
        i = at_time(curve, min(people.time[people.treated].max(), people.time[~people.treated].max()))
        risks.append(1 - curve.survival[i])
        errors.append(curve.std_error[i] ** 2 * group.sum() / (group.sum() - 1))
    row = overall(found).iloc[0]
    assert row["estimate"] == pytest.approx(risks[0] - risks[1])
    assert row["std_error"] == pytest.approx(np.sqrt(sum(errors)))
    assert found.cells["observed"].iloc[0] == pytest.approx(risks[0])


def test_followed_to_the_end_it_is_the_regression_of_the_event_itself():
    people = replace(drawn(), time=np.full(300, 1.0))
    found = fit(people, outcome="y", design=design(adjust="ancova"))
    x = people.covariates["x"]
    every = np.column_stack([people.treated, np.ones(300), x - x[people.treated].mean()])
    held = least_squares(every, people.outcomes["y"])
    row = overall(found).iloc[0]
    assert row["estimate"] == pytest.approx(held.coefficients[0])
    assert row["std_error"] == pytest.approx(held.robust.errors[0])
    assert row["events"] == people.outcomes["y"][people.treated].sum()
    assert any("whether the hazard ratio changes" in note for note in found.notes)


def test_the_effect_is_averaged_over_the_treated():
    # those treated have a higher x, and treatment works for them only
    draw = np.random.default_rng(4)
    x = draw.normal(size=400)
    treated = draw.random(400) < 1 / (1 + np.exp(-2 * x))
    y = (draw.random(400) < np.where(treated & (x > 0), 0.2, 0.6)).astype(float)
    people = People(
        persons=np.arange(400), treated=treated, outcomes={"y": y}, covariates={"x": x}, time=np.full(400, 1.0)
    )
    others = np.polyval(np.polyfit(x[~treated], y[~treated], 1), x[treated])
    found = overall(fit(people, outcome="y", design=design())).iloc[0]
    assert found["estimate"] == pytest.approx(y[treated].mean() - others.mean())


def test_a_horizon_counts_only_what_came_before():
    people = drawn()
    found = fit(people, outcome="y", design=design(horizon=0.4))
    early = people.treated & (people.outcomes["y"] == 1) & (people.time <= 0.4)
    assert found.cells["events"].iloc[0] == early.sum()
    later = replace(people, time=np.where(people.time > 0.4, people.time + 0.3, people.time))
    again = fit(later, outcome="y", design=design(horizon=0.4))
    assert overall(again).iloc[0]["estimate"] == pytest.approx(overall(found).iloc[0]["estimate"])


def test_what_stands_beside_is_named():
    found = fit(drawn(), outcome="y", design=design())
    assert list(found.parameters["term"]) == [
        "chance of the event, treated people", "chance of the event, comparison people",
        "events among the treated beyond those expected (log-rank)", "hazard ratio (Cox)",
        "hazard ratio's correlation with time (0: constant)",
    ]  # fmt: skip
    ratio = found.parameters.set_index("term").loc["hazard ratio (Cox)"]
    held, _ = fitted(drawn())
    assert ratio["estimate"] == pytest.approx(np.exp(held.coefficients[0]))
    assert ratio["conf_high"] == pytest.approx(np.exp(held.coefficients[0] + 1.959963984540054 * held.errors[0]))
    assert any("were followed for less" in note for note in found.notes)


def test_clusters_change_the_errors_of_both():
    people = replace(drawn(), cluster=np.arange(300) // 10)
    found = fit(people, outcome="y", design=design())
    assert found.influence.shape == (30, 1)
    held, _ = fitted(people)
    ratio = found.parameters.set_index("term").loc["hazard ratio (Cox)"]
    assert ratio["df"] == 29
    error = np.linalg.norm(held.robust(people.cluster)[:, 0])
    assert ratio["std_error"] == pytest.approx(ratio["estimate"] * error)


def test_few_events_are_told():
    people = drawn(n=60, ratio=0.2)
    assert any("events among treated people" in note for note in fit(people, outcome="y", design=design()).notes)


def none_treated(people):
    return replace(people, outcomes={"y": np.where(people.treated, 0.0, people.outcomes["y"])})


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda p: replace(p, time=None), {}, "time: is not given"),
        (lambda p: replace(p, outcomes={"y": p.outcomes["y"] * 2}), {}, "other numbers"),
        (none_treated, {}, "treated people: nobody had the event"),
        (lambda p: p, {"horizon": 9.0}, "expected at least 9"),
        (lambda p: replace(p, time=-p.time), {}, "expected numbers above 0"),
    ],
)
def test_what_has_no_time_or_event_is_refused(change, options, said):
    with pytest.raises(DesignError, match=said):
        fit(change(drawn()), outcome="y", design=design(**options))


def test_a_covariate_that_separates_leaves_the_difference_and_says_so():
    people = drawn()
    split = replace(people, covariates={"never": people.outcomes["y"] * 1.0})
    found = fit(split, outcome="y", design=design(adjust="none"))
    assert any("no hazard ratio" in note for note in found.notes)
    assert "hazard ratio (Cox)" not in set(found.parameters["term"])
