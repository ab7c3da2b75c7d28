"""An archive of data.police.uk: every month of one kind, however it is packed, and every way it can be wrong."""

from __future__ import annotations

import hashlib

import pytest
from sources_support import (
    OUTCOMES,
    SEARCH,
    STREET,
    month_file,
    pack,
    put,
    read,
    refusal,
    rows_of,
    search_row,
    street_row,
    street_text,
    zipped,
)

from curv_eval.contract import load_contract

STREETS = load_contract("police_uk_street")
OUTCOME_ROWS = load_contract("police_uk_outcomes")
SEARCHES = load_contract("police_uk_stop_and_search")
MONTHS = ("2023-01", "2023-02", "2023-03")


def months_in(path, contract=STREETS) -> list[tuple[str, int]]:
    con, _ = read(contract, path)
    return con.execute(f"SELECT month, count(*) FROM raw_{contract.name} GROUP BY 1 ORDER BY 1").fetchall()


@pytest.fixture
def archive(tmp_path):
    for i, month in enumerate(MONTHS):
        month_file(tmp_path, month, 2 + i)
    return tmp_path


def test_every_month_is_read(archive):
    assert months_in(archive) == [("2023-01", 2), ("2023-02", 3), ("2023-03", 4)]


def test_rows_carry_the_file_and_the_row_they_came_from(archive):
    con, files = read(STREETS, archive)
    found = con.execute("SELECT source_file, source_row, crime_id FROM raw_police_uk_street").fetchall()
    expected = [
        (f"{month}-cleveland-street.csv", row + 1, f"{row:064x}")
        for i, month in enumerate(MONTHS)
        for row in range(2 + i)
    ]
    assert found == expected
    assert [(file.name, file.rows) for file in files] == [
        (f"{month}/{month}-cleveland-street.csv", 2 + i) for i, month in enumerate(MONTHS)
    ]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.xz", ".csv.zip", ".zip"])
def test_a_packed_month_is_the_same_month(tmp_path, ending):
    path = month_file(tmp_path, "2023-03", ending=ending)
    con, (file,) = read(STREETS, tmp_path)
    assert con.execute("SELECT DISTINCT month FROM raw_police_uk_street").fetchall() == [("2023-03",)]
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (file.bytes, file.rows) == (path.stat().st_size, 3)


def test_months_may_be_packed_and_end_lines_differently(tmp_path):
    for month, ending in zip(MONTHS, (".csv", ".csv.gz", ".csv.xz"), strict=True):
        month_file(tmp_path, month, ending=ending)
    put(tmp_path, "2023-04/2023-04-cleveland-street.csv", street_text("2023-04").replace("\n", "\r\n"))
    assert months_in(tmp_path) == [(month, 3) for month in (*MONTHS, "2023-04")]


def archive_zip(*months: str) -> bytes:
    return zipped({f"{month}/{month}-cleveland-street.csv": street_text(month) for month in months})


def test_a_zip_of_an_archive_is_an_archive(tmp_path):
    path = put(tmp_path, "archive.zip", archive_zip(*MONTHS))
    assert months_in(path) == [(month, 3) for month in MONTHS]
    _, files = read(STREETS, path)
    assert files[0].name == "2023-01/2023-01-cleveland-street.csv"
    assert files[0].sha256 == hashlib.sha256(street_text("2023-01").encode()).hexdigest()
    assert files[0].bytes == len(street_text("2023-01"))


def test_only_month_folders_at_the_top_of_a_zip_count(tmp_path):
    inside = {
        "2023-01/2023-01-cleveland-street.csv": street_text("2023-01"),
        "2023-01/earlier.csv/2023-01-cleveland-street.csv": "not,read\n",
        "earlier/2023-02/2023-02-cleveland-street.csv": "not,read\n",
        "2023-03": "a file with the name of a month",
    }
    assert months_in(put(tmp_path, "archive.zip", zipped(inside))) == [("2023-01", 3)]


def test_a_folder_of_zips_is_an_archive(tmp_path):
    put(tmp_path, "a.zip", archive_zip("2023-01", "2023-02"))
    put(tmp_path, "b.zip", archive_zip("2023-03"))
    month_file(tmp_path, "2023-04")
    assert months_in(tmp_path) == [(month, 3) for month in (*MONTHS, "2023-04")]
    _, files = read(STREETS, tmp_path)
    assert files[0].name == "a.zip/2023-01/2023-01-cleveland-street.csv"


def test_a_zip_reaches_nothing_outside_itself(tmp_path):
    evil = zipped({"2023-01/../../2023-01-cleveland-street.csv": street_text("2023-01"), "2023-02/": ""})
    assert "there are no month folders" in refusal(STREETS, put(tmp_path, "archive.zip", evil))


