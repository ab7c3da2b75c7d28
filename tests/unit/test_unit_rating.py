"""The rating: its level, its parts, its cap, and what it refuses to rate."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from curv_eval.checks import Check, Verdict
from curv_eval.errors import RunError
from curv_eval.estimate import Estimate
from curv_eval.panel import month_number
from curv_eval.rating import CRITICAL, Part, Rating, confirm, rate
from curv_eval.rating.level import compared, level
from curv_eval.rating.nouns import Checked
from curv_eval.rating.parts import registration
from curv_eval.registration import Record, Standing, Status
from curv_eval.study import Design, Difference, Outcome, Span

WINDOW = Span("2021-01", "2023-12")
NAMES = ("design", "power", "attrition", "balance", "outcome measure", "registration", "missing data")
NOWHERE = Path("no-project-lies-here")  # so nothing was registered with the program
HOLDS, FAILS, INFORMS = Verdict.HOLDS, Verdict.FAILS, Verdict.INFORMS


def study(method="callaway_santanna", **changed):
    outcome = Outcome(name="y", label="incidents", contract="police", role="primary")
    design = Design(method=method, window=WINDOW, **changed.pop("design", {}))
    held = {
        "design": design, "outcomes": (outcome,), "primary": outcome, "registered": "2021-06-01",
        "smallest_worthwhile": 0.1, "study": "made-for-a-test", "registration_note": "None.", "project": NOWHERE,
    }  # fmt: skip
    return SimpleNamespace(**(held | changed))


def estimate(method="callaway_santanna", *, treated=15, others=40, comparison="not_yet_treated", beside=60):
    """An estimate of one cohort that starts in January 2022."""
    start = month_number("2022-01")
    cells = pd.DataFrame({
        "cohort": [float(start)], "period": [start], "event_time": [0], "estimate": [-1.0], "observed": [5.0],
        "n_units": [30], "n_comparison": [beside], "events": [150],
    })  # fmt: skip
    n = treated + others
    return Estimate(
        method=method, outcome="y", estimand="e", comparison=comparison, alpha=0.05, cells=cells,
        influence=np.zeros((n, 1)), observed_influence=np.zeros((n, 1)), shares={float(start): (0.3, np.zeros(n))},
        se_rule="a rule", n_clusters=n, n_treated_clusters=treated,
    )  # fmt: skip


def check(name, verdict, **numbers):
    table = pd.DataFrame({"term": list(numbers), "estimate": [float(x) for x in numbers.values()]})
    return Check(name, "?", verdict, "text", table)


def lost(treated, others, verdict=HOLDS):
    return check(
        "attrition", verdict, **{"missing among treated, share": treated, "missing among others, share": others}
    )


GOOD = (
    check("pre_trends", HOLDS), check("placebo_period", HOLDS), check("series_break", HOLDS),
    check("placebo_outcome", HOLDS),
)  # fmt: skip
PEOPLE = (check("balance", HOLDS), lost(0.02, 0.03))


def score(rating, name):
    return next(part for part in rating.parts if part.name == name).score


def test_a_panel_with_everything_examined_is_held_by_its_design():
    found = rate(study(), estimate(), GOOD, power=0.09)
    assert [part.name for part in found.parts] == list(NAMES)
    assert [part.score for part in found.parts] == [3, 5, 5, 5, 5, 3, 5]
    assert (found.level, found.security, found.capped_by) == (4, 3, ("design",))
    assert found.lost == (
        "design: 2 points lost, because chance did not decide who was treated "
        "(before and after in 15 treated and 40 comparison places)",
        "registration: 2 points lost, because the plan was fixed before anything began, but that is the study's own "
        "word; the plan was not registered with this program",
    )


def test_what_was_not_run_scores_0_and_says_what_would_examine_it():
    found = rate(study(), estimate(), [])
    assert [score(found, name) for name in ("power", "balance", "outcome measure")] == [0, 0, 0]
    assert found.security == 0
    assert found.capped_by == ("power", "balance", "outcome measure")
    assert [text for text in found.lost if "not examined" in text and "add `series_break`" in text]
    people = rate(study("doubly_robust"), estimate("doubly_robust"), [], power=0.05)
    assert [score(people, name) for name in ("attrition", "balance", "missing data")] == [0, 0, 0]


def test_every_lost_point_is_named():
    found = rate(study(registered="2024-02-01"), estimate(), GOOD[:1], power=0.16)
    named = {text.split(": ")[0]: int(text.split(": ")[1].split()[0]) for text in found.lost}
    for part in found.parts:
        assert named.get(part.name, 0) == part.lost
    assert sum(named.values()) == sum(5 - part.score for part in found.parts)


def test_the_rating_is_proposed_until_a_named_reviewer_confirms_it():
    found = rate(study(), estimate(), GOOD, power=0.09)
    assert found.confirmed_by is None
    assert found.status == "proposed"
    assert "still to confirm" in found.text
    confirmed = confirm(found, " A. Reviewer ")
    assert confirmed.status == "confirmed by A. Reviewer"
    assert "still to confirm" not in confirmed.text
    assert confirmed.parts == found.parts
    for blank in ("", "   "):
        with pytest.raises(RunError, match="blank reviewer"):
            confirm(found, blank)


def test_it_is_never_called_somebody_elses():
    for confirmed in (None, "A. Reviewer"):
        found = replace(rate(study(), estimate(), GOOD, power=0.09), confirmed_by=confirmed)
        assert "CURV's own rating" in found.text
        assert "it is not theirs" in found.text
        assert "takes no account of what was found" in found.text


@pytest.mark.parametrize("effect", [-3.0, 0.0, 3.0])
def test_what_was_found_does_not_count(effect):
    found = estimate()
    other = replace(found, cells=found.cells.assign(estimate=effect))
    assert rate(study(), other, GOOD, power=0.09) == rate(study(), found, GOOD, power=0.09)


# level


@pytest.mark.parametrize(
    ("method", "given", "checks", "number"),
    [
        ("ancova", {}, [], 5),
        ("cluster_trial", {}, [], 5),
        ("callaway_santanna", {}, [], 4),
        ("poisson_fixed_effects", {"treated": 2, "others": 2}, [], 4),
        ("callaway_santanna", {"treated": 1, "others": 9}, [], 3),
        ("callaway_santanna", {"treated": 9, "others": 1}, [], 3),
        ("interrupted_time_series", {"comparison": "never_treated"}, [], 3),
        ("interrupted_time_series", {"comparison": "none", "beside": 0}, [], 2),
        ("structural_time_series", {"comparison": "none", "beside": 0}, [], 2),
        ("matching", {}, [check("balance", HOLDS)], 4),
        ("matching", {}, [check("balance", INFORMS)], 3),
        ("matching", {}, [check("balance", FAILS)], 2),
        ("matching", {}, [], 2),
        ("regression_discontinuity", {}, [], 4),
        ("instrumental_variables", {}, [], 4),
    ],
)
def test_levels_follow_from_the_facts_of_the_design(method, given, checks, number):
    found = level(study(method), estimate(method, **given), Checked.of(checks))
    assert found.number == number
    assert len(found.reason) > 10


def test_places_count_where_there_are_no_clusters():
    placebos = replace(estimate("synthetic_control"), n_clusters=0, n_treated_clusters=0)
    one = replace(placebos, cells=placebos.cells.assign(n_units=1))
    assert level(study("synthetic_control"), placebos, Checked.of([])).number == 4
    assert level(study("synthetic_control"), one, Checked.of([])).number == 3


@pytest.mark.parametrize("given", [{"comparison": "none"}, {"beside": 0}])
def test_before_and_after_alone_is_never_above_level_2_and_security_1(given):
    held = study("interrupted_time_series")
    found = rate(held, estimate("interrupted_time_series", **given), GOOD, power=0.01)
    assert not compared(estimate("interrupted_time_series", **given))
    assert found.level == 2
    assert found.security == 1
    assert score(found, "design") == 1


# parts


@pytest.mark.parametrize(
    ("smallest", "expected"),
    [(0.05, 5), (0.10, 5), (0.12, 4), (0.15, 3), (0.20, 2), (0.30, 1), (0.31, 0), (-0.12, 4), (None, 0), (np.nan, 0)],
)
def test_power_by_the_smallest_worthwhile_effect(smallest, expected):
    found = rate(study(), estimate(), GOOD, power=smallest)
    assert score(found, "power") == expected
    assert found.security <= expected


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((0.0, 0.0), 5), ((0.1, 0.05), 5), ((0.15, 0.2), 4), ((0.3, 0.3), 3), ((0.35, 0.4), 2), ((0.5, 0.45), 1),
     ((0.51, 0.5), 0)],
)  # fmt: skip
def test_attrition_by_the_worse_group(shares, expected):
    found = rate(study("matching"), estimate("matching"), [check("balance", HOLDS), lost(*shares)], power=0.05)
    assert score(found, "attrition") == expected


@pytest.mark.parametrize(
    ("shares", "verdict", "expected"),
    [((0.1, 0.1), HOLDS, 5), ((0.05, 0.10), INFORMS, 5), ((0.05, 0.15), HOLDS, 4), ((0.0, 0.15), HOLDS, 3),
     ((0.0, 0.2), HOLDS, 2), ((0.0, 0.4), HOLDS, 1), ((0.1, 0.1), FAILS, 2), ((0.0, 0.4), FAILS, 1)],
)  # fmt: skip
def test_missing_data_by_the_gap_between_groups(shares, verdict, expected):
    found = rate(study("matching"), estimate("matching"), [check("balance", HOLDS), lost(*shares, verdict)], power=0.05)
    assert score(found, "missing data") == expected


def test_areas_cannot_drop_out():
    assert score(rate(study(), estimate(), []), "attrition") == 5


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ({"pre_trends": HOLDS, "placebo_period": HOLDS}, 5),
        ({"pre_trends": HOLDS, "placebo_period": HOLDS, "anticipation": HOLDS}, 5),
        ({"pre_trends": HOLDS}, 4),
        ({"placebo_period": HOLDS}, 4),
        ({"pre_trends": FAILS, "placebo_period": HOLDS}, 2),
        ({"pre_trends": HOLDS, "placebo_period": HOLDS, "anticipation": FAILS}, 2),
        ({"pre_trends": FAILS, "placebo_period": FAILS}, 1),
        ({"anticipation": HOLDS}, 0),
        ({}, 0),
    ],
)
def test_balance_of_areas_by_how_they_moved_before(checks, expected):
    found = rate(study(), estimate(), [check(name, verdict) for name, verdict in checks.items()], power=0.05)
    assert score(found, "balance") == expected


@pytest.mark.parametrize(("verdict", "expected"), [(HOLDS, 5), (INFORMS, 3), (FAILS, 1)])
def test_balance_of_people_by_its_check(verdict, expected):
    found = rate(study("matching"), estimate("matching"), [check("balance", verdict), lost(0, 0)], power=0.05)
    assert score(found, "balance") == expected


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ({"series_break": HOLDS, "placebo_outcome": HOLDS}, 5),
        ({"series_break": HOLDS}, 4),
        ({"series_break": INFORMS, "placebo_outcome": HOLDS}, 4),
        ({"series_break": FAILS}, 2),
        ({"series_break": HOLDS, "placebo_outcome": FAILS}, 2),
        ({"placebo_outcome": HOLDS}, 0),
    ],
)
def test_outcome_measure_of_areas(checks, expected):
    found = rate(study(), estimate(), [check(name, verdict) for name, verdict in checks.items()], power=0.05)
    assert score(found, "outcome measure") == expected


def test_outcome_measure_of_people_is_at_most_3():
    found = rate(study("ancova"), estimate("ancova"), PEOPLE, power=0.05)
    assert score(found, "outcome measure") == 3
    assert found.security == 3
    assert found.capped_by == ("outcome measure",)


@pytest.mark.parametrize(
    ("registered", "expected"),
    [("2021-06-01", 3), ("2021-12-31", 3), ("2022-01-01", 3), ("2023-12-31", 3), ("2024-01-01", 2)],
)
def test_a_date_that_is_the_studys_own_word_is_worth_3_at_most(registered, expected):
    found = rate(study(registered=registered), estimate(), GOOD, power=0.05)
    assert score(found, "registration") == expected


def test_registration_of_people_is_not_known_to_be_before_the_start():
    found = rate(study("ancova", registered="2021-06-01"), estimate("ancova"), PEOPLE, power=0.05)
    assert score(found, "registration") == 3


@pytest.mark.parametrize(("out", "expected"), [(0, 5), (1, 4), (3, 3), (7, 2), (12, 1)])
def test_missing_data_of_areas_by_the_months_left_out(out, expected):
    months = tuple(f"2022-{m:02d}" for m in range(1, out + 1))
    found = rate(study(design={"leave_out": months}), estimate(), GOOD, power=0.05)
    part = next(part for part in found.parts if part.name == "missing data")
    assert part.score == expected
    assert part.evidence == (f"{out} of 36 months left out",)


# the whole


def test_security_is_the_mean_rounded_down_and_no_higher_than_the_weakest_critical_part():
    for smallest, registered in ((0.05, "2021-06-01"), (0.18, "2021-06-01"), (0.05, "2024-06-01")):
        found = rate(study(registered=registered), estimate(), GOOD, power=smallest)
        scores = [part.score for part in found.parts]
        weakest = min(part.score for part in found.parts if part.name in CRITICAL)
        assert found.security == min(sum(scores) // 7, weakest)


def test_registration_and_missing_data_are_not_critical():
    assert {part.name for part in rate(study(), estimate(), []).parts if part.critical} == set(CRITICAL)
    assert set(NAMES) - set(CRITICAL) == {"registration", "missing data"}


def test_a_trial_with_all_examined_loses_only_for_its_measure():
    found = rate(study("cluster_trial"), estimate("cluster_trial"), PEOPLE, power=0.05)
    assert found.level == 5
    assert [part.score for part in found.parts] == [5, 5, 5, 5, 3, 3, 5]


def test_the_table_has_a_row_for_each_part_with_its_evidence():
    table = rate(study(), estimate(), GOOD, power=0.09).table
    assert table["part"].tolist() == list(NAMES)
    assert table["critical"].sum() == len(CRITICAL)
    assert table["score"].between(0, 5).all()
    assert "smallest visible effect 9%" in table.set_index("part").loc["power", "evidence"]
    assert "pre_trends holds" in table.set_index("part").loc["balance", "evidence"]


def test_verdicts_are_those_of_the_checks():
    checked = Checked.of([check("a", HOLDS), check("b", FAILS), check("c", INFORMS)])
    assert [checked.verdict(name) for name in "abcd"] == ["holds", "fails", "for information", None]
    assert {verdict.value for verdict in Verdict} == {"holds", "fails", "for information"}


def test_numbers_are_looked_up_by_their_term():
    checked = Checked.of([check("a", HOLDS, x=0.5)])
    assert checked.number("a", "x") == 0.5
    assert checked.number("a", "y") is None
    assert checked.number("b", "x") is None


def test_ratings_are_frozen():
    found = rate(study(), estimate(), [])
    assert isinstance(found, Rating)
    assert isinstance(found.parts[0], Part)
    with pytest.raises(FrozenInstanceError):
        found.security = 5
    with pytest.raises(FrozenInstanceError):
        found.parts[0].score = 5


# the registration by what the program has on record


def record(number=1, *, seen=(), changes=()):
    return Record(
        study="s", number=number, at="2021-05-01T10:00:00+00:00", by="A. Evaluator", reason="x" * (number > 1),
        differences=tuple(changes), seen=seen, version="0.1.0", commit="", plan={}, previous="",
    )  # fmt: skip


CHANGE = Difference("seed", 1, 2)
LATER = record(2, changes=[CHANGE])
LATER_SEEN = record(2, seen=("s/abc",), changes=[CHANGE])


@pytest.mark.parametrize(("status", "records", "unexplained", "expected", "because"), [
    (Status.CONFIRMATORY, [record()], (), 5, "registered before any result, and kept"),
    (Status.CONFIRMATORY, [record(seen=("s/abc",))], (), 3, "registered after a result had been seen"),
    (Status.EXPLORATORY, [record(), LATER], (), 4, "before any result"),
    (Status.EXPLORATORY, [record(), LATER_SEEN], (), 2, "changed after a result had been seen"),
    (Status.EXPLORATORY, [record(seen=("s/abc",)), LATER_SEEN], (), 2, "changed after a result had been seen"),
    (Status.EXPLORATORY, [record()], (CHANGE,), 1, "not every change is explained"),
    (Status.EXPLORATORY, [record(), LATER], (CHANGE,), 1, "not every change is explained"),
    (Status.UNREGISTERED, [], (), 3, "the study's own word"),
])  # fmt: skip
def test_registration_by_where_the_study_stands(status, records, unexplained, expected, because):
    stands = Standing(status, "2021-06-01", "None.", tuple(records), unexplained)
    part = registration(study(), stands, "2022-01")
    assert part.score == expected
    assert because in part.reason


def test_registering_late_is_never_worth_less_than_not_registering():
    late = Standing(Status.CONFIRMATORY, "", "", (record(seen=("s/abc",)),))
    never = Standing(Status.UNREGISTERED, "", "")
    for day in ("2021-06-01", "2022-06-01", "2024-06-01"):
        scores = [registration(study(registered=day), one, "2022-01").score for one in (late, never)]
        assert scores[0] == scores[1]
