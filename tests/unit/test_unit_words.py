"""Every row of the rule that fixes the words for an effect."""

import numpy as np
import pytest

from curv_eval.report.words import Effect, day_name, meaning, number, percent, sentence


def effect(total, relative, *, primary=True, smallest=0.1, label="assaults"):
    """total, relative: (value, low, high)."""
    return Effect(label, *total, *relative, smallest, primary)


FALL = (-412.0, -650.0, -174.0), (-0.21, -0.33, -0.09)
RISE = (412.0, 174.0, 650.0), (0.21, 0.09, 0.33)
NONE = (-20.0, -90.0, 50.0), (-0.01, -0.06, 0.04)
WIDE = (-100.0, -400.0, 200.0), (-0.08, -0.27, 0.15)
NAN = float("nan")


def test_a_fall_in_the_main_outcome():
    assert sentence(effect(*FALL), "the patrols") == (
        "Assaults fell by about 410 (between 170 and 650), 21% fewer than expected without the patrols."
    )


def test_a_rise_is_said_as_plainly():
    assert sentence(effect(*RISE), "the patrols") == (
        "Assaults rose by about 410 (between 170 and 650), 21% more than expected without the patrols."
    )


@pytest.mark.parametrize(("numbers", "word"), [(FALL, "fell"), (RISE, "rose")])
def test_a_change_in_another_outcome_is_a_sign_and_not_the_main_test(numbers, word):
    said = sentence(effect(*numbers, primary=False), "the patrols")
    assert said.startswith(f"There are signs that assaults {word} by about 410")
    assert said.endswith("; this was not the main test.")


def test_a_small_range_around_no_change():
    assert sentence(effect(*NONE), "the patrols") == (
        "We found little or no difference in the number of assaults: "
        "the change is between a fall of 6% and a rise of 4%."
    )


@pytest.mark.parametrize("primary", [True, False])
def test_a_wide_range_around_no_change(primary):
    assert sentence(effect(*WIDE, primary=primary), "the patrols") == (
        "We cannot tell whether the patrols changed the number of assaults: the true change could be anything from a "
        "fall of 27% to a rise of 15%."
    )


def test_little_difference_and_not_knowing_are_never_the_same_words():
    little, unclear = (sentence(effect(*e), "it") for e in (NONE, WIDE))
    assert "cannot tell" not in little
    assert "no difference" not in unclear


@pytest.mark.parametrize("hole", [1, 2, 4, 5])
def test_what_is_withheld_is_said_and_no_number_with_it(hole):
    numbers = [*FALL[0], *FALL[1]]
    numbers[hole] = NAN
    held = Effect("assaults", *numbers, 0.1, True)
    assert held.found == "withheld"
    assert sentence(held, "it") == (
        "The result for assaults is withheld because it rests on too few incidents or areas."
    )
    assert meaning(held, "it", where="there") == ["The result is withheld, so nothing can be concluded from it."]


def test_an_infinite_range_is_not_a_result():
    """Nor is it withheld: a test found no bound, and the words are that we cannot tell."""
    assert effect((-1.0, -np.inf, np.inf), (-0.1, -1.0, np.inf)).found == "unclear"


# (interval of the total, interval of the share, smallest worthwhile) -> row of the rule
EDGES = [
    ((-10.0, -0.1), (-0.2, -0.001), 0.1, "change"),
    ((-10.0, 0.0), (-0.2, 0.0), 0.3, "little"),  # an interval that ends at 0 includes it
    ((0.0, 10.0), (0.0, 0.2), 0.1, "unclear"),
    ((-10.0, 10.0), (-0.1, 0.1), 0.1, "little"),  # as wide as the smallest worthwhile effect, and not wider
    ((-10.0, 10.0), (-0.1, 0.101), 0.1, "unclear"),
    ((-10.0, 10.0), (-0.101, 0.1), 0.1, "unclear"),
    ((-10.0, -1.0), (-0.2, 0.01), 0.1, "unclear"),  # number and percentage must both exclude 0
    ((-10.0, 1.0), (-0.2, -0.01), 0.1, "unclear"),
    ((-10.0, 0.0), (-0.2, -0.01), 0.1, "unclear"),
    ((-10.0, -1.0), (-0.2, 0.0), 0.1, "unclear"),
    ((0.0, 10.0), (0.01, 0.2), 0.1, "unclear"),
    ((1.0, 10.0), (0.0, 0.2), 0.1, "unclear"),
    ((-10.0, -1.0), (-0.05, -0.01), 0.1, "change"),  # small, and yet not 0
    ((1.0, 10.0), (-0.2, -0.1), 0.1, "unclear"),  # they contradict each other
]


@pytest.mark.parametrize(("total", "share", "smallest", "row"), EDGES)
def test_the_row_is_decided_by_both_ends_of_both_intervals(total, share, smallest, row):
    found = effect((sum(total) / 2, *total), (sum(share) / 2, *share), smallest=smallest).found
    assert found == row


