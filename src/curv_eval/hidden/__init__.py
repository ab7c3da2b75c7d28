"""Hidden need: how many people stand on no list, from those who stand on several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.hidden.models import cautions, few, left_out, model_table, search
from curv_eval.hidden.words import listed, said
from curv_eval.stats.captures import Captures, Total, chao_lower_bound, chapman, lincoln_petersen, tabulate
from curv_eval.stats.linkage_error import corrected
from curv_eval.stats.multiple_systems import Model, averaged, fit_models, weights

MODEL_COLUMNS = ("model", "total", "std_error", "conf_low", "conf_high", "aic", "bic", "weight", "supported")


@dataclass(frozen=True, repr=False)
class Hidden:
    """How many people there are, from lists that each saw some of them.

    lists: their names. seen: people on any list. total: averaged over the models, or Chapman's with two lists. low,
    high: the headline, from the lowest to the highest end of the intervals of the supported models, which together
    carry at least 95% of the weight. models: one row per model that has an estimate, with MODEL_COLUMNS; intervals are
    by profile likelihood for supported models, and missing for others. bounds: Chao's lower bound, and for two lists
    Lincoln and Petersen's, with term, estimate, std_error, conf_low, conf_high. left_out: models without an estimate,
    and why. overlap: people on both of each pair of lists. criterion: "bic" or "aic".
    """

    lists: tuple[str, ...]
    seen: float
    total: float
    std_error: float
    low: float
    high: float
    models: pd.DataFrame
    bounds: pd.DataFrame
    left_out: pd.DataFrame
    overlap: pd.DataFrame
    criterion: str
    alpha: float
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Hidden: from {listed(self.lists)}>"

    @property
    def text(self) -> str:
        """One paragraph in plain words. It leads with the range, since the models' disagreement is the message."""
        return said(self.seen, (self.low, self.high), self.models, lists=self.lists)


@dataclass(frozen=True)
class Rule:
    """How models are chosen: by "bic" or "aic", with interactions of up to `order` lists; 1 - alpha is the level."""

    criterion: str = "bic"
    order: int = 2
    alpha: float = 0.05


def multiple_systems(histories, counts=None, *, lists: Sequence[str], rule: Rule = Rule()) -> Hidden:
    """Return how many people there are in all (multiple systems estimation).

    histories: (m, L) of 0 and 1, one row per person or, with `counts` (m,), per history. lists: the L names. With two
    lists Chapman's estimate is all there is, and rests on the lists being independent. With three to five, all sets of
    interactions of two lists (or of up to `rule.order`, where they are identified) are fitted (Fienberg 1972; Bird &
    King 2018), minus infinity where two lists share nobody (Chan, Silverman & Vincent 2021); with more lists, those of
    two lists that a search by the criterion visits. Models are weighted by exp(-criterion / 2).
    Raises DesignError for one list, lists that share nobody, and lists without any estimate.
    """
    captures = tabulate(histories, counts)
    _refuse(captures, lists, rule)
    if captures.lists == 2:
        return _two(captures, tuple(lists), rule.alpha)
    fits = search(captures, rule.criterion, rule.order)
    weight = weights(fits.criterion(rule.criterion, captures.seen))
    total, error = averaged(fits.total, fits.std_error, weight)
    table = model_table(captures, fits, weight, alpha=rule.alpha, lists=lists)
    chosen, bound = table[table["supported"]], chao_lower_bound(captures, alpha=rule.alpha)
    return Hidden(
        lists=tuple(lists), seen=captures.seen, total=total, std_error=error, low=float(chosen["conf_low"].min()),
        high=float(chosen["conf_high"].max()), models=table, bounds=_bounds({"Chao's lower bound": bound}),
        left_out=left_out(fits, lists), overlap=_overlap(captures, lists), criterion=rule.criterion, alpha=rule.alpha,
        notes=tuple(cautions(captures, lists, fits)),
    )  # fmt: skip


