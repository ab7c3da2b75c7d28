"""What an encoded file holds and what it does not: no identifier, the same bytes, nothing without the key."""

import base64
import hashlib
import hmac
import json
import os

import numpy as np
import pprl_people as pp
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import ContractError, RunError
from curv_eval.linkage import encode as encoding
from curv_eval.linkage.bloom import Filters
from curv_eval.linkage.encode import encode, record_pseudonym
from curv_eval.linkage.fields import normalise
from curv_eval.linkage.scheme import UK, Field, Scheme

ROWS = pp.small()
ASKED = {"scheme": UK, "source": "vcse", "record_id": "record_id", "purpose": "a test of encoding"}


def table(path):
    return pq.read_table(path).to_pydict()


def by_person(path, rows=ROWS, key=None, source="vcse"):
    """Return the encoded row of each person, found again by the record id that the partner can work out."""
    held = {row["record_id"]: row for row in pq.read_table(path).to_pylist()}
    return [held[record_pseudonym(key or pp.key(), source, row["record_id"])] for row in rows]


def changed(row, **values):
    return {**row, **values}


def everything(path):
    """Return all that can be read out of a file: its bytes, its metadata, and every value as text and as bytes."""
    parts = [path.read_bytes()]
    for name, values in table(path).items():
        parts += [name.encode(), *(value if isinstance(value, bytes) else str(value).encode() for value in values)]
        parts += [value.hex().encode() for value in values if isinstance(value, bytes)]
    metadata = pq.ParquetFile(path).metadata
    return b"\n".join([*parts, *(k + v for k, v in metadata.metadata.items()), str(pq.read_schema(path)).encode()])


def forms(text):
    """Return the ways in which a careless program might leave a value."""
    raw = text.encode()
    yield from {raw, raw.lower(), raw.upper(), raw.hex().encode(), raw.lower().hex().encode(), raw[::-1]}
    # the figures at both ends of base64 depend on what stands around a value
    for lead in (b"", b"x", b"xx"):
        yield base64.b64encode(lead + raw)[4:-4] if lead else base64.b64encode(raw)[:-4]
    for sum_of in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield from {sum_of(raw).hexdigest()[:16].encode(), sum_of(raw.lower()).hexdigest()[:16].encode()}


def test_no_identifier_is_in_the_file_in_any_form(coded):
    held = everything(coded(ROWS))
    values = {value for row in ROWS for name, value in row.items() if name != "sex"}
    values |= {row["date_of_birth"].replace("-", "") for row in ROWS}
    values |= {row["postcode"].replace(" ", "") for row in ROWS}
    values |= {normalise(row[field.name], field) for row in ROWS for field in UK.fields if field.name != "sex"}
    assert len(values) > 5 * len(ROWS)
    for value in values:
        for form in forms(value):
            assert len(form) < 5 or form not in held, "an identifier is in the file"
    assert b"CASE-" not in held


def test_the_search_for_identifiers_would_find_one(coded, tmp_path):
    """The test above can fail: a column with names, even compressed, is found."""
    path = coded(ROWS)
    leaky = pq.read_table(path).append_column("note", pa.array([row["surname"] for row in ROWS]))
    pq.write_table(leaky, tmp_path / "leaky.parquet", compression="zstd")
    assert ROWS[0]["surname"].encode() in everything(tmp_path / "leaky.parquet")


def test_the_columns_are_those_of_the_scheme_and_no_other(coded):
    path = coded(ROWS, columns=(*pp.COLUMNS, "notes"))
    file = pq.ParquetFile(path)
    assert tuple(file.schema_arrow.names) == UK.columns
    assert set(file.metadata.metadata) == {b"curv_eval"}
    for name, values in table(path).items():
        wanted = {"bf": 64, "record": 32, "pseudonym": 32, "block": 16}[name.split("_")[0]]
        assert {len(value) for value in values} == {wanted}
        assert name.startswith("bf_") or all(set(value) <= set("0123456789abcdef") for value in values)


