"""A brief folder: the Quarto project of the package and one run's released bundle, side by side.

Only `release/` is read. What says that a brief is a draft, made of made-up data, or exploratory, is written here and
nowhere else: a box at the top, the subtitle, and for the first two a watermark on every page; nothing in the template
can take it away.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import yaml

from curv_eval.errors import PublishError
from curv_eval.publish.lint import STATUS
from curv_eval.publish.source import BRIEF, VARIABLES, filled_front, load_mapping
from curv_eval.publish.word import reference_document
from curv_eval.shipped import shipped

# the templates for studies of people and for reviews, by the unit; their names keep Quarto from rendering them there
TEMPLATES = {"person": "_people.qmd", "review": "_review.qmd", "toolkit": "_toolkit.qmd"}
_DRAFT, _MADE_UP, _EXPLORATORY = "DRAFT", "MADE-UP DATA", "EXPLORATORY"
# the template folder holds an example bundle, so that `quarto render` works in it; no brief may inherit from that
_EXAMPLE = shutil.ignore_patterns(
    "bundle", VARIABLES, "reference.docx", "study.html", "study.pdf", "study.docx", ".quarto"
)

_DRAFT_BOX = """\
:::: {.status-draft}
::: {.callout-warning title="Draft: not reviewed"}
Nobody has approved this brief. Do not quote it, share it or act on it.
:::
::::
"""
_REVIEWED_BOX = """\
::: {.callout-tip title="Reviewed"}
A reviewer has checked this version and approved it for publication. The review is kept with the run.
:::
"""
_MADE_UP_BOX = """\
:::: {.status-made-up}
::: {.callout-important title="Made-up data: for practice only"}
Every number in this brief comes from made-up data. It says nothing about any real place, service or person.
:::
::::
"""
_EXPLORATORY_BOX = """\
::: {.callout-warning title="EXPLORATORY: the plan was changed after it was registered"}
Read the result as a lead that needs a test of its own. What was changed, and why, stands under "Was the plan kept?".
:::
"""
_BOXES = {_MADE_UP: _MADE_UP_BOX, _EXPLORATORY: _EXPLORATORY_BOX}


def assemble(run_folder: Path, brief_folder: Path, *, approved: bool, template: Path | None = None) -> Path:
    """Put the brief of a run together in `brief_folder` and return that folder; both renderers can read it.

    `run_folder` has the run's `release/`: results.json, _variables.yml, figures/, tables/, parts/. `approved` is
    whether an approving review matches this run; without it every page says DRAFT. `template` is a Quarto project
    other than the one that came with the package. An earlier brief in `brief_folder` is replaced whole.

    Raises PublishError when the release is missing, unreadable or not self-contained, or when `brief_folder` holds
    something that is not a brief.
    """
    release, target = Path(run_folder) / "release", Path(brief_folder)
    made_up = _made_up(release)
    _refuse_links(release)
    _refuse_other_work(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".brief-") as building:
        folder = Path(building) / "brief"
        shutil.copytree(template or shipped("briefs"), folder, ignore=_EXAMPLE)
        _choose(folder, release)
        shutil.copytree(release, folder / "bundle")
        shutil.copyfile(release / VARIABLES, folder / VARIABLES)
        _write_status(folder, [_DRAFT] * (not approved) + [_MADE_UP] * made_up + [_EXPLORATORY] * _exploratory(release))
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
    return target


def _choose(folder: Path, release: Path) -> None:
    """Leave the template that fits the study: of areas over time, of people, or a review of many studies."""
    unit = json.loads((release / "results.json").read_text("utf-8")).get("unit")
    for kind, name in TEMPLATES.items():
        held = folder / name
        if kind == unit and held.is_file():
            held.replace(folder / BRIEF)
        held.unlink(missing_ok=True)


def _made_up(release: Path) -> bool:
    lacking = [name for name in ("results.json", VARIABLES) if not (release / name).is_file()]
    if lacking:
        missing = [f"{release.name}/{name} is missing" for name in lacking]
        raise PublishError(f"{release.parent.name} has no released bundle", missing, "run the study to its end first")
    try:
        held = json.loads((release / "results.json").read_text("utf-8"))
        said = held["made_up"] if "made_up" in held else held["values"]["made_up"]
    except (ValueError, KeyError, TypeError):
        said = None
    if str(said).lower() not in ("true", "false"):
        raise PublishError("results.json does not say whether the data are made up", ["`made_up` is not true or false"])
    return str(said).lower() == "true"


def _exploratory(release: Path) -> bool:
    held = json.loads((release / "results.json").read_text("utf-8"))
    return held.get("registration") == "exploratory"


def _refuse_links(release: Path) -> None:
    links = [str(path.relative_to(release)) for path in sorted(release.rglob("*")) if path.is_symlink()]
    if links:
        raise PublishError("a bundle holds files, not links: a link may lead to what was not released", links)


def _refuse_other_work(target: Path) -> None:
    if target.exists() and any(target.iterdir()) and not (target / "_quarto.yml").is_file():
        raise PublishError(f"{target.name} holds something that is not a brief", do="choose an empty folder")


def _write_status(folder: Path, marks: list[str]) -> None:
    boxes = [_DRAFT_BOX if _DRAFT in marks else _REVIEWED_BOX, *(_BOXES[one] for one in marks if one in _BOXES)]
    # a changed plan is no fault of the document: it is said where one begins to read, not across every page
    mark, brief = " · ".join(one for one in marks if one != _EXPLORATORY), folder / BRIEF
    (folder / STATUS).parent.mkdir(parents=True, exist_ok=True)
    (folder / STATUS).write_text("\n".join(boxes), "utf-8", newline="\n")
    (folder / "_status.typ").write_text(_watermark(mark), "utf-8", newline="\n")
    reference_document(folder, mark=mark)
    if brief.is_file():
        brief.write_text(_with_front(brief.read_text("utf-8"), folder, " · ".join(marks)), "utf-8", newline="\n")


def _watermark(mark: str) -> str:
    lines = [f"#let status-mark = {json.dumps(mark, ensure_ascii=False)}"]
    if mark:
        size = 900 // (len(mark) + 4)
        text = f'text(font: "DejaVu Sans", size: {size}pt, weight: "bold", fill: rgb("#EAEEF2"), status-mark)'
        lines.append(f"#set page(background: rotate(-50deg, {text}))")
    return "\n".join(lines) + "\n"


def _with_front(text: str, folder: Path, mark: str) -> str:
    # Quarto takes a page's title from the front matter before it fills in variables, so they are filled in here.
    head, opened, rest = text.partition("---\n")
    front, closed, body = rest.partition("\n---\n")
    if head or not opened or not closed:
        return text
    try:
        fields = filled_front(front, load_mapping((folder / VARIABLES).read_text("utf-8")))
    except (yaml.YAMLError, ValueError):
        return text
    if mark:
        fields = {"title": fields.get("title", ""), **fields}
        fields["subtitle"] = f"{mark} – {fields['subtitle']}" if fields.get("subtitle") else mark
    return f"---\n{yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000)}---\n{body}"
