"""Hidden need: the range leads, the models' disagreement is said, and what cannot be told is refused."""

import dataclasses
import re

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.hidden import MODEL_COLUMNS, Hidden, Rule, linkage_sensitivity, multiple_systems
from curv_eval.hidden.words import listed, rounded, said
from curv_eval.stats.captures import chapman, tabulate
from curv_eval.stats.multiple_systems import fit_models

NAMES = ("police", "A&E", "VCSE")
HISTORIES = [(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]
COUNTS = [41, 45, 55, 24, 16, 10, 12]


def found(counts=COUNTS, **given):
    return multiple_systems(HISTORIES, counts, lists=NAMES, rule=Rule(**given))


def test_the_range_is_that_of_the_supported_models():
    hidden = found()
    best = hidden.models[hidden.models["supported"]]
    assert hidden.low == best["conf_low"].min()
    assert hidden.high == best["conf_high"].max()
    assert best["weight"].sum() >= 0.95
    assert hidden.low >= hidden.seen == sum(COUNTS)


def test_the_total_is_the_weighted_mean():
    hidden = found()
    assert hidden.total == pytest.approx((hidden.models["weight"] * hidden.models["total"]).sum())
    spread = hidden.models["std_error"] ** 2 + (hidden.models["total"] - hidden.total) ** 2
    assert hidden.std_error == pytest.approx(np.sqrt((hidden.models["weight"] * spread).sum()))


def test_models_stand_best_first_with_all_columns():
    hidden = found()
    assert tuple(hidden.models.columns) == MODEL_COLUMNS
    assert hidden.models["weight"].is_monotonic_decreasing
    assert hidden.models["weight"].sum() == pytest.approx(1)
    assert len(hidden.models) + len(hidden.left_out) == 8
    assert hidden.models.loc[hidden.models["supported"], ["conf_low", "conf_high"]].notna().all(axis=None)


def test_the_criterion_may_be_chosen():
    bic, aic = found(criterion="bic"), found(criterion="aic")
    assert aic.models["aic"].is_monotonic_increasing
    assert bic.models["bic"].is_monotonic_increasing
    assert aic.total != bic.total


def test_independent_lists_are_named_so():
    names = set(found().models["model"])
    assert "independent lists" in names
    assert "police x A&E + A&E x VCSE" in names


def test_bounds_and_overlaps_stand_beside():
    hidden = found()
    assert hidden.bounds["term"].tolist() == ["Chao's lower bound"]
    assert hidden.overlap.loc["police", "A&E"] == 36
    assert hidden.overlap.loc["VCSE", "VCSE"] == 79


def test_higher_interactions_are_fitted_where_asked():
    four = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T[1:]
    counts = 3 + 4 * (4 - four.sum(axis=1)) ** 2
    names = ("a", "b", "c", "d")
    small = multiple_systems(four, counts, lists=names)
    large = multiple_systems(four, counts, lists=names, rule=Rule(order=3))
    assert len(small.models) + len(small.left_out) == 64
    assert len(large.models) + len(large.left_out) == 113
    assert any("a x b x c" in name for name in large.models["model"])


def test_people_may_be_given_one_by_one():
    rows = np.repeat(np.array(HISTORIES), COUNTS, axis=0)
    assert multiple_systems(rows, lists=NAMES).total == pytest.approx(found().total)


def test_the_repr_has_no_numbers():
    assert repr(found()) == "<Hidden: from police, A&E and VCSE>"
    assert not re.search(r"\d", repr(found()))


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        found().total = 3


# two lists


def two(both=30):
    return multiple_systems([(1, 1), (1, 0), (0, 1)], [both, 170, 120], lists=("police", "A&E"))


def test_two_lists_are_chapman_with_the_assumption_said():
    hidden, expected = two(), chapman(200, 150, 30)
    assert (hidden.total, hidden.low, hidden.high) == (expected.value, expected.conf_low, expected.conf_high)
    assert hidden.bounds["term"].tolist() == ["Lincoln-Petersen", "Chao's lower bound"]
    assert "cannot tell whether being on one makes being on the other likelier" in hidden.notes[0]
    assert "it cannot be checked" in hidden.text
    assert "being on one list makes the other no likelier" in hidden.text


def test_two_lists_take_no_criterion():
    assert two().criterion == "none"
    assert two().left_out.empty


# refusals


def test_one_list_is_refused():
    with pytest.raises(DesignError) as refusal:
        multiple_systems([[1], [1]], lists=("police",))
    assert "one list says nothing about the unseen" in str(refusal.value)


@pytest.mark.parametrize("lists", [("police", "A&E"), NAMES])
def test_lists_without_anybody_in_common_are_refused(lists):
    histories = np.eye(len(lists), dtype=int)
    with pytest.raises(DesignError, match="nobody is on two lists, so any total from those seen to infinity fits"):
        multiple_systems(histories, [20] * len(lists), lists=lists)


def test_an_empty_list_is_refused_by_name():
    with pytest.raises(DesignError, match="nobody is on VCSE"):
        multiple_systems([(1, 1, 0), (1, 0, 0), (0, 1, 0)], [5, 20, 30], lists=NAMES)


@pytest.mark.parametrize("lists", [("police", "A&E"), ("police", "A&E", "A&E"), ("a", "b", "c", "d")])
def test_lists_need_a_name_each(lists):
    with pytest.raises(DesignError, match="different names, expected 3"):
        multiple_systems(HISTORIES, COUNTS, lists=lists)


def test_unknown_criteria_and_orders_are_refused():
    with pytest.raises(DesignError, match="criterion: got dic, expected bic or aic"):
        found(criterion="dic")
    with pytest.raises(DesignError, match="order: got 3, expected 1 to 2"):
        found(order=3)


# notes


def test_empty_overlaps_are_named():
    hidden = found([41, 45, 55, 24, 0, 10, 0])
    assert any("nobody is on both police and VCSE" in note and "minus infinity" in note for note in hidden.notes)


def test_thin_overlaps_are_named():
    hidden = found([41, 45, 55, 24, 3, 10, 2])
    assert any(note.startswith("fewer than 7 people are on both police and VCSE:") for note in hidden.notes)
    assert not any("police and A&E" in note for note in hidden.notes)


def test_small_areas_are_warned_of():
    small = found([9, 8, 12, 8, 7, 8, 9])
    assert any("join areas or groups" in note for note in small.notes)
    assert not any("join areas" in note for note in found().notes)


def test_models_without_an_estimate_are_counted():
    hidden = multiple_systems(HISTORIES, [41, 5, 5, 54, 6, 0, 12], lists=NAMES)
    assert any("2 of 8 models have no estimate" in note for note in hidden.notes)
    assert hidden.left_out["why"].tolist() == ["no maximum", "no maximum"]


# words


def test_the_paragraph_leads_with_the_range():
    hidden = found()
    assert hidden.text.startswith("203 people were seen by police, A&E and VCSE.")
    assert f"between about {max(rounded(hidden.low), 203):,} and {rounded(hidden.high):,}." in hidden.text
    assert f"{rounded(hidden.total):,} " not in hidden.text.split("between")[0]


def test_disagreement_is_said_and_no_single_number_given():
    hidden = multiple_systems(HISTORIES, [41, 5, 5, 54, 6, 0, 12], lists=NAMES)
    assert hidden.models["supported"].sum() == 2
    assert "2 ways of reading the overlaps fit about as well" in hidden.text
    assert "we give the range, not one number" in hidden.text


def test_agreement_is_said_too():
    hidden = found()
    table = hidden.models.assign(supported=np.arange(len(hidden.models)) == 0)
    assert "carries nearly all the weight" in said(203, (210, 300), table, lists=NAMES)


def test_a_range_without_an_upper_end_is_said_in_words():
    text = said(203, (210, np.inf), found().models, lists=NAMES)
    assert "no upper limit that these lists can give" in text
    assert "inf" not in text


def test_the_lower_end_is_never_rounded_below_those_seen():
    assert "between about 203 and" in said(203, (204.0, 300.0), found().models, lists=NAMES)


@pytest.mark.parametrize(
    ("value", "shown"), [(1234, 1200), (987, 990), (45.4, 45), (7.3, 7), (0.4, 0), (123456, 120000)]
)
def test_two_significant_digits(value, shown):
    assert rounded(value) == shown


def test_names_as_people_list_them():
    assert listed(("a", "b")) == "a and b"
    assert listed(("a", "b", "c")) == "a, b and c"


# many lists


def six_lists(seed=1, n=1500):
    draw = np.random.default_rng(seed)
    seen = draw.random((n, 6)) < np.array([0.2, 0.15, 0.25, 0.1, 0.2, 0.15])
    return seen[seen.any(axis=1)].astype(int)


def test_six_lists_are_searched():
    hidden = multiple_systems(six_lists(), lists=tuple("abcdef"))
    assert any("forward search" in note for note in hidden.notes)
    assert len(hidden.models) >= 16
    assert hidden.low < 1500 < hidden.high


def test_the_search_finds_a_strong_dependence():
    rows = six_lists(2)
    draw = np.random.default_rng(3)
    rows[:, 1] = np.where(draw.random(len(rows)) < 0.6, rows[:, 0], rows[:, 1])
    hidden = multiple_systems(rows[rows.any(axis=1)], lists=tuple("abcdef"))
    assert "a x b" in hidden.models["model"].iloc[0]


def test_coverage_of_the_range_with_three_dependent_lists():
    draw, held = np.random.default_rng(4), 0
    for _ in range(60):
        first = draw.random(600) < 0.35
        second = draw.random(600) < np.where(first, 0.5, 0.25)
        third = draw.random(600) < 0.3
        rows = np.column_stack([first, second, third]).astype(int)
        hidden = multiple_systems(rows[rows.any(axis=1)], lists=NAMES)
        held += hidden.low <= 600 <= hidden.high
    assert held >= 54


# linkage


def test_totals_fall_as_missed_links_are_put_back():
    table = linkage_sensitivity(HISTORIES, COUNTS, lists=NAMES, missed=(0, 0.05, 0.1), false=(0,))
    assert table["missed"].tolist() == [0, 0.05, 0.1]
    assert table["total"].is_monotonic_decreasing
    assert table["total"].iloc[0] == pytest.approx(found().total)
    assert table["seen"].is_monotonic_decreasing


def test_totals_rise_as_false_links_are_taken_out():
    table = linkage_sensitivity(HISTORIES, COUNTS, lists=NAMES, missed=(0,), false=(0, 0.05))
    assert table["total"].iloc[1] > table["total"].iloc[0]


def test_with_two_lists_it_is_chapman_of_the_corrected_overlap():
    table = linkage_sensitivity(
        [(1, 1), (1, 0), (0, 1)], [30, 170, 120], lists=("police", "A&E"), missed=(0.25,), false=(0,)
    )
    assert table["total"].iloc[0] == pytest.approx(chapman(200, 150, 40).value)


def test_errors_that_cannot_be_are_left_out_and_wrong_shares_refused():
    counts = [41, 5, 5, 54, 6, 0, 12]
    table = linkage_sensitivity(HISTORIES, counts, lists=NAMES, missed=(0, 0.1), false=(0,))
    assert table["missed"].tolist() == [0]
    with pytest.raises(DesignError, match="is a share"):
        linkage_sensitivity(HISTORIES, counts, lists=NAMES, missed=(1.5,))


def test_models_without_an_estimate_stay_out_when_links_are_corrected():
    counts = [41, 5, 5, 54, 6, 0, 12]
    table = linkage_sensitivity(HISTORIES, counts, lists=NAMES, missed=(0,), false=(0, 0.02))
    assert table["total"].iloc[1] < 300
    runaway = fit_models(tabulate(HISTORIES, counts), [((0, 1), (0, 2))])
    assert np.isnan(runaway.total[0])


def test_hidden_says_what_it_holds():
    fields = {field.name for field in dataclasses.fields(Hidden)}
    assert {"seen", "total", "low", "high", "models", "notes", "left_out", "overlap"} <= fields
