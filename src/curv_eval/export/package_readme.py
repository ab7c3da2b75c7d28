"""The README of a replication package, in the sections of the social science data editors' template."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from curv_eval.export.crate_words import licence_of
from curv_eval.export.finished import Asked, Finished, is_open

_TEMPLATE = "https://social-science-data-editors.github.io/template_README/"
_CODE = (
    ("`params/`", "the study: question, data, design, outcomes, checks and random seed, fixed before the run"),
    ("`data_contracts/`", "what each dataset promises and may be used for; data that break it stop the run"),
    ("`notebooks/data.ipynb`", "checks the data and builds the panel, or the list of people"),
    ("`notebooks/power.ipynb`", "how small an effect the study could have seen, before the effect is looked at"),
    ("`notebooks/effect.ipynb`", "estimates the effect, tries to break it, and releases tables and figures"),
    ("`src/curv_eval/`", "the library that these notebooks call"),
    ("`manifest.json`", "of the original run: hashes of all it used and made, times, versions"),
    ("`check_release.py`", "compares every released file with `expected.json`"),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """Which datasets are in the package as what, by contract. seeded: made again by the study's own seed.

    copied: as they were used. stand_in: made up in place of data that may not leave. absent: not here.
    """

    seeded: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    stand_in: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Whether a run of the package has the same data as the run it is of."""
        return not self.stand_in and not self.absent


def readme(done: Finished, asked: Asked, shown: Shown) -> str:
    """Return the README of a package as markdown."""
    parts = (
        _overview(done, shown), _provenance(done, asked, shown), _datasets(done, shown), _requirements(done),
        _programs(asked, done), _instructions(done, shown), _outputs(done), _references(done),
    )  # fmt: skip
    title = f"# Replication package: {done.study.title}"
    return "\n\n".join([title, f"It follows the [template README of the data editors]({_TEMPLATE}).", *parts]) + "\n"


def _overview(done: Finished, shown: Shown) -> str:
    lines = [
        "## Overview", "",
        f"The question: {' '.join(done.study.question.split())}", "",
        f"This package makes run `{done.run.name}` of the study `{done.study.study}` again: one command, "
        f"`make replicate`, about {_minutes(done)} after installation. The study uses {len(done.contracts)} datasets; "
        f"what of them is here is said below.", "", _sameness(done, shown),
    ]  # fmt: skip
    return "\n".join(lines)


def _sameness(done: Finished, shown: Shown) -> str:
    made_up = (
        "**The data are made up**: the numbers say nothing about any real place or person. "
        if done.held["made_up"]
        else ""
    )
    if shown.exact:
        return f"{made_up}Every released file comes out with the same bytes, as `check_release.py` shows."
    if shown.absent:
        return "It cannot run before the datasets marked *not here* are put in place; how to obtain them is said there."
    return (
        "Data that may not be handed on are replaced by made-up data of the same layout. They show how the program "
        "reads them; their numbers mean nothing, and `expected.json` can be met only with the real data."
    )


def _provenance(done: Finished, asked: Asked, shown: Shown) -> str:
    name, text = licence_of(asked.licence, done)[1:]
    rights = [
        "## Data availability and provenance statements", "", "### Statement about rights", "",
        f"- The authors used every dataset under the agreement and for the purpose named below "
        f"(purpose: {done.study.purpose}).",
        f"- Released results: {name}. {text}", "- Program: MIT, see `LICENSE`.", "",
        "### Summary of availability", "", _summary(shown), "", "### Details on each data source", "",
    ]  # fmt: skip
    return "\n".join([*rights, *(_source(done, one, shown) for one in sorted(done.contracts))])


def _summary(shown: Shown) -> str:
    if shown.seeded:
        return "All data are made up by the program from the seed in the study file; nothing has to be obtained."
    if shown.exact:
        return "All data are in the package."
    if shown.copied:
        return "Some data are in the package; others may not be handed on, or have to be obtained."
    return "No data of the study are in the package; they may not be handed on, or have to be obtained."


def _source(done: Finished, name: str, shown: Shown) -> str:
    contract = done.contracts[name]
    files = {f.partition("/")[2]: h for f, h in done.held["inputs"]["data"].items() if f.split("/")[0] == name}
    first = f"; SHA-256 `{next(iter(files.values()))}`" if len(files) == 1 else "; hashes in `manifest.json`"
    ends = f", ends {contract.expires}" if contract.expires else ""
    return "\n".join([
        f"- **{contract.title}** (`{name}`, version {contract.version}): {_state(done, name, shown)}.",
        f"  {' '.join(contract.description.split())}",
        f"  Controller: {contract.controller}. Agreement: {contract.agreement}{ends}. "
        f"{'Open to anyone' if is_open(contract) else 'Restricted'}.",
        f"  To obtain it: {' '.join(contract.obtain.split())}",
        f"  Limitations: {' '.join(contract.limitations.split())}",
        f"  {len(files):,} file(s){first}.",
    ])  # fmt: skip


