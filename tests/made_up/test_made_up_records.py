"""Made-up attendances and providers' records keep to their fields, codes and order of dates."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

ASSAULTS = [
    "REPORTING PERIOD START DATE",
    "REPORTING PERIOD END DATE",
    "SITE CODE (OF TREATMENT)",
    "ARRIVAL DATE AND TIME AT A&E",
    "ASSAULT DATE AND TIME",
    "ASSAULT METHOD",
    "ASSAULT METHOD OTHER DESCRIPTION",
    "ASSAULT LOCATION TYPE",
    "ASSAULT LOCATION DESCRIPTION",
    "LSOA OF ASSAULT (LOCAL)",
]
REFERRALS = [
    "person_id",
    "provider_id",
    "intervention_id",
    "referral_date",
    "referral_source",
    "eligibility_met",
    "accepted",
    "start_date",
    "end_date",
    "end_reason",
    "consent_evaluation",
    "lawful_basis",
    "age_at_referral",
    "sex",
    "ethnicity_18_1",
    "lsoa_home",
    "risk_tier",
]
SESSIONS = ["person_id", "session_date", "session_type", "minutes_planned", "minutes_attended", "mode"]
REFERRAL_VALUES = {
    "referral_source": {"police", "school", "A&E", "social care", "self", "family", "VCSE", "other"},
    "eligibility_met": {"true", "false"},
    "accepted": {"true", "false"},
    "end_reason": {"", "completed", "disengaged", "moved away", "referred on", "other"},
    "consent_evaluation": {"true"},
    "lawful_basis": {"consent"},
    "sex": {"female", "male", "other", "not stated"},
    "risk_tier": {"primary", "secondary", "tertiary"},
    "intervention_id": {"street-mentoring"},
}


class TestAssaults:
    def test_header_and_codes(self, table):
        rows = table("ae_assaults")
        assert list(rows) == ASSAULTS
        assert set(rows["SITE CODE (OF TREATMENT)"]) == {"ZZZ01", "ZZZ02"}
        for column in ("ASSAULT METHOD", "ASSAULT LOCATION TYPE"):
            assert set(rows[column]) == {f"0{i}" for i in range(1, 7)}
        other = rows["ASSAULT METHOD OTHER DESCRIPTION"] != ""
        assert (other == (rows["ASSAULT METHOD"] == "06")).all()
        assert rows["ASSAULT LOCATION DESCRIPTION"].str.fullmatch(r"made-up place \d+").all()

    def test_arrival_follows_the_assault_within_the_reporting_month(self, table):
        rows = table("ae_assaults")
        assert rows.iloc[:, 3:5].stack().str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d").all()
        first, last, _, arrival, assault = (pd.to_datetime(rows[c]) if "CODE" not in c else None for c in ASSAULTS[:5])
        wait = (arrival - assault).dt.total_seconds() / 60
        assert wait.between(0, 180).all()
        assert (wait >= 10).mean() > 0.995
        assert (first <= assault).all()
        assert (arrival < last + pd.Timedelta(days=1)).all()
        assert (last == first + pd.offsets.MonthEnd()).all()
        assert (first.dt.day == 1).all()
        assert first.nunique() == 36
        assert arrival.is_monotonic_increasing

    def test_nights_are_busier_than_mornings(self, table):
        hour = table("ae_assaults")["ASSAULT DATE AND TIME"].str[11:13].astype(int)
        assert hour.isin([22, 23, 0, 1]).mean() > 4 * hour.isin([6, 7, 8, 9]).mean()

    def test_days_reach_the_end_of_the_month(self, table):
        day = table("ae_assaults")["ASSAULT DATE AND TIME"].str[5:10]
        assert {"01-31", "02-29", "12-31", "01-01"} <= set(day)

    def test_places_are_2021_lsoas_or_blank(self, table):
        place = table("ae_assaults")["LSOA OF ASSAULT (LOCAL)"]
        studied = table("ward_lookup").query("ltla24_name != 'Outer Moor'").lsoa21_code
        assert set(place) == set(studied) | {""}


class TestReferrals:
    def test_header_and_values(self, table):
        rows = table("vcse_referrals")
        assert list(rows) == REFERRALS
        for column, values in REFERRAL_VALUES.items():
            assert set(rows[column]) == values
        assert rows.provider_id.nunique() == 3
        assert rows.age_at_referral.astype(int).between(10, 24).all()
        assert rows.ethnicity_18_1.nunique() > 10

    def test_about_two_thousand_people_with_a_pseudonym_each(self, table):
        rows = table("vcse_referrals")
        assert 1850 < len(rows) < 2000
        assert rows.person_id.is_unique
        assert rows.person_id.str.fullmatch("[0-9a-f]{32}").all()

    def test_declined_referrals_are_kept_and_never_started(self, table):
        rows = table("vcse_referrals")
        accepted = rows.accepted == "true"
        assert accepted.mean() == pytest.approx(0.75, abs=0.05)
        assert (rows.start_date[~accepted] == "").all()
        assert (rows.eligibility_met[accepted] == "true").all()

    def test_dates_are_in_order_and_end_with_the_data(self, table):
        rows = table("vcse_referrals")
        started, ended = rows.start_date != "", rows.end_date != ""
        assert (ended == (rows.end_reason != "")).all()
        assert (started | ~ended).all()
        assert (rows.referral_date < rows.start_date)[started].all()
        assert (rows.start_date < rows.end_date)[ended].all()
        assert rows.referral_date.is_monotonic_increasing
        assert {started[rows.accepted == "true"].all(), ended[started].all()} == {False}
        for day in [*rows.referral_date, *rows.start_date[started], *rows.end_date[ended]]:
            assert date(2023, 7, 1) <= date.fromisoformat(day) <= date(2024, 12, 31)

    def test_most_live_where_mentoring_runs_and_nobody_there_came_before_it(self, table):
        start = table("intervention_register").set_index("lsoa21_code").start_month
        rows = table("vcse_referrals")
        known = rows[rows.lsoa_home != ""]
        mentored = known[known.lsoa_home.isin(start.index)]
        assert 0.8 < len(mentored) / len(known) < 0.98
        early = mentored.referral_date.str[:7] < mentored.lsoa_home.map(start)
        assert early.mean() < 0.05


class TestSessions:
    def test_header_and_values(self, table):
        rows = table("vcse_sessions")
        assert list(rows) == SESSIONS
        assert set(rows["mode"]) == {"in_person", "remote", "group"}
        assert set(rows.session_type) == {"mentoring", "group work", "family work", "activity"}
        assert (rows[rows.session_type == "group work"]["mode"] == "group").all()

    def test_sessions_belong_to_stays(self, table):
        referrals = table("vcse_referrals").query("start_date != ''")
        rows = table("vcse_sessions").merge(referrals, on="person_id", validate="many_to_one")
        assert len(rows) == len(table("vcse_sessions"))
        assert (rows.start_date <= rows.session_date).all()
        assert (rows.session_date <= rows.end_date.replace("", "2024-12-31")).all()
        assert not rows.duplicated(["person_id", "session_date"]).any()

    def test_sessions_are_weekly_or_so(self, table):
        day = pd.to_datetime(table("vcse_sessions").session_date)
        gap = day.groupby(table("vcse_sessions").person_id).diff().dt.days.dropna()
        assert 6.5 < gap.mean() < 9

    def test_minutes_attended_are_none_half_or_all(self, table):
        planned, attended = (table("vcse_sessions")[f"minutes_{word}"].astype(int) for word in ("planned", "attended"))
        assert set(planned) == {60, 90, 120}
        assert (attended / planned).isin([0, 0.5, 1]).all()
        assert (attended == 0).mean() == pytest.approx(0.2, abs=0.03)


def test_every_assault_time_is_a_time(table):
    for value in set(table("ae_assaults")["ARRIVAL DATE AND TIME AT A&E"]):
        datetime.strptime(value, "%Y-%m-%d %H:%M")
