"""Attacks on what partners send, by somebody without the key who has public lists: what share each finds.

Run this file to print the table of docs/linkage.md anew.
"""

import functools
import hashlib
import hmac
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pprl_people as pp
from scipy.optimize import linear_sum_assignment

from curv_eval.linkage.bloom import Filters
from curv_eval.linkage.encode import encode
from curv_eval.linkage.fields import normalise
from curv_eval.linkage.parts import PARTS
from curv_eval.linkage.scheme import UK, split_part

PEOPLE, KNOWN = 20_000, 100_000
FEW, COMMONEST = 1_000, 600
SALT = b"cleveland-2026"


@dataclass(frozen=True)
class Target:
    """An encoded file column by column, and, row by row, who they are: the attacker never sees `people`."""

    people: list
    columns: dict
    fingerprint: str

    def truth(self, parts):
        return labels(self.people, parts)


@functools.cache
def value(raw, part):
    """Return one part of a value, as the scheme normalises it."""
    field, transform = split_part(part)
    return PARTS[transform][1](normalise(raw, UK.field(field)))


def labels(people, parts):
    columns = [(split_part(part)[0], part) for part in parts]
    return [tuple(value(row[field], part) for field, part in columns) for row in people]


@functools.cache
def known():
    """Return the people of the public list: others than those of the file, of the same area."""
    return pp.people(KNOWN, seed=71)


@functools.cache
def target(n=PEOPLE):
    """Encode n people, and return the file with its truth."""
    import pyarrow.parquet as pq

    from curv_eval.linkage.encode import record_pseudonym

    people = pp.people(n, seed=72)
    with tempfile.TemporaryDirectory() as folder:
        source, out = pp.write(Path(folder) / "people.csv", people), Path(folder) / "out.parquet"
        encode(source, out, key=pp.key(), scheme=UK, source="vcse", record_id="record_id", purpose="an attack")
        columns = pq.read_table(out).to_pydict()
    by_id = {record_pseudonym(pp.key(), "vcse", row["record_id"]): row for row in people}
    return Target([by_id[one] for one in columns["record_id"]], columns, pp.key().fingerprint)


def share(guesses, truth):
    """Return the share of rows whose guess is right; None is no guess."""
    return sum(guess is not None and guess == is_ for guess, is_ in zip(guesses, truth, strict=True)) / len(truth)


# --- dictionary: try every value that there is ---


def unkeyed(text):
    return hashlib.sha256(SALT + text.encode()).hexdigest()


def days():
    return [(pp.FIRST_DAY + timedelta(i)).isoformat() for i in range(-3_650, pp.DAYS + 3_650)]


def dictionary(tokens, candidates, make):
    """Return the guess for each token: the candidate that makes it."""
    made = {make(candidate): candidate for candidate in candidates}
    return [made.get(token) for token in tokens]


def guessed_keys(fingerprint):
    """Return keys that somebody without the key would try first."""
    words = (b"", SALT, fingerprint.encode(), UK.name.encode(), b"a-test", b"vcse", b"secret", b"password", bytes(32))
    return [word for word in words if len(word) <= 32]


@functools.cache
def blind_tokens(fingerprint):
    """Return every date, name and id that there is, unkeyed and under every key that is easily guessed."""
    candidates = [*days(), *{row["surname"] for row in known()}, *{row["given_name"] for row in known()}]
    candidates += [f"CASE-{100_000 + i}" for i in range(PEOPLE)]
    makers = [lambda text: hashlib.sha256(text.encode()).hexdigest(), unkeyed]
    makers += [
        functools.partial(lambda guess, text: hmac.digest(guess, text.encode(), "sha256").hex(), guess)
        for guess in guessed_keys(fingerprint)
    ]
    made = [make(candidate) for make in makers for candidate in candidates]
    return {one[:length] for one in made for length in (16, 32)}


