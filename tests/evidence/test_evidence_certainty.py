"""Certainty after GRADE: start, every step, what numbers suggest, and a person who decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pooled_effects import flipped, pooled, studies

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import Suggestion, certainty, suggest
from curv_eval.evidence.judgement.grade import LEVELS, START
from curv_eval.evidence.judgement.suggestions import DOWN, UP

NONE = dict.fromkeys(DOWN, (0, "nothing to say against it"))


def judged(**steps):
    return NONE | {name: (step, f"of {name}") for name, step in steps.items()}


def rate(design="randomised", suggested=(), **steps):
    return certainty("violent crime", design, judged(**steps), by="Ann Example", suggested=suggested)


def faults(design="randomised", given_=None, by="Ann", **steps):
    with pytest.raises(StudyError) as refusal:
        certainty("violent crime", design, judged(**steps) if given_ is None else given_, by=by)
    return list(refusal.value.breaches)


@pytest.mark.parametrize(
    ("design", "steps", "level"),
    [
        ("randomised", {}, "high"),
        ("randomised", {"risk_of_bias": -1}, "moderate"),
        ("randomised", {"risk_of_bias": -1, "imprecision": -1}, "low"),
        ("randomised", {"risk_of_bias": -2, "inconsistency": -1}, "very low"),
        ("randomised", {"risk_of_bias": -2, "inconsistency": -2, "imprecision": -2}, "very low"),
        ("non-randomised", {}, "low"),
        ("non-randomised", {"indirectness": -1}, "very low"),
        ("non-randomised", {"indirectness": -2, "publication_bias": -1}, "very low"),
        ("non-randomised", {"large_effect": 1}, "moderate"),
        ("non-randomised", {"large_effect": 2}, "high"),
        ("non-randomised", {"large_effect": 2, "dose_response": 1, "opposing_confounding": 1}, "high"),
    ],
)
def test_the_level_is_the_start_and_all_steps(design, steps, level):
    assert rate(design, **steps).level == level


def test_what_the_floor_swallows_is_kept():
    assert rate(risk_of_bias=-2, inconsistency=-2, imprecision=-2).beyond == 3
    assert rate(risk_of_bias=-2).beyond == 0


def test_every_step_is_named_with_its_reason():
    text = rate(risk_of_bias=-1, imprecision=-2).text
    assert "It began at high because of the design of the studies." in text
    assert "Risk of bias: down one level, because of risk_of_bias" in text
    assert "imprecision: down two levels" in text
    assert "inconsistency" not in text
    assert "Given by Ann Example. This is CURV's own rating" in text
    assert "no other body has given or checked it" in text


def test_nothing_that_moved_it_is_said_too():
    assert "Nothing moved it." in rate().text


def test_the_table_has_every_reason():
    table = rate(risk_of_bias=-1).table
    assert list(table["reason"]) == list(DOWN)
    assert list(table["steps"]) == [-1, 0, 0, 0, 0]
    assert table["suggested"].isna().all()


def test_a_person_may_judge_otherwise_and_both_are_shown():
    said = (Suggestion("risk_of_bias", -1, "a third is at high risk"), Suggestion("imprecision", 0, "narrow"))
    held = rate(suggested=said)
    assert held.level == "high"
    assert "risk of bias: no change" in held.text.lower()
    assert "(the numbers suggested down one level: a third is at high risk)" in held.text
    assert "narrow" not in held.text
    assert rate(suggested=said, risk_of_bias=-1).text.count("suggested") == 0
    assert list(held.table["suggested"].dropna()) == [-1, 0]


def test_a_suggestion_alone_moves_nothing():
    said = tuple(Suggestion(name, -2, "numbers") for name in DOWN)
    assert rate(suggested=said).level == "high"


# refusals


def test_a_rating_needs_a_person():
    assert faults(by=" ") == ["by, outcome: got a blank, expected who judges, and what"]


def test_every_reason_down_must_be_judged():
    found = faults(given_={"risk_of_bias": (0, "x")})
    assert found == [f"{name}: not judged" for name in DOWN[1:]]


@pytest.mark.parametrize("step", [1, -3, -0.5, "down", True, None])
def test_steps_down_are_0_1_or_2(step):
    assert faults(imprecision=step)[0].startswith("imprecision: got")


@pytest.mark.parametrize(("name", "step"), [("large_effect", 3), ("dose_response", 2), ("large_effect", -1)])
def test_steps_up_have_a_most(name, step):
    assert any(text.startswith(f"{name}: got") for text in faults("non-randomised", **{name: step}))


@pytest.mark.parametrize(
    ("design", "steps"),
    [("randomised", {"large_effect": 1}), ("non-randomised", {"large_effect": 1, "imprecision": -1})],
)
def test_reasons_up_count_only_where_nothing_stands_against_it(design, steps):
    assert faults(design, **steps) == ["reasons up count only for non-randomised studies that no reason takes down"]


def test_a_reason_up_of_0_is_no_reason_up():
    assert rate("randomised", large_effect=0).level == "high"


def test_unknown_names_are_refused_with_the_nearest_all_at_once():
    given_ = NONE | {"imprecison": (0, "x"), "indirectness": (0, " ")}
    del given_["imprecision"]
    found = faults("randomized", given_=given_)
    assert any("did you mean imprecision?" in text for text in found)
    assert "imprecision: not judged" in found
    assert "indirectness: no reason given" in found
    assert any("did you mean randomised?" in text for text in found)


STEP = st.sampled_from([0, -1, -2])


@given(st.sampled_from(sorted(START)), st.tuples(STEP, STEP, STEP, STEP, STEP))
def test_one_more_step_down_never_makes_it_surer(design, steps):
    held = dict(zip(DOWN, steps, strict=True))
    level = LEVELS.index(rate(design, **held).level)
    for name in DOWN:
        lower = held | {name: max(-2, held[name] - 1)}
        assert LEVELS.index(rate(design, **lower).level) <= level
    assert level == max(0, LEVELS.index(START[design]) + sum(steps))


# suggestions


def steps(held, **given_):
    return {one.reason: one.steps for one in suggest(held, **given_)}


def test_every_reason_gets_a_suggestion_or_why_there_is_none():
    found = suggest(pooled())
    assert [one.reason for one in found] == [*DOWN, *UP]
    assert all(one.why for one in found)
    assert {one.reason for one in found if one.steps is None} >= {
        "indirectness",
        "dose_response",
        "opposing_confounding",
    }


@pytest.mark.parametrize(
    ("high", "some", "expected"), [(0, 0, 0), (0, 12, 0), (1, 0, -1), (6, 0, -1), (7, 0, -2), (12, 0, -2)]
)
def test_risk_of_bias_is_suggested_from_the_studies(high, some, expected):
    assert steps(pooled(), assessed=studies(12, high, some))["risk_of_bias"] == expected


def test_without_judged_studies_nothing_is_suggested():
    assert steps(pooled())["risk_of_bias"] is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"i2": 0.2, "prediction": (0.6, 0.95)}, 0),
        ({"i2": 0.5, "prediction": (0.6, 0.95)}, -1),
        ({"i2": 0.2, "prediction": (0.6, 1.02)}, -1),
        ({"i2": 0.8, "prediction": (0.6, 1.02)}, -1),
        ({"i2": 0.8, "prediction": (0.5, 1.2)}, -2),
        ({"i2": 0.6, "prediction": (0.5, 1.2)}, -1),
        ({"i2": None, "prediction": (0.5, 1.2)}, -1),
        ({"i2": 0.8, "prediction": None}, -1),
        ({"i2": None, "prediction": None}, None),
        ({"studies": 2, "i2": 0.9}, None),
    ],
)
def test_inconsistency_is_suggested_from_i2_and_the_prediction_interval(changed, expected):
    assert steps(pooled(**changed))["inconsistency"] == expected


@pytest.mark.parametrize(
    ("low", "estimate", "high", "expected"),
    [
        (0.64, 0.76, 0.90, 0),
        (0.97, 1.00, 1.03, 0),
        (0.80, 0.95, 1.03, -1),
        (0.97, 1.05, 1.20, -1),
        (0.80, 1.00, 1.20, -2),
        (1.10, 1.20, 1.40, 0),
    ],
)
def test_imprecision_is_suggested_from_the_interval(low, estimate, high, expected):
    held = pooled(low=low, estimate=estimate, high=high, prediction=None)
    assert steps(held)["imprecision"] == expected


@pytest.mark.parametrize(
    ("n", "p", "expected"), [(12, 0.05, -1), (12, 0.1, 0), (12, 0.8, 0), (12, None, None), (9, 0.01, None)]
)
def test_publication_bias_is_suggested_from_10_studies_on(n, p, expected):
    assert steps(pooled(studies=n), egger_p=p)["publication_bias"] == expected


@pytest.mark.parametrize(
    ("low", "estimate", "high", "expected"),
    [
        (0.64, 0.76, 0.9, 0),
        (0.3, 0.45, 0.7, 1),
        (0.1, 0.15, 0.3, 2),
        (1.5, 2.5, 4.0, 1),
        (3.0, 6.0, 9.0, 2),
        (0.2, 0.45, 1.1, 0),
        (0.4, 0.5, 0.7, 0),
    ],
)
def test_a_large_effect_is_suggested_from_the_ratio(low, estimate, high, expected):
    held = pooled(low=low, estimate=estimate, high=high, prediction=None)
    assert steps(held)["large_effect"] == expected


@pytest.mark.parametrize("measure", ["odds ratio", "hazard ratio", "standardised mean difference"])
def test_the_rule_for_large_effects_is_for_risks_and_rates(measure):
    assert steps(pooled(measure=measure))["large_effect"] is None


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_p_value_that_is_none_is_refused(p):
    with pytest.raises(StudyError, match="egger_p"):
        suggest(pooled(), egger_p=p)


@given(st.floats(0.2, 3.0), st.floats(1.01, 2.0), st.floats(1.0, 2.0), st.floats(0, 1))
def test_suggestions_do_not_depend_on_which_way_is_hoped_for(estimate, width, wider, i2):
    low, high = estimate / width, estimate * width
    held = pooled(estimate=estimate, low=low, high=high, prediction=(low / wider, high * wider), i2=i2)
    assert steps(held) == steps(flipped(held))
