"""What a crate says about its files, data and licence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from curv_eval.errors import RunError
from curv_eval.export.finished import Finished

MEDIA = {
    ".cff": "application/yaml", ".csv": "text/csv", ".geojson": "application/geo+json", ".gz": "application/gzip",
    ".html": "text/html", ".ipynb": "application/x-ipynb+json", ".json": "application/json", ".md": "text/markdown",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf", ".png": "image/png",
    ".svg": "image/svg+xml", ".txt": "text/plain", ".yaml": "application/yaml", ".yml": "application/yaml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".zip": "application/zip",
}  # fmt: skip
MADE_UP = "MADE-UP DATA: every number here says nothing about any real place, service or person."
_KNOWN = {
    "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/": "Open Government Licence v3.0",
    "https://creativecommons.org/licenses/by/4.0/": "Creative Commons Attribution 4.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "Creative Commons Zero 1.0",
}
_FILES = {
    "study.yaml": ("The study", "The plan: question, data, design, outcomes and checks."),
    "manifest.json": ("The manifest", "What was run, on what, by which code, and what it made, as hashes."),
    "reviews.json": ("The reviews", "Who checked the run, and what they decided."),
    "environment.json": ("The environment", "The version of Python and of every package that was used."),
    "release/results.json": ("The results", "Every released table, with its disclosure rule, and every named text."),
}  # fmt: skip


@dataclass(frozen=True)
class Described:
    """names and texts: by file of the crate. inputs: by contract. whole: the run."""

    names: dict[str, str]
    texts: dict[str, str]
    inputs: dict[str, str]
    whole: str


def described(done: Finished) -> Described:
    """Return what is said about the run, its files and its data."""
    names, texts = {n: name for n, (name, _) in _FILES.items()}, {n: text for n, (_, text) in _FILES.items()}
    results = json.loads((done.run / "release" / "results.json").read_text("utf-8"))
    for table, held in results["tables"].items():
        names[f"release/tables/{table}.csv"] = held["title"]
        texts[f"release/tables/{table}.csv"] = f"A released table; disclosure rule: {held['rule']}."
    for path in sorted((done.run / "release").glob("figures/*.alt.txt")):
        stem, alt = path.name.removesuffix(".alt.txt"), " ".join(path.read_text("utf-8").split())
        names |= {f"release/figures/{stem}.{kind}": f"{stem} ({kind})" for kind in ("svg", "png", "csv")}
        texts |= {f"release/figures/{stem}.{kind}": alt for kind in ("svg", "png")}
    for name, contract in done.contracts.items():
        names[f"contracts/{name}.yaml"] = f"The contract of: {contract.title}"
    for notebook in done.held["inputs"]["notebooks"]:
        names[f"notebooks/{notebook}.ipynb"] = f"The {notebook} notebook, without outputs"
    made_up = f"{MADE_UP} " if done.held["made_up"] else ""
    inputs = {name: _input(done, name, made_up) for name in done.contracts}
    whole = f"{made_up}{' '.join(done.study.question.split())}"
    return Described(names, texts, inputs, whole)


def _input(done: Finished, name: str, made_up: str) -> str:
    contract = done.contracts[name]
    files = sum(file.split("/")[0] == name for file in done.held["inputs"]["data"])
    return (
        f"{made_up}{files} file(s), used by their contract {name} v{contract.version}. Agreement: {contract.agreement}."
    )


def licence_of(asked: str, done: Finished) -> tuple[str, str, str]:
    """Return identifier, name and description of the licence of what is released. Raises RunError for no address."""
    if not asked:
        text = f"No licence was given. Before using it again: {done.study.brief.contact}"
        return "#licence", "no licence given", text
    if not re.fullmatch(r"https?://\S+", asked):
        known = [f"{at} ({name})" for at, name in _KNOWN.items()]
        raise RunError(f"--licence: got {asked!r}", ["expected the address of a licence, such as", *known])
    return asked, _KNOWN.get(asked, asked), "The licence of what is released here."


def link_in(text: str) -> str:
    """Return the first https:// address in a text, "" where there is none."""
    found = re.search(r"https?://[^\s)>\"']+", text)
    return found[0].rstrip(".,;") if found else ""
