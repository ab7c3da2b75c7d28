"""What a brief says about linked records: through the gate, in plain words, and how far missed links could move it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import pytest

from curv_eval.contract import Column
from curv_eval.errors import ContractError, DesignError
from curv_eval.inputs import files
from curv_eval.report.linked_parts import linked_part
from curv_eval.report.linked_tables import ASSUMED, linked_tables
from curv_eval.study import Linkage


def asked():
    return Linkage(
        people="referred", person="who", since="day", compare="accepted", records="attended", record_person="patient",
        on="seen", links="pairs", who="young people", where="A&E records", label="attended A&E", treated="accepted",
        comparison="declined", months=6, groups=("sex",),
    )  # fmt: skip


def contract(rule, *columns):
    return SimpleNamespace(small_number_rule=rule, columns=columns)


def linking():
    return SimpleNamespace(exceptions=(), linkage=asked(), contracts={"pairs": SimpleNamespace(location="pairs.csv")})


def data(accepted=(300, 60), declined=(200, 60), rule="under_10", probability=1.0, folder=Path("nowhere")):
    """A connection in which so many of so many people have one record."""
    rows = [(True, i < accepted[1]) for i in range(accepted[0])] + [
        (False, i < declined[1]) for i in range(declined[0])
    ]
    people = pd.DataFrame(rows, columns=["accepted", "has"])
    people["who"] = [f"p{i:04d}" for i in range(len(people))]
    people["day"], people["sex"] = pd.Timestamp("2024-01-01"), np.where(people.index % 3 == 0, "female", "male")
    seen = people[people["has"]]
    con = duckdb.connect()
    con.register("frame", people)
    con.execute("CREATE TABLE referred AS SELECT who, day::DATE AS day, accepted, sex FROM frame")
    con.register("frame2", seen.assign(patient="x" + seen["who"]))
    con.execute("CREATE TABLE attended AS SELECT patient, DATE '2024-02-01' AS seen FROM frame2")
    con.execute("INSERT INTO attended VALUES ('nobody', DATE '2024-12-31')")
    con.execute(
        f"CREATE TABLE pairs AS SELECT who AS left_id, patient AS right_id, {probability} AS probability FROM frame2"
    )
    contracts = {
        "referred": contract(rule, Column("day", "day", "date")),
        "attended": contract(rule, Column("seen", "seen", "date")),
        "pairs": contract(rule),
    }
    return SimpleNamespace(con=con, contracts=contracts, folder=folder)


def tables(**changes):
    return {one.name: one for one in linked_tables(linking(), data(**changes))}


def part(**changes):
    study = linking()
    return linked_part(study, {one.name: one for one in linked_tables(study, data(**changes))})


def test_counts_are_those_of_people_rounded_by_the_rule():
    found = tables()["linked"].table.set_index("group")
    assert found.loc["accepted"].tolist() == [60, 240]
    assert found.loc["declined"].tolist() == [60, 140]
    assert tables(accepted=(303, 62))["linked"].table["with_record"].tolist() == [60, 60]


def test_the_first_row_is_the_difference_found():
    row = tables()["linked_sensitivity"].table.iloc[0]
    assert (row["missed_treated"], row["missed_comparison"]) == (0, 0)
    assert row["difference"] == pytest.approx(60 / 300 - 60 / 200, abs=0.011)
    assert row["low"] < row["difference"] < row["high"] < 0


def test_links_missed_equally_make_the_difference_larger_by_as_much():
    table = tables()["linked_sensitivity"].table.set_index(["missed_treated", "missed_comparison"])["difference"]
    assert table[0.1, 0.1] == pytest.approx((0.2 - 0.3) / 0.9, abs=0.02)
    assert table[0.2, 0.2] == pytest.approx((0.2 - 0.3) / 0.8, abs=0.02)


def test_links_missed_among_the_treated_alone_can_undo_a_fall():
    table = tables()["linked_sensitivity"].table.set_index(["missed_treated", "missed_comparison"])["difference"]
    assert table[0.3, 0.1] > table[0.0, 0.0].iloc[0] > table[0.1, 0.3]


def test_wrong_links_are_taken_off_in_every_row_but_the_first():
    sure, unsure = (tables(probability=p)["linked_sensitivity"].table for p in (1.0, 0.7))
    assert unsure["wrong"].tolist()[:3] == pytest.approx([0.0, 0.3, 0.9])
    assert sure["wrong"].eq(0).all()
    assert unsure["difference"].iloc[0] == sure["difference"].iloc[0]
    # fewer of both groups truly have a record, so the gap in points is smaller, and the more so the more are wrong
    assert unsure["difference"].iloc[2] > unsure["difference"].iloc[1] > sure["difference"].iloc[1]


def test_the_paragraph_says_how_many_links_are_wrong():
    assert "We expect about 30 in 100 of these links to be wrong." in part(probability=0.7)
    assert "The first row is what was found." in part()


def test_an_assumption_that_cannot_be_true_is_left_out():
    table = tables(accepted=(300, 285))["linked_sensitivity"].table
    assert len(table) < len(ASSUMED)
    assert table["difference"].notna().all()


@pytest.mark.parametrize("small", [{"accepted": (300, 7)}, {"declined": (200, 7)}])
def test_a_difference_that_rests_on_few_people_is_withheld(small):
    found = tables(**small)
    assert found["linked_sensitivity"].table["difference"].isna().all()
    assert found["linked"].hidden.to_numpy().any()
    assert "withheld" in part(**small)


def test_who_was_not_found_is_protected_as_well():
    found = tables(accepted=(300, 297), declined=(200, 198))
    rates = found["link_rates"]
    assert rates.table["not_linked"].isna().any()


def test_people_in_one_group_only_are_refused():
    with pytest.raises(DesignError, match="all in one group"):
        tables(declined=(0, 0))


def test_the_section_says_what_it_is_in_plain_words():
    said = part()
    assert said.startswith("## Linked records {#sec-linked}")
    assert "Nobody who did this study saw a name." in said
    assert "Of 500 young people, 120 (24%) were found in A\\&E records." in said
    assert "Within 6 months, 20% of those accepted and 30% of those declined attended A\\&E." in said
    assert "This is a description and not a test" in said


def test_every_table_of_the_section_has_a_label_and_a_caption():
    assert re.findall(r"\{#tbl-([a-z-]+)", part()) == ["link-rates", "linked", "linked-sensitivity"]


def test_no_pseudonym_is_in_the_section_or_the_tables():
    found = tables()
    text = part() + "".join(one.table.to_csv() for one in found.values())
    assert not re.search(r"p0\d{3}", text)


def test_a_study_that_links_nobody_has_no_section():
    assert linked_part(SimpleNamespace(linkage=None), {}) == ""


def test_who_came_too_recently_is_counted_and_said():
    given = data()
    given.con.execute("INSERT INTO referred SELECT 'late' || i, DATE '2024-11-01', true, 'male' FROM range(40) t(i)")
    study = linking()
    found = {one.name: one for one in linked_tables(study, given)}
    assert found["followed"].table["people"].tolist() == [500, 40]
    said = linked_part(study, found)
    assert "40 young people came too recently to be followed for 6 months; they are left out." in said
    assert "too recently" not in part()


def told(folder, **said):
    """A folder in which the linker's account lies beside the pairs."""
    (folder / "pairs.csv.about.json").write_text(json.dumps(said), "utf-8")
    return folder


