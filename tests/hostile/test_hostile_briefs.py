"""Values that are markup somewhere, from a study and its data through the bundle to HTML, PDF and Word: only words."""

import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pypdf
import pytest
from tiny_study import tiny

from curv_eval.contract import load_contract
from curv_eval.data import Data
from curv_eval.disclosure import Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.publish import assemble, render
from curv_eval.report import data_tables
from curv_eval.report.bundle import Column, add_part, add_table, add_values, markdown, plain
from curv_eval.report.data_parts import write_data
from curv_eval.report.figures import figure_markdown
from curv_eval.shipped import shipped
from curv_eval.sources import Dataset

ATTACKS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![a](http://evil.example/x)",
    "{{< include /etc/passwd >}}", "{{< env HOME >}}", "`<b>`{=html}", '#read("/etc/passwd")', '#import "x"',
    "$\\input{/etc/passwd}$", "x{.c onclick=alert(1)}", "@fig-a", "<!-- x", "&lt;b&gt;", "| a | b |", "- x", "1. x",
    "a\u202egpj.exe", 'q" onload=alert(1) \\', "x\\", "```{=html}", "x\n\n::: y",
]  # fmt: skip
LITERAL = [text.replace("\u202e", "\\u202e") for text in ATTACKS if "\n" not in text]
BRIEF = """---
title: "{{< var title >}}"
author: "{{< var authors >}}"
---

{{< include bundle/parts/_status.md >}}

## Words {#sec-words}

{{< var question >}}

{{< include bundle/parts/_attacks.md >}}

{{< include bundle/parts/_table.md >}}

{{< include bundle/parts/_figure.md >}}
"""


