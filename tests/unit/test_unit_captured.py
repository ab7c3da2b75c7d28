"""Records of several lists joined into people, and what of that may be published."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from curv_eval.captured import Captured, captured
from curv_eval.disclosure.rules import rules
from curv_eval.errors import DesignError
from curv_eval.hidden import multiple_systems
from curv_eval.report.hidden_parts import coarse, hidden_part, tables_of
from curv_eval.stats.captures import tabulate
from curv_eval.study import HiddenNeed, Pairs, SeenBy

RULE = rules()["nhs_1_7_round_5"]


class Column:
    def __init__(self, name, kind):
        self.name, self.type = name, kind


class Contract:
    def __init__(self, kind="date"):
        self.columns = [Column("day", kind)]


CONTRACTS = {"police": Contract(), "ae": Contract(), "vcse": Contract()}


def asked(*lists, links, **more):
    known = {
        "P": SeenBy(name="P", contract="police", person="who", on="day", **more),
        "A": SeenBy(name="A", contract="ae", person="who", on="day"),
        "V": SeenBy(name="V", contract="vcse", person="who", on="day", positive="told"),
    }
    pairs = tuple(Pairs(left=one, right=other, contract=f"{one}{other}".lower()) for one, other in links)
    return HiddenNeed(who="people", first="2024-01", last="2024-12", lists=tuple(known[x] for x in lists), links=pairs)


@pytest.fixture
def con():
    con = duckdb.connect()
    tables = {
        "police": [("p1", "2024-01-01", "hurt", 0), ("p1", "2024-05-01", "hurt", 0), ("p2", "2024-12-31", "hurt", 0),
                   ("p3", "2023-12-31", "hurt", 0), ("p4", "2024-02-01", "theft", 0), (None, "2024-02-01", "hurt", 0)],
        "ae": [("a1", "2024-03-01", "", 0), ("a2", "2024-03-02", "", 0), ("a3", "2025-01-01", "", 0)],
        "vcse": [("v1", "2024-06-01", "", 2), ("v2", "2024-06-01", "", 0), ("v3", "2024-06-01", "", 1)],
    }  # fmt: skip
    for name, rows in tables.items():
        frame = pd.DataFrame(rows, columns=["who", "day", "kind", "told"])
        con.execute(f"CREATE TABLE {name} AS SELECT who, CAST(day AS DATE) AS day, kind, told FROM frame")
    pairs = {
        "pa": [("p1", "a1", 1.0), ("p3", "a2", 0.9)],
        "va": [("v1", "a1", 0.8), ("v3", "a3", 1.0)],
        "vp": [("v3", "p2", 1.0), ("v2", "p4", 1.0)],
    }
    for name, rows in pairs.items():
        frame = pd.DataFrame(rows, columns=["left_id", "right_id", "probability"])  # noqa: F841 - read by name
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
    return con


ALL = (("P", "A"), ("V", "A"), ("V", "P"))


def histories(found):
    return sorted(map(tuple, found.histories.tolist()))


def test_people_are_records_joined_by_pairs_directly_or_through_a_third(con):
    found = captured(con, asked("P", "A", "V", links=ALL), CONTRACTS)
    # p1-a1-v1; p2-v3; p4; a2 alone, since p3 was seen before the first month
    assert histories(found) == [(0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1)]
    assert found.several == 0


def test_two_lists(con):
    assert histories(captured(con, asked("P", "A", links=ALL[:1]), CONTRACTS)) == [(0, 1), (1, 0), (1, 0), (1, 1)]


def test_rows_are_chosen_by_value_month_and_more_than_0(con):
    found = captured(con, asked("P", "A", links=ALL[:1], where={"kind": "hurt"}), CONTRACTS)
    assert histories(found) == [(0, 1), (1, 0), (1, 1)]


def test_without_pairs_nobody_is_the_same_person(con):
    con.execute("DELETE FROM pa")
    found = captured(con, asked("P", "A", links=ALL[:1]), CONTRACTS)
    assert len(found.histories) == 5
    assert np.isnan(found.wrong)


def test_two_records_of_one_list_joined_elsewhere_are_one_person_and_counted(con):
    con.execute("INSERT INTO pa VALUES ('p2', 'a1', 0.7)")
    found = captured(con, asked("P", "A", links=ALL[:1]), CONTRACTS)
    assert histories(found) == [(0, 1), (1, 0), (1, 1)]
    assert found.several == 1


def test_the_expected_share_of_wrong_pairs_is_that_of_all(con):
    found = captured(con, asked("P", "A", "V", links=ALL), CONTRACTS)
    assert found.wrong == pytest.approx(100 * (0 + 0.1 + 0.2 + 0 + 0 + 0) / 6)


def test_the_order_of_rows_and_pairs_does_not_matter(con):
    before = captured(con, asked("P", "A", "V", links=ALL), CONTRACTS)
    for name in ("police", "ae", "vcse", "pa", "va", "vp"):
        con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name} ORDER BY 1 DESC")
    assert histories(captured(con, asked("P", "A", "V", links=ALL[::-1]), CONTRACTS)) == histories(before)


def test_a_list_that_saw_nobody_is_refused(con):
    con.execute("DELETE FROM ae")
    with pytest.raises(DesignError, match="a list saw nobody from 2024-01 to 2024-12"):
        captured(con, asked("P", "A", links=ALL[:1]), CONTRACTS)


def test_a_month_is_not_a_date(con):
    with pytest.raises(DesignError, match="people cannot be placed in time"):
        captured(con, asked("P", "A", links=ALL[:1]), {**CONTRACTS, "ae": Contract("string")})


def test_nothing_of_anybody_is_shown(con):
    assert repr(captured(con, asked("P", "A", links=ALL[:1]), CONTRACTS)) == "<Captured: 2 lists>"


def people(counts, lists):
    """Return Captured with these counts by combination of lists, in tabulate's order."""
    every = tabulate(np.ones((1, lists), dtype=int)).histories
    return Captured(np.repeat(every, counts, axis=0), 0, 1.0)


