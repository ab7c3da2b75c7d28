"""What a comparison of people is adjusted for, who was offered the intervention, and what a study must give."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.people import People
from curv_eval.stats.clustered import independent

FEW = 10.0  # degrees of freedom below which a t interval leans on the errors being close to normal
FIELDS = {
    "assigned": "who was offered the intervention or drawn for it (true or false for each person)",
    "cluster": "the group in which each person was treated, such as a school",
    "dose": "how much each person received, such as sessions attended (0 for those who received none)",
    "running": "the number that decided who was treated, less its threshold",
    "time": "how long each person was followed, up to the event where there was one",
}


@dataclass(frozen=True)
class Adjusters:
    """Columns measured before: (n, p), and what had to be done to them, in sentences."""

    x: np.ndarray
    notes: tuple[str, ...] = ()


def need(people: People, method: str, *fields: str) -> None:
    """Refuse people without one of `fields`, or with people in them who have no value. Raises DesignError."""
    faults = []
    for name in fields:
        held = getattr(people, name)
        if held is None:
            faults.append(f"{name}: is not given; {method} needs {FIELDS[name]}")
        elif np.issubdtype(held.dtype, np.floating) and not np.isfinite(held).all():
            faults.append(f"{name}: {int((~np.isfinite(held)).sum()):,} people have no value")
    if faults:
        columns = ", ".join(f"`{name}:`" for name in fields)
        raise DesignError(f"{method} cannot answer with these people", faults, f"give {columns} for the study's people")


def need_baseline(people: People, method: str, *, outcome: str) -> np.ndarray:
    """Return the outcome before, (n,), NaN where not measured. Raises DesignError when there is none."""
    if outcome not in people.before:
        raise DesignError(
            f"{method} cannot answer with these people",
            [f"before: {outcome} was not measured before; {method} compares each person's change"],
            f"give `before:` for {outcome}, or use `method: ancova`, which works without it",
        )
    return people.before[outcome]


def offered(people: People) -> tuple[People, tuple[str, ...]]:
    """Return the people with those assigned as the treated, and a note where nobody says who was assigned."""
    if people.assigned is None:
        return people, ("`assigned` is not given: those treated are taken for those who were offered it",)
    crossed = int((people.assigned != people.treated).sum())
    said = (f"{crossed:,} people received what they were not assigned; they stay in the group they were assigned to",)
    return replace(people, treated=people.assigned.astype(bool)), said if crossed else ()


def adjusters(people: People, outcome: str) -> Adjusters:
    """Return what people were like before: the outcome before, the covariates and the strata, (n, p).

    A value before that is missing is set to the mean and marked by a column of its own, which keeps everybody in a
    randomised comparison (White & Thompson 2005, Statistics in Medicine 24(7)). Columns that follow from others are
    left out, and counted in the notes.
    """
    parts, notes = [people.matrix], []
    if outcome in people.before:
        held = people.before[outcome]
        parts.append(_filled(held))
        if not np.isfinite(held).all():
            notes.append(f"{int((~np.isfinite(held)).sum()):,} people without {outcome} before were kept and marked")
    if people.stratum is not None:
        names = np.unique(people.stratum)
        parts.append((people.stratum[:, None] == names[1:]).astype(float))
        notes.extend(_one_sided(people))
    x = np.column_stack(parts)
    kept = independent(np.column_stack([np.ones(len(x)), x]))[1:]
    if (~kept).any():
        notes.append(f"{int((~kept).sum())} of the columns measured before follow from others and were left out")
    return Adjusters(x[:, kept], tuple(notes))


def _filled(held: np.ndarray) -> np.ndarray:
    known = np.isfinite(held)
    if known.all():
        return held[:, None]
    if not known.any():
        return np.empty((len(held), 0))
    return np.column_stack([np.where(known, held, held[known].mean()), (~known).astype(float)])


def _one_sided(people: People) -> list[str]:
    alone = [name for name in np.unique(people.stratum) if len(set(people.treated[people.stratum == name])) == 1]
    return [f"{len(alone)} strata hold only one of the two groups; they say nothing by themselves"] if alone else []


def error_rule(people: People, plain: str = "HC2") -> str:
    """Return the name of the error rule: `plain` for people, or its form for clusters where there are clusters."""
    return plain if people.cluster is None else {"HC2": "CR2", "HC3": "CR3"}[plain]


def said_rule(rule: str) -> str:
    """Return the rule in the words of a brief."""
    return {
        "HC2": "HC2, each person alone, with Satterthwaite degrees of freedom",
        "HC3": "HC3, each person alone, n - k degrees of freedom",
        "CR2": "CR2, clustered, with Satterthwaite degrees of freedom",
        "CR3": "CR3, clustered, t with clusters-1 degrees of freedom",
    }[rule]


def require_clusters(people: People, group: np.ndarray, df: float = np.inf) -> None:
    """Refuse clusters from which no error can be worked out: group (n,) bool, df of the error.

    One cluster fits its own mean, so that it adds nothing to the error and the interval is far too narrow.
    Raises DesignError with fewer than two clusters that hold people of the group, or others, or with df below 1.
    """
    if people.cluster is None:
        return
    held = [len(np.unique(people.cluster[side])) for side in (group, ~group)]
    if min(held) < 2 or df < 1:
        raise DesignError(
            f"clusters: got {held[0]} with people treated or offered it and {held[1]} with others, "
            f"{df:.1f} degrees of freedom; expected at least 2 of each and 1",
            do="name smaller clusters, or leave `cluster` out where people were treated one by one",
        )


def few_clusters(people: People, df: float) -> tuple[str, ...]:
    """Return a note where the interval rests on few clusters, with the remedy. Raises DesignError where on too few."""
    require_clusters(people, people.treated, df)
    if people.cluster is None or df >= FEW:
        return ()
    said = f"the error has only {df:.1f} degrees of freedom: the interval may be too narrow"
    return (f"{said}; `cluster_trial` with `test: permutation` needs no large numbers where clusters were drawn",)
