"""Counts per united area and month, worked out by hand in tiny_study."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny_study import AREAS, ASB, ASB_COUNTS, MONTHS, REGISTER, THEFT, rows, tiny

from curv_eval.errors import ContractError, DesignError, StudyError
from curv_eval.panel import month_number
from curv_eval.study import Outcome, Place, Span

AE = Outcome("ae", "assaults", "ae_assaults", "secondary")


def with_outcomes(place, *outcomes):
    place.study = replace(place.study, outcomes=(place.study.primary, *outcomes))
    return place


def test_units_are_united_areas_of_the_districts_asked_for():
    assert tiny().run().panel.units.tolist() == AREAS


def test_a_month_nobody_supplied_is_no_period():
    assert tiny().run().panel.periods.tolist() == [month_number(m) for m in MONTHS]


def test_counts_follow_places_across_both_sets_of_codes():
    assert tiny().run().panel.outcomes["asb"].tolist() == ASB_COUNTS


def test_an_area_with_no_incident_ever_is_a_row_of_true_zeros():
    panel = tiny().run().panel
    assert panel.outcomes["asb"][panel.units == "E01000007"].tolist() == [[0, 0, 0, 0]]


def test_every_row_of_the_window_is_accounted_for():
    # ASB rows in the window and in a supplied month: 34 placed + 8 without code + 2 with a code nobody knows
    # + 3 elsewhere. The 50 of December 2022 and the 60 of June 2023 lie outside the window.
    assert tiny().run().placed.to_dict("records") == [
        {"outcome": "asb", "placed": 34, "no_area_code": 8, "code_not_in_lookup": 2, "outside_the_districts": 3}
    ]


def test_no_row_is_dropped_because_it_repeats_another():
    # two incidents of the same kind, month and place are two incidents: the hand counts rest on exact duplicates
    doubled = pd.concat([rows(), rows()])
    found = tiny(street=doubled).run()
    assert found.panel.outcomes["asb"].tolist() == (2 * np.array(ASB_COUNTS)).tolist()


def test_starts_clusters_population_and_district_by_hand():
    panel = tiny(cluster="ward").run().panel
    start = [np.nan, "2023-02", "2023-04", np.nan, "2023-02", np.nan]
    expected = [month_number(s) if isinstance(s, str) else np.nan for s in start]
    np.testing.assert_array_equal(panel.cohort, expected)
    # E01000012 lies in North and in South; South is where patrols went, so it belongs there
    assert panel.cluster.tolist() == ["North", "South", "West", "East", "South", "East"]
    # E01000034 holds the people of both areas merged into it, E01000012 those of the area that was split
    assert panel.population.tolist() == [1000, 900, 1100, 1200, 1500, 1500]
    assert set(panel.district) == {"Vale"}


@pytest.mark.parametrize(("cluster", "names"), [("lsoa", AREAS), ("district", ["Vale"] * 6)])
def test_clusters_are_what_the_design_says(cluster, names):
    assert tiny(cluster=cluster).run().panel.cluster.tolist() == names


def test_the_straddling_area_belongs_to_the_untreated_ward_when_only_that_half_is_treated():
    # now North's half has patrols and South's has not
    register = [("E01000012", "2023-02"), ("E01000005", "2023-02"), ("E01000006", "2023-04")]
    assert tiny(register=register, cluster="ward").run().panel.cluster[4] == "North"


def test_a_straddling_area_starts_with_the_first_of_its_parts():
    register = [("E01000012", "2023-04"), ("E01000022", "2023-02"), ("E01000006", "2023-04")]
    found = tiny(register=register, cluster="ward").run()
    assert found.panel.cohort[4] == month_number("2023-02")
    assert found.panel.cluster[4] == "South"


def test_the_account_of_areas_counts_the_small_areas_in_each():
    areas = tiny().run().areas.set_index("area")
    assert areas["members"].to_dict() == {**dict.fromkeys(AREAS, 1), "E01000012": 2}
    assert areas.loc["E01000005", "start"] == "2023-02"
    assert pd.isna(areas.loc["E01000001", "start"])


def test_an_area_with_two_interventions_is_still_one_small_area():
    twice = [*REGISTER, ("E01000005", "2023-04")]
    areas = tiny(register=twice).run().areas.set_index("area")
    assert areas.loc["E01000005", "start"] == "2023-02"
    assert areas.loc["E01000005", "members"] == 1


def test_wards_of_the_same_name_in_two_districts_are_two_clusters():
    place = tiny(cluster="ward")
    place.con.execute("UPDATE ward_lookup SET ward24_name = 'East' WHERE ltla24_name = 'Beyond'")
    place.study = replace(place.study, place=Place("both", ("E06000001", "E06000002")))
    panel = place.run().panel
    beyond = panel.cluster[panel.district == "Beyond"]
    assert not set(beyond) & set(panel.cluster[panel.district == "Vale"])


def test_neighbours_follow_united_areas():
    # the squares stand in a row: E01000001, E01000012, E01000022, (gap), E01000005, E01000006, E01000007
    panel = tiny().run().panel
    i = {name: k for k, name in enumerate(panel.units)}
    pairs = {(a, b) for a in i for b in i if a < b and panel.neighbours[i[a], i[b]]}
    assert pairs == {("E01000001", "E01000012"), ("E01000005", "E01000006"), ("E01000006", "E01000007")}


def test_another_district_can_be_asked_for():
    place = tiny()
    place.study = replace(place.study, place=Place("both", ("E06000001", "E06000002")))
    found = place.run()
    assert found.panel.units.tolist() == sorted([*AREAS, "E01000009"])
    assert found.placed["outside_the_districts"].tolist() == [0]
    assert found.placed["placed"].tolist() == [37]


def test_only_the_cohorts_asked_for_stay_and_untreated_areas_all_do():
    panel = tiny(cohorts=("2023-04",)).run().panel
    assert panel.units.tolist() == ["E01000001", "E01000006", "E01000007", "E01000034"]
    assert panel.outcomes["asb"].tolist() == [ASB_COUNTS[i] for i in (0, 2, 3, 5)]


def test_a_cohort_nobody_starts_in_is_refused():
    with pytest.raises(DesignError, match="no area starts in 2023-05"):
        tiny(cohorts=("2023-02", "2023-05")).run()


def test_the_window_cuts_months_on_both_sides():
    panel = tiny(window=Span("2023-02", "2023-04")).run().panel
    assert panel.periods.tolist() == [month_number("2023-02"), month_number("2023-04")]
    assert panel.outcomes["asb"].tolist() == [r[1:3] for r in ASB_COUNTS]


def test_a_window_without_rows_says_how_to_get_them():
    with pytest.raises(ContractError, match="no rows from 2019-01 to 2019-12") as refusal:
        tiny(window=Span("2019-01", "2019-12")).run()
    assert "data.police.uk" in refusal.value.do


def test_an_outcome_without_a_filter_counts_every_row():
    found = with_outcomes(tiny(), Outcome("all", "all", "police_uk_street", "secondary")).run()
    assert found.panel.outcomes["all"].sum() == 34 + 9 + 2
    assert found.placed["outside_the_districts"].tolist() == [3, 4]


def test_a_month_is_supplied_when_any_kind_of_row_is_there():
    # 2023-03 holds one theft and no ASB: the month was supplied, so ASB is truly 0 in it
    street = [("E01000001", "2023-01", ASB, 1), ("E01000007", "2023-03", THEFT, 1), ("E01000001", "2023-04", ASB, 2)]
    panel = tiny(street=rows(street)).run().panel
    assert panel.periods.tolist() == [month_number(m) for m in ("2023-01", "2023-03", "2023-04")]
    assert panel.outcomes["asb"][0].tolist() == [1, 0, 2]


def test_an_outcome_nobody_recorded_is_zero_everywhere():
    drugs = Outcome("drugs", "drugs", "police_uk_street", "secondary", {"crime_type": "Drugs"})
    found = with_outcomes(tiny(), drugs).run()
    assert found.panel.outcomes["drugs"].tolist() == np.zeros((6, 4)).tolist()
    assert found.placed.iloc[1, 1:].tolist() == [0, 0, 0, 0]


SEEN = [
    ("E01000005", "2023-01-31 23:59:59"), ("E01000005", "2023-02-01 00:00:00"), ("E01000022", "2023-04-15 12:00:00"),
    ("E01000012", "2023-04-16 12:00:00"), (None, "2023-04-16 12:00:00"), ("E01999999", "2023-05-01 00:00:00"),
    ("E01000009", "2023-05-01 00:00:00"), ("E01000005", "2023-03-10 00:00:00"),
]  # fmt: skip


def test_times_are_counted_in_their_month():
    # the row of 2023-03 is in no period, since the police did not supply March
    found = with_outcomes(tiny(ae=SEEN), AE).run()
    assert found.panel.outcomes["ae"].tolist() == [[0] * 4, [1, 1, 0, 0], [0] * 4, [0] * 4, [0, 0, 2, 0], [0] * 4]
    assert found.placed.iloc[1].tolist() == ["ae", 4, 1, 1, 1]


def test_a_source_with_times_can_be_the_primary_one():
    place = tiny(ae=SEEN)
    place.study = replace(place.study, outcomes=(replace(AE, role="primary"),))
    panel = place.run().panel
    assert panel.periods.tolist() == [month_number(f"2023-{m:02d}") for m in range(1, 6)]
    assert panel.outcomes["ae"][1].tolist() == [1, 1, 1, 0, 0]


def test_a_month_without_a_row_of_a_small_second_source_is_a_zero_that_is_said():
    # 5 rows in two months: too few to say that January and February were not supplied
    found = with_outcomes(tiny(ae=[r for r in SEEN if r[1] >= "2023-04"]), AE).run()
    assert found.panel.outcomes["ae"].sum(axis=0).tolist() == [0, 0, 2, 0]
    months = found.months[found.months["source"] == "ae_assaults"].set_index("month")
    assert months["supplied"].all()
    assert months.loc["2023-01", "reason"] == "no rows, and few are usual: counted as zero"


def test_a_second_source_that_holds_nothing_at_all_is_refused():
    with pytest.raises(ContractError, match="ae_assaults has no rows from 2023-01 to 2023-05"):
        with_outcomes(tiny(), AE).run()


def test_the_account_of_months_names_every_month_and_source_of_the_window():
    found = with_outcomes(tiny(ae=SEEN), AE).run()
    window = [f"2023-{m:02d}" for m in range(1, 6)]
    assert found.months["month"].tolist() == window * 2
    assert found.months["source"].tolist() == ["police_uk_street"] * 5 + ["ae_assaults"] * 5
    assert found.months["rows"].tolist() == [33, 6, 0, 10, 10, 1, 1, 1, 3, 2]
    assert found.months["supplied"].tolist() == [True, True, False, True, True] + [True] * 5


def test_columns_and_values_that_the_contract_does_not_know_are_refused_together():
    wrong = Outcome("x", "x", "police_uk_street", "secondary", {"colour": "red", "crime_type": "Vandalism"})
    with pytest.raises(StudyError) as refusal:
        with_outcomes(tiny(), wrong).run()
    assert [b.split(" ")[0] for b in refusal.value.breaches] == ["outcomes.x.where:", "outcomes.x.where.crime_type:"]
    assert "no column colour" in str(refusal.value)


def test_a_filter_is_a_value_and_never_a_command():
    odd = Outcome("x", "x", "police_uk_street", "secondary", {"lsoa_code": "' OR 1=1 --"})
    assert with_outcomes(tiny(), odd).run().panel.outcomes["x"].sum() == 0


@pytest.mark.parametrize("code", ["E01999999", "E01000009"])
def test_treated_areas_that_the_data_do_not_have_are_refused(code):
    with pytest.raises(DesignError, match="1 treated areas of intervention_register are not in the data"):
        tiny(register=[*REGISTER, (code, "2023-02")]).run()


def test_the_order_of_rows_does_not_matter():
    first, second = tiny().run(), tiny(street=rows().sample(frac=1, random_state=3)).run()
    assert first.panel.outcomes["asb"].tolist() == second.panel.outcomes["asb"].tolist()
    assert first.placed.equals(second.placed)


def test_assembling_twice_in_one_connection_gives_the_same():
    place = tiny()
    assert place.run().areas.equals(place.run().areas)


def test_a_register_that_names_a_2011_code_is_followed_to_its_place():
    # E01000002 is the old code of the place that was split
    found = tiny(register=[("E01000002", "2023-02"), ("E01000006", "2023-04")]).run()
    assert found.panel.cohort[4] == month_number("2023-02")


def test_an_empty_register_leaves_nobody_treated():
    place = tiny()
    place.con.execute("DELETE FROM intervention_register")
    assert not place.run().panel.treated.any()


def test_an_area_across_the_border_of_a_district_is_kept_whole():
    # E01000022 now lies in the other district: its half still counts, because the old code cannot be shared out
    place = tiny(cluster="ward")
    place.con.execute("""UPDATE ward_lookup SET ltla24_name = 'Beyond', ltla24_code = 'E06000002', ward24_code = 'x'
        WHERE lsoa21_code = 'E01000022'""")
    found = place.run()
    assert found.panel.units.tolist() == AREAS
    assert found.panel.outcomes["asb"].tolist() == ASB_COUNTS
    assert found.panel.cohort[4] == month_number("2023-02")
    assert found.panel.district[4] == "Vale"


def test_an_area_across_the_border_of_a_district_has_both_its_members_and_its_treated_ward():
    place = tiny(cluster="ward")
    place.con.execute("""UPDATE ward_lookup SET ltla24_name = 'Beyond', ltla24_code = 'E06000002', ward24_code = 'x'
        WHERE lsoa21_code = 'E01000022'""")
    found = place.run()
    assert found.areas["members"].tolist() == [1, 1, 1, 1, 2, 1]
    assert found.panel.cluster[4].startswith("South")
