"""The linker opens a file: bits survive, strangers are refused, files of another key are not compared."""

import json

import duckdb
import numpy as np
import pprl_people as pp
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curv_eval.errors import ContractError, RunError
from curv_eval.linkage.encoded import read_encoded, require_same
from curv_eval.linkage.scheme import UK, Field, Scheme

ROWS = pp.small()
OTHER_SCHEME = Scheme("uk-9", UK.fields, UK.blocks, UK.exact, bits=1024)


@pytest.fixture
def con():
    with duckdb.connect() as opened:
        yield opened


def rewritten(path, change=lambda table: table, said=None, **metadata):
    """Write the file again with another table or other notes, as somebody might by hand."""
    file = pq.ParquetFile(path)
    held = file.metadata.metadata
    table = change(file.read())
    notes = {b"curv_eval": held[b"curv_eval"] if said is None else json.dumps(said).encode(), **metadata}
    with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
        writer.write_table(table.replace_schema_metadata(None))
        writer.add_key_value_metadata(notes)
    return path


def notes(path):
    return json.loads(pq.ParquetFile(path).metadata.metadata[b"curv_eval"])


def replaced(name, make):
    """Return a change that puts another column in the place of `name`."""

    def change(table):
        column = make(table[name].to_pylist())
        return table.set_column(table.schema.names.index(name), name, pa.array(column, table.schema.field(name).type))

    return change


def refusal(con, path):
    with pytest.raises(ContractError) as caught:
        read_encoded(con, path, "people")
    assert path.name in str(caught.value)
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    return str(caught.value)


def test_a_file_is_read_with_what_it_says(coded, con):
    path = coded(ROWS, made_up=True)
    found = read_encoded(con, path, "people")
    assert (found.name, found.file, found.rows, found.source) == ("people", "people.parquet", 60, "vcse")
    assert (found.scheme, found.fingerprint, found.made_up, found.version) == (UK, pp.key().fingerprint, True, 1)
    assert found.purpose == "a test of encoding"
    assert repr(found) == f"<Encoded: 60 made-up records of vcse, uk-1, key {pp.key().fingerprint}>"
    columns = con.execute("SELECT column_name, column_type FROM (DESCRIBE people)").fetchall()
    assert [name for name, _ in columns] == list(UK.columns)
    assert {kind for name, kind in columns if name.startswith("bf_")} == {"BIT"}
    assert {kind for name, kind in columns if not name.startswith("bf_")} == {"VARCHAR"}


def test_every_bit_survives_in_its_place(coded, con):
    path = coded(ROWS)
    read_encoded(con, path, "people")
    stored = {row["record_id"]: row for row in pq.read_table(path).to_pylist()}
    for field in UK.fields:
        column = f"bf_{field.name}"
        for own_id, text in con.execute(f"SELECT record_id, CAST({column} AS VARCHAR) FROM people").fetchall():
            bits = np.unpackbits(np.frombuffer(stored[own_id][column], np.uint8))
            assert text == "".join(map(str, bits))


def test_dice_in_duckdb_is_dice(coded, con):
    path = coded(ROWS)
    read_encoded(con, path, "people")
    bits = np.unpackbits(
        np.array([list(one) for one in pq.read_table(path)["bf_surname"].to_pylist()], np.uint8), axis=1
    )
    expected = 2 * (bits[0] & bits).sum(1) / (bits[0].sum() + bits.sum(1))
    dice = "2.0 * bit_count(a.bf_surname & b.bf_surname) / (bit_count(a.bf_surname) + bit_count(b.bf_surname))"
    first = "(SELECT * FROM people ORDER BY record_id LIMIT 1)"
    found = con.execute(f"SELECT {dice} FROM {first} a, people b ORDER BY b.record_id").fetchall()
    assert np.allclose([value for (value,) in found], expected)


def test_blanks_stay_null(coded, con):
    rows = [{**ROWS[0], "postcode": "unknown"}, *ROWS[1:]]
    read_encoded(con, coded(rows), "people")
    (found,) = con.execute(
        "SELECT count(*) FILTER (WHERE bf_postcode IS NULL), count(*) FILTER (WHERE block_4 IS NULL), "
        "count(*) FILTER (WHERE pseudonym_2 IS NULL), count(*) FILTER (WHERE bf_surname IS NULL) FROM people"
    ).fetchall()
    assert found == (1, 1, 1, 0)


