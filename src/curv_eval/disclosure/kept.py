"""Attackable counts as JSON and back: what is kept for the output checker and for later releases."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from scipy import sparse

from curv_eval.disclosure.cells import Cells
from curv_eval.disclosure.nouns import Attackable
from curv_eval.disclosure.rules import Rule


def as_json(held: Attackable) -> dict:
    """Return what JSON can hold. `ties`: for each sum its positions and their signs, side by side."""
    rows = sparse.csr_array(held.cells.ties)
    spans = list(zip(rows.indptr[:-1], rows.indptr[1:], strict=True))
    return {
        "labels": list(held.labels), "counts": held.cells.values.tolist(), "known": held.cells.known.tolist(),
        "hidden": held.hidden.tolist(), "small": held.primary.tolist(), "wanted": held.wanted.tolist(),
        "ties": [[rows.indices[a:b].tolist(), rows.data[a:b].astype(int).tolist()] for a, b in spans],
        "rule": _rule(held.rule), "exact": held.exact, "let_out": list(held.let_out),
    }  # fmt: skip


def from_json(held: dict) -> Attackable:
    """Return the counts that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    counts = np.array(held["counts"], dtype=np.int64)
    at = np.repeat(np.arange(len(held["ties"])), [len(places) for places, _ in held["ties"]])
    places = [place for row, _ in held["ties"] for place in row]
    signs = [float(sign) for _, row in held["ties"] for sign in row]
    ties = sparse.csr_array((np.array(signs), (at, places)), shape=(len(held["ties"]), len(counts)))
    cells = Cells(counts, ties, np.array(held["known"], dtype=bool))
    hidden, small = (np.array(held[name], dtype=bool) for name in ("hidden", "small"))
    wanted = np.array(held["wanted"], dtype=float).reshape(-1, 2)
    out = tuple(int(place) for place in held.get("let_out", ()))
    return Attackable(cells, hidden, small, wanted, held["labels"], Rule(**held["rule"]), held["exact"], out)


def _rule(rule: Rule) -> dict:
    """Return a rule without the cells let out of it: which of them are in this table is said by their places."""
    return {name: value for name, value in asdict(rule).items() if name != "let_out"}
