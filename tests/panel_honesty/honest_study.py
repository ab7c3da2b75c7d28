"""The tiny place of the unit tests with as many rows as a police force has, so that months can be judged."""

from dataclasses import replace

import numpy as np
import pandas as pd
from honest_series import months

from curv_eval.contract import load_contract
from curv_eval.panel.tally import tally
from curv_eval.study import Outcome, Span
from unit.tiny_study import ASB, THEFT, put, tiny

FORCE, OTHER = "Vale Police", "Beyond Constabulary"
KINDS = (ASB, THEFT, "Burglary", "Drugs", "Vehicle crime", "Violence and sexual offences")
AREAS = ("E01000001", "E01000005", "E01000006", "E01000007", "E01000034")
M = months(36)
VIOLENCE = Outcome("violence", "violence", "police_uk_street", "secondary", {"crime_type": KINDS[5]})
EVERYTHING = Outcome("all", "everything", "police_uk_street", "secondary", {})


def street(*, left=None, force=FORCE, areas=AREAS, seed=1, level=12):
    """Rows of 36 months. left: (month, kind, area) -> the share that is left of it; None stands for all."""
    rng, listed = np.random.default_rng(seed), []
    for month in M:
        for kind in KINDS:
            for area in areas:
                keep = min(
                    [share for (m, k, a), share in (left or {}).items()
                     if m == month and k in (None, kind) and a in (None, area)], default=1.0,
                )  # fmt: skip
                n = rng.binomial(rng.poisson(level), keep)
                listed += [(area, month, kind, force)] * n
    return pd.DataFrame(listed, columns=["lsoa_code", "month", "crime_type", "reported_by"]).astype("string")


def place(rows, *outcomes, ae=None, **design):
    """The study of all 36 months on these street rows."""
    here = tiny(street=rows, ae=ae, window=Span(M[0], M[-1]), **design)
    here.study = replace(here.study, outcomes=(here.study.primary, *outcomes))
    return here


def account(found, source="police_uk_street"):
    """month -> (supplied, reason) of one source."""
    mine = found.months[found.months["source"] == source]
    return {m: (bool(s), why) for m, s, why in zip(mine["month"], mine["supplied"], mine["reason"], strict=True)}


def periods(found):
    """The months of the panel."""
    return [found.panel.label(p) for p in found.panel.periods]


def without(*gone):
    """All months but these."""
    return [m for m in M if m not in gone]


__all__ = ["ASB", "load_contract", "put", "tally"]
