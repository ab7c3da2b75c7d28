"""The sections of a review's brief, from released tables and the review's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from curv_eval.disclosure import Released
from curv_eval.evidence.answered import Answered
from curv_eval.evidence.judgement.pooled import RATIOS
from curv_eval.evidence.judgement.words import in_short
from curv_eval.report.bundle import Column, add_facts, add_part, add_table, add_values, markdown, plain
from curv_eval.report.figures import add_figure
from curv_eval.report.rating_parts import in_a_brief
from curv_eval.report.review_tables import prisma
from curv_eval.report.words import day_name
from curv_eval.study import Review

_NOT_JUDGED = "Nobody has judged this yet, so nothing is said of it."
_INTERVALS = {
    "hartung_knapp": "Hartung and Knapp, never narrower than the usual one",
    "hartung_knapp_uncorrected": "Hartung and Knapp, uncorrected", "normal": "the normal distribution",
}  # fmt: skip


def write_review(found: Answered, tables: dict[str, Released], *, folder: str | Path) -> None:
    """Write the bundle of a review: facts, values, tables, figures and the parts of its brief."""
    folder, review = Path(folder), found.review
    add_facts(folder, study=review.study, title=review.title, made_up=False, unit="review", kind="review")
    add_facts(folder, approach=review.approach, outcome=review.outcome, found=found.said.found)
    for released in tables.values():
        add_table(folder, released)
    add_values(folder, _values(found))
    for name, text in _parts(found, tables).items():
        add_part(folder, name, text)
    for name, text in _figures(found, tables, folder):
        add_part(folder, name, text)


def _values(found: Answered) -> dict[str, str]:
    review, pooled = found.review, found.pooled
    return {
        "title": plain(review.title), "question": plain(review.question), "summary": plain(review.brief.summary),
        "study": review.study, "place": plain(review.approach), "registered": day_name(review.registered),
        "registration_note": plain(review.registration_note), "authors": plain(review.brief.authors),
        "contact": plain(review.brief.contact), "made_up": "false", "headline": plain(found.said.text),
        "taken_from": plain(review.taken_from), "outcome": plain(review.outcome), "found": found.said.found,
        "studies": f"{pooled.studies:,}", "effects": f"{len(found.found.effects):,}", "measure": pooled.measure,
        "certainty": found.certainty.level if found.certainty else "not judged",
        "in_words": plain(in_short(found.said, pooled)),
        "cost": plain(found.costs[0].text) if found.costs else "not worked out",
    }  # fmt: skip


def _parts(found: Answered, tables: dict[str, Released]) -> dict[str, str]:
    review, lines = found.review, "\n".join
    return {
        "headline": plain(found.said.sentences[0]),
        "glance": _glance(found),
        "means": lines(f"- {plain(text)}" for text in _means(found)),
        "does_not_mean": lines(f"- {plain(text)}" for text in review.brief.does_not_mean),
        "limits": lines(f"- {plain(text)}" for text in review.brief.limits),
        "eligibility": _eligibility(review),
        "other": _averages(tables["review_other"], "review-other"),
        "groups": "\n\n".join(
            _averages(held, name.replace("_", "-")) for name, held in tables.items() if name.startswith("review_by_")
        ),
        "missing": _missing(found),
        "certainty": _certainty(found, tables),
        "security": _security(found, tables["review_security"]),
        "transfer": _transfer(found, tables),
        "worth": "\n\n".join(plain(text) for text in _worth(found)),
        "published": _published(found),
        "studies": _studies(found, tables["review_forest"]),
        "method": "\n\n".join(plain(text) for text in _method(found)),
        "deviations": lines(f"- {plain(text)}" for text in review.deviations) or "Nothing was changed.",
        "checklist": _checklist(found),
        "flow": _taken(found),
        "bias": _NOT_JUDGED,
    }  # fmt: skip


def _glance(found: Answered) -> str:
    held, security = found.pooled, found.security
    rows = [
        ("What was found", _number(held.estimate, held.low, held.high)),
        ("Studies", f"{held.studies:,}"),
        ("How sure we are", found.certainty.level if found.certainty else "not judged"),
        ("How secure the review is", f"{security.level} of 5, proposed"),
        ("In a new place", _span(held.prediction) if held.prediction else "cannot be said"),
    ]
    body = [f"| {what} | {said} |" for what, said in rows]
    head = f"| {held.measure[0].upper()}{held.measure[1:]} of {plain(held.outcome)} | Answer |\n| :--- | :--- |"
    return "\n".join([head, *body, "", ": At a glance {#tbl-glance}"])


def _number(estimate: float, low: float, high: float) -> str:
    return f"{estimate:.2f} (between {low:.2f} and {high:.2f})"


def _span(ends: tuple[float, float]) -> str:
    return f"between {ends[0]:.2f} and {ends[1]:.2f}"


def _means(found: Answered) -> Iterator[str]:
    yield from found.said.sentences[1:]
    if found.transfer:
        yield found.transfer.text


def _eligibility(review: Review) -> str:
    include = [f"- {plain(text)}" for text in review.eligibility.include]
    exclude = [f"- {plain(one.meaning)}" for one in review.eligibility.exclude]
    return "\n".join(["A study counts when:", "", *include, "", "It is left out when:", "", *exclude])


def _averages(released: Released, label: str) -> str:
    number = "{:.2f}".format
    columns = (
        Column("term", "How", lambda text: plain(text[0].upper() + text[1:])),
        Column("estimate", "Average", number, right=True), Column("conf_low", "From", number, right=True),
        Column("conf_high", "To", number, right=True), Column("studies", "Studies", "{:,.0f}".format, right=True),
    )  # fmt: skip
    return markdown(released, columns, label=label, widths="52,12,12,12,12")


def _missing(found: Answered) -> str:
    line = found.small_studies
    if line is None:
        return "There are too few studies to look for ones that may be missing: ten are needed."
    test = f"(Egger's test: p = {line.p_value:.2f})"
    if line.p_value >= 0.1:
        return f"Small studies find about the same as large ones {test}, so nothing points to studies that are missing."
    return (
        f"Small studies do not find the same as large ones {test}. That would be so if small studies without an effect "
        "were not published. There are other causes: small studies may be of other people, or worse made."
    )


def _certainty(found: Answered, tables: dict[str, Released]) -> str:
    if found.certainty is None:
        return _NOT_JUDGED
    columns = (
        Column("reason", "Reason", lambda name: plain(name.replace("_", " ").capitalize())),
        Column("steps", "Levels", lambda n: f"{n:+d}" if n else "0", right=True), Column("why", "Why"),
    )  # fmt: skip
    table = markdown(tables["review_certainty"], columns, label="review-certainty", widths="22,10,68")
    return f"{plain(found.certainty.text)}\n\n{table}"


def _security(found: Answered, released: Released) -> str:
    columns = (
        Column("part", "Part", lambda name: plain(name.capitalize())),
        Column("score", "Score", lambda n: f"{n} of 5"), Column("reason", "Why", in_a_brief),
    )  # fmt: skip
    table = markdown(released, columns, label="review-security", widths="26,14,60")
    return f"{plain(found.security.text)}\n\n{table}"


def _transfer(found: Answered, tables: dict[str, Released]) -> str:
    if found.transfer is None:
        return _NOT_JUDGED
    columns = (
        Column("feature", "Feature", lambda name: plain(name.replace("_", " ").capitalize())),
        Column("answer", "Alike?", lambda text: plain(text.capitalize())), Column("reason", "Why"),
    )  # fmt: skip
    table = markdown(tables["review_transfer"], columns, label="review-transfer", widths="22,14,64")
    return f"{plain(found.transfer.text)}\n\n{table}"


def _worth(found: Answered) -> Iterator[str]:
    if found.per_people is None:
        yield "No rate was given for the place, so what it would mean there was not worked out."
        return
    yield found.per_people.text
    yield from (one.text for one in found.costs)
    if found.review.cost:
        yield f"What it costs: {found.review.cost.source}."


def _published(found: Answered) -> str:
    held = found.review.published
    if held is None:
        return ""
    ours = found.pooled.estimate
    turned = f", or {1 / ours:.2f} the other way round" if found.pooled.measure in RATIOS else ""
    said = f"{held.text} Ours from the same studies is {ours:.2f}{turned}."
    return f"### Beside what was published {{#sec-published}}\n\n{plain(said)} Source: {plain(held.source)}."


def _studies(found: Answered, released: Released) -> str:
    number = lambda x: "" if pd.isna(x) else f"{x:.2f}"  # noqa: E731 - a way to write a cell
    columns = (
        Column("label", "Study"), Column("estimate", found.pooled.measure.capitalize(), number, right=True),
        Column("conf_low", "From", number, right=True), Column("conf_high", "To", number, right=True),
        Column("weight", "Counts for, %", lambda x: "–" if pd.isna(x) else f"{x:.1f}", right=True),
    )  # fmt: skip
    # the range for a new place is none of a study, and has no weight
    listed = replace(released, table=released.table[released.table["kind"] != "prediction"])
    return markdown(listed, columns, label="review-studies", widths="44,14,12,12,18")


def _method(found: Answered) -> Iterator[str]:
    review, how = found.review, found.review.synthesis
    yield f"Each effect: {found.found.effects[0].how}."
    for text in dict.fromkeys(text for one in found.alone for text in one.assumptions):
        yield f"Taken as true: {text}."
    if review.studies.same_label == "effects":
        yield (
            "Some studies give several effects on the same people. A model of three levels puts them together, with "
            f"effects of one study taken to be correlated {how.correlation:g}; the interval holds where that is wrong "
            "(cluster-robust, CR2, with Satterthwaite's degrees of freedom)."
        )
    else:
        yield (
            f"Studies are put together with random effects (spread by {how.tau2.upper()}, interval by "
            f"{_INTERVALS[how.interval]}). The range for a new place adds how far studies differ."
        )
    yield f"Of all the spread between studies, {100 * (found.pooled.i2 or 0):.0f}% is more than chance would give."


def _taken(found: Answered) -> str:
    rows, studies = len(found.found.effects), len(found.alone)
    return plain(
        f"The table of studies comes from {found.review.taken_from}, who searched and chose them. It has {rows:,} "
        f"effects, and all of them are used: {studies:,} studies. Nobody has searched again for this review."
    )


def _checklist(found: Answered) -> str:
    table = prisma(found)
    rows = [
        f"| {one.item} | {plain(one.asks)} | {one.met} | {plain(one.where or one.reason)} |"
        for one in table.itertuples()
    ]
    head = "| Item | Asks for | Met | Where, or why not |\n| ---: | :--- | :--- | :--- |"
    widths = '{#tbl-checklist tbl-colwidths="[8,46,10,36]"}'
    return "\n".join([head, *rows, "", f": The checklist of PRISMA 2020, in our words {widths}"])


def _figures(found: Answered, tables: dict[str, Released], folder: Path) -> Iterator[tuple[str, str]]:
    held = found.pooled
    scale = "ratio" if held.measure in RATIOS else "difference"
    label = f"{held.measure.capitalize()} of {held.outcome}"
    words = {"effect_label": label, "scale": scale, "what": f"the effect on {held.outcome} in {held.studies} studies"}
    sides = {"fewer": f"less {held.outcome}", "more": f"more {held.outcome}"}
    title = f"{found.review.approach[0].upper()}{found.review.approach[1:]}: the effect in each study"
    yield "forest", add_figure(folder, "forest", tables["review_forest"], words={**words, **sides}, caption=title)
    told = {**words, "pooled": f"{held.estimate:.6g}"}
    title = "Each study's effect and how precise it is"
    yield "funnel", add_figure(folder, "funnel", tables["review_funnel"], words=told, caption=title)
    if found.flow:
        what, title = {"what": "the studies of this review"}, "From records to studies"
        figure = add_figure(folder, "review_flow", tables["review_flow"], words=what, caption=title)
        yield "flow", f"{figure}\n\n{plain(found.flow.text)}"
    if found.assessed:
        what, title = {"what": "the studies of this review"}, "The risk of bias of each study, domain by domain"
        yield "bias", add_figure(folder, "traffic_light", tables["review_bias"], words=what, caption=title)