def _state(done: Finished, name: str, shown: Shown) -> str:
    at = f"`data/{done.study.contracts[name].location}`"
    if name in shown.seeded:
        return "made up, drawn again by the run itself"
    if name in shown.copied:
        return f"here, {at}{', made up' if done.held['made_up'] else ''}"
    return f"**made-up data in its place**, {at}" if name in shown.stand_in else f"**not here**; it belongs at {at}"


def _datasets(done: Finished, shown: Shown) -> str:
    rows = [
        f"| `{name}` | {contract.title} | {'yes' if name in [*shown.copied, *shown.seeded] else 'no'} "
        f"| {'made up' if done.held['made_up'] or name in shown.stand_in else 'real'} |"
        for name, contract in sorted(done.contracts.items())
    ]
    return "\n".join([
        "## Dataset list", "", "| Name | Title | Provided | Made up or real |", "| :--- | :--- | :--- | :--- |", *rows,
    ])  # fmt: skip


def _requirements(done: Finished) -> str:
    held, platform = done.held["inputs"]["environment"], done.held.get("platform") or "not recorded"
    peak = max((one.memory or 0 for one in done.done), default=0)
    memory = f"{peak / 1e6:,.0f} MB of memory at most" if peak else "memory not recorded"
    return "\n".join([
        "## Computational requirements", "", "### Software", "",
        f"- Python {held['python']}, with which the released bytes were made; any from 3.11 on runs it.",
        "- Every package with exact version and hash: `requirements.lock`, installed by `make setup`.",
        f"- curv-eval {held['curv-eval']}, in `src/`.", "", "### Controlled randomness", "",
        f"- Every random draw comes from the seed {done.study.seed} in `params/{done.study.study}.yaml`.", "",
        "### Memory and time", "", f"- {_minutes(done)}, {memory}, one core. It was run on: {platform}.",
    ])  # fmt: skip


def _minutes(done: Finished) -> str:
    seconds = sum(one.seconds or 0 for one in done.done)
    if not seconds:
        return "a few minutes"
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _programs(asked: Asked, done: Finished) -> str:
    ran = f" It was run by {asked.agent}." if asked.agent else ""
    return "\n".join([
        "## Description of programs", "",
        f"One street, from the study file to the released tables.{ran} The program's licence is in `LICENSE`.", "",
        *(f"- {name}: {text}." for name, text in _CODE),
    ])  # fmt: skip


def _instructions(done: Finished, shown: Shown) -> str:
    obtain = ["1. Put the datasets marked *not here* where the list above says."] if shown.absent else []
    steps = [
        *obtain, "1. `make replicate`", "",
        "That is the same as these, on any system:", "", "```text",
        "python3 -m venv .venv", ".venv/bin/python -m pip install --require-hashes -r requirements.lock",
        ".venv/bin/python -m pip install --no-deps --no-build-isolation -e .",
        f".venv/bin/curv-eval run params/{done.study.study}.yaml", ".venv/bin/python check_release.py", "```", "",
        f"The run is in `outputs/{done.study.study}/`, with the brief in `brief/`. With the same data it has the same "
        f"name as the original, `{done.run.name}`: the name is worked out from everything the result depends on."
        if shown.exact else f"The run is in `outputs/{done.study.study}/`, with the brief in `brief/`.",
    ]  # fmt: skip
    return "\n".join(["## Instructions to replicators", "", *steps])


def _outputs(done: Finished) -> str:
    results = json.loads((done.run / "release" / "results.json").read_text("utf-8"))
    maker = {name: " and ".join(step.notebooks) for step in done.done for name in step.made}
    titles = {f"release/tables/{name}.csv": held["title"] for name, held in sorted(results["tables"].items())}
    figures = sorted(path.stem for path in (done.run / "release" / "figures").glob("*.svg"))
    titles |= {f"release/figures/{stem}.svg": f"Figure: {stem.replace('_', ' ')}" for stem in figures}
    rows = [f"| {title} | `{name}` | `{maker.get(name, 'effect')}.ipynb` |" for name, title in titles.items()]
    return "\n".join([
        "## List of tables, figures and programs", "", "| Table or figure | File of the run | Notebook |",
        "| :--- | :--- | :--- |", *rows, "",
        "Small numbers are withheld or rounded by the rule named beside each table in `release/results.json`. No "
        "unreleased number is in this package.",
    ])  # fmt: skip


def _references(done: Finished) -> str:
    brief = done.study.brief
    return "\n".join([
        "## References", "", f"- {brief.authors}: {done.study.title}. Run `{done.run.name}`, "
        f"{done.held['times']['finished'][:10]}.",
        f"- The program: see `CITATION.cff`. Methods and their sources are in the brief. Contact: {brief.contact}",
    ])  # fmt: skip
