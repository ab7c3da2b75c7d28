"""No personal value leaves in a message, a list or a page, whatever is broken and whatever the value."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from validation_support import TODAY, contract, good_rows, put, read_rows, referrals, text_of

from curv_eval.breach import raise_breaches
from curv_eval.contract import Column, contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.validation import Outputs, advice, validate, written

NAMES = ["John Smith", "Zainab", "O'Neill", "Jürgen"]
MARKERS = [*NAMES, "07700", "900123", "TS1 2AB", "1066"]
SECRET = st.lists(st.sampled_from(MARKERS), min_size=1, max_size=3).map(" ".join)


def told(path, held, folder) -> dict[str, str]:
    """Everything that is said about a file: but for the two files of rows, which hold them on purpose."""
    outputs = Outputs(folder / "q", folder / "page.html", folder / "list.csv")
    said = validate(path, held, today=TODAY, outputs=outputs)
    with pytest.raises(ContractError) as caught:
        raise_breaches(said.breaches, held, said.name, do=advice(said, outputs))
    texts = {"message": str(caught.value), "written": "\n".join(written(said, outputs)), "noun": repr(said.breaches)}
    for file in [folder / "page.html", folder / "list.csv", *(folder / "q").glob("*")]:
        if "kept" not in file.name and "quarantined" not in file.name:
            texts[file.name] = file.read_text("utf-8")
    return texts


def leaks(texts: dict[str, str]) -> list[tuple[str, str]]:
    words = {part for marker in MARKERS for part in marker.split()}
    return [(where, word) for where, text in texts.items() for word in words if word in _bare(text, where)]


def _bare(text: str, where: str) -> str:
    # digits of a hash are no telephone number
    return re.sub(r'"sha256": "[0-9a-f]{64}"', "", text) if where.endswith(".json") else text


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(values=st.lists(st.tuples(*[SECRET] * 7), min_size=1, max_size=5), repeated=st.booleans())
def test_no_value_of_a_column_that_is_not_public_is_told(tmp_path_factory, values, repeated):
    """Every rule of the reference task broken by names and numbers, in all columns but the public one."""
    folder = tmp_path_factory.mktemp("private")
    rows = [[*given[:4], "Tees Street", *given[4:]] for given in values]
    if repeated:
        rows.append(list(rows[0]))
    texts = told(put(folder, text_of(rows)), referrals(), folder)
    assert leaks(texts) == []
    assert {"message", "page.html", "list.csv", "partner.breaches.csv", "quarantine.json"} <= set(texts)
    assert "Tees Street" in texts["page.html"]
    assert all("Tees Street" not in text for where, text in texts.items() if where != "page.html")


@pytest.mark.parametrize("name", contract_names())
def test_of_every_shipped_contract_no_value_is_told(tmp_path, name):
    """Each column that is not public holds a name in every row, of a file as the contract's CSV would be."""
    held = replace(load_contract(name), format="csv")
    hidden = [column for column in held.columns if column.classification != "public"]
    if not hidden:
        pytest.skip("every column is public")
    header = [column.source_name for column in held.columns]
    row = ["" if column.classification == "public" else "John Smith 07700 900123" for column in held.columns]
    assert leaks(told(put(tmp_path, text_of([row, row], header)), held, tmp_path)) == []


@pytest.mark.parametrize(
    "content",
    [
        "John Smith,07700,900123\n1,2,3\n",
        "referral_id,person_key\nJohn Smith,07700,900123\n",
        'referral_id,person_key\nJohn Smith,"07700\n',
        "referral_id,person_key,age,sex,lsoa,referral_date,end_date,sessions\nJohn Smith\n",
        "referral_id,person_key,age,sex,lsoa,referral_date,end_date,referral_id\nJohn Smith,0,7700,1,2,3,4,5\n",
    ],
    ids=["no header", "short header", "open quote", "short row", "column twice"],
)
def test_a_file_that_cannot_be_read_tells_none(tmp_path, content):
    path = put(tmp_path, content)
    with pytest.raises(ContractError) as caught:
        validate(path, referrals(), today=TODAY, outputs=Outputs(page=tmp_path / "page.html"))
    assert leaks({"message": str(caught.value), "page": (tmp_path / "page.html").read_text("utf-8")}) == []
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_which_value_comes_first_is_not_told_when_an_open_column_follows_a_hidden_one(tmp_path):
    """`end` may be shown; the hidden date it is held against may not."""
    columns = [Column("start", "start", "date"), Column("end", "end", "date", classification="public")]
    held = contract(columns, orders=(("start", "end"),))
    texts = told(put(tmp_path, text_of([["2023-04-05", "2023-04-01"]], ("start", "end"))), held, tmp_path)
    assert "2023-04-01" in texts["page.html"]
    assert all("2023-04-05" not in text for text in texts.values())


def test_a_repeated_key_is_not_told_even_where_it_is_public(tmp_path):
    held = contract([Column("id", "id", "string", unique=True, classification="public")])
    texts = told(put(tmp_path, text_of([["TS1 2AB"], ["TS1 2AB"]], ("id",))), held, tmp_path)
    assert leaks(texts) == []


def test_what_a_spreadsheet_would_run_is_not_run(tmp_path):
    """The list holds no data; a file may still be named to do harm, and so may a contract's column."""
    held = contract([Column("n", "=HYPERLINK", "integer")])
    path = put(tmp_path, "=HYPERLINK\nx\n", "=cmd.csv")
    validate(path, held, today=TODAY, outputs=Outputs(listing=tmp_path / "list.csv"))
    (row,) = read_rows(tmp_path / "list.csv")
    assert (row["file"], row["column"]) == ("'=cmd.csv", "'=HYPERLINK")


def test_the_reference_rows_are_not_in_any_list(tmp_path):
    """The leak of the tool this was measured against: a whole row, because key and column were both classified."""
    rows = good_rows(200)
    rows[10][1], rows[10][2], rows[11][0] = "John Smith", "140", rows[12][0]
    texts = told(put(tmp_path, text_of(rows)), referrals(), tmp_path)
    for row in rows[10:13]:
        for value in (row[0], row[1], row[5]):
            assert all(value not in text for text in texts.values())
