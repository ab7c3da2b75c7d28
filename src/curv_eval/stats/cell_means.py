"""A difference-in-differences from published means and standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

Mean = tuple[float, float]


@dataclass(frozen=True)
class FromMeans:
    """Changes of the treated and of the comparison, their difference, and the error of each."""

    treated_change: float
    comparison_change: float
    effect: float
    treated_error: float
    comparison_error: float
    std_error: float


def from_means(
    treated: tuple[Mean, Mean], comparison: tuple[Mean, Mean], *, change_errors: tuple[float, float] | None = None
) -> FromMeans:
    """Return (after - before) of the treated less that of the comparison, from means and their standard errors.

    treated, comparison: (mean, error) before and after. change_errors: the errors of the two changes, where they were
    published, as they are when the same units were seen twice; otherwise the four samples are taken to be independent,
    and each change has the root of its squared errors (too wide for the same units seen twice, whose errors cancel in
    part). The two groups are independent: their squared errors add. Raises DesignError for a number that is not
    finite or an error below 0.
    """
    cells = np.array([*treated, *comparison], dtype=float)
    errors = np.array(change_errors if change_errors is not None else [np.hypot(*c[:, 1]) for c in np.split(cells, 2)])
    if not np.isfinite(cells).all() or not np.isfinite(errors).all() or (cells[:, 1] < 0).any() or (errors < 0).any():
        raise DesignError("a mean or its error is not a number, or an error is below 0", do="check the published table")
    ours, theirs = cells[1, 0] - cells[0, 0], cells[3, 0] - cells[2, 0]
    return FromMeans(
        float(ours), float(theirs), float(ours - theirs), float(errors[0]), float(errors[1]), float(np.hypot(*errors))
    )
