import re
from itertools import pairwise

import pytest
from brief_words import page


@pytest.fixture(scope="module")
def html(draft):
    return page(draft)


def test_the_page_says_its_language_title_and_width(html):
    assert html.all("html") == [{"lang": "en-GB"}]
    assert ("name", "viewport") in [pair for meta in html.all("meta") for pair in meta.items()]
    assert len(html.all("title")) == 1


def test_one_h1_and_no_level_skipped(html):
    levels = [int(tag[1]) for tag, _, _ in html.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_callouts_title_is_no_heading(html, draft):
    text = (draft / "study.html").read_text("utf-8")
    assert "A title written as a heading" in text
    assert not re.search(r"<h\d[^>]*>[^<]*A title written as a heading", text)


def test_one_main_one_named_navigation_and_a_skip_link_first(html):
    assert [attributes["id"] for attributes in html.all("main")] == ["main"]
    assert [attributes["aria-label"] for attributes in html.all("nav")] == ["Contents"]
    first = next((attributes for tag, attributes, _ in html.tags if tag == "a"), {})
    assert (first["class"], first["href"]) == ("skip-link", "#main")


def test_no_script_no_frame_and_no_request(html, draft):
    tags = {tag for tag, _, _ in html.tags}
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "input", "button"}
    assert not [name for _, attributes, _ in html.tags for name in attributes if name.startswith("on")]
    assert all(attributes["src"].startswith("data:") for attributes in html.all("img"))
    assert not re.search(r"url\((?!data:)|@import", (draft / "study.html").read_text("utf-8"))


def test_every_picture_has_its_own_text_alternative(html):
    alts = [attributes.get("alt", "") for attributes in html.all("img")]
    assert len(alts) == 2
    assert all(30 <= len(alt) <= 300 for alt in alts)
    assert len(set(alts)) == 2


def test_ids_are_unique_and_every_internal_link_arrives(html):
    ids = [attributes["id"] for _, attributes, _ in html.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    inner = [attributes["href"][1:] for attributes in html.all("a") if attributes.get("href", "").startswith("#")]
    assert {"fig-observed-expected", "tbl-results", "sec-results"} <= set(inner)
    assert set(inner) <= set(ids)


def test_every_relative_link_is_a_file_beside_the_page(html, draft):
    targets = [attributes["href"] for attributes in html.all("a") if not re.match(r"#|https?:", attributes["href"])]
    assert len(targets) == 2
    assert all((draft / target).is_file() for target in targets)


def test_tables_have_captions_scopes_and_a_region_the_keyboard_reaches(html):
    assert len(html.all("table")) == len(html.all("caption")) == 2
    scopes = [(attributes.get("scope"), "thead" in above) for tag, attributes, above in html.tags if tag == "th"]
    assert set(scopes) == {("col", True), ("row", False)}
    regions = [attributes for attributes in html.all("div") if attributes.get("class") == "table-scroll"]
    assert [(r["role"], r["tabindex"], r["aria-label"].replace("\u00a0", " ")) for r in regions] == [
        ("region", "0", "Table 1"),
        ("region", "0", "Table 2"),
    ]


def test_a_folded_callout_opens_without_a_script(html):
    folded = [attributes for attributes in html.all("details") if "callout" in attributes.get("class", "")]
    assert folded == [{"class": "callout callout-warning"}]


def test_a_draft_has_its_mark_on_every_screen_and_an_approved_brief_has_none(html, approved):
    assert [a["class"] for a in html.all("div") if a.get("class", "").startswith("status-")] == [
        "status-draft",
        "status-made-up",
    ]
    assert not [a for a in page(approved).all("div") if a.get("class", "").startswith("status-")]


def test_only_html_has_the_link_to_a_figures_data(html):
    assert "Data behind this figure (CSV)" in " ".join("".join(html.main).split())


def test_pale_colours_are_never_text(draft):
    css = (draft / "study.html").read_text("utf-8").split("</style>")
    rules = [rule for sheet in css[:-1] for rule in re.findall(r"[;{]\s*color:\s*([^;}]+)", sheet)]
    assert len(rules) > 10
    assert not [rule for rule in rules if re.search(r"turquoise|orange|28a197|f46a25", rule, re.I)]
