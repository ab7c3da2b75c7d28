"""Linear and integer programmes solved by HiGHS, each solution starting from the one before."""

from __future__ import annotations

import numpy as np
from scipy import sparse

_FAR = 1e-9


class Programme:
    """All x with rows @ x = to and low <= x <= high, over which sums are made as small or as large as they can be.

    rows: (m, n). to: (m,), 0 unless given. whole: whether every x is a whole number.
    Columns that cannot move are taken out, which is most of them where counts are shown exactly.
    """

    def __init__(self, rows: sparse.csr_array, low: np.ndarray, high: np.ndarray, *, whole: bool = False) -> None:
        self._free = np.flatnonzero(high - low > _FAR)
        self._low, self._size = low, len(low)
        fixed = np.where(high - low > _FAR, 0.0, low)
        part = sparse.csc_array(rows[:, self._free])
        keep = np.flatnonzero(np.diff(part.tocsr().indptr))
        to = -(rows @ fixed)[keep]
        self._solver = solver(part.tocsr()[keep].tocsc(), low[self._free], high[self._free], low_rows=to, high_rows=to)
        self._fixed = fixed
        if whole:
            make_whole(self._solver, len(self._free))

    def bound(self, low: np.ndarray, high: np.ndarray) -> None:
        """Set other bounds for the columns that can move."""
        free = np.arange(len(self._free), dtype=np.int32)
        self._solver.changeColsBounds(len(free), free, low[self._free], high[self._free])

    def best(self, aim: np.ndarray, *, least: bool) -> np.ndarray:
        """Return an x at which aim @ x is as small (least) or as large as can be. Raises RuntimeError for none."""
        free = np.arange(len(self._free), dtype=np.int32)
        x = self._fixed.copy()
        if len(free):
            self._solver.changeColsCost(len(free), free, aim[self._free] * (1.0 if least else -1.0))
            x[self._free] = solved(self._solver)
        return x


def solver(matrix: sparse.csc_array, low: np.ndarray, high: np.ndarray, *, low_rows: np.ndarray, high_rows: np.ndarray):
    """Return a HiGHS solver that holds a programme without costs and says nothing while it works."""
    import highspy

    held = highspy.HighsLp()
    held.num_row_, held.num_col_ = matrix.shape
    held.col_cost_ = np.zeros(matrix.shape[1])
    held.col_lower_, held.col_upper_ = low.astype(float), high.astype(float)
    held.row_lower_, held.row_upper_ = low_rows.astype(float), high_rows.astype(float)
    held.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    held.a_matrix_.start_, held.a_matrix_.index_ = matrix.indptr, matrix.indices
    held.a_matrix_.value_ = matrix.data.astype(float)
    made = highspy.Highs()
    made.silent()
    for option, value in (("threads", 1), ("random_seed", 0), ("mip_rel_gap", 0.0)):
        made.setOptionValue(option, value)
    made.passModel(held)
    return made


def solved(made) -> np.ndarray:
    """Solve, and return the solution. Raises RuntimeError when there is none."""
    import highspy

    made.run()
    status = made.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS ended with {made.modelStatusToString(status)}")
    return np.array(made.getSolution().col_value)


def make_whole(made, size: int) -> None:
    """Ask for whole numbers in all columns of a solver."""
    import highspy

    made.changeColsIntegrality(size, np.arange(size, dtype=np.int32), [highspy.HighsVarType.kInteger] * size)