def test_other_folders_and_other_kinds_are_left_alone(archive):
    put(archive, "earlier-vintage-2024/2024-01/2024-01-cleveland-street.csv", "not,read\n")
    put(archive, "2023-13/2023-13-cleveland-street.csv", "not,read\n")
    put(archive, "PROVENANCE.md", "# notes")
    put(archive, "2023-01/.DS_Store", "x")
    put(archive, "2023-01/2023-01-cleveland-outcomes.csv", "not,read\n")
    put(archive, "2023-02/2023-02-cleveland-stop-and-search.csv", "not,read\n")
    assert len(months_in(archive)) == 3


def test_a_month_without_a_file_was_not_supplied(archive):
    put(archive, "2023-06/2023-06-cleveland-outcomes.csv", f"{OUTCOMES}\n")
    month_file(archive, "2023-09")
    assert [month for month, _ in months_in(archive)] == [*MONTHS, "2023-09"]


def test_two_forces_may_share_a_month(archive):
    put(archive, "2023-01/2023-01-durham-street.csv", street_text("2023-01", 5))
    assert months_in(archive)[0] == ("2023-01", 7)


def test_rows_that_are_alike_are_kept(tmp_path):
    rows = "\n".join([STREET, *[street_row("2023-03")] * 250])
    put(tmp_path, "2023-03/2023-03-cleveland-street.csv", rows)
    assert months_in(tmp_path) == [("2023-03", 250)]


def test_outcomes_have_their_own_columns(tmp_path):
    row = (
        f"{'0' * 64},2023-03,Cleveland Police,Cleveland Police,-1.3,54.5,On or near X,E01011949,H 009A,Suspect charged"
    )
    put(tmp_path, "2023-03/2023-03-cleveland-outcomes.csv", f"{OUTCOMES}\n{row}\n")
    month_file(tmp_path, "2023-03")
    ((*_, outcome, file, _),) = rows_of(OUTCOME_ROWS, tmp_path)
    assert (outcome, file) == ("Suspect charged", "2023-03-cleveland-outcomes.csv")


def searches(folder, month: str, *times: str):
    text = "\n".join([SEARCH, *map(search_row, times), ""])
    return put(folder, f"{month}/{month}-cleveland-stop-and-search.csv", text)


def test_a_search_belongs_to_the_month_of_its_file(tmp_path):
    """In summer, midnight in London on the first is 23:00 UTC on the last."""
    searches(tmp_path, "2023-07", "2023-06-30T23:00:00+00:00", "2023-07-31T22:00:00+00:00")
    con, _ = read(SEARCHES, tmp_path)
    assert con.execute("SELECT month, count(*) FROM raw_police_uk_stop_and_search GROUP BY 1").fetchall() == [
        ("2023-07", 2)
    ]


def test_a_search_of_another_month_is_refused(tmp_path):
    searches(tmp_path, "2023-07", "2023-07-01T00:00:00+00:00", "2023-06-30T22:00:00+00:00", "2023-08-01T00:00:00+00:00")
    assert "2023-07-cleveland-stop-and-search.csv: 2 rows of another month (first: row 2)" in refusal(
        SEARCHES, tmp_path
    )


def test_a_search_whose_date_cannot_be_read_is_left_to_the_rules(tmp_path):
    searches(tmp_path, "2023-07", "yesterday", "")
    assert len(rows_of(SEARCHES, tmp_path)) == 2


def test_rows_of_another_month_are_refused(archive):
    text = "\n".join([STREET, street_row("2023-04"), street_row("2023-05"), street_row("2023-03"), ""])
    put(archive, "2023-04/2023-04-cleveland-street.csv", text)
    said = refusal(STREETS, archive)
    assert "2023-04-cleveland-street.csv: 2 rows of another month (first: row 2)" in said
    assert "do: keep each month's files once" in said


def test_a_month_that_cannot_be_read_is_left_to_the_rules(tmp_path):
    text = "\n".join([STREET, street_row("2023-4"), street_row(""), street_row("2023-04"), ""])
    put(tmp_path, "2023-04/2023-04-cleveland-street.csv", text)
    assert len(rows_of(STREETS, tmp_path)) == 3


def test_a_month_that_stands_twice_is_refused(archive):
    month_file(archive, "2023-02", ending=".csv.gz")
    said = refusal(STREETS, archive)
    assert "2023-02 stands twice for cleveland: 2023-02/2023-02-cleveland-street.csv, " in said
    assert "2023-02/2023-02-cleveland-street.csv.gz" in said


def test_archives_that_overlap_are_refused(tmp_path):
    put(tmp_path, "a.zip", archive_zip("2023-01", "2023-02"))
    put(tmp_path, "b.zip", archive_zip("2023-02", "2023-03"))
    assert "2023-02 stands twice for cleveland: a.zip/2023-02/" in refusal(STREETS, tmp_path)


def test_a_month_in_the_wrong_folder_is_refused(archive):
    put(archive, "2023-02/2023-05-cleveland-street.csv", street_text("2023-05"))
    assert "2023-02/2023-05-cleveland-street.csv is in the folder of another month" in refusal(STREETS, archive)


