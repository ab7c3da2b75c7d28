"""People and their records in another dataset: who is followed, from when, and what counts."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.contract import Column
from curv_eval.errors import DesignError
from curv_eval.linked import linked_people
from curv_eval.study import Linkage


class Seen:
    """What linked_people asks of a contract."""

    def __init__(self, *columns):
        self.columns = columns


CONTRACTS = {
    "referred": Seen(Column("who", "who", "string"), Column("day", "day", "date")),
    "attended": Seen(Column("patient", "patient", "string"), Column("at", "at", "timestamp")),
}


def asked(months=12, groups=()):
    return Linkage(
        people="referred", person="who", since="day", compare="accepted", records="attended",
        record_person="patient", on="at", links="pairs", label="attended", who="people",
        where="records", treated="accepted", comparison="declined", months=months, groups=groups,
    )  # fmt: skip


def connection(referred, attended, pairs):
    con = duckdb.connect()
    con.execute("CREATE TABLE referred (who TEXT, day DATE, accepted BOOLEAN, sex TEXT)")
    con.execute('CREATE TABLE attended (patient TEXT, "at" TIMESTAMP)')
    con.execute("CREATE TABLE pairs (left_id TEXT, right_id TEXT, probability DOUBLE)")
    for table, rows in (("referred", referred), ("attended", attended), ("pairs", pairs)):
        for row in rows:
            con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", list(row))
    return con


LAST = ("nobody", "2025-12-31 23:00")
REFERRED = [
    ("a", "2024-01-10", True, "male"),
    ("b", "2024-01-10", False, "female"),
    ("c", "2024-01-10", True, None),
    ("d", "2025-06-01", True, "male"),
]
PAIRS = [("a", "p", 0.9), ("b", "q", 0.7)]


def outcomes(attended, months=12, referred=REFERRED, pairs=PAIRS):
    con = connection(referred, [*attended, LAST], pairs)
    found = linked_people(con, asked(months, ("sex",)), CONTRACTS)
    return found, found.people.to_dict("records")


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2024-01-09 23:59", False),
        ("2024-01-10 00:00", True),
        ("2024-12-31 12:00", True),
        ("2025-01-09 23:59", True),
        ("2025-01-10 00:00", False),
    ],
)
def test_a_record_counts_from_the_day_of_referral_for_as_long_as_people_are_followed(at, counts):
    _, people = outcomes([("p", at)])
    assert [one["outcome"] for one in people] == [counts, False, False]


def test_who_cannot_be_followed_long_enough_is_left_out_and_counted():
    found, people = outcomes([])
    assert (len(people), found.too_recent) == (3, 1)
    found, people = outcomes([], months=6)
    assert (len(people), found.too_recent) == (4, 0)


def test_the_last_day_of_the_records_is_a_day_of_following():
    referred = [("a", "2025-01-01", True, "male"), ("b", "2025-01-02", True, "male")]
    found, people = outcomes([], referred=referred)
    assert (len(people), found.too_recent) == (1, 1)


def test_a_person_counts_once_in_the_group_of_the_first_referral():
    referred = [("a", "2024-03-01", True, "male"), ("a", "2024-01-10", False, "female")]
    _, people = outcomes([("p", "2024-01-20 10:00"), ("p", "2024-04-20 10:00")], referred=referred)
    assert people == [{"compare": False, "sex": "female", "linked": True, "outcome": True}]


def test_linked_without_a_record_is_linked_without_an_outcome():
    _, people = outcomes([])
    assert [one["linked"] for one in people] == [True, True, False]
    assert not any(one["outcome"] for one in people)


def test_a_record_of_somebody_else_counts_for_nobody():
    _, people = outcomes([("stranger", "2024-02-01 10:00")])
    assert not any(one["outcome"] for one in people)


def test_two_pairs_of_one_person_count_once():
    pairs = [*PAIRS, ("a", "p2", 0.8)]
    _, people = outcomes([("p", "2024-02-01 10:00"), ("p2", "2024-03-01 10:00")], pairs=pairs)
    assert [one["outcome"] for one in people] == [True, False, False]


def test_what_is_not_known_is_a_group():
    _, people = outcomes([])
    assert [one["sex"] for one in people] == ["male", "female", "not known"]


def test_the_pairs_expected_wrong_come_from_their_probabilities():
    found, _ = outcomes([])
    assert found.wrong == pytest.approx(20)
    found, _ = outcomes([], pairs=[])
    assert found.wrong != found.wrong


def test_no_pseudonym_is_left():
    found, _ = outcomes([("p", "2024-02-01 10:00")])
    assert list(found.people.columns) == ["compare", "sex", "linked", "outcome"]
    assert repr(found) == "<Linked: 3 people followed for 12 months>"


def test_nobody_followed_is_refused():
    with pytest.raises(DesignError, match="nobody in referred could be followed for 60 months"):
        outcomes([], months=60)


def test_months_are_not_dates():
    vague = {**CONTRACTS, "attended": Seen(Column("at", "at", "string"))}
    con = connection(REFERRED, [LAST], PAIRS)
    with pytest.raises(DesignError, match=r"attended\.at: expected a date"):
        linked_people(con, asked(), vague)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 500)), max_size=12),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 900)), max_size=20),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6, unique=True),
)
@settings(max_examples=40, deadline=None)
def test_a_plain_count_finds_the_same(referrals, attendances, pairs):
    start, last = date(2023, 1, 1), date(2025, 12, 31)
    referred = [(f"l{who}", start + timedelta(day), True, "x") for who, day in [(0, 0), *referrals]]
    attended = [(f"r{who}", start + timedelta(day)) for who, day in attendances] + [("none", last)]
    con = connection(referred, attended, [(f"l{a}", f"r{b}", 0.5) for a, b in pairs])
    found = linked_people(con, asked(), CONTRACTS)
    since = {}
    for who, day, *_ in referred:
        since[who] = min(day, since.get(who, day))
    expected = 0
    for who, day in since.items():
        mine = {f"r{b}" for a, b in pairs if f"l{a}" == who}
        until = day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 2, 28)
        expected += any(other in mine and day <= at < until for other, at in attended)
    assert found.people["outcome"].sum() == expected
    assert len(found.people) == len(since)