def test_other_lengths_of_filters_are_read(coded, con):
    found = read_encoded(con, coded(ROWS, scheme=OTHER_SCHEME), "people")
    assert found.scheme.bits == 1024
    assert con.execute("SELECT DISTINCT length(bf_surname) FROM people").fetchall() == [(1024,)]


def test_names_of_files_and_tables_are_taken_as_they_are(coded, con):
    path = coded(ROWS)
    odd = path.rename(path.with_name("it's [1] *.parquet"))
    path.with_name("it's 1 x.parquet").write_bytes(b"PAR1 another file")
    assert read_encoded(con, odd, 'my "table"').rows == 60
    assert con.execute('SELECT count(*) FROM "my ""table"""').fetchall() == [(60,)]


def test_reading_again_takes_the_place_of_the_table(coded, con):
    read_encoded(con, coded(ROWS), "people")
    read_encoded(con, coded(ROWS[:10]), "people")
    assert con.execute("SELECT count(*) FROM people").fetchall() == [(10,)]


def test_there_must_be_a_file(con, tmp_path):
    with pytest.raises(RunError, match=r"there is no file x\.parquet"):
        read_encoded(con, tmp_path / "x.parquet", "people")


@pytest.mark.parametrize("column", ["surname", "nhs_number", "bf_email", "block_9", "Record_Id"])
def test_a_column_outside_the_layout_is_refused(coded, con, column):
    path = rewritten(coded(ROWS), lambda table: table.append_column(column, pa.array(["secret words"] * 60)))
    said = refusal(con, path)
    assert f"columns outside the layout: {column}; they may identify people" in said
    assert "secret words" not in said


def test_a_missing_column_another_type_and_another_order_are_refused(coded, con):
    assert "columns missing: block_2" in refusal(con, rewritten(coded(ROWS), lambda t: t.drop_columns(["block_2"])))
    turned = rewritten(coded(ROWS), lambda t: t.select(t.schema.names[::-1]))
    assert "types or order" in refusal(con, turned)

    def texts(table):
        at = table.schema.names.index("bf_surname")
        return table.set_column(at, "bf_surname", pa.array([row["surname"] for row in ROWS]))

    assert "types or order" in refusal(con, rewritten(coded(ROWS), texts))


@pytest.mark.parametrize("column", ["record_id", "pseudonym_1", "block_3"])
@pytest.mark.parametrize("make", [
    lambda values: [row["surname"] for row in ROWS],
    lambda values: [row["record_id"] for row in ROWS],
    lambda values: [value.upper() for value in values],
    lambda values: [value[:-1] for value in values],
    lambda values: [value + "0" for value in values],
    lambda values: [value[:-1] + "g" for value in values],
    lambda values: [f"{value}\n" for value in values],
])  # fmt: skip
def test_what_does_not_look_keyed_is_refused(coded, con, column, make):
    path = rewritten(coded(ROWS), replaced(column, make))
    said = refusal(con, path)
    assert f"{column}: " in said
    assert "values are not keyed" in said
    assert not any(row["surname"] in said or row["record_id"] in said for row in ROWS)


def test_one_value_that_is_not_keyed_is_enough(coded, con):
    path = rewritten(coded(ROWS), replaced("pseudonym_2", lambda values: [*values[:-1], "Prüfer"]))
    assert "pseudonym_2: 1 values are not keyed" in refusal(con, path)


@pytest.mark.parametrize("length", [32])
def test_ids_filled_up_with_zeros_are_not_keyed(coded, con, length):
    path = rewritten(coded(ROWS), replaced("record_id", lambda values: [f"{i:0{length}d}" for i in range(60)]))
    assert "the figures are not random" in refusal(con, path)


def test_ids_that_stand_twice_or_are_missing_are_refused(coded, con):
    twice = rewritten(coded(ROWS), replaced("record_id", lambda values: [values[1], *values[1:]]))
    assert "1 of 60 stand twice or are missing" in refusal(con, twice)
    path = coded(ROWS)

    def change(table):
        at = table.schema.names.index("record_id")
        return table.set_column(at, "record_id", pa.array([None, *table["record_id"].to_pylist()[1:]]))

    assert "1 of 60 stand twice or are missing" in refusal(con, rewritten(path, change))


