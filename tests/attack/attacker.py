"""An attacker who has only what is public: published tables, the codes' hierarchies and the rule.

He shares no code with the gate: sums are read off the tables' own codes, and each end of a range is an integer
programme of scipy's.
"""

from itertools import product

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

ALL = "All"
FAR = 10_000


class Public:
    """All that is public about some counts. cells: {name of cell: shown number, None where withheld}."""

    def __init__(self, rule):
        self.rule, self.cells, self.sums = rule, {}, []

    def table(self, frame, dims, above):
        """Add a published table: `frame` has the columns `dims` and count, NaN where withheld."""
        for row in frame.to_dict("records"):
            name = named(row, dims)
            shown = None if pd.isna(row["count"]) else int(row["count"])
            assert self.cells.get(name, shown) == shown, f"{name} is shown twice, and not alike"
            self.cells[name] = shown
        codes = {dim: list(dict.fromkeys(frame[dim])) for dim in dims}
        for dim in dims:
            for whole, parts in groups(codes[dim], above.get(dim, [{}])):
                others = [d for d in dims if d != dim]
                for rest in product(*(codes[d] for d in others)):
                    row = dict(zip(others, rest, strict=True))
                    below = [named({**row, dim: part}, dims) for part in parts]
                    self.sums.append((named({**row, dim: whole}, dims), below))
        return self

    def reach(self, shown):
        """What a shown number says by itself."""
        rule = self.rule
        if shown == 0:
            return 0, 0
        true = [m for m in range(shown - rule.round_to, shown + rule.round_to + 1) if rounded(m, rule) == shown]
        true = [m for m in true if m >= rule.events_below]
        return min(true), max(true)

    def ranges(self, wanted):
        """The least and the most that each of the wanted cells can be, in whole numbers."""
        names = list(self.cells)
        place = {name: n for n, name in enumerate(names)}
        bounds = [(1, FAR) if self.cells[n] is None else self.reach(self.cells[n]) for n in names]
        rows = [place[part] for _, parts in self.sums for part in parts] + [place[whole] for whole, _ in self.sums]
        at = [n for n, (_, parts) in enumerate(self.sums) for _ in parts] + list(range(len(self.sums)))
        signs = [1.0] * (len(rows) - len(self.sums)) + [-1.0] * len(self.sums)
        matrix = sparse.csr_array((signs, (at, rows)), shape=(len(self.sums), len(names)))
        held = LinearConstraint(matrix, 0, 0)
        low, high = np.array(bounds, dtype=float).T
        found = {}
        for name in wanted:
            aim = np.zeros(len(names))
            ends = []
            for sign in (1, -1):
                aim[place[name]] = sign
                done = milp(aim, constraints=held, integrality=np.ones(len(names)), bounds=Bounds(low, high))
                assert done.status == 0, done.message
                ends.append(round(sign * done.fun))
            found[name] = tuple(ends)
        return found


def rounded(count, rule):
    return int(np.floor(count / rule.round_to + 0.5)) * rule.round_to


def named(row, dims):
    """The name of a cell: margins are the same cell in whichever table they stand."""
    return tuple(sorted((dim, row[dim]) for dim in dims if row[dim] != ALL))


def groups(codes, hierarchies):
    """Yield each whole of a dimension with the codes right below it, once for each hierarchy."""
    higher = {whole for above in hierarchies for whole in above.values()}
    for above in hierarchies:
        mine = set(above.values())
        members = {}
        for code in codes:
            if code != ALL and (code not in higher or code in mine):
                members.setdefault(above.get(code, ALL), []).append(code)
        yield from members.items()


def truth(counts, dims, above):
    """The true count of every cell, by its name: sums of the finest counts, worked out one by one."""
    lists = []
    for dim in dims:
        finest, over = sorted(set(counts[dim])), above.get(dim, [{}])
        lists.append(
            {code: _below(code, finest, over) for code in [*finest, *(w for a in over for w in a.values()), ALL]}
        )
    found = {}
    for row in product(*lists):
        inside = np.logical_and.reduce(
            [counts[d].isin(lists[n][code]) for n, (d, code) in enumerate(zip(dims, row, strict=True))]
        )
        found[named(dict(zip(dims, row, strict=True)), dims)] = int(counts.loc[inside, "count"].sum())
    return found


def _below(code, finest, hierarchies):
    if code == ALL:
        return set(finest)
    return {one for one in finest if any(code in _chain(one, above) for above in hierarchies)}


def _chain(code, above):
    chain = [code]
    while chain[-1] in above:
        chain.append(above[chain[-1]])
    return chain
