"""What looks like a secret in a study file: refused where it stands, and never repeated in a message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.study.fields import SECRET

_NAMES = re.compile(r"(^|_)(password|passwd|passphrase|pwd|secret|token|api_?key|access_?key|credentials?)$", re.I)
_TEXTS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|://[^/\s:@]+:[^/\s@]+@"  # user:password@host
    r"|[?&](sig|token|access_token|api_key|apikey)=\S+"
    r"|\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abeoprs]-\S{10,}|AKIA[0-9A-Z]{16}|sk-[\w-]{20,})"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\."
    r"|\b(AccountKey|SharedAccessKey|Password|Pwd)=[^;\s]+"
)


def secrets_in(raw: object, *, at: str = "") -> Iterator[str]:
    """Yield a sentence for each place in a study file that holds a secret, by its key or by how it looks.

    The name of a variable, as in env:VCSE_KEY, is none. The secret itself is in no sentence.
    """
    if isinstance(raw, dict):
        for key, held in raw.items():
            place = f"{at}.{key}" if at else str(key)
            if _NAMES.search(str(key)) and not isinstance(held, dict | list) and not _named(held):
                yield f"{place}: {_SAID}"
            else:
                yield from secrets_in(held, at=place)
    elif isinstance(raw, list):
        for number, held in enumerate(raw, start=1):
            yield from secrets_in(held, at=f"{at} (entry {number})")
    elif isinstance(raw, str) and _TEXTS.search(raw):
        yield f"{at}: {_SAID}"


_SAID = "looks like a secret, which no file of a study may hold"
REMEDY = "put it into a variable of the environment and write its name, as in key: env:VCSE_KEY; then change the secret"


def _named(held: object) -> bool:
    return held is None or (isinstance(held, str) and bool(re.fullmatch(SECRET, held)))
