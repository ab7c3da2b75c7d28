"""The sections of a review's brief: each says what the answer is, from which tables, and what is not known."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from projects import ROOT, scratch

from curv_eval.disclosure import Released
from curv_eval.errors import DisclosureError
from curv_eval.evidence.answered import answer
from curv_eval.report import review_parts
from curv_eval.report.review_parts import write_review
from curv_eval.report.review_tables import in_words, prisma, release_review, weights_of
from curv_eval.study import Coded, load_study
from curv_eval.study.review import Cost, Published

REVIEW = load_study(ROOT / "params" / "review-cbt-offending.yaml")
ASKED = Coded(
    contract="cbt_offending_studies", study="who", reports="effect", given="log_odds_ratio", measure="log_odds_ratio",
    columns={"yi": "y", "vi": "v"}, moderators=("setting",), labels={"setting": {"p": "in prison", "c": "outside"}},
)  # fmt: skip
RISES = ([0.5, 0.52, 0.48, 0.55, 0.45, 0.5], 0.01)
FALLS = ([-0.5, -0.45, -0.55, -0.4, -0.6, -0.5], 0.01)
LITTLE = ([0.005, -0.005, 0.0, 0.002, -0.002, 0.0], 0.0002)
WIDE = ([-1.5, 1.4, 0.1, -0.2, 1.0, -0.9], 0.2)


def answered(values, variance, review=REVIEW, **changed):
    table = pd.DataFrame({
        "who": [f"Made-up {i + 1}" for i in range(len(values))], "y": values, "v": variance,
        "setting": ["p", "c"] * (len(values) // 2) + ["p"] * (len(values) % 2),
    })  # fmt: skip
    held = replace(review, **{"studies": ASKED, **changed})
    return answer(held, {"cbt_offending_studies": table})


def written(found):
    """The parts and results of a review, by name."""
    folder = scratch()
    write_review(found, release_review(found), folder=folder)
    parts = {path.stem[1:]: path.read_text("utf-8") for path in (folder / "release" / "parts").glob("_*.md")}
    return parts, json.loads((folder / "release" / "results.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def falls():
    return written(answered(*FALLS))


def test_every_part_of_the_template_is_written(falls):
    template = (ROOT / "briefs" / "_review.qmd").read_text("utf-8")
    asked = {line.split("/_")[1].split(".md")[0] for line in template.splitlines() if "include bundle/parts/_" in line}
    # written around every run: the status, the registration, and how to make it again
    assert asked - {"status", "registration", "reproduce"} <= set(falls[0])


def test_what_is_written_is_what_the_template_takes(falls):
    template = (ROOT / "briefs" / "_review.qmd").read_text("utf-8")
    assert not [name for name in falls[0] if f"_{name}.md" not in template]


def test_the_headline_is_the_first_sentence_and_the_rest_follows(falls):
    parts, held = falls
    assert parts["headline"].startswith("Across 6 studies of cognitive behavioural programmes, the odds of reoffending")
    assert "That is what was hoped for." in parts["means"]
    assert held["values"]["headline"].startswith(parts["headline"].strip())
    assert held["found"] == "better"
    assert (held["unit"], held["kind"], held["made_up"]) == ("review", "review", False)


@pytest.mark.parametrize(
    ("given", "found", "said"),
    [
        (FALLS, "better", "fell by about 39%"),
        (RISES, "worse", "rose by about 65%"),
        (LITTLE, "little", "we found little or no difference"),
        (WIDE, "unclear", "We cannot tell whether"),
    ],
)
def test_the_words_follow_the_rule(given, found, said):
    parts, held = written(answered(*given))
    assert held["found"] == found
    assert said in parts["headline"]


def test_harm_is_in_the_headline_and_called_harm():
    parts, held = written(answered(*RISES))
    assert "rose by about" in parts["headline"]
    assert "That is harm" in parts["means"]
    assert held["values"]["in_words"].startswith("Harm. More:")


def test_two_studies_tell_nothing_in_general():
    parts, held = written(answered([-0.5, -0.4], 0.01))
    assert parts["headline"].startswith("We cannot tell")
    assert held["values"]["in_words"] == "Too few studies to say"
    assert "| In a new place | cannot be said |" in parts["glance"]
    assert "too few studies to look for ones that may be missing" in parts["missing"]
    assert parts["groups"] == "\n"


def test_at_a_glance_are_the_five_things_a_commissioner_asks(falls):
    rows = [line.split("|")[1].strip() for line in falls[0]["glance"].splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        ":---",
        "What was found",
        "Studies",
        "How sure we are",
        "How secure the review is",
        "In a new place",
    ]


def test_numbers_of_the_glance_are_those_of_the_pooled_row(falls):
    parts, held = falls
    row = next(one for one in held["tables"]["review_forest"]["rows"] if one["kind"] == "pooled")
    assert f"{row['estimate']:.2f} (between {row['conf_low']:.2f} and {row['conf_high']:.2f})" in parts["glance"]


def test_each_study_is_in_the_table_and_the_new_place_is_not(falls):
    table = falls[0]["studies"]
    assert all(f"| Made-up {i + 1} |" in table for i in range(6))
    assert "All 6 studies" in table
    assert "In a new place" not in table
    assert "withheld" not in table


def test_weights_add_up(falls):
    rows = falls[1]["tables"]["review_forest"]["rows"]
    assert sum(one["weight"] for one in rows if one["kind"] == "study") == pytest.approx(100, abs=0.05)
    found = answered(*FALLS)
    assert weights_of(found).sum() == pytest.approx(100)


def test_groups_have_the_words_of_the_file(falls):
    assert "| In prison |" in falls[0]["groups"]
    assert "| Outside |" in falls[0]["groups"]
    assert "difference between groups: p =" in falls[0]["groups"]


def test_other_choices_are_ratios_as_the_result_is(falls):
    rows = falls[1]["tables"]["review_other"]["rows"]
    assert all(0 < row["conf_low"] <= row["estimate"] <= row["conf_high"] for row in rows)
    assert {row["studies"] for row in rows} == {6, 5}


def test_what_nobody_judged_is_said_to_be_so():
    parts, held = written(answered(*FALLS, certainty=None, transfer=None, baseline=None))
    for name in ("certainty", "transfer", "bias"):
        assert parts[name].startswith("Nobody has judged this yet")
    assert held["values"]["certainty"] == "not judged"
    assert "No rate was given for the place" in parts["worth"]
    assert "review_certainty" not in held["tables"]


def test_how_sure_we_are_has_every_reason_with_its_steps(falls):
    lines = falls[0]["certainty"]
    for reason in ("Risk of bias", "Inconsistency", "Indirectness", "Imprecision", "Publication bias"):
        assert f"| {reason} |" in lines
    assert "| -1 |" in lines
    assert "| 0 |" in lines
    assert "+0" not in lines
    assert "no other body has given or checked it" in lines


def test_what_an_evaluator_should_do_is_not_in_the_brief(falls):
    parts, held = falls
    assert "assess" not in parts["security"]
    assert any("assess" in row["reason"] for row in held["tables"]["review_security"]["rows"])


def test_what_it_would_mean_is_said_once_with_its_source(falls):
    worth = falls[0]["worth"]
    assert "26,000 a year" in worth
    assert worth.count("not verified") == 1
    assert "fewer" in worth


def test_costs_are_a_range_and_say_when_there_is_no_end():
    cost = Cost(low=500.0, high=2000.0, price_year="2024-25", source="made up for this test")
    parts, held = written(answered(*FALLS, cost=cost))
    assert "Preventing one act of violence costs between about £" in parts["worth"]
    assert "made up for this test" in parts["worth"]
    assert held["values"]["cost"].startswith("Preventing one act of violence costs")
    unclear, _ = written(answered(*WIDE, cost=cost))
    assert "no upper limit" in unclear["worth"] or "cannot put a cost" in unclear["worth"]


def test_what_was_published_stands_beside_ours():
    text = Published(text="Others found 1.65.", estimate=1.65, source="A journal")
    parts, _ = written(answered(*FALLS, published=text))
    assert "Others found 1.65. Ours from the same studies is 0.61, or 1.65 the other way round" in parts["published"]
    assert written(answered(*FALLS, published=None))[0]["published"] == "\n"


def test_small_studies_that_differ_are_said_with_other_causes():
    se = np.linspace(0.05, 0.8, 14)
    found = answered((-0.05 - 1.2 * se).tolist(), (se**2).tolist())
    parts, _ = written(found)
    assert "Small studies do not find the same as large ones" in parts["missing"]
    assert "There are other causes" in parts["missing"]
    even, _ = written(answered([-0.3, -0.31, -0.29] * 4, (np.linspace(0.05, 0.8, 12) ** 2).tolist()))
    assert "about the same as large ones" in even["missing"]


def test_the_checklist_says_where_or_why_not(falls):
    table = prisma(answered(*FALLS))
    assert len(table) == 42
    assert (table.loc[table["met"] != "met", "reason"] != "").all()
    assert (table.loc[table["met"] == "met", "where"] != "").all()
    assert {"met", "partly", "not"} == set(table["met"])
    assert falls[0]["checklist"].count("\n| ") >= 42


def test_places_that_the_checklist_names_are_in_the_brief(falls):
    template = (ROOT / "briefs" / "_review.qmd").read_text("utf-8")
    for where in {one for one in prisma(answered(*FALLS))["where"] if one}:
        for place in where.split("; "):
            known = {"Title", "At a glance", "The question", "Risk of bias"}
            assert place in known or f"{place} {{#" in template or f"# {place}" in template, place


def test_how_each_effect_was_made_is_said():
    found = answered(*FALLS)
    assert in_words(found.alone[0]).startswith("odds ratio, ")
    assert found.found.effects[0].how in written(found)[0]["method"]


def test_a_method_of_several_effects_names_what_was_assumed():
    table = pd.DataFrame({
        "who": np.repeat([f"s{i}" for i in range(8)], 2), "y": np.linspace(-0.6, -0.1, 16), "v": 0.02, "setting": "p",
    })  # fmt: skip
    asked = replace(ASKED, same_label="effects", moderators=())
    found = answer(replace(REVIEW, studies=asked), {"cbt_offending_studies": table})
    parts, held = written(found)
    assert "correlated 0.6" in parts["method"]
    assert (held["values"]["studies"], held["values"]["effects"]) == ("8", "16")
    assert any("correlated 0.2" in row["term"] for row in held["tables"]["review_other"]["rows"])


def test_a_difference_is_no_ratio():
    asked = replace(ASKED, given="standardised_difference", measure="standardised_difference")
    found = answered(*FALLS, studies=asked, baseline=None, published=None)
    parts, held = written(found)
    assert "Standardised mean difference of reoffending" in parts["glance"]
    assert next(r for r in held["tables"]["review_forest"]["rows"] if r["kind"] == "pooled")["estimate"] < 0
    assert "standard deviations" in parts["headline"]


def test_text_of_the_file_cannot_become_markup():
    found = answered(*FALLS, approach="programmes <script>alert(1)</script> [x](y)")
    parts, held = written(found)
    assert "<script>" not in "".join(parts.values())
    assert "\\[x\\]" in held["values"]["place"]


def test_labels_that_look_like_identifiers_do_not_leave():
    found = answered(*FALLS)
    odd = replace(found.alone[0], study="a" * 40)
    with pytest.raises(DisclosureError, match="review_forest may not leave"):
        release_review(replace(found, alone=(odd, *found.alone[1:])))


def test_every_table_is_released_and_has_a_title():
    tables = release_review(answered(*FALLS))
    assert all(isinstance(one, Released) for one in tables.values())
    assert all(one.title and one.suppressed == 0 for one in tables.values())
    assert list(tables)[:2] == ["review_forest", "review_funnel"]


def test_without_a_flow_it_is_said_where_the_table_came_from(falls):
    assert "comes from the review by Landenberger and Lipsey (2005)" in falls[0]["flow"]
    assert "6 effects" in falls[0]["flow"]
    assert "fig-" not in falls[0]["flow"]


def test_figures_have_text_alternatives_and_their_data(falls):
    for name in ("forest", "funnel"):
        assert f"bundle/figures/{name}.svg" in falls[0][name]
        assert 'fig-alt="' in falls[0][name]
        assert f"bundle/figures/{name}.csv" in falls[0][name]


def test_deviations_are_told_or_there_are_none():
    assert written(answered(*FALLS))[0]["deviations"].strip() == "Nothing was changed."
    told, _ = written(answered(*FALLS, deviations=("One study was left out, for it has no counts.",)))
    assert told["deviations"].strip() == "- One study was left out, for it has no counts."


def test_intervals_of_every_kind_have_words():
    for interval, words in review_parts._INTERVALS.items():
        found = answered(*FALLS, synthesis=replace(REVIEW.synthesis, interval=interval))
        assert words in written(found)[0]["method"]
