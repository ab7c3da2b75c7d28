"""Made-up people in two files that half overlap, with typing errors, gaps and moves, and the truth beside them.

No name, postcode or date here is anybody's: names are syllables, postcodes are letters and digits in the British
form. Frequencies are skewed as in life, households share surname and postcode, and a quarter of those in both files
have moved house in between.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

TYPOS, MISSING, MOVED = (0.03, 0.10), (0.01, 0.04), 0.25
HOUSEHOLD = 0.4
GIVEN, SURNAMES, PER_POSTCODE = 4_000, 40_000, 37
FIELDS = ("given_name", "surname", "date_of_birth", "sex", "postcode")
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def two_files(size, seed, folder):
    """Write left.parquet, right.parquet and truth.parquet for `size` people a side, half of them in both."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    people = _people(rng, size + size // 2)
    both = size // 2
    first = {name: values[:size].copy() for name, values in people.items()}
    second = {name: values[size - both :].copy() for name, values in people.items()}
    moved = np.flatnonzero(rng.random(both) < MOVED)
    second["postcode"][moved] = _postcodes(rng, len(moved), size + both)
    ids = []
    for side, held in enumerate((first, second)):
        _spoil(rng, held, side)
        order = rng.permutation(size)
        names = np.array([f"{side}{number:09d}" for number in range(size)], dtype=object)
        ids.append(names[np.argsort(order)])
        table = {"record_id": names, **{name: values[order] for name, values in held.items()}}
        pq.write_table(pa.table(table), Path(folder) / f"{'left' if side == 0 else 'right'}.parquet")
    truth = {"record_id_l": ids[0][size - both :], "record_id_r": ids[1][:both]}
    pq.write_table(pa.table(truth), Path(folder) / "truth.parquet")


def _people(rng, size):
    born = np.datetime64("1945-01-01") + rng.integers(0, 70 * 365, size)
    people = {
        "given_name": _names(rng, GIVEN, size, 2),
        "surname": _names(rng, SURNAMES, size, 3),
        "date_of_birth": born.astype("datetime64[D]").astype(str).astype(object),
        "sex": np.array(["F", "M"], dtype=object)[rng.integers(0, 2, size)],
        "postcode": _postcodes(rng, size, size),
    }
    # A household: the one before in a shuffled order gives surname and postcode.
    order = rng.permutation(size)
    joins = np.flatnonzero(rng.random(size - 1) < HOUSEHOLD) + 1
    for name in ("surname", "postcode"):
        people[name][order[joins]] = people[name][order[joins - 1]]
    return people


def _names(rng, kinds, size, syllables):
    starts = np.array([*"bcdfghjklmnprstvw", "br", "ch", "cl", "gr", "sh", "st", "th", "tr", ""], dtype=object)
    vowels = np.array(["a", "e", "i", "o", "u", "ai", "ea", "ee", "ie", "ou"], dtype=object)
    ends = np.array(["", "", "", "n", "r", "s", "l", "m", "t", "ck", "ng"], dtype=object)
    made: dict[str, None] = {}
    while len(made) < kinds:
        parts = [
            rng.choice(starts, kinds) + rng.choice(vowels, kinds) + rng.choice(ends, kinds) for _ in range(syllables)
        ]
        short = rng.random(kinds) < 0.3
        last = np.where(short, "", parts[-1])
        made |= dict.fromkeys("".join(row) for row in zip(*parts[:-1], last, strict=True))
    weight = 1 / (np.arange(kinds) + 8) ** 0.9
    return np.array(list(made)[:kinds], dtype=object)[rng.choice(kinds, size, p=weight / weight.sum())]


def _postcodes(rng, size, population):
    """Return postcodes of a country in which PER_POSTCODE people share one."""
    number = rng.integers(0, max(population // PER_POSTCODE, 10), size) * 7919 % 22_000_000
    units = [f"{a}{b}" for a in "ABDEFGHJLN" for b in "PQRSTUWXYZ"]
    area, district = ["TS", "DL", "YO", "NE", "SR", "DH", "LS", "HG", "BD", "HX", "WF"], range(1, 30)
    out = [""] * size
    for i, n in enumerate(number.tolist()):
        n, unit = divmod(n, len(units))
        n, sector = divmod(n, 10)
        n, place = divmod(n, len(district))
        out[i] = f"{area[n % len(area)]}{district[place]} {sector}{units[unit]}"
    return np.array(out, dtype=object)


def _spoil(rng, held, side):
    for name in FIELDS:
        values = held[name]
        wrong = np.flatnonzero(rng.random(len(values)) < TYPOS[side] * (0.1 if name == "sex" else 1))
        values[wrong] = [_mistyped(rng, name, value) for value in values[wrong]]
        values[rng.random(len(values)) < MISSING[side]] = None


def _mistyped(rng, name, value):
    if name == "sex":
        return "F" if value == "M" else "M"
    if name == "date_of_birth":
        return _wrong_date(rng, value)
    at, kind = int(rng.integers(0, len(value))), int(rng.integers(0, 4))
    letter = str(rng.integers(0, 10)) if value[at].isdigit() else str(rng.choice(LETTERS))
    if kind == 0:
        return value[:at] + letter + value[at + 1 :]
    if kind == 1 and len(value) > 2:
        return value[:at] + value[at + 1 :]
    if kind == 2:
        return value[:at] + letter + value[at:]
    return value[:at] + value[at : at + 2][::-1] + value[at + 2 :]


def _wrong_date(rng, value):
    year, month, day = value.split("-")
    if rng.random() < 0.3 and int(day) <= 12:
        return f"{year}-{day}-{month}"
    kind = int(rng.integers(0, 3))
    if kind == 0:
        return f"{int(year) + int(rng.choice([-10, -1, 1, 10]))}-{month}-{int(day):02d}"[:10]
    if kind == 1:
        return f"{year}-{int(rng.integers(1, 13)):02d}-{min(int(day), 28):02d}"
    return f"{year}-{month}-{int(rng.integers(1, 29)):02d}"
