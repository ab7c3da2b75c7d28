"""BibTeX: nested braces, quotes, strings, accents, and entries that never end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.evidence.screening import read_references
from curv_eval.evidence.screening.bibtex import read_bibtex
from curv_eval.evidence.screening.latex import unlatex

GOOD = r"""
% made by hand
@string{jms = "Journal of Made-up Studies"}
@comment{ a comment with {braces} }
@preamble{"\newcommand{\x}{y}"}

@article{marlow2019,
  author   = {Marlow, Tamsin and {Home Office and Partners} and Okafor, Ben},
  title    = {Street {Mentoring} and {K}nife Injuries},
  journal  = jms # ", Series B",
  year     = 2019,
  month    = mar,
  pages    = "101--119",
  doi      = {https://doi.org/10.5555/made\_2019},
  abstract = "We say {"}so{"}."
}
"""


def one(text):
    found = read_bibtex(text, "Zotero")
    assert found.faults == (), [str(fault) for fault in found.faults]
    (reference,) = found.references
    return reference


def said(text):
    return [str(fault) for fault in read_bibtex(text, "Zotero").faults]


def test_a_whole_entry_is_read_field_by_field():
    found = one(GOOD)
    assert found.title == "Street Mentoring and Knife Injuries"
    assert found.authors == ("Marlow, Tamsin", "Home Office and Partners", "Okafor, Ben")
    assert found.journal == "Journal of Made-up Studies, Series B"
    assert (found.year, found.pages, found.type) == (2019, "101-119", "article")
    assert found.doi == "10.5555/made_2019"
    assert found.abstract == 'We say "so".'
    assert (found.id, found.line) == ("zotero-1", 7)


def test_a_file_is_read_by_its_ending(tmp_path):
    path = tmp_path / "found.bib"
    path.write_text(GOOD, "utf-8")
    assert read_references(path, database="Zotero").references == read_bibtex(GOOD, "Zotero").references


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("title = {A {B {C {D}}} E}", "A B C D E"),
        ('title = "A {"} B"', 'A " B'),
        ('title = "A " # {B} # " C"', "A B C"),
        ("title = {A\n   B\n\tC}", "A B C"),
        ("TITLE = {A}", "A"),
        ("title={A},", "A"),
        ("title = {A},,", "A"),
        (r"title = {A \{ B}", "A { B"),
        ('title = {Say "so"}', 'Say "so"'),
        ("title = 1984", "1984"),
    ],
)
def test_values_may_be_written_in_every_way(body, title):
    assert one("@article{k, " + body + "}").title == title


def test_round_brackets_may_hold_an_entry():
    assert one("@book(k, title = {A (b) c}, year = 2001)").type == "book"


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("article", "article"),
        ("book", "book"),
        ("inbook", "chapter"),
        ("incollection", "chapter"),
        ("inproceedings", "conference"),
        ("conference", "conference"),
        ("phdthesis", "thesis"),
        ("techreport", "report"),
        ("unpublished", "preprint"),
        ("online", "web"),
        ("misc", "other"),
    ],
)
def test_types_have_plain_names(kind, ours):
    assert one("@" + kind + "{k, title = {t}}").type == ours


@pytest.mark.parametrize(
    ("field", "value"), [("journaltitle", "J"), ("booktitle", "J"), ("institution", "J"), ("school", "J")]
)
def test_the_place_of_publication_has_many_names(field, value):
    assert one("@misc{k, title = {t}, " + field + " = {" + value + "}}").journal == value


def test_biblatex_dates_give_a_year():
    assert one("@online{k, title = {t}, date = {2021-05-03}}").year == 2021


def test_others_is_nobody_and_names_in_braces_are_one():
    found = one("@article{k, title={t}, author={Marlow, T. and {Fire and Rescue} and others}}")
    assert found.authors == ("Marlow, T.", "Fire and Rescue")


def test_names_parted_by_line_ends():
    assert one("@article{k, title={t}, author={A, B\n and C, D\nand E, F}}").authors == ("A, B", "C, D", "E, F")


# LaTeX


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\'e", "é"),
        (r"\'{e}", "é"),
        (r"{\'e}", "é"),
        (r"{\'{e}}", "é"),
        (r"\`a", "à"),
        (r"\^o", "ô"),
        (r"\"u", "ü"),
        (r"{\"{U}}", "Ü"),
        (r"\~n", "ñ"),
        (r"\=a", "ā"),
        (r"\.z", "ż"),
        (r"\u{g}", "ğ"),
        (r"\v{s}", "š"),
        (r"\v s", "š"),
        (r"\H{o}", "ő"),
        (r"\c{c}", "ç"),
        (r"\c c", "ç"),
        (r"\k{a}", "ą"),
        (r"\r{a}", "å"),
        (r"\d{s}", "ṣ"),
        (r"\'{\i}", "í"),
        (r"\'\i", "í"),
        (r"na\"{\i}ve", "naïve"),
        (r"\ss", "ß"),
        (r"stra{\ss}e", "straße"),
        (r"\ae", "æ"),
        (r"{\AE}ther", "Æther"),
        (r"\oe{}uvre", "œuvre"),
        (r"\o", "ø"),
        (r"\O re", "Øre"),
        (r"{\L}ukasz", "Łukasz"),
        (r"\l", "ł"),
        (r"{\aa}r", "år"),
        (r"{\AA}r", "År"),
        (r"R\&D", "R&D"),
        (r"5\%", "5%"),
        (r"\$5", "$5"),
        (r"\#1", "#1"),
        (r"a\_b", "a_b"),
        ("a--b", "a–b"),
        ("a---b", "a—b"),
        ("``so''", "“so”"),
        ("a~b", "a b"),
        (r"\emph{so}", "so"),
        (r"\textit{so} it", "so it"),
        (r"{\bf so}", "so"),
        ("{{So}}", "So"),
        (r"caf\'e society", "café society"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Mu\~noz", "Muñoz"),
        ("plain", "plain"),
        ("", ""),
        (r"\beta", r"\beta"),
        (r"\textendash", "–"),
    ],
)
def test_latex_is_read_as_characters(written, read):
    assert unlatex(written) == read


def test_accents_are_read_in_names_and_titles():
    found = one(r"@article{k, title = {{\"U}ber S{\~a}o Paulo}, author = {Garc{\'\i}a, Jos\'e and M{\"u}ller, K.}}")
    assert found.title == "Über São Paulo"
    assert found.authors == ("García, José", "Müller, K.")


@given(st.text(alphabet=st.characters(blacklist_characters="\\{}~`'-", blacklist_categories=("Cs",)), max_size=60))
def test_text_without_latex_stays_as_it_is(text):
    import unicodedata

    assert unlatex(text) == unicodedata.normalize("NFC", text)


# what is broken


def test_every_fault_is_told_at_once_with_its_line():
    text = "\n".join(
        [
            "stray words",
            "@article{a, title = {First}}",
            "@article{b, title = {never closed, year = 2001",
            "",
            "@article{c, author = {No, Title}}",
            "@article{d, title = {T} nonsense }",
            "@article{e, title = {Kept}, journal = nojournal}",
            "@article{f, title = {Kept too}, title = {again}}",
            "@article{, title = {No key}}",
            "@string{broken = }",
        ]
    )
    assert said(text) == [
        "line 1: text outside an entry: 'stray words'",
        "line 3: a brace or quotation mark is not closed (line 3)",
        "line 5: no title",
        "line 6: expected `name = value` (line 6)",
        "line 7: nojournal is given by no @string; taken as text (reference kept)",
        "line 8: title stands twice, of which the first was taken (reference kept)",
        "line 9: the entry has no key (reference kept)",
        "line 10: @string cannot be read: expected a value in braces or quotes, a number or a name",
    ]
    found = read_bibtex(text, "Zotero")
    assert [one.title for one in found.references] == ["First", "Kept", "Kept too", "No key"]
    assert found.entries == 7


@pytest.mark.parametrize(
    "text",
    [
        "@article{k, title = {t}",
        "@article{k, title = ",
        "@article{k",
        "@article{",
        '@article{k, title = "t}',
        "@article{k, title}",
    ],
)
def test_an_entry_that_does_not_end_is_one_fault(text):
    found = read_bibtex(text, "Zotero")
    assert (len(found.references), found.entries, len(found.broken)) == (0, 1, 1)
    assert found.broken[0].line == 1


def test_a_quotation_mark_that_is_not_closed_does_not_eat_the_next_entry():
    found = read_bibtex('@article{a, title = "open}\n\n@article{b, title = {whole}}', "Zotero")
    assert [one.title for one in found.references] == ["whole"]


def test_an_at_sign_in_a_value_is_no_entry():
    assert one("@article{k, title = {Write to a@b{c} now}}").title == "Write to a@bc now"


def test_strings_may_use_strings_and_names_have_no_case():
    text = '@string{a = "One"}\n@STRING{b = a # " Two"}\n@article{k, title = B}'
    assert one(text).title == "One Two"


# hostile


def test_strings_that_double_each_other_do_not_fill_the_memory():
    doubled = "\n".join(f"@string{{s{n + 1} = s{n} # s{n}}}" for n in range(60))
    text = '@string{s0 = "xxxxxxxxxx"}\n' + doubled + "\n@article{k, title = s60}"
    begun = time.perf_counter()
    found = read_bibtex(text, "Zotero")
    assert time.perf_counter() - begun < 2
    assert any("more than 100,000 characters" in fault.what for fault in found.faults)
    assert found.entries == 1


def test_a_giant_value_is_refused_with_its_line():
    text = "@article{a, title = {" + "x" * 100_001 + "}}\n@article{b, title = {t}}"
    found = read_bibtex(text, "Zotero")
    assert [one.title for one in found.references] == ["t"]
    assert found.broken[0].line == 1


@pytest.mark.parametrize("piece", ["@article{k, title = {", "@a{", "{", "@string{", '@article{k, a = "', "@comment{"])
def test_thousands_of_open_braces_take_no_time(piece):
    text = (piece + "\n") * 5_000
    begun = time.perf_counter()
    read_bibtex(text, "Zotero")
    assert time.perf_counter() - begun < 5


@given(st.text(alphabet="@{}\"=,# \nabc\\'%()1", max_size=120))
def test_no_text_breaks_the_reader(text):
    found = read_bibtex(text, "Zotero")
    lost = {fault.line for fault in found.broken}
    assert len(found.references) <= found.entries
    assert found.entries == len(found.references) or lost


def test_control_characters_are_taken_out_and_said():
    found = read_bibtex("@article{k, title = {A\x1b[31mB}}", "Zotero")
    assert found.references[0].title == "A[31mB"
    assert "nobody sees" in str(found.faults[0])
