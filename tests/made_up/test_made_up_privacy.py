"""Made-up rows look like nobody, and names stay on the partners' own lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_up_support import read

from curv_eval.made_up.names import BOYS, GIRLS, NICKNAMES, SURNAMES

WORDS = {
    *("true", "false", "consent", "female", "male", "not", "stated", "primary", "secondary"),
    *("tertiary", "police", "school", "social", "care", "self", "family", "VCSE", "other"),
    *("street", "mentoring", "made", "provider", "place", "method", "completed", "disengaged", "moved"),
    *("away", "referred", "group", "work", "activity", "person", "remote", "ZZZ"),
    *("bodily", "force", "sharp", "blunt", "object", "recorded", "dwelling", "licensed", "premises", "shop"),
    *("SDQ", "SWEMWBS", "baseline", "end", "worker", "incidents", "told"),
    *("NHS", "Pathways", "AMPDS", "assault", "stabbing", "gunshot", "autumn", "spring", "summer"),
    *("community", "order", "suspended", "sentence", "licence", "post", "supervision", "low", "medium", "high", "very"),
}
WITH_PEOPLE = (
    *("ae_assaults", "ae_attendances", "ambulance_incidents", "hospital_admissions", "people_links"),
    *("hospital_police_links", "vcse_police_links"),
    *("police_recorded_crime", "probation", "school_absence", "school_exclusions", "vcse_outcomes"),
    *("vcse_referrals", "vcse_sessions", "youth_justice"),
)
LOOKS_PERSONAL = {
    "postcode": r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b",
    "NHS number": r"\b\d{3} ?-?\d{3} ?-?\d{4}\b",
    "national insurance number": r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
    "telephone number": r"(?<![\w.])(?:\+44|0)\d{9,10}\b",
    "e-mail address": r"\S@\S",
    "person's title": r"\b(?:Mr|Mrs|Ms|Miss|Dr)\b",
    "date of birth": r"(?i)birth|\bdob\b",
    "person's name": r"(?i)\b(?:fore|sur|first|last|full|person|client|victim)[ _]?name",
}
# A list of postcodes is what a lookup of postcodes is.
EXPECTED = {"postcode": {"postcode_lookup.csv"}}
NAMES = {*BOYS, *GIRLS, *SURNAMES, *NICKNAMES.values()}


# Surnames that are words of the publisher's list of ethnicities.
ETHNICITIES_TOO = {"White", "Black"}


def is_name(cell: str) -> bool:
    plain = cell.strip()
    return plain in NAMES or (plain.isupper() and plain.title() in NAMES)


def is_number(value: str) -> bool:
    return len(value) in (32, 64) and set(value) <= set("0123456789abcdef")


def is_code(value: str) -> bool:
    return is_number(value) or bool(re.fullmatch(r"E0[15]\d{6}|[A-Z]\d{3,4}|\d{1,3}[A-Z]?|[A-Z]\d?", value))


def cells_of(path: Path) -> set[str]:
    """Each cell of a file once; crime and person numbers of hexadecimal digits cannot hold a person's details."""
    if path.suffix == ".xlsx":
        from openpyxl import load_workbook

        rows = load_workbook(path).active.iter_rows(values_only=True)
        found = {str(cell) for row in rows for cell in row if cell is not None}
    else:
        found = set(re.split(r"[,\n]", path.read_text(encoding="utf-8")))
    return {cell for cell in found if not is_number(cell)}


@pytest.fixture(scope="module")
def texts(folder) -> dict[str, str]:
    """What analysts receive: everything but the partners' own lists."""
    files = [path for path in folder.rglob("*") if path.is_file() and "partners" not in path.parts]
    return {path.name: "\n".join(sorted(cells_of(path))) for path in files}


@pytest.mark.parametrize("kind", LOOKS_PERSONAL)
def test_nothing_looks_like_a_person(texts, kind):
    found = {name: match.group() for name, text in texts.items() if (match := re.search(LOOKS_PERSONAL[kind], text))}
    assert set(found) == EXPECTED.get(kind, set()), found


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("postcode", "in TS1 3BA"),
        ("NHS number", "943 476 5919"),
        ("NHS number", "x,9434765919,y"),
        ("national insurance number", "QQ 12 34 56 C"),
        ("telephone number", ",01642000000,"),
        ("e-mail address", "a@example.org"),
        ("person's title", "Mr Example"),
        ("date of birth", "date_of_birth"),
        ("person's name", "surname"),
    ],
)
def test_the_patterns_would_find_a_person(kind, text):
    assert re.search(LOOKS_PERSONAL[kind], text)


def test_free_text_is_from_a_closed_list(table):
    """No column about people can hold a name, because every word is one that this package put there."""
    words = set()
    for name in WITH_PEOPLE:
        for _, column in table(name).items():
            words |= set(re.findall(r"[A-Za-z]{3,}", " ".join(one for one in set(column) if not is_code(one))))
    assert words <= WORDS
    assert not WORDS & NAMES


def test_no_cell_of_any_table_is_a_name(texts):
    found = {cell for text in texts.values() for cell in text.split("\n") if is_name(cell)}
    assert found == ETHNICITIES_TOO


def test_the_partners_lists_would_be_found(folder):
    """The tests above can fail: what stands on the lists is what they look for."""
    for source in ("vcse", "hospital", "police"):
        path = folder / "partners" / source / "people.csv"
        text = "\n".join(sorted(cells_of(path)))
        assert re.search(LOOKS_PERSONAL["postcode"], text)
        assert re.search(LOOKS_PERSONAL["date of birth"], path.read_text(encoding="utf-8"))
        assert sum(map(is_name, cells_of(path))) > 200


def test_partners_own_numbers_stay_with_them(folder, texts):
    for source in ("vcse", "hospital", "police"):
        own = set(read(folder / "partners" / source / "people.csv").record_id)
        assert len(own) > 600
        for name, text in texts.items():
            assert not own & set(text.split("\n")), name


def test_pseudonyms_of_two_partners_have_nothing_in_common(table):
    """Nobody can join two tables without the links."""
    columns = {
        "vcse_referrals": "person_id",
        "ae_attendances": "patient_id",
        "police_recorded_crime": "victim_ref",
        "youth_justice": "ypid",
        "probation": "person_id",
        "school_exclusions": "pseudo_upn",
    }
    held = [set(table(name)[column]) - {""} for name, column in columns.items()]
    assert sum(map(len, held)) == len(set.union(*held))


def test_one_partner_s_tables_join(table):
    referred = set(table("vcse_referrals").person_id)
    assert set(table("vcse_sessions").person_id) <= referred
    assert set(table("vcse_outcomes").person_id) <= referred
    assert set(table("school_absence").pseudo_upn) <= set(table("school_exclusions").pseudo_upn)
    treated, admitted = set(table("ae_attendances").patient_id), set(table("hospital_admissions").PATIENT_ID)
    assert treated & admitted
    assert {len(one) for one in treated} == {32}
