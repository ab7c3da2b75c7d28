"""The bundle: only what was released gets in, and nothing in it runs."""

import csv
import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from curv_eval.disclosure import Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.errors import DisclosureError
from curv_eval.report import bundle
from curv_eval.report.bundle import Column, add_facts, add_part, add_table, add_values, markdown, plain, write_csv
from curv_eval.report.figures import add_figure, figure_markdown
from curv_eval.report.steps import show

OPEN, STRICT = strictest(["open"]), strictest(["under_10"])


def counts(rule=OPEN, where=("Vale", "Hill", "Dale", "Moor"), values=(40, 3, 0, 12)):
    table = pd.DataFrame({"where": list(where), "n": list(values)})
    return release(table, name="t", title="Title", rule=rule, roles={"where": Role.KEY, "n": Role.COUNT})


def estimates(rule=STRICT):
    table = pd.DataFrame({"term": ["a", "b"], "estimate": [0.0, -2.5], "n_units": [2, 9], "events": [50, 50]})
    roles = {"term": Role.KEY, "estimate": Role.VALUE, "n_units": Role.UNITS, "events": Role.EVENTS}
    return release(table, name="e", title="Effects", rule=rule, roles=roles)


COLUMNS = (Column("where", "Where", plain), Column("n", "Number", "{:,.0f}".format, right=True))


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_pipe_table_with_caption_and_label():
    assert markdown(counts(), COLUMNS, label="placed").splitlines() == [
        "| Where | Number |", "| :--- | ---: |", "| Vale | 40 |", "| Hill | 3 |", "| Dale | 0 |", "| Moor | 12 |", "",
        ": Title {#tbl-placed}",
    ]  # fmt: skip


def test_withheld_is_said_and_never_zero_and_a_true_zero_stays():
    # 3 is small; 12 is withheld with it, or else a known total would give it back; 40 is rounded to 5
    lines = markdown(counts(STRICT), COLUMNS, label="t").splitlines()[2:6]
    assert lines == ["| Vale | 40 |", "| Hill | withheld |", "| Dale | 0 |", "| Moor | withheld |"]


def test_withheld_in_the_download_and_in_results_json(tmp_path):
    add_table(tmp_path, counts(STRICT))
    assert read(tmp_path / "release" / "tables" / "t.csv") == [
        ["where", "n"], ["Vale", "40"], ["Hill", "withheld"], ["Dale", "0"], ["Moor", "withheld"],
    ]  # fmt: skip
    held = json.loads((tmp_path / "release" / "results.json").read_text("utf-8"))["tables"]["t"]
    assert [row["n"] for row in held["rows"]] == [40.0, None, 0.0, None]
    assert (held["withheld"], held["rule"], held["title"]) == (2, "under_10", "Title")


def test_values_withheld_and_counts_behind_them_stay_inside(tmp_path):
    add_table(tmp_path, estimates())
    text = (tmp_path / "release" / "results.json").read_text("utf-8")
    assert json.loads(text)["tables"]["e"]["rows"] == [
        {"term": "a", "estimate": None}, {"term": "b", "estimate": -2.5}
    ]  # fmt: skip
    assert "n_units" not in text
    assert read(tmp_path / "release" / "tables" / "e.csv")[1:] == [["a", "withheld"], ["b", "-2.5"]]