def test_an_empty_filter_is_no_filter(coded, con):
    path = rewritten(coded(ROWS), replaced("bf_sex", lambda values: [bytes(64), *values[1:]]))
    assert "bf_sex: 1 values are not keyed" in refusal(con, path)


def test_filters_of_another_length_are_refused(coded, con):
    path = coded(ROWS)
    said = {**notes(path), "scheme": {**UK.held(), "bits": 256}}
    assert "types or order" in refusal(con, rewritten(path, said=said))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, "its version is 2; expected 1"),
        ({"fingerprint": "x"}, "the fingerprint of its key"),
        ({"rows": 61}, "it has 60 rows and says 61"),
        ({"rows": "60"}, "what it says about itself"),
        ({"made_up": "no"}, "what it says about itself"),
        ({"contact": "A. Partner"}, "what it says about itself"),
        ({"scheme": {}}, "not readable"),
        ({"scheme": {**UK.held(), "blocks": [["surname"]]}}, "open to counting"),
    ],
)
def test_notes_that_are_not_those_of_the_program_are_refused(coded, con, change, why):
    path = coded(ROWS)
    said = refusal(con, rewritten(path, said={**notes(path), **change}))
    assert why in said
    assert "A. Partner" not in said


def test_missing_and_further_notes_are_refused(coded, con):
    path = coded(ROWS)
    said = {name: value for name, value in notes(path).items() if name != "purpose"}
    assert "what it says about itself" in refusal(con, rewritten(path, said=said))
    assert "notes that do not belong there: pandas" in refusal(con, rewritten(coded(ROWS), pandas=b"{}"))
    assert "what it says about itself" in refusal(con, rewritten(coded(ROWS), said=[1]))


def test_other_files_are_refused(coded, con, tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"surname": ["Prüfer"]}), path)
    assert "does not say that it is an encoded file" in refusal(con, path)
    path.write_text("record_id,surname\n1,Prüfer\n")
    assert "not readable as an encoded file" in refusal(con, path)
    path.write_bytes(b"")
    assert "not readable as an encoded file" in refusal(con, path)
    path.write_bytes(coded(ROWS).read_bytes()[:-40])
    assert "not readable as an encoded file" in refusal(con, path)


def test_a_damaged_file_is_refused(coded, con):
    path = coded(ROWS)
    held = bytearray(path.read_bytes())
    held[200:600] = bytes(400)
    path.write_bytes(held)
    assert "encoded file" in refusal(con, path)


def test_two_files_of_one_key_and_scheme_can_be_compared(coded, con):
    a, b = read_encoded(con, coded(ROWS), "a"), read_encoded(con, coded(ROWS[:9], source="ae", made_up=True), "b")
    assert require_same(a, b) is None


def test_files_of_other_keys_and_schemes_are_not_compared(coded, con):
    mine = read_encoded(con, coded(ROWS), "a")
    path = coded(ROWS, key=pp.key(pp.OTHER_SECRET), scheme=OTHER_SCHEME)
    theirs = read_encoded(con, path.rename(path.with_name("theirs.parquet")), "b")
    with pytest.raises(ContractError) as caught:
        require_same(mine, theirs)
    said = str(caught.value)
    assert f"key: people.parquet has {mine.fingerprint}, theirs.parquet has {theirs.fingerprint}" in said
    assert "scheme: people.parquet has uk-1, theirs.parquet has uk-9" in said
    assert "do: ask both partners" in said


def test_a_scheme_of_the_same_name_and_another_content_is_not_compared(coded, con):
    fields = tuple(Field(f.name, f.kind, positions=10, words=f.words) for f in UK.fields)
    mine = read_encoded(con, coded(ROWS), "a")
    theirs = read_encoded(con, coded(ROWS, scheme=Scheme("uk-1", fields, UK.blocks, UK.exact)), "b")
    with pytest.raises(ContractError, match="call two different schemes uk-1"):
        require_same(mine, theirs)


def test_another_version_is_not_compared(coded, con):
    import dataclasses

    mine = read_encoded(con, coded(ROWS), "a")
    with pytest.raises(ContractError, match=r"version: people\.parquet has 1, people\.parquet has 2"):
        require_same(mine, dataclasses.replace(mine, version=2))