def test_what_it_means_follows_the_same_rule():
    said = {
        name: " ".join(meaning(effect(*numbers), "the patrols", where="patrol wards"))
        for name, numbers in (("fall", FALL), ("rise", RISE), ("none", NONE), ("wide", WIDE))
    }
    assert said["fall"].startswith("In patrol wards, fewer assaults were recorded than we would have expected without")
    assert said["rise"].startswith("In patrol wards, more assaults were recorded than we would have expected without")
    assert "close to what we would have expected without the patrols" in said["none"]
    assert "a fall of 27% as well as a rise of 15%" in said["wide"]
    assert "neither that the patrols worked nor the opposite" in said["wide"]
    assert all("If the comparison is fair, the patrols made that difference." in said[k] for k in ("fall", "rise"))
    assert not any("made that difference" in said[k] for k in ("none", "wide"))


def test_no_sentence_speaks_of_significance():
    for numbers in (FALL, RISE, NONE, WIDE):
        for primary in (True, False):
            said = sentence(effect(*numbers, primary=primary), "it") + " ".join(
                meaning(effect(*numbers, primary=primary), "it", where="there")
            )
            assert "signific" not in said
            assert "*" not in said
            assert "no effect" not in said


@pytest.mark.parametrize(
    ("share", "said"),
    [(-0.12, "a fall of 12%"), (0.03, "a rise of 3%"), (0.0, "no change"), (0.004, "no change"), (-0.004, "no change"),
     (-0.006, "a fall of 1%"), (1.5, "a rise of 150%"), (-1.0, "a fall of 100%")],
)  # fmt: skip
def test_percentages_as_people_say_them(share, said):
    assert percent(share) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (7.4, "7"), (99.4, "99"), (100, "100"), (104, "100"), (106, "110"), (999, "1,000"), (1234, "1,200"),
     (98765, "99,000"), (-412, "-410"), (1_250_001, "1,300,000")],
)  # fmt: skip
def test_counts_are_rounded_to_what_a_reader_can_use(value, said):
    assert number(value) == said


def test_a_day_is_written_out():
    assert day_name("2026-11-03") == "3 November 2026"


def score(points, relative, label="distress"):
    return Effect(label, *(100 * p for p in points), *relative, 0.1, True, "lower", "score", *points)


def test_a_score_falls_by_points():
    said = sentence(score((-2.14, -3.0, -1.2), (-0.2, -0.3, -0.1)), "mentoring")
    assert said == (
        "Distress fell by about 2.1 points on average (between 1.2 and 3.0), compared with what was expected without "
        "mentoring."
    )
    told = meaning(score((-2.14, -3.0, -1.2), (-0.2, -0.3, -0.1)), "mentoring", where="those mentored")
    assert told[0].startswith("Among those mentored, distress was lower than we would have expected without mentoring.")


def test_a_score_that_could_have_gone_either_way_is_said_in_points():
    wide = score((-1.0, -3.0, 1.0), (-0.1, -0.3, 0.1))
    assert "anything from a fall of 3.0 points to a rise of 1.0 points" in sentence(wide, "mentoring")
    assert "fit a fall of 3.0 points as well as a rise of 1.0 points" in meaning(wide, "mentoring", where="them")[1]


def test_a_score_without_a_percentage_has_words_all_the_same():
    """A score may be expected at 0 or below, where there is no per cent."""
    assert score((-2.0, -3.0, -1.0), (NAN, NAN, NAN)).found == "change"
    assert score((-2.0, -3.0, 1.0), (NAN, NAN, NAN)).found == "unclear"
    assert score((NAN, NAN, NAN), (NAN, NAN, NAN)).found == "withheld"


def test_people_are_counted_and_not_recorded_in_places():
    fall = Effect("people hurt", *FALL[0], *FALL[1], 0.1, True, "lower", "people")
    assert sentence(fall, "mentoring").startswith("The number of people hurt fell by about 410")
    assert meaning(fall, "mentoring", where="those mentored")[0].startswith("Among those mentored, fewer people hurt")
    hidden = Effect("people hurt", NAN, NAN, NAN, NAN, NAN, NAN, 0.1, True, "lower", "people")
    assert sentence(hidden, "mentoring").endswith("rests on too few people.")


def test_both_the_total_and_the_percentage_must_exclude_no_change():
    assert Effect("assaults", -10, -20, -1, -0.1, -0.2, 0.01, 0.1, True).found == "unclear"
    assert Effect("assaults", -10, -20, 1, -0.1, -0.2, -0.01, 0.1, True).found == "unclear"


def test_an_interval_without_an_end_is_not_a_withheld_one():
    """A test may be unable to bound an effect; nothing is hidden then, and nothing can be said."""
    inf = float("inf")
    open_ = Effect("assaults", -10, -inf, inf, -0.1, -1.0, inf, 0.1, True)
    assert open_.found == "unclear"
    assert sentence(open_, "it").endswith("anything from a fall of 100% to a rise of any size.")
    below = Effect("assaults", -10, -inf, -2, -0.1, -1.0, -0.02, 0.1, True)
    assert "fell by about 10 (between 2 and any number)" in sentence(below, "it")
    assert score((-2.0, -inf, inf), (-0.2, -1.0, inf)).found == "unclear"
    assert "a fall of any size" in sentence(score((-2.0, -inf, inf), (-0.2, -1.0, inf)), "it")
