"""Which months a source did not supply in full: found in its own monthly totals, before anything is counted as zero."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd

from curv_eval.panel import month_number, month_text
from curv_eval.panel.empty_months import absent_months, usual_months
from curv_eval.stats.completeness import OTHERS, Judged, judge_series

MINIMUM = 30.0  # rows expected in a month; with fewer, chance alone makes low months
FAR = -4.0  # robust standard deviations
HALF, THREE_QUARTERS = 0.5, 0.75
KINDS, ALIKE, MOST = 4, 0.6, 0.6  # kinds needed to see whether they fell alike; what counts as fallen, and as most
PART_BESIDE, PART_ALONE = 0.3, 0.2  # a single kind or district varies more: with other series beside it, and without
LAST = 3  # months at the end that may still be filling up


class Verdict(Enum):
    """What the check says of one month of one supplier."""

    COMPLETE = "as expected"
    LOW = "low"
    INCOMPLETE = "incomplete"
    MIXED = "kinds mixed up"
    ABSENT = "no rows"
    NOT_JUDGED = "too few to judge"

    @property
    def supplied(self) -> bool:
        """Whether the month may be counted: what was not supplied is missing, never zero."""
        return self not in (Verdict.INCOMPLETE, Verdict.ABSENT)


@dataclass(frozen=True)
class Completeness:
    """months: one row per supplier and month: supplier, month, rows, expected (NaN if not judged), ratio, verdict and
    reason. parts: one row per supplier, month and kind that was not supplied although the month was: supplier, month,
    kind, rows, expected, ratio.
    """

    months: pd.DataFrame
    parts: pd.DataFrame


def find_incomplete(rows: pd.DataFrame, *, through: tuple[str, str], monthly_files: bool = False) -> Completeness:
    """Judge every month of every supplier of one source.

    rows: supplier, month (YYYY-MM), kind and the number of rows; kind is missing where a source has none. through:
    first and last month that somebody needs. monthly_files: the source comes as one file per month, so that a month
    without rows is a month without a file. A month is incomplete when it holds less than half of what its neighbours,
    the season and the other suppliers lead one to expect and lies far outside the usual spread, unless some kinds fell
    and others did not: a crisis changes what happens, a hole takes all kinds alike. Between half and three quarters it
    is called low, and stays. Where fewer than 30 rows are expected nothing is judged, and an empty month is a true zero
    unless empty months in a row should have held 30. A fall of five months or more counts as a new level.
    """
    months = _axis(rows, through)
    totals = _wide(rows.groupby(["supplier", "month"])["rows"].sum(), months)
    seen, absent, usual = _emptied(totals.to_numpy(), months, monthly_files=monthly_files)
    kinds = _kinds(rows, totals, seen)
    judged, of_kinds = _judge(seen, kinds, months)
    alike, mixed = _together(of_kinds)
    verdicts = _verdicts(judged, absent=absent, alike=alike, mixed=mixed)
    table = _table(totals, judged, verdicts, usual=usual, alike=alike)
    return Completeness(table, _missing_kinds(kinds, of_kinds, totals, verdicts=verdicts))


def judge_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the months in which a part (a district) of a source was not supplied although the source was.

    rows: part, month and the number of rows. Returns part, month, rows, expected and ratio, for those far below what
    was expected (under 30% with at least five parts beside each other, else under 20%), and for those without any row
    where 30 a month are usual.
    """
    wide = rows.groupby(["part", "month"])["rows"].sum().unstack("month").fillna(0.0).astype(float).sort_index()
    months = np.array([month_number(text) for text in wide.columns])
    counts = wide.to_numpy()
    judged = judge_series(counts, months)
    return _listed(_part_is_missing(judged, counts, months), wide, judged, name="part")


def _axis(rows: pd.DataFrame, through: tuple[str, str]) -> np.ndarray:
    """Return every month number from the first to the last that is in the rows or needed."""
    known = [month_number(text) for text in (*rows["month"].unique(), *through)]
    return np.arange(min(known), max(known) + 1)


