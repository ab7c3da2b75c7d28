"""Each reader alone: which pieces, in which places, with which names of columns."""

import io
import json
import zipfile

import pytest
from planted import _docx, _xlsx, _zip

from curv_eval.disclosure.scan.columns import free_text, plain_name, points, promises
from curv_eval.disclosure.scan.formats import items, text_items
from curv_eval.disclosure.scan.items import Column, Piece, Refused, label, speakable, within
from curv_eval.disclosure.scan.markup import embedded, html_items, xml_items
from curv_eval.disclosure.scan.tables import delimited_items, sheets
from curv_eval.disclosure.scan.trees import json_items, yaml_items


def pieces(found):
    """Place and text of every piece that is no name of a column."""
    return [(one.place or f"line {one.line}", one.text) for one in found if isinstance(one, Piece) and not one.heading]


def headings(found):
    return [one.text for one in found if isinstance(one, Piece) and one.heading]


def columns(found):
    return {one.name: one.values for one in found if isinstance(one, Column)}


def nothing(kind, raw):
    return iter(())


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_table_is_read_by_the_mark_it_uses(mark):
    found = list(delimited_items(mark.join("ab") + "\n" + mark.join("12") + "\n" + mark.join(["", "3"]) + "\n"))
    assert headings(found) == ["a", "b"]
    assert pieces(found) == [("row 2, column a", "1"), ("row 2, column b", "2"), ("row 3, column b", "3")]
    assert columns(found) == {"a": ("1",), "b": ("2", "3")}


def test_cells_beyond_the_names_and_short_rows_are_read():
    found = list(delimited_items("a\n1,2\n\n3\n"))
    assert pieces(found) == [("row 2, column a", "1"), ("row 2, column number 2", "2"), ("row 3, column a", "3")]
    assert list(delimited_items("")) == []


def test_quoted_cells_keep_their_lines():
    found = list(delimited_items('a,b\n"one\ntwo, three",x\n'))
    assert pieces(found) == [("row 2, column a", "one\ntwo, three"), ("row 2, column b", "x")]


def test_a_workbook_is_read_by_the_places_of_its_cells():
    with zipfile.ZipFile(io.BytesIO(_xlsx("ward", "value"))) as held:
        assert list(sheets(held)) == [("sheet 1", [["ward"], ["value", "", "5"]])]
    found = list(items("x.xlsx", _xlsx("ward", "value")))
    assert ("sheet 1, row 2, column ward", "value") in pieces(found)
    assert "ward" in headings(found)
    assert columns(found) == {"ward": ("value",)}


def test_texts_in_the_cells_of_a_workbook_themselves_are_read():
    sheet = (
        "<worksheet><sheetData><row><c r='AB1' t='inlineStr'><is><t>here</t></is></c></row>"
        "<row><c t='s'><v>99</v></c><c><v>1.5</v></c></row></sheetData></worksheet>"
    )
    with zipfile.ZipFile(io.BytesIO(_zip(xl__worksheets__sheet1_dot_xml=sheet))) as held:
        ((_, rows),) = sheets(held)
    assert rows == [[""] * 27 + ["here"], ["99", "1.5"]]


def test_json_is_read_by_key_and_by_row():
    text = json.dumps({"a": {"b": ["x", 12345678901, None, True]}, "rows": [{"n": 1, "w": "y"}, {"n": 2.5, "w": "z"}]})
    found = list(json_items(text, packed=nothing))
    assert pieces(found) == [
        ("a.b[1]", "x"),
        ("a.b[2]", "12345678901"),
        ("rows[1].n", "1"),
        ("rows[1].w", "y"),
        ("rows[2].n", "2.5"),
        ("rows[2].w", "z"),
    ]
    assert headings(found) == ["a", "b", "rows", "n", "w"]
    assert columns(found) == {"n": ("1", "2.5"), "w": ("y", "z")}


def test_a_text_alone_is_json_too():
    assert pieces(json_items('"only"', packed=nothing)) == [("the text", "only")]
    assert list(json_items("12", packed=nothing)) != []


def test_lines_of_a_notebook_are_joined_and_lists_of_words_are_not():
    assert pieces(json_items('{"source": ["TS1\\n", "3BX"]}', packed=nothing)) == [("source", "TS1\n3BX")]
    assert pieces(json_items('{"tags": ["a", "b"]}', packed=nothing)) == [("tags[1]", "a"), ("tags[2]", "b")]


