"""The tables and texts of the three notebooks, worked out by hand on the place in tiny_study."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny_study import demo, tiny

from curv_eval.checks import Check, Verdict
from curv_eval.contract import load_contract
from curv_eval.data import Data
from curv_eval.disclosure import Role, Status, release
from curv_eval.disclosure.rules import strictest
from curv_eval.errors import DesignError, DisclosureError
from curv_eval.methods import fit
from curv_eval.report import bundle, data_tables, effect_parts, effect_tables, steps
from curv_eval.report.data_parts import write_data
from curv_eval.sources import Dataset
from curv_eval.study import BeforeAfter, Claim, Delivery, Design, Span
from panels import known

OPEN, STRICT = strictest(["open"]), strictest(["nhs_1_7_round_5"])


@pytest.fixture
def place():
    """The tiny study with a before-and-after claim and a delivery table, its data and what they assemble to."""
    made = tiny(cluster="ward")
    con = made.con
    # 22 people referred, 5 of them twice; 17 accepted; 12 came, to 30 sessions of 50 minutes, one more came for none
    con.execute("""CREATE TABLE vcse_referrals AS SELECT 'p' || (i % 22) AS person_id, (i % 22) < 17 AS accepted
        FROM range(27) t(i)""")
    con.execute("""CREATE TABLE vcse_sessions AS SELECT 'p' || (i % 12) AS person_id, 50 AS minutes_attended
        FROM range(30) t(i) UNION ALL SELECT 'p20', 0""")
    names = ["police_uk_street", "intervention_register", "vcse_referrals", "vcse_sessions"]
    spans = BeforeAfter(Span("2023-01", "2023-02"), Span("2023-04", "2023-05"))
    brief = replace(made.study.brief, before_after=spans)
    study = replace(made.study, delivery=Delivery("vcse_referrals", "vcse_sessions"), brief=brief)
    datasets = {name: Dataset(load_contract(name), 1000 + i, (), True) for i, name in enumerate(names)}
    return study, Data(con, datasets, None, True), made.run()


@pytest.fixture
def tables(place):
    study, data, assembled = place
    return data_tables.describe(study, data, assembled=assembled)


def records(released):
    return released.table.to_dict("records")


def test_the_data_notebook_releases_these_tables(tables):
    assert list(tables) == ["sources", "placed", "cohorts", "areas", "coverage", "before_after", "delivery"]


def test_placed_rows_carry_the_outcomes_label(tables):
    assert records(tables["placed"]) == [{
        "outcome": "anti-social behaviour", "placed": 34, "no_area_code": 8, "code_not_in_lookup": 2,
        "outside_the_districts": 3,
    }]  # fmt: skip


def test_cohorts_count_wards_areas_and_small_areas(tables):
    # from February: E01000005 and E01000012, which is made of two, both with South; April: West; never: North, East
    assert records(tables["cohorts"]) == [
        {"start": "2023-02", "wards": 1, "areas": 2, "small_areas": 3},
        {"start": "2023-04", "wards": 1, "areas": 1, "small_areas": 1},
        {"start": "none", "wards": 2, "areas": 3, "small_areas": 3},
    ]


def test_before_and_after_by_hand(tables, place):
    # treated: 6 + 7 before, 7 + 5 after; others: 3 + 1 + 3 before, 2 after
    words = place[0].words
    assert records(tables["before_after"]) == [
        {"where": words.treated, "before": 13, "after": 12}, {"where": words.comparison, "before": 7, "after": 2},
    ]  # fmt: skip


def test_who_was_reached_counts_people_and_rounds_as_the_agreement_asks(tables):
    # 22 people -> 20, 17 accepted -> 15, 12 came -> 10, 30 sessions, 30 x 50 minutes = 25 hours; all rounded to 5
    delivery = tables["delivery"]
    assert delivery.table["number"].tolist() == [20, 15, 10, 30, 25]
    assert delivery.rule.round_to == 5


def test_the_map_has_one_shape_per_united_area(tables):
    areas = tables["areas"].table.set_index("area")
    assert len(areas) == 6
    shapes = {area: json.loads(text) for area, text in areas["geometry"].items()}
    assert {area: len(shape["coordinates"]) for area, shape in shapes.items()} == {
        **dict.fromkeys(shapes, 1), "E01000012": 2
    }  # fmt: skip
    assert areas.loc["E01000012", "group"] == "February 2023"
    assert areas.loc["E01000001", "group"] == "Other wards"


def test_every_source_names_its_owner_and_basis(tables):
    sources = tables["sources"].table
    assert (sources["owner"].str.len() > 5).all()
    assert (sources["basis"].str.len() > 5).all()


def test_the_strictest_contract_decides(place):
    study, data, _ = place
    order = {n: data_tables.rule_for(study, data, n).order for n in data.datasets}
    assert data_tables.rule_for(study, data, *data.datasets).order == max(order.values()) > order["police_uk_street"]
    with pytest.raises(DisclosureError):
        data_tables.rule_for(study, data)


@pytest.fixture
def written(place, tables, tmp_path):
    study, data, assembled = place
    write_data(study, data, assembled=assembled, tables=tables, folder=tmp_path)
    return tmp_path / "release"


def part(release_folder, name):
    return (release_folder / "parts" / f"_{name}.md").read_text("utf-8")


def values(release_folder):
    return json.loads((release_folder / "results.json").read_text("utf-8"))["values"]


def test_a_missing_month_is_named_and_said_not_to_be_zero(written):
    said = values(written)["months"]
    assert said.startswith("4 months were supplied; March 2023 was not")
    assert said.endswith("left out, not counted as 0.")


def test_made_up_data_say_so(written):
    assert values(written)["made_up"] == "true"
    assert json.loads((written / "results.json").read_text("utf-8"))["made_up"] is True


def test_before_and_after_describes_and_claims_nothing(written):
    # 13 -> 12 is a fall of 8%, 7 -> 2 one of 71%
    said = part(written, "before_after")
    assert "in mentoring wards a fall of 8% and in other wards a fall of 71%" in said
    assert "because" not in said
    assert "| Mentoring wards | 13 | 12 |" in said


def test_the_data_part_shows_every_column_of_the_account(written):
    assert "| anti-social behaviour | 34 | 8 | 2 | 3 |" in part(written, "data")


def test_delivery_and_map_are_there(written):
    assert "| People referred | 20 |" in part(written, "delivery")
    assert "| February 2023 | 1 | 2 |" in part(written, "map")
    assert (written / "figures" / "area_map.svg").stat().st_size > 1000


def test_without_claim_and_delivery_their_parts_are_empty(tmp_path):
    made = tiny()
    data = Data(made.con, {n: Dataset(load_contract(n), 1, (), False) for n in ("police_uk_street",)}, None, False)
    assembled = made.run()
    tables = data_tables.describe(made.study, data, assembled=assembled)
    assert list(tables) == ["sources", "placed", "cohorts", "areas", "coverage"]
    write_data(made.study, data, assembled=assembled, tables=tables, folder=tmp_path)
    assert part(tmp_path / "release", "before_after") == part(tmp_path / "release", "delivery") == "\n"
    assert values(tmp_path / "release")["made_up"] == "false"


# ---- power and effect

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)


def study_of(**changes):
    outcomes = (replace(demo().primary, name="y", label="assaults"),)
    return replace(demo(), design=DESIGN, outcomes=outcomes, **changes)


def power(**changes):
    row = {"smallest": 0.123, "covered": 0.95, "draws": 200, "clusters": 7, "wanted": 7, "n_units": 60, "events": 900}
    roles = dict.fromkeys(["smallest", "covered"], Role.VALUE) | dict.fromkeys(
        ["draws", "clusters", "wanted"], Role.KEY
    )
    roles |= {"n_units": Role.UNITS, "events": Role.EVENTS}
    return release(pd.DataFrame([{**row, **changes}]), name="power", title="P", rule=STRICT, roles=roles)


POWER = [
    ({}, ["smaller than 12%", "200 times", "in 95% of those draws"], ["too narrow", "starts, as many", "withheld"]),
    ({"covered": 0.92}, ["in 92% of those draws", "somewhat too narrow"], []),
    ({"wanted": 15}, ["with 7 of the 15 starts, as many as fit"], []),
    ({"n_units": 2}, ["withheld"], ["12%", "95%"]),
]


@pytest.mark.parametrize(("changes", "said", "unsaid"), POWER)
def test_what_could_have_been_seen_in_words(changes, said, unsaid, tmp_path):
    effect_parts.write_power(study_of(), power(**changes), folder=tmp_path)
    text = values(tmp_path / "release")["power"]
    assert all(words in text for words in said)
    assert not any(words in text for words in unsaid)


@pytest.fixture(scope="module")
def estimate():
    return fit(known(), outcome="y", design=DESIGN)


def test_results_are_released_with_their_counts_inside(estimate):
    outcome = study_of().primary
    released = effect_tables.results(outcome, estimate, OPEN)
    assert released.table["term"].tolist() == ["average", "total", "relative"]
    assert list(released.table) == ["term", "estimate", "std_error", "conf_low", "conf_high"]
    effect = effect_parts.effect_of(outcome, released, study_of())
    assert (effect.label, effect.primary, effect.smallest) == ("assaults", True, 0.1)
    assert effect.relative == released.table["estimate"].iloc[2]
    assert effect.total_low == released.table["conf_low"].iloc[1]


def checks():
    def one(name, verdict):
        table = pd.DataFrame(
            {"term": ["x"], "estimate": 0.1, "conf_low": 0.0, "conf_high": 0.2, "n_units": 9, "events": 99}
        )
        return Check(name, "Is it fair?", verdict, "It is 10%.", table)

    listed = [one("a", Verdict.HOLDS), one("b", Verdict.FAILS), one("c", Verdict.INFORMS)]
    return [(c, r) for c, r in zip(listed, effect_tables.check_tables(listed, OPEN).values(), strict=True)]


CLAIM = Claim("It fell by 21%.", -0.21, "Somebody", "2024", "before and after", "https://example.org/claim")


def write(estimate, tmp_path, *, rule=OPEN, study=None, checked=None):
    study = study or study_of()
    results = {"y": effect_tables.results(study.primary, estimate, rule)}
    effect_parts.write_effect(study, results, checks=checked or checks(), estimate=estimate, folder=tmp_path)
    return tmp_path / "release"


def test_the_headline_follows_the_rule_of_words(estimate, tmp_path):
    written = write(estimate, tmp_path)
    assert part(written, "headline").startswith("Assaults fell by about ")
    assert values(written)["found"] == "change"
    assert "fewer assaults were recorded than we would have expected" in part(written, "means")


def test_the_glance_counts_what_was_judged(estimate, tmp_path):
    # one check holds, one fails, one only informs: 1 of 2
    assert "**1 of 2** Checks passed" in part(write(estimate, tmp_path), "glance")


def test_the_table_of_results_says_direction_in_words(estimate, tmp_path):
    row = [line for line in part(write(estimate, tmp_path), "results").splitlines() if line.startswith("| assaults")]
    assert len(row) == 1
    assert "| Main | a fall of " in row[0]
    assert row[0].endswith(" fewer |")


def withheld_rule():
    return replace(OPEN, name="none", events_below=10**9)


def test_a_withheld_result_leaves_no_number_anywhere(estimate, tmp_path):
    written = write(estimate, tmp_path, rule=withheld_rule(), study=study_of(brief=replace(demo().brief, claim=CLAIM)))
    held = values(written)
    assert [held[k] for k in ("relative", "relative_low", "relative_high", "total")] == ["withheld"] * 4
    assert held["found"] == "withheld"
    assert part(written, "headline").startswith("The result for assaults is withheld")
    assert "| assaults | Main | withheld | withheld to withheld | withheld |" in part(written, "results")
    assert "Our own figure is withheld." in part(written, "claim")
    assert not any(c.isdigit() for c in part(written, "glance").replace("95% interval", "").replace("1 of 2", ""))
    table = (written / "tables" / "results_y.csv").read_text("utf-8").splitlines()[1:]
    assert table == [f"{term},withheld,withheld,withheld,withheld" for term in ("average", "total", "relative")]


@pytest.mark.parametrize(
    ("change", "said"), [(-0.21, "inside"), (0.5, "outside the range"), (-0.9, "outside the range")]
)
def test_a_claim_is_set_beside_our_range(change, said, estimate, tmp_path):
    effect = effect_parts.effect_of(
        study_of().primary, effect_tables.results(study_of().primary, estimate, OPEN), study_of()
    )
    change = (effect.low + effect.high) / 2 if said == "inside" else change
    study = study_of(brief=replace(demo().brief, claim=replace(CLAIM, change=change)))
    text = part(write(estimate, tmp_path, study=study), "claim")
    assert f"That figure lies {said}" in text
    assert "The two answer different questions" in text


def test_without_a_claim_the_part_is_empty(estimate, tmp_path):
    assert part(write(estimate, tmp_path), "claim") == "\n"


def test_a_check_whose_numbers_are_withheld_says_nothing_else():
    listed = [c for c, _ in checks()][:1]
    released = effect_tables.check_tables(listed, STRICT)["a"]
    assert effect_parts.said(listed[0], released) == "It is 10%."
    released = effect_tables.check_tables(listed, withheld_rule())["a"]
    assert effect_parts.said(listed[0], released) == "Withheld: it rests on too few incidents or areas."


def test_the_method_names_trends_errors_and_clusters(estimate, tmp_path):
    text = part(write(estimate, tmp_path), "method")
    assert "changed by the same percentage in both kinds of area" in text
    assert "clusters: 30 wards, 15 of them treated" in text
    assert "served for comparison until their own start" in text
    additive = fit(known(), outcome="y", design=replace(DESIGN, comparison="never_treated", options={}))
    study = study_of()
    study = replace(study, design=replace(study.design, comparison="never_treated", options={}))
    text = part(write(additive, tmp_path, study=study), "method")
    assert "changed by the same number in both kinds of area" in text
    assert "until their own start" not in text


def test_every_outcome_is_estimated_and_every_check_run_in_order():
    study = study_of(checks=("placebo_period", "base_period"))
    panel = known()
    estimates = steps.estimate_all(study, panel)
    assert list(estimates) == ["y"]
    found = steps.run_checks(study, panel, estimates=estimates)
    assert [c.name for c in found] == ["placebo_period", "base_period"]
    released = steps.release_checks(study, found)
    assert [(c.name, r.name) for c, r in released] == [
        ("placebo_period", "check_placebo_period"),
        ("base_period", "check_base_period"),
    ]


def test_pre_trends_with_nothing_to_test_is_refused_in_words():
    with pytest.raises(DesignError):
        steps.run_checks(
            study_of(checks=("pre_trends",)),
            known(starts=(1,)),
            estimates={"y": fit(known(starts=(1,)), outcome="y", design=DESIGN)},
        )


def test_what_does_not_exist_is_not_called_withheld(tmp_path):
    study = study_of()
    study = replace(study, design=replace(study.design, options={"base": "varying"}))
    released = effect_tables.observed_expected(study, known(), OPEN)
    assert released.suppressed == 0
    bundle.add_table(tmp_path, released)
    assert "withheld" not in (tmp_path / "release" / "tables" / "observed_expected.csv").read_text("utf-8")


def few_compared(panel, few, *, at=None):
    """The same panel with so many events in its comparison areas in each period, or only in the period `at`."""
    counts = panel.outcomes["y"].copy()
    spared, periods = np.isnan(panel.cohort), slice(None) if at is None else at
    counts[spared, periods] = 0
    counts[np.flatnonzero(spared)[:few], periods] = 1
    return replace(panel, outcomes={"y": counts})


def test_what_is_expected_is_withheld_where_few_events_stand_behind_it_in_comparison_areas():
    """Treated areas have many; what is expected of them would give the few elsewhere back."""
    study = replace(study_of(), design=replace(DESIGN, comparison="never_treated"))
    panel = known()
    last = len(panel.periods) - 1
    plain = effect_tables.observed_expected(study, panel, STRICT)
    held = effect_tables.observed_expected(study, few_compared(panel, 3, at=last), STRICT)
    assert held.table["expected"].isna().to_numpy()[-1]
    assert not plain.table["expected"].isna().to_numpy()[-1]
    assert held.statuses["expected"].tolist()[-1] is Status.WITHHELD
    assert held.suppressed > plain.suppressed


def test_the_event_study_looks_at_comparison_areas_too():
    study = replace(study_of(), design=replace(DESIGN, comparison="never_treated"))
    panel = known()
    held = effect_tables.event_study(study, few_compared(panel, 3, at=len(panel.periods) - 1), STRICT)
    plain = effect_tables.event_study(study, panel, STRICT)
    assert held.table["estimate"].isna().sum() > plain.table["estimate"].isna().sum()
    assert "compared" not in held.table
    assert "behind: compared" in held.evidence.records


def test_events_before_the_start_count_where_areas_yet_to_begin_are_compared():
    study, panel = study_of(), known()
    never = replace(study, design=replace(study.design, comparison="never_treated"))
    yet = effect_tables._compared(replace(study, design=replace(study.design, comparison="not_yet_treated")), panel)
    alone = effect_tables._compared(never, panel)
    first, last = int(panel.periods[0]), int(panel.periods[-1])
    assert yet[first] == int(panel.outcomes["y"][:, 0].sum()) > alone[first]
    assert yet[last] == alone[last] == int(panel.outcomes["y"][np.isnan(panel.cohort), -1].sum())


def test_the_level_that_was_registered_is_the_level_that_is_said(tmp_path):
    study = study_of()
    study = replace(study, design=replace(study.design, alpha=0.1))
    written = write(fit(known(), outcome="y", design=study.design), tmp_path, study=study)
    effect_parts.write_power(study, power(), folder=tmp_path)
    said = part(written, "glance") + part(written, "results") + values(written)["power"].split("in 95%")[0]
    assert "95%" not in said
    assert "90%" in said


def test_the_words_of_the_study_are_text_in_the_headline_too(estimate, tmp_path):
    study = study_of()
    study = replace(study, outcomes=(replace(study.primary, label="thefts [*all*]"),))
    written = write(estimate, tmp_path, study=study)
    assert r"thefts \[\*all\*\]" in part(written, "results")
    assert r"hefts \[\*all\*\]" in part(written, "headline")


def test_an_expectation_below_zero_is_refused_and_not_called_withheld():
    # comparison areas fall from 40 to 1 while treated ones stay at 4: equal changes would leave -35 there
    panel = known()
    later = np.arange(24) >= 12
    y = np.where(panel.treated[:, None], 4.0, np.where(later, 1.0, 40.0)) + panel.outcomes["y"] % 2
    study = study_of()
    study = replace(study, design=replace(study.design, options={}))
    estimate = fit(replace(panel, outcomes={"y": y}), outcome="y", design=study.design)
    with pytest.raises(DesignError, match="is 0 or below"):
        effect_tables.results(study.primary, estimate, OPEN)


def test_intervals_that_hold_what_was_registered_are_not_called_too_narrow(tmp_path):
    study = study_of()
    study = replace(study, design=replace(study.design, alpha=0.2))
    effect_parts.write_power(study, power(covered=0.81), folder=tmp_path)
    assert "too narrow" not in values(tmp_path / "release")["power"]
