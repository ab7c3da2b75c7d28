"""The linker's account of its pairs, which lies beside them: how many it expects to be wrong, and missed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import ContractError

if TYPE_CHECKING:
    from curv_eval.linkage.quality import Expected

ABOUT = ".about.json"
_KEYS = ("expected_wrong", "expected_missed_among_compared")


def account_beside(pairs: Path) -> Path:
    """Return where the account of a file of pairs lies, whether or not it is there."""
    return pairs.with_name(pairs.name + ABOUT)


def expected_beside(pairs: Path) -> Expected | None:
    """Return what the linker expected of `pairs`, or None without an account; NaN for what it did not say.

    Raises ContractError for an account that cannot be read, or that says something which is no share.
    """
    from curv_eval.linkage.quality import Expected

    path = account_beside(pairs)
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text("utf-8"))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ContractError(f"{path.name} is not the account of a linkage", do="ask the linker for the file as written")
    shares = {key: math.nan if said.get(key) is None else said[key] for key in _KEYS}
    faults = [
        f"{key}: got {value!r}, expected a share from 0 to 1" for key, value in shares.items() if _no_share(value)
    ]
    if faults:
        raise ContractError(f"{path.name} is not the account of a linkage", faults, "ask the linker for it as written")
    return Expected(*(float(value) for value in shares.values()))


def _no_share(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return not (math.isnan(value) or 0 <= value <= 1)
