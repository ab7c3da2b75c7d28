"""The parts of the security rating, each 0 to 5."""

from __future__ import annotations

import numpy as np

from curv_eval.estimate import Estimate
from curv_eval.methods import load
from curv_eval.panel import month_number
from curv_eval.rating.level import AS_GOOD_AS_DRAWN, Level
from curv_eval.rating.nouns import HIGHEST, Checked, Part, not_examined
from curv_eval.registration import Standing, Status
from curv_eval.study import Study

# the smallest visible effect over the smallest worthwhile one, the share missing, its difference between groups, and
# the share of months left out: up to each bound the score beside it. Those of attrition are the Education Endowment
# Foundation's as recalled; the others are CURV's own.
POWER = ((1.0, 5), (1.25, 4), (1.5, 3), (2.0, 2), (3.0, 1))
ATTRITION = ((0.10, 5), (0.20, 4), (0.30, 3), (0.40, 2), (0.50, 1))
UNEVEN = ((0.05, 5), (0.10, 4), (0.15, 3), (0.20, 2))
LEFT_OUT = ((0.0, 5), (0.05, 4), (0.10, 3), (0.20, 2))


def _score(value: float, bounds: tuple[tuple[float, int], ...], least: int = 0) -> int:
    return next((score for bound, score in bounds if value <= bound + 1e-9), least)


def _people(study: Study) -> bool:
    return load(study.design.method).TAKES == "people"


def design(estimate: Estimate, found: Level) -> Part:
    """Return 5 where chance decided who was treated, and 4 where a threshold or an offer did.

    3 for places before and after, or people shown to be alike, on both sides; 2 for one place or series, or people who
    differ a little; 1 for people not shown to be alike, and for nobody to compare with, where whatever else changed
    counts as an effect.
    """
    score = {5: 5, 4: 3, 3: 2}.get(found.number, 1)
    score = 4 if estimate.method in AS_GOOD_AS_DRAWN else score
    evidence = (f"Maryland level {found.number}", f"method {estimate.method}")
    if score == HIGHEST:
        return Part("design", score, found.reason, evidence)
    return Part("design", score, f"chance did not decide who was treated ({found.reason})", evidence)


def power(study: Study, smallest: float | None) -> Part:
    """Return how the smallest effect that the study could see compares with the smallest worth having."""
    if smallest is None or not np.isfinite(smallest):
        return not_examined("power", "run the power notebook")
    ratio = abs(smallest) / study.smallest_worthwhile
    evidence = (f"smallest visible effect {abs(smallest):.0%}", f"smallest worthwhile {study.smallest_worthwhile:.0%}")
    score = _score(ratio, POWER)
    if score == HIGHEST:
        return Part("power", score, "the smallest effect worth having could be seen", evidence)
    return Part("power", score, f"only effects {ratio:.1f} times the smallest worth having could be seen", evidence)


def attrition(study: Study, checked: Checked, estimate: Estimate) -> Part:
    """Return how many people were lost; areas cannot leave a balanced panel."""
    if not _people(study):
        units = int(estimate.cells.groupby("cohort")["n_units"].max().sum())
        return Part("attrition", HIGHEST, "areas cannot drop out", (f"{units} treated areas in every period",))
    shares = _missing(checked)
    if shares is None:
        return not_examined("attrition", "add `attrition` to the checks")
    worst, most = max(shares), "at most " * checked.at_most("attrition")
    evidence = (f"outcome missing for {most}{shares[0]:.0%} of those treated and {shares[1]:.0%} of the others",)
    reason = f"{most}{worst:.0%} of the outcomes of one group are missing"
    return Part("attrition", _score(worst, ATTRITION), reason, evidence)


def _missing(checked: Checked) -> tuple[float, float] | None:
    shares = [checked.number("attrition", f"missing among {who}, share") for who in ("treated", "others")]
    return None if None in shares else (shares[0], shares[1])


def balance(study: Study, checked: Checked) -> Part:
    """Return whether those compared were alike before: people by `balance`, areas by how they moved."""
    if _people(study):
        return _alike(checked)
    ran = {name: checked.verdict(name) for name in ("pre_trends", "placebo_period", "anticipation")}
    ran = {name: verdict for name, verdict in ran.items() if verdict is not None}
    if not {"pre_trends", "placebo_period"} & set(ran):
        return not_examined("balance", "add `pre_trends` and `placebo_period` to the checks")
    evidence = tuple(f"{name} {verdict}" for name, verdict in ran.items())
    failed = [name for name, verdict in ran.items() if verdict == "fails"]
    if failed:
        reason = f"areas did not move together before the start ({', '.join(failed)})"
        return Part("balance", 2 if len(failed) == 1 else 1, reason, evidence)
    missing = [name for name in ("pre_trends", "placebo_period") if name not in ran]
    if missing:
        return Part("balance", 4, f"{missing[0]} was not examined", evidence)
    return Part("balance", HIGHEST, "areas moved together before the start", evidence)


