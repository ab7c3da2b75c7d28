"""What the tests of made-up data share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from curv_eval.made_up.drawing import Drawn, draw_all, streams_of
from curv_eval.made_up.folder import Setting

SEED, EFFECT, PERSON_EFFECT = 7, -0.2, Setting().person_effect


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def numbered(source: str, own: str) -> str:
    """A pseudonym in hexadecimal figures that gives source and number away."""
    return f"{source[-6:]:.<6}{own}".encode().hex()


def number_of(pseudonym: str) -> str:
    """The partner's own number in a pseudonym that `numbered` made."""
    return bytes.fromhex(pseudonym).decode()[6:]


def draw_again(seed: int, effects: tuple[float, float], pseudonym: Callable[[str, str], str]) -> Drawn:
    return draw_all(streams_of(seed), None, effects, pseudonym=pseudonym)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def within(share: float, expected: float, n: int, *, errors: float = 4.0) -> bool:
    """Whether a share of n independent ones is within so many standard errors of what is expected."""
    return abs(share - expected) <= errors * np.sqrt(expected * (1 - expected) / n) + 1e-12