def linkage_sensitivity(
    histories, counts=None, *, lists: Sequence[str], missed: Sequence[float] = (0.0, 0.05, 0.1, 0.2),
    false: Sequence[float] = (0.0, 0.02, 0.05),
) -> pd.DataFrame:  # fmt: skip
    """Return the total for shares of links missed and of links made in error: missed, false, seen, total, std_error.

    Missed links make overlaps too small and totals too large; false links the reverse. Errors that these counts rule
    out are left out. Only models that have an estimate without correction are averaged. Raises DesignError as
    `multiple_systems` does.
    """
    captures = tabulate(histories, counts)
    _refuse(captures, lists, Rule())
    fits = search(captures, "bic", 2) if captures.lists > 2 else None
    models = [] if fits is None else [one for one, why in zip(fits.models, fits.why, strict=True) if not why]
    tried = [(m, f, _tried(captures, m, f)) for m in missed for f in false]
    rows = [(m, f, *_total(one, models)) for m, f, one in tried if one is not None]
    return pd.DataFrame(rows, columns=["missed", "false", "seen", "total", "std_error"])


def _tried(captures: Captures, missed: float, false: float) -> Captures | None:
    """Return the corrected counts, None where these errors cannot be with these counts."""
    try:
        return corrected(captures, missed=missed, false=false)
    except DesignError as refusal:
        if refusal.breaches:
            raise
        return None


def _total(captures: Captures, models: Sequence[Model]) -> tuple[float, float, float]:
    if captures.lists == 2:
        found = chapman(*np.diag(captures.overlap), captures.overlap[0, 1])
        return captures.seen, found.value, found.std_error
    fits = fit_models(captures, models)
    return captures.seen, *averaged(fits.total, fits.std_error, weights(fits.criterion("bic", captures.seen)))


def _refuse(captures: Captures, lists: Sequence[str], rule: Rule) -> None:
    pairs = captures.overlap - np.diag(np.diag(captures.overlap))
    faults = []
    if len(lists) != captures.lists or len(set(lists)) != len(lists):
        faults.append(f"lists: got {len(set(lists))} different names, expected {captures.lists}")
    if rule.criterion not in ("bic", "aic"):
        faults.append(f"criterion: got {rule.criterion}, expected bic or aic")
    if not 1 <= rule.order < captures.lists + (captures.lists == 2):
        faults.append(f"order: got {rule.order}, expected 1 to {captures.lists - 1}, fewer than there are lists")
    if not pairs.any():
        faults.append("overlap: nobody is on two lists, so any total from those seen to infinity fits")
    elif (np.diag(captures.overlap) == 0).any():
        empty = [name for name, n in zip(lists, np.diag(captures.overlap), strict=False) if n == 0]
        faults.append(f"lists: nobody is on {', '.join(empty)}")
    if faults:
        raise DesignError("these lists cannot say how many people were not seen", faults, "link or add lists")


def _bounds(found: dict[str, Total]) -> pd.DataFrame:
    rows = [(term, t.value, t.std_error, t.conf_low, t.conf_high) for term, t in found.items()]
    return pd.DataFrame(rows, columns=["term", "estimate", "std_error", "conf_low", "conf_high"])


def _overlap(captures: Captures, lists: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(captures.overlap, index=list(lists), columns=list(lists))


def _two(captures: Captures, lists: tuple[str, ...], alpha: float) -> Hidden:
    counts = (*np.diag(captures.overlap), captures.overlap[0, 1])
    best = chapman(*counts, alpha=alpha)
    table = pd.DataFrame(
        [
            (
                "independent lists (Chapman)",
                best.value,
                best.std_error,
                best.conf_low,
                best.conf_high,
                np.nan,
                np.nan,
                1.0,
            )
        ],
        columns=MODEL_COLUMNS[:-1],
    ).assign(supported=True)
    bounds = _bounds({
        "Lincoln-Petersen": lincoln_petersen(*counts, alpha=alpha),
        "Chao's lower bound": chao_lower_bound(captures, alpha=alpha),
    })  # fmt: skip
    note = (
        "two lists cannot tell whether being on one makes being on the other likelier: the total assumes it does not; "
        "if those known to one service are sent to the other, it is too low"
    )
    return Hidden(
        lists=lists, seen=captures.seen, total=best.value, std_error=best.std_error, low=best.conf_low,
        high=best.conf_high, models=table, bounds=bounds, left_out=pd.DataFrame(columns=["model", "why"]),
        overlap=_overlap(captures, lists), criterion="none", alpha=alpha, notes=(note, *few(captures, lists)),
    )  # fmt: skip
