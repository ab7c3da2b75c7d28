"""A data protection impact assessment begun from the contracts: the seven steps of the ICO's template."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from curv_eval.register.page import plain
from curv_eval.safes.five_safes import bases, kept, linked, pseudonyms, received
from curv_eval.safes.nouns import Case
from curv_eval.safes.words import ask, blanks, fact, head, listed, table, to_settle

STEPS = (
    "Step 1: Identify the need",
    "Step 2: Describe the processing",
    "Step 3: Consultation",
    "Step 4: Necessity and proportionality",
    "Step 5: Risks",
    "Step 6: Measures",
    "Step 7: Sign off and outcomes",
)
PARTS = ("Nature", "Scope", "Context", "Purposes")


def dpia(case: Case) -> str:
    """Return the skeleton as markdown."""
    parts = (_need, _processing, _consultation, _necessity, _risks, _measures, _sign_off)
    lines = [*head(case, "Data protection impact assessment (begun, not finished)")]
    for heading, part in zip(STEPS, parts, strict=True):
        lines += [f"## {heading}\n", *part(case), ""]
    return "\n".join(lines).rstrip() + "\n"


def _need(case: Case) -> Iterator[str]:
    yield fact("What the study wants to know", case.study.question)
    reasons = list(_reasons(case))
    yield from (f"- It calls for an assessment: {plain(reason)}." for reason in reasons)
    if not reasons:
        yield "- No contract of this study is about people, and none holds data of a category that needs a condition."
        yield ask("does the data protection officer agree that no full assessment is needed?")
    else:
        yield ask("are there people among them who are under 18, or who could be harmed by being recognised?")
    existing = [(one.contract.name, one.row["DPIA"]) for one in case.restricted]
    yield ""
    yield from table(("Dataset", "Assessment that its contract names"), existing)


def _reasons(case: Case) -> Iterator[str]:
    for category in ("special category", "criminal offence"):
        names = [
            f"{one.contract.name}.{name}" for one in case.shared for name in one.received_as(data_category=category)
        ]
        if names:
            yield f"{category} data are received ({', '.join(names)})"
    people = [one.contract.name for one in case.restricted if one.contract.about_people]
    if people:
        yield f"rows are about single persons ({', '.join(people)})"
    if case.links:
        yield f"people are matched across datasets ({', '.join(case.links)})"


def _processing(case: Case) -> Iterator[str]:
    for name, part in zip(PARTS, (_nature, _scope, _context, _purposes), strict=True):
        yield from (f"### {name}\n", *part(case), "")


def _nature(case: Case) -> Iterator[str]:
    yield from received(case)
    yield from linked(case)
    yield from kept(case)
    yield "- How they are used: checked against their contracts, counted or followed; never shown by row."
    yield ask("how do the data come here, who touches them on the way, and how are they deleted at the end?")


def _scope(case: Case) -> Iterator[str]:
    study = case.study
    yield fact("Place", f"{study.place.name} ({listed(study.place.districts)})")
    yield fact("Months", f"{study.design.window.first} to {study.design.window.last}")
    yield fact("Unit of analysis", study.design.unit)
    for category in ("special category", "criminal offence"):
        names = [
            f"{one.contract.name}.{name}" for one in case.shared for name in one.received_as(data_category=category)
        ]
        yield fact(f"Columns with {category} data", listed(names))
    yield ask("about how many people are in each dataset, and of which ages?")


def _context(case: Case) -> Iterator[str]:
    rows = [(one.contract.name, one.row["controller"], one.row["consent"]) for one in case.restricted]
    yield from table(("Dataset", "Controller", "Consent"), rows)
    yield ask("would the people in the data expect this use, and how were they told of it?")
    yield ask("is there public concern about such data, or a complaint or breach in the past?")


def _purposes(case: Case) -> Iterator[str]:
    yield fact("Purpose", case.study.purpose)
    yield fact("What is counted", listed(f"{one.label} ({one.role})" for one in case.study.outcomes))
    yield ask("what will be done differently once the answer is known, and for whom is that good?")


def _consultation(case: Case) -> Iterator[str]:
    for steward in dict.fromkeys(one.contract.steward for one in case.restricted):
        yield ask(f"what does {steward} say?")
    yield ask("how were the views of people like those in the data asked for, or why were they not?")
    yield ask("what does the data protection officer advise?")


def _necessity(case: Case) -> Iterator[str]:
    yield from bases(case)
    yield from blanks(case.shared)
    kept_back = sum(len(one.left) for one in case.restricted)
    yield f"- Minimisation: {kept_back} columns stay with their owners; step 2 lists what is received."
    yield "- Nobody is judged: results are about groups, and small groups are withheld."
    yield ask("could the question be answered with fewer columns, coarser ones, or counts alone?")
    yield ask(
        "how do people use their rights, such as to object or to withdraw consent, and what becomes of their rows?"
    )
    yield from to_settle(case)


def _risks(case: Case) -> Iterator[str]:
    yield "Likelihood and severity are for people to judge.\n"
    for number, (risk, _) in enumerate(_faced(case), 1):
        yield f"{number}. {plain(risk)}"
        yield f"   {ask('how likely is it, and how severe would it be?')}"
    yield ask("which other risks do those see who know these people?")


def _measures(case: Case) -> Iterator[str]:
    rows = [(str(number), measure) for number, (_, measure) in enumerate(_faced(case), 1)]
    yield from table(("Risk", "What this program and these contracts do about it"), rows)
    yield ask("what is done beside this, and what risk is left after it?")


def _faced(case: Case) -> list[tuple[str, str]]:
    """Return the risks that this study has, each with what is done about it."""
    return [(risk, measure) for applies, risk, measure in _RISKS if applies(case)]


def _sensitive(case: Case) -> bool:
    return any(one.column.data_category != "none" for held in case.restricted for one in held.received)


def _not_open(case: Case) -> bool:
    return bool(case.restricted)


_RISKS: tuple[tuple[Callable[[Case], bool], str, str], ...] = (
    (
        lambda case: True,
        "Somebody is recognised in a published number, chart or text.",
        "small numbers are withheld or rounded by the strictest rule of the contracts; every released file is scanned; "
        "a named person reviews the run",
    ),
    (
        lambda case: any(pseudonyms(one) for one in case.restricted),
        "Somebody is found again behind a pseudonym.",
        "pseudonyms are keyed, and the key stays with its holder; they go no further than the assembly of the data",
    ),
    (
        lambda case: bool(case.links),
        "Records of different people are taken for one person's, or those of one are missed.",
        "the linker's account of pairs that are thought wrong or missed goes with the pairs, and the brief shows it",
    ),
    (
        _sensitive,
        "Special category or criminal offence data become known of somebody.",
        "columns are received as finely as the study declares and no finer; each category needs its condition",
    ),
    (
        _not_open,
        "Data are kept or used longer than was agreed.",
        "after the last day of use, or of the copy, the data are not loaded, and the register names it",
    ),
    (
        _not_open,
        "Data are used for something else.",
        "the study's purpose must be one of each contract's, in the same words",
    ),
    (
        lambda case: any(one.contract.consent_column for one in case.restricted),
        "Rows of people who did not consent are used.",
        "only rows are used in which the column of consent is true",
    ),
)


def _sign_off(case: Case) -> Iterator[str]:
    for what in ("Measures approved by", "Risks that are left approved by", "Advice of the data protection officer"):
        yield ask(f"{what} (name, role, day)?")
    yield ask("was the advice taken, and if not, why?")
    yield ask("who keeps this assessment under review, and when is it looked at again?")
    ends = [one.contract.expires for one in case.restricted if one.contract.expires]
    if ends:
        yield fact("The first agreement ends on", str(min(ends)))
