"""What people judge is asked for by name, and every judgement says whose it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pooled_effects import pooled, studies

import curv_eval.evidence.judgement as judgement
import curv_eval.evidence.screening as screening
from curv_eval.evidence.judgement.asked import faults_of, listed, unknown
from curv_eval.evidence.judgement.bias import ROB_2
from curv_eval.evidence.judgement.suggestions import DOWN
from curv_eval.evidence.judgement.transfer import FEATURES

NAMES, LEVELS = ("alpha", "beta"), ("low", "high")
GOOD = {"alpha": ("low", "why"), "beta": ("high", "why")}


def faults(judged):
    return list(faults_of(judged, NAMES, kind="letter", levels=LEVELS))


def test_whole_judgements_have_no_fault():
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"alpha": ("lo", "why")}, ["alpha: got 'lo', expected one of low, high; did you mean low?"]),
        ({"alpha": ("low", "")}, ["alpha: no reason given"]),
        (
            {"alpha": ("LOW", " ")},
            ["alpha: got 'LOW', expected one of low, high; did you mean low?", "alpha: no reason given"],
        ),
        ({"alpah": ("low", "why")}, ["letter: got 'alpah', expected one of alpha, beta; did you mean alpha?"]),
        ({"zzz": ("low", "why")}, ["letter: got 'zzz', expected one of alpha, beta"]),
    ],
)
def test_each_fault_is_said(changed, expected):
    assert faults(GOOD | changed) == expected


@pytest.mark.parametrize("reason", ["red\x1b[31m", "turned \u202e round", "bell\x07"])
def test_a_reason_cannot_steer_a_terminal(reason):
    assert faults(GOOD | {"alpha": ("low", reason)}) == [
        "alpha: the reason holds characters that nobody sees; write it again"
    ]
    assert faults(GOOD | {"alpha": ("low", "two\nlines")}) == []


def test_what_was_not_judged_is_said():
    assert faults({}) == ["alpha: not judged", "beta: not judged"]


@given(st.text(max_size=12))
def test_any_name_gets_an_answer(name):
    text = unknown("kind", name, NAMES)
    assert text.startswith("kind: got ")
    assert "expected one of alpha, beta" in text


@pytest.mark.parametrize(
    ("names", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_as_people_list_them(names, expected):
    assert listed(names) == expected


def every_judgement():
    """One of each thing that a person judges, given by the name "Ann Example"."""
    by = "Ann Example"
    five = dict.fromkeys(("effect", "mechanism", "moderators", "implementation", "economics"), (2, "why"))
    found = {name: "something" for name in five if name != "effect"}
    facts = judgement.ReviewFacts(pooled(), 12, 0, 0, studies(12), 0.5, 0, "registered")
    return [
        judgement.assess("s", "rob_2", dict.fromkeys(ROB_2.domains, ("low", "why")), by=by),
        judgement.certainty("violence", "randomised", dict.fromkeys(DOWN, (0, "why")), by=by),
        judgement.emmie("mentoring", pooled(), five, findings=found, by=by),
        judgement.confirmed(judgement.secure(facts), by),
    ]


@pytest.mark.parametrize("held", every_judgement(), ids=lambda held: type(held).__name__)
def test_every_judgement_names_who_gave_it_and_whose_it_is(held):
    assert "Ann Example" in held.text
    assert "CURV's own" in held.text
    assert "significan" not in held.text


def test_transfer_names_who_judged():
    held = judgement.transfer(dict.fromkeys(FEATURES, ("similar", "why")), by="Ann Example")
    assert held.by == "Ann Example"


@pytest.mark.parametrize("part", [judgement, screening], ids=lambda part: part.__name__.rsplit(".", 1)[1])
def test_public_names_are_there_and_documented(part):
    for name in part.__all__:
        held = getattr(part, name)
        assert held.__doc__, name
        assert not held.__doc__.startswith(f"{name}("), name
