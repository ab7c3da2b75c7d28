"""The same references written as RIS, BibTeX and tables are read alike, whatever they hold."""

import csv
import io
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.evidence.screening import Reference, find_duplicates, reference_table
from curv_eval.evidence.screening.bibtex import read_bibtex
from curv_eval.evidence.screening.build import kind, plain_doi
from curv_eval.evidence.screening.ris import read_ris
from curv_eval.evidence.screening.tables import read_table

WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzéüßøçñ ,.:;()'?!0123456789", min_size=1, max_size=50)
PLAIN = WORDS.map(lambda text: " ".join(text.split())).filter(lambda text: any(map(str.isalpha, text)))
NAME = st.text(alphabet="abcdefghijklmnoprstuéøñ", min_size=2, max_size=10).map(str.capitalize)
PERSON = st.tuples(NAME, NAME).map(lambda both: f"{both[0]}, {both[1]}").filter(lambda text: " And" not in text)
RECORD = st.fixed_dictionaries({
    "title": PLAIN,
    "authors": st.lists(PERSON, max_size=4).map(tuple),
    "year": st.one_of(st.none(), st.integers(1900, 2030)),
    "journal": st.one_of(st.just(""), PLAIN),
    "doi": st.one_of(st.just(""), st.integers(1, 10**6).map(lambda n: f"10.5555/made.{n}")),
    "abstract": st.one_of(st.just(""), PLAIN),
    "pages": st.one_of(st.just(""), st.integers(1, 900).map(lambda n: f"{n}-{n + 9}")),
})  # fmt: skip


def as_ris(records):
    lines = []
    for one in records:
        first, _, last = one["pages"].partition("-")
        held = [("TI", one["title"]), *(("AU", who) for who in one["authors"]), ("PY", one["year"]), ("DO", one["doi"])]
        held += [("T2", one["journal"]), ("AB", one["abstract"]), ("SP", first), ("EP", last)]
        lines += ["TY  - JOUR", *(f"{tag}  - {value}" for tag, value in held if value), "ER  - ", ""]
    return "\n".join(lines)


def as_bibtex(records):
    made = []
    for at, one in enumerate(records):
        held = {"title": one["title"], "author": " and ".join(one["authors"]), "year": one["year"], "doi": one["doi"]}
        held |= {"journal": one["journal"], "abstract": one["abstract"], "pages": one["pages"].replace("-", "--")}
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in held.items() if value)
        made.append(f"@article{{key{at},\n{body}\n}}\n")
    return "\n".join(made)


def as_table(records):
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(["Title", "Authors", "Year", "Source title", "DOI", "Abstract", "Pages", "Document Type"])
    for one in records:
        people = "; ".join(one["authors"])
        row = [one["title"], people, one["year"], one["journal"], one["doi"], one["abstract"], one["pages"], "Article"]
        writer.writerow(["" if cell is None else cell for cell in row])
    return held.getvalue()


WAYS = {"ris": (as_ris, read_ris), "bibtex": (as_bibtex, read_bibtex), "table": (as_table, read_table)}


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60)
@given(st.lists(RECORD, max_size=4))
def test_what_was_written_is_read(way, records):
    # two quotation marks in a row are LaTeX for one
    kept = [one for one in records if way != "bibtex" or not any("''" in str(value) for value in one.values())]
    write, read = WAYS[way]
    export = read(write(kept), "Some Base")
    assert export.entries == len(export.references) == len(kept)
    assert export.broken == ()
    for at, (one, found) in enumerate(zip(kept, export.references, strict=True), start=1):
        for name, value in one.items():
            assert getattr(found, name) == value, name
        assert (found.id, found.type, found.database) == (f"some-base-{at}", "article", "Some Base")


@settings(max_examples=40)
@given(st.lists(RECORD, max_size=4))
def test_the_three_ways_give_the_same_references_but_for_lines(records):
    kept = [one for one in records if not any("''" in str(value) for value in one.values())]
    found = [[replace(one, line=0) for one in read(write(kept), "x").references] for write, read in WAYS.values()]
    assert found[0] == found[1] == found[2]


@settings(max_examples=40)
@given(RECORD)
def test_one_work_from_three_bases_is_one_work(record):
    one = record | {
        "title": f"A study of violence number {record['title']}",
        "authors": ("Marlow, Tamsin",),
        "year": 2010,
    }
    one = {name: value.replace("''", "'") if isinstance(value, str) else value for name, value in one.items()}
    found = [read(write([one]), name).references[0] for name, (write, read) in WAYS.items()]
    duplicates = find_duplicates(found)
    assert len(duplicates.removed) == 2
    assert duplicates.to_look_at == ()


@settings(max_examples=40)
@given(st.lists(RECORD, max_size=4))
def test_a_table_of_references_can_be_read_again(records):
    export = read_ris(as_ris(records), "x")
    table = reference_table(export.references)
    assert list(table.columns) == [field.name for field in fields(Reference)]
    again = read_table(table.to_csv(index=False), "x").references
    assert [one.title.lstrip("'") for one in again] == [one.title.lstrip("'") for one in export.references]
    assert [one.doi for one in again] == [one.doi for one in export.references]
    assert [one.year for one in again] == [one.year for one in export.references]


@given(st.text(max_size=80))
def test_a_doi_has_one_form_or_none(text):
    found = plain_doi(text)
    assert plain_doi(found) == found
    assert found == "" or found.startswith("10.")
    assert found == found.casefold()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.5555/a.b(c)d", "10.5555/a.b(c)d"),
        ("(see 10.5555/a)", "10.5555/a"),
        ("[10.5555/a]", "10.5555/a"),
        ("10.5555/a,", "10.5555/a"),
        ("10.55/a", ""),
        ("10.5555", ""),
        ("https://doi.org/10.5555/A%28B%29", "10.5555/a(b)"),
        ("doi: 10.5555/a 10.5555/b", "10.5555/a"),
    ],
)
def test_dois_by_hand(text, expected):
    assert plain_doi(text) == expected


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("Journal Article", "article"),
        ("Review", "article"),
        ("journalArticle", "article"),
        ("Book Section", "chapter"),
        ("bookSection", "chapter"),
        ("Conference Paper", "conference"),
        ("Proceedings Paper", "conference"),
        ("Thesis", "thesis"),
        ("Dissertation", "thesis"),
        ("Report", "report"),
        ("Preprint", "preprint"),
        ("Web Page", "web"),
        ("blogPost", "web"),
        ("Book", "book"),
        ("Note", "other"),
        ("", "other"),
    ],
)
def test_types_as_databases_call_them(said, ours):
    assert kind(said) == ours


def test_a_thousand_references_of_each_kind_are_read():
    record = {
        "title": "Street mentoring",
        "authors": ("Marlow, T.",),
        "year": 2001,
        "journal": "J",
        "doi": "",
        "abstract": "a " * 200,
        "pages": "",
    }
    for write, read in WAYS.values():
        export = read(write([record] * 1000), "x")
        assert (export.entries, len(export.references), export.faults) == (1000, 1000, ())
        assert len({one.id for one in export.references}) == 1000
