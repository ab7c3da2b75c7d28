"""Outcomes, searches and counts of forces fit the street files, as the publisher's own do."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from made_up_support import read, within

from curv_eval.made_up.codes import CRIME_TYPES, OUTCOMES
from curv_eval.made_up.police_public import HAS_OUTCOME, NEIGHBOURS, SEARCHES_PER_AREA, SECOND_OUTCOME

OUTCOME = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type"
SEARCH = (
    "Type,Date,Part of a policing operation,Policing operation,Latitude,Longitude,Gender,Age range,"
    "Self-defined ethnicity,Officer-defined ethnicity,Legislation,Object of search,Outcome,"
    "Outcome linked to object of search,Removal of more than just outer clothing"
)


def archive(folder, kind) -> pd.DataFrame:
    files = sorted((folder / "police-uk-made-up").glob(f"*/*-{kind}.csv"))
    return pd.concat([read(file).assign(file=file.parent.name) for file in files], ignore_index=True)


@pytest.fixture(scope="module")
def outcomes(folder):
    return archive(folder, "outcomes")


@pytest.fixture(scope="module")
def searches(folder):
    return archive(folder, "stop-and-search")


@pytest.fixture(scope="module")
def counts(table):
    return table("police_forces_counts").astype({"n": int})


class TestOutcomes:
    def test_header_and_months(self, folder, outcomes):
        first = next(iter(sorted((folder / "police-uk-made-up").glob("*/*-outcomes.csv"))))
        assert first.read_text(encoding="utf-8").splitlines()[0] == OUTCOME
        assert (outcomes.Month == outcomes.file).all()
        assert sorted(set(outcomes.Month)) == [f"2024-{month:02d}" for month in range(1, 13)]

    def test_every_outcome_is_of_a_crime_that_was_published_before(self, outcomes, street):
        crimes = street[street["Crime ID"] != ""].set_index("Crime ID")
        month = outcomes["Crime ID"].map(crimes.Month)
        assert month.notna().all()
        assert (month <= outcomes.Month).all()
        assert (outcomes["LSOA code"] == outcomes["Crime ID"].map(crimes["LSOA code"])).all()
        assert (outcomes.Location == outcomes["Crime ID"].map(crimes.Location)).all()

    def test_they_say_what_the_street_files_say(self, outcomes, street):
        last = street[street["Crime ID"] != ""].set_index("Crime ID")["Last outcome category"]
        said = set(zip(outcomes["Crime ID"].map(last), outcomes["Outcome type"], strict=True))
        assert said == {
            (word, {"Court result unavailable": "Suspect charged"}.get(word, word))
            for word in OUTCOMES
            if word != "Status update unavailable"
        }

    def test_most_crimes_have_one_in_time(self, outcomes, street):
        early = street[(street.Month == "2024-02") & (street["Crime ID"] != "")]
        known = early[early["Last outcome category"] != "Status update unavailable"]
        found = known["Crime ID"].isin(outcomes["Crime ID"])
        # All but those that have none, and the second outcome of some of these.
        assert within(found.mean(), 1 - (1 - HAS_OUTCOME) * (1 - SECOND_OUTCOME), len(known))

    def test_the_newest_crimes_have_fewer(self, outcomes, street):
        def share(month):
            rows = street[(street.Month == month) & (street["Crime ID"] != "")]
            return rows["Crime ID"].isin(outcomes["Crime ID"]).mean()

        assert share("2024-12") < 0.6 < 0.85 < share("2024-06")

    def test_a_few_have_two(self, outcomes):
        repeated = outcomes["Crime ID"].duplicated().mean()
        assert 0.005 < repeated < 0.03

    def test_antisocial_behaviour_has_none(self, outcomes):
        assert (outcomes["Crime ID"] != "").all()


class TestSearches:
    def test_header_and_values(self, folder, searches):
        first = next(iter(sorted((folder / "police-uk-made-up").glob("*/*-stop-and-search.csv"))))
        assert first.read_text(encoding="utf-8").splitlines()[0] == SEARCH
        assert set(searches.Gender) == {"Male", "Female", ""}
        assert set(searches["Age range"]) == {"10-17", "18-24", "25-34", "over 34", ""}
        assert {"Person search", "Vehicle search", "Person and Vehicle search"} == set(searches.Type)

    def test_they_come_at_the_rate_of_cleveland(self, searches):
        months = searches.file.nunique()
        assert months == 24
        expected = SEARCHES_PER_AREA * 168 * months
        assert len(searches) == pytest.approx(expected, abs=4 * expected**0.5)

    def test_days_are_midnight_in_london_given_in_utc(self, searches):
        assert searches.Date.str.fullmatch(r"\d{4}-\d\d-\d\dT(00|23):00:00\+00:00").all()
        time = pd.to_datetime(searches.Date)
        summer = searches.file.str[5:].astype(int).between(4, 10)
        assert (time.dt.hour == np.where(summer, 23, 0)).all()
        london = time + pd.to_timedelta(np.where(summer, 1, 0), unit="h")
        assert (london.dt.strftime("%Y-%m") == searches.file).all()

    def test_some_summer_searches_seem_to_lie_in_the_month_before(self, searches):
        assert (searches.Date.str[:7] != searches.file).sum() > 20

    def test_laws_and_objects_belong_together(self, searches):
        drugs = searches.Legislation == "Misuse of Drugs Act 1971 (section 23)"
        assert set(searches["Object of search"][drugs]) == {"Controlled drugs"}
        assert "Controlled drugs" not in set(searches["Object of search"][~drugs])
        assert within(drugs.mean(), 0.63, len(searches))

    def test_places_are_those_of_the_violent_areas(self, searches, drawn):
        latitude, longitude = searches.Latitude.astype(float), searches.Longitude.astype(float)
        assert latitude.between(54.89, 54.95).all()
        assert longitude.between(0.59, 0.9).all()


class TestCounts:
    def test_the_studied_force_is_counted_from_its_street_files(self, counts, street, table):
        district = dict(zip(table("ward_lookup").lsoa21_code, table("ward_lookup").ltla24_code, strict=True))
        lookup = table("lsoa_lookup")
        district |= {o: district[n] for o, n in zip(lookup.lsoa11_code, lookup.lsoa21_code, strict=True)} | {"": ""}
        expected = Counter(zip(street.Month, street["LSOA code"].map(district), street["Crime type"], strict=True))
        ours = counts[counts["Falls within"] == "Made-up Police"]
        found = dict(zip(zip(ours.Month, ours.ltla24_code, ours["Crime type"], strict=True), ours.n, strict=True))
        assert found == dict(expected)

    def test_there_are_three_other_forces_with_districts_of_their_own(self, counts):
        others = counts[counts["Falls within"] != "Made-up Police"]
        districts = others.groupby("Falls within").ltla24_code.nunique().to_dict()
        assert districts == {name: number for name, number, _, _ in NEIGHBOURS}
        assert not set(others.ltla24_code) & set(counts[counts["Falls within"] == "Made-up Police"].ltla24_code)
        assert others.ltla24_name.str.startswith("Made-up District").all()
        assert set(others["Crime type"]) == set(CRIME_TYPES)

    def test_no_row_stands_twice_and_none_counts_nothing(self, counts):
        assert not counts.duplicated(["Month", "Falls within", "ltla24_code", "Crime type"]).any()
        assert counts.n.min() >= 1

    def test_one_force_supplied_a_fraction_for_four_months(self, counts):
        """What a check of completeness has to find: it looks like a huge effect."""
        total = counts.groupby(["Falls within", "Month"]).n.sum().unstack("Falls within")
        short = total["Made-up Moor Police"] < 0.3 * total["Made-up Moor Police"].median()
        assert short[short].index.tolist() == ["2024-01", "2024-02", "2024-03", "2024-04"]
        for name in ("Made-up Coast Police", "Made-up Dale Police", "Made-up Police"):
            assert (total[name] > 0.7 * total[name].median()).all()

    def test_levels_are_like_those_of_the_studied_districts(self, counts):
        violence = counts[counts["Crime type"] == "Violence and sexual offences"]
        mean = violence[violence.ltla24_code != ""].groupby(["Falls within", "ltla24_code"]).n.sum() / 36
        ours = mean["Made-up Police"].drop("E06999005").mean()
        assert mean.drop("Made-up Police").between(0.35 * ours, 1.9 * ours).all()
