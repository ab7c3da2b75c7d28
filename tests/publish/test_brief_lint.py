"""Every rule of the linter with a brief that breaks it, and the line on which it must be found."""

import shutil

import pytest

from curv_eval.publish import lint

FRONT = "---\ntitle: A title\ndate: 1 May 2026\n---\n\n{{< include bundle/parts/_status.md >}}\n\n"
FIRST = FRONT.count("\n") + 1
ALT = "Line chart of incidents by month with two lines that part in August."
FIGURE = f'![A caption](bundle/figures/event_study.svg){{#fig-x fig-alt="{ALT}"}}\n'
TABLE = "| A | B |\n| :- | -: |\n| 1 | 2 |\n\n: A caption {#tbl-x}\n"


@pytest.fixture(scope="module")
def folder(draft, tmp_path_factory):
    return shutil.copytree(draft, tmp_path_factory.mktemp("lint") / "brief")


@pytest.fixture
def findings(folder):
    def found(body, front=FRONT):
        (folder / "study.qmd").write_text(front + body, "utf-8")
        return lint(folder)

    return found


def test_the_sample_may_be_published(draft, approved):
    assert lint(draft) == []
    assert lint(approved) == []


def test_all_that_the_subset_offers_together(findings):
    body = f"""## One {{#sec-one}}

Text with *emphasis*, **strong**, "quotes", a [link](https://example.org), <https://example.org> and a note.[^n]

[^n]: The note, with a [link](#sec-one).

- a list

    1. in a list

{FIGURE}
{TABLE}
See @fig-x, @tbl-x and @sec-one.

::: callout-note
Text.
:::

::: {{.callout-tip title="T" collapse="false"}}
Text.
:::

::: {{.content-visible unless-format="docx"}}
### Three

Not in Word.
:::

{{{{< pagebreak >}}}}

## Two

End.
"""
    assert findings(body) == []


