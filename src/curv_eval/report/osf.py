"""A registered plan in the sections of the OSF Preregistration form, to be pasted into it."""

from __future__ import annotations

import json
from pathlib import Path

from curv_eval.errors import StudyError
from curv_eval.registration import Record
from curv_eval.report.method_words import assumed
from curv_eval.study import Outcome, Study

Sections = dict[str, dict[str, str]]
_NONE = "None."
_NOT_SAID = "The study file does not say; please add it here."


def check_export(path: Path) -> None:
    """Raise StudyError when the export has no known ending, or would write over something."""
    if path.suffix not in (".md", ".json"):
        raise StudyError(f"--osf: got {path.name}", ["expected a name that ends in .md or .json"])
    if path.exists():
        raise StudyError(f"--osf: {path} already exists", do="choose another name, or move it away")


def export(path: Path, study: Study, record: Record) -> None:
    """Write the sections as Markdown or JSON, by the ending of `path`. record: the registration of this very plan."""
    check_export(path)
    held = sections(study, record)
    text = json.dumps(held, indent=1, ensure_ascii=False) if path.suffix == ".json" else _markdown(held)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.strip() + "\n", "utf-8", newline="\n")


def sections(study: Study, record: Record) -> Sections:
    """Return the form's sections, each with its items, as the study file answers them."""
    return {
        "Study Information": _information(study),
        "Design Plan": _design(study),
        "Sampling Plan": _sampling(study, record),
        "Variables": _variables(study),
        "Analysis Plan": _analysis(study),
        "Other": _other(study, record),
    }


def _information(study: Study) -> dict[str, str]:
    hoped = {"lower": "fall", "higher": "rise"}
    hypotheses = [
        f"{_number(i)} ({o.role}): {study.words.intervention} makes {o.label} {hoped[o.better]} in "
        f"{study.words.treated}, in comparison with what is expected {study.words.without}."
        for i, o in enumerate(study.outcomes)
        if o.role != "placebo"
    ]
    never = [f"{o.label} is not expected to change (a placebo)." for o in study.outcomes if o.role == "placebo"]
    return {
        "Title": study.title, "Authors": study.brief.authors, "Description": study.brief.summary,
        "Research questions": study.question, "Hypotheses": _lines([*hypotheses, *never]),
    }  # fmt: skip


def _number(i: int) -> str:
    return f"H{i + 1}"


def _design(study: Study) -> dict[str, str]:
    from curv_eval.methods import load

    d, method = study.design, load(study.design.method)
    people = method.TAKES == "people"
    trial = d.method in ("ancova", "cluster_trial")
    said = [
        f"Place: {study.place.name} (districts {', '.join(study.place.districts)}).",
        f"Unit: {'a person' if people else 'a small area (LSOA; areas that were split or merged are united)'}.",
        f"Months studied: {d.window.first} to {d.window.last}.",
        f"Compared: {study.words.treated} with {study.words.comparison} ({d.comparison.replace('_', ' ')}).",
        f"Months before the start that may already be affected: {d.anticipation}.",
        *([f"Only areas that start in {', '.join(d.cohorts)}, and areas never treated."] if d.cohorts else []),
    ]
    return {
        "Study type": "Experiment" if trial else "Observational study",
        "Blinding": _NOT_SAID if trial else "No blinding: records that are kept anyway are counted.",
        "Study design": _lines(said),
        "Randomisation": _NOT_SAID if trial else "None by the researchers.",
    }


def _sampling(study: Study, record: Record) -> dict[str, str]:
    data = [f"{name}: {_columns(use.columns)}" for name, use in study.contracts.items()]
    existing = (
        "Registration following analysis of the data: results were there when the plan was registered "
        f"({', '.join(record.seen)})."
        if record.seen
        else "The program had made no result when the plan was registered. Please choose the form's answer that fits "
        "what anybody had seen of the data by then."
    )
    return {
        "Existing data": existing,
        "Explanation of existing data": study.registration_note,
        "Data collection procedures": _lines(["Routine records, each received under a contract:", *data]),
        "Sample size": f"Every {'person' if study.people else 'area'} that the design names; nobody is sampled.",
        "Sample size rationale": f"The smallest effect worth having is {study.smallest_worthwhile:.0%}. The smallest "
        "effect that could be seen is worked out by placebo starts before the effect is.",
        "Stopping rule": f"The study ends with {study.design.window.last}.",
    }


