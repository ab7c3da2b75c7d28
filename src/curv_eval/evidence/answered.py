"""The answer of a review: its studies put together, looked at from every side, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.evidence.coded import effects_of
from curv_eval.evidence.judgement import (
    Assessed,
    Baseline,
    Certainty,
    CostPerPrevented,
    CostRange,
    PerPeople,
    Pooled,
    ReviewFacts,
    Said,
    Security,
    Transfer,
    certainty,
    cost_per_prevented,
    per_people,
    say,
    secure,
    suggest,
    transfer,
)
from curv_eval.evidence.screened import assessed_of, flow_of_screening
from curv_eval.evidence.screening import Flow
from curv_eval.evidence.several import Several, several
from curv_eval.evidence.sizes import Effect
from curv_eval.evidence.together import Together, together
from curv_eval.stats.meta_bias import FunnelLine, egger, pet_peese
from curv_eval.stats.meta_influence import leave_one_out
from curv_eval.stats.meta_pooled import pooled
from curv_eval.stats.meta_subgroup import subgroups
from curv_eval.stats.meta_trim_fill import trim_fill
from curv_eval.study import Review

COLUMNS = ("term", "estimate", "conf_low", "conf_high", "studies")
# a subgroup of fewer studies shows nothing of how they differ
LEAST = 3


@dataclass(frozen=True, eq=False)
class Answered:
    """One review answered. table: the studies as they were coded. alone: one effect for each study.

    found: with `Several` where studies give several effects, else `Together`. assessed: each study's risk of bias.
    flow: None where the review did not screen records itself.
    """

    review: Review
    table: pd.DataFrame
    alone: tuple[Effect, ...]
    found: Together | Several
    assessed: tuple[Assessed, ...] = ()
    flow: Flow | None = None

    def __repr__(self) -> str:
        return f"<Answered: {len(self.alone)} studies, {len(self.found.effects)} effects>"

    @property
    def pooled(self) -> Pooled:
        """The average effect as readers know it."""
        return self.found.pooled

    @property
    def said(self) -> Said:
        """What is found, in words by rule."""
        return say(self.pooled, self.review.approach)

    @property
    def y(self) -> np.ndarray:
        """Each study's effect on the scale of analysis, (k,)."""
        return np.array([one.value for one in self.alone])

    @property
    def v(self) -> np.ndarray:
        """Their variances, (k,)."""
        return np.array([one.variance for one in self.alone])

    @cached_property
    def small_studies(self) -> FunnelLine | None:
        """Egger's test; None for fewer than 10 studies."""
        try:
            return egger(self.y, self.v)
        except DesignError:
            return None

    @property
    def certainty(self) -> Certainty | None:
        """How sure one can be, as the review's file judges beside what numbers suggest; None where nobody did."""
        asked = self.review.certainty
        if asked is None:
            return None
        p = self.small_studies.p_value if self.small_studies else None
        judged = {name: (one.steps, one.why) for name, one in asked.reasons.items()}
        said = suggest(self.pooled, assessed=self.assessed, egger_p=p)
        return certainty(self.review.outcome, asked.start, judged, by=asked.by, suggested=said)

    @property
    def security(self) -> Security:
        """CURV's own rating of the review, proposed."""
        kinds = self.designs
        p = self.small_studies.p_value if self.small_studies else None
        facts = ReviewFacts(
            self.pooled, kinds["randomised"], kinds["compared"], kinds["alone"], self.assessed, egger_p=p,
            indirect=self.review.indirect, plan=self.review.plan,
        )  # fmt: skip
        return secure(facts)

    @property
    def designs(self) -> dict[str, int]:
        """How many studies are trials, have a comparison group, or neither or not known."""
        asked, names = self.review.studies.designs, [one.study for one in self.alone]
        if asked is None:
            return {"randomised": 0, "compared": 0, "alone": len(names)}
        held = dict(zip(self.table["study"], self.table[asked.column].astype(str), strict=True))
        randomised = sum(held[name] in asked.randomised for name in names)
        compared = sum(held[name] in asked.compared for name in names)
        return {"randomised": randomised, "compared": compared, "alone": len(names) - randomised - compared}

    @property
    def transfer(self) -> Transfer | None:
        """Whether it would work in the review's place; None where nobody judged."""
        asked = self.review.transfer
        if asked is None:
            return None
        return transfer({n: (a.answer, a.why) for n, a in asked.features.items()}, by=asked.by, place=asked.place)

    @property
    def per_people(self) -> PerPeople | None:
        """What it would mean for 100,000 people; None without a baseline."""
        asked = self.review.baseline
        return per_people(self.pooled, Baseline(asked.rate, asked.of, asked.source)) if asked else None

    @property
    def costs(self) -> tuple[CostPerPrevented, ...]:
        """What preventing one costs where the studies were, and in a new place; () without costs and a baseline."""
        asked, base = self.review.cost, self.review.baseline
        if asked is None or base is None:
            return ()
        cost = CostRange(asked.low, asked.high, asked.price_year, asked.source, asked.likeliest)
        baseline = Baseline(base.rate, base.of, base.source)
        places = (False, True) if self.pooled.prediction else (False,)
        return tuple(
            cost_per_prevented(
                self.pooled, baseline, cost, generator=np.random.default_rng(self.review.seed), new_place=new
            )
            for new in places
        )


