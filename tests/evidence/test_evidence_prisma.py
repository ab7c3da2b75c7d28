"""The PRISMA 2020 checklist as data, and the protocol of a review as it can stand in a file."""

import json
import re
from dataclasses import FrozenInstanceError

import pytest
from pydantic import TypeAdapter, ValidationError

from curv_eval.errors import StudyError
from curv_eval.evidence.screening import Eligibility, Exclusion, Protocol, Question, checklist, items, parts

# items of PRISMA 2020 that have parts, with their letters
LETTERS = {10: "ab", 13: "abcdef", 16: "ab", 20: "abcd", 23: "abcd", 24: "abc"}
SECTIONS = {
    "title": [1],
    "abstract": [2],
    "introduction": [3, 4],
    "methods": list(range(5, 16)),
    "results": list(range(16, 23)),
    "discussion": [23],
    "other": list(range(24, 28)),
}


def test_there_are_27_items_with_the_letters_of_prisma_2020():
    expected = [f"{n}{letter}" for n in range(1, 28) for letter in LETTERS.get(n, [""])]
    assert [one.item for one in items()] == expected
    assert len(expected) == 42
    assert len({re.sub(r"\D", "", one.item) for one in items()}) == 27


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_has_its_items(section):
    found = {int(re.sub(r"\D", "", one.item)) for one in items() if one.section == section}
    assert sorted(found) == SECTIONS[section]


@pytest.mark.parametrize("one", items(), ids=lambda one: one.item)
def test_each_item_is_short_plain_and_met_somewhere(one):
    assert one.parts
    assert 3 <= len(one.asks.split()) <= 14
    assert one.asks.endswith(".")
    # the published wording begins with an order to the author
    assert not re.match(
        r"(Identify|Describe|Provide|Specify|Present|Discuss|Report|Cite|Indicate|Assess|Declare)\b", one.asks
    )


def test_a_brief_with_every_part_meets_every_item():
    table = checklist({part: f"section {n}" for n, part in enumerate(parts())})
    assert set(table["met"]) == {"met"}
    assert set(table["reason"]) == {""}
    assert (table["where"] != "").all()


def test_an_empty_brief_meets_nothing_and_says_so():
    table = checklist({})
    assert set(table["met"]) == {"not"}
    assert (table["where"] == "").all()
    assert table["reason"].str.contains("no reason given").all()


def test_an_item_with_one_part_of_two_is_met_partly():
    table = checklist({"studies": "table 1"}, {"bias": "judged in the next version"}).set_index("item")
    assert table.loc["20a", "met"] == "partly"
    assert table.loc["20a", "where"] == "table 1"
    assert table.loc["20a", "reason"] == "bias: judged in the next version"
    assert table.loc["17", "met"] == "met"
    assert table.loc["18", "met"] == "not"


@pytest.mark.parametrize("part", parts())
def test_leaving_out_one_part_is_always_seen(part):
    table = checklist({name: "here" for name in parts() if name != part}, {part: "left out on purpose"})
    lost = table[table["met"] != "met"]
    assert len(lost) >= 1
    assert lost["reason"].str.contains("left out on purpose").all()


def test_faults_are_told_at_once_with_the_nearest_name():
    with pytest.raises(StudyError) as refusal:
        checklist({"studys": "x", "title": "x", "flow": " "}, {"title": "y", "protocoll": "z"})
    assert refusal.value.breaches == (
        "'studys' is no part of a review's brief; did you mean studies?",
        "title: given both as there and as missing",
        "flow: a blank place or reason",
        "'protocoll' is no part of a review's brief; did you mean protocol?",
    )


def test_the_columns_are_those_of_the_table():
    assert list(checklist({}).columns) == ["item", "section", "asks", "met", "where", "reason"]


# the protocol

QUESTION = {
    "population": "young people aged 10 to 25",
    "intervention": "focused deterrence",
    "comparison": "usual policing",
    "outcomes": ["violent crime", "knife injuries"],
    "designs": ["randomised trial", "difference in differences"],
}
WHOLE = {
    "title": "Does focused deterrence reduce violence?",
    "question": QUESTION,
    "eligibility": {
        "include": ["Compares with people or places without it."],
        "exclude": [{"name": "wrong_design", "meaning": "Nobody to compare with."}],
    },
    "searches": [{"database": "Scopus", "day": "2026-11-02", "query": "deterrence AND violen*"}],
    "screeners": ["Ann Example", "Ben Example"],
    "synthesis": "Random effects, REML, Hartung and Knapp.",
    "fixed": "2026-11-01",
}


def read(given):
    return TypeAdapter(Protocol).validate_json(json.dumps(given))


def test_a_protocol_is_read_from_a_file():
    held = read(WHOLE)
    assert isinstance(held.question, Question)
    assert held.question.outcomes == ("violent crime", "knife injuries")
    assert held.eligibility.reasons == ("wrong_design",)
    assert held.searches[0].limits == ()
    assert held.registered is None


def test_the_question_is_one_sentence():
    assert read(WHOLE).question.text == (
        "For young people aged 10 to 25, does focused deterrence change violent crime and knife injuries, compared "
        "with usual policing?"
    )
    one = read(WHOLE | {"question": QUESTION | {"outcomes": ["violence"]}})
    assert "change violence, compared" in one.question.text


def test_a_protocol_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        read(WHOLE).title = "another"


@pytest.mark.parametrize(
    "changed",
    [
        {"sceeners": ["A", "B"]},
        {"screeners": ["Ann Example"]},
        {"screeners": ["Ann Example", "ann example "]},
        {"searches": []},
        {"fixed": "1 November 2026"},
        {"fixed": "2026-13-01"},
        {"title": 5},
        {"question": QUESTION | {"designs": ["opinion"]}},
        {"question": QUESTION | {"outcomes": []}},
        {"question": QUESTION | {"setting": "UK"}},
        {"question": {key: value for key, value in QUESTION.items() if key != "comparison"}},
        {"eligibility": {"include": ["x"], "exclude": []}},
        {"eligibility": {"include": ["x"], "exclude": [{"name": "Wrong design", "meaning": "m"}]}},
        {"eligibility": {"include": ["x"], "exclude": [{"name": "not_retrieved", "meaning": "m"}]}},
        {"eligibility": {"include": ["x"], "exclude": [{"name": "a", "meaning": "m"}, {"name": "a", "meaning": "n"}]}},
        {"searches": [{"database": "Scopus", "day": "yesterday", "query": "q"}]},
    ],
)
def test_a_protocol_with_a_fault_is_refused(changed):
    with pytest.raises(ValidationError):
        read(WHOLE | changed)


def test_reasons_keep_their_order():
    held = Eligibility(include=("x",), exclude=(Exclusion("b", "m"), Exclusion("a", "m")))
    assert held.reasons == ("b", "a")