def _columns(columns: tuple[str, ...]) -> str:
    return ", ".join(columns) if columns else "all columns of a public dataset"


def _variables(study: Study) -> dict[str, str]:
    covariates = [f"{name}: {at}" for name, at in study.covariates.items()]
    covariates += list(study.people.covariates) if study.people else []
    return {
        "Manipulated variables": f"{study.words.intervention}: where, when or to whom it was given is read from the "
        f"contract {study.intervention}.",
        "Measured variables": _lines([_outcome(o) for o in study.outcomes]),
        "Covariates": _lines(covariates) or _NONE,
        "Indices": _NONE,
    }


def _outcome(outcome: Outcome) -> str:
    kept = "; ".join(f"{column} is {value}" for column, value in outcome.where.items())
    return f"{outcome.name} ({outcome.role}): {outcome.label}, from {outcome.contract}" + (
        f", where {kept}" * bool(kept)
    )


def _analysis(study: Study) -> dict[str, str]:
    from curv_eval.methods import load

    d, method = study.design, load(study.design.method)
    options = [f"{name}: {value}" for name, value in d.options.items()]
    left = [f"Months left out as not whole: {', '.join(d.leave_out)}."] if d.leave_out else []
    return {
        "Statistical models": _lines([
            f"{method.NAMED} (`{d.method}`), errors by {'group' if study.people else d.cluster}.",
            *options, "Assumes:", *assumed(study),
        ]),
        "Transformations": _NONE,
        "Inference criteria": _lines(_inference(study)),
        "Data exclusion": _lines([*left, "Records outside the window, the districts or an outcome's conditions."]),
        "Missing data": "How many outcomes of people are missing is shown for each group, with worst-case bounds where "
        "the check `attrition` is run."
        if study.people
        else "A month that a source did not supply, or supplied in part, is left out and not counted as 0.",
        "Exploratory analysis": _lines([f"Subgroups, in this order: {', '.join(study.subgroups)}."]) if study.subgroups
        else "None registered. Whatever is added later is printed as such.",
    }  # fmt: skip


def _inference(study: Study) -> list[str]:
    level = f"{1 - study.design.alpha:.0%}"
    return [
        f"One test decides: the {level} interval (two-sided) of {study.primary.name}. Other outcomes are secondary.",
        f"An interval without 0 is a change; one within {study.smallest_worthwhile:.0%} is little or no difference; "
        "any other means that we cannot tell.",
        *(["Several outcomes: p-values by Holm and Romano-Wolf."] if "multiple_outcomes" in study.checks else []),
        f"Checks, in this order: {', '.join(study.checks)}.",
    ]


def _other(study: Study, record: Record) -> dict[str, str]:
    breaks = "; ".join(study.series_breaks)
    return {
        "Other": _lines([
            f"Registered with curv-eval {record.version} at {record.at} by {record.by}, as record {record.number}.",
            f"Plan (SHA-256): {record.plan_sha256}. Random seed: {study.seed}.",
            *([f"Git commit of the study file: {record.commit}."] if record.commit else []),
            *([f"Series known to change for other reasons: {breaks}."] if breaks else []),
            *(["Data are MADE UP, with a known effect."] if study.made_up else []),
            *([f"Change logged: {record.reason}", *map(str, record.differences)] if record.reason else []),
        ]),
    }  # fmt: skip


def _lines(lines: list[str]) -> str:
    return "\n".join(lines)


def _markdown(held: Sections) -> str:
    parts = [f"# {held['Study Information']['Title']}"]
    for section, items in held.items():
        parts.append(f"## {section}")
        parts += [f"### {item}\n\n{_listed(text)}" for item, text in items.items()]
    return "\n\n".join(parts)


def _listed(text: str) -> str:
    lines = text.split("\n")
    return text if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