PLAIN = pd.DataFrame({"where": ["Vale"], "n": [3]})
DOORS = {
    "add_table": lambda folder: add_table(folder, PLAIN),
    "markdown": lambda folder: markdown(PLAIN, COLUMNS, label="t"),
    "add_figure": lambda folder: add_figure(folder, "event_study", PLAIN, words={}, caption="c"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_plain_table_is_refused_at_every_door(door, tmp_path):
    with pytest.raises(DisclosureError, match=r"got DataFrame, expected a Released table"):
        DOORS[door](tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_released_tables_only():
    assert show(counts()).equals(counts().table)
    both = show({"t": counts(), "e": estimates(OPEN)})
    assert both.index.names == ["table", "row"]
    for wrong in (PLAIN, {"x": PLAIN}, [("check", PLAIN)]):
        with pytest.raises((TypeError, AttributeError)):
            show(wrong)


def test_a_plain_table_is_refused_in_words():
    with pytest.raises(TypeError):
        show(PLAIN)


# text as it may stand in a register, a ward's name or a column; each must come out of pandoc as it went in
NASTY = [
    "*bold* and _italic_", "`code`", "[link](http://x.y)", "![image](x.png)", "<script>alert(1)</script>", "a | b",
    "# heading", "{{< include x >}}", "{.class}", "$x^2$", "H~2~O", "\\ back", "^note", "@fig-1", "a\nb\n\n# c",
    "~~gone~~", "<!-- hidden -->", "[^1]", "\\newpage", "`r 1+1`", "a*b*c", "::: {.x}", "**", "x](y)",
    "&amp;", "&lt;b&gt;",
]  # fmt: skip


def to_html(text):
    import pypandoc

    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--from", "markdown-smart", "--to", "json"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def kinds(node, text):
    """Every kind of element in the document, and its words added to `text`."""
    found = set()
    if isinstance(node, dict):
        if "t" in node:
            found.add(node["t"])
            text.append(node["c"] if node["t"] == "Str" else " " if node["t"] in ("Space", "SoftBreak") else "")
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            found |= kinds(part, text)
    return found


def through_pandoc(given):
    words = []
    table = f"| A |\n| :--- |\n| {plain(given)} |\n"
    body = to_html(table)["blocks"][0]["c"][4][0][3][0][1][0][4]
    return kinds(body, words), "".join(words)


@pytest.mark.parametrize("given", [n for n in NASTY if "&" not in n])
def test_text_from_data_is_text_and_nothing_else(given):
    found, said = through_pandoc(given)
    assert found <= {"Plain", "Str", "Space", "SoftBreak", "AlignLeft", "AlignDefault", "RowSpan", "ColSpan"}
    assert said == " ".join(given.split())


@pytest.mark.parametrize("given", [n for n in NASTY if "&" in n])
def test_entities_in_text_from_data_are_text(given):
    assert through_pandoc(given)[1] == given


FORMULAS = ["=1+1", "+44 1642", "-2+3", "@SUM(A1)", "\t=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_spreadsheet_runs_nothing_from_the_download(text, tmp_path):
    write_csv(tmp_path / "t.csv", counts(where=(text, "b", "c", "d")))
    cell = read(tmp_path / "t.csv")[1][0]
    assert cell == f"'{text}"


WIDE_FORMULAS = ["\n=1", " =1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x"]


@pytest.mark.parametrize("text", WIDE_FORMULAS)
def test_a_spreadsheet_runs_nothing_however_it_is_written(text, tmp_path):
    write_csv(tmp_path / "t.csv", counts(where=(text, "b", "c", "d")))
    assert read(tmp_path / "t.csv")[1][0].startswith("'")


def test_a_carriage_return_makes_no_row_of_its_own(tmp_path):
    write_csv(tmp_path / "t.csv", counts(where=("a\r=1+1", "b", "c", "d")))
    assert len(read(tmp_path / "t.csv")) == 5


def test_negative_numbers_stay_numbers_in_the_download(tmp_path):
    write_csv(tmp_path / "e.csv", estimates(OPEN))
    assert read(tmp_path / "e.csv")[1:] == [["a", "0"], ["b", "-2.5"]]


def test_numbers_in_the_download_keep_six_figures(tmp_path):
    table = pd.DataFrame({"term": list("abc"), "estimate": [1 / 3, 1234567.0, -0.00012345678], "n": 9, "m": 99})
    roles = {"term": Role.KEY, "estimate": Role.VALUE, "n": Role.UNITS, "m": Role.EVENTS}
    write_csv(tmp_path / "e.csv", release(table, name="e", title="E", rule=OPEN, roles=roles))
    assert [row[1] for row in read(tmp_path / "e.csv")[1:]] == ["0.333333", "1234567", "-0.000123457"]


def test_shapes_stay_out_of_the_download(tmp_path):
    table = pd.DataFrame({"area": ["E1"], "geometry": ["{}"]})
    released = release(table, name="a", title="A", rule=OPEN, roles={"area": Role.KEY, "geometry": Role.KEY})
    add_table(tmp_path, released)
    assert read(tmp_path / "release" / "tables" / "a.csv") == [["area"], ["E1"]]
    assert "geometry" not in (tmp_path / "release" / "results.json").read_text("utf-8")


def test_values_gather_and_every_one_is_a_string_in_yaml(tmp_path):
    import yaml

    add_values(tmp_path, {"share": "a fall of 12%", "odd": 'yes: "no" # not {a} comment\\'})
    add_values(tmp_path, {"made_up": "true", "when": "2023-08", "number": "07"})
    add_facts(tmp_path, study="demo", made_up=True)
    variables = (tmp_path / "release" / "_variables.yml").read_text("utf-8")
    held = {"share": "a fall of 12%", "odd": 'yes: "no" # not {a} comment\\', "made_up": "true"}
    held |= {"when": "2023-08", "number": "07"}
    assert yaml.safe_load(variables) == held
    assert list(yaml.safe_load(variables)) == sorted(held)
    results = json.loads((tmp_path / "release" / "results.json").read_text("utf-8"))
    assert results["values"] == held
    assert (results["study"], results["made_up"]) == ("demo", True)


def test_writing_again_changes_no_byte(tmp_path):
    def write():
        add_table(tmp_path, counts())
        add_values(tmp_path, {"b": "2", "a": "1"})
        return {p: p.read_bytes() for p in (tmp_path / "release").rglob("*") if p.is_file()}

    assert write() == write()


def test_parts_end_with_one_line_end(tmp_path):
    add_part(tmp_path, "limits", "\n- one\n\n")
    assert (tmp_path / "release" / "parts" / "_limits.md").read_bytes() == b"- one\n"


def test_a_figure_carries_caption_alt_text_and_data():
    text = figure_markdown("event_study", 'Line "falls"', "Effect [a]*b*")
    assert text.startswith(r"![Effect \[a\]\*b\*](bundle/figures/event_study.svg){#fig-event-study fig-alt=")
    assert "fig-alt=\"Line 'falls'\"" in text
    assert "(bundle/figures/event_study.csv)" in text


def test_no_function_of_the_bundle_takes_a_number_unreleased():
    # every public function that writes numbers has a Released in its signature
    text = Path(bundle.__file__).read_text("utf-8")
    takes = dict(re.findall(r"^def (\w+)\((.*?)\)", text, re.M))
    assert "Released" in takes["add_table"]
    assert "Released" in takes["write_csv"]
    assert "Released" in takes["markdown"]