def blind_dictionary(attacked):
    """Return the share of rows of which the dictionary finds anything, in any column of the file."""
    found = blind_tokens(attacked.fingerprint)
    rows = zip(*(values for name, values in attacked.columns.items() if not name.startswith("bf_")), strict=True)
    hits = [not found.isdisjoint(row) for row in rows]
    for name in ("given_name", "surname", "date_of_birth"):
        made = set().union(*(blind_filters(name, guess) for guess in guessed_keys(attacked.fingerprint)))
        hits = [hit or held in made for hit, held in zip(hits, attacked.columns[f"bf_{name}"], strict=True)]
    return sum(hits) / len(hits)


@functools.cache
def blind_filters(name, sub_key):
    """Return every filter of a field under a guessed key."""
    candidates = days() if name == "date_of_birth" else sorted({row[name] for row in known()})
    return {bytes(row) for row in Filters(UK.field(name), sub_key, UK.bits, fold=UK.fold).of(candidates)}


def with_the_key(attacked):
    """Return the share of dates that whoever holds the key reads from the filters."""
    field = UK.field("date_of_birth")
    sub_key = pp.key().derive(f"{UK.name}/field/{field.name}")
    made = Filters(field, sub_key, UK.bits, fold=UK.fold).of(days())
    lookup = dict(zip(map(bytes, made), days(), strict=True))
    guesses = [lookup.get(held) for held in attacked.columns[f"bf_{field.name}"]]
    return share(guesses, [row[field.name] for row in attacked.people])


# --- counting: the commonest token is the commonest value ---


def counting(tokens, public):
    """Return the guess for each token: the value of the same rank in the public counts."""
    observed = sorted(Counter(token for token in tokens if token is not None).items(), key=lambda p: (-p[1], p[0]))
    expected = sorted(public.items(), key=lambda pair: (-pair[1], pair[0]))
    guess = {token: value for (token, _), (value, _) in zip(observed, expected, strict=False)}
    return [guess.get(token) for token in tokens]


def counted(attacked, column, parts):
    """Return the share of rows whose `parts` are found by counting a column."""
    return share(counting(attacked.columns[column], Counter(labels(known(), parts))), attacked.truth(parts))


def lone_surname(attacked):
    """Return the share found by counting HMAC(surname): a token this project refuses to make."""
    tokens = [hmac.digest(pp.SECRET, row["surname"].encode(), "sha256") for row in attacked.people]
    return share(counting(tokens, Counter(labels(known(), ["surname"]))), attacked.truth(["surname"]))


# --- likeness: filters are as like each other as their values are ---


def likeness(filters, name, *, commonest=COMMONEST, fold=False):
    """Return the guess for each row's filter of a field, from the likeness of filters and their counts.

    The attacker encodes the public values under a key of their own: how many bits a filter sets, and how many two
    filters share, is nearly the same under any key. Values and filters are then laid over each other so that counts,
    bits and likeness agree, in a few rounds of soft assignment (graph matching, after Chen et al. 2022). Only the
    commonest filters are tried.
    """
    held, public = Counter(filters), Counter(row[name] for row in known())
    top = _commonest(held, commonest)
    values = _commonest(public, int(1.3 * commonest))
    own = Filters(UK.field(name), bytes(range(1, 33)), UK.bits, fold=fold).of(values)
    theirs = np.array([np.frombuffer(one, np.uint8) for one in top])
    counts = np.array([held[one] for one in top]), np.array([public[one] for one in values]) * len(filters) / KNOWN
    place = _laid_over(*(np.unpackbits(one, axis=1).astype(float) for one in (theirs, own)), *counts)
    guess = {one: values[i] for one, i in zip(top, place, strict=True)}
    return [guess.get(one) for one in filters]


def _commonest(counts, n):
    return [one for one, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:n]]


def alike(attacked, *names, **how):
    """Return the share of rows of which every one of the named fields is found by likeness."""
    guesses = zip(*(likeness(attacked.columns[f"bf_{name}"], name, **how) for name in names), strict=True)
    return share(list(guesses), [tuple(row[name] for name in names) for row in attacked.people])


