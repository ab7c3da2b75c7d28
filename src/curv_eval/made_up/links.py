"""Which records of two partners are of one person: the truth, and pairs as a linker might return them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from curv_eval.made_up.registers import Register

TRUTH_HEADER = ("person", "source", "record_id")
LINKS_HEADER = ("left_id", "right_id", "probability")
FOUND, FALSE = 0.95, 0.02


def true_pairs(left: Register, right: Register) -> np.ndarray:
    """Return every pair of records of one person, (n_pairs, 2): positions in `left` and in `right`."""
    order = np.argsort(right.person, kind="stable")
    held = right.person[order]
    first, last = (np.searchsorted(held, left.person, side=side) for side in ("left", "right"))
    times = last - first
    of_left = np.repeat(np.arange(left.person.size), times)
    step = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return np.column_stack([of_left, order[np.repeat(first, times) + step]])


def truth_rows(registers: Iterable[Register]) -> list[tuple]:
    """Return one row per record in the order of TRUTH_HEADER; records of one person share its number."""
    held = [(person, r.source, raw) for r in registers for person, raw in zip(r.person.tolist(), r.raw, strict=True)]
    return sorted((f"P{person:07d}", source, raw) for person, source, raw in held)


def linked_rows(rng: np.random.Generator, left: Register, right: Register) -> list[tuple]:
    """Return pairs of pseudonyms in the order of LINKS_HEADER as a linker might: most true ones, and a few false."""
    pairs = true_pairs(left, right)
    pairs = pairs[rng.random(len(pairs)) < FOUND]
    n_false = round(FALSE * len(pairs))
    wrong = np.column_stack([rng.integers(0, one.person.size, n_false) for one in (left, right)])
    wrong = wrong[left.person[wrong[:, 0]] != right.person[wrong[:, 1]]]
    sure = np.concatenate([1 - 0.1 * rng.random(len(pairs)) ** 3, rng.uniform(0.5, 0.95, len(wrong))])
    rows = zip(np.concatenate([pairs, wrong]).tolist(), sure.tolist(), strict=True)
    once = {(left.table[a], right.table[b]): f"{p:.4f}" for (a, b), p in rows}
    return sorted((*pair, probability) for pair, probability in once.items())
