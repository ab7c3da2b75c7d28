"""Five Safes and a data protection impact assessment for a study, begun from its contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from curv_eval.errors import RunError
from curv_eval.safes.dpia import dpia
from curv_eval.safes.five_safes import five_safes
from curv_eval.safes.reading import case_of
from curv_eval.safes.words import ASK
from curv_eval.study import Study

__all__ = ["FILES", "Begun", "write_safes"]

FILES = ("five-safes.md", "dpia.md")


@dataclass(frozen=True)
class Begun:
    """An assessment that was written: its file, and how many questions it leaves open."""

    path: Path
    questions: int


def write_safes(study: Study, folder: Path, today: date) -> tuple[Begun, ...]:
    """Write FILES into `folder` from the study and its contracts, and return each with its open questions.

    today: the day at which agreements are judged. Raises StudyError for contracts that cannot be used, RunError where
    a file is there already, since somebody may have put answers into it.
    """
    case = case_of(study, today)
    texts = dict(zip(FILES, (five_safes(case), dpia(case)), strict=True))
    if there := [f"{name} is there" for name in FILES if (folder / name).exists()]:
        do = "give another folder with --to; what people have answered there is not written over"
        raise RunError(f"{folder} holds an assessment already", there, do)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return tuple(Begun(folder / name, text.count(ASK) - _EXPLAINED) for name, text in texts.items())


# the head of a page says once what an open question looks like
_EXPLAINED = 1
