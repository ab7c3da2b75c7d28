"""Sources side by side: each as a percentage of its first year, with the share it sees and the warning not to add."""

from dataclasses import replace

import numpy as np
import pytest
from honest_study import M, place, street

from curv_eval.panel.coverage import coverage_text, side_by_side
from curv_eval.profile import Coverage
from curv_eval.study import Outcome
from unit.tiny_study import tiny

AE = Outcome("ae", "assaults seen in A&E", "ae_assaults", "secondary")
POLICE_SEES = Coverage(
    of="violence with injury", source="Crime Survey", confidence="found", share=0.45, low=0.4, high=0.5
)
AE_SEES = Coverage(of="violence with injury", source="nobody knows", confidence="unverified")


def held(here, police=(POLICE_SEES,), ae=(AE_SEES,)):
    return {
        "police_uk_street": replace(here.contracts["police_uk_street"], coverage=police),
        "ae_assaults": replace(here.contracts["ae_assaults"], coverage=ae),
    }


@pytest.fixture(scope="module")
def both():
    counts = np.random.default_rng(3).poisson(200, 36)
    visits = [("E01000005", f"{m}-10 12:00:00") for m, n in zip(M, counts, strict=True) for _ in range(n)]
    visits += [(None, f"{M[0]}-11 12:00:00")] * 7 + [("E01999999", f"{M[0]}-11 12:00:00")] * 2
    here = place(street(), AE, ae=visits)
    return here, here.run(), counts


def table(both, **coverage):
    here, found, _ = both
    return side_by_side(here.con, here.study, held(here, **coverage), panel=found.panel)


def test_one_row_per_outcome_and_month_in_the_studys_order(both):
    found = table(both)
    assert found["outcome"].tolist() == ["asb"] * 36 + ["ae"] * 36
    assert found["month"].tolist() == M * 2
    assert found["dataset"].unique().tolist() == ["police_uk_street", "ae_assaults"]


def test_counts_are_those_of_the_panel_and_the_rest_is_counted(both):
    _, assembled, counts = both
    found = table(both)
    assert found.loc[found["outcome"] == "ae", "count"].tolist() == counts.tolist()
    assert found["count"].to_numpy()[:36] == pytest.approx(assembled.panel.outcomes["asb"].sum(axis=0))
    # 7 without a code and 2 with a code nobody knows, in the first month
    assert found.loc[found["outcome"] == "ae", "not_placed"].tolist() == [9] + [0] * 35


def test_each_series_is_a_percentage_of_its_own_first_year(both):
    found = table(both)
    for _, series in found.groupby("outcome"):
        assert series["index"].to_numpy()[:12].mean() == pytest.approx(100)
        assert series["index"].to_numpy() == pytest.approx(series["count"] / series["count"][:12].mean() * 100)


def test_the_first_year_is_twelve_months_and_not_twelve_periods():
    # 2023-03 was not supplied: the tiny place has four periods, all of its first year
    here = tiny()
    panel = here.run().panel
    found = side_by_side(here.con, here.study, held(here), panel=panel)
    assert found["index"].tolist() == pytest.approx(np.array([16, 4, 5, 9]) / 8.5 * 100)


def test_an_outcome_nobody_recorded_has_no_index():
    here = tiny()
    empty = Outcome("drugs", "drugs", "police_uk_street", "secondary", {"crime_type": "Drugs"})
    here.study = replace(here.study, outcomes=(here.study.primary, empty))
    panel = here.run().panel
    found = side_by_side(here.con, here.study, held(here), panel=panel)
    assert found.loc[found["outcome"] == "drugs", "index"].isna().all()
    assert found.loc[found["outcome"] == "drugs", "count"].tolist() == [0] * 4


def test_the_share_each_source_sees_stands_beside_its_series(both):
    found = table(both).groupby("outcome").first()
    assert found.loc["asb", ["share", "low", "high"]].tolist() == [0.45, 0.4, 0.5]
    assert found.loc["asb", "of"] == "violence with injury"
    assert np.isnan(found.loc["ae", "share"])
    assert found.loc["ae", "confidence"] == "unverified"


def test_an_entry_with_a_figure_is_shown_before_one_without(both):
    found = table(both, police=(AE_SEES, POLICE_SEES)).groupby("outcome").first()
    assert found.loc["asb", "share"] == 0.45


def test_a_contract_without_coverage_leaves_the_share_empty(both):
    found = table(both, ae=())
    assert found.loc[found["outcome"] == "ae", ["of", "share", "source"]].isna().all(axis=None)


# ---- sentences


def said(both, *entries, **coverage):
    here = both[0]
    return coverage_text(here.study, held(here, police=entries or (POLICE_SEES,), **coverage))


def entry(**fields):
    return Coverage(**{"of": "assaults", "source": "A survey.", "confidence": "found"} | fields)


def test_sentences_say_share_interval_and_source(both):
    text = said(both)
    assert "it sees about 45 in 100 (40 to 50) of violence with injury, from Crime Survey." in text
    assert "the share of violence with injury that it sees is not known." in text
    assert text.endswith("These sources see some of the same events, so their counts must not be added together.")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (entry(share=0.23), "it sees about 23 in 100 of assaults, from A survey."),
        (entry(low=0.2, high=0.3), "it sees 20 to 30 in 100 of assaults, from A survey."),
        (entry(high=0.3), "it sees at most 30 in 100 of assaults, from A survey."),
        (entry(low=0.3), "it sees at least 30 in 100 of assaults, from A survey."),
        (entry(share=0.004), "it sees about 0.4 in 100 of assaults, from A survey."),
        (entry(share=0.0), "it sees about 0 in 100 of assaults, from A survey."),
        (entry(share=0.5, confidence="unverified"), "of assaults, a figure that was not verified."),
        (entry(share=0.5, confidence="found-secondary"), "of assaults, a figure taken from a second hand."),
    ],
)
def test_every_form_of_coverage_has_its_words(both, given, words):
    assert words in said(both, given)


def test_a_source_about_which_nothing_stands_is_said_to_be_unknown(both):
    assert "nothing is known of the share it sees." in said(both, ae=())


def test_one_source_alone_is_not_warned_about_overlap(both):
    here = both[0]
    alone = replace(here.study, outcomes=(here.study.primary,))
    assert "added" not in coverage_text(alone, held(here))


def test_a_source_of_two_outcomes_is_said_once(both):
    here = both[0]
    twice = replace(here.study, outcomes=(here.study.primary, replace(here.study.primary, name="again")))
    assert coverage_text(twice, held(here)).count("it sees about") == 1