def answer(review: Review, tables: Mapping[str, pd.DataFrame]) -> Answered:
    """Return the answer of a review from its tables, by contract. Raises StudyError and DesignError."""
    table = tables[review.studies.contract]
    effects, how = effects_of(review.studies, table), review.synthesis
    asked = {"outcome": review.outcome, "smallest": review.smallest_worthwhile}
    labelled = table.assign(study=[one.study for one in effects])
    if review.studies.same_label == "effects":
        found: Several | Together = several(effects, **asked, correlation=how.correlation, alpha=how.alpha)
    else:
        found = together(effects, **asked, tau2=how.tau2, interval=how.interval, alpha=how.alpha)
    one_each = found.alone if isinstance(found, Several) else found.effects
    assessed = assessed_of(review, tables, [one.study for one in one_each])
    return Answered(review, labelled, one_each, found, assessed, flow_of_screening(review, tables, len(one_each)))


def other_ways(found: Answered) -> pd.DataFrame:
    """Return the average effect by other choices: COLUMNS, on the scale of analysis; estimate NaN where one refuses.

    DerSimonian and Laird with the normal interval, Paule and Mandel, one common effect, without the study that moves it
    most, trim and fill, and the effect of studies without any error (PET-PEESE).
    """
    alpha = found.review.synthesis.alpha
    rows = [
        _pooled_row("DerSimonian and Laird's spread, normal interval", found, tau2="dl", interval="normal"),
        _pooled_row("Paule and Mandel's spread", found, tau2="pm"),
        _pooled_row("as if all studies had one effect", found, model="fixed"),
        *_dependence(found), *_extreme(found),
    ]  # fmt: skip
    for term, made in (("with studies that may be missing filled in", _filled), ("if studies had no error", _limit)):
        try:
            rows.append((term, *made(found, alpha)))
        except DesignError:
            continue
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pooled_row(term: str, found: Answered, **choices: str) -> tuple:
    one = pooled(found.y, found.v, alpha=found.review.synthesis.alpha, **choices)
    return (term, one.estimate, one.conf_low, one.conf_high, one.studies)


def _dependence(found: Answered) -> Sequence[tuple]:
    """Yield the average under other assumed correlations, where studies give several effects."""
    review = found.review
    if review.studies.same_label != "effects":
        return []
    rows = []
    for correlation in (0.2, 0.8):
        held = several(
            found.found.effects, outcome=review.outcome, smallest=review.smallest_worthwhile,
            correlation=correlation, alpha=review.synthesis.alpha,
        )  # fmt: skip
        ends = (held.pooled.low, held.pooled.high)
        low, high = np.log(ends) if held.effects[0].measure.is_ratio else ends
        rows.append((f"effects of one study correlated {correlation:g}", held.estimate, low, high, held.pooled.studies))
    return rows


def _extreme(found: Answered) -> Sequence[tuple]:
    """Yield the average without the study that moves it most."""
    if len(found.alone) < LEAST:
        return []
    choices = {"tau2": found.review.synthesis.tau2, "alpha": found.review.synthesis.alpha}
    whole, each = pooled(found.y, found.v, **choices), leave_one_out(found.y, found.v, **choices)
    at = int(np.abs(each.estimate - whole.estimate).argmax())
    term = f"without {found.alone[at].study}, which moves it most"
    return [(term, float(each.estimate[at]), float(each.conf_low[at]), float(each.conf_high[at]), whole.studies - 1)]


def _filled(found: Answered, alpha: float) -> tuple:
    held = trim_fill(found.y, found.v, alpha=alpha).filled
    return held.estimate, held.conf_low, held.conf_high, held.studies


def _limit(found: Answered, alpha: float) -> tuple:
    held = pet_peese(found.y, found.v, alpha=alpha)
    return held.estimate, held.conf_low, held.conf_high, len(found.alone)


def by_moderator(found: Answered, name: str) -> tuple[pd.DataFrame, float]:
    """Return the average effect in each group of a moderator (COLUMNS), and the p-value of a difference between them.

    Groups of fewer than 3 studies are left out; a number is split at its median. Raises DesignError where fewer than
    two groups are left.
    """
    held = _groups(found, name)
    kept = held.map(held.value_counts()).ge(LEAST) & held.notna()
    if held[kept].nunique() < 2:
        raise DesignError(f"{name}: fewer than two groups have {LEAST} studies or more")
    mask = kept.to_numpy()
    made = subgroups(
        found.y[mask], found.v[mask], held[kept].to_numpy(str), spread="common", alpha=found.review.synthesis.alpha
    )
    table = pd.DataFrame({
        "term": [str(one) for one in made.names], "estimate": made.estimate, "conf_low": made.conf_low,
        "conf_high": made.conf_high, "studies": made.studies,
    })  # fmt: skip
    return table, float(made.p_value)


def _groups(found: Answered, name: str) -> pd.Series:
    first = found.table.drop_duplicates("study").set_index("study")[name].reindex([one.study for one in found.alone])
    if not pd.api.types.is_numeric_dtype(first) or first.nunique() < 4:
        called = found.review.studies.labels.get(name, {})
        return first.map(lambda x: None if pd.isna(x) else called.get(str(x), str(x)))
    middle = first.median()
    return first.map(
        lambda x: None if pd.isna(x) else f"{middle:g} or less" if x <= middle else f"more than {middle:g}"
    )
