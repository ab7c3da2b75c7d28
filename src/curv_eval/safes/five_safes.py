"""The Five Safes of a study: projects, people, settings, data and outputs."""

from __future__ import annotations

from collections.abc import Iterator

from curv_eval.disclosure.rules import rules, strictest
from curv_eval.register.page import plain
from curv_eval.safes.nouns import Case, Shared
from curv_eval.safes.reading import law
from curv_eval.safes.words import ask, blanks, checked, fact, head, listed, table, to_settle

HEADINGS = ("Safe projects", "Safe people", "Safe settings", "Safe data", "Safe outputs", "What the law asks")
_BASIS = ("lawful basis", "gateway", "special category condition", "criminal offence condition")


def five_safes(case: Case) -> str:
    """Return the checklist as markdown."""
    parts = (_projects, _people, _settings, _data, _outputs, _law)
    lines = [*head(case, "Five Safes")]
    for heading, part in zip(HEADINGS, parts, strict=True):
        lines += [f"## {heading}\n", *part(case), ""]
    return "\n".join(lines).rstrip() + "\n"


def _projects(case: Case) -> Iterator[str]:
    study = case.study
    yield "Is this an appropriate use of the data?\n"
    yield fact("Question", study.question)
    yield fact("Purpose, which every contract must allow", study.purpose)
    yield fact("Plan", _plan(case))
    yield from ("", "**On what basis**\n", *bases(case), *blanks(case.shared))
    yield ask("who approved this project, and on which day?")
    yield ask("what good does it do for the people in the data, and who has said so beside the evaluators?")
    yield ask("does it need, and have, an ethics review?")
    yield from to_settle(case)


def _plan(case: Case) -> str:
    first = case.standing.first
    if first is None:
        return f"not registered with this program; the study says that it was fixed on {case.study.registered}"
    return f"registered on {first.at[:10]} by {first.by}; {case.standing.status.value}"


def bases(case: Case) -> Iterator[str]:
    """Yield for each dataset that is not open its purposes, its basis and its agreement, and the names of the rest."""
    for one in case.restricted:
        yield f"**{plain(one.contract.name)}** ({checked(one.contract.title)})\n"
        yield fact("Controller", one.row["controller"])
        yield fact("Purposes", one.row["purposes"])
        yield from (fact(name[0].upper() + name[1:], one.row[name]) for name in _BASIS)
        yield fact("Agreement", one.row["agreement"])
        yield fact("Contract", f"{one.row['contract']}, version {one.row['version']}")
        yield fact("Impact assessment", one.row["DPIA"])
        yield ""
    yield f"Open to anyone, so without an agreement: {plain(listed(one.contract.name for one in case.open))}.\n"


def _people(case: Case) -> Iterator[str]:
    yield "Can those who use the data be trusted to use them properly?\n"
    yield fact("Authors of the study", case.study.brief.authors)
    yield fact("Contact", case.study.brief.contact)
    yield ""
    rows = [(one.contract.name, one.row["recipients"], one.row["steward"]) for one in case.restricted]
    yield from table(("Dataset", "Who may receive it", "Whom to ask (steward)"), rows)
    yield "A brief stays marked DRAFT until a named person approves exactly this run (`curv-eval review`).\n"
    yield ask("who, by name, will open these data, and are they among those who may receive them?")
    yield ask("what training have they had in data protection and in disclosure control, and when?")
    yield ask("who will review the run, and are they independent of its authors?")
    if case.restricted:
        yield ask("is there a contract with a processor wherever a recipient is not a controller?")


def _settings(case: Case) -> Iterator[str]:
    yield "Does the place where the data are used keep them from others?\n"
    rows = [(one.contract.name, one.use.location, _sealed(one)) for one in case.restricted]
    yield from table(("Dataset", "Where, below the data folder", "Encrypted"), rows)
    yield "- Executed notebooks and panels stay in `restricted/` of a run; a brief is made from `release/` alone."
    yield "- A notebook that writes the value of a secret, or a file it does not declare, stops the run."
    if case.restricted:
        yield ask("on which machine are the data kept, who runs it, and is its disk encrypted?")
        yield ask("who else can open that folder, and is it in a backup that must be cleared too?")
        yield ask("how do the data come from each partner, and how is that kept from others?")


