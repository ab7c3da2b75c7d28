"""The numbers of the model, learnt from the two tables themselves: nobody says which records are one person."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from curv_eval.errors import DesignError

if TYPE_CHECKING:
    from splink import SettingsCreator
    from splink.internals.splink_dataframe import SplinkDataFrame

    from curv_eval.linkage.match_count import Counts

RANDOM_PAIRS, BLOCKED_PAIRS = 1e6, 2e6
# no level alone rules a pair out, however rarely it was met among true pairs
LEAST_M = 0.0005


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Splink's log still inside the block, and only there."""
    log = logging.getLogger("splink")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)


def train(tables: Sequence[SplinkDataFrame], *, settings: SettingsCreator, counts: Counts, seed: int) -> dict[str, Any]:
    """Return Splink's settings with m and u learnt.

    u from randomly drawn pairs (a hash of the record number with `seed`), and for equal values from all of them; m by
    expectation-maximisation on pairs that agree exactly on the two most telling fields, then on the next two, so that
    no field is learnt on pairs chosen by it. Raises DesignError where a field cannot be learnt.
    """
    from splink import Linker, block_on

    drawn = min(RANDOM_PAIRS, counts.pairs)
    linker = Linker(tables, settings, log_level=None, validate_settings=False)
    # all in one go: a million pairs take less time than Splink needs to see whether it could stop earlier; and one
    # more than asked, since at exactly a million it warns that this is its default
    linker.training.estimate_u_using_random_sampling(
        max_pairs=drawn + 1, seed=seed, min_count_per_level=None, num_chunks=1
    )
    for fields in counts.passes:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*fields), estimate_without_term_frequencies=True, max_pairs=BLOCKED_PAIRS
        )
    model = linker.misc.save_model_to_json()
    _refuse_unlearnt(model)
    for comparison in model["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        _smooth_m(levels, true_pairs=counts.prior * counts.pairs)
        _clean_u(levels, counts.same[comparison["output_column_name"]], prior=counts.prior, drawn=drawn)
    return model


def _refuse_unlearnt(model: dict[str, Any]) -> None:
    unlearnt = [
        f"{comparison['output_column_name']}: nothing to learn from"
        for comparison in model["comparisons"]
        if not any("m_probability" in level for level in comparison["comparison_levels"])
    ]
    if unlearnt:
        what = "what these fields say about two records cannot be learnt from these tables"
        do = "link by exact pseudonyms, or link tables that share more people and more fields"
        raise DesignError(what, unlearnt, do)


def _smooth_m(levels: list[dict[str, Any]], *, true_pairs: float) -> None:
    """Add half a pair to each level, so that a level nobody was seen at is rare and not impossible."""
    m = _shares([level.get("m_probability", 0.0) * true_pairs + 0.5 for level in levels])
    for level, share in zip(levels, _shares([max(share, LEAST_M) for share in m]), strict=True):
        level["m_probability"] = share


def _clean_u(levels: list[dict[str, Any]], same: float, *, prior: float, drawn: float) -> None:
    """Take the true pairs out of u, whose first level is known from all pairs and not from those drawn.

    All pairs hold a share `prior` of true ones, which is not small beside u where tables are: with 5,000 people on
    each side, four in five pairs with the same date of birth are true. u = (share of all pairs - prior m) / (1 -
    prior), and at least a twentieth of the share, since m and prior are estimates.
    """
    drawn_shares = [level.get("u_probability", 0.0) for level in levels]
    rest = sum(drawn_shares[1:]) or 1.0
    seen = [same, *(share / rest * (1 - same) for share in drawn_shares[1:])]
    u = [max(s - prior * level["m_probability"], s / 20, 0.5 / drawn) for s, level in zip(seen, levels, strict=True)]
    for level, share in zip(levels, _shares(u), strict=True):
        level["u_probability"] = share


def _shares(parts: list[float]) -> list[float]:
    return [part / sum(parts) for part in parts]
