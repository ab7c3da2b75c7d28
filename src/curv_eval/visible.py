"""Text from others where programs take text for orders: a terminal is not steered, and a spreadsheet runs nothing."""

from __future__ import annotations

import re

# control characters but tab and line end; marks of direction; line and paragraph separators; halves of characters
STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def visible(text: object) -> str:
    """Return text in which nothing steers a terminal: an escape reads \\x1b. Tabs and line ends stay."""
    return STEERS.sub(lambda found: ascii(found[0])[1:-1], str(text))


def one_line(text: object) -> str:
    """Return text as `visible` does, on one line: a name with a line end in it must not look like two lines."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


# what a spreadsheet takes for the start of a formula, in narrow and in full width
_RUN = re.compile("\\s*[=+@\uff1d\uff0b\uff0d\uff20-]|[\t\r]")


def unrun(text: str) -> str:
    """Return text as a cell that a spreadsheet shows and does not run: an apostrophe stands before what it would run.

    Numbers are not given as text: a negative one stays what it is.
    """
    return f"'{text}" if _RUN.match(text) else text
