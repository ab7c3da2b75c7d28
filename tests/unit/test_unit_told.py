"""Texts whose numbers come from a table, written by hand."""

import pandas as pd
import pytest

from curv_eval.estimate.told import between, changed_by, terms_of, told, written

TABLE = pd.DataFrame(
    {"term": ["a b, c", "p", "a b, c"], "estimate": [-0.213, 0.034, 9.0], "conf_low": [-0.3, 0.0, 0], "conf_high": 0.1}
)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("nothing", "nothing"),
        (told("a b, c", "+.0%"), "-21%"),
        (f"by {changed_by('a b, c')}.", "by -21% (between -30% and +10%)."),
        (between("p", ".1f"), "between 0.0 and 0.1"),
        (told("p", "odds"), "3 times in 100"),
        (told("p", "odds", "conf_low"), "less than 2 times in 100"),
        (told("p", "short"), "0.034"),
        (told("p", ".1%") + told("a b, c", ".3f"), "3.4%-0.213"),
    ],
)
def test_numbers_are_written_from_the_table(words, text):
    assert written(words, TABLE) == text


def test_large_sizes_have_no_digits_behind_the_point():
    assert written(told("x", "short"), TABLE.assign(term="x", estimate=123.4)) == "123"


def test_a_text_knows_what_it_speaks_of():
    assert terms_of(f"{told('p', '.1f')} {changed_by('a b, c')} {told('p', 'odds')}") == ("p", "a b, c")
    assert terms_of("nothing") == ()


def test_a_row_that_is_not_there_is_a_fault_of_the_check():
    with pytest.raises(KeyError, match="nowhere"):
        written(told("nowhere", ".1f"), TABLE)