def folded_surname(attacked):
    """Return the share of surnames found by likeness when filters are folded from twice their length."""
    made = Filters(UK.field("surname"), pp.SECRET, UK.bits, fold=True)
    surnames = [row["surname"] for row in attacked.people]
    return share(likeness([bytes(one) for one in made.of(surnames)], "surname", fold=True), surnames)


def _dice(bits):
    ones = bits.sum(1)
    alike = 2 * bits @ bits.T / (ones[:, None] + ones[None, :])
    np.fill_diagonal(alike, 0)
    return alike, ones


def _laid_over(theirs, own, their_counts, own_counts, rounds=8):
    """Return, for each of their filters, the place of the value it is taken for."""
    (their_likeness, their_ones), (own_likeness, own_ones) = _dice(theirs), _dice(own)
    # counts are nearly Poisson, so that their roots differ by about a half; bits differ by about six between keys
    apart = 2 * (np.sqrt(their_counts)[:, None] - np.sqrt(own_counts)[None, :]) ** 2
    apart += (their_ones[:, None] - own_ones[None, :]) ** 2 / 72
    cost, squares = apart, (their_likeness**2).sum(1)
    for turn in range(rounds):
        weight = np.exp(np.maximum(cost.min(1, keepdims=True) - cost, -50))
        for _ in range(10):
            weight /= np.maximum(weight.sum(0), 1)
            weight /= weight.sum(1, keepdims=True)
        expected = weight @ own_likeness
        differ = squares[:, None] - 2 * their_likeness @ expected + (expected**2).sum(0)[None, :]
        cost = apart + differ * min(1, (turn + 1) / 5) / 0.0072
    return linear_sum_assignment(cost)[1]


# --- the table ---


@functools.cache
def measured():
    """Return every attack with what it is turned on and the share it finds."""
    attacked = target()
    date_tokens = [unkeyed(row["date_of_birth"]) for row in attacked.people]
    name_tokens = [unkeyed(row["surname"]) for row in attacked.people]
    surnames = sorted({row["surname"] for row in known()})
    rows = [
        ("dictionary", "SHA-256 of the date with a public salt (never made here)",
         share(dictionary(date_tokens, days(), unkeyed), [row["date_of_birth"] for row in attacked.people])),
        ("dictionary", "SHA-256 of the surname with a public salt (never made here)",
         share(dictionary(name_tokens, surnames, unkeyed), [row["surname"] for row in attacked.people])),
        ("dictionary", "every column of this file", blind_dictionary(attacked)),
        ("dictionary, by whoever has the key", "date filter of this file", with_the_key(attacked)),
        ("counting", "HMAC of the surname alone (refused here)", lone_surname(attacked)),
    ]  # fmt: skip
    for kind, joined in (("pseudonym", UK.exact), ("block", UK.blocks)):
        found = [counted(attacked, f"{kind}_{i}", parts) for i, parts in enumerate(joined, 1)]
        rows.append(("counting", f"the weakest {kind} of this file", max(found)))
    rows += [
        ("counting", f"{f.name} filter of this file", counted(attacked, f"bf_{f.name}", [f.name])) for f in UK.fields
    ]
    rows += [("likeness", f"{name} filter of this file", alike(attacked, name)) for name in ("surname", "given_name")]
    rows += [
        ("likeness", "both names of one person in this file", alike(attacked, "surname", "given_name")),
        ("likeness", "surname filter folded from 1,024 bits (the option `fold`)", folded_surname(attacked)),
        ("likeness", f"surname filter of a file of {FEW:,} people", alike(target(FEW), "surname", commonest=FEW // 10)),
    ]
    return rows


def percent(part):
    """Return a share as the table says it: whole percent, and never 0 for something."""
    return "none" if part == 0 else "below 1%" if part < 0.01 else f"{100 * part:.0f}%"


def make_report():
    """Return the table of docs/linkage.md as markdown."""
    head = ["| attack | on | share found |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {how} | {on} | {percent(part)} |" for how, on, part in measured())])


if __name__ == "__main__":
    print(make_report())
