"""curv-eval safes: the Five Safes of a study, and its data protection impact assessment, begun."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.say import say


def safes(
    study: Annotated[Path, typer.Argument(help="a study file, such as params/demo.yaml")],
    to: Annotated[Path | None, typer.Option(help="the folder to write into (else safes/STUDY)")] = None,
) -> None:
    """Begin the Five Safes and the impact assessment of a study from its contracts; say what is left to answer."""
    from datetime import date

    from curv_eval.errors import StudyError
    from curv_eval.safes import write_safes
    from curv_eval.study import Review, load_study

    held = load_study(study)
    if isinstance(held, Review):
        do = "nothing is to be answered; give a study of places or people"
        raise StudyError(f"{study.name} is a review of published results, which hold no personal data", do=do)
    made = write_safes(held, to or Path("safes") / held.study, date.today())
    for one in made:
        say(f"{one.path}: {one.questions} questions left to answer")
    say(f"{sum(one.questions for one in made)} questions in all; each stands there as `To answer:`")