def test_what_is_under_a_kind_of_media_is_given_to_its_reader():
    asked = []

    def packed(kind, text):
        asked.append((kind, text))
        yield Piece("inside", text)

    found = list(json_items('{"data": {"text/html": ["<b>", "x</b>"], "image/png": "abc"}}', packed=packed))
    assert asked == [("text/html", "<b>x</b>"), ("image/png", "abc")]
    assert ("data.text/html, inside", "<b>x</b>") in pieces(found)


def test_weak_names_count_in_tables_only():
    held = [{"name": "stdout"}, {"name": "stderr"}]
    strict = {
        notebook: [
            one.strict
            for one in json_items(json.dumps(held), packed=nothing, notebook=notebook)
            if isinstance(one, Piece) and one.heading
        ]
        for notebook in (False, True)
    }
    assert strict == {False: [True], True: [False]}
    assert [one.strict for one in json_items('{"name": "x"}', packed=nothing) if getattr(one, "heading", 0)] == [False]


def test_points_are_put_together_and_rings_are_not():
    text = '{"type": "MultiPoint", "coordinates": [[1.5, 2.5, 9], [3.5, 4.5]]}'
    assert ("geometry.coordinates", "1.5, 2.5") in pieces(json_items(f'{{"geometry": {text}}}', packed=nothing))
    ring = text.replace("MultiPoint", "LineString")
    assert not [one for one in pieces(json_items(ring, packed=nothing)) if "," in one[1]]


def test_yaml_is_read_by_line_with_its_comments():
    text = "a: one # said\nb:\n  - two\n  - c: >\n      three\n      four\n? [x, y]\n: z\n"
    found = list(yaml_items(text))
    assert pieces(found) == [
        ("line 1", "one"),
        ("line 3", "two"),
        ("line 4", "three four\n"),
        ("line 7", "x"),
        ("line 7", "y"),
        ("line 8", "z"),
        ("line 1", " said"),
    ]
    assert headings(found) == ["a", "b", "c"]


def test_yaml_that_names_itself_ends_and_many_documents_are_read():
    assert pieces(yaml_items("a: &x [one, *x]\n")) == [("line 1", "one")]
    assert pieces(yaml_items("a: one\n---\nb: two\n")) == [("line 1", "one"), ("line 3", "two")]


def test_html_is_read_by_block_and_line():
    text = "<h1>A <em>b</em>c</h1>\n<p>one<br>two</p>\n<table><tr><th>Head</th><td>cell</td></tr></table><!-- note -->"
    found = list(html_items(text, packed=nothing))
    assert pieces(found) == [
        ("line 1", "A bc"),
        ("line 2", "one"),
        ("line 2", "two"),
        ("line 3", "cell"),
        ("line 3", " note "),
    ]
    assert headings(found) == ["Head"]


def test_attributes_styles_and_scripts_of_html_are_read():
    text = '<img alt="said" title="titled"><style>p{content: "styled"}</style><script>var x = "scripted";</script>'
    found = " ".join(text for _, text in pieces(html_items(text, packed=nothing)))
    assert all(word in found for word in ("said", "titled", "styled", "scripted"))


def test_xml_is_read_by_element_with_attributes_and_comments():
    raw = b'<svg><!--note--><title>one</title><g id="gid"><text>two <tspan fill="red">three</tspan></text></g></svg>'
    assert pieces(xml_items(raw, packed=nothing)) == [
        ("element comment 1", "note"),
        ("element title 1", "one"),
        ("element g 1, attribute id", "gid"),
        ("element text 1", "two three"),
        ("element text 1, attribute fill", "red"),
    ]


def test_shapes_are_not_text_and_what_is_no_shape_is():
    shapes = b'<path d="M 1.5,2 L 3 4 z" transform="translate(2 3) scale(1)"/><path d="TS1 3BX" transform="at(1)"/>'
    raw = b'<svg viewBox="0 0 504 226">' + shapes + b"</svg>"
    assert [text for _, text in pieces(xml_items(raw, packed=nothing))] == ["TS1 3BX", "at(1)"]


def test_numbers_that_word_gives_to_its_parts_are_left_out_and_names_are_not():
    raw = (
        b'<p><a id="4857773456" val="7"/><a val="Liam Taylor"/><ext uri="{28A0092B-C50C-407E-A947-70E740481C1C}"/></p>'
    )
    texts = [text for _, text in pieces(xml_items(raw, packed=nothing, office=True))]
    assert texts == ["Liam Taylor"]
    assert len(pieces(xml_items(raw, packed=nothing))) == 4


