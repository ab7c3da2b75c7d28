"""What somebody without the key finds out, attack by attack; each is also turned on what it does break.

Ceilings hold the file to what docs/linkage.md promises. Floors keep the attacks sharp: one that finds nothing where
there is something to find proves nothing.
"""

import re
from collections import Counter
from pathlib import Path

import pprl_attacks as attacks
import pprl_people as pp
import pytest

from curv_eval.errors import ContractError
from curv_eval.linkage.scheme import UK, Scheme

DOCS = Path(__file__).parents[2] / "docs" / "linkage.md"


@pytest.fixture(scope="module")
def found():
    return {(how, on.replace(" of this file", "")): part for how, on, part in attacks.measured()}


@pytest.fixture(scope="module")
def attacked():
    return attacks.target()


def test_the_people_are_like_those_of_a_real_list(attacked):
    """An attack by counting is as strong as names are unequal; the commonest here are as common as in England."""
    for field, low, high in (("surname", 0.012, 0.02), ("given_name", 0.012, 0.025)):
        counts = Counter(row[field] for row in attacked.people)
        assert low < counts.most_common(1)[0][1] / attacks.PEOPLE < high
        assert len(counts) > 1_000
    assert len(Counter(row["date_of_birth"] for row in attacked.people)) > 5_000


def test_the_public_list_is_of_other_people(attacked):
    mine = {(row["given_name"], row["surname"], row["date_of_birth"]) for row in attacked.people}
    theirs = {(row["given_name"], row["surname"], row["date_of_birth"]) for row in attacks.known()}
    assert len(mine & theirs) < 0.01 * len(mine)


def test_a_dictionary_breaks_hashes_without_a_key(found):
    assert found["dictionary", "SHA-256 of the date with a public salt (never made here)"] > 0.99
    assert found["dictionary", "SHA-256 of the surname with a public salt (never made here)"] > 0.99


def test_a_dictionary_finds_nothing_in_the_file(found):
    assert found["dictionary", "every column"] == 0


def test_the_dictionary_would_find_a_column_without_a_key(attacked):
    """The test above can fail: let one column of the file be an unkeyed hash, cut to its length."""
    for make in (attacks.unkeyed, lambda text: __import__("hashlib").sha256(text.encode()).hexdigest()):
        for column, length in (("pseudonym_1", 32), ("block_1", 16), ("record_id", 32)):
            leak = [make(row["date_of_birth"])[:length] for row in attacked.people[:200]]
            some = {name: values[:200] for name, values in attacked.columns.items()}
            weak = attacks.Target(attacked.people[:200], {**some, column: leak}, attacked.fingerprint)
            assert attacks.blind_dictionary(weak) > 0.99


def test_the_dictionary_would_find_filters_under_a_key_that_is_easily_guessed(attacked):
    from curv_eval.linkage.bloom import Filters

    field = UK.field("surname")
    made = Filters(field, b"a-test", UK.bits, fold=False).of([row["surname"] for row in attacked.people[:200]])
    some = {name: values[:200] for name, values in attacked.columns.items()}
    leak = {**some, "bf_surname": [bytes(one) for one in made]}
    assert attacks.blind_dictionary(attacks.Target(attacked.people[:200], leak, attacked.fingerprint)) > 0.95


def test_whoever_has_the_key_reads_every_date(found):
    """So the file is personal data to whoever could hold the key, and the key never goes with the file."""
    assert found["dictionary, by whoever has the key", "date filter"] > 0.99


def test_counting_names_people_by_a_token_of_a_surname_alone(found):
    assert 0.04 < found["counting", "HMAC of the surname alone (refused here)"] < 0.15


def test_counting_finds_next_to_nothing_in_joined_tokens(found):
    assert found["counting", "the weakest pseudonym"] < 0.001
    assert found["counting", "the weakest block"] < 0.01
    assert 10 * found["counting", "the weakest block"] < found["counting", "HMAC of the surname alone (refused here)"]


def test_counting_finds_a_lone_token_among_the_blocks(attacked):
    """The ceiling on blocks can fail: a block of one field would be found, if a scheme could have one."""
    surnames = [row["surname"] for row in attacked.people]
    weak = attacks.Target(
        attacked.people, {"block_1": [attacks.unkeyed(name) for name in surnames]}, attacked.fingerprint
    )
    assert attacks.counted(weak, "block_1", ["surname"]) > 0.04
    with pytest.raises(ContractError, match="open to counting"):
        Scheme("weak", UK.fields, (("surname",),), UK.exact)


def test_counting_filters_is_the_weak_point_and_its_size_is_known(found):
    for name in ("surname", "given_name", "postcode"):
        assert 0.03 < found["counting", f"{name} filter"] < 0.20
    assert found["counting", "date_of_birth filter"] < 0.01
    assert found["counting", "sex filter"] == 1


def test_likeness_of_filters_names_most_people_and_that_is_said(found):
    """No ceiling is claimed: this is what the linker could do, and why the linker must be bound not to."""
    for name in ("surname", "given_name"):
        assert found["likeness", f"{name} filter"] > 0.5
    assert found["likeness", "both names of one person in this file"] > 0.3
    assert found["likeness", f"surname filter of a file of {attacks.FEW:,} people"] > 0.2


def test_folding_does_not_help_against_likeness(found):
    folded = found["likeness", "surname filter folded from 1,024 bits (the option `fold`)"]
    assert folded > 0.8 * found["likeness", "surname filter"]


def test_likeness_needs_the_likeness(attacked):
    """The attack works by what filters share: with filters that share nothing it falls back to counting."""
    import hashlib

    alone = [hashlib.sha512(row["surname"].encode()).digest() for row in attacked.people]
    guesses = attacks.likeness(alone, "surname", commonest=200)
    assert attacks.share(guesses, [row["surname"] for row in attacked.people]) < 0.15


def test_shares_count_only_what_is_right():
    assert attacks.share(["a", None, "b", "c"], ["a", "x", "c", "c"]) == 0.5
    assert attacks.counting(["t", "t", "u", None], {"smith": 9, "jones": 3}) == ["smith", "smith", "jones", None]
    assert [attacks.percent(part) for part in (0, 0.0001, 0.0099, 0.074, 1)] == [
        "none",
        "below 1%",
        "below 1%",
        "7%",
        "100%",
    ]


def test_the_people_are_the_same_every_time():
    assert pp.people(50, seed=1) == pp.people(50, seed=1) != pp.people(50, seed=2)


def table(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.strip().splitlines()]


def points(said):
    """Return a share of the table as a number of points, so that one that rounds the other way is no fault."""
    return {"none": 0.0, "below 1%": 0.5}.get(said) if said in ("none", "below 1%") else float(said.rstrip("%"))


def test_the_table_of_the_page_is_what_is_measured(found):
    written = re.search(r"<!-- attacks -->\n(.*?)<!-- /attacks -->", DOCS.read_text("utf-8"), flags=re.S)[1]
    page, made = table(written), table(attacks.make_report())
    assert [row[:2] for row in page] == [row[:2] for row in made]
    for (how, on, said), (*_, now) in zip(page[2:], made[2:], strict=True):
        assert abs(points(said) - points(now)) <= 1, f"{how}, {on}: the page says {said}, measured {now}"
        assert (said == "none") == (now == "none")
