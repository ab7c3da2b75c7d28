"""The evidence record of a release: for each cell the rule, what is behind it and what was decided. It stays inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import pandas as pd

from curv_eval.disclosure import Attackable, Released
from curv_eval.disclosure.kept import as_json, from_json
from curv_eval.errors import RunError
from curv_eval.visible import unrun

FOLDER = Path("restricted") / "disclosure"
_DO = "run the study again: this run was made by another version of curv-eval, or its files were moved"


@dataclass(frozen=True, eq=False)
class Table:
    """The evidence of one released table. attackable: None where it has no counts."""

    name: str
    title: str
    rule: str
    says: str
    records: pd.DataFrame
    attackable: Attackable | None

    def decided(self) -> dict[str, int]:
        """Return how many cells met each decision."""
        return {str(name): int(number) for name, number in self.records["decision"].value_counts(sort=False).items()}


def add_evidence(folder: Path, released: Released) -> None:
    """Write what the output checker needs for a released table under restricted/disclosure/."""
    held = released.evidence
    to = folder / FOLDER
    to.mkdir(parents=True, exist_ok=True)
    records = held.records.assign(row=held.records["row"].map(unrun), column=held.records["column"].map(unrun))
    text = records.to_csv(index=False, lineterminator="\n")
    (to / f"{released.name}.csv").write_text(text, "utf-8", newline="\n")
    facts = {"title": released.title, "rule": released.rule.name, "says": released.rule.says}
    facts["attackable"] = as_json(held.attackable) if held.attackable is not None else None
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    (to / f"{released.name}.json").write_text(text + "\n", "utf-8", newline="\n")


def read_evidence(run: Path) -> list[Table]:
    """Return the evidence of a run's tables, by name. Raises RunError when that of a table is missing or not whole."""
    try:
        found = [_read(path) for path in sorted((run / FOLDER).glob("*.json"))]
    except (OSError, KeyError, TypeError, ValueError):
        raise RunError(f"{run.name}: the evidence record of its release is not whole", do=_DO) from None
    listed = {path.stem for path in (run / "release" / "tables").glob("*.csv")}
    if missing := sorted(listed - {table.name for table in found}):
        told = [f"{name}: no record" for name in missing]
        raise RunError(f"{run.name}: there is no evidence record of its release", told, _DO)
    return found


def _read(path: Path) -> Table:
    facts = json.loads(path.read_text("utf-8"))
    held = facts["attackable"]
    records = pd.read_csv(path.with_suffix(".csv"), keep_default_na=False, na_values={"shown": "", "count": ""})
    return Table(path.stem, facts["title"], facts["rule"], facts["says"], records, from_json(held) if held else None)


def write_page(folder: Path, title: str, *, asked: str = "") -> None:
    """Write restricted/disclosure/evidence.html, the record for reading: what was decided, table by table.

    asked: the section on exceptions, as HTML.
    """
    tables = read_evidence(folder)
    body = "\n".join(_section(table) for table in tables)
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    page = Template(Path(__file__).with_suffix(".html").read_text("utf-8"))
    page = page.substitute(title=escape(title), summary=_summary(tables) + asked, body=body)
    (folder / FOLDER / "evidence.html").write_text(page, "utf-8", newline="\n")


def _summary(tables: list[Table]) -> str:
    rows = [
        f"<tr><th scope='row'><a href='#{escape(t.name)}'>{escape(t.title)}</a></th><td>{escape(t.rule)}</td>"
        f"<td class='n'>{len(t.records)}</td><td class='n'>{withheld(t)}</td></tr>"
        for t in tables
    ]
    heads = _heads(["Table", "Rule", "Cells", "Withheld"])
    return f"<table><caption>All tables of this release</caption>{heads}<tbody>{''.join(rows)}</tbody></table>"


def _heads(names: list[str]) -> str:
    return "<thead><tr>" + "".join(f"<th scope='col'>{escape(name)}</th>" for name in names) + "</tr></thead>"


def withheld(table: Table) -> int:
    """Return how many cells of a table are withheld."""
    return int(table.records["decision"].str.startswith("withheld").sum())


def _section(table: Table) -> str:
    said = "; ".join(f"{number} {decision}" for decision, number in table.decided().items()) or "words only, no numbers"
    if table.records.empty:
        return f"<h2 id='{escape(table.name)}'>{escape(table.title)}</h2><p>{said}.</p>"
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in table.records.itertuples(index=False))
    heads = _heads([*_HEADS, *(_worded(str(name)) for name in table.records.columns[5:])])
    return (
        f"<h2 id='{escape(table.name)}'>{escape(table.title)}</h2><p>{escape(table.says)}</p>"
        f"<p>Decided: {escape(said)}.</p><table>{heads}<tbody>{rows}</tbody></table>"
    )


def _worded(name: str) -> str:
    """Return the name of a column as a reader who is no programmer calls it."""
    name = name.removeprefix("behind: ")
    return _WORDS.get(name, name.replace("_", " "))


_WORDS = {
    "n_units": "Areas or people behind it",
    "events": "Events behind it",
    "conf_low": "interval from",
    "conf_high": "interval to",
    "band_low": "band from",
    "band_high": "band to",
    "std_error": "standard error",
}
_HEADS = ["Row", "Column", "Decision", "Shown", "Count before"]


def _cells(row: tuple) -> str:
    words, numbers = (row[0], _worded(str(row[1])), row[2]), row[3:]
    said = [f"<td>{escape(str(word))}</td>" for word in words]
    return "".join([*said, *(f"<td class='n'>{_number(number)}</td>" for number in numbers)])


def _number(number: object) -> str:
    return "" if pd.isna(number) or number == "" else f"{float(number):,.6g}"
