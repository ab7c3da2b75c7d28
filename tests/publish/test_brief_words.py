"""One source, three documents: the same words, numbers and order, and only the layout's own words apart."""

import re
from collections import Counter

from brief_words import chart_words, page, pdf_text, word_part, words

WORD_ONLY = words("This sentence stands in the Word document only")


def without(found, absent):
    """Return `found` without the first run of the words `absent`."""
    starts = [at for at in range(len(found)) if found[at : at + len(absent)] == absent]
    assert len(starts) == 1
    return found[: starts[0]] + found[starts[0] + len(absent) :]


def html_words(folder):
    found = words("".join(page(folder).main))
    found = without(found, words("Data behind this figure CSV"))
    return without(found, words("This sentence stands everywhere but in the Word document"))


def test_html_and_word_say_the_same_in_the_same_order(approved):
    word = without(words(word_part(approved, "document")), WORD_ONLY)
    assert word == html_words(approved)
    assert len(word) > 250


def test_the_note_is_the_same(approved):
    note = "A trial would have drawn areas by lot See the Magenta Book"
    assert words(word_part(approved, "footnotes")) == words(note)
    assert " ".join(words("".join(page(approved).footnotes))).endswith(note)


def test_html_and_pdf_say_the_same(approved):
    sheets = pdf_text(approved)
    footers = re.findall(r"Did the patrols change the number of incidents\? Page \d of \d", sheets)
    assert len(footers) >= 3
    layout = Counter(words(" ".join(footers))) + Counter(chart_words(approved))
    layout += Counter(words("1 1"))  # the note's mark in the text and before the note
    layout += Counter(words("1 2"))  # the numbers of an ordered list
    layout += Counter(words("A trial would have drawn areas by lot See the Magenta Book"))
    layout += Counter(words("This sentence stands everywhere but in the Word document"))
    assert Counter(words(sheets)) - layout == Counter(html_words(approved))
    assert layout - Counter(words(sheets)) == Counter()


def test_headings_and_captions_come_in_one_order_in_all_three(approved):
    marks = re.compile(r"(?m)^\s*((?:Figure|Table)\s\d+:|\d(?:\.\d)?\s(?=[A-Z]))")
    found = [marks.findall(text.replace("\u00a0", " ")) for text in ("".join(page(approved).main), pdf_text(approved))]
    word = marks.findall(word_part(approved, "document").replace("\u00a0", " "))
    assert word == ["1 ", "2 ", "Table 1:", "2.1 ", "Figure 1:", "2.2 ", "Figure 2:", "3 ", "Table 2:", "4 "]
    assert found[0] == word
    assert [one for one in found[1] if ":" in one] == [one for one in word if ":" in one]


def test_a_suppressed_cell_says_so_in_words_in_all_three(approved):
    texts = ("".join(page(approved).main), pdf_text(approved), word_part(approved, "document"))
    assert [text.count("withheld") for text in texts] == [4, 4, 4]


def test_variables_and_references_are_filled_in_everywhere(approved):
    for text in ("".join(page(approved).main), pdf_text(approved), word_part(approved, "document")):
        plain = " ".join(text.replace("\u00a0", " ").split())
        assert "ran in six wards. See Section 2 for the numbers and Figure 1 for the picture." in plain
        assert "Ask team@example.org about it." in plain
        assert "“paid for themselves” only if the change lasts –" in plain
        assert not re.search(r"\{\{|\}\}|@fig|@tbl|@sec|:::|\\", plain)