BODIES = [
    # shortcodes, variables, includes
    ("{{< meta title >}}", "unknown shortcode `meta`", 0),
    ("{{< video x.mp4 >}}", "unknown shortcode `video`", 0),
    ("{{{< var wards >}}}", "escaped shortcodes", 0),
    ("{{< var wards", "not complete", 0),
    ("{{< var nothing >}}", "unknown variable `nothing`", 0),
    ("Some {{< pagebreak >}} here", "stands alone", 0),
    ("Some {{< include bundle/parts/_glance.md >}}", "stands alone", 0),
    ("Text\n{{< include bundle/parts/_headline.md >}}", "between empty lines", 1),
    ("{{< include bundle/parts/_nothing.md >}}", "there is no bundle/parts/_nothing.md", 0),
    # raw HTML, code, maths, and what is not in the subset
    ("Text <b>bold</b>", "raw HTML", 0),
    ("<div>text</div>", "raw HTML", 0),
    ("<!-- a note to myself -->", "raw HTML", 0),
    ("Text <!-- hidden --> text", "raw HTML", 0),
    ("```{python}\n1\n```", "code is not part", 0),
    ("~~~\ncode\n~~~", "code is not part", 0),
    ("Text `code` text", "code is not part", 0),
    ("Text\n\n    indented", "code is not part", 2),
    ("The $x$ is", "maths", 0),
    ("$$x = 1$$", "maths", 0),
    ("> quoted", "block quotes", 0),
    ("Term\n: meaning", "definition lists", 0),
    ("Text\n\n* * *\n\nText", "rules are not", 2),
    ("| one\n| two", "line blocks", 0),
    ("H~2~O", "subscripts", 0),
    ("x^2^", "superscripts", 0),
    ("~~gone~~", "struck-out", 0),
    ("[small]{.smallcaps}", "small capitals", 0),
    ("[under]{.underline}", "underlining", 0),
    ("[text]{.red}", "spans", 0),
    ("A note[^nowhere].", "left-over markup", 0),
    ("A [link](half", "left-over markup", 0),
    # headings
    ("# One", "start with ##", 0),
    ("## One\n\n#### Three", "a level is skipped", 2),
    ("### One", "a level is skipped", 0),
    ("Text\n## One", "empty line before it", 1),
    ("One\n===", "not by underlining", 1),
    ("Two\n---", "not by underlining", 1),
    ("  ## One", "beginning of its line", 0),
    ("## One {.unnumbered}", "nothing but an id", 0),
    ("##", "no words", 0),
    ("## A note[^n]\n\n[^n]: Note.", "footnote cannot stand in", 0),
    # ::: blocks
    ("::: {.column-margin}\ntext\n:::", "unknown ::: block column-margin", 0),
    ("::: {.panel-tabset}\ntext\n:::", "unknown ::: block panel-tabset", 0),
    ("::: {#tip-x .callout-tip}\ntext\n:::", "and no id", 0),
    ('::: {.callout-tip appearance="simple"}\ntext\n:::', "callout-tip takes collapse and title", 0),
    ('::: {.callout-tip collapse="yes"}\ntext\n:::', 'collapse is "true" or "false"', 0),
    ("::: {.callout-tip}\n:::", "callout-tip is empty", 0),
    ('::: {.callout-tip title="T"}\n## Again\n\ntext\n:::', "no heading inside callout-tip", 1),
    ("::: {.callout-tip}\n## One\n\n## Two\n:::", "no heading inside callout-tip", 3),
    ("::: {.at-a-glance}\n## One\n\n- fact\n:::", "no heading inside at-a-glance", 1),
    ("::: {.headline title='x'}\ntext\n:::", "headline takes no attribute", 0),
    ("::: {.callout-tip}\ntext", "never closed", 0),
    ("text\n\n:::", "closes nothing", 2),
    ('::: {.content-visible when-format="pdf"}\ntext\n:::', "unknown format 'pdf'", 0),
    ('::: {.content-hidden when-meta="x"}\ntext\n:::', "one of when-format and unless-format", 0),
    ("::: {.content-visible}\ntext\n:::", "one of when-format and unless-format", 0),
    # figures
    (FIGURE.replace("event_study", "nothing"), "there is no SVG or PNG file bundle/figures/nothing.svg", 0),
    (FIGURE.replace("bundle/figures/event_study", "https://example.org/x"), "there is no SVG or PNG", 0),
    (FIGURE.replace(".svg", ".csv"), "there is no SVG or PNG", 0),
    (FIGURE.replace(f' fig-alt="{ALT}"', ""), "no text alternative", 0),
    (FIGURE.replace(ALT, " "), "no text alternative", 0),
    (FIGURE.replace("A caption", ALT.upper()), "repeats the caption", 0),
    (FIGURE.replace(ALT, "A chart"), "has 7 characters", 0),
    (FIGURE.replace(ALT, "word " * 70), "has 349 characters", 0),
    (FIGURE.replace("#fig-x ", ""), "needs an id of its own", 0),
    (FIGURE.replace("fig-x", "fig-X_y"), "in lower case", 0),
    (FIGURE.replace("A caption", ""), "stands alone between empty lines", 0),
    ("Text " + FIGURE, "stands alone between empty lines", 0),
    (FIGURE.replace("{", "{.lightbox "), "nothing else", 0),
    (FIGURE.replace("{", "{width=50% "), "nothing else", 0),
    (f"{FIGURE}\n{FIGURE.replace('fig-x', 'fig-y')}", "another figure has the same text", 2),
    # tables
    (TABLE.replace("\n: A caption {#tbl-x}\n", ""), "a caption with an id", 0),
    (TABLE.replace("A caption ", ""), "a caption with an id", 4),
    (TABLE.replace("tbl-x", "results"), "a caption with an id", 4),
    (TABLE.replace("| A |", "|  |"), "every column of a table needs a heading", 4),
    (TABLE.replace("tbl-x", "tbl-x .striped"), "nothing else", 4),
    (TABLE.replace("tbl-x", 'tbl-x tbl-colwidths="[50,40]"'), "add up to 100", 4),
    (TABLE.replace("tbl-x", 'tbl-x tbl-colwidths="[100]"'), "add up to 100", 4),
    (TABLE.replace("tbl-x", 'tbl-x tbl-colwidths="auto"'), "add up to 100", 4),
    (TABLE.replace("| 1 |", "| 1[^n] |") + "\n[^n]: Note.", "footnote cannot stand in", 2),
    ("+---+---+\n| a | b |\n+---+---+", "only pipe tables", 0),
    ("A    B\n---- ----\n1    2", "only pipe tables", 1),
    # ids, references, links
    ("## One {#one}", "the id one starts with", 0),
    ("## One {#sec-a}\n\n## Two {#sec-a}", "the id sec-a is used twice", 2),
    (f"{TABLE}\n{TABLE}", "the id tbl-x is used twice", 10),
    ("See @fig-nowhere.", "@fig-nowhere points at nothing", 0),
    ("See @smith2020.", "@smith2020 is not a reference", 0),
    (f"{FIGURE}\nSee [@fig-x].", "without brackets", 2),
    (f"{FIGURE}\nSee [-@fig-x].", "without brackets", 2),
    (f"{FIGURE}\nSee [Fig. @fig-x, left].", "without brackets", 2),
    ("[text](#nowhere)", "#nowhere points at nothing", 0),
    ("[text](nothing.csv)", "there is no nothing.csv", 0),
    ("[text](../../etc/passwd)", "there is no ../../etc/passwd", 0),
    ("[text](/etc/passwd)", "there is no /etc/passwd", 0),
    ("[text](javascript:alert)", "may not be javascript:", 0),
    ("[](https://example.org)", "no words", 0),
]