def _wide(counted: pd.Series, months: np.ndarray) -> pd.DataFrame:
    """Return (S, T) rows by supplier and month, 0 where there is none."""
    table = counted.unstack("month").reindex(columns=[month_text(m) for m in months])
    return table.fillna(0.0).astype(float).sort_index()


def _emptied(counts: np.ndarray, months: np.ndarray, *, monthly_files: bool) -> tuple:
    """Return the counts with NaN where nothing was supplied; where that is; and where empty months are usual."""
    nobody = np.zeros(counts.shape, dtype=bool)
    usual = nobody if monthly_files else np.array([usual_months(series, months) for series in counts])
    absent = counts == 0 if monthly_files else np.array([absent_months(series, MINIMUM) for series in counts]) & ~usual
    return np.where(absent, np.nan, counts), absent, usual


def _kinds(rows: pd.DataFrame, totals: pd.DataFrame, seen: np.ndarray) -> dict[str, np.ndarray]:
    """Return the counts (S, T) of every kind: a month with rows but none of a kind holds 0 of it."""
    found = {}
    for kind, part in rows.dropna(subset="kind").groupby("kind"):
        wide = part.groupby(["supplier", "month"])["rows"].sum().unstack("month")
        wide = wide.reindex(index=totals.index, columns=totals.columns).fillna(0.0)
        found[kind] = np.where(np.isnan(seen), np.nan, wide.to_numpy(float))
    return found


def _judge(seen: np.ndarray, kinds: dict[str, np.ndarray], months: np.ndarray) -> tuple[Judged, Judged]:
    """Return the judgement of the totals, (S, T), and of every kind, (K, S, T); suppliers stand beside each other."""
    stack = np.stack([seen, *kinds.values()])
    every, suppliers, _ = stack.shape
    groups = np.repeat(np.arange(every), suppliers)
    judged = judge_series(stack.reshape(every * suppliers, -1), months, groups=groups)
    whole = [values.reshape(stack.shape) for values in (judged.expected, judged.ratio, judged.distance)]
    return Judged(*(values[0] for values in whole)), Judged(*(values[1:] for values in whole))