class Active(HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self):
        super().__init__()
        self.found, self.links = [], []

    def handle_starttag(self, tag, attrs):
        held = {name: value or "" for name, value in attrs}
        runs = tag in ("script", "iframe", "object", "embed", "base", "form") or any(n.startswith("on") for n in held)
        places = [held.get(name, "") for name in ("href", "src", "action")]
        self.links += [place for place in places if place and not place.startswith(("#", "data:image/", "bundle/"))]
        if runs or any(re.match(r"\s*(?:javascript|vbscript|data:text)", place, re.I) for place in places):
            self.found.append((tag, held))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A brief in which every place for a value holds an attack."""
    room = tmp_path_factory.mktemp("hostile")
    run, template = room / "run", room / "briefs"
    add_values(run, {"title": plain(ATTACKS[0]), "authors": plain(ATTACKS[1]), "question": plain(ATTACKS[4])})
    held = json.loads((run / "release" / "results.json").read_text("utf-8"))
    (run / "release" / "results.json").write_text(json.dumps({**held, "made_up": True}), "utf-8")
    add_part(run, "attacks", "\n".join(f"- {plain(text)}" for text in ATTACKS[:-1]))
    roles = {"name": Role.KEY, "n": Role.COUNT}
    counts = pd.DataFrame({"name": ATTACKS[:-1], "n": [100] * len(ATTACKS[:-1])})
    table = release(counts, name="attacks", title=ATTACKS[0], rule=strictest(["open"]), roles=roles)
    add_table(run, table)
    columns = (Column("name", plain(ATTACKS[2])), Column("n", "Number", "{:.0f}".format, right=True))
    add_part(run, "table", markdown(table, columns, label="attacks"))
    alt = "A picture of " + ATTACKS[4] + " and of " + ATTACKS[-4]
    add_part(run, "figure", figure_markdown("chart", alt, caption=ATTACKS[2]).split("\n\n")[0])
    figures = shipped("briefs") / "bundle" / "figures"
    (run / "release" / "figures").mkdir()
    for ending in ("svg", "png"):
        (run / "release" / "figures" / f"chart.{ending}").write_bytes((figures / f"event_study.{ending}").read_bytes())
    template.mkdir()
    for path in shipped("briefs").iterdir():
        if path.is_file() and path.suffix != ".docx":
            (template / path.name).write_bytes(path.read_bytes())
    (template / "study.qmd").write_text(BRIEF, "utf-8")
    (template / "_people.qmd").unlink()
    folder = assemble(run, room / "brief", approved=False, template=template)
    render(folder, engine="builtin")
    return folder


def bare(text):
    """Text without spaces, quotation marks and soft hyphens, which renderers set as they like."""
    return re.sub(r"[\s\"'\u00ad\u2018\u2019\u201c\u201d\u2010-\u2014-]|\.{3}|\u2026", "", text)


def test_the_page_runs_and_fetches_nothing(rendered):
    seen = Active()
    seen.feed((rendered / "study.html").read_text("utf-8"))
    assert seen.found == []
    assert seen.links == []


def test_the_page_shows_what_was_written(rendered):
    text = re.sub(r"<[^>]+>", "", (rendered / "study.html").read_text("utf-8"))
    import html

    shown = bare(html.unescape(text))
    assert [one for one in LITERAL if bare(one) not in shown] == []
    assert "root:x:" not in shown


def test_the_pdf_shows_it_too_and_reads_no_file(rendered):
    reader = pypdf.PdfReader(rendered / "study.pdf")
    text = bare("".join(sheet.extract_text() for sheet in reader.pages))
    assert "root:x:" not in text
    assert [
        one for one in ("#read(/etc/passwd)", "<script>alert(1)</script>", "{{<envHOME>}}") if one not in text
    ] == []
    links = [a.get_object().get("/A", {}).get("/URI") for s in reader.pages for a in s.get("/Annots", [])]
    assert [link for link in links if link] == []
    assert "/OpenAction" not in reader.trailer["/Root"]
    assert "/JavaScript" not in str(reader.trailer["/Root"].get("/Names", ""))


def test_word_opens_nothing_from_elsewhere(rendered):
    with zipfile.ZipFile(rendered / "study.docx") as archive:
        parts = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    assert [name for name, text in parts.items() if name.endswith(".rels") and "External" in text] == []
    assert not re.search(r"INCLUDETEXT|DDEAUTO|vbaProject", "".join(parts.values()) + "".join(parts))
    assert "&lt;script&gt;" in parts["word/document.xml"]


def test_the_download_runs_nothing(rendered):
    lines = (rendered / "bundle" / "tables" / "attacks.csv").read_text("utf-8").splitlines()
    assert "'- x,100" in lines


def test_every_word_of_a_study_goes_into_the_bundle_as_a_word(tmp_path):
    made, attack = tiny(cluster="ward"), "<b>[x](javascript:a)"
    study = made.study
    words = replace(
        study.words, **dict.fromkeys(("intervention", "treated", "comparison", "begins", "without"), attack)
    )
    prose = replace(
        study.brief, summary=attack, limits=(attack,), does_not_mean=(attack,), authors=attack, contact=attack
    )
    outcomes = (replace(study.primary, label=attack),)
    place = replace(study.place, name=attack)
    study = replace(
        study,
        title=attack,
        question=attack,
        registration_note=attack,
        words=words,
        brief=prose,
        outcomes=outcomes,
        place=place,
    )
    names = ["police_uk_street", "intervention_register"]
    titled = {name: replace(load_contract(name), title=attack, controller=attack) for name in names}
    data = Data(made.con, {name: Dataset(one, 1000, (), True) for name, one in titled.items()}, None, True)
    assembled = made.run()
    tables = data_tables.describe(study, data, assembled=assembled)
    write_data(study, data, assembled=assembled, tables=tables, folder=tmp_path)
    release_folder = tmp_path / "release"
    texts = [path.read_text("utf-8") for path in (release_folder / "parts").glob("*.md")]
    values = json.loads((release_folder / "results.json").read_text("utf-8"))["values"]
    marked = [text for text in [*texts, *values.values()] if "javascript" in text]
    assert len(marked) > 8
    assert [text for text in marked if re.search(r"(?<!\\)[<\[]b?>?\\?\[?x?(?:b>|x\])", text)] == []
    assert "<b>" not in (release_folder / "figures" / "area_map.svg").read_text("utf-8")
