"""How far two screeners agree, with words for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.evidence.screening.decisions import AGREED, DECISIONS, NOT_RETRIEVED, STAGES, Screening
from curv_eval.stats.meta_agreement import Kappa, cohen_kappa, crossed


@dataclass(frozen=True)
class Agreement:
    """How far two people agree at one stage. weighted: with "unsure" half way between include and exclude."""

    stage: str
    screeners: tuple[str, str]
    kappa: Kappa
    weighted: Kappa

    @property
    def text(self) -> str:
        """The agreement in plain words."""
        held, (one, other) = self.kappa, self.screeners
        start = f"{one} and {other} said the same on {held.raw:.0%} of {held.n:,} references"
        if not np.isfinite(held.kappa):
            return f"{start}. Both put every reference in one class, so agreement beyond chance cannot be worked out."
        return (
            f"{start}. Beyond what chance would give, that is a kappa of {held.kappa:.2f} "
            f"(95% interval {held.conf_low:.2f} to {held.conf_high:.2f}), where 1 is full agreement and 0 is chance."
        )


def agreement(screening: Screening) -> tuple[Agreement, ...]:
    """Return how far each pair of screeners agrees, by stage, before they talked.

    Reports that could not be had are left out: nobody judged them.
    """
    pairs: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    by_reference: dict[tuple[str, str], list] = defaultdict(list)
    for row in screening.decisions:
        if row.screener != AGREED:
            by_reference[row.stage, row.reference].append(row)
    for (stage, _), rows in by_reference.items():
        first, second = sorted(rows, key=lambda row: row.screener)
        if NOT_RETRIEVED not in (first.reason, second.reason):
            pairs[stage, first.screener, second.screener].append((first.decision, second.decision))
    ordered = sorted(pairs, key=lambda key: (STAGES.index(key[0]), *key[1:]))
    return tuple(_agreement(key, pairs[key]) for key in ordered)


def _agreement(key: tuple[str, str, str], said: list[tuple[str, str]]) -> Agreement:
    codes = np.array([[DECISIONS.index(one) for one in both] for both in said])
    table = crossed(codes[:, 0], codes[:, 1], classes=len(DECISIONS))
    # a class that neither used would only lower PABAK's chance
    used = (table.sum(axis=0) + table.sum(axis=1)) > 0
    kept = table[np.ix_(used, used)] if used.sum() > 1 else table[np.ix_([0, 2], [0, 2])]
    kept = kept if kept.sum() else table
    return Agreement(key[0], (key[1], key[2]), cohen_kappa(kept), cohen_kappa(table, weights="linear"))


def agreement_table(found: tuple[Agreement, ...]) -> pd.DataFrame:
    """Return one row per stage and pair of screeners, for kappa, its interval, PABAK and raw agreement."""
    return pd.DataFrame([
        {
            "stage": one.stage, "screeners": " and ".join(one.screeners), "references": one.kappa.n,
            "estimate": one.kappa.kappa, "std_error": one.kappa.std_error, "conf_low": one.kappa.conf_low,
            "conf_high": one.kappa.conf_high, "raw_agreement": one.kappa.raw, "pabak": one.kappa.pabak,
            "weighted_kappa": one.weighted.kappa,
        }
        for one in found
    ])  # fmt: skip