def _alike(checked: Checked) -> Part:
    verdict = checked.verdict("balance")
    if verdict is None:
        return not_examined("balance", "add `balance` to the checks")
    score, reason = {
        "holds": (HIGHEST, "the groups are alike in what was measured before"),
        "for information": (3, "the groups differ somewhat in what was measured before"),
        "fails": (1, "the groups are not alike in what was measured before"),
    }[verdict]
    return Part("balance", score, reason, (f"balance {verdict}",))


def outcome_measure(study: Study, checked: Checked) -> Part:
    """Return whether the outcome means the same throughout and for both groups.

    For areas by `series_break` and `placebo_outcome`. For people it is 3: a study does not say whether those
    who measured knew who was treated.
    """
    source = f"counted from {study.primary.contract}"
    if _people(study):
        return Part("outcome measure", 3, "it is not known whether those who measured knew who was treated", (source,))
    verdict, placebo = checked.verdict("series_break"), checked.verdict("placebo_outcome")
    if verdict is None:
        return not_examined("outcome measure", "add `series_break` to the checks")
    evidence = (source, f"series_break {verdict}") + ((f"placebo_outcome {placebo}",) if placebo else ())
    if "fails" in (verdict, placebo):
        what = "recording changed" if verdict == "fails" else "an outcome moved that could not have been changed"
        return Part("outcome measure", 2, what, evidence)
    if verdict == "holds" and placebo is not None:
        return Part("outcome measure", HIGHEST, "recorded in the same way throughout", evidence)
    reason = (
        "no outcome that could not have changed was looked at" if verdict == "holds" else "recording may have moved"
    )
    return Part("outcome measure", 4, reason, evidence)


def registration(study: Study, found: Standing, start: str | None) -> Part:
    """Return whether the plan was fixed beforehand and kept.

    5: registered with this program before it had made a result, and not changed. 4: changed, and logged with a reason
    before there was a result. 2: changed later, and logged. 1: changed, and not explained. Where the program only has
    the study's own word for the day, or made a result before the plan was registered: 3 where that day lies before
    the data ended, 2 where it does not. start: the month of the first start, as 2023-08, where it is known.
    """
    if found.first is None:
        said = "that is the study's own word; the plan was not registered with this program"
        return _as_typed(study, start, said=said)
    evidence = (f"registered {found.first.at[:10]}", found.status.value, f"{len(found.deviations)} changes logged")
    if found.status is Status.EXPLORATORY:
        return _changed(found, evidence)
    if found.after_a_look:
        return _as_typed(study, start, said="the plan was registered after a result had been seen")
    return Part("registration", HIGHEST, "the plan was registered before any result, and kept", evidence)


def _changed(found: Standing, evidence: tuple[str, ...]) -> Part:
    if found.unexplained:
        reason = "the plan was changed after it was registered, and not every change is explained"
        return Part("registration", 1, reason, evidence)
    if found.after_a_look or found.changed_after_a_look:
        return Part("registration", 2, "the plan was changed after a result had been seen", evidence)
    return Part("registration", 4, "the plan was changed after it was registered, before any result", evidence)


def _as_typed(study: Study, start: str | None, *, said: str) -> Part:
    """Return what the day in the study file is worth: it is a word, not a record."""
    month, last = study.registered[:7], study.design.window.last
    evidence = (f"plan fixed {study.registered}", f"data to {last}", *((f"first start {start}",) if start else ()))
    if start is not None and month < start:
        return Part("registration", 3, f"the plan was fixed before anything began, but {said}", evidence)
    if month <= last:
        return Part("registration", 3, f"the plan was fixed while data were coming in, and {said}", evidence)
    return Part("registration", 2, f"the plan was fixed after the data were there, and {said}", evidence)


def missing_data(study: Study, checked: Checked, periods: int | None = None) -> Part:
    """Return how evenly people are missing and what they could change; or how many months are not there.

    periods: how many months of the window the panel has; None where only what the study leaves out is known.
    """
    if _people(study):
        return _uneven(checked)
    months = _months(study)
    out = len(study.design.leave_out) if periods is None else months - periods
    share = out / months
    evidence = (f"{out} of {months} months left out",)
    reason = f"{out} of {months} months are missing or left out" if out else "every month of the window is there"
    return Part("missing data", _score(share, LEFT_OUT, least=1), reason, evidence)


def _uneven(checked: Checked) -> Part:
    shares = _missing(checked)
    if shares is None:
        return not_examined("missing data", "add `attrition` to the checks")
    gap, most = abs(shares[0] - shares[1]), ""
    if checked.at_most("attrition"):
        gap, most = max(shares), "at most "
    evidence = (f"shares missing differ by {most}{gap:.0%}", f"attrition {checked.verdict('attrition')}")
    score = _score(gap, UNEVEN, least=1)
    if checked.verdict("attrition") == "fails":
        return Part("missing data", min(2, score), "those missing could change the finding", evidence)
    return Part("missing data", score, f"outcomes are missing unevenly: by {most}{gap:.0%}", evidence)


def _months(study: Study) -> int:
    return month_number(study.design.window.last) - month_number(study.design.window.first) + 1
