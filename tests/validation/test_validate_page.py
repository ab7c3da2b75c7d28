"""The error list a partner opens: right, whole in itself, readable on a telephone and by a screen reader."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from validation_support import TODAY, contract, good_rows, plant, put, referrals, text_of

from curv_eval.contract import Column
from curv_eval.errors import ContractError
from curv_eval.validation import Outputs, error_page, validate

VOID = {"meta", "wbr", "br"}


class Read(HTMLParser):
    """The tags of a page with what they stand in, the words, and the cells of its tables, row by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.tables, self.words, self.cell = [], [], [], [], None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.tables[-1][-1].append("".join(self.cell))
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)
        if "style" not in self.open:
            self.words.append(data)

    def all(self, wanted):
        return [attributes for tag, attributes, _ in self.tags if tag == wanted]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def made(path, held, folder, **outputs) -> str:
    target = folder / "page.html"
    validate(path, held, today=TODAY, outputs=Outputs(page=target, **outputs))
    return target.read_text("utf-8")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    rows = good_rows(2_000)
    truth = plant(rows, scale=0.02)
    path = put(folder, text_of(rows))
    return made(path, referrals(), folder), truth, folder


@pytest.fixture(scope="module")
def html(source):
    return Read(source[0])


def test_language_title_width_and_one_heading_of_each_level(html):
    assert html.all("html") == [{"lang": "en-GB"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in html.all("meta")
    levels = [int(tag[1]) for tag, _, _ in html.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert len(html.all("title")) == len(html.all("main")) == 1


def test_it_is_whole_in_itself(html, source):
    tags = {tag for tag, _, _ in html.tags}
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "input", "img", "base"}
    assert not [name for _, attributes, _ in html.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", source[0])
    policy = [meta["content"] for meta in html.all("meta") if "http-equiv" in meta]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_tables_have_captions_and_every_header_its_scope(html):
    assert len(html.all("table")) == len(html.all("caption")) == 2
    scopes = [(attributes.get("scope"), "thead" in above) for tag, attributes, above in html.tags if tag == "th"]
    assert set(scopes) == {("col", True), ("row", False)}
    for table in html.tables:
        assert {len(row) for row in table} == {3}


def test_the_summary_counts_rows_by_column_and_rule(html, source):
    _, truth, _ = source
    head, *rows = html.tables[0]
    assert head == ["Column", "What is wrong, and what to do", "Rows"]
    assert sorted(int(row[2].replace(",", "")) for row in rows) == sorted(map(len, truth.values()))
    assert [row[0] for row in rows] == [
        *("referral_id", "person_key", "age", "sex", "lsoa", "sessions", "end_date", "referral_id")
    ]


def test_the_rows_are_those_of_the_spreadsheet_in_order(html, source):
    _, truth, _ = source
    shown = [(int(row[0].replace(",", "")), row[1]) for row in html.tables[1][1:]]
    assert sorted(shown) == sorted((row + 1, promise[0]) for promise, rows in truth.items() for row in rows)
    assert [row for row, _ in shown] == sorted(row for row, _ in shown)


@pytest.mark.parametrize(
    "said",
    [
        "Is blank Fill it in at the source; a row without it cannot be used.",
        "Is above 110 Correct it at the source.",
        "Is not female or male or other Map it to an allowed value",
        "Does not look like E01011949: 'Tees Street' Send the codes",
        "Is before referral_date Find out at the source which of the two is wrong.",
        "Shares its referral_id with another row Find out which row is right",
    ],
)
def test_it_says_what_is_wrong_and_what_to_do_in_words(html, said):
    assert said in html.text


def test_it_names_the_promise_and_whom_to_ask(html, source):
    held, (_, truth, _) = referrals(), source
    rows = len(set().union(*truth.values()))
    assert f"What was promised: {held.title}, version {held.version} of partner." in html.text
    assert f"Questions: {held.steward}." in html.text
    assert f"partner.csv: {rows} of 2,000 rows to mend" in html.text
    assert "It shows no value from the file, except from columns that anyone may see." in html.text


def test_at_most_so_many_errors_are_shown_and_it_says_where_the_rest_is(tmp_path, monkeypatch):
    monkeypatch.setattr("curv_eval.validation.MOST", 10)
    rows = good_rows(30)
    for row in rows[:25]:
        row[2] = "140"
    path = put(tmp_path, text_of(rows))
    alone = Read(made(path, referrals(), tmp_path))
    assert len(alone.tables[1]) == 11
    assert "first 10 of 25 errors; ask whoever sent you this page for the list of all." in alone.text
    listed = Read(made(path, referrals(), tmp_path, listing=tmp_path / "all.csv"))
    assert "first 10 of 25 errors; all are in all.csv." in listed.text
    assert error_page.MOST == 1_000


def test_a_file_that_keeps_its_contract_is_told_so(tmp_path):
    read = Read(made(put(tmp_path, text_of(good_rows(5))), referrals(), tmp_path))
    assert "partner.csv: nothing to mend" in read.text
    assert "All 5 rows were checked." in read.text
    assert read.tables == []


def test_columns_are_told_beside_rows(tmp_path):
    rows = [[*row[:7], "x"] for row in good_rows(4)]
    rows[1][2] = "140"
    header = ("referral_id", "person_key", "age", "sex", "lsoa", "referral_date", "end_date", "suspect_name")
    read = Read(made(put(tmp_path, text_of(rows, header)), referrals(), tmp_path))
    assert "suspect_name: column not in the contract. Remove it before sharing" in read.text
    assert "sessions: column missing. Send the file with this column" in read.text
    assert [row[:2] for row in read.tables[1][1:]] == [["3", "age"]]


def test_a_file_that_cannot_be_read_has_a_page_too(tmp_path):
    with pytest.raises(ContractError):
        made(put(tmp_path, text_of(good_rows(3)) + "short,row\n"), referrals(), tmp_path)
    read = Read((tmp_path / "page.html").read_text("utf-8"))
    assert "partner.csv: this file could not be checked row by row" in read.text
    assert "partner.csv is cut short: its last row, 4, has 2 of 8 columns." in read.text
    assert "What to do: Get the file again from where it came." in read.text


def test_a_file_that_is_not_there_has_no_page(tmp_path):
    with pytest.raises(ContractError, match="there is no such file"):
        made(tmp_path / "gone.csv", referrals(), tmp_path)
    assert not (tmp_path / "page.html").exists()


def test_made_up_data_are_labelled(tmp_path, html):
    assert "MADE-UP DATA" not in html.text
    (tmp_path / "MADE_UP.json").write_text("{}", "utf-8")
    assert Read(made(put(tmp_path, text_of(good_rows(2))), referrals(), tmp_path)).text.count("MADE-UP DATA") == 1


def test_the_names_of_the_file_are_used_and_nothing_of_it_is_markup(tmp_path):
    nasty = "<script>alert(1)</script>"
    columns = [Column("code", "The <b>Code</b>", "string", pattern="^A$", examples=("A",), classification="public")]
    held = replace(contract(columns), title="<i>Title</i>", steward='"><img src=x>')
    page = made(
        put(tmp_path, text_of([[nasty], ["\u202eevil\x07"], ["x" * 500]], ("The <b>Code</b>",))), held, tmp_path
    )
    read = Read(page)
    assert not {"script", "b", "i", "img"} & {tag for tag, _, _ in read.tags}
    shown = [row[2] for row in read.tables[1][1:]]
    assert [row[1] for row in read.tables[1][1:]] == ["The <b>Code</b>"] * 3
    assert f"'{nasty}'" in shown[0]
    assert "'\\u202eevil\\x07'" in shown[1]
    assert "x" * 60 + "…" in shown[2]
    assert len(shown[2]) < 200


def test_the_allowed_values_are_listed_in_full_once(tmp_path):
    values = tuple(f"code <{i}>" for i in range(14))
    held = contract([Column("code", "code", "string", values=values)])
    read = Read(made(put(tmp_path, text_of([["x"], ["y"]], ("code",))), held, tmp_path))
    assert "Is not one of the 14 allowed" in read.text
    assert read.text.count(", ".join(values)) == 1
    assert ", ".join(values) in read.tables[0][1][1]


def test_several_files_are_told_apart(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = contract([Column("n", "n", "integer", maximum=5)], format="table")
    parts = tmp_path / "parts.parquet"
    parts.mkdir()
    for name, n in (("a", [1, 9]), ("b", [9, 2])):
        pq.write_table(pa.table({"n": n}), parts / f"{name}.parquet")
    read = Read(made(parts, held, tmp_path))
    assert [row[0] for row in read.tables[1][1:]] == ["a.parquet 2", "b.parquet 1"]
    assert "Rows are counted from 1." in read.text


# ---- colours


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_from_every_ground(source):
    """WCAG 2.2 asks for 4.5; the dark ground of the label has its own text."""
    css = unescape(re.search(r"<style>(.*?)</style>", source[0], re.S)[1])
    label = re.search(r"\.made-up \{[^}]*\}", css)[0]
    rest = css.replace(label, "")
    texts = re.findall(r"[\s;{]color:\s*(#[0-9a-f]{6})", rest)
    grounds = re.findall(r"background:\s*(#[0-9a-f]{6})", rest)
    assert len(set(texts)) == 3
    assert min(contrast(text, ground) for text in texts for ground in grounds) >= 7
    assert contrast(*re.findall(r"#[0-9a-f]{6}", label)) >= 7