NAMES = ("police", "A&E", "charities")


def tables(counts, names=NAMES, *, missed=None):
    found = tables_of(people(counts, len(names)), names, RULE, who="people hurt", missed=missed or {})
    return {one.name: one for one in found}


FULL = [40, 300, 60, 2000, 50, 900, 400]


def test_where_nothing_is_small_every_list_is_used():
    found = tables(FULL)
    assert list(found["hidden_lists"].table) == [*NAMES, "people"]
    assert found["hidden_lists"].suppressed == 0
    row = found["hidden_total"].table.iloc[0]
    exact = multiple_systems(people(FULL, 3).histories, lists=NAMES)
    assert row["low"] <= exact.low < exact.high <= row["high"]
    assert row["low"] >= 0.9 * exact.low and row["high"] <= 1.1 * exact.high


@pytest.mark.parametrize("cell", [0, 2, 4])
def test_a_list_with_a_small_overlap_is_left_out_and_counted_nowhere(cell):
    counts = list(FULL)
    counts[cell] = 3
    found = tables(counts)
    kept = found["hidden_lists"]
    assert kept.suppressed == 0
    assert len(kept.table) == 3
    assert set(found) == {"hidden_lists", "hidden_total", "hidden_links"}


@pytest.mark.parametrize("small", range(1, 8))
def test_what_is_published_is_the_same_whatever_a_small_count_is(small):
    """The attack: with the list left out, nothing that is published depends on the count that would be withheld,
    but by what it adds to counts that are far larger and rounded."""
    one = [small, 300 - small, 33, 2000, 33, 900, 400]
    other = [8 - small, 292 + small, 33, 2000, 33, 900, 400]
    first, second = tables(one), tables(other)
    assert sum(one[:2]) == sum(other[:2])
    for name in first:
        pd.testing.assert_frame_equal(first[name].table, second[name].table)


def test_totals_are_worked_out_from_released_counts_alone():
    exact, rounded = [11, 303, 61, 2002, 52, 899, 401], [10, 305, 60, 2000, 50, 900, 400]
    one, other = tables(exact), tables(rounded)
    for name in ("hidden_total", "hidden_links"):
        pd.testing.assert_frame_equal(
            one[name].table.drop(columns="seen", errors="ignore"),
            other[name].table.drop(columns="seen", errors="ignore"),
        )


TWO = [3000, 9000, 5000]  # on both; only by the police; only in A&E


def both(first, second):
    return frozenset((first, second))


def test_links_that_the_linker_missed_lower_the_range_and_never_narrow_it():
    plain = tables(TWO, NAMES[:2])["hidden_total"].table.iloc[0]
    row = tables(TWO, NAMES[:2], missed={both("police", "A&E"): 0.1})["hidden_total"].table.iloc[0]
    # by hand: 12,000 x 8,000 / (3,000 x 0.99 / 0.9) = 29,091; as they are 32,000
    assert row["low"] == 28_000 < plain["low"]
    assert row["high"] == plain["high"] >= 32_000
    assert row["missed"] == 10.0
    assert np.isnan(plain["missed"])