def test_what_the_file_says_about_itself(coded):
    said = json.loads(pq.ParquetFile(coded(ROWS, made_up=True)).metadata.metadata[b"curv_eval"])
    assert said.pop("scheme") == json.loads(json.dumps(UK.held()))
    assert said == {
        "version": 1,
        "fingerprint": pp.key().fingerprint,
        "purpose": "a test of encoding",
        "source": "vcse",
        "rows": len(ROWS),
        "made_up": True,
    }


def test_the_same_key_gives_the_same_bytes_whatever_the_order_of_rows(coded):
    first = coded(ROWS).read_bytes()
    assert coded(ROWS).read_bytes() == first
    assert coded(ROWS[::-1]).read_bytes() == first
    assert coded(ROWS, columns=pp.COLUMNS[::-1]).read_bytes() == first


def test_chunks_do_not_change_what_is_encoded(coded, monkeypatch):
    whole = table(coded(ROWS))
    monkeypatch.setattr(encoding, "_CHUNK", 7)
    path = coded(ROWS)
    assert table(path) == whole
    assert pq.ParquetFile(path).num_row_groups == -(-len(ROWS) // 7)


def test_rows_are_in_the_order_of_their_record_id(coded):
    ids = table(coded(ROWS))["record_id"]
    assert ids == sorted(ids)
    assert ids != [record_pseudonym(pp.key(), "vcse", row["record_id"]) for row in ROWS]


def test_another_key_gives_nothing_in_common(coded):
    mine, theirs = (table(coded(ROWS, key=one)) for one in (pp.key(), pp.key(pp.OTHER_SECRET)))
    for name in UK.columns:
        assert not set(mine[name]) & set(theirs[name]), name


def test_two_sources_share_every_token_but_the_record_id(coded):
    mine = by_person(coded(ROWS, source="vcse"))
    theirs = by_person(coded(ROWS, source="ae"), source="ae")
    for a, b in zip(mine, theirs, strict=True):
        assert a.pop("record_id") != b.pop("record_id")
        assert a == b


def test_record_id_is_worked_out_again_by_whoever_has_the_key(coded):
    sub = pp.key().derive("record_id/vcse")
    expected = {hmac.new(sub, row["record_id"].encode(), "sha256").hexdigest()[:32] for row in ROWS}
    assert set(table(coded(ROWS))["record_id"]) == expected
    assert record_pseudonym(pp.key(), "vcse", " CASE-7000 ") == record_pseudonym(pp.key(), "vcse", "CASE-7000")


def test_pseudonyms_and_blocks_are_hmacs_of_their_parts(coded):
    (row,) = by_person(coded(ROWS[:1]), ROWS[:1])
    value = {field.name: normalise(ROWS[0][field.name], field) for field in UK.fields}

    def keyed(label, *parts):
        return hmac.new(pp.key().derive(f"uk-1/{label}"), "\x1f".join(parts).encode(), "sha256").hexdigest()

    names = UK.exact[0]
    assert row["pseudonym_1"] == keyed("exact/" + "+".join(names), *(value[name] for name in names))[:32]
    assert UK.blocks[3] == ("date_of_birth:year", "postcode")
    label = "block/date_of_birth:year+postcode"
    assert row["block_4"] == keyed(label, value["date_of_birth"][:4], value["postcode"])[:16]


def test_filters_are_those_of_the_field_under_its_own_sub_key(coded):
    for row, person in zip(by_person(coded(ROWS)), ROWS, strict=True):
        for field in UK.fields:
            sub = pp.key().derive(f"uk-1/field/{field.name}")
            (made,) = Filters(field, sub, 512, fold=False).of([normalise(person[field.name], field)])
            assert row[f"bf_{field.name}"] == made.tobytes()


def test_equal_names_in_two_fields_have_unlike_filters(coded):
    twin = [changed(ROWS[0], given_name="Morgan", surname="Morgan")]
    (row,) = by_person(coded(twin), twin)
    mine, theirs = (np.unpackbits(np.frombuffer(row[f"bf_{name}"], np.uint8)) for name in ("given_name", "surname"))
    assert (mine & theirs).sum() < 0.5 * mine.sum()


def test_a_blank_field_leaves_out_whatever_needs_it_and_nothing_else(coded):
    for field in UK.fields:
        rows = [ROWS[0], changed(ROWS[1], **{field.name: "N/A"})]
        full, blank = by_person(coded(rows), rows)
        assert coded.preview.blank == {**dict.fromkeys(coded.preview.blank, 0), field.name: 1}
        assert None not in full.values()
        needed = {f"bf_{field.name}"}
        needed |= {f"pseudonym_{i}" for i, names in enumerate(UK.exact, 1) if field.name in names}
        needed |= {
            f"block_{i}" for i, parts in enumerate(UK.blocks, 1) if field.name in {p.split(":")[0] for p in parts}
        }
        assert {name for name, value in blank.items() if value is None} == needed


def test_blank_names_do_not_become_one_person(coded):
    rows = [changed(row, given_name="unknown", surname="-", date_of_birth="01/01/1900") for row in ROWS[:5]]
    held = table(coded(rows, date_format="day-first"))
    assert [set(held[f"pseudonym_{i}"]) for i in range(1, 5)] == [{None}] * 4
    assert set(held["bf_surname"]) == {None}
    assert len(set(held["record_id"])) == 5


def test_the_same_person_written_in_two_ways_is_encoded_alike(coded):
    one = [
        changed(
            ROWS[0], given_name="Zoë", surname="O'Neill", date_of_birth="14/03/2009", sex="Female", postcode="ts11ab"
        )
    ]
    other = [
        changed(ROWS[0], given_name="ZOE ", surname="o neill", date_of_birth="14 Mar 2009", sex="f", postcode="TS1 1AB")
    ]
    assert table(coded(one, date_format="day-first")) == table(coded(other, date_format="day-first"))


def test_a_field_the_partner_does_not_hold_is_null_throughout(coded):
    columns = tuple(name for name in pp.COLUMNS if name != "sex")
    held = table(_without_sex(coded, columns))
    assert set(held["bf_sex"]) == {None}
    assert not any(None in values for name, values in held.items() if name != "bf_sex")


def _without_sex(coded, columns):
    people = [{name: row[name] for name in columns} for row in ROWS]
    path = pp.write(coded(ROWS).parent / "people.csv", people, columns)
    out = path.with_name("other.parquet")
    encode(path, out, key=pp.key(), columns={"sex": ""}, **ASKED)
    return out


def test_the_preview_counts_and_names_no_person(coded):
    rows = [
        changed(ROWS[0], surname="unknown", postcode="Middlesbrough"),
        *ROWS[1:],
        changed(ROWS[1], record_id="x", sex="?"),
    ]
    path = coded(rows, columns=(*pp.COLUMNS, "notes", "phone"))
    preview = coded.preview
    assert preview.rows == len(ROWS) + 1
    assert preview.blank == {"given_name": 0, "surname": 1, "date_of_birth": 0, "sex": 1, "postcode": 0}
    assert preview.unreadable == {"given_name": 0, "surname": 0, "date_of_birth": 0, "sex": 0, "postcode": 1}
    assert preview.not_leaving == ("notes", "phone")
    assert preview.bytes == path.stat().st_size
    assert tuple(preview.example) == UK.columns
    first = pq.read_table(path).slice(0, 1).to_pylist()[0]
    assert preview.example["record_id"] == first["record_id"]
    assert preview.example["bf_sex"] in (None, (first["bf_sex"] or b"").hex())
    assert not any(row["given_name"] in repr(preview) for row in rows)


def test_nothing_is_written_when_only_a_preview_is_asked_for(coded, tmp_path):
    path = coded(ROWS, write=False)
    assert list(path.parent.iterdir()) == []
    assert coded.preview.bytes == coded(ROWS).stat().st_size


def test_progress_is_told_after_every_chunk(coded, monkeypatch):
    monkeypatch.setattr(encoding, "_CHUNK", 25)
    told = []
    coded(ROWS, progress=lambda done, rows: told.append((done, rows)))
    assert told == [(25, 60), (50, 60), (60, 60)]


def test_folded_filters_are_as_long_and_not_the_same(coded):
    folded = Scheme("uk-folded", UK.fields, UK.blocks, UK.exact, fold=True)
    held = table(coded(ROWS, scheme=folded))
    assert {len(value) for value in held["bf_surname"]} == {64}
    assert not set(held["bf_surname"]) & set(table(coded(ROWS))["bf_surname"])


def test_a_scheme_of_another_country_needs_nothing_of_this_one(coded):
    fields = (Field("name", "name"), Field("born", "date"), Field("suburb", "text"), Field("state", "code"))
    scheme = Scheme("febrl-1", fields, (("name:soundex", "state"),), (("name", "born"),), bits=256)
    rows = [
        {"record_id": f"rec-{i}", "name": "anna", "born": "19990101", "suburb": "two wells", "state": s}
        for i, s in enumerate(("nsw", "1", "0"))
    ]
    path = coded(rows, scheme=scheme, columns=("record_id", *(field.name for field in fields)))
    held = table(path)
    assert coded.preview.unreadable == coded.preview.blank == dict.fromkeys(coded.preview.blank, 0)
    assert len(set(held["bf_state"])) == 3
    assert len(set(held["pseudonym_1"])) == 1
    assert {len(value) for value in held["bf_suburb"]} == {32}


# --- refusals ---


def refusal(coded, rows=ROWS, **more):
    with pytest.raises((ContractError, RunError)) as caught:
        coded(rows, **more)
    said = str(caught.value)
    for row in rows:
        assert not any(value in said for value in row.values() if len(value) > 2)
    return said


def test_ids_that_are_blank_or_stand_twice_are_refused_by_row(coded, tmp_path):
    rows = [changed(row) for row in ROWS]
    rows[3]["record_id"], rows[8]["record_id"], rows[40]["record_id"] = (
        rows[2]["record_id"],
        "",
        f" {rows[2]['record_id']} ",
    )
    said = refusal(coded, rows)
    assert "1 row without an id (row 9 below the header)" in said
    assert "2 rows with an id that stood before (row 4, 41 below the header)" in said
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_file_of_no_rows_is_refused(coded):
    assert "a header and no rows" in refusal(coded, [])


def test_a_wrong_order_of_dates_is_noticed(coded, tmp_path):
    rows = [changed(row, date_of_birth="/".join(row["date_of_birth"].split("-")[::-1])) for row in ROWS]
    said = refusal(coded, rows)
    assert "date_of_birth: 60 of 60 values are not readable" in said
    assert "--date-format" in said
    assert not list(tmp_path.rglob("*.parquet"))
    coded(rows, date_format="day-first")
    assert coded.preview.unreadable["date_of_birth"] == 0


def test_columns_that_were_mixed_up_are_noticed(coded):
    rows = [changed(row, postcode=row["sex"], sex=row["postcode"]) for row in ROWS]
    said = refusal(coded, rows)
    assert "sex: 60 of 60" in said
    assert "postcode: 60 of 60" in said


def test_half_of_a_field_may_be_unreadable_and_is_counted(coded):
    rows = [changed(row, postcode="TS1") if i % 2 else row for i, row in enumerate(ROWS)]
    coded(rows)
    assert coded.preview.unreadable["postcode"] == 30


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"source": "The VCSE"}, "source: expected a short label"),
        ({"source": ""}, "source: expected a short label"),
        ({"purpose": "x"}, "purpose: expected 3 to 300"),
        ({"purpose": "two\nlines"}, "purpose: expected 3 to 300"),
        ({"date_format": "american"}, "expected iso or day-first"),
    ],
)
def test_labels_are_held_to_their_form(coded, more, why):
    assert why in refusal(coded, **more)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"columns": {"height": "Height"}}, "height: uk-1 has no such field"),
        ({"columns": {"surname": "given_name"}}, "given_name stands for more than one field"),
        ({"record_id": "surname"}, "surname stands for more than one field"),
        ({"record_id": ""}, "every row needs an id"),
        ({"record_id": "case"}, "record_id: there is no column 'case'"),
    ],
)
def test_columns_are_mapped_once_each(tmp_path, more, why):
    people = pp.write(tmp_path / "people.csv", ROWS)
    (tmp_path / "out").mkdir()
    with pytest.raises(ContractError) as caught:
        encode(people, tmp_path / "out" / "x.parquet", key=pp.key(), **{**ASKED, **more})
    assert why in str(caught.value)


