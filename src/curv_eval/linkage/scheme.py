"""What two partners agree before they encode: fields, blocking tokens, exact pseudonyms, size of the filters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from curv_eval.errors import ContractError
from curv_eval.linkage.parts import PARTS

KINDS = ("name", "date", "postcode", "text", "code")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ASK = "agree the scheme again; see docs/linkage.md"


@dataclass(frozen=True)
class Field:
    """One field that both sides hold.

    kind: one of KINDS; it says how a value is normalised and cut into tokens. q: letters per q-gram of names,
    postcodes and texts. positions: bits that each token sets. words: for a `code`, every word that is understood with
    its code, "" where the word means nothing was said; without words any value is a code.
    """

    name: str
    kind: str
    q: int = 2
    positions: int = 20
    words: tuple[tuple[str, str], ...] = ()

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with this field."""
        if not _NAME.fullmatch(self.name) or self.name == "record_id":
            yield f"{self.name!r} is not a name for a field: expected small letters, digits and _, not record_id"
        if self.kind not in KINDS:
            yield f"{self.name} is a {self.kind!r}; expected one of {', '.join(KINDS)}"
        if not 1 <= self.q <= 4 or not 1 <= self.positions <= 64:
            yield f"{self.name} has q {self.q} and {self.positions} positions; expected q 1 to 4 and positions 1 to 64"
        if self.words and (self.kind != "code" or {code for _, code in self.words} - {"", *dict(self.words)}):
            yield f"{self.name}: words are for codes, and every code must itself be one of the words"


@dataclass(frozen=True)
class Scheme:
    """What is made of each record; valid by construction, so two partners with equal schemes make comparable files.

    blocks: one blocking token each, joined from parts such as "surname:soundex", "date_of_birth:year" or "sex".
    exact: one keyed pseudonym each, joined from whole fields. bits: the length of a field's filter. fold: make
    filters of twice the length and fold them by XOR. Raises ContractError with every fault: above all for a token
    of one field alone, which gives itself away by how often it occurs.
    """

    name: str
    fields: tuple[Field, ...]
    blocks: tuple[tuple[str, ...], ...]
    exact: tuple[tuple[str, ...], ...]
    bits: int = 512
    fold: bool = False

    def __post_init__(self) -> None:
        faults = [fault for field in self.fields for fault in field.faults()] + list(_form(self))
        faults = faults or [*_blocks(self), *_exact(self)]
        if faults:
            raise ContractError(f"{self.name} is not a scheme for linkage", faults, _ASK)

    def field(self, name: str) -> Field:
        """Return the field of this name; KeyError where there is none."""
        return {field.name: field for field in self.fields}[name]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of an encoded file, in order."""
        numbered = [f"pseudonym_{i}" for i, _ in enumerate(self.exact, 1)]
        numbered += [f"block_{i}" for i, _ in enumerate(self.blocks, 1)]
        return ("record_id", *numbered, *(f"bf_{field.name}" for field in self.fields))

    def held(self) -> dict:
        """Return the scheme as it stands in an encoded file."""
        return asdict(self)


def split_part(part: str) -> tuple[str, str]:
    """Return the field and the transform of a block part; without a transform it is `whole`."""
    field, _, transform = part.partition(":")
    return field, transform or "whole"


def scheme_of(held: Mapping) -> Scheme:
    """Return the scheme that `held` says. Raises ContractError when it says none."""
    try:
        fields = tuple(
            Field(**{**field, "words": tuple((word, code) for word, code in field["words"])})
            for field in held["fields"]
        )
        lists = {name: tuple(tuple(parts) for parts in held[name]) for name in ("blocks", "exact")}
        return Scheme(**{**held, "fields": fields, **lists})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ContractError("what describes the scheme is not readable", do=_ASK) from None


def _form(scheme: Scheme) -> Iterator[str]:
    names = [field.name for field in scheme.fields]
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,39}", scheme.name):
        yield "its name needs small letters, digits, . and -"
    if not names or len(set(names)) < len(names):
        yield f"fields: got {', '.join(names) or 'none'}; expected at least one, each once"
    if scheme.bits not in (64, 128, 256, 512, 1024, 2048, 4096):
        yield f"bits: got {scheme.bits}; expected a power of two from 64 to 4096, so that no position is favoured"
    for what, joined in (("blocks", scheme.blocks), ("exact", scheme.exact)):
        if not joined or len({frozenset(parts) for parts in joined}) < len(joined):
            yield f"{what}: expected at least one, and no two alike"


def _blocks(scheme: Scheme) -> Iterator[str]:
    kinds = {field.name: field.kind for field in scheme.fields}
    for block in scheme.blocks:
        split = [split_part(part) for part in block]
        for field, transform in split:
            if field not in kinds or transform not in PARTS:
                yield f"block part {field}:{transform}: there is no such field or no such transform"
            elif kinds[field] not in PARTS[transform][0]:
                yield f"block part {field}:{transform}: {transform} is for {', '.join(PARTS[transform][0])}"
        if len({field for field, _ in split}) < 2:
            yield f"block {' + '.join(block)}: a token of one field is open to counting; join at least two fields"


def _exact(scheme: Scheme) -> Iterator[str]:
    kinds = {field.name: field.kind for field in scheme.fields}
    for names in scheme.exact:
        yield from (f"exact: there is no field {name}" for name in names if name not in kinds)
        if len(set(names)) < 2 and [kinds.get(name) for name in names] != ["code"]:
            yield f"exact {' + '.join(names)}: join at least two fields, or take one code alone"


_SEX = {
    "m": "m male man boy 1",
    "f": "f female woman girl 2",
    "o": "o other nonbinary indeterminate intersex",
    # x is "not known" in the NHS data dictionary and "another gender" elsewhere: it says too little to compare
    "": "x 0 9 notspecified",
}

UK = Scheme(
    "uk-1",
    fields=(
        Field("given_name", "name"),
        Field("surname", "name"),
        Field("date_of_birth", "date"),
        Field("sex", "code", words=tuple((word, code) for code, words in _SEX.items() for word in words.split())),
        Field("postcode", "postcode"),
    ),
    blocks=(
        ("given_name:soundex", "surname:soundex", "date_of_birth:year"),
        ("surname:soundex", "date_of_birth:month_day"),
        ("given_name:soundex", "date_of_birth"),
        ("date_of_birth:year", "postcode"),
        ("given_name:soundex", "surname:soundex", "postcode:outward"),
    ),
    exact=(
        ("given_name", "surname", "date_of_birth"),
        ("given_name", "surname", "date_of_birth", "postcode"),
        ("given_name", "date_of_birth", "postcode"),
        ("surname", "date_of_birth", "postcode"),
    ),
)
