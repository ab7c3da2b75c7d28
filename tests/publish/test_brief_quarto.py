"""The brief as a real Quarto project: what can be checked without Quarto, and one comparison where it is installed."""

import re
import shutil
from collections import Counter

import pytest
import yaml
from brief_words import page, pdf_text, word_part, words

from curv_eval.publish import render
from curv_eval.shipped import shipped


@pytest.fixture(scope="module")
def project():
    return yaml.safe_load((shipped("briefs") / "_quarto.yml").read_text("utf-8"))


def test_it_renders_one_file_in_three_formats_and_starts_no_kernel(project):
    assert project["project"] == {"type": "default", "render": ["study.qmd"]}
    assert list(project["format"]) == ["html", "typst", "docx"]
    assert project["execute"] == {"enabled": False}
    assert project["format"]["html"]["embed-resources"] is True
    assert sorted(project["format"]["typst"]["pdf-standard"]) == ["a-2a", "ua-1"]
    assert project["lang"] == "en-GB"


def test_every_file_it_names_is_in_the_brief(project, draft):
    formats = project["format"]
    named = [one["file"] for one in formats["typst"]["include-in-header"]]
    named += [formats["html"]["css"], formats["docx"]["reference-doc"], *formats["docx"]["filters"]]
    assert named[:2] == ["_status.typ", "_page.typ"]
    assert all((draft / name).is_file() for name in named)


def test_the_brand_is_the_palette(project):
    brand = yaml.safe_load((shipped("briefs") / "_brand.yml").read_text("utf-8"))
    palette = brand["color"]["palette"]
    assert palette["dark-blue"] == "#12436D"
    css = (shipped("briefs") / "styles.css").read_text("utf-8")
    for name in ("dark-blue", "turquoise", "dark-pink", "orange", "dark-grey", "near-black"):
        assert re.search(rf"--{name}: {palette[name]};", css, re.I)
    assert brand["color"]["foreground"] not in ("turquoise", "orange")
    assert brand["typography"]["link"]["color"] == "dark-blue"


def test_the_filter_for_word_leaves_the_other_formats_alone():
    text = (shipped("briefs") / "png-for-word.lua").read_text("utf-8")
    assert "if FORMAT ~= 'docx' then return nil end" in text


@pytest.mark.skipif(shutil.which("quarto") is None, reason="Quarto is not installed, so there is nothing to compare")
def test_quarto_says_the_same_words(brief, draft):
    for name in ("study.html", "study.pdf", "study.docx"):
        (brief / name).unlink()
    render(brief, engine="quarto")
    letters = re.compile(r"[^\W\d_]{3,}")
    for read in (
        lambda folder: "".join(page(folder, strict=False).main),
        lambda folder: word_part(folder, "document"),
        pdf_text,
    ):
        ours, theirs = (Counter(letters.findall(read(folder))) for folder in (draft, brief))
        # Quarto adds its own labels (Author, Published, the kind of a callout) and its own contents; it may lose none.
        assert set(ours) - set(theirs) == set()
    assert words("".join(page(brief, strict=False).main))
