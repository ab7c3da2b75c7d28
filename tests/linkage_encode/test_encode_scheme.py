"""A scheme is valid by construction, and says every fault at once."""

import json

import pytest

from curv_eval.errors import ContractError
from curv_eval.linkage.scheme import KINDS, UK, Field, Scheme, scheme_of, split_part

NAME, DAY = Field("surname", "name"), Field("date_of_birth", "date")
FIELDS = (NAME, DAY, Field("given_name", "name"), Field("number", "code"), Field("postcode", "postcode"))
BLOCK, EXACT = ("surname:soundex", "date_of_birth:year"), ("surname", "date_of_birth")


def scheme(**changed):
    return Scheme(**{"name": "mine-1", "fields": FIELDS, "blocks": (BLOCK,), "exact": (EXACT,), **changed})


def refusal(**changed):
    with pytest.raises(ContractError) as caught:
        scheme(**changed)
    return str(caught.value)


def test_a_good_scheme_names_its_columns_in_order():
    made = scheme(blocks=(BLOCK, ("surname", "postcode:outward")), exact=(EXACT, ("number",)))
    assert made.columns == (
        "record_id", "pseudonym_1", "pseudonym_2", "block_1", "block_2",
        "bf_surname", "bf_date_of_birth", "bf_given_name", "bf_number", "bf_postcode",
    )  # fmt: skip
    assert made.field("surname") is NAME
    assert (made.bits, made.fold, NAME.q, NAME.positions) == (512, False, 2, 20)


@pytest.mark.parametrize(
    "block",
    [("surname",), ("surname:soundex",), ("surname:soundex", "surname:first3"), ("date_of_birth",), ("number",)],
)
def test_a_blocking_token_of_one_field_is_refused(block):
    said = refusal(blocks=(BLOCK, block))
    assert "a token of one field is open to counting" in said
    assert " + ".join(block) in said


@pytest.mark.parametrize("exact", [("surname",), ("date_of_birth",), ("postcode",), ("surname", "surname")])
def test_an_exact_pseudonym_of_one_field_is_refused_unless_it_is_a_code(exact):
    assert f"exact {' + '.join(exact)}" in refusal(exact=(EXACT, exact))
    assert scheme(exact=(("number",),)).exact == (("number",),)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("height", "no such field"),
        ("surname:metaphone", "no such transform"),
        ("surname:year", "year is for date"),
        ("date_of_birth:soundex", "soundex is for name, text"),
        ("number:outward", "outward is for postcode"),
    ],
)
def test_a_block_part_must_fit_its_field(part, why):
    assert why in refusal(blocks=(("given_name", part),))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"bits": 500}, "power of two"),
        ({"bits": 32}, "power of two"),
        ({"bits": 8192}, "power of two"),
        ({"blocks": ()}, "blocks: expected at least one"),
        ({"exact": ()}, "exact: expected at least one"),
        ({"blocks": (BLOCK, BLOCK[::-1])}, "no two alike"),
        ({"fields": ()}, "got none"),
        ({"fields": (*FIELDS, NAME)}, "each once"),
        ({"name": "My Scheme"}, "its name"),
    ],
)
def test_a_scheme_of_no_use_is_refused(changed, why):
    assert why in refusal(**changed)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (Field("Surname", "name"), "not a name for a field"),
        (Field("record_id", "code"), "not a name for a field"),
        (Field("x y", "name"), "not a name for a field"),
        (Field("surname", "nickname"), "expected one of name, date, postcode, text, code"),
        (Field("surname", "name", q=0), "expected q 1 to 4"),
        (Field("surname", "name", positions=65), "positions 1 to 64"),
        (Field("surname", "name", words=(("a", "a"),)), "words are for codes"),
        (Field("sex", "code", words=(("male", "m"),)), "every code must itself be one of the words"),
    ],
)
def test_a_field_of_no_use_is_refused(field, why):
    assert why in refusal(fields=(field, DAY))


def test_every_fault_is_said_at_once():
    said = refusal(blocks=(("surname",), ("height", "number:year")), exact=(("postcode",),))
    for piece in ("block surname", "block part height:whole", "number:year", "exact postcode"):
        assert piece in said
    assert said.count("ContractError") == 1
    assert "do: " in said


def test_a_scheme_comes_back_from_what_a_file_holds():
    for one in (UK, scheme(fold=True, bits=1024)):
        assert scheme_of(json.loads(json.dumps(one.held()))) == one


@pytest.mark.parametrize("held", [{}, {"name": "x"}, [], None, {**UK.held(), "key": "x"}, {**UK.held(), "fields": 3}])
def test_what_is_no_scheme_is_refused_in_words(held):
    with pytest.raises(ContractError) as caught:
        scheme_of(held)
    assert "not readable" in str(caught.value)


def test_a_scheme_in_a_file_is_held_to_the_same_rules():
    with pytest.raises(ContractError, match="open to counting"):
        scheme_of({**UK.held(), "blocks": [["surname"]]})


def test_the_scheme_of_the_united_kingdom():
    assert [field.name for field in UK.fields] == ["given_name", "surname", "date_of_birth", "sex", "postcode"]
    assert {field.kind for field in UK.fields} <= set(KINDS)
    assert (UK.bits, UK.fold, {field.positions for field in UK.fields}) == (512, False, {20})
    for block in UK.blocks:
        assert len({split_part(part)[0] for part in block}) >= 2
    # a slip in any one field leaves a block that does not need it
    for field in UK.fields:
        assert [b for b in UK.blocks if field.name not in {split_part(part)[0] for part in b}]


def test_parts_of_blocks_are_split_at_the_colon():
    assert split_part("surname:soundex") == ("surname", "soundex")
    assert split_part("sex") == ("sex", "whole")
