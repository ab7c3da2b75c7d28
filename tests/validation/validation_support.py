"""A partner's contract and files, faults planted in them, and the same rules checked row by row in plain Python."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from curv_eval.contract import Column, Contract, load_contract
from curv_eval.validation import Outputs, Validation, validate

TODAY = date(2026, 11, 23)
HEADER = ("referral_id", "person_key", "age", "sex", "lsoa", "referral_date", "end_date", "sessions")
SECRET = "John Smith 07700 900123"
# what reference/data_contract_validation.json planted in 1,000,000 rows, one failing cell in two rows being the second
PLANTED = {
    ("referral_id", "required"): 40,
    ("referral_id", "duplicate"): 51,
    ("person_key", "pattern"): 300,
    ("age", "above range"): 200,
    ("sex", "value not allowed"): 500,
    ("lsoa", "pattern"): 700,
    ("end_date", "before referral_date"): 400,
    ("sessions", "below range"): 100,
}


def contract(columns: Sequence[Column], **changes) -> Contract:
    """A contract of `columns` named `partner`, without period, consent or orders unless given."""
    bare = {
        "name": "partner",
        "title": "Referrals to mentoring",
        "steward": "the data lead",
        "format": "csv",
        "key": (),
        "period_column": None,
        "area_column": None,
        "consent_column": None,
        "orders": (),
        "columns": tuple(columns),
        "options": {**load_contract("vcse_referrals").options, "extra_columns": "refuse"},
    }
    return replace(load_contract("vcse_referrals"), **{**bare, **changes})


def referrals(**changes) -> Contract:
    """The contract of the reference task: eight columns, one of them public."""
    columns = (
        Column("referral_id", "referral_id", "string", required=True),
        Column("person_key", "person_key", "string", pattern="^[0-9a-f]{32}$", examples=("0f" * 16,)),
        Column("age", "age", "integer", maximum=110),
        Column("sex", "sex", "string", values=("female", "male", "other")),
        Column("lsoa", "lsoa", "string", pattern="^[EW]01[0-9]{6}$", examples=("E01011949",), classification="public"),
        Column("referral_date", "referral_date", "date", required=True),
        Column("end_date", "end_date", "date"),
        Column("sessions", "sessions", "integer", minimum=0),
    )
    given = {"key": ("referral_id",), "orders": (("referral_date", "end_date"),), **changes}
    return contract(columns, **given)


def good_rows(n: int, seed: int = 1) -> list[list[str]]:
    draw, start = random.Random(seed), date(2022, 1, 1)
    rows = []
    for i in range(n):
        referred = start + timedelta(draw.randrange(700))
        ended = "" if draw.random() < 0.1 else (referred + timedelta(draw.randrange(300))).isoformat()
        key, lsoa = f"{draw.getrandbits(128):032x}", f"E01{11_000 + draw.randrange(999):06d}"
        sex = draw.choice(("female", "male", "other"))
        given = [f"R{i:08d}", key, str(draw.randrange(10, 25)), sex, lsoa, referred.isoformat(), ended]
        rows.append([*given, str(draw.randrange(40))])
    return rows


def plant(rows: list[list[str]], scale: float = 1.0, seed: int = 2) -> dict[tuple[str, str], list[int]]:
    """Spoil `rows` as PLANTED says, times `scale`, and return which rows break which rule, the first being row 1.

    Two rows break two rules, as in the reference: their sex and their lsoa.
    """
    free = random.Random(seed).sample(range(len(rows)), len(rows))
    spoil = {
        ("referral_id", "required"): {0: ""},
        ("person_key", "pattern"): {1: SECRET},
        ("age", "above range"): {2: "140"},
        ("sex", "value not allowed"): {3: "F"},
        ("lsoa", "pattern"): {4: "Tees Street"},
        ("end_date", "before referral_date"): {6: "2021-12-31"},
        ("sessions", "below range"): {7: "-1"},
    }
    truth, twice = {}, free[:2]
    for promise, change in spoil.items():
        wanted = max(2, round(PLANTED[promise] * scale))
        both = promise[0] in ("sex", "lsoa")
        chosen = [*(twice if both else ()), *(free.pop() for _ in range(wanted - 2 * both))]
        for i in chosen:
            for place, value in change.items():
                rows[i][place] = value
        truth[promise] = sorted(i + 1 for i in chosen)
    same = [free.pop() for _ in range(max(3, round(PLANTED["referral_id", "duplicate"] * scale)))]
    for i in same[1:]:
        rows[i][0] = rows[same[0]][0]
    truth["referral_id", "duplicate"] = sorted(i + 1 for i in same)
    return truth


def text_of(rows: Sequence[Sequence[str | None]], header: Sequence[str] = HEADER, end: str = "\n") -> str:
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator=end).writerows([header, *rows])
    return held.getvalue()


def put(folder: Path, content: str | bytes, name: str = "partner.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def found_in(path: Path, held: Contract, folder: Path) -> tuple[Validation, dict[tuple[str, str], list[int]]]:
    """Validate a file, and read back from the listing which rows break which rule."""
    listing = folder / "listing.csv"
    said = validate(path, held, today=TODAY, outputs=Outputs(listing=listing))
    return said, listed(listing)


def listed(path: Path, number: str = "source_row") -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for row in read_rows(path):
        if row["source_row"]:
            found.setdefault((row["column"], row["rule"]), []).append(int(row[number]))
    return found


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counts(said: Validation) -> dict[tuple[str, str], int]:
    return {(breach.column, breach.rule): breach.count for breach in said.breaches}


# ---- the rules once more, in plain Python, from what the contract says and not from the SQL


def plain_breaches(held: Contract, rows: Sequence[dict[str, str]], today: date) -> set[tuple[int, str, str]]:
    """Every (row, column, rule) that `rows` break, the first being row 1."""
    found = set()
    for number, row in enumerate(rows, 1):
        found |= {(number, column.name, rule) for column in held.columns for rule in _broken(held, column, row, today)}
        if held.consent_column and row[held.consent_column].lower() != "true":
            found.add((number, held.consent_column, "without consent"))
        for earlier, later in held.orders:
            first, second = (_meant(_column(held, name), row[name]) for name in (earlier, later))
            if first is not None and second is not None and second < first:
                found.add((number, later, f"before {earlier}"))
    return found | _repeated(held, rows)


def _column(held: Contract, name: str) -> Column:
    return next(column for column in held.columns if column.name == name)


def _broken(held: Contract, column: Column, row: dict[str, str], today: date):
    value = row[column.name]
    if column.required and not value.strip(" \t\r\n\u00a0"):
        yield "required"
    if not value:
        return
    meant = _meant(column, value)
    if meant is None:
        yield "type"
    if column.pattern and not re.search(column.pattern, value):
        yield "pattern"
    if column.values and value not in column.values:
        yield "value not allowed"
    if meant is not None and column.minimum is not None and meant < column.minimum:
        yield "below range"
    if meant is not None and column.maximum is not None and meant > column.maximum:
        yield "above range"
    if _is_later(held, column, value, meant, today):
        yield "future"


def _is_later(held, column, value, meant, today: date) -> bool:
    if column.type in ("date", "timestamp"):
        return meant is not None and meant.date() > today
    is_month = re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", value) is not None
    return column.name == held.period_column and column.type == "string" and is_month and value > f"{today:%Y-%m}"


def _meant(column: Column, value: str):
    """The value in its own type, None where it is empty or does not read as that type."""
    read = {"integer": _whole, "number": _number, "date": _day, "timestamp": _moment, "boolean": _truth}
    return read.get(column.type, lambda text: text)(value) if value else None


def _whole(text: str) -> int | None:
    number = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[-+.0-9eE]+", text):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) != float("inf") else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d") if len(text) == 10 else None
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    bare = re.sub(r"(Z|\+00:?00)$", "", text)
    try:
        meant = datetime.fromisoformat(bare) if len(bare) >= 16 and bare[10] in " T" else None
    except ValueError:
        return None
    return meant if meant and meant.tzinfo is None else None


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _repeated(held: Contract, rows: Sequence[dict[str, str]]) -> set[tuple[int, str, str]]:
    required = {column.name for column in held.columns if column.required}
    keys = {(column.name,): {column.name} for column in held.columns if column.unique}
    if held.key:
        keys.setdefault(held.key, required.intersection(held.key))
    found = set()
    for names, needed in keys.items():
        keyed = {
            number: tuple(row[name] for name in names)
            for number, row in enumerate(rows, 1)
            if all(row[name] for name in needed)
        }
        times = Counter(keyed.values())
        found |= {(number, ", ".join(names), "duplicate") for number, key in keyed.items() if times[key] > 1}
    return found
