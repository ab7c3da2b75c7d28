"""Made-up rows look like nobody."""

from __future__ import annotations

import re

import pytest

WORDS = {
    *("true", "false", "consent", "female", "male", "not", "stated", "primary", "secondary"),
    *("tertiary", "police", "school", "social", "care", "self", "family", "VCSE", "other"),
    *("street", "mentoring", "made", "provider", "place", "method", "completed", "disengaged", "moved"),
    *("away", "referred", "group", "work", "activity", "person", "remote", "ZZZ"),
}
LOOKS_PERSONAL = {
    "postcode": r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b",
    "NHS number": r"\b\d{3} ?-?\d{3} ?-?\d{4}\b",
    "national insurance number": r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
    "telephone number": r"(?<![\w.])(?:\+44|0)\d{9,10}\b",
    "e-mail address": r"\S@\S",
    "person's title": r"\b(?:Mr|Mrs|Ms|Miss|Dr)\b",
    "date of birth": r"(?i)birth|\bdob\b",
    "person's name": r"(?i)\b(?:fore|sur|first|last|full|person|client|victim)[ _]?name",
}


@pytest.fixture(scope="module")
def texts(folder) -> dict[str, str]:
    """Each file's cells, once each; crime and person numbers of hexadecimal digits cannot hold a person's details."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    cells = {path.name: set(re.split(r"[,\n]", path.read_text(encoding="utf-8"))) for path in files}
    return {name: "\n".join(sorted(cell for cell in found if not is_number(cell))) for name, found in cells.items()}


@pytest.mark.parametrize("kind", LOOKS_PERSONAL)
def test_nothing_looks_like_a_person(texts, kind):
    found = {name: match.group() for name, text in texts.items() if (match := re.search(LOOKS_PERSONAL[kind], text))}
    assert found == {}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("postcode", "in TS1 3BA"),
        ("NHS number", "943 476 5919"),
        ("NHS number", "x,9434765919,y"),
        ("national insurance number", "QQ 12 34 56 C"),
        ("telephone number", ",01642000000,"),
        ("e-mail address", "a@example.org"),
        ("person's title", "Mr Example"),
        ("date of birth", "date_of_birth"),
        ("person's name", "surname"),
    ],
)
def test_the_patterns_would_find_a_person(kind, text):
    assert re.search(LOOKS_PERSONAL[kind], text)


def test_free_text_is_from_a_closed_list(table):
    """No column can hold a name, because every word of every file is one that this package put there."""
    words = set()
    for name in ("ae_assaults", "vcse_referrals", "vcse_sessions"):
        for _, column in table(name).items():
            words |= set(re.findall(r"[A-Za-z]{3,}", " ".join(set(column) - set(filter(is_code, column)))))
    assert words <= WORDS


def is_number(value: str) -> bool:
    return len(value) in (32, 64) and set(value) <= set("0123456789abcdef")


def is_code(value: str) -> bool:
    return is_number(value) or bool(re.fullmatch(r"E01\d{6}", value))