@pytest.mark.parametrize(("body", "message", "line"), BODIES, ids=[body.split("\n")[0][:40] for body, _, _ in BODIES])
def test_it_is_found_on_its_line(findings, body, message, line):
    found = findings(body)
    assert any(message in one.message for one in found), [str(one) for one in found]
    places = [(one.file, one.line - FIRST) for one in found if message in one.message]
    assert ("study.qmd", line) in places


FRONTS = [
    ("---\ndate: 1 May 2026\n---\n", "no `title`", 1),
    ("---\ntitle: T\nformat: html\n---\n", "`format` is not used", 3),
    ("---\ntitle: T\nexecute:\n  echo: true\n---\n", "`execute` is not used", 3),
    ("---\ntitle: T\ntitle: U\n---\n", "gives `title` twice", 3),
    ("---\ntitle: T\nsubtitle:\n---\n", "`subtitle` is not one line of text", 3),
    ("---\ntitle: T\ndate: 2026-05-01\n---\n", "`date` is not one line of text", 3),
    ("---\ntitle: T\ndate: today\n---\n", "not written like 5 January 2026", 3),
    ("---\ntitle: T\ndate: May 1, 2026\n---\n", "not written like 5 January 2026", 3),
    ("---\ntitle: T\nlang: english\n---\n", "not a language and region", 3),
    ("---\ntitle: [T\n---\n", "front matter between the two", 1),
    ("---\njust words\n---\n", "front matter between the two", 1),
    ("no front matter\n", "no `title`", 1),
    ('---\ntitle: "{{< var nothing >}}"\n---\n', "unknown variable `nothing`", 2),
]


@pytest.mark.parametrize(("front", "message", "line"), FRONTS)
def test_front_matter(findings, front, message, line):
    found = findings("\n{{< include bundle/parts/_status.md >}}\n\nText.\n", front=front)
    assert any(message in one.message and one.line == line for one in found), [str(one) for one in found]


def test_a_brief_that_hides_whether_it_was_reviewed_is_refused(findings):
    found = findings("Text.\n", front="---\ntitle: T\n---\n\n")
    assert ["does not include bundle/parts/_status.md" in one.message for one in found] == [True]


def test_what_is_wrong_in_an_included_part_is_named_by_its_own_file_and_line(findings, folder):
    part = folder / "bundle" / "parts" / "_broken.md"
    part.write_text("Fine.\n\nThe $x$ is maths.\n")
    assert [(one.file, one.line) for one in findings("{{< include bundle/parts/_broken.md >}}\n")] == [
        ("bundle/parts/_broken.md", 3)
    ]
    part.write_text("---\ntitle: A title of its own\n---\n")
    assert any("no front matter" in one.message for one in findings("{{< include bundle/parts/_broken.md >}}\n"))


def test_a_figure_without_the_picture_for_word_is_refused(findings, folder):
    png = folder / "bundle" / "figures" / "event_study.png"
    kept = png.read_bytes()
    png.unlink()
    try:
        assert ["there is no PNG beside" in one.message for one in findings(FIGURE)] == [True]
    finally:
        png.write_bytes(kept)


def test_a_reference_to_what_one_format_hides_is_found_for_that_format(findings):
    body = f'::: {{.content-visible when-format="html"}}\n{FIGURE}\n:::\n\nSee @fig-x.'
    assert [one.message for one in findings(body)] == [
        "@fig-x points at nothing in the docx document",
        "@fig-x points at nothing in the typst document",
    ]


def test_unless_format_hides_in_that_format_alone(findings):
    body = f'::: {{.content-visible unless-format="html"}}\n{FIGURE}\n:::\n\nSee @fig-x.'
    assert [one.message for one in findings(body)] == ["@fig-x points at nothing in the html document"]


def test_one_figure_for_screens_and_one_for_paper_may_share_an_id(findings):
    screen = f'::: {{.content-visible when-format="html"}}\n{FIGURE}\n:::\n\n'
    paper = f'::: {{.content-hidden when-format="html"}}\n{FIGURE}\n:::\n\n'
    assert findings(screen + paper + "See @fig-x.") == []


def test_escaped_marks_are_words_not_markup(findings):
    assert findings(r"Text \[^1\] \<b\> \$5 \{\{ a\_b\_ \](x) \*no\* \`no\` \@fig-no \~no\~ \^no\^" + "\n") == []


def test_findings_come_once_and_in_the_order_of_the_text(findings):
    found = findings("The $x$ is `code`.\n\n{{< meta x >}}\n\n# Heading\n")
    assert [one.line - FIRST for one in found] == [0, 0, 2, 4]
    assert len(set(found)) == len(found)
    assert str(found[2]).startswith(f"study.qmd line {FIRST + 2}: unknown shortcode")
