"""Would it work here? How like Cleveland the places of the studies are, feature by feature, without a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement.asked import faults_of, listed

FEATURES = {
    "setting": "the kind of place",
    "population_age": "the age of the people",
    "baseline_rate": "how much violence there is to begin with",
    "delivery": "what is delivered, and how much of it",
    "legal_context": "the law and the powers",
    "who_delivers": "who delivers it",
}
ANSWERS = ("similar", "partly", "different", "unknown")


@dataclass(frozen=True)
class Transfer:
    """How like a place the studies are: each feature with an answer and a reason. There is no score."""

    place: str
    answers: tuple[tuple[str, str, str], ...]
    by: str

    @property
    def table(self) -> pd.DataFrame:
        """One row per feature: feature, answer, reason."""
        return pd.DataFrame(list(self.answers), columns=["feature", "answer", "reason"])

    def of(self, answer: str) -> tuple[str, ...]:
        """Return the features with an answer, as a reader calls them."""
        return tuple(FEATURES[name] for name, said, _ in self.answers if said == answer)

    @property
    def text(self) -> str:
        """The answers in plain words, what differs first."""
        kinds = (("different", "differs from"), ("partly", "is partly like"), ("similar", "is like"))
        said = [f"{verb} the places of the studies in {listed(self.of(kind))}" for kind, verb in kinds if self.of(kind)]
        known = [f"{'It' if at else self.place} {one}." for at, one in enumerate(said)]
        unknown = [f"We do not know about {listed(self.of('unknown'))}."] if self.of("unknown") else []
        return " ".join([*known, *unknown])


def transfer(judged: Mapping[str, tuple[str, str]], *, by: str, place: str = "Cleveland") -> Transfer:
    """Return how like `place` the studies are.

    judged: for each feature (setting, population_age, baseline_rate, delivery, legal_context, who_delivers) an answer
    (similar, partly, different, unknown) and why. by: who judged. Raises StudyError with every fault.
    """
    faults = list(faults_of(judged, FEATURES, kind="feature", levels=ANSWERS))
    faults += [f"{name}: got a blank" for name, text in (("by", by), ("place", place)) if not text.strip()]
    if faults:
        raise StudyError("whether it would work here cannot be said", faults, "answer every feature, and say why")
    return Transfer(place, tuple((name, judged[name][0], judged[name][1].strip()) for name in FEATURES), by.strip())
