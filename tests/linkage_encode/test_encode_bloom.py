"""Keyed Bloom filters: independent positions, likeness, length, folding; against a slow one written out."""

import hmac
import itertools
import subprocess
import sys

import numpy as np
import pprl_people as pp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.linkage.bloom import Filters, positions, tokens
from curv_eval.linkage.scheme import Field

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
NAME, DAY, CODE = Field("surname", "name"), Field("date_of_birth", "date"), Field("sex", "code")
BITS = 512


def slow(value, field, key=KEY, bits=BITS):
    """Return the bits of a filter as a set, as docs/linkage.md describes them."""
    found = set()
    for token in tokens(value, field):
        drawn = b"".join(hmac.new(key, bytes([turn]) + token.encode(), "sha256").digest() for turn in range(4))
        found |= {(drawn[2 * i] * 256 + drawn[2 * i + 1]) % bits for i in range(field.positions)}
    return found


def fast(values, field, key=KEY, bits=BITS, fold=False):
    return np.unpackbits(Filters(field, key, bits, fold=fold).of(values), axis=1)


def dice(a, b, field=NAME):
    one, other = fast([a, b], field)
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_tokens_by_hand():
    assert tokens("anna", NAME) == ("_a", "an", "nn", "na", "a_")
    assert tokens("a", NAME) == ("_a", "a_")
    assert tokens("anana", NAME) == ("_a", "an", "na", "a_")
    assert tokens("abc", Field("surname", "name", q=3)) == ("__a", "_ab", "abc", "bc_", "c__")
    assert tokens("abca", Field("surname", "name", q=1)) == ("a", "b", "c")
    assert tokens("m", CODE) == ("m",)
    assert tokens("2009-03-14", DAY) == ("Y2009", "M03", "D14", "c0", "d9", "e0", "f3", "g1", "h4")


def test_the_figures_of_a_date_have_places():
    """Day 03 of month 04 must not look like day 04 of month 03."""
    assert set(tokens("2009-03-04", DAY)) & set(tokens("2009-04-03", DAY)) == {"Y2009", "c0", "d9", "e0", "g0"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyzé", min_size=1, max_size=15), min_size=1, max_size=8))
def test_filters_are_those_written_out_slowly(values):
    for row, value in zip(fast(values, NAME), values, strict=True):
        assert set(np.flatnonzero(row).tolist()) == slow(value, NAME)


@pytest.mark.parametrize("bits", [64, 128, 1024, 4096])
@pytest.mark.parametrize("count", [1, 16, 17, 64])
def test_length_and_number_of_positions_are_as_asked(bits, count):
    field = Field("surname", "name", positions=count)
    made = Filters(field, KEY, bits, fold=False).of(["smith", "o"])
    assert made.shape == (2, bits // 8)
    assert made.dtype == np.uint8
    assert set(np.flatnonzero(np.unpackbits(made[0])).tolist()) == slow("smith", field, bits=bits)


def test_a_folded_filter_is_the_two_halves_of_a_longer_one():
    long = fast(["smith", "jones"], NAME, bits=1024)
    assert np.array_equal(fast(["smith", "jones"], NAME, fold=True), long[:, :512] ^ long[:, 512:])


def test_positions_are_independent_of_each_other():
    """With double hashing the differences of a token's positions repeat; drawn one by one they do not."""
    steps = []
    for token in itertools.starmap("{}{}".format, itertools.product("abcdefghij", repeat=2)):
        drawn = positions(KEY, token, count=20, bits=BITS)
        steps.append(len({(b - a) % BITS for a, b in itertools.pairwise(drawn)}))
    assert min(steps) > 12
    assert max(len(set(positions(KEY, t, count=20, bits=BITS))) for t in ("ab", "cd", "ef")) > 15


def test_every_position_is_as_likely_as_another():
    drawn = [p for i in range(2_000) for p in positions(KEY, f"t{i}", count=20, bits=64)]
    counts = np.bincount(drawn, minlength=64)
    expected = len(drawn) / 64
    # chi-squared with 63 degrees of freedom lies below 104 in 999 of 1,000 cases; the key is fixed
    assert ((counts - expected) ** 2 / expected).sum() < 104


def test_another_key_gives_filters_with_no_more_in_common_than_chance():
    names = ["smith", "jones", "taylor", "brown", "williams"] * 4
    mine, theirs = fast(names, NAME), fast(names, NAME, key=OTHER)
    shared = (mine & theirs).sum() / BITS / len(names)
    assert abs(shared - mine.mean() * theirs.mean()) < 0.02


def test_like_names_have_like_filters():
    assert dice("smith", "smith") == 1
    assert dice("smith", "smyth") > 0.6
    assert dice("catherine", "katherine") > 0.7
    assert dice("smith", "jones") < 0.45
    assert dice("smith", "smyth") > dice("smith", "smart") > dice("smith", "jones")


def test_near_dates_have_like_filters():
    near = ("2009-03-15", "2008-03-14", "2009-04-14", "2009-03-24")
    for other in near:
        assert 0.7 < dice("2009-03-14", other, DAY) < 0.95
    assert dice("2009-03-14", "1987-11-26", DAY) < 0.5
    assert min(dice("2009-03-14", other, DAY) for other in near) > dice("2009-03-14", "2009-11-26", DAY)


def test_codes_are_alike_only_when_they_are_the_same():
    assert dice("9434765919", "9434765919", CODE) == 1
    assert dice("9434765919", "9434765918", CODE) < 0.25


def test_no_values_give_no_filters():
    assert Filters(NAME, KEY, BITS, fold=False).of([]).shape == (0, 64)


def test_filters_do_not_depend_on_what_was_encoded_before(monkeypatch):
    from curv_eval.linkage import bloom

    fresh = fast(["taylor"], NAME)
    used = Filters(NAME, KEY, BITS, fold=False)
    used.of(["smith", "jones", "brown"])
    assert np.array_equal(np.unpackbits(used.of(["taylor"]), axis=1), fresh)
    monkeypatch.setattr(bloom, "_KEPT", 3)
    assert np.array_equal(np.unpackbits(used.of(["taylor"]), axis=1), fresh)
    assert len(used._places) == len(used._masks) == len(tokens("taylor", NAME))


def test_the_first_bit_is_the_highest_of_the_first_byte():
    field = Field("sex", "code", positions=1)
    for value in "abcdefgh":
        (at,) = positions(KEY, value, count=1, bits=BITS)
        (made,) = Filters(field, KEY, BITS, fold=False).of([value])
        assert made[at // 8] == 0x80 >> at % 8
        assert made.sum() == made[at // 8]


def test_a_filter_is_the_same_in_another_process():
    code = (
        "from curv_eval.linkage.bloom import Filters; from curv_eval.linkage.scheme import Field;"
        "print(Filters(Field('surname', 'name'), bytes(range(32)), 512, fold=False).of(['smith'])[0].tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Filters(NAME, KEY, BITS, fold=False).of(["smith"])[0].tobytes().hex()


def test_nothing_printed_shows_the_key():
    made = Filters(NAME, pp.SECRET, BITS, fold=False)
    assert repr(made) == "<Filters of surname>"
