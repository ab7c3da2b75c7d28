"""One brief, three documents: with Quarto where it is installed, otherwise with the built-in renderer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from curv_eval.errors import PublishError
from curv_eval.publish import builtin
from curv_eval.publish.lint import lint
from curv_eval.publish.pandoc import EPOCH
from curv_eval.publish.source import read_source

ENGINES = ("auto", "quarto", "builtin")
_DOCUMENTS = {"html": "study.html", "pdf": "study.pdf", "docx": "study.docx"}


def render(brief_folder: Path, *, engine: str = "auto") -> dict[str, Path]:
    """Write study.html, study.pdf and study.docx into the brief folder and return their paths by "html", "pdf", "docx".

    `engine` is "quarto", "builtin" (pandoc, one Lua filter, typst: the same bytes every time) or "auto": Quarto when
    it is on the path, otherwise the built-in renderer. Both read the same source and pass the same linter first.

    Raises PublishError with every finding of the linter, or with what the renderer refused.
    """
    folder = Path(brief_folder).resolve()
    chosen = _engine(engine)
    findings = lint(folder)
    if findings:
        raise PublishError(
            f"the brief in {folder.name} may not be published: {len(findings)} to mend",
            [str(finding) for finding in findings],
            "mend the lines named and render again",
        )
    return _with_quarto(folder) if chosen == "quarto" else _with_builtin(folder)


def _engine(engine: str) -> str:
    if engine not in ENGINES:
        raise PublishError(f"there is no engine {engine!r}", [f"known: {', '.join(ENGINES)}"], "use one of these")
    found = shutil.which("quarto") is not None
    if engine == "quarto" and not found:
        raise PublishError("Quarto is not on the path", do='install Quarto, or use engine "builtin"')
    return ("quarto" if found else "builtin") if engine == "auto" else engine


def _with_builtin(folder: Path) -> dict[str, Path]:
    source = read_source(folder)
    made = {
        "html": builtin.write_html(source, folder),
        "pdf": builtin.write_pdf(source, folder),
        "docx": builtin.write_docx(source, folder),
    }
    for kind, content in made.items():
        (folder / _DOCUMENTS[kind]).write_bytes(content)
    return {kind: folder / name for kind, name in _DOCUMENTS.items()}


def _with_quarto(folder: Path) -> dict[str, Path]:
    fixed = {"SOURCE_DATE_EPOCH": str(EPOCH), "TYPST_FONT_PATHS": str(builtin.font_folder())}
    done = subprocess.run(
        ["quarto", "render", "study.qmd"],
        cwd=folder,
        env={**os.environ, **fixed},
        capture_output=True,
        text=True,
        check=False,
    )
    missing = [name for name in _DOCUMENTS.values() if not (folder / name).is_file()]
    if done.returncode or missing:
        said = [*done.stderr.strip().splitlines(), *(f"{name} was not written" for name in missing)]
        raise PublishError("quarto could not render this brief", said, 'mend it, or use engine "builtin"')
    return {kind: folder / name for kind, name in _DOCUMENTS.items()}
