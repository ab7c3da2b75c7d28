"""Risk of bias of single studies, with the domains and levels of RoB 2 and ROBINS-I. The judgements are CURV's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement.asked import faults_of, unknown


@dataclass(frozen=True)
class Tool:
    """A set of questions: its domains, and the levels of its answers from best to worst."""

    name: str
    domains: tuple[str, ...]
    levels: tuple[str, ...]
    source: str


ROB_2 = Tool(
    "rob_2",
    ("randomisation", "deviations", "missing_data", "measurement", "reporting"),
    ("low", "some_concerns", "high"),
    "Sterne and others (2019)",
)
ROBINS_I = Tool(
    "robins_i",
    ("confounding", "selection", "classification", "deviations", "missing_data", "measurement", "reporting"),
    ("low", "moderate", "no_information", "serious", "critical"),
    "Sterne and others (2016)",
)
TOOLS = {tool.name: tool for tool in (ROB_2, ROBINS_I)}
# what a synthesis counts as a study at high risk
HIGH = ("high", "serious", "critical")


@dataclass(frozen=True)
class Judgement:
    """One domain of one study: its level and why."""

    domain: str
    level: str
    reason: str


@dataclass(frozen=True)
class Assessed:
    """The risk of bias of one study, judged by a named person. raised: why the overall level is above the rule's."""

    study: str
    tool: str
    judgements: tuple[Judgement, ...]
    overall: str
    by: str
    raised: str = ""

    @property
    def text(self) -> str:
        """The judgement in plain words."""
        worst = [one for one in self.judgements if one.level == self.overall] or list(self.judgements)
        why = "; ".join(f"{one.domain.replace('_', ' ')}: {one.reason}" for one in worst)
        raised = f" Raised to this level because {self.raised}." if self.raised else ""
        return (
            f"{self.study}: {self.overall.replace('_', ' ')} overall ({why}).{raised} Judged by {self.by} with the "
            f"domains of {TOOLS[self.tool].source}; the judgement is CURV's own."
        )


def assess(study: str, tool: str, judged: Mapping[str, tuple[str, str]], *, by: str, raised: str = "") -> Assessed:
    """Return the risk of bias of a study from a level and a reason for each domain.

    Overall for RoB 2: low where all are low; some concerns where one or more has some concerns; high where one is
    high, or where `raised` says why some concerns in two or more domains together are as bad. Overall for ROBINS-I:
    the worst domain, where no information counts as worse than moderate and better than serious. tool: "rob_2" or
    "robins_i". by: who judged. Raises StudyError with every fault, and the nearest name for an unknown one.
    Sources: Sterne and others (2019, 2016).
    """
    if tool not in TOOLS:
        raise StudyError(f"{study}: risk of bias cannot be judged", [unknown("tool", tool, TOOLS)])
    held = TOOLS[tool]
    faults = list(faults_of(judged, held.domains, kind="domain", levels=held.levels))
    faults += [f"{name}: got a blank" for name, text in (("study", study), ("by", by)) if not text.strip()]
    levels = [judged[name][0] for name in held.domains if name in judged]
    if raised.strip() and (tool != "rob_2" or levels.count("some_concerns") < 2 or "high" in levels):
        faults.append("raised: only for RoB 2 with some concerns in two or more domains and none high")
    if faults:
        raise StudyError(f"{study}: risk of bias cannot be judged", faults, "give each domain a level and a reason")
    made = tuple(Judgement(name, judged[name][0], judged[name][1].strip()) for name in held.domains)
    worst = "high" if raised.strip() else max(levels, key=held.levels.index)
    return Assessed(study, tool, made, worst, by=by.strip(), raised=raised.strip())


def traffic_lights(assessed: Sequence[Assessed]) -> pd.DataFrame:
    """Return one row per study and domain, "overall" last: study, tool, domain, level, reason, by.

    Raises StudyError where a study stands twice with one tool.
    """
    keys = [(one.study, one.tool) for one in assessed]
    if twice := sorted(
        {f"{study}: {keys.count((study, tool))} times" for study, tool in keys if keys.count((study, tool)) > 1}
    ):
        raise StudyError("a study is judged more than once", twice, "keep the judgement that was agreed")
    rows = []
    for one in assessed:
        rows += [(one.study, one.tool, held.domain, held.level, held.reason, one.by) for held in one.judgements]
        rows.append((one.study, one.tool, "overall", one.overall, one.raised, one.by))
    return pd.DataFrame(rows, columns=["study", "tool", "domain", "level", "reason", "by"])


def by_domain(assessed: Sequence[Assessed], weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return for each tool, domain and level how many studies there are, and their share of the weight.

    weights: each study's weight in the synthesis; without it every study weighs the same. Raises StudyError where one
    lacks a weight of 0 or more.
    """
    rows = traffic_lights(assessed)
    weighed = dict.fromkeys(rows["study"], 1.0) if weights is None else dict(weights)
    bad = sorted({name for name in rows["study"] if not weighed.get(name, -1.0) >= 0})
    if bad:
        raise StudyError("studies need weights of 0 or more", [f"{name}: {weighed.get(name)}" for name in bad])
    made = []
    for tool in [tool for tool in TOOLS.values() if (rows["tool"] == tool.name).any()]:
        for domain in (*tool.domains, "overall"):
            held = rows[(rows["tool"] == tool.name) & (rows["domain"] == domain)]
            whole = sum(weighed[name] for name in held["study"])
            for level in tool.levels:
                names = held.loc[held["level"] == level, "study"]
                share = sum(weighed[name] for name in names) / whole if whole else float("nan")
                made.append((tool.name, domain, level, len(names), share))
    return pd.DataFrame(made, columns=["tool", "domain", "level", "studies", "share"])


def share_high(assessed: Sequence[Assessed]) -> float:
    """Return the share of studies at high, serious or critical risk of bias."""
    return sum(one.overall in HIGH for one in assessed) / len(assessed)
