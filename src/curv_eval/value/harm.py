"""Counts weighed by how serious the offences are, beside the counts themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.panel import Panel
from curv_eval.value.facts import Fact, refuse_unknown, rows, unverified

ONS = "ONS Crime Severity Score"


@dataclass(frozen=True, repr=False)
class Harm:
    """Harm: the sum of weight x count over offences, in the shape of the counts; by_offence holds its parts."""

    total: np.ndarray
    by_offence: Mapping[str, np.ndarray]
    facts: tuple[Fact, ...]
    index: str

    def __repr__(self) -> str:
        return f"<Harm: {self.index}, {len(self.by_offence)} offences>"

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said beside a figure of harm."""
        first = (
            f"harm by the {self.index}: weights follow sentences and change when guidelines do; the edition of the "
            "shipped weights is not known, so give the current ones for publication"
        )
        return (first, *unverified(self.facts))


def severity(offence: str, *, index: str = ONS, weights: Mapping[str, float] | None = None) -> Fact:
    """Return the weight of one offence, by its name or its Home Office code.

    weights: name or code -> weight, where the user has the current edition. Raises DesignError with the nearest name.
    """
    if weights is not None:
        refuse_unknown("weight for the offence", offence, weights)
        return Fact(f"weight of {offence}", float(weights[offence]), "given by the user", "given")
    table = [row for row in rows("severity_weights") if row["index"] == index]
    if not table:
        refuse_unknown("index of harm", index, {row["index"] for row in rows("severity_weights")})
    known = {row["offence"]: row for row in table} | {row["ho_code"]: row for row in table if row["ho_code"] != "-"}
    if offence not in known:
        _explain_group(offence)
        refuse_unknown("weight for the offence", offence, known)
    row = known[offence]
    return Fact(f"weight of {row['offence']}", float(row["weight"]), row["source"], row["confidence"])


def _explain_group(offence: str) -> None:
    """Refuse a group of offences, whose weight depends on what it is made of."""
    inside = [row["offence"] for row in rows("offence_groups") if row["ons_group"] == offence]
    if inside:
        raise DesignError(
            f"{offence} is a group of offences, which has no weight of its own",
            [f"it holds {', '.join(inside)}"],
            "count its offences apart, or say what it is made of: `harm.mix` in a study, else harm_per_offence(counts)",
        )


def severities(offences: Iterable[str], **given) -> dict[str, Fact]:
    """Return the weight of each offence, as `severity` does. Raises DesignError with every one that has none."""
    facts, refused = {}, []
    for name in offences:
        try:
            facts[name] = severity(name, **given)
        except DesignError as fault:
            refused.append(fault)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        lines = dict.fromkeys(line for fault in refused for line in (fault.what, *fault.breaches))
        do = next((fault.do for fault in refused if fault.do), "")
        raise DesignError("offences without a weight", list(lines), do)
    return facts


def harm(counts: Mapping[str, object], *, index: str = ONS, weights: Mapping[str, float] | None = None) -> Harm:
    """Return sum of weight x count over offences (Bangs 2016, ONS Crime Severity Score).

    counts: offence (name or Home Office code) -> a number or array of counts, all of one shape; changes may be
    negative. Raises DesignError for offences without a weight, with the nearest name, and shapes that differ.
    """
    facts = severities(counts, index=index, weights=weights)
    arrays = {name: np.asarray(value, dtype=float) for name, value in counts.items()}
    if len({array.shape for array in arrays.values()}) != 1:
        raise DesignError("counts: expected one shape for all offences", [f"{n}: {a.shape}" for n, a in arrays.items()])
    negative = [f"{name}: got {fact.value:g}" for name, fact in facts.items() if not fact.value >= 0]
    if negative:
        raise DesignError("weights of harm are 0 or more", negative)
    parts = {name: facts[name].value * array for name, array in arrays.items()}
    return Harm(np.sum(list(parts.values()), axis=0), parts, tuple(facts.values()), index)


def harm_per_offence(counts: Mapping[str, float], **given) -> float:
    """Return the average weight of a mix of offences, to weigh a group that is only counted as a whole."""
    number = sum(counts.values())
    if not number > 0:
        raise DesignError("a mix needs at least one offence, got none")
    return float(harm(counts, **given).total / number)


def with_harm(
    panel: Panel,
    offences: Mapping[str, str],
    *,
    name: str = "harm",
    mix: Mapping[str, Mapping[str, float]] | None = None,
    **given,
) -> tuple[Panel, Harm]:
    """Return the panel with a further outcome: the harm of some of its outcomes.

    offences: outcome of the panel -> offence. mix: outcome that is only counted as a whole -> the share of each offence
    in it. Raises DesignError for an outcome that is not there, or that is weighed twice.
    """
    mix = mix or {}
    faults = [f"{key}: not an outcome of this panel" for key in (*offences, *mix) if key not in panel.outcomes]
    faults += [f"{key}: has an offence and a mix" for key in offences if key in mix]
    if len(set(offences.values())) != len(offences):
        faults.append("two outcomes were given the same offence")
    if faults:
        raise DesignError("harm cannot be counted", faults)
    counts: dict[str, np.ndarray | float] = {}
    for outcome, shares in ({key: {offence: 1.0} for key, offence in offences.items()} | dict(mix)).items():
        for offence, share in shares.items():
            part = share / sum(shares.values()) * panel.outcomes[outcome]
            counts[offence] = counts.get(offence, 0.0) + part
    found = harm(counts, **given)
    return replace(panel, outcomes={**panel.outcomes, name: found.total}), found
