"""Every planted value is found in every format, and no message repeats one."""

import json

import pytest
from planted import COLUMNS, FORMATS, FREE_TEXT, HEADED, VALUES, nhs

from curv_eval.disclosure.scan import Known, columns, refuse_findings, scan
from curv_eval.errors import DisclosureError


def put(folder, name, raw):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def kinds(path):
    return {one.kind for one in scan(path)}


def test_there_are_enough_values_and_no_two_alike():
    assert len(VALUES) >= 60
    assert len(set(VALUES)) == len(VALUES)
    assert len({kind for kind, _ in VALUES}) == 17


def refusal(folder):
    """What is said of a folder, "" where nothing is."""
    try:
        refuse_findings(folder)
    except DisclosureError as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize("form", FORMATS)
def test_every_value_is_found_in_every_format_and_no_message_repeats_one(form, tmp_path):
    name, made = FORMATS[form]
    path = put(tmp_path, name, made("nothing"))
    assert refusal(tmp_path) == "", "the format alone is an alarm"
    said = {(kind, value): refusal(put(tmp_path, name, made(value)).parent) for kind, value in VALUES}
    missed = [value for (kind, value), message in said.items() if f"{path.name}: {kind}" not in message]
    assert missed == [], f"{form}: found {len(VALUES) - len(missed)} of {len(VALUES)}"
    assert [value for (_, value), message in said.items() if value.casefold() in message.casefold()] == []


@pytest.mark.parametrize("form", HEADED)
def test_columns_that_promise_a_person_are_found(form, tmp_path):
    name, made = HEADED[form]
    missed = [head for head in COLUMNS if columns.PROMISES not in kinds(put(tmp_path, name, made(head)))]
    assert missed == [], f"{form}: found {len(COLUMNS) - len(missed)} of {len(COLUMNS)}"
    for head in ("area", "estimate", "district", "ward", "crime_type", "number of people", "month", "ward name"):
        assert kinds(put(tmp_path, name, made(head))) == set(), head


def test_every_value_at_once_is_counted_and_placed(tmp_path):
    rows = "\n".join(value.replace(",", " ").replace("\u200b", "") for kind, value in VALUES if kind == "full postcode")
    found = scan(put(tmp_path, "x.csv", f"note\n{rows}\n".encode()))
    assert [(one.place, one.count) for one in found] == [(f"row {n}, column note", 1) for n in range(2, 14)]
    with pytest.raises(DisclosureError, match=r"x\.csv: full postcode, 12 times, first in row 2, column note"):
        refuse_findings(tmp_path)


def test_places_are_named_by_line_and_element(tmp_path):
    put(tmp_path, "a.md", b"one\ntwo\nthree TS1 3BX and TS1 4BX\n")
    put(tmp_path, "b.json", b'{"tables": {"x": {"rows": [{"ward": "no", "n": 1}, {"ward": "TS1 3BX", "n": 2}]}}}')
    put(tmp_path, "c.svg", b"<svg><text>no</text><text>TS1 3BX</text></svg>")
    put(tmp_path, "d.yml", b"a: no\nb: >\n  TS1\n  3BX\n")
    assert [(one.file, one.place, one.count) for one in scan(tmp_path)] == [
        ("a.md", "line 3", 2),
        ("b.json", "tables.x.rows[2].ward", 1),
        ("c.svg", "element text 2", 1),
        ("d.yml", "line 2", 1),
    ]


def test_names_of_files_keys_and_columns_are_read_and_not_repeated(tmp_path):
    put(tmp_path, "oliver_smith.csv", b"area\n1\n")
    put(tmp_path, "Oliver Smith/x.csv", f"Aisha Begum,{nhs('943476591')}\nTS1 3BX,1\n".encode())
    put(tmp_path, "y.json", b'{"Oliver Smith": {"a": "TS1 3BX"}}')
    with pytest.raises(DisclosureError) as refusal:
        refuse_findings(tmp_path)
    said = str(refusal.value)
    assert "file number 2: name of a person in its name" in said
    assert "y.json: name of a person in number 1" in said
    assert "y.json: full postcode in number 1.a" in said
    assert "column number 1" in said
    for value in ("Oliver", "oliver", "Smith", "Aisha", "Begum", "9434765919"):
        assert value not in said


def test_a_value_that_its_markup_or_its_lines_part_is_found(tmp_path):
    for name, text in {
        "a.md": "seen at TS1\n3BX again",
        "b.md": "**TS1** 3BX",
        "c.md": "<b>TS1</b> 3BX",
        "d.md": "TS1&nbsp;3BX",
        "e.md": "T\u200bS1 3BX",
        "f.html": "<td><em>TS1</em> <strong>3BX</strong></td>",
        "g.html": "TS1&#32;3BX",
        "h.svg": "<svg><text>TS1 <tspan>3BX</tspan></text></svg>",
        "i.json": '"TS1\\u00203BX"',
        "j.yml": 'a: "TS1\\x203BX"',
    }.items():
        assert kinds(put(tmp_path, name, text.encode())) == {"full postcode"}, name


def test_keys_that_stand_twice_are_read_twice(tmp_path):
    assert kinds(put(tmp_path, "a.json", b'{"a": "TS1 3BX", "a": "no"}')) == {"full postcode"}
    assert kinds(put(tmp_path, "a.yml", b"a: TS1 3BX\na: no\n")) == {"full postcode"}


@pytest.mark.parametrize("form", ["a.csv", "b.json"])
def test_free_text_is_found_unless_the_study_wrote_it(form, tmp_path):
    def written(texts):
        if form == "b.json":
            return put(tmp_path, form, json.dumps([{"what": text} for text in texts]).encode())
        return put(tmp_path, form, "\n".join(["what", *(f'"{text}"' for text in texts)]).encode())

    (found,) = scan(written(FREE_TEXT))
    assert (found.kind, found.count) == (columns.FREE_TEXT, 12)
    assert scan(written(FREE_TEXT), Known(written="\n".join(FREE_TEXT))) == ()
    assert scan(written(FREE_TEXT[:9])) == ()
    assert scan(written([f"level {n} of the chosen group before and after the start" for n in range(40)])) == ()


def test_points_are_found_and_boundaries_are_not(tmp_path):
    fine = "lat,lon,n\n54.574321,-1.234567,1\n54.57,-1.23,1\n"
    assert [(one.place, one.kind, one.count) for one in scan(put(tmp_path, "a.csv", fine.encode()))] == [
        ("column lat", columns.POINTS, 1),
        ("column lon", columns.POINTS, 1),
    ]
    assert kinds(put(tmp_path, "a.csv", b"lat,lon\n54.5743,-1.2345\n")) == set()
    assert kinds(put(tmp_path, "a.csv", b"easting,northing\n449512,520123\n")) == {columns.POINTS}
    assert kinds(put(tmp_path, "a.csv", b"easting,northing\n449500,520100\n")) == set()
    point = '{"type": "Point", "coordinates": [-1.234567, 54.574321]}'
    ring = '{"type": "Polygon", "coordinates": [[[-1.234567, 54.574321], [-1.3456789, 54.5743219]]]}'
    assert kinds(put(tmp_path, "b.geojson", point.encode())) == {"coordinates as fine as a doorstep"}
    assert kinds(put(tmp_path, "b.geojson", ring.encode())) == set()
