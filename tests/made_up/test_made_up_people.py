"""The made-up people: how many, how old, who is related, and what they are called."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_support import within

from curv_eval.made_up.columns import as_text, blanked, booleans, minutes, years_old
from curv_eval.made_up.names import BOYS, GIRLS, NICKNAMES, SURNAMES
from curv_eval.made_up.people import (
    DOUBLE_BARRELLED,
    MALE,
    POSTCODES,
    RISK_SHAPE,
    SIBLING,
    draw_adults,
    draw_young,
    postcode_text,
)


@pytest.fixture(scope="module")
def young():
    return draw_young(np.random.default_rng(1), np.full(100, 300))


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


class TestNames:
    def test_there_are_a_few_hundred_of_each_and_none_twice(self):
        for names in (BOYS, GIRLS, SURNAMES):
            assert 150 < len(names) < 500
            assert len(set(names)) == len(names)

    def test_they_are_single_words_that_begin_with_a_capital(self):
        for name in (*BOYS, *GIRLS, *SURNAMES, *NICKNAMES.values()):
            assert name.replace("'", "").isalpha()
            assert name[0].isupper()

    def test_short_names_are_of_names_that_occur(self):
        assert set(NICKNAMES) <= {*BOYS, *GIRLS}
        assert all(short != name for name, short in NICKNAMES.items())

    def test_the_first_names_of_a_list_are_the_most_frequent(self, young):
        counts = {name: (young.surname == name).sum() for name in (SURNAMES[0], SURNAMES[9], SURNAMES[99])}
        first, tenth, hundredth = counts.values()
        assert first > 2 * tenth > 4 * hundredth > 0

    def test_given_names_go_with_sex(self, young):
        assert set(young.given[young.sex == 0]) <= set(BOYS)
        assert set(young.given[young.sex == 1]) <= set(GIRLS)

    def test_names_have_nothing_to_do_with_ethnicity(self, young):
        white, name = young.ethnicity == "W1", young.surname == SURNAMES[0]
        assert within(name[white].mean(), name.mean(), white.sum())
        assert within(name[~white].mean(), name.mean(), (~white).sum())


class TestYoung:
    def test_as_many_as_asked_for_live_in_each_area(self):
        found = draw_young(np.random.default_rng(2), np.array([3, 0, 5]))
        assert found.area.tolist() == [0, 0, 0, 2, 2, 2, 2, 2]

    def test_they_are_10_to_24_whenever_a_referral_can_be_made(self, young):
        first = years_old(young.birth, days("2023-07-01").repeat(young.birth.size))
        last = years_old(young.birth, days("2024-12-31").repeat(young.birth.size))
        assert (first.min(), last.max()) == (10, 24)

    def test_risk_has_mean_one_and_a_long_tail(self, young):
        assert young.risk.mean() == pytest.approx(1)
        # A gamma of shape 1/2 has variance 2; sex and age add to it.
        assert 1 / RISK_SHAPE < young.risk.var() < 2 / RISK_SHAPE
        assert np.sort(young.risk)[-len(young.risk) // 10 :].sum() > 0.4 * young.risk.sum()

    def test_young_men_and_older_ones_are_at_more_risk(self, young):
        assert young.risk[young.sex == 0].mean() > 1.8 * young.risk[young.sex == 1].mean()
        child = young.birth > np.datetime64("2010-01-01")
        assert young.risk[~child].mean() > 1.5 * young.risk[child].mean()

    def test_half_are_male(self, young):
        assert within((young.sex == 0).mean(), MALE, young.sex.size)

    def test_siblings_share_surname_and_postcode(self, young):
        same = young.surname[1:] == young.surname[:-1]
        home = young.postcode[1:] == young.postcode[:-1]
        area = young.area[1:] == young.area[:-1]
        assert within((same & home & area).mean(), SIBLING, same.size)
        assert (area[same & home]).all()
        assert len(set(zip(young.surname, young.given, young.birth, strict=True))) > 0.999 * young.risk.size

    def test_a_few_have_two_surnames(self, young):
        assert within(np.char.count(young.surname, "-").mean(), DOUBLE_BARRELLED, 0.7 * young.area.size)
        assert all(a != b for a, b in (name.split("-") for name in young.surname if "-" in name))

    def test_postcodes_are_of_the_home_area(self, young):
        assert (young.postcode // POSTCODES == young.area).all()
        assert np.unique(young.postcode).size == 100 * POSTCODES


def test_adults_are_adults_and_mostly_live_nearby():
    where = np.arange(20_000) % 50
    adults = draw_adults(np.random.default_rng(3), where, 50)
    age = years_old(adults.birth, days("2022-01-01").repeat(where.size))
    assert (age.min(), age.max() <= 75) == (25, True)
    assert within((adults.area == where).mean(), 0.7 + 0.3 / 50, where.size)
    assert (adults.risk == 0).all()


def test_people_are_put_one_behind_the_other(young):
    adults = draw_adults(np.random.default_rng(3), np.zeros(4, int), 100)
    both = young.join(adults)
    assert both.area.size == young.area.size + 4
    assert (both.surname[-4:] == adults.surname).all()
    assert (both.birth[:-4] == young.birth).all()


class TestPostcodes:
    # The form of real ones (Government Data Standards Catalogue), and areas that Royal Mail uses beginning with Z.
    FORM = r"[A-PR-UWYZ][A-HK-Y][0-9]{1,2} [0-9][ABD-HJLNP-UW-Z]{2}"

    def test_they_have_the_form_of_real_ones_and_an_area_that_does_not_exist(self):
        import re

        texts = [postcode_text(number) for number in range(0, 20_000, 7)]
        assert all(re.fullmatch(self.FORM, text) for text in texts)
        assert {text[:2] for text in texts} == {"ZY"}

    def test_no_two_are_alike(self):
        assert len({postcode_text(number) for number in range(20_000)}) == 20_000

    def test_none_is_taken_for_no_fixed_abode(self):
        from curv_eval.linkage.fields import Missing, normalise
        from curv_eval.linkage.scheme import UK

        read = [normalise(postcode_text(number), UK.field("postcode")) for number in range(0, 20_000, 11)]
        assert not any(isinstance(one, Missing) for one in read)


class TestColumns:
    def test_years_are_whole_on_the_day(self):
        birth = days("2008-02-29", "2008-02-29", "2010-06-15", "2010-06-15", "2010-12-31")
        on = days("2023-02-28", "2023-03-01", "2024-06-14", "2024-06-15", "2024-01-01")
        assert years_old(birth, on).tolist() == [14, 15, 13, 14, 13]

    def test_days_and_minutes_are_blank_where_there_are_none(self):
        assert as_text(days("2024-02-29", "NaT")) == ["2024-02-29", ""]
        assert minutes(np.array(["2024-02-29T23:05", "NaT"], "datetime64[m]")) == ["2024-02-29 23:05", ""]

    def test_flags_are_words(self):
        assert booleans(np.array([True, False])) == ["true", "false"]

    def test_a_share_is_left_out(self):
        held = blanked(np.random.default_rng(1), ["x"] * 10_000, 0.2, blank="gone")
        assert within(held.count("gone") / 10_000, 0.2, 10_000)
        assert set(held) == {"x", "gone"}
        assert blanked(np.random.default_rng(1), ["x"] * 100, 0.0) == ["x"] * 100
