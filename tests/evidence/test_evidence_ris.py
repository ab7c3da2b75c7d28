"""RIS: what databases really write, what is broken, and what was made to do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.errors import StudyError
from curv_eval.evidence.screening import Fault, read_references, reference_table, whole
from curv_eval.evidence.screening.ris import read_ris

GOOD = """\
TY  - JOUR
AU  - Marlow, Tamsin
AU  - Okafor, Ben
TI  - Street mentoring and knife injuries
T2  - Journal of Made-up Studies
PY  - 2019/03/01/
VL  - 12
IS  - 3
SP  - 101
EP  - 119
DO  - 10.5555/MADE.2019.1
AB  - We asked whether mentoring helps.
KW  - mentoring
KW  - knives
ER  -
"""


def lines(*parts):
    return "\n".join(parts)


def one(text, database="Scopus"):
    found = read_ris(text, database)
    assert found.faults == (), [str(fault) for fault in found.faults]
    (reference,) = found.references
    return reference


def said(text):
    return [str(fault) for fault in read_ris(text, "Scopus").faults]


def test_a_whole_entry_is_read_field_by_field():
    found = one(GOOD)
    assert found.id == "scopus-1"
    assert found.title == "Street mentoring and knife injuries"
    assert found.authors == ("Marlow, Tamsin", "Okafor, Ben")
    assert found.year == 2019
    assert found.journal == "Journal of Made-up Studies"
    assert found.doi == "10.5555/made.2019.1"
    assert found.abstract == "We asked whether mentoring helps."
    assert found.pages == "101-119"
    assert (found.type, found.database, found.line) == ("article", "Scopus", 1)


@pytest.mark.parametrize(
    ("tag", "field"),
    [("TI", "title"), ("T1", "title"), ("CT", "title"), ("BT", "title")],
)
def test_every_tag_of_a_title_is_one(tag, field):
    found = one(lines("TY  - JOUR", f"{tag}  - A title", "ER  - "))
    assert getattr(found, field) == "A title"


@pytest.mark.parametrize("tag", ["JO", "JF", "JA", "J1", "J2", "T2", "T3"])
def test_every_tag_of_a_journal_is_one(tag):
    assert one(lines("TY  - JOUR", "TI  - t", f"{tag}  - Some Journal", "ER  - ")).journal == "Some Journal"


@pytest.mark.parametrize("tag", ["PY", "Y1", "YR", "DA"])
def test_every_tag_of_a_year_is_one(tag):
    assert one(lines("TY  - JOUR", "TI  - t", f"{tag}  - 2004/11//", "ER  - ")).year == 2004


@pytest.mark.parametrize("tag", ["AU", "A1"])
def test_every_tag_of_an_author_is_one(tag):
    found = one(lines("TY  - JOUR", "TI  - t", f"{tag}  - Marlow, T.", f"{tag}  - Okafor, B.", "ER  - "))
    assert found.authors == ("Marlow, T.", "Okafor, B.")


def test_editors_are_no_authors():
    found = one(lines("TY  - CHAP", "TI  - t", "AU  - Marlow, T.", "A2  - Editor, E.", "ER  - "))
    assert found.authors == ("Marlow, T.",)


@pytest.mark.parametrize("tag", ["AB", "N2"])
def test_every_tag_of_an_abstract_is_one(tag):
    assert one(lines("TY  - JOUR", "TI  - t", f"{tag}  - Words.", "ER  - ")).abstract == "Words."


def test_the_preferred_tag_of_a_journal_is_taken_not_its_short_form():
    found = one(lines("TY  - JOUR", "TI  - t", "J2  - J Mad Stud", "T2  - Journal of Made-up Studies", "ER  - "))
    assert found.journal == "Journal of Made-up Studies"


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("JOUR", "article"),
        ("EJOUR", "article"),
        ("MGZN", "article"),
        ("BOOK", "book"),
        ("CHAP", "chapter"),
        ("CONF", "conference"),
        ("CPAPER", "conference"),
        ("THES", "thesis"),
        ("RPRT", "report"),
        ("GOVDOC", "report"),
        ("UNPB", "preprint"),
        ("ELEC", "web"),
        ("GEN", "other"),
        ("", "other"),
    ],
)
def test_types_have_plain_names(written, ours):
    assert one(lines(f"TY  - {written}", "TI  - t", "ER  - ")).type == ours


# layouts


def test_a_line_without_a_tag_goes_on_the_one_before():
    found = one(
        lines("TY  - JOUR", "TI  - Street mentoring", "and knife injuries", "  in towns", "AB  - a", "", "b", "ER  - ")
    )
    assert found.title == "Street mentoring and knife injuries in towns"
    assert found.abstract == "a b"


def test_prose_that_looks_like_a_tag_with_one_space_is_prose():
    found = one(lines("TY  - JOUR", "TI  - Patrols", "UK - wide", "ER  - "))
    assert found.title == "Patrols UK - wide"


def test_known_tags_may_have_one_space():
    assert one(lines("TY - JOUR", "TI - t", "PY - 2001", "ER -")).year == 2001


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path, end, mark):
    path = tmp_path / "found.ris"
    path.write_bytes(mark + GOOD.replace("\n", end).encode())
    found = read_references(path, database="Scopus")
    assert found.references == read_ris(GOOD, "Scopus").references
    assert found.faults == ()


def test_utf_16_with_its_mark_is_read(tmp_path):
    path = tmp_path / "found.ris"
    path.write_bytes(GOOD.encode("utf-16"))
    assert read_references(path, database="Scopus").references == read_ris(GOOD, "Scopus").references


def test_ids_are_the_database_and_the_place_even_after_a_broken_entry():
    text = lines("TY  - JOUR", "ER  - ", "TY  - JOUR", "TI  - second", "ER  - ")
    found = read_ris(text, "Web of Science")
    assert [one.id for one in found.references] == ["web-of-science-2"]
    assert found.entries == 2


def test_many_entries_keep_their_order_and_lines():
    text = "\n\n".join(GOOD.replace("Street", f"Street {n}") for n in range(50))
    found = read_ris(text, "Scopus")
    assert [one.title.split()[1] for one in found.references] == [str(n) for n in range(50)]
    assert [one.line for one in found.references] == [1 + 17 * n for n in range(50)]


# DOIs


@pytest.mark.parametrize(
    "written",
    [
        "10.5555/made.1",
        "doi:10.5555/made.1",
        "https://doi.org/10.5555/made.1",
        "http://dx.doi.org/10.5555/MADE.1",
        "DOI 10.5555/made.1.",
        "10.5555/made.1;",
        "https://doi.org/10.5555%2Fmade.1",
        "(10.5555/made.1)",
    ],
)
def test_a_doi_has_one_form(written):
    assert one(lines("TY  - JOUR", "TI  - t", f"DO  - {written}", "ER  - ")).doi == "10.5555/made.1"


def test_brackets_that_belong_to_a_doi_stay():
    text = lines("TY  - JOUR", "TI  - t", "DO  - 10.1016/S0140-6736(05)12345-6", "ER  - ")
    assert one(text).doi == "10.1016/s0140-6736(05)12345-6"


def test_a_doi_may_stand_in_an_address_only():
    text = lines("TY  - JOUR", "TI  - t", "UR  - https://example.org/x", "UR  - https://doi.org/10.5555/a", "ER  - ")
    assert one(text).doi == "10.5555/a"


def test_what_is_no_doi_is_said():
    text = lines("TY  - JOUR", "TI  - t", "DO  - not known", "ER  - ")
    assert said(text) == ["line 1: no DOI can be read from 'not known' (reference kept)"]


# what is broken


def test_a_missing_er_is_noted_and_nothing_lost():
    text = lines("TY  - JOUR", "TI  - first", "TY  - JOUR", "TI  - second")
    found = read_ris(text, "Scopus")
    assert [one.title for one in found.references] == ["first", "second"]
    assert [(fault.line, fault.kept) for fault in found.faults] == [(1, True), (3, True)]
    assert "no ER line" in found.faults[0].what
    assert found.broken == ()


def test_every_fault_is_told_at_once_with_its_line():
    text = lines(
        "Provider: a database",
        "TY  - JOUR",
        "AU  - Nobody, A.",
        "ER  - ",
        "ER  - ",
        "stray words",
        "TY  - JOUR",
        "TI  - kept",
        "PY  - in press",
        "ER  - ",
    )
    assert said(text) == [
        "line 1: text outside an entry (no TY before it)",
        "line 2: no title",
        "line 5: ER without TY",
        "line 6: text outside an entry (no TY before it)",
        "line 7: no year can be read from 'in press' (reference kept)",
    ]
    found = read_ris(text, "Scopus")
    assert (len(found.references), found.entries, len(found.broken)) == (1, 2, 4)


def test_two_titles_are_noted_and_the_first_taken():
    text = lines("TY  - JOUR", "TI  - first", "TI  - second", "ER  - ")
    assert said(text) == ["line 1: 2 titles, of which the first was taken (reference kept)"]
    assert read_ris(text, "x").references[0].title == "first"


def test_the_same_title_under_two_tags_is_no_fault():
    assert one(lines("TY  - JOUR", "T1  - The Title", "TI  - The title", "ER  - ")).title == "The title"


def test_whole_refuses_with_every_broken_part():
    text = lines("TY  - JOUR", "ER  - ", "TY  - JOUR", "ER  - ", "TY  - JOUR", "TI  - t", "ER  - ")
    with pytest.raises(StudyError) as refusal:
        whole(read_ris(text, "Scopus"))
    assert refusal.value.breaches == ("line 1: no title", "line 3: no title")
    assert whole(read_ris(GOOD, "Scopus")) == read_ris(GOOD, "Scopus").references


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_export_has_no_entries(text):
    found = read_ris(text.strip("\ufeff"), "Scopus")
    assert (found.references, found.faults, found.entries) == ((), (), 0)


# files


def test_a_file_of_another_kind_or_without_a_database_is_refused(tmp_path):
    path = tmp_path / "found.xml"
    path.write_text("<x/>", "utf-8")
    with pytest.raises(StudyError) as refusal:
        read_references(path, database="  ")
    assert len(refusal.value.breaches) == 2
    assert "'.xml'" in refusal.value.breaches[1]


@pytest.mark.parametrize("name", ["missing.ris", "folder.ris"])
def test_no_file_is_refused(tmp_path, name):
    (tmp_path / "folder.ris").mkdir()
    with pytest.raises(StudyError, match=r"readable file|is no file"):
        read_references(tmp_path / name, database="Scopus")


def test_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "found.ris"
    path.write_bytes("TY  - JOUR\nTI  - Café\nER  - \n".encode("latin-1"))
    with pytest.raises(StudyError) as refusal:
        read_references(path, database="Scopus")
    assert refusal.value.breaches == ("line 2: the first such character",)
    assert "UTF-8" in refusal.value.do


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("curv_eval.evidence.screening.text.MOST_BYTES", 10)
    path = tmp_path / "found.ris"
    path.write_text(GOOD, "utf-8")
    with pytest.raises(StudyError, match="bytes"):
        read_references(path, database="Scopus")


# hostile


def test_control_characters_are_taken_out_and_said():
    text = lines("TY  - JOUR", "TI  - Red\x1b[31m title\u202e", "ER  - ")
    found = read_ris(text, "Scopus")
    assert found.references[0].title == "Red[31m title"
    assert [str(fault) for fault in found.faults] == [
        "line 1: characters that nobody sees were taken out of title (reference kept)"
    ]


def test_a_giant_field_is_refused_with_its_line_and_the_others_are_kept():
    text = lines("TY  - JOUR", "TI  - t", "AB  - " + "x" * 100_001, "ER  - ") + "\n" + GOOD
    found = read_ris(text, "Scopus")
    assert [str(fault) for fault in found.faults] == ["line 1: abstract has more than 100,000 characters"]
    assert len(found.references) == 1


def test_a_fault_cannot_steer_a_terminal():
    text = lines("TY  - JOUR", "TI  - t", "PY  - \x1b[2J\nnever", "ER  - ")
    for fault in read_ris(text, "Scopus").faults:
        assert "\x1b" not in str(fault)
        assert "\n" not in str(fault)
    assert "\\x1b" in str(Fault(1, "\x1b[2J"))


@pytest.mark.parametrize("start", ["=HYPERLINK(1)", "+1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_a_formula_stays_text_and_does_not_run_in_a_spreadsheet(start):
    found = one(lines("TY  - JOUR", f"TI  - {start}", f"AU  - {start}", "ER  - "))
    assert found.title == start
    table = reference_table([found])
    assert table.loc[0, "title"] == f"'{start}"
    assert table.loc[0, "authors"] == f"'{start}"


def test_the_table_has_a_column_for_every_field_even_without_references():
    table = reference_table([])
    assert list(table.columns)[:4] == ["id", "title", "authors", "year"]
    assert len(table) == 0
    assert reference_table([one(GOOD)]).loc[0, "authors"] == "Marlow, Tamsin; Okafor, Ben"


@given(st.text(max_size=400))
def test_no_text_breaks_the_reader_and_every_entry_is_accounted_for(text):
    found = read_ris(text, "Scopus")
    lost = [fault for fault in found.broken if "outside" not in fault.what and "without TY" not in fault.what]
    assert found.entries == len(found.references) + len(lost)


TAGS = st.sampled_from(
    ["TY  - JOUR", "TI  - a title", "ER  - ", "AU  - A, B", "PY  - 2001", "loose", "", "DO  - 10.5555/x"]
)


@given(st.lists(TAGS, max_size=30))
def test_no_line_goes_missing(parts):
    found = read_ris("\n".join(parts), "Scopus")
    assert found.entries == parts.count("TY  - JOUR")
    assert (
        len(found.references) + len({fault.line for fault in found.broken if fault.what == "no title"}) == found.entries
    )
    loose = parts.index("TY  - JOUR") if "TY  - JOUR" in parts else len(parts)
    if any(part.strip() for part in parts[:loose]):
        assert any(fault.line <= loose for fault in found.broken)


def test_repr_shows_counts_only():
    assert repr(read_ris(GOOD, "Scopus")) == "<Export: Scopus, 1 of 1 references read>"