def _together(kinds: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Return which share of the kinds fell below ALIKE, and which below half; NaN where too few can be judged."""
    known = kinds.expected >= MINIMUM
    enough = known.sum(axis=0) >= KINDS
    below = [((kinds.ratio < limit) & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1) for limit in (ALIKE, HALF)]
    return np.where(enough, below[0], np.nan), np.where(enough, below[1], np.nan)


def _verdicts(judged: Judged, *, absent: np.ndarray, alike: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """Return the Verdict of every month, (S, T)."""
    known = (judged.expected >= MINIMUM) & np.isfinite(judged.distance)
    far = known & (judged.distance < FAR)
    in_some_kinds_only = np.less(alike, MOST)
    verdict = np.full(absent.shape, Verdict.NOT_JUDGED, dtype=object)
    verdict[known] = Verdict.COMPLETE
    verdict[far & (judged.ratio < THREE_QUARTERS)] = Verdict.LOW
    verdict[far & (judged.ratio < HALF) & ~in_some_kinds_only] = Verdict.INCOMPLETE
    verdict[known & (judged.ratio >= THREE_QUARTERS) & np.greater_equal(mixed, MOST)] = Verdict.MIXED
    verdict[absent] = Verdict.ABSENT
    return verdict


def _table(
    totals: pd.DataFrame, judged: Judged, verdicts: np.ndarray, *, usual: np.ndarray, alike: np.ndarray
) -> pd.DataFrame:
    shape = verdicts.shape
    expected = np.where(judged.expected >= MINIMUM, judged.expected, np.nan)
    last = np.arange(shape[1]) >= shape[1] - LAST
    reasons = [
        _reason(v, empty=e, usual=u, last=bool(t), kinds=k)
        for v, e, u, t, k in zip(
            verdicts.flat, totals.to_numpy().flat == 0, usual.flat, np.broadcast_to(last, shape).flat,
            np.broadcast_to(alike, shape).flat, strict=True,
        )
    ]  # fmt: skip
    return pd.DataFrame({
        "supplier": np.repeat(totals.index.to_numpy(), shape[1]), "month": np.tile(totals.columns, shape[0]),
        "rows": totals.to_numpy().ravel().astype(int), "expected": expected.ravel(),
        "ratio": np.where(np.isnan(expected), np.nan, judged.ratio).ravel(), "verdict": verdicts.ravel(),
        "reason": reasons,
    })  # fmt: skip


def _reason(verdict: Verdict, *, empty: bool, usual: bool, last: bool, kinds: float) -> str:
    filling = "; the last months may still be filling up" if last else ""
    if verdict is Verdict.NOT_JUDGED and empty:
        return "no rows, as in other years: counted as zero" if usual else "no rows, and few are usual: counted as zero"
    return {
        Verdict.COMPLETE: "",
        Verdict.NOT_JUDGED: "too few rows or months to judge",
        Verdict.ABSENT: "no rows",
        Verdict.MIXED: "as many rows as expected, but most kinds far too low: kinds were given wrongly",
        Verdict.LOW: f"{_low(kinds)}{filling}",
        Verdict.INCOMPLETE: f"less than half of the rows expected{filling}",
    }[verdict]


def _low(alike: float) -> str:
    where = ", in some kinds and not in others" if alike < MOST else ""
    return f"fewer rows than expected{where}: a real fall, or rows that are missing"


def _missing_kinds(
    kinds: dict[str, np.ndarray], judged: Judged, totals: pd.DataFrame, *, verdicts: np.ndarray
) -> pd.DataFrame:
    """List the kinds that were not supplied in months that were."""
    judgeable = np.isin(verdicts, [Verdict.COMPLETE, Verdict.LOW])
    months = np.array([month_number(text) for text in totals.columns])
    tables = []
    for i, (kind, counts) in enumerate(kinds.items()):
        one = Judged(judged.expected[i], judged.ratio[i], judged.distance[i])
        wide = pd.DataFrame(np.nan_to_num(counts), totals.index, totals.columns)
        found = _listed(judgeable & _part_is_missing(one, counts, months), wide, one, name="supplier")
        tables.append(found.assign(kind=kind))
    empty = pd.DataFrame(columns=["supplier", "month", "rows", "expected", "ratio", "kind"])
    return pd.concat([t for t in tables if len(t)], ignore_index=True) if any(map(len, tables)) else empty


def _part_is_missing(judged: Judged, seen: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return (S, T) bool: far below what was expected, or empty where at least MINIMUM a month are usual."""
    beside = np.isfinite(seen).sum(axis=0) >= OTHERS
    floor = np.where(beside, PART_BESIDE, PART_ALONE)
    low = (judged.expected >= MINIMUM) & (judged.distance < FAR) & (judged.ratio < floor)
    known = np.maximum(np.isfinite(seen).sum(axis=1, keepdims=True), 1)
    regular = np.nansum(seen, axis=1, keepdims=True) / known >= MINIMUM
    usual = np.array([usual_months(series, months) for series in seen], dtype=bool).reshape(seen.shape)
    return low | (regular & (seen == 0) & ~usual)


def _listed(low: np.ndarray, wide: pd.DataFrame, judged: Judged, *, name: str) -> pd.DataFrame:
    which, when = np.nonzero(low)
    expected = judged.expected[which, when]
    known = expected >= MINIMUM
    return pd.DataFrame({
        name: wide.index.to_numpy()[which], "month": wide.columns.to_numpy()[when],
        "rows": wide.to_numpy()[which, when].astype(int), "expected": np.where(known, expected, np.nan),
        "ratio": np.where(known, judged.ratio[which, when], np.nan),
    })  # fmt: skip
