"""Several releases as one: what somebody learns who keeps them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from curv_eval.disclosure.attack import Attacker, exposed
from curv_eval.disclosure.cells import Cells, knowledge
from curv_eval.disclosure.nouns import Attackable


@dataclass(frozen=True)
class Found:
    """What the attack found for one small count: what it is, and the range in which it must lie."""

    label: str
    low: float
    high: float
    wanted: tuple[float, float]

    def __str__(self) -> str:
        return f"{self.label}, {self.where}"

    @property
    def where(self) -> str:
        """The range in words."""
        if self.low == self.high:
            return "known exactly"
        return f"{self.low:.0f} or more" if np.isinf(self.high) else f"from {self.low:.0f} to {self.high:.0f}"


def tightest(held: Attackable) -> list[Found]:
    """Return the range of every small count of a release, the narrowest first."""
    attacker = Attacker(held.cells, held.hidden, held.known_by)
    found = [
        Found(held.labels[cell], *attacker.range(cell), tuple(held.wanted[cell]))
        for cell in np.flatnonzero(held.primary)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.high - one.low, one.label))


def from_public(held: Attackable) -> Attackable:
    """Return the same counts for one who knows of totals, and of rounded counts, no more than what is public."""
    if not held.exact:
        return held
    public = np.isin(np.arange(len(held.hidden)), held.let_out)
    elsewhere = held.cells.known & ~public & (held.cells.values > 0)
    return replace(held, cells=replace(held.cells, known=public), hidden=held.hidden | elsewhere, exact=False)


def narrower(held: Attackable) -> list[Found]:
    """Return the small counts of which what is public says more than the rule, whatever else were withheld.

    Zeros are shown, so that a small whole is at least as many as its parts that are none.
    """
    most = held.rule.events_below - 1
    return [one for one in tightest(from_public(held)) if one.low > 1 or one.high < most]


def given_way(held: Attackable) -> list[Found]:
    """Return the small counts of which more can be said than the rule says."""
    attacker = Attacker(held.cells, held.hidden, held.known_by)
    closed = exposed(attacker, np.flatnonzero(held.primary), held.wanted)
    return [Found(held.labels[cell], *attacker.range(cell), tuple(held.wanted[cell])) for cell in closed]


def joined(releases: Sequence[Attackable]) -> Attackable:
    """Return releases as one: a count of the same name and size is the same count, shown if any of them shows it.

    A count that is not as it was before is another one; see differences for what the two say of one another. What a
    review let out of one release is no secret of any other.
    """
    number: dict[tuple[str, int], int] = {}
    pairs = [zip(one.labels, one.cells.values.tolist(), strict=True) for one in releases]
    places = [np.array([number.setdefault(pair, len(number)) for pair in listed], dtype=int) for listed in pairs]
    size = len(number)
    hidden, known, small, out = np.ones(size, bool), *np.zeros((3, size), bool)
    wanted = np.tile([1.0, np.inf], (size, 1))
    for one, at in zip(releases, places, strict=True):
        hidden[at] &= one.hidden
        known[at] |= one.cells.known
        small[at] |= one.primary
        out[at[list(one.let_out)]] = True
        wanted[at, 0] = np.maximum(wanted[at, 0], one.wanted[:, 0])
        wanted[at, 1] = np.minimum(wanted[at, 1], one.wanted[:, 1])
    ties = sparse.vstack([_moved(one.cells.ties, at, size) for one, at in zip(releases, places, strict=True)])
    values = np.array([count for _, count in number], dtype=np.int64)
    labels = [label for label, _ in number]
    cells, exact = Cells(values, sparse.csr_array(ties), known), any(one.exact for one in releases)
    places = tuple(np.flatnonzero(out).tolist())
    return Attackable(cells, hidden, small & ~out, wanted, labels, releases[-1].rule, exact, places)


def _moved(ties: sparse.csr_array, places: np.ndarray, size: int) -> sparse.csr_array:
    held = sparse.coo_array(ties)
    return sparse.csr_array((held.data, (held.coords[0], places[held.coords[1]])), shape=(ties.shape[0], size))


def differences(new: Attackable, old: Attackable) -> list[Found]:
    """Return the counts shown in both releases whose difference is a small count for one who sees both.

    One release may cover a month, an area or a few records more than the other: then their difference counts those,
    and must be as large as any other count, or not be known to be there.
    """
    shown = [_shown(one) for one in (new, old)]
    threshold = max(new.rule.events_below, old.rule.events_below)
    found = []
    for label in shown[0].keys() & shown[1].keys():
        (low, high), (was_low, was_high) = shown[0][label], shown[1][label]
        ends = sorted([abs(low - was_high), abs(high - was_low)])
        apart = low > was_high or was_low > high
        if apart and ends[0] >= 1 and ends[1] < threshold:
            found.append(Found(label, *ends, (1.0, threshold - 1.0)))
    return sorted(found, key=lambda one: one.label)


def _shown(held: Attackable) -> dict[str, tuple[float, float]]:
    low, high = knowledge(held.cells, held.hidden, held.rule)
    seen = ~held.hidden & ~held.cells.known
    return {label: (low[n], high[n]) for n, label in enumerate(held.labels) if seen[n]}
