"""Reading a partner's list: encodings, Excel's habits, what is broken; nothing of a person in any message."""

import datetime

import pprl_people as pp
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import ContractError, RunError
from curv_eval.linkage.people import ROW, read_people

WANTED = {"record_id": "Case No", "given_name": "First Name", "surname": "Surname"}
HEADER = "Case No,First Name,Surname,Notes\r\n"
BODY = "1,Zoë,Prüfer,seen twice\r\n2,Amy,O'Neill,\r\n"


def read(path, text, encoding="utf-8", wanted=WANTED):
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return read_people(path, wanted)


def refusal(path, text, **more):
    with pytest.raises((ContractError, RunError)) as caught:
        read(path, text, **more)
    said = str(caught.value)
    assert not any(personal in said for personal in ("Zoë", "Prüfer", "Amy", "Neill", "seen twice"))
    return said


@pytest.fixture
def file(tmp_path):
    return tmp_path / "people.csv"


def rows(held):
    return held.table.to_pylist()


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252")],
)
def test_the_encodings_of_excel_are_read(file, encoding, named):
    held = read(file, HEADER + BODY, encoding)
    assert rows(held)[0] == {"record_id": "1", "given_name": "Zoë", "surname": "Prüfer", ROW: 1}
    assert rows(held)[1]["surname"] == "O'Neill"
    assert (held.left, held.encoding) == (("Notes",), named)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ((HEADER + BODY).encode("utf-16"), "UTF-16"),
        ((HEADER + BODY).encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04 a workbook", "is a workbook"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "is a workbook"),
        ((HEADER + BODY).encode("cp1252") + b"\x81", "neither UTF-8"),
    ],
)
def test_other_kinds_are_refused_with_what_to_save(file, held, why):
    said = refusal(file, held)
    assert why in said
    assert "CSV UTF-8 (comma delimited)" in said


def test_rows_of_commas_and_empty_lines_are_passed_over_and_still_counted(file):
    held = read(file, HEADER + "1,Zoë,Prüfer,x\r\n\r\n,,,\r\n , ,,\r\n2,Amy,Hall,\r\n,,,\r\n")
    assert [row["record_id"] for row in rows(held)] == ["1", "2"]
    assert [row[ROW] for row in rows(held)] == [1, 5]


def test_empty_lines_above_the_header_do_not_move_the_rows(file):
    held = read(file, "\r\n,,,\r\n" + HEADER + BODY)
    assert [row[ROW] for row in rows(held)] == [1, 2]


def test_quotes_commas_and_line_ends_inside_a_value_are_kept(file):
    held = read(file, HEADER + '1,"Zoë ""Zo""","Prüfer, Lang","two\r\nlines"\r\n2,Amy,Hall,x\r\n')
    assert rows(held)[0]["given_name"] == 'Zoë "Zo"'
    assert rows(held)[0]["surname"] == "Prüfer, Lang"
    assert len(rows(held)) == 2


