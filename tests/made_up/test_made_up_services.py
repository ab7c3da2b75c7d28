"""Records of youth justice, probation and schools are about the made-up young, and mentoring does not change them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_up_support import within

from curv_eval.made_up.justice import (
    ADULT,
    CHILD,
    GRAVITY,
    GRAVITY_MISSING,
    HARM_MISSING,
    KNOWN_UNTIL,
    REOFFENDED,
    SENTENCE_TYPES,
    draw_decisions,
)
from curv_eval.made_up.people import draw_young
from curv_eval.made_up.schools import ABSENCE_MISSING, FREE_MEALS, FSM_MISSING, SEN, SEN_MISSING, TERMS, YEARS


@pytest.fixture(scope="module")
def many():
    young = draw_young(np.random.default_rng(1), np.full(80, 300))
    return young, draw_decisions(np.random.default_rng(2), young, 0.05, ages=CHILD)


class TestDecisions:
    def test_they_come_at_their_rate_and_to_those_at_risk(self, many):
        young, found = many
        years = self.years_at(young, CHILD)
        expected = (0.05 * young.risk * years).sum()
        # A gamma of risks within age groups is given, so the count is Poisson.
        assert found.day.size == pytest.approx(expected, abs=4 * expected**0.5)
        assert young.risk[found.person].mean() > 2 * young.risk.mean()

    def years_at(self, young, ages):
        """How many years of the period each person was of these ages."""
        days = np.arange(np.datetime64("2022-01-01"), np.datetime64("2025-01-01"), np.timedelta64(30, "D"))
        age = (days - young.birth[:, None]).astype(int) / 365.25
        return ((age >= ages[0]) & (age < ages[1] + 1)).mean(axis=1) * 3

    def test_nobody_is_too_young_or_too_old(self, many):
        young, found = many
        age = (found.day - young.birth[found.person]).astype(int) / 365.25
        assert 10 - 0.01 < age.min() < 10.6
        assert 17.4 < age.max() < 18.01

    def test_the_first_of_a_person_is_the_first_by_day(self, many):
        _, found = many
        rows = pd.DataFrame({"person": found.person, "day": found.day, "first": found.first})
        assert rows.day.is_monotonic_increasing
        assert (rows.groupby("person")["first"].sum() == 1).all()
        assert rows[~rows.duplicated("person")]["first"].all()


class TestYouthJustice:
    def test_shares(self, table):
        rows = table("youth_justice")
        n = len(rows)
        assert 300 < n < 1500
        shares = rows.offence_gravity.value_counts(normalize=True)
        assert within(shares[""], GRAVITY_MISSING, n)
        assert all(within(shares[code], share * (1 - GRAVITY_MISSING), n) for code, share in GRAVITY.items())

    def test_reoffending_is_known_after_a_year_only(self, table):
        rows = table("youth_justice")
        known = rows.disposal_date <= str(KNOWN_UNTIL)
        assert (rows.reoffended_12m[~known] == "").all()
        assert within((rows.reoffended_12m[known] == "true").mean(), REOFFENDED, known.sum())

    def test_a_child_is_a_first_time_entrant_once_at_most(self, table):
        rows = table("youth_justice")
        first = rows[rows.first_time_entrant == "true"]
        assert first.ypid.is_unique
        assert (first.disposal_date <= first.ypid.map(rows.groupby("ypid").disposal_date.min())).all()
        assert 0.4 < len(first) / len(rows) < 0.8


class TestProbation:
    def test_shares(self, table):
        rows = table("probation")
        n = len(rows)
        assert 300 < n < 1500
        shares = rows.sentence_type.value_counts(normalize=True)
        assert all(within(shares[word], share, n) for word, share in SENTENCE_TYPES.items())
        assert within((rows.risk_of_serious_harm == "").mean(), HARM_MISSING, n)

    def test_supervision_ends_after_the_sentence_or_goes_on(self, table):
        rows = table("probation")
        over = rows.supervision_end_date != ""
        assert (rows.sentence_date < rows.supervision_end_date)[over].all()
        assert (rows.supervision_end_date <= "2024-12-31").all()
        assert 0.3 < over.mean() < 0.9

    def test_they_are_young_adults(self, table):
        assert table("probation").age_at_sentence.astype(int).between(*ADULT).all()


class TestSchools:
    def test_every_pupil_has_a_row_for_each_year_on_roll(self, table, drawn):
        rows = table("school_exclusions")
        assert not rows.duplicated(["pseudo_upn", "academic_year"]).any()
        assert set(rows.academic_year) == set(YEARS)
        # Three of thirteen and a half years of age, each year.
        assert len(rows) / 2 / drawn.young.area.size == pytest.approx(3 / 13.5, rel=0.05)

    def test_most_are_never_suspended_and_a_few_are_often(self, table):
        days = table("school_exclusions").suspension_sessions.astype(int)
        assert 0.8 < (days == 0).mean() < 0.95
        assert days.max() <= 90
        assert days.nlargest(len(days) // 50).sum() > 0.25 * days.sum()

    def test_a_pupil_s_circumstances_stay(self, table):
        rows = table("school_exclusions")
        n = len(rows)
        assert within((rows.fsm == "").mean(), FSM_MISSING, n)
        assert within((rows.sen == "").mean(), SEN_MISSING, n)
        assert within((rows.fsm == "true").mean(), FREE_MEALS * (1 - FSM_MISSING), n / 2)
        assert all(within((rows.sen == code).mean(), share * (1 - SEN_MISSING), n / 2) for code, share in SEN.items())
        for column in ("fsm", "sen"):
            known = rows[rows[column] != ""]
            assert (known.groupby("pseudo_upn")[column].nunique() == 1).all()

    def test_absence_has_three_terms_but_for_a_few(self, table):
        rows, pupils = table("school_absence"), table("school_exclusions")
        assert not rows.duplicated(["pseudo_upn", "academic_year", "term"]).any()
        assert within(1 - len(rows) / (3 * len(pupils)), ABSENCE_MISSING, 3 * len(pupils))
        assert set(zip(rows.term, rows.sessions_possible.astype(int), strict=True)) == set(TERMS.items())

    def test_suspensions_show_in_absence(self, table):
        pupils = table("school_exclusions").set_index(["pseudo_upn", "academic_year"])
        rows = table("school_absence")
        missed = rows.absence_rate.astype(float) * rows.sessions_possible.astype(int) / 100
        total = missed.groupby([rows.pseudo_upn, rows.academic_year]).sum()
        days = pupils.suspension_sessions.astype(int).reindex(total.index)
        assert total[days > 20].mean() > total[days == 0].mean() + 15
        assert 4 < rows.absence_rate.astype(float).mean() < 10

    def test_mentoring_does_not_change_what_schools_record(self, drawn):
        """A placebo outcome: those accepted and those declined differ by their risk alone."""
        pupils, referrals = drawn.pupils, drawn.referrals
        accepted = np.isin(pupils.person, referrals.person[referrals.accepted])
        rate = pupils.suspended / np.maximum(drawn.young.risk[pupils.person], 0.2)
        at_risk = drawn.young.risk[pupils.person] > 1
        both = rate[accepted & at_risk].mean(), rate[~accepted & at_risk].mean()
        assert both[0] == pytest.approx(both[1], rel=0.35)
