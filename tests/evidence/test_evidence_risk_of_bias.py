"""Risk of bias: the overall level by the published rule, refusals with the nearest name, and tables."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import assess, by_domain, traffic_lights
from curv_eval.evidence.judgement.bias import ROB_2, ROBINS_I, TOOLS, share_high

WHY = "the report says so"


def rob(*levels, study="s1", **given):
    held = dict(zip(ROB_2.domains, [(level, WHY) for level in levels], strict=True))
    return assess(study, "rob_2", held, by="Ann Example", **given)


def robins(*levels, study="s1"):
    held = dict(zip(ROBINS_I.domains, [(level, WHY) for level in levels], strict=True))
    return assess(study, "robins_i", held, by="Ann Example")


L, S, H = "low", "some_concerns", "high"


@pytest.mark.parametrize(
    ("levels", "overall"),
    [
        ((L, L, L, L, L), L),
        ((L, S, L, L, L), S),
        ((S, S, S, S, S), S),
        ((L, L, L, L, H), H),
        ((S, S, L, H, L), H),
    ],
)
def test_overall_of_rob_2_is_the_published_rule(levels, overall):
    assert rob(*levels).overall == overall


@pytest.mark.parametrize("levels", list(product((L, S, H), repeat=5))[::7])
def test_overall_of_rob_2_is_the_worst_domain(levels):
    assert rob(*levels).overall == max(levels, key=(L, S, H).index)


def test_some_concerns_in_two_domains_may_be_raised_with_a_reason():
    held = rob(S, S, L, L, L, raised="both bear on the same result")
    assert held.overall == H
    assert "Raised to this level because both bear on the same result." in held.text


@pytest.mark.parametrize("levels", [(S, L, L, L, L), (L, L, L, L, L), (S, S, H, L, L)])
def test_nothing_else_may_be_raised(levels):
    with pytest.raises(StudyError) as refusal:
        rob(*levels, raised="a feeling")
    assert "raised" in refusal.value.breaches[0]


@pytest.mark.parametrize(
    ("worst", "overall"),
    [
        (["low"], "low"),
        (["moderate"], "moderate"),
        (["no_information"], "no_information"),
        (["moderate", "no_information"], "no_information"),
        (["serious", "no_information"], "serious"),
        (["critical", "serious", "no_information"], "critical"),
    ],
)
def test_overall_of_robins_i_is_the_worst(worst, overall):
    levels = (worst + ["low"] * 7)[:7]
    assert robins(*levels).overall == overall
    assert robins(*levels[::-1]).overall == overall


def test_the_domains_are_those_published():
    assert len(ROB_2.domains) == 5
    assert len(ROBINS_I.domains) == 7
    assert ROB_2.levels == (L, S, H)
    assert set(ROBINS_I.levels) == {"low", "moderate", "serious", "critical", "no_information"}


def test_the_text_names_what_made_it_so_and_whose_it_is():
    held = rob(L, S, L, L, L)
    assert held.text == (
        "s1: some concerns overall (deviations: the report says so). Judged by Ann Example with the domains of Sterne "
        "and others (2019); the judgement is CURV's own."
    )


# refusals


def test_unknown_names_are_refused_with_the_nearest():
    held = dict.fromkeys(ROB_2.domains, (L, WHY))
    held["missing_dat"] = held.pop("missing_data")
    held["reporting"] = ("some concern", WHY)
    with pytest.raises(StudyError) as refusal:
        assess("s1", "rob_2", held, by="Ann")
    assert any(text.startswith("domain: got 'missing_dat'") for text in refusal.value.breaches)
    assert any(text.endswith("did you mean missing_data?") for text in refusal.value.breaches)
    assert any(text.endswith("did you mean some_concerns?") for text in refusal.value.breaches)
    assert "missing_data: not judged" in refusal.value.breaches


def test_an_unknown_tool_is_refused_with_the_nearest():
    with pytest.raises(StudyError) as refusal:
        assess("s1", "robins", {}, by="Ann")
    assert refusal.value.breaches == ("tool: got 'robins', expected one of rob_2, robins_i; did you mean robins_i?",)


def test_levels_of_the_other_tool_are_refused():
    with pytest.raises(StudyError, match="critical"):
        rob("critical", L, L, L, L)
    with pytest.raises(StudyError, match="some_concerns"):
        robins("some_concerns", L, L, L, L, L, L)


def test_every_fault_is_told_at_once():
    with pytest.raises(StudyError) as refusal:
        assess(" ", "rob_2", {"randomisation": ("Low", " ")}, by="")
    # the level, the reason, four domains, the study and the judge
    assert len(refusal.value.breaches) == 8


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_a_judgement_needs_a_reason(reason):
    with pytest.raises(StudyError, match="no reason given"):
        assess("s1", "rob_2", dict.fromkeys(ROB_2.domains, (L, reason)), by="Ann")


# tables

STUDIES = [rob(L, L, L, L, L, study="a"), rob(S, L, L, L, L, study="b"), robins(*["serious"] * 7, study="c")]


def test_traffic_lights_have_a_row_for_every_domain_and_overall():
    rows = traffic_lights(STUDIES)
    assert len(rows) == 6 + 6 + 8
    assert list(rows.columns) == ["study", "tool", "domain", "level", "reason", "by"]
    held = rows[(rows["study"] == "b") & (rows["domain"] == "overall")]
    assert list(held["level"]) == [S]
    assert (rows.loc[rows["domain"] != "overall", "reason"] == WHY).all()


def test_a_study_may_not_stand_twice():
    with pytest.raises(StudyError) as refusal:
        traffic_lights([STUDIES[0], STUDIES[0]])
    assert refusal.value.breaches == ("a: 2 times",)


def test_a_summary_by_domain_counts_and_weighs():
    rows = by_domain(STUDIES, {"a": 3.0, "b": 1.0, "c": 5.0}).set_index(["tool", "domain", "level"])
    assert rows.loc[("rob_2", "randomisation", L), "studies"] == 1
    assert rows.loc[("rob_2", "randomisation", L), "share"] == pytest.approx(0.75)
    assert rows.loc[("rob_2", "randomisation", S), "share"] == pytest.approx(0.25)
    assert rows.loc[("rob_2", "randomisation", H), "share"] == 0
    assert rows.loc[("robins_i", "overall", "serious"), "share"] == 1.0


def test_without_weights_every_study_weighs_the_same():
    rows = by_domain(STUDIES).set_index(["tool", "domain", "level"])
    assert rows.loc[("rob_2", "overall", L), "share"] == 0.5


@pytest.mark.parametrize(
    "weights", [{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 1.0, "c": -1.0}, {"a": 1, "b": 1, "c": float("nan")}]
)
def test_a_study_without_a_weight_is_refused(weights):
    with pytest.raises(StudyError) as refusal:
        by_domain(STUDIES, weights)
    assert refusal.value.breaches[0].startswith("c: ")


def test_no_studies_give_empty_tables():
    assert len(traffic_lights([])) == 0
    assert len(by_domain([])) == 0


@given(st.lists(st.lists(st.sampled_from([L, S, H]), min_size=5, max_size=5), min_size=1, max_size=8))
def test_shares_of_a_domain_add_to_1_and_worse_is_never_better(levels):
    held = [rob(*one, study=f"s{n}") for n, one in enumerate(levels)]
    rows = by_domain(held)
    assert rows.groupby("domain")["share"].sum().to_numpy() == pytest.approx(1.0)
    assert (rows.groupby("domain")["studies"].sum() == len(levels)).all()
    worse = [rob(H, *one[1:], study=f"s{n}") for n, one in enumerate(levels)]
    assert share_high(worse) == 1.0 >= share_high(held)


def test_tools_are_named_with_their_source():
    for tool in TOOLS.values():
        assert "Sterne" in tool.source
