"""The words for a pooled effect: fixed by rule, harm as plain as benefit, and never more than the numbers say."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pooled_effects import flipped, pooled

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import Pooled, effect_step, emmie, say
from curv_eval.evidence.judgement.emmie import PARTS, STEPS
from curv_eval.evidence.judgement.pooled import FEW, both_ways, within

APPROACH = "focused deterrence"


def said(**changed):
    return say(pooled(**changed), APPROACH)


# each row of the rule


def test_an_interval_on_the_good_side():
    assert said().text == (
        "Across 12 studies of focused deterrence, violent crime fell by about 24% (between 10% and 36%). That is what "
        "was hoped for. In a new place the change is likely to be between a fall of 40% and a fall of 5%."
    )


def test_an_interval_on_the_bad_side_is_said_as_plainly():
    held = said(estimate=1.24, low=1.1, high=1.36, prediction=(1.05, 1.4))
    assert held.text == (
        "Across 12 studies of focused deterrence, violent crime rose by about 24% (between 10% and 36%). That is harm: "
        "the opposite of what was hoped for. In a new place the change is likely to be between a rise of 5% and a rise "
        "of 40%."
    )


def test_an_interval_within_the_smallest_worthwhile_change():
    held = said(estimate=1.0, low=0.97, high=1.02, prediction=(0.96, 1.04))
    assert held.found == "little"
    assert held.text == (
        "Across 12 studies of focused deterrence, we found little or no difference in violent crime: the change is "
        "between a fall of 3% and a rise of 2%."
    )


def test_a_wide_interval():
    held = said(estimate=0.9, low=0.7, high=1.1, prediction=None)
    assert held.found == "unclear"
    assert held.sentences[0] == (
        "We cannot tell whether focused deterrence changes violent crime: across 12 studies, the true change could be "
        "anything from a fall of 30% to a rise of 10%."
    )


def test_a_prediction_interval_with_benefit_and_harm():
    held = said(prediction=(0.5, 1.15))
    assert held.found == "better"
    assert held.sentences[-1] == (
        "We cannot tell whether it would work here: in a new place the change could be anything from a fall of 50% to "
        "a rise of 15%."
    )


def test_little_on_average_may_be_much_in_one_place():
    held = said(estimate=1.0, low=0.97, high=1.02, prediction=(0.7, 1.4))
    assert held.found == "little"
    assert "We cannot tell whether it would work here" in held.text


def test_without_a_prediction_interval_an_average_is_called_one():
    assert said(prediction=None).sentences[-1] == (
        "How far results differ from place to place was not worked out, so this is an average only."
    )


def test_an_effect_too_small_to_be_worth_having_is_said_to_be():
    held = said(estimate=0.97, low=0.96, high=0.99, prediction=(0.95, 0.995))
    assert held.found == "better"
    assert "That is less than the smallest change worth having." in held.text


def test_one_study_says_nothing_in_general():
    held = said(studies=1, prediction=None)
    assert held.found == "too few"
    assert held.text == (
        "We cannot tell what focused deterrence does in general: there is only one study, too few to see how results "
        "differ. In it, violent crime fell by about 24% (between 10% and 36%). That is what was hoped for."
    )


@pytest.mark.parametrize(
    ("changed", "piece"),
    [
        ({}, "In these two, violent crime fell by about 24%"),
        ({"estimate": 1.2, "low": 1.1, "high": 1.4}, "That is harm"),
        ({"estimate": 1.0, "low": 0.98, "high": 1.02}, "little or no difference in violent crime"),
        ({"estimate": 1.0, "low": 0.5, "high": 2.0}, "could be anything from a fall of 50% to a rise of 100%"),
    ],
)
def test_two_studies_say_nothing_in_general_either(changed, piece):
    held = said(studies=2, prediction=None, **changed)
    assert held.found == "too few"
    assert held.sentences[0].startswith("We cannot tell what focused deterrence does in general: there are only two")
    assert piece in held.text


def test_three_studies_are_enough_for_a_sentence():
    assert FEW == 3
    assert said(studies=3).found == "better"


# other measures and outcomes


def test_an_outcome_of_which_more_is_better():
    held = said(outcome="school attendance", better="higher", estimate=1.1, low=1.02, high=1.2, prediction=(1.01, 1.3))
    assert held.found == "better"
    assert "school attendance rose by about 10% (between 2% and 20%). That is what was hoped for." in held.text


def test_odds_are_called_odds():
    assert "the odds of violent crime fell by about 24%" in said(measure="odds ratio").text


@pytest.mark.parametrize(
    ("measure", "unit"), [("mean difference", "points"), ("standardised mean difference", "standard deviations")]
)
def test_differences_have_their_unit(measure, unit):
    held = said(measure=measure, estimate=-0.3, low=-0.5, high=-0.1, prediction=(-0.7, -0.02), smallest=0.1)
    assert f"fell by about 0.30 {unit} (between 0.10 {unit} and 0.50 {unit})" in held.text


def test_sizes_near_nothing_are_not_said_as_0():
    held = said(estimate=1.0, low=0.998, high=1.0, prediction=None)
    assert "between a fall of less than 1% and no change" in held.text


RATIO = st.floats(0.2, 4.0)


@given(RATIO, st.floats(1.001, 2.5), st.floats(1.0, 2.0), st.integers(1, 30), st.floats(0.01, 0.3))
def test_the_words_follow_the_rule_whatever_the_numbers(estimate, width, wider, n, smallest):
    low, high = estimate / width, estimate * width
    ends = (low / wider, high * wider)
    held = pooled(estimate=estimate, low=low, high=high, prediction=ends, studies=n, smallest=smallest)
    text = say(held, APPROACH).text
    assert "significan" not in text
    assert "no effect" not in text
    assert "nan" not in text and "inf" not in text
    if n < FEW:
        assert text.startswith("We cannot tell")
    elif low > 1:
        assert "rose by" in text and "That is harm" in text
    elif high < 1:
        assert "fell by" in text and "hoped for" in text
    elif within(held.span, smallest):
        assert "little or no difference" in text
    else:
        assert text.startswith("We cannot tell whether focused deterrence changes")
    if n >= FEW and both_ways(held.new_place) and not within(held.new_place, smallest):
        assert "We cannot tell whether it would work here" in text


@given(RATIO, st.floats(1.001, 2.5), st.integers(3, 30))
def test_turning_round_what_is_hoped_for_turns_only_the_judgement(estimate, width, n):
    held = pooled(estimate=estimate, low=estimate / width, high=estimate * width, studies=n, prediction=None)
    one, other = say(held, APPROACH), say(flipped(held), APPROACH)
    swapped = {"better": "worse", "worse": "better"}
    assert other.found == swapped.get(one.found, one.found)
    assert one.sentences[0] == other.sentences[0]


def test_sentences_are_short_and_plain():
    for changed in ({}, {"prediction": (0.5, 1.2)}, {"estimate": 1.0, "low": 0.8, "high": 1.2, "prediction": None}):
        for sentence in said(**changed).sentences:
            assert len(sentence.split()) <= 35
            assert not re.search(r"\b(heterogeneity|confidence|p-value|pooled|statistically)\b", sentence)


# what cannot be said


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"outcome": " "}, "outcome: got a blank"),
        ({"measure": "relative risk"}, "measure: got 'relative risk'"),
        ({"low": 0.8}, "expected the estimate within its interval"),
        ({"high": float("nan")}, "expected the estimate within its interval"),
        ({"estimate": float("inf"), "high": float("inf")}, "expected the estimate within its interval"),
        ({"prediction": (0.7, 0.95)}, "expected an interval around that of the average"),
        ({"prediction": (float("nan"), 0.95)}, "expected an interval around that of the average"),
        ({"estimate": -0.27, "low": -0.44, "high": -0.1, "prediction": None}, "was a logarithm given?"),
        ({"studies": 0}, "studies: got 0"),
        ({"studies": 2.0}, "studies: got 2.0"),
        ({"studies": True}, "studies: got True"),
        ({"smallest": 0}, "smallest: got 0"),
        ({"i2": 60}, "i2: got 60"),
        ({"better": "less"}, "better: got 'less'"),
    ],
)
def test_a_pooled_effect_that_cannot_be_is_refused(changed, fault):
    with pytest.raises(StudyError) as refusal:
        pooled(**changed)
    assert any(fault in text for text in refusal.value.breaches)


def test_every_fault_is_told_at_once():
    with pytest.raises(StudyError) as refusal:
        Pooled("", "rr", 2.0, 1.0, 1.5, 0, -1.0, i2=7, better="down")
    assert len(refusal.value.breaches) == 7


# EMMIE


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({}, "clear benefit"),
        ({"prediction": (0.5, 1.1)}, "benefit on average"),
        ({"prediction": None}, "benefit on average"),
        ({"studies": 2}, "perhaps benefit"),
        ({"estimate": 1.2, "low": 1.1, "high": 1.4, "prediction": (1.05, 1.5)}, "clear harm"),
        ({"estimate": 1.2, "low": 1.1, "high": 1.4, "prediction": (0.9, 1.5)}, "harm on average"),
        ({"estimate": 1.2, "low": 1.1, "high": 1.4, "prediction": None, "studies": 1}, "perhaps harm"),
        ({"estimate": 0.9, "low": 0.8, "high": 1.04, "prediction": None}, "perhaps benefit"),
        ({"estimate": 1.1, "low": 0.96, "high": 1.2, "prediction": None}, "perhaps harm"),
        ({"estimate": 1.0, "low": 0.97, "high": 1.03, "prediction": None}, "little or no difference"),
        ({"estimate": 1.0, "low": 0.8, "high": 1.2, "prediction": None}, "cannot tell"),
    ],
)
def test_the_eight_steps(changed, step):
    assert effect_step(pooled(**changed)) == step


def test_there_are_eight_steps():
    assert len(set(STEPS)) == 8


@given(RATIO, st.floats(1.001, 2.5), st.floats(1.0, 2.0), st.integers(1, 20))
def test_turning_round_what_is_hoped_for_mirrors_the_step(estimate, width, wider, n):
    low, high = estimate / width, estimate * width
    held = pooled(estimate=estimate, low=low, high=high, prediction=(low / wider, high * wider), studies=n)
    one, other = effect_step(held), effect_step(flipped(held))
    assert one in STEPS
    turned = one.replace("benefit", "?").replace("harm", "benefit").replace("?", "harm")
    assert other == turned


FINDINGS = {name: f"what was found of {name}" for name in PARTS[1:]}
JUDGED = {name: (at % 5, f"reason for {name}") for at, name in enumerate(PARTS)}


def test_five_parts_each_with_a_quality_and_a_reason():
    held = emmie(APPROACH, pooled(), JUDGED | {"effect": (3, "12 trials")}, findings=FINDINGS, by="Ann Example")
    assert [one.name for one in held.parts] == list(PARTS)
    assert list(held.table["quality"]) == [3, 1, 2, 3, 4]
    assert held.table.loc[0, "finding"] == "clear benefit"
    assert "Effect: clear benefit (quality of evidence 3 of 4: 12 trials)." in held.text
    assert held.text.endswith("Judged by Ann Example; these are CURV's own ratings, and they are not added up.")


def test_there_is_no_total():
    held = emmie(APPROACH, pooled(), JUDGED, findings=FINDINGS, by="Ann")
    assert not {"score", "total", "level", "quality", "mean"} & set(dir(held))
    for name in ("__int__", "__float__", "__add__", "__lt__"):
        assert not hasattr(type(held), name) or getattr(type(held), name) is getattr(object, name, None)


def test_what_nobody_examined_is_said_to_be():
    judged = dict.fromkeys(PARTS, (0, "nobody looked"))
    held = emmie(APPROACH, None, judged, findings={}, by="Ann")
    assert set(held.table["finding"]) == {"not examined"}


@pytest.mark.parametrize(
    ("held", "judged", "findings", "fault"),
    [
        (pooled(), {"effect": (5, "x")}, {}, "effect: got '5'"),
        (pooled(), {"effect": (True, "x")}, {}, "effect: got 'True'"),
        (pooled(), {"mechanism": (2, "")}, {}, "mechanism: no reason given"),
        (pooled(), {"mechanisms": (2, "x")}, {}, "did you mean mechanism?"),
        (pooled(), {"economics": (3, "x")}, {"economics": " "}, "economics: a quality above 0, and nothing found"),
        (pooled(), {}, {"effect": "big"}, "effect: its finding follows from the pooled effect"),
        (None, {"effect": (2, "x")}, {}, "effect: a quality above 0, and nothing pooled"),
    ],
)
def test_parts_that_cannot_be_are_refused(held, judged, findings, fault):
    with pytest.raises(StudyError) as refusal:
        emmie(APPROACH, held, JUDGED | judged, findings=FINDINGS | findings, by="Ann")
    assert any(fault in text for text in refusal.value.breaches)


def test_all_five_parts_are_asked_for_at_once():
    with pytest.raises(StudyError) as refusal:
        emmie("", pooled(), {}, findings={}, by="")
    assert len(refusal.value.breaches) == 6


@given(st.floats(-2, 2), st.floats(0, 1))
def test_the_two_ways_of_an_interval(middle, half):
    assume(half > 1e-6)
    span = (middle - half, middle + half)
    assert both_ways(span) == (span[0] < 0 < span[1])
    assert within(span, max(abs(span[0]), abs(span[1])))
    assert not within(span, max(abs(span[0]), abs(span[1])) * 0.99)
