"""Whether a finished run has exactly the inputs of now: the cell at the top of each notebook."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path

from curv_eval.errors import CurvError

_BY_RUN = "run by curv-eval run"
# white on each of these keeps a contrast of 4.5 to 1, on light and dark pages alike
_COLOURS = {"fresh": "#1b6e3c", "stale": "#9a4b00"}
_OTHER = "#50555c"
_PILL = "color:#fff;border-radius:3px;padding:1px 7px;margin-right:8px;font-weight:600"


@dataclass(frozen=True, repr=False)
class Freshness:
    """How a study stands to its runs. state: "fresh", "stale", "never run", "cannot tell" or "run by curv-eval run"."""

    state: str
    because: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self.state}: {'; '.join(self.because)}" if self.because else self.state

    def _repr_html_(self) -> str:
        colour = _COLOURS.get(self.state, _OTHER)
        said = "; ".join(html.escape(line) for line in self.because)
        return f'<div><span style="background:{colour};{_PILL}">{html.escape(self.state)}</span>{said}</div>'


def freshness(params: str | Path) -> Freshness:
    """Return how the study in the file `params` stands to its finished runs, by content and never by times.

    Raises StudyError when the file is not a study. Within a run it says only that, so that an executed notebook has
    the same bytes whenever it is made.
    """
    from curv_eval.run.notebooks import MARK
    from curv_eval.run.planning import plan_study
    from curv_eval.study import load_study

    if os.environ.get(MARK):
        return Freshness(_BY_RUN)
    study = load_study(params)
    try:
        planned = plan_study(study)
    except CurvError as fault:
        return Freshness("cannot tell", (fault.what,))
    if planned.fresh:
        return Freshness("fresh", (f"run {planned.folder.name} of {_day(planned.folder)} has exactly these inputs",))
    return _stale(planned.folder.parent, planned.because)


def _stale(runs: Path, because: tuple[str, ...]) -> Freshness:
    from curv_eval.run.folders import latest

    if latest(runs) == ".":
        return Freshness("never run", ("no finished run of this study is here",))
    first, *others = because
    return Freshness("stale", (f"will run because {first}", *others))


def _day(run: Path) -> str:
    from curv_eval.manifest import read
    from curv_eval.report.words import day_name

    return day_name(read(run)["times"]["finished"][:10])
