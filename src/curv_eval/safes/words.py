"""Markdown that an assessment is written in: tables, facts, and questions that are left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curv_eval.register.page import plain
from curv_eval.safes.nouns import Case, Shared

ASK = "To answer:"
_DOUBT = ("unverified", "to be confirmed", "to be named")


def ask(question: str) -> str:
    """Return a question that only a person can answer."""
    return f"- {ASK} {plain(question)}"


def fact(name: str, value: str) -> str:
    """Return a line with a fact, marked where its own words say that nobody has checked it."""
    return f"- {name}: {checked(value)}"


def checked(value: str) -> str:
    """Return text from a contract, with a mark where it says of itself that it was not checked."""
    mark = " **NOT VERIFIED**" if any(word in value.casefold() for word in _DOUBT) else ""
    return plain(value) + mark


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, or the word None."""
    written = [f"| {' | '.join(map(checked, row))} |" for row in rows]
    if not written:
        yield "None.\n"
        return
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (*written, "")


def head(case: Case, title: str) -> Iterator[str]:
    """Yield the title and how the page came to be."""
    study = case.study
    yield f"# {title}\n"
    yield f"Study `{study.study}`: {plain(study.title)}\n"
    yield (
        f"Made on {case.today} from the study file and its {len(case.shared)} contracts. What they do not say "
        f'stands as "{ASK}"; put the answer there, or into the contract and make this page again in another folder.\n'
    )
    if study.made_up or any(one.contract.options["made_up_only"] for one in case.shared):
        yield "**Made-up data.** At least one contract covers made-up data only. Nothing here is an agreement.\n"


def listed(names: Iterable[str]) -> str:
    """Return names parted by commas, or "none"."""
    return ", ".join(names) or "none"


def to_settle(case: Case) -> Iterator[str]:
    """Yield a question for everything in the contracts that needs a person."""
    for one in case.shared:
        for doubt in one.doubts:
            yield ask(f"{one.contract.name}: {doubt}. The steward is {one.contract.steward}.")


def blanks(shared: Iterable[Shared]) -> Iterator[str]:
    """Yield a question for each dataset without a lawful basis."""
    for one in shared:
        if not one.contract.lawful_basis.strip():
            yield ask(
                f"what is the lawful basis of {one.contract.name}? Its contract has none, so nothing may be read."
            )