def test_how_many_links_the_linker_expects_to_have_missed_is_said(tmp_path):
    told(tmp_path, expected_wrong=0.01, expected_missed_among_compared=0.096)
    text = part(folder=tmp_path, probability=0.99)
    assert "We expect about 1 in 100 of these links to be wrong." in text
    assert "we expect that about 10 in 100 were missed; people whose records are too different" in text
    assert tables(folder=tmp_path)["links_missed"].table["share"].tolist() == [0.095], "rounded as the counts behind it"


@pytest.mark.parametrize("said", [{}, {"expected_missed_among_compared": None}, None])
def test_where_the_linker_did_not_say_it_nothing_is_said(tmp_path, said):
    folder = tmp_path if said is None else told(tmp_path, **said)
    assert "were missed; people" not in part(folder=folder)
    assert "links_missed" not in tables(folder=folder)


def test_the_share_missed_is_withheld_with_the_few_who_were_found(tmp_path):
    told(tmp_path, expected_missed_among_compared=0.096)
    few = {"accepted": (300, 3), "declined": (200, 3), "folder": tmp_path}
    assert tables(**few)["links_missed"].suppressed == 1
    assert "were missed; people" not in part(**few)


@pytest.mark.parametrize("value", [1.2, -0.1, "0.1", True, [0.1]])
def test_an_account_that_states_no_share_is_refused(tmp_path, value):
    told(tmp_path, expected_missed_among_compared=value)
    with pytest.raises(ContractError, match=r"expected_missed_among_compared: got .*, expected a share from 0 to 1"):
        tables(folder=tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_broken_account_is_refused(tmp_path, text):
    (tmp_path / "pairs.csv.about.json").write_text(text, "utf-8")
    with pytest.raises(ContractError, match=r"pairs.csv.about.json is not the account of a linkage"):
        tables(folder=tmp_path)


def test_a_result_depends_on_the_account(tmp_path):
    (tmp_path / "pairs.csv").write_text("left_id,right_id,probability\n", "utf-8")
    before = dict(files(tmp_path / "pairs.csv"))
    told(tmp_path, expected_missed_among_compared=0.1)
    after = dict(files(tmp_path / "pairs.csv"))
    assert set(after) - set(before) == {"pairs.csv.about.json"}
    told(tmp_path, expected_missed_among_compared=0.2)
    assert dict(files(tmp_path / "pairs.csv")) != after
