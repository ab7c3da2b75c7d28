"""LaTeX in BibTeX fields as the characters it stands for."""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_WORDS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å",
    "AA": "Å", "i": "i", "j": "j", "dh": "ð", "th": "þ", "textendash": "\u2013", "textemdash": "\u2014",
    "textquoteright": "\u2019", "textquoteleft": "\u2018", "textquotedblleft": "\u201c",
    "textquotedblright": "\u201d", "textbackslash": "\\", "textasciitilde": "~", "ldots": "…", "dots": "…",
    "pounds": "£", "texteuro": "€", "copyright": "©", "textregistered": "®", "times": "×", "pm": "±",
}  # fmt: skip
# commands that only say how their text looks
_LOOKS = r"\\(?:emph|textit|textbf|textrm|textsc|textsf|texttt|text|mkbibquote|url|href|it|bf|em|sc|rm)(?![A-Za-z])\s*"
_MARKED = re.compile(r"\\(?:(['`^\"~=.])\s*|([uvHckrdb])(?=[\s{\\])\s*)(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z])|\{\})")
_WORD = re.compile(rf"\\({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\s+)?")


def unlatex(text: str) -> str:
    """Return text with accents, letters and dashes of LaTeX as characters, and without its braces.

    A command that is not known stays as it is written, so that nothing goes missing.
    """
    plain = re.sub(_LOOKS, "", _MARKED.sub(_accented, text))
    plain = _WORD.sub(lambda found: _WORDS[found[1]], plain)
    plain = plain.replace("---", "\u2014").replace("--", "\u2013").replace("``", "\u201c").replace("''", "\u201d")
    plain = re.sub(r"(?<!\\)~", " ", plain)
    plain = re.sub(r"(?<!\\)[{}]", "", plain)
    return unicodedata.normalize("NFC", re.sub(r"\\([&%$#_{}~ ,])", r"\1", plain))


def _accented(found: re.Match) -> str:
    mark, letter = _ACCENTS[found[1] or found[2]], found[3] or found[4]
    return unicodedata.normalize("NFC", letter + mark) if letter else ""
