"""Tables of references as four databases write them, and what spreadsheets do to them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.errors import StudyError
from curv_eval.evidence.screening import read_references
from curv_eval.evidence.screening.tables import read_table

ROW = {
    "title": "Street mentoring, and knife injuries",
    "authors": "Marlow, T.; Okafor, B.",
    "year": "2019",
    "journal": "Journal of Made-up Studies",
    "doi": "10.5555/made.2019.1",
    "abstract": "We asked.",
    "type": "Article",
}
SCOPUS = {
    "Authors": "authors",
    "Title": "title",
    "Year": "year",
    "Source title": "journal",
    "Volume": None,
    "Page start": "first",
    "Page end": "last",
    "DOI": "doi",
    "Abstract": "abstract",
    "Document Type": "type",
}
WEB_OF_SCIENCE = {
    "Publication Type": None,
    "Authors": "authors",
    "Author Full Names": None,
    "Article Title": "title",
    "Source Title": "journal",
    "Abstract": "abstract",
    "Publication Year": "year",
    "Start Page": "first",
    "End Page": "last",
    "DOI": "doi",
    "Document Type": "type",
}
ZOTERO = {
    "Key": None,
    "Item Type": "type",
    "Publication Year": "year",
    "Author": "authors",
    "Title": "title",
    "Publication Title": "journal",
    "DOI": "doi",
    "Url": None,
    "Abstract Note": "abstract",
    "Pages": "pages",
}
ENDNOTE = {
    "Reference Type": "type",
    "Author": "authors",
    "Year": "year",
    "Title": "title",
    "Secondary Title": "journal",
    "Pages": "pages",
    "DOI": "doi",
    "Abstract": "abstract",
}
TAGGED = {
    "PT": None,
    "AU": "authors",
    "TI": "title",
    "SO": "journal",
    "DT": "type",
    "AB": "abstract",
    "BP": "first",
    "EP": "last",
    "PY": "year",
    "DI": "doi",
}


def table(heads, rows=(ROW,), mark=","):
    held = io.StringIO()
    writer = csv.writer(held, delimiter=mark, lineterminator="\n")
    writer.writerow(heads)
    for row in rows:
        full = row | {"first": "101", "last": "119", "pages": "101-119"}
        writer.writerow([full.get(name, "") if name else "" for name in heads.values()])
    return held.getvalue()


def said(text):
    return [str(fault) for fault in read_table(text, "Scopus").faults]


@pytest.mark.parametrize("heads", [SCOPUS, WEB_OF_SCIENCE, ZOTERO, ENDNOTE, TAGGED])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_each_database_is_read_field_by_field(heads, mark):
    found = read_table(table(heads, mark=mark), "Some Base")
    assert found.faults == ()
    (one,) = found.references
    assert one.title == ROW["title"]
    assert one.authors == ("Marlow, T.", "Okafor, B.")
    assert (one.year, one.journal, one.doi) == (2019, ROW["journal"], ROW["doi"])
    assert (one.abstract, one.type, one.pages) == ("We asked.", "article", "101-119")
    assert (one.id, one.database, one.line) == ("some-base-1", "Some Base", 2)


@pytest.mark.parametrize("heads", [SCOPUS, ZOTERO])
def test_capitals_and_a_byte_order_mark_do_not_matter(tmp_path, heads):
    path = tmp_path / "found.csv"
    path.write_bytes(b"\xef\xbb\xbf" + table({name.upper(): field for name, field in heads.items()}).encode())
    assert read_references(path, database="x").references[0].title == ROW["title"]


def test_a_file_with_tabs_is_read_by_its_ending(tmp_path):
    path = tmp_path / "found.tsv"
    path.write_text(table(TAGGED, mark="\t").replace("\n", "\r\n"), "utf-8", newline="")
    assert read_references(path, database="x").references[0].doi == ROW["doi"]


@pytest.mark.parametrize(
    ("cell", "people"),
    [
        ("Marlow, T.; Okafor, B.", ("Marlow, T.", "Okafor, B.")),
        ("Marlow T.; Okafor B.", ("Marlow T.", "Okafor B.")),
        ("Marlow T., Okafor B.", ("Marlow T.", "Okafor B.")),
        ("Marlow T.J., Okafor B.-C.", ("Marlow T.J.", "Okafor B.-C.")),
        ("Marlow, Tamsin", ("Marlow, Tamsin",)),
        ("Marlow, T.", ("Marlow, T.",)),
        ("Home Office", ("Home Office",)),
        ("van der Berg A., Okafor B.", ("van der Berg A.", "Okafor B.")),
        ("", ()),
        (" ; ", ()),
    ],
)
def test_people_are_parted_as_each_database_parts_them(cell, people):
    (one,) = read_table(table(SCOPUS, [ROW | {"authors": cell}]), "x").references
    assert one.authors == people


def test_a_cell_may_hold_line_ends_and_the_lines_are_still_right():
    rows = [ROW | {"abstract": "one\ntwo\nthree"}, ROW | {"title": ""}, ROW]
    found = read_table(table(SCOPUS, rows), "x")
    assert found.references[0].abstract == "one two three"
    assert [str(fault) for fault in found.faults] == ["line 5: no title"]
    assert [one.line for one in found.references] == [2, 6]


def test_empty_lines_are_no_entries():
    found = read_table(table(SCOPUS) + "\n\n", "x")
    assert (found.entries, found.faults) == (1, ())


def test_a_page_may_stand_alone():
    text = "Title,Page start,Page end\nA,5,\nB,,\n"
    assert [one.pages for one in read_table(text, "x").references] == ["5", ""]


def test_a_doi_may_stand_in_the_link():
    text = "Title,Link\nA,https://doi.org/10.5555/a\nB,https://example.org/10.5555/b\n"
    assert [one.doi for one in read_table(text, "x").references] == ["10.5555/a", ""]


# what is broken


def test_every_fault_is_told_at_once_with_its_line():
    text = "Title,Year,DOI\nkept,in press,10.5555/a\ntoo,few\n,2001,\nkept,2002,no doi\na,b,c,d\n"
    assert said(text) == [
        "line 2: no year can be read from 'in press' (reference kept)",
        "line 3: got 2 cells, expected 3",
        "line 4: no title",
        "line 5: no DOI can be read from 'no doi' (reference kept)",
        "line 6: got 4 cells, expected 3",
    ]
    found = read_table(text, "x")
    assert (len(found.references), found.entries) == (2, 5)


def test_a_quotation_mark_that_is_not_closed_is_told_with_the_lines_it_takes():
    text = 'Title,Year\nkept,2001\n"open,2002\nlost,2003\n'
    assert said(text) == ["line 3: a quotation mark is not closed; lines 3 to 4 hold no row that can be read"]
    assert len(read_table(text, "x").references) == 1


def test_a_quotation_mark_within_a_cell_is_a_fault_of_its_row_only():
    text = 'Title,Year\n"A "quoted" title",2001\nkept,2002\n'
    found = read_table(text, "x")
    assert [one.title for one in found.references] == ["kept"]
    assert "must be doubled" in found.broken[0].what


@pytest.mark.parametrize("text", ["", "\n", "Name,Age\nx,1\n", "a\n"])
def test_a_table_without_a_title_is_refused(text):
    with pytest.raises(StudyError, match="no column is a title"):
        read_table(text, "Scopus")


def test_a_head_that_stands_twice_is_refused():
    with pytest.raises(StudyError) as refusal:
        read_table("Title,DOI,Title,Note,Note\na,b,c,d,e\n", "Scopus")
    assert refusal.value.breaches == ("'title' stands 2 times",)


# hostile


def test_a_giant_cell_is_refused_with_its_line_and_the_others_are_kept():
    text = f"Title,Abstract\nA,{'x' * 140_000}\nB,y\nC,{'z' * 100_001}\n"
    found = read_table(text, "x")
    assert [one.title for one in found.references] == ["B"]
    assert [fault.line for fault in found.broken] == [2, 4]


@pytest.mark.parametrize("cell", ["=1+1", '=HYPERLINK("http://x","y")', "@x", "+x", "-x"])
def test_cells_are_text_whatever_they_begin_with(cell):
    held = io.StringIO()
    csv.writer(held).writerows([["Title", "Year"], [cell, "2001"]])
    assert read_table(held.getvalue().replace("\r\n", "\n"), "x").references[0].title == cell


def test_characters_that_nobody_sees_are_taken_out_and_said():
    found = read_table("Title,Year\nA\x00B\x07,2001\n", "x")
    assert found.references[0].title == "AB"
    assert "nobody sees" in str(found.faults[0])


CELLS = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=10))
def test_what_a_program_wrote_is_read_whole(rows):
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerows([("Title", "Authors", "Year"), *rows])
    found = read_table(held.getvalue(), "x")
    blank = [fault for fault in found.broken if fault.what == "no title"]
    assert len(found.references) + len(blank) == found.entries == len(rows)


@given(st.text(alphabet='a,";\n\t1', max_size=80))
def test_no_text_breaks_the_reader(text):
    found = read_table("Title,Year\n" + text, "x")
    assert len(found.references) + len(found.broken) >= found.entries