def test_columns_of_other_names_are_mapped(tmp_path):
    names = {
        "given_name": "First Name",
        "surname": "Surname",
        "date_of_birth": "DOB",
        "sex": "Gender",
        "postcode": "PC",
    }
    rows = [{"Case": row["record_id"], **{names[name]: row[name] for name in names}} for row in ROWS]
    people = pp.write(tmp_path / "people.csv", rows, ("Case", *names.values()))
    straight = pp.write(tmp_path / "straight.csv", ROWS)
    outs = []
    for path, more in ((people, {"columns": names, "record_id": "Case"}), (straight, {})):
        out = tmp_path / path.stem / "x.parquet"
        out.parent.mkdir()
        encode(path, out, key=pp.key(), **{**ASKED, **more})
        outs.append(out.read_bytes())
    assert outs[0] == outs[1]


def places(tmp_path):
    people = pp.write(tmp_path / "people.csv", ROWS)
    (tmp_path / "out").mkdir()
    return people, tmp_path / "out" / "x.parquet"


def run(people, out, key=None):
    return encode(people, out, key=key or pp.key(), **ASKED)


def test_nothing_is_written_over(tmp_path):
    people, out = places(tmp_path)
    out.write_text("mine")
    with pytest.raises(RunError, match="already exists"):
        run(people, out)
    assert out.read_text() == "mine"
    before = people.read_bytes()
    with pytest.raises(RunError, match="replace the list of people"):
        run(people, people)
    with pytest.raises(RunError, match="replace the list of people"):
        run(people, tmp_path / "out" / ".." / "people.csv")
    assert people.read_bytes() == before


