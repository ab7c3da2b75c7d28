import page as page_validation
import pypdf
import pytest
from brief_words import pdf_text

from curv_eval.publish import render


@pytest.fixture(scope="module")
def pdf(draft):
    return pypdf.PdfReader(draft / "study.pdf")


@pytest.mark.parametrize(("profile", "rules"), [("ua1", 104), ("2a", 154)])
@pytest.mark.parametrize("which", ["draft", "approved"])
def test_it_passes_every_automated_rule(request, which, profile, rules):
    report = page_validation.validate_pdf(request.getfixturevalue(which) / "study.pdf", profile=profile)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    assert (report.rules.total, report.rules.passed) == (rules, rules)


def test_it_says_its_language_title_and_author(pdf):
    assert pdf.trailer["/Root"]["/Lang"] == "en-GB"
    assert pdf.metadata.title == "Did the patrols change the number of incidents?"
    assert pdf.metadata.author == "Evaluation team, a made-up unit"
    assert pdf.metadata.creation_date.year == 2000


def test_pages_are_a4(pdf):
    assert {tuple(round(float(side)) for side in sheet.mediabox[2:]) for sheet in pdf.pages} == {(595, 842)}


def outline(entries):
    return [outline(entry) if isinstance(entry, list) else entry.title for entry in entries]


def test_the_outline_is_the_headings_and_no_callouts_title(pdf):
    assert outline(pdf.outline) == [
        "1 What this means",
        "2 Results",
        ["2.1 By month", "2.2 Before and after the start"],
        "3 How far to trust this",
        "4 About this brief",
    ]


def tags(pdf):
    found, waiting = [], [pdf.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if not isinstance(node, dict):
            continue
        found.append(node)
        kids = node.get("/K", [])
        waiting += kids if isinstance(kids, list) else [kids]
    return [node for node in found if "/S" in node]


def test_every_picture_carries_its_text_alternative(pdf):
    alts = {str(node["/Alt"]) for node in tags(pdf) if node["/S"] == "/Figure" and "/Alt" in node}
    assert any(alt.startswith("Line chart of incidents by month") for alt in alts)
    assert any(alt.startswith("Dot chart of the difference") for alt in alts)


def test_tables_have_header_cells(pdf):
    kinds = [str(node["/S"]) for node in tags(pdf)]
    assert kinds.count("/Table") == 2
    assert kinds.count("/TH") == 5 + 3
    assert kinds.count("/TD") == 5 * 3 + 3 * 3


def test_fonts_are_those_that_come_with_matplotlib_and_are_embedded(pdf):
    fonts = [font.get_object() for sheet in pdf.pages for font in sheet["/Resources"]["/Font"].values()]
    names = {str(font["/BaseFont"]).split("+")[1] for font in fonts}
    assert all(name.startswith("DejaVuSans") for name in names), names
    inner = [font["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts if "/DescendantFonts" in font]
    assert inner
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in inner)


def test_every_page_has_its_number_and_the_running_title(pdf):
    for number, sheet in enumerate(pdf.pages, 1):
        assert f"Page {number} of {len(pdf.pages)}" in sheet.extract_text()
        assert "Did the patrols change the number of incidents?" in sheet.extract_text()


def test_a_draft_is_marked_on_every_page_and_an_approved_brief_on_none(pdf, approved):
    for sheet in pdf.pages:
        # once across the page, once at its foot
        assert sheet.extract_text().count("DRAFT · MADE-UP DATA") >= 2
    assert "DRAFT" not in pdf_text(approved)
    assert "MADE-UP" not in pdf_text(approved)


def test_a_long_table_goes_on_over_the_page_with_its_header_and_a_short_one_does_not(brief):
    rows = "\n".join(f"| Ward{number}x | {number} |" for number in range(80))
    part = brief / "bundle" / "parts" / "_results.md"
    part.write_text(f"| Wards | Many |\n| :-- | --: |\n{rows}\n\n: Long {{#tbl-results}}\n")
    (brief / "bundle" / "parts" / "_headline.md").write_text("Short.\n")  # the table begins near the foot of a page
    render(brief, engine="builtin")
    texts = [sheet.extract_text() for sheet in pypdf.PdfReader(brief / "study.pdf").pages]
    assert sum("Ward" in text for text in texts) >= 2
    assert all("Wards Many" in text for text in texts if "Ward1" in text or "Ward79" in text)
    assert all(f"Ward{number}x" in "".join(texts) for number in range(80))
    assert ["1: Long" in text for text in texts] == ["Ward0x" in text for text in texts]
    assert sum("Question Answer Verdict" in text for text in texts) == 1
    assert page_validation.is_pdf_compliant(brief / "study.pdf", profile="ua1")


def test_links_lead_out_and_around(pdf):
    notes = [note.get_object() for sheet in pdf.pages for note in sheet.get("/Annots", [])]
    targets = [str(note["/A"]["/URI"]) for note in notes if "/URI" in note.get("/A", {})]
    assert any("magenta-book" in target for target in targets)
    assert any(target.endswith("bundle/tables/results.csv") for target in targets)
    assert len(notes) > len(targets)
