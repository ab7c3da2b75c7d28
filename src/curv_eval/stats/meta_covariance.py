"""Covariances of effects that share a study, one block for each study."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import Blocks, studies_of


def clustered_covariance(v: np.ndarray, study: np.ndarray, rho: float) -> tuple[np.ndarray, ...]:
    """Return the sampling covariance that an assumed correlation makes: one block (n_s, n_s) for each study.

    cov(e_i, e_j) = rho sqrt(v_i v_j) for two effects of one study (Hedges, Tipton & Johnson 2010; the constant
    sampling correlation of Pustejovsky & Tipton 2022). v: (n,) variances, study: (n,). Blocks are in the order of
    np.unique(study), rows of a block in the order of the data. rho is a guess: report how far results depend on it.
    Raises DesignError where rho is outside 0 to 1, or 1, which leaves no inverse.
    """
    v = np.asarray(v, float)
    if not 0 <= rho < 1:
        raise DesignError(f"rho: got {rho}, expected at least 0 and below 1", do="try 0.4, 0.6 and 0.8")
    if not (np.isfinite(v) & (v > 0)).all():
        raise DesignError("variances: expected numbers above 0", do="correct the table of effects")
    code = studies_of(study, len(v), least=1)
    return tuple(_equal(v[rows], rho) for rows in rows_of(code))


def _equal(v: np.ndarray, rho: float) -> np.ndarray:
    root = np.sqrt(v)
    return rho * np.outer(root, root) + (1 - rho) * np.diag(v)


def rows_of(code: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each study, in the order of the data."""
    order = np.argsort(code, kind="stable")
    return np.split(order, np.cumsum(np.bincount(code))[:-1])


def as_blocks(v: np.ndarray | Blocks, code: np.ndarray) -> tuple[np.ndarray, ...] | None:
    """Return the blocks of V, or None where v holds n variances of effects whose errors are independent.

    Raises DesignError where there is not one symmetric positive definite block of the right size for each study.
    """
    if isinstance(v, np.ndarray) and v.ndim == 1:
        return None
    sizes, blocks = np.bincount(code), [np.asarray(block, float) for block in v]
    wrong = [
        f"block {at + 1}: got {block.shape}, expected ({size}, {size})"
        for at, (block, size) in enumerate(zip(blocks, sizes, strict=False))
        if block.shape != (size, size)
    ]
    if len(blocks) != len(sizes):
        wrong.append(f"got {len(blocks)} blocks, expected one for each of {len(sizes)} studies")
    wrong = wrong or [f"block {at + 1}: not a covariance" for at, one in enumerate(blocks) if not _definite(one)]
    if wrong:
        raise DesignError("the sampling covariance", wrong, do="make it by `clustered_covariance`")
    return tuple(blocks)


def _definite(block: np.ndarray) -> bool:
    if not np.isfinite(block).all() or not np.allclose(block, block.T, rtol=1e-10, atol=0):
        return False
    values = np.linalg.eigvalsh(block)
    return bool(values[0] > 1e-12 * values[-1])


def diagonal_of(blocks: Blocks, code: np.ndarray) -> np.ndarray:
    """Return the variances in the blocks, in the order of the data: (n,)."""
    out = np.empty(len(code))
    for rows, block in zip(rows_of(code), blocks, strict=True):
        out[rows] = np.diag(block)
    return out