def _sealed(one: Shared) -> str:
    return f"with the key in the variable {one.use.key.removeprefix('env:')}" if one.use.key else "not by this study"


def _data(case: Case) -> Iterator[str]:
    yield "Are people in the data protected from being recognised?\n"
    yield from received(case)
    yield from linked(case)
    yield from kept(case)
    for one in case.restricted:
        if one.contract.limitations:
            yield fact(f"Limits of {plain(one.contract.name)}", one.contract.limitations)
    if case.restricted:
        yield ask("could somebody who works with these people recognise one of them in the columns received?")


def received(case: Case) -> Iterator[str]:
    """Yield what the study receives of each dataset that is not open, how finely, and how much it leaves."""
    for one in case.restricted:
        kept, all_ = len(one.received), len(one.contract.columns)
        yield f"**Columns of {plain(one.contract.name)}**\n"
        yield f"{kept} columns are received; {len(one.left)} of its {all_} stay with their owner.\n"
        rows = [
            (r.column.name, r.form.replace("_", " "), r.column.disclosure_role, r.column.data_category)
            for r in one.received
        ]
        yield from table(("Column", "Received as", "Could give away", "Category"), rows)
        yield fact("Left", listed(column.name for column in one.left))
        yield fact("Consent", one.row["consent"])
        yield ""


def linked(case: Case) -> Iterator[str]:
    """Yield how people are known across datasets."""
    held = [f"{one.contract.name} ({listed(names)})" for one in case.restricted if (names := pseudonyms(one))]
    yield "**Pseudonyms and linkage**\n"
    yield fact("Pseudonyms received", listed(held))
    yield fact("Pairs of pseudonyms from a linker", listed(case.links))
    for one in case.restricted:
        if one.contract.about_people:
            yield fact(f"{plain(one.contract.name)} may be linked with", one.row["may be linked with"])
    if held:
        yield ask("who holds the key of the pseudonyms? It must be nobody who holds these data.")
    if case.links:
        yield ask("who links the people, and what was measured of links that are wrong or missed?")
    yield ""


def pseudonyms(one: Shared) -> tuple[str, ...]:
    """Return the columns with pseudonyms that the study receives of a dataset."""
    return one.received_as(disclosure_role="pseudonym")


def kept(case: Case) -> Iterator[str]:
    """Yield how long each dataset may be used and kept."""
    yield "**How long**\n"
    rows = [
        (one.contract.name, one.row["last day of use"], one.row["retention"], one.row["delete by"])
        for one in case.restricted
    ]
    yield from table(("Dataset", "Last day of use", "Kept", "Delete by"), rows)


def _outputs(case: Case) -> Iterator[str]:
    yield "Can what is published be used to recognise anybody?\n"
    rows = [(one.contract.name, one.contract.small_number_rule, _says(one)) for one in case.shared]
    yield from table(("Dataset", "Rule for small numbers", "What it does"), rows)
    strict = strictest(one.contract.small_number_rule for one in case.shared)
    yield fact("Where all of them meet in one table", f"{strict.name}: {strict.says}")
    yield "- Every number passes one gate; a withheld number is never shown as 0."
    yield "- Every file of a release is scanned for what names or finds a person (`curv-eval scan`)."
    yield ask("who checks the outputs before they leave, beside the program?")
    yield ask("what was published before from these data, and does this release beside it give anything away?")
    yield ask("what could a motivated intruder who knows the area make of this release?")


def _says(one: Shared) -> str:
    return rules()[one.contract.small_number_rule].says


def _law(case: Case) -> Iterator[str]:
    rows = [(one["provision"], one["asks"], f"{one['source']} ({one['confidence']})") for one in law()]
    yield from table(("Provision", "What it asks", "Source, and how sure"), rows)
