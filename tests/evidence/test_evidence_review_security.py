"""Security of a review: parts, caps, lost points; and how like Cleveland the places of the studies are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pooled_effects import flipped, pooled, studies

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import ReviewFacts, confirmed, secure, transfer
from curv_eval.evidence.judgement.security import CRITICAL, HIGHEST, PLANS
from curv_eval.evidence.judgement.transfer import ANSWERS, FEATURES

PARTS = (
    "design",
    "number of studies",
    "risk of bias",
    "differences between places",
    "publication bias",
    "directness",
    "registration",
)


def facts(**changed):
    held = {
        "pooled": pooled(),
        "randomised": 12,
        "compared": 0,
        "alone": 0,
        "assessed": studies(12),
        "egger_p": 0.6,
        "indirect": 0,
        "plan": "registered",
    }
    return ReviewFacts(**(held | changed))


def score(name, **changed):
    return next(part.score for part in secure(facts(**changed)).parts if part.name == name)


def few(n, **changed):
    """Facts of n studies."""
    held = {"pooled": pooled(studies=n), "randomised": n, "assessed": studies(n)}
    return held | changed


def test_a_review_with_everything_has_5():
    held = secure(facts())
    assert [part.name for part in held.parts] == list(PARTS)
    assert [part.score for part in held.parts] == [5] * 7
    assert (held.level, held.capped_by, held.lost) == (5, (), ())


def test_a_review_that_examined_nothing_has_0():
    held = secure(ReviewFacts(pooled(prediction=None, i2=None), 12, 0, 0))
    assert held.level == 0
    assert {part.name for part in held.parts if part.score == 0} == {
        "risk of bias",
        "differences between places",
        "publication bias",
        "directness",
        "registration",
    }
    assert all("not examined" in text or "no plan" in text for text in held.lost)


@pytest.mark.parametrize(
    ("randomised", "compared", "alone", "expected"),
    [
        (12, 0, 0, 5),
        (6, 6, 0, 4),
        (11, 1, 0, 4),
        (5, 7, 0, 3),
        (0, 12, 0, 3),
        (11, 0, 1, 2),
        (0, 6, 6, 1),
        (0, 0, 12, 1),
    ],
)
def test_design(randomised, compared, alone, expected):
    assert score("design", randomised=randomised, compared=compared, alone=alone) == expected


@pytest.mark.parametrize(
    ("n", "expected"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (9, 4), (10, 5), (40, 5)]
)
def test_number_of_studies(n, expected):
    assert score("number of studies", **few(n)) == expected


@pytest.mark.parametrize(
    ("high", "some", "expected"),
    [(0, 0, 5), (0, 1, 4), (0, 12, 4), (1, 0, 3), (3, 0, 3), (6, 0, 2), (9, 0, 1), (10, 0, 0)],
)
def test_risk_of_bias(high, some, expected):
    assert score("risk of bias", assessed=studies(12, high, some)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"i2": 0.0}, 5),
        ({"i2": 0.25}, 5),
        ({"i2": 0.4}, 4),
        ({"i2": 0.7}, 3),
        ({"i2": 0.9}, 2),
        ({"i2": 0.0, "prediction": (0.5, 1.3)}, 1),
        ({"i2": 0.0, "prediction": (0.5, 1.04)}, 5),
        ({"i2": None}, 0),
        ({"prediction": None}, 0),
    ],
)
def test_differences_between_places(changed, expected):
    assert score("differences between places", pooled=pooled(**changed)) == expected


def test_two_studies_cannot_show_differences_between_places():
    assert score("differences between places", **few(2)) == 0


@pytest.mark.parametrize(("p", "expected"), [(0.6, 5), (0.1, 5), (0.09, 2), (None, 0)])
def test_publication_bias(p, expected):
    assert score("publication bias", egger_p=p) == expected


def test_few_studies_cannot_show_publication_bias():
    assert score("publication bias", **few(9)) == 2


@pytest.mark.parametrize(("n", "expected"), [(0, 5), (1, 4), (3, 3), (6, 2), (7, 1), (12, 1), (None, 0)])
def test_directness(n, expected):
    assert score("directness", indirect=n) == expected


@pytest.mark.parametrize("plan", PLANS)
def test_registration(plan):
    assert score("registration", plan=plan) == PLANS[plan][0]


# the level


@pytest.mark.parametrize(
    "changed",
    [
        {"randomised": 0, "alone": 12},
        {"assessed": studies(12, 10)},
        {"pooled": pooled(i2=None)},
        {"pooled": pooled(studies=2), "randomised": 2, "assessed": studies(2)},
    ],
)
def test_the_level_is_no_higher_than_the_weakest_critical_part(changed):
    held = secure(facts(**changed))
    weakest = min(part.score for part in held.parts if part.name in CRITICAL)
    assert held.level == weakest
    assert set(held.capped_by) == {part.name for part in held.parts if part.name in CRITICAL and part.score == weakest}
    assert "no higher than its weakest critical part" in held.text


def test_a_weak_part_that_is_not_critical_only_lowers_the_mean():
    held = secure(facts(plan="none"))
    assert held.level == 30 // 7
    assert held.capped_by == ()


def test_a_critical_part_above_the_mean_caps_nothing():
    held = secure(facts(assessed=studies(12, some=1), plan="none", indirect=None, egger_p=None))
    assert [part.score for part in held.parts] == [5, 5, 4, 5, 0, 0, 0]
    assert (held.level, held.capped_by) == (2, ())
    assert "no higher" not in held.text


def test_every_lost_point_is_named():
    held = secure(facts(plan="written", indirect=3, randomised=5, compared=7))
    assert held.lost == (
        "design: 2 points lost, because 5 of 12 are trials and 0 have nobody to compare with",
        "directness: 2 points lost, because 25% of the studies differ from the question",
        "registration: 2 points lost, because the plan was written before the search, but that is the "
        "review's own word",
    )
    total = sum(int(text.split(": ")[1].split()[0]) for text in held.lost)
    assert total == sum(HIGHEST - part.score for part in held.parts)


def test_one_point_is_one_point():
    assert secure(facts(plan="registered_changed")).lost[0].startswith("registration: 1 point lost, because")


def test_it_is_proposed_until_a_named_person_confirms_it():
    held = secure(facts())
    assert "(proposed; a named person has to confirm it)" in held.text
    done = confirmed(held, " Ann Example ")
    assert "(confirmed by Ann Example)" in done.text
    assert done.parts == held.parts
    for blank in ("", "  "):
        with pytest.raises(StudyError, match="blank name"):
            confirmed(held, blank)


def test_it_is_never_called_somebody_elses():
    text = secure(facts()).text
    assert "CURV's own rating" in text
    assert not any(name in text for name in ("Youth Endowment", "EEF", "College of Policing", "Maryland", "GRADE"))


def test_the_table_says_which_parts_are_critical():
    table = secure(facts()).table
    assert list(table.loc[table["critical"], "part"]) == list(CRITICAL)
    assert list(table.columns) == ["part", "score", "critical", "reason"]


@given(st.floats(0.3, 2.0), st.floats(1.01, 1.6), st.floats(1.0, 1.5))
def test_whether_a_finding_is_welcome_does_not_count(estimate, width, wider):
    low, high = estimate / width, estimate * width
    held = pooled(estimate=estimate, low=low, high=high, prediction=(low / wider, high * wider))
    assert secure(facts(pooled=held)) == secure(facts(pooled=flipped(held)))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"randomised": 11}, "designs: got 11 studies, expected the 12 that were pooled"),
        ({"randomised": 13, "compared": -1}, "compared: got -1, expected a whole number of 0 to 12"),
        ({"randomised": 12.0}, "randomised: got 12.0, expected a whole number of 0 to 12"),
        ({"indirect": 13}, "indirect: got 13, expected a whole number of 0 to 12"),
        ({"assessed": studies(5)}, "assessed: got 5 studies, expected all 12, or none"),
        ({"egger_p": 2.0}, "egger_p: got 2.0, expected a number of 0 to 1"),
        ({"plan": "registred"}, "did you mean registered?"),
    ],
)
def test_facts_that_cannot_be_are_refused(changed, fault):
    with pytest.raises(StudyError) as refusal:
        facts(**changed)
    assert any(fault in text for text in refusal.value.breaches)


def test_every_fault_of_the_facts_is_told_at_once():
    with pytest.raises(StudyError) as refusal:
        facts(randomised=1, indirect=99, egger_p=-1, plan="x", assessed=studies(2))
    assert len(refusal.value.breaches) == 5


# would it work here


def answers(**changed):
    held = dict.fromkeys(FEATURES, ("similar", "as in the studies"))
    return held | {name: (said, "a reason") for name, said in changed.items()}


def test_the_sentence_says_first_what_differs():
    held = transfer(
        answers(baseline_rate="different", legal_context="different", population_age="partly", delivery="unknown"),
        by="Ann Example",
    )
    assert held.text == (
        "Cleveland differs from the places of the studies in how much violence there is to begin with and the law and "
        "the powers. It is partly like the places of the studies in the age of the people. It is like the places of "
        "the studies in the kind of place and who delivers it. We do not know about what is delivered, and how much "
        "of it."
    )


@pytest.mark.parametrize("answer", ANSWERS)
def test_one_answer_for_all_is_one_sentence(answer):
    held = transfer(answers(**dict.fromkeys(FEATURES, answer)), by="Ann")
    assert held.text.count(".") == 1
    assert all(words in held.text for words in FEATURES.values())


def test_there_is_a_table_and_no_score():
    held = transfer(answers(), by="Ann", place="Hartlepool")
    assert list(held.table["feature"]) == list(FEATURES)
    assert list(held.table.columns) == ["feature", "answer", "reason"]
    assert not {"score", "total", "level"} & set(dir(held))
    assert not any(letter.isdigit() for letter in held.text)
    assert held.text.startswith("Hartlepool is like")


def test_faults_of_answers_are_told_at_once_with_the_nearest_name():
    given_ = answers() | {"delivry": ("similar", "x"), "setting": ("simlar", ""), "who_delivers": ("unknown", " ")}
    with pytest.raises(StudyError) as refusal:
        transfer(given_, by="")
    found = refusal.value.breaches
    assert any("did you mean delivery?" in text for text in found)
    assert any("did you mean similar?" in text for text in found)
    assert "setting: no reason given" in found
    assert "who_delivers: no reason given" in found
    assert "by: got a blank" in found


@pytest.mark.parametrize("name", FEATURES)
def test_no_feature_may_be_left_out(name):
    held = answers()
    del held[name]
    with pytest.raises(StudyError, match=f"{name}: not judged"):
        transfer(held, by="Ann")