def test_a_file_with_a_name_of_its_own_is_refused(archive):
    put(archive, "2023-02/2023-02-cleveland-street (1).csv", street_text("2023-02"))
    said = refusal(STREETS, archive)
    assert "2023-02-cleveland-street (1).csv is not named like 2023-02-cleveland-street.csv" in said


def test_a_missing_archive_ends_with_how_to_get_it(tmp_path):
    for said in (refusal(STREETS, tmp_path / "none"), refusal(STREETS, tmp_path)):
        assert said.endswith(STREETS.obtain)
        assert "https://data.police.uk/data/archive/" in said
    month_file(tmp_path, "2023-01")
    assert "with outcomes files" in refusal(OUTCOME_ROWS, tmp_path)


def test_another_layout_names_what_is_missing_and_what_is_extra(archive):
    old = "Month,Reported by,Falls within,Longitude,Latitude,Location,Crime type,Context"
    put(archive, "2023-04/2023-04-durham-street.csv", f"{old},Easting\n2023-04,a,b,1,2,c,Drugs,,9\n")
    said = refusal(STREETS, archive)
    file = "2023-04/2023-04-durham-street.csv"
    assert f"{file}: columns missing: Crime ID, LSOA code, LSOA name, Last outcome category" in said
    assert f"{file}: columns not in the contract: Easting" in said
    assert "2023-01" not in said


def test_columns_in_another_order_are_the_same_layout(archive):
    names, values = STREET.split(","), street_row("2023-04", 7, "Drugs").split(",")
    turned = f"{','.join(names[::-1])}\n{','.join(values[::-1])}\n"
    put(archive, "2023-02/2023-02-durham-street.csv", turned.replace("2023-04", "2023-02"))
    con, _ = read(STREETS, archive)
    found = con.execute("""
        SELECT source_row, crime_id, crime_type FROM raw_police_uk_street
        WHERE source_file = '2023-02-durham-street.csv'""").fetchall()
    assert found == [(1, f"{7:064x}", "Drugs")]


def spoil(archive, month: str, raw: bytes, ending: str = ".csv") -> None:
    put(archive, f"{month}/{month}-cleveland-street{ending}", raw)


def test_every_unusable_file_is_named_at_once(archive):
    spoil(archive, "2023-04", b"")
    spoil(archive, "2023-05", street_text("2023-05").encode("utf-16"))
    spoil(archive, "2023-06", pack(street_text("2023-06", 200), ".xz")[:300], ".csv.xz")
    spoil(archive, "2023-07", street_text("2023-07").replace("Tees", "Caf\xe9").encode("latin-1"))
    said = refusal(STREETS, archive)
    assert "4 files cannot be used" in said
    for month in ("2023-04", "2023-05", "2023-06", "2023-07"):
        assert f"{month}/{month}-cleveland-street.csv" in said
    assert "2023-01" not in said


def test_every_file_that_is_cut_short_is_named_at_once(archive):
    whole = street_text("2023-04").rstrip("\n")
    spoil(archive, "2023-04", whole[:-30].encode())
    spoil(archive, "2023-05", street_text("2023-05", 9)[:-60].encode())
    said = refusal(STREETS, archive)
    assert "2023-04/2023-04-cleveland-street.csv is cut short: its last row, 3, has" in said
    assert "2023-05/2023-05-cleveland-street.csv is cut short: its last row, 9, has" in said


def test_a_month_with_a_header_only_is_refused(archive):
    spoil(archive, "2023-04", f"{STREET}\n".encode())
    assert "2023-04/2023-04-cleveland-street.csv has a header and no rows" in refusal(STREETS, archive)


@pytest.mark.parametrize("keep", [0.2, 0.9, 0.999])
def test_a_zip_that_is_cut_short_is_refused(tmp_path, keep):
    raw = archive_zip(*MONTHS)
    path = put(tmp_path, "archive.zip", raw[: int(len(raw) * keep)])
    assert "archive.zip is damaged or cut short" in refusal(STREETS, path)
    assert "archive.zip is damaged or cut short" in refusal(STREETS, tmp_path)


def test_a_damaged_member_of_a_zip_is_named(tmp_path):
    raw = bytearray(archive_zip(*MONTHS))
    raw[120:140] = bytes(20)
    said = refusal(STREETS, put(tmp_path, "archive.zip", bytes(raw)))
    assert "2023-01/2023-01-cleveland-street.csv is damaged or cut short" in said


def test_a_long_list_of_faults_is_told_in_short(tmp_path):
    for month in range(1, 13):
        for copy in ("(1)", "(2)"):
            put(tmp_path, f"2023-{month:02d}/street {copy}.csv", "x")
    said = refusal(STREETS, tmp_path)
    assert "and 14 more like these" in said
