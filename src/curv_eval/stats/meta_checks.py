"""What an evidence synthesis of dependent effects must be given, asked once for all of its methods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.clustered import independent

Blocks = Sequence[np.ndarray]


def checked(
    y: np.ndarray, v: np.ndarray, x: np.ndarray | None = None, *, spare: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return effects y (n,), sampling variances v (n,) and design x (n, p), a column of 1 where not given, as floats.

    Raises DesignError with every breach: values that are missing or infinite, variances that are not above 0, lengths
    that differ, columns that follow from others, fewer than p + `spare` effects.
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    x = np.ones((len(y), 1)) if x is None else np.asarray(x, float)
    breaches = _breaches(y, v, x)
    if not breaches and not independent(x).all():
        breaches.append(f"design: got {int((~independent(x)).sum())} of {x.shape[1]} columns that follow from others")
    if not breaches and len(y) < x.shape[1] + spare:
        breaches.append(f"effects: got {len(y)}, expected at least {x.shape[1] + spare} for {x.shape[1]} coefficients")
    if breaches:
        raise DesignError("these effects cannot be put together", breaches, do="correct the table of effects, or its x")
    return y, v, x


def _breaches(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> list[str]:
    found = []
    if y.ndim != 1 or v.shape != y.shape or x.ndim != 2 or len(x) != len(y):
        return [f"shapes: got effects {y.shape}, variances {v.shape}, design {x.shape}, expected (n,), (n,), (n, p)"]
    if not np.isfinite(y).all():
        found.append(f"effects: got {int((~np.isfinite(y)).sum())} that are missing or infinite, at {_places(y)}")
    if not np.isfinite(x).all():
        found.append(f"design: got {int((~np.isfinite(x)).sum())} values that are missing or infinite")
    if not (np.isfinite(v) & (v > 0)).all():
        bad = np.where(v > 0, v, np.nan)
        found.append(f"variances: expected numbers above 0, got {int((~np.isfinite(bad)).sum())} others {_places(bad)}")
    return found


def _places(values: np.ndarray) -> str:
    at = np.flatnonzero(~np.isfinite(values)) + 1
    return "row " + ", ".join(map(str, at[:5])) + (" and more" if len(at) > 5 else "")


def studies_of(study: np.ndarray, n: int, *, least: int = 2) -> np.ndarray:
    """Return the number of each effect's study, in the order of np.unique: (n,).

    Raises DesignError where the length differs from n or there are fewer than `least` studies.
    """
    study = np.asarray(study)
    if study.shape != (n,):
        raise DesignError(f"studies: got shape {study.shape}, expected one name for each of {n} effects")
    names, code = np.unique(study, return_inverse=True)
    if len(names) < least:
        raise DesignError(
            f"studies: got {len(names)}, expected at least {least}", do="describe the studies one by one instead"
        )
    return code
