"""Every pair that shares a block scored by the model, and the pairs that become links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from curv_eval.linkage.links import one_to_one

if TYPE_CHECKING:
    import pandas as pd

    from curv_eval.linkage.backend import Engine

# a pair is scored, though not linked, from one in a thousand: together such pairs say how many are missed
_COUNTED = -10.0
# in parts memory stays bounded: a million people a side take two thirds of it; but each part costs seconds
_PAIRS_AT_ONCE, _MOST_PARTS = 2_500_000, 10


def score(opened: Engine, model: dict[str, Any], *, pairs: int) -> pd.DataFrame:
    """Return the pairs that share a block and may be true: left, right (record numbers) and weight, by number.

    pairs: how many share a block, at most.
    """
    from splink import Linker

    linker = Linker(opened.tables, model, log_level=None, validate_settings=False)
    parts = min(max(-(-pairs // _PAIRS_AT_ONCE), 1), _MOST_PARTS)
    found = linker.inference.predict(threshold_match_weight=_COUNTED, num_chunks_left=parts)
    table = found.as_pyarrow_table().to_pandas()
    # Splink may put either table on the left
    turned = (table["source_dataset_l"] == opened.tables[1].dataset_display_name).to_numpy()
    a, b = table["unique_id_l"].to_numpy(np.int64), table["unique_id_r"].to_numpy(np.int64)
    out = {"left": np.where(turned, b, a), "right": np.where(turned, a, b), "weight": table["match_weight"].to_numpy()}
    return table.iloc[:, :0].assign(**out).sort_values(["left", "right"], ignore_index=True)


def recalibrate(weight: np.ndarray, *, prior: float, pairs: int) -> tuple[np.ndarray, float]:
    """Return the weights under the prior that these pairs themselves bear out, and that prior.

    The share of true pairs among all `pairs` is what the scored ones add up to: the fixed point of prior =
    sum(probability) / pairs, which is the step of expectation-maximisation for it with m and u held fixed. What was
    taken before the first pass (a guess of how many pairs the exact rules find) then no longer matters.
    """
    start = np.log2(prior / (1 - prior))
    shift = 0.0
    for _ in range(100):
        found = min(max(float(probability(weight + shift).sum()), 0.5) / pairs, 0.5)
        moved = np.log2(found / (1 - found)) - start
        if abs(moved - shift) < 1e-6:
            break
        shift = moved
    # sums over threads differ in their last figures; the links must not
    return np.round(weight + shift, 6), round(float(found), 15)


def probability(weight: np.ndarray) -> np.ndarray:
    """Return the probability whose log2 odds are `weight`."""
    # 1 / (1 + 2^-weight), without overflow
    return np.exp2(-np.logaddexp2(0.0, -np.asarray(weight, dtype=float)))


def linked(scored: pd.DataFrame, *, threshold: float, single: bool) -> pd.Series:
    """Return which scored pairs are links: probable enough, and if `single` the best set with each record once."""
    enough = scored["probability"] >= threshold
    if single:
        kept = scored[enough]
        gain = kept["weight"] - np.log2(threshold / (1 - threshold))
        enough[enough] = one_to_one(kept["left"].to_numpy(), kept["right"].to_numpy(), np.maximum(gain, 0.0))
    return enough