def test_runs_of_a_paragraph_are_joined_and_heads_of_tables_are_headings():
    found = list(items("x.docx", _docx("TS", "1 3", "BX", head="Surname", extra="made by")))
    assert ("member word/document.xml, element p 1", "TS1 3BX") in pieces(found)
    assert headings(found) == ["Surname"]
    assert ("member docProps/core.xml, element creator 1", "made by") in pieces(found)


def test_what_is_packed_into_an_address_is_taken_out_and_read():
    def packed(kind, raw):
        yield Piece("inside", f"{kind} {raw.decode()}")

    text, found = embedded('a url("data:text/plain;charset=utf-8;base64,aGVsbG8=") b', packed)
    assert text == 'a url("") b'
    assert [(one.place, one.text) for one in found] == [("packed text/plain, inside", "text/plain hello")]
    assert embedded("data:,plain", packed) == ("data:,plain", [])


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("text/css", True),
        ("application/json", True),
        ("image/svg+xml", True),
        ("font/woff2", True),
        ("image/gif", False),
        ("application/octet-stream", False),
    ],
)
def test_a_packed_kind_that_is_not_known_is_refused(kind, read):
    body = {"application/json": "e30=", "image/svg+xml": "PHN2Zy8+"}.get(kind, "")
    found = list(text_items(f"data:{kind};base64,{body}"))
    assert any(isinstance(one, Refused) for one in found) is not read


def test_rows_of_markdown_are_read_by_cell_and_their_heads_are_headings():
    found = list(text_items("Text\n\n| Surname | n |\n|:---|---:|\n| liam taylor | 2 |\n"))
    assert headings(found) == ["Surname", "n"]
    assert ("line 5", "liam taylor") in pieces(found)
    assert headings(text_items("| a | b |\n| 1 | 2 |\n")) == []


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("crime_type", True),
        ("violent incidents recorded by the police", True),
        ("results_ae_assaults.csv", True),
        ("Liam Taylor", False),
        ("liam_taylor.csv", False),
        ("TS1 3BX", False),
        ("case 12345", False),
        ("12", False),
        ("a\nb", False),
        ("", False),
        ("x" * 80, False),
    ],
)
def test_a_name_stands_in_a_message_only_where_it_is_nobody_s(name, may):
    assert speakable(name) is may
    assert label("column", name, 7) == (f"column {name}" if may else "column number 7")


def test_places_are_put_within_each_other():
    (one,) = within("member a", [Piece("row 1", "x", line=0)])
    assert one.place == "member a, row 1"
    (one,) = within("member a", [Piece("", "x", line=3)])
    assert (one.place, one.line) == ("member a, line 3", 0)
    (one,) = within("member a", [Refused("", "why")])
    assert one.place == "member a"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("NHS Number", "nhs_number"),
        ("patientId", "patient_id"),
        ("  Date of-birth ", "date_of_birth"),
        ("D.O.B.", "d_o_b"),
        ("e-mail", "e_mail"),
    ],
)
def test_names_of_columns_are_compared_in_one_form(name, plain):
    assert plain_name(name) == plain
    assert promises(name)


@pytest.mark.parametrize("name", ["victim_name", "Young person name", "home_nhs_number", "lead officer name", "pnc id"])
def test_names_that_end_in_a_promise_are_ones(name):
    assert promises(name)


@pytest.mark.parametrize(
    "name", ["ward_name", "area name", "dataset", "names_of_wards", "birth_rate", "addressed", "n"]
)
def test_names_of_other_things_are_none(name):
    assert not promises(name)


@pytest.mark.parametrize("name", ["name", "address", "token", "officer"])
def test_words_with_other_uses_count_where_it_is_strict(name):
    assert promises(name)
    assert not promises(name, strict=False)


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("latitude", ("54.57432", "54.5743", "54.574321"), 2),
        ("home_lon", ("-1.23456",), 1),
        ("lat", ("54.5", "north"), 0),
        ("easting", ("449512", "449500", "4495"), 1),
        ("estimate", ("54.574321",), 0),
        ("latency", ("54.574321",), 0),
    ],
)
def test_points_are_counted_by_how_fine_they_are(name, values, count):
    assert points(name, values) == count


def test_short_alike_and_few_texts_are_no_free_text():
    long = [
        f"{first} {second} told them that it happened near the water" for first in "abcdefg" for second in ("he", "she")
    ]
    assert free_text(["he said so"] * 40, "") == 0
    assert free_text(long[:1] * 40, "") == 0
    assert free_text(long, "") == 0  # the same sentence over and over is a program's