@pytest.mark.parametrize(
    ("body", "piece"),
    [
        ("1,Zoë,Prüfer\r\n2,Amy,O'Neill,\r\n", "1 row without exactly 4 columns (first: row 1)"),
        ("1,Zoë,Prüfer,x\r\n2,Amy,O'Neill,,\r\n3,Amy\r\n", "2 rows or more without exactly 4 columns (first: row 2)"),
        ("1,Zoë,Prüfer,x\r\nTotal: Amy\r\n", "(first: row 2)"),
        ("1,Zoë,\"Prüfer,x\r\n2,Amy,O'Neill,\r\n", "stops being readable after row 0"),
        ('1,Zoë,Prüfer,x\r\n2,"Amy" Lou,Neill,\r\n', "stops being readable after row 1"),
        (f"1,{'Amy' * 60_000},Hall,x\r\n", "stops being readable"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_with_its_row(file, body, piece):
    assert piece in refusal(file, HEADER + body)


def test_a_missing_column_is_named_with_those_there_are(file):
    said = refusal(file, "Case No,Forename,Surname\r\n1,Zoë,Prüfer\r\n")
    assert "given_name: there is no column 'First Name'" in said
    assert "its columns are Case No, Forename, Surname" in said
    assert "--map given_name='First Name'" in said


def test_a_file_without_a_header_does_not_give_its_first_person_away(file):
    said = refusal(file, "1,Zoë,Prüfer,seen twice\r\n2,Amy,O'Neill,\r\n")
    assert "none of its 4 columns has an expected name" in said


@pytest.mark.parametrize(
    "text", ["", "\r\n\r\n", "Case No;First Name;Surname\r\n1;Zoë;Prüfer\r\n", "Case No\tSurname\r\n"]
)
def test_a_file_without_commas_is_refused(file, text):
    assert "parted by commas" in refusal(file, text)


def test_a_column_given_twice_is_refused(file):
    assert "two columns 'Surname'" in refusal(file, "Case No,First Name,Surname,Surname\r\n1,Zoë,Prüfer,Hall\r\n")


def test_names_of_columns_lose_the_space_around_them(file):
    held = read(file, " Case No , First Name,Surname \r\n1,Zoë,Prüfer\r\n")
    assert rows(held)[0]["given_name"] == "Zoë"


def test_a_field_that_is_not_held_is_blank(file):
    held = read(file, HEADER + BODY, wanted={**WANTED, "postcode": ""})
    assert [row["postcode"] for row in rows(held)] == [None, None]


def test_there_must_be_a_file(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(RunError, match="there is no file"):
            read_people(path, WANTED)


def test_batches_do_not_change_what_is_read(file, monkeypatch):
    from curv_eval.linkage import people

    body = "".join(f"{i},Zoë,Prüfer{i},x\r\n" for i in range(10))
    whole = read(file, HEADER + body)
    monkeypatch.setattr(people, "_BATCH", 3)
    assert rows(read(file, HEADER + body)) == rows(whole)
    assert len(rows(whole)) == 10


def parquet(path, columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_is_read_with_its_kinds_of_columns(tmp_path):
    columns = {
        "Case No": pa.array([101, 102], pa.int64()),
        "First Name": pa.array(["Zoë", None]),
        "Surname": pa.array(["Prüfer", "Hall"]).dictionary_encode(),
        "born": pa.array([datetime.date(2009, 3, 14), None]),
        "seen": pa.array([datetime.datetime(2024, 1, 2), None]),
        "height": pa.array([1.5, None]),
    }
    wanted = {**WANTED, "date_of_birth": "born", "other_day": "seen", "postcode": ""}
    held = read_people(parquet(tmp_path / "people.parquet", columns), wanted)
    assert held.left == ("height",)
    assert held.encoding == "parquet"
    first, second = rows(held)
    assert (first["record_id"], first["surname"], first["date_of_birth"]) == ("101", "Prüfer", "2009-03-14")
    assert first["other_day"].startswith("2024-01-02 00:00:00")
    assert (second["given_name"], second["date_of_birth"], second["postcode"], second[ROW]) == (None, None, None, 2)


def test_parquet_that_cannot_be_text_or_is_cut_is_refused(tmp_path):
    columns = {"Case No": [1], "First Name": [["Zoë"]], "Surname": ["Prüfer"]}
    path = parquet(tmp_path / "people.parquet", columns)
    said = refusal(path, path.read_bytes())
    assert "not readable as Parquet" in said
    assert "not readable as Parquet" in refusal(path, path.read_bytes()[:-30])
    missing = parquet(tmp_path / "other.parquet", {"Case No": [1], "Surname": ["Prüfer"]})
    assert "there is no column 'First Name'" in refusal(missing, missing.read_bytes())


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), cells, cells), min_size=1, max_size=6))
def test_what_a_program_writes_as_csv_comes_back(tmp_path_factory, held):
    path = tmp_path_factory.mktemp("people") / "people.csv"
    written = [{"record_id": str(number), "given_name": a, "surname": b} for number, a, b in held]
    pp.write(path, written, ("record_id", "given_name", "surname"))
    back = read_people(path, {name: name for name in ("record_id", "given_name", "surname")})
    assert [{name: row[name] for name in written[0]} for row in rows(back)] == written


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused_in_words(tmp_path_factory, held):
    path = tmp_path_factory.mktemp("people") / "people.csv"
    path.write_bytes(held)
    try:
        read_people(path, WANTED)
    except (ContractError, RunError) as fault:
        assert "do: " in str(fault)
