"""The study file: the analysis plan, fixed before the run, read once, frozen, unknown keys refused."""

from __future__ import annotations

from curv_eval.study.canonical import Difference, canonical, compared, differences, fingerprint, short
from curv_eval.study.fields import STUDY
from curv_eval.study.harms import Harms
from curv_eval.study.hidden_need import HiddenNeed, Pairs, SeenBy
from curv_eval.study.nouns import (
    Asked,
    BeforeAfter,
    Claim,
    Design,
    MadeUp,
    Outcome,
    Place,
    Span,
    Study,
    Use,
    Words,
    Worth,
)
from curv_eval.study.of_people import Delivery, Dose, Linkage, Persons, Record, Running
from curv_eval.study.reading import load_studies, load_study, swept
from curv_eval.study.review import Coded, Review
from curv_eval.study.sweep import Sweep

__all__ = [
    "STUDY",
    "Asked",
    "BeforeAfter",
    "Claim",
    "Coded",
    "Delivery",
    "Design",
    "Difference",
    "Dose",
    "Harms",
    "HiddenNeed",
    "Linkage",
    "MadeUp",
    "Outcome",
    "Pairs",
    "Persons",
    "Place",
    "Record",
    "Review",
    "Running",
    "SeenBy",
    "Span",
    "Study",
    "Sweep",
    "Use",
    "Words",
    "Worth",
    "canonical",
    "compared",
    "differences",
    "fingerprint",
    "load_studies",
    "load_study",
    "short",
    "swept",
]
