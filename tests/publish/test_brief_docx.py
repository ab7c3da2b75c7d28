import zipfile

import docx
import pytest
from brief_words import W

from curv_eval.publish.word import reference_document


@pytest.fixture(scope="module")
def word(draft):
    return docx.Document(draft / "study.docx")


def test_it_says_its_title_author_and_language(word):
    properties = word.core_properties
    assert properties.title == "Did the patrols change the number of incidents?"
    assert properties.author == "Evaluation team, a made-up unit"
    assert properties.language == "en-GB"
    languages = {node.get(f"{W}val") for node in word.styles.element.iter(f"{W}lang")}
    assert languages == {"en-GB"}
    settings = word.settings.element
    assert {node.get(f"{W}val") for node in settings.iter(f"{W}themeFontLang")} == {"en-GB"}


def test_the_clock_is_not_in_it(word):
    assert word.core_properties.created.year == word.core_properties.modified.year == 2000


def test_every_picture_is_a_png_with_its_text_alternative(word, draft):
    names = [part.partname for part in word.part.package.iter_parts() if "media" in part.partname]
    assert len(names) == 2
    assert all(name.endswith(".png") for name in names)
    alts = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert [alt.split(" of ")[0] for alt in alts] == ["Line chart", "Dot chart"]
    assert all(30 <= len(alt) <= 300 for alt in alts)


def test_pictures_fit_the_page(word):
    section = word.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    assert all(0.9 * room < shape.width <= room for shape in word.inline_shapes)


def test_headings_start_at_one_and_skip_none(word):
    levels = [int(p.style.name.split()[-1]) for p in word.paragraphs if p.style.name.startswith("Heading")]
    assert levels == [1, 1, 2, 2, 1, 1]
    assert [p.text for p in word.paragraphs if p.style.name == "Title"] == [word.core_properties.title]


def test_a_callouts_title_is_no_heading(word):
    styles = {p.text: p.style.name for p in word.paragraphs}
    assert styles["A title written as a heading"] == "Callout Title Tip"
    assert styles["First, look at the range."] == "Callout Tip"


def test_tables_have_header_rows_captions_and_no_merged_cells(word):
    assert len(word.tables) == 2
    for table in word.tables:
        marked = [bool(row._tr.findall(f"{W}trPr/{W}tblHeader")) for row in table.rows]
        assert marked == [True] + [False] * (len(table.rows) - 1)
        assert {len(row._tr.tc_lst) for row in table.rows} == {len(table.columns)}
    captions = [p.text.replace("\u00a0", " ") for p in word.paragraphs if p.style.name == "Table Caption"]
    assert [caption.split(":")[0] for caption in captions] == ["Table 1", "Table 2"]


def test_every_internal_link_arrives_and_no_bookmark_stands_twice(word):
    body = word.element.body
    names = [node.get(f"{W}name") for node in body.iter(f"{W}bookmarkStart")]
    anchors = {node.get(f"{W}anchor") for node in body.iter(f"{W}hyperlink")} - {None}
    assert {"fig-observed-expected", "tbl-results", "sec-results"} <= anchors <= set(names)
    assert len(names) == len(set(names))


def test_a_draft_says_so_in_its_subtitle_and_at_the_foot_of_every_page(word, approved):
    subtitle = [p.text for p in word.paragraphs if p.style.name == "Subtitle"]
    assert subtitle == ["DRAFT · MADE-UP DATA – What we can and cannot say"]
    assert "DRAFT · MADE-UP DATA · Page " in "".join(p.text for p in word.sections[0].footer.paragraphs)
    other = docx.Document(approved / "study.docx")
    assert "DRAFT" not in "\n".join(p.text for p in [*other.paragraphs, *other.sections[0].footer.paragraphs])


def test_every_style_used_is_defined(word):
    defined = {style.style_id for style in word.styles}
    used = {node.get(f"{W}val") for node in word.element.body.iter(f"{W}pStyle")}
    assert used <= defined


def test_the_reference_document_is_whole_escaped_and_always_the_same(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, two = (reference_document(tmp_path / name, mark="A & <B>") for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()
    assert "A & <B> · Page " in docx.Document(one).sections[0].footer.paragraphs[0].text
    with zipfile.ZipFile(one) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
