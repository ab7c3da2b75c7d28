"""A commissioner's toolkit: one table across approaches, from the released results of reviews."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from curv_eval.errors import PublishError
from curv_eval.publish.assemble import assemble
from curv_eval.publish.render import render
from curv_eval.report.bundle import add_facts, add_part, add_values, plain
from curv_eval.review import approved

_TITLE = "What works against violence, how sure we are, and what it costs"
# a toolkit says first what is found to help, then what is found to harm, then what nobody can tell
_ORDER = ("better", "worse", "little", "unclear", "too few")


def publish_toolkit(runs: Sequence[Path], to: Path, *, engine: str = "auto") -> Path:
    """Write the toolkit of some runs of reviews into the new folder `to`, and return its page.

    index.html, index.pdf and index.docx hold the table; each approach has the brief of its review beside them. It is a
    draft until every review in it is approved. Raises PublishError for a run that is no review, for one that stands
    twice, and where `to` is there already.
    """
    held = [(run, json.loads((run / "release" / "results.json").read_text("utf-8"))) for run in runs]
    _refuse(held, to)
    ordered = sorted(held, key=lambda one: (_ORDER.index(one[1]["found"]), one[1]["approach"]))
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".toolkit-") as building:
        made, brief = Path(building) / "made", Path(building) / "brief"
        made.mkdir()
        for run, results in ordered:
            page = render(assemble(run, Path(building) / "detail", approved=approved(run)), engine=engine)["html"]
            shutil.copyfile(page, made / f"{results['study']}.html")
        _bundle(Path(building) / "run", [results for _, results in ordered])
        assemble(Path(building) / "run", brief, approved=all(approved(run) for run, _ in ordered))
        # a page that is linked to has to lie beside the one that links to it
        shutil.copytree(made, brief, dirs_exist_ok=True)
        for kind, path in render(brief, engine=engine).items():
            shutil.copyfile(path, made / f"index.{kind}")
        made.rename(to)
    return to / "index.html"


def _refuse(held: Sequence[tuple[Path, dict]], to: Path) -> None:
    faults = [f"{run.name} is no review" for run, results in held if results.get("kind") != "review"]
    names = [results.get("study") for _, results in held]
    faults += [f"{name} stands twice" for name in sorted({str(n) for n in names if names.count(n) > 1})]
    faults += [f"{to} is there already"] if to.exists() else []
    faults += [] if held else ["no review was given"]
    if faults:
        raise PublishError("a toolkit cannot be made of these", faults, "give runs of reviews, and a new folder")


def _bundle(work: Path, reviews: Sequence[dict]) -> None:
    """Write the release that the toolkit's brief is made from: words that the reviews released, and no other."""
    add_facts(work, study="toolkit", title=_TITLE, made_up=False, unit="toolkit", kind="toolkit")
    authors = "; ".join(dict.fromkeys(one["values"]["authors"] for one in reviews))
    summary = "Each row is one approach. Its page says where the numbers come from and how far to trust them."
    add_values(work, {"title": _TITLE, "authors": authors, "summary": summary, "made_up": "false"})
    add_part(work, "toolkit", _table(reviews))
    add_part(work, "approaches", "\n\n".join(_approach(one) for one in reviews))


def _table(reviews: Sequence[dict]) -> str:
    heads = ("Approach", "What was found", "How sure we are", "What it costs", "Studies")
    rows = [heads, (*[":---"] * 4, "---:"), *(_row(one) for one in reviews)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([*lines, "", ': Approaches side by side {#tbl-toolkit tbl-colwidths="[22,38,14,16,10]"}'])


def _row(one: dict) -> tuple[str, ...]:
    values = one["values"]
    name = f"[{plain(one['approach'][0].upper() + one['approach'][1:])}]({one['study']}.html)"
    return name, values["in_words"], values["certainty"].capitalize(), values["cost"], values["studies"]


def _approach(one: dict) -> str:
    name, values = plain(one["approach"][0].upper() + one["approach"][1:]), one["values"]
    return f"### {name}\n\n{values['headline']} [More about it]({one['study']}.html)."