def test_links_of_a_list_that_is_left_out_do_not_count():
    counts = list(FULL)
    counts[0] = counts[4] = 3
    shares = {both("charities", "A&E"): 0.4, both("charities", "police"): 0.5, both("police", "A&E"): 0.1}
    found = tables(counts, missed=shares)
    assert "charities" not in found["hidden_lists"].table
    assert found["hidden_total"].table.iloc[0]["missed"] == 10.0


def test_errors_that_the_counts_rule_out_change_nothing():
    counts = [5000, 100, 100]  # nearly everybody is on both: a third more cannot be
    one, other = (tables(counts, NAMES[:2], missed=m)["hidden_total"].table for m in ({both(*NAMES[:2]): 0.3}, {}))
    pd.testing.assert_frame_equal(one.drop(columns="missed"), other.drop(columns="missed"))


def test_two_lists_that_share_too_few_say_only_how_many_each_saw():
    found = tables([3, 200, 150], NAMES[:2])
    assert set(found) == {"hidden_lists"}
    assert found["hidden_lists"].table.to_dict("records") == [
        {"list": "police", "people": 205.0}, {"list": "A&E", "people": 155.0},
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), [(21_501.8, 22_000), (1_234_567, 1_200_000), (87, 90), (4, 0)])
def test_numbers_of_people_are_coarse(value, shown):
    assert coarse(value, RULE) == shown


def test_ends_are_rounded_outwards_and_infinity_stays():
    assert coarse(21_999, RULE, np.floor) == 21_000
    assert coarse(21_001, RULE, np.ceil) == 22_000
    assert coarse(float("inf"), RULE) == float("inf")


class Study:
    def __init__(self, hidden):
        self.hidden = hidden


def said(counts, names=NAMES, **more):
    lists = [SeenBy(name=name, contract="police", person="who", on="day") for name in names]
    links = (Pairs(left=names[0], right=names[1], contract="pa"),)
    need = HiddenNeed(who="people hurt", first="2024-01", last="2024-12", lists=tuple(lists), links=links)
    return hidden_part(Study(need), tables(counts, names, **more))


def test_the_section_gives_the_range_first():
    text = said(FULL)
    assert "## How many are seen by nobody?" in text
    assert "there may be between about" in text
    assert "| Seen by police | Seen by A\\&E | Seen by charities | People |" in text
    assert "in error: the linkers expect about 1 of 100 links to be wrong." in text
    assert "that links are no worse than that" in text
    both_said = said(FULL, missed={both("police", "A&E"): 0.046})
    assert "the linkers expect about 4.6 of 100 links to be missing and about 1 of 100 links to be wrong." in both_said


def test_the_section_names_the_list_that_is_left_out():
    counts = list(FULL)
    counts[4], counts[0] = 2, 1
    assert "Left out below: charities. Too few people stand there and on another list as well" in said(counts)


def test_the_section_says_that_nothing_can_be_said():
    text = said([3, 200, 150], NAMES[:2])
    assert "How many there may be in all cannot be published" in text
    assert "between about" not in text


def test_a_study_that_does_not_ask_has_no_section():
    assert hidden_part(Study(None), {}) == ""


BAD = [
    ({"lists": ()}, "2 items"),
    ({"first": "2025-01"}, "a last month that is not before the first"),
    ({"links": (Pairs(left="P", right="P", contract="pa"),)}, "links between two of the lists"),
    ({"links": (Pairs(left="P", right="X", contract="pa"),)}, "links between two of the lists"),
    (
        {"links": (Pairs(left="P", right="A", contract="pa"), Pairs(left="A", right="P", contract="pb"))},
        "each pair once",
    ),
    ({"lists": (asked("P", "A", links=ALL[:1]).lists[0],) * 2}, "lists with names of their own"),
]


@pytest.mark.parametrize(("change", "said"), BAD)
def test_a_need_that_cannot_be_meant_is_refused(change, said):
    base = asked("P", "A", links=ALL[:1])
    held = {name: getattr(base, name) for name in ("who", "first", "last", "lists", "links")}
    with pytest.raises(ValueError, match=said):
        HiddenNeed(**{**held, **change})