def test_the_folder_of_the_output_must_be_there(tmp_path):
    people, _ = places(tmp_path)
    with pytest.raises(RunError, match="there is no folder"):
        run(people, tmp_path / "nowhere" / "x.parquet")


@pytest.mark.parametrize("at", ["out/linkage.key", "out/deep/linkage.key"])
def test_a_key_below_the_folder_of_the_output_is_refused(tmp_path, at):
    from curv_eval.linkage.keys import make_key

    people, out = places(tmp_path)
    (tmp_path / "out" / "deep").mkdir()
    with pytest.raises(RunError, match="the key lies where the output would be"):
        run(people, out, make_key(tmp_path / at, project="a-test"))
    assert not out.exists()
    run(people, out, make_key(tmp_path / "linkage.key", project="a-test"))
    assert out.exists()


def test_a_fault_on_the_way_leaves_nothing(tmp_path, monkeypatch):
    people, out = places(tmp_path)

    def broken(*_, **__):
        raise OSError("the disk is full")

    for where, name in ((encoding, "_shown"), (encoding.shutil, "copyfileobj"), (encoding.json, "dumps")):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, broken)
            with pytest.raises(OSError, match="disk is full"):
                run(people, out)
        assert list(out.parent.iterdir()) == []
    run(people, out)
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_only_its_owner_can_read_the_encoded_file(tmp_path):
    people, out = places(tmp_path)
    run(people, out)
    assert out.stat().st_mode & 0o077 == 0


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(cells, cells, cells, cells, cells), min_size=1, max_size=5))
def test_whatever_people_write_is_encoded_or_refused(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("any")
    rows = [dict(zip(pp.COLUMNS, (f"id-{i}", *row), strict=True)) for i, row in enumerate(values)]
    people, out = pp.write(folder / "people.csv", rows), folder / "out" / "x.parquet"
    out.parent.mkdir()
    try:
        preview = run(people, out)
    except ContractError as fault:
        assert "cannot be read" in str(fault)
        assert not out.exists()
    else:
        assert preview.rows == len(rows) == pq.read_table(out).num_rows
