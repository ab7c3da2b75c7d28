"""One row per person: the only shape that a method for individuals receives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from curv_eval.errors import DesignError

_OPTIONAL = ("assigned", "cluster", "stratum", "dose", "running", "time")


@dataclass(frozen=True, repr=False)
class People:
    """n people, one row each.

    persons: (n,) names that are pseudonyms or row numbers. treated: (n,) bool, who received the intervention.
    outcomes: name -> (n,) what came of it; 0 and 1 for an event. NaN where it was not measured.
    before: name -> (n,) the same outcome before, for those outcomes that have one.
    covariates: name -> (n,) what each person was like before, numbers (categories as 0 and 1 columns), finite.
    assigned: (n,) bool, to whom it was offered or drawn. cluster: (n,) groups in which people were treated together.
    stratum: (n,) groups within which it was drawn. dose: (n,) how much each received, such as sessions attended.
    running: (n,) the number that decided who was treated, less its threshold (treated from 0 on).
    time: (n,) how long each was followed, up to the event where the outcome is 1.
    """

    persons: np.ndarray
    treated: np.ndarray
    outcomes: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray] = field(default_factory=dict)
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)
    assigned: np.ndarray | None = None
    cluster: np.ndarray | None = None
    stratum: np.ndarray | None = None
    dose: np.ndarray | None = None
    running: np.ndarray | None = None
    time: np.ndarray | None = None

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise DesignError("these data do not form a list of people", faults, "one row per person")
        for array in self._arrays():
            array.setflags(write=False)

    def __repr__(self) -> str:
        return f"<People: {len(self.persons):,} people, {int(self.treated.sum()):,} treated>"

    def _arrays(self) -> Iterator[np.ndarray]:
        yield from (self.persons, self.treated)
        for held in (self.outcomes, self.before, self.covariates):
            yield from held.values()
        yield from (array for name in _OPTIONAL if (array := getattr(self, name)) is not None)

    def take(self, chosen: np.ndarray) -> People:
        """Return some of the people: bool (n,) or row numbers."""
        given = {name: getattr(self, name) for name in _OPTIONAL}
        return replace(
            self,
            persons=self.persons[chosen], treated=self.treated[chosen],
            **{name: {k: v[chosen] for k, v in getattr(self, name).items()}
               for name in ("outcomes", "before", "covariates")},
            **{name: None if array is None else array[chosen] for name, array in given.items()},
        )  # fmt: skip

    def measured(self, outcome: str) -> People:
        """Return those whose outcome was measured. Raises DesignError for an outcome that is not there."""
        if outcome not in self.outcomes:
            raise DesignError(f"{outcome} is not an outcome of these people (they have {', '.join(self.outcomes)})")
        known = np.isfinite(self.outcomes[outcome])
        return self if known.all() else self.take(known)

    @property
    def matrix(self) -> np.ndarray:
        """The covariates, (n, k); k is 0 where there are none."""
        return np.column_stack([*self.covariates.values()]) if self.covariates else np.empty((len(self.persons), 0))

    @property
    def groups(self) -> np.ndarray:
        """The clusters, or each person alone: (n,)."""
        return self.persons if self.cluster is None else self.cluster


def _faults(people: People) -> Iterator[str]:
    n = len(people.persons)
    if len(np.unique(people.persons)) != n:
        yield "persons: some stand twice"
    if people.treated.dtype != bool:
        yield "treated: expected true or false for each person"
    named = {"treated": people.treated} | {name: getattr(people, name) for name in _OPTIONAL}
    named |= {name: x for held in (people.outcomes, people.before, people.covariates) for name, x in held.items()}
    yield from (
        f"{name}: got {len(x)} values, expected {n}" for name, x in named.items() if x is not None and len(x) != n
    )
    for name, x in people.covariates.items():
        if not np.isfinite(x).all():
            yield f"{name}: {int((~np.isfinite(x)).sum()):,} people have no value; impute it, or leave it out"


def require(people: People, *, outcome: str, least: int = 2) -> People:
    """Return those whose outcome was measured, or refuse people from whom no comparison can be made.

    least: how many treated and how many others there must be. Raises DesignError with every reason at once.
    """
    found = people.measured(outcome)
    y, faults = found.outcomes[outcome], []
    for what, group in (("treated", found.treated), ("comparison", ~found.treated)):
        if group.sum() < least:
            faults.append(f"{what} people: got {int(group.sum())} with {outcome} measured, expected at least {least}")
    if len(y) and not np.ptp(y):
        faults.append(f"{outcome}: has the same value for everybody")
    if faults:
        raise DesignError("these people cannot answer the question", faults)
    return found
