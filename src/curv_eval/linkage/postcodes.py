"""What a postcode is: its one spelling, and whether it can be one at all."""

from __future__ import annotations

import re

# A9, A99, AA9, AA99, A9A and AA9A, then a digit and two letters that are never C, I, K, M, O or V (BS 7666)
_FORM = r"^([A-Z]{1,2}[0-9][0-9A-Z]?|GIR)[0-9][ABD-HJLNP-UW-Z]{2}$"
# the NHS writes ZZ99 and more for people without an address, of no known address, or from abroad
_NO_ADDRESS = r"^ZZ99"
_POSTCODE, _NONE = re.compile(_FORM), re.compile(_NO_ADDRESS)


def plain_postcode(text: str) -> str | None:
    """Return a postcode as "TS1 2AB", or None where the text cannot be one.

    Small letters, missing or doubled spaces, full stops and hyphens are put right. A letter O for a nought is not: a
    postcode is never guessed.
    """
    bare = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    return f"{bare[:-3]} {bare[-3:]}" if _POSTCODE.match(bare) and not _NONE.match(bare) else None


def bare_sql(value: str) -> str:
    """Return SQL for a postcode without anything but capital letters and digits; NULL where nothing is left."""
    return f"nullif(upper(regexp_replace({value}, '[^0-9A-Za-z]', '', 'g')), '')"


def well_formed_sql(bare: str) -> str:
    """Return SQL: whether a bare postcode has the form of one."""
    return f"regexp_matches({bare}, '{_FORM}')"


def no_address_sql(bare: str) -> str:
    """Return SQL: whether a bare postcode is one of those the NHS gives to people without an address in the country."""
    return f"regexp_matches({bare}, '{_NO_ADDRESS}')"


def outward_sql(bare: str) -> str:
    """Return SQL for the part of a bare postcode before the space: its postcode district."""
    return f"left({bare}, length({bare}) - 3)"
