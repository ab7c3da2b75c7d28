"""Which results were there before a plan was registered: those of the study, and of others that ask for the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curv_eval.study import Study, canonical

# where a whole run and a notebook run by hand leave what they found
_WAYS = (
    "*/release/tables/results_*.csv", "effect/*/release/tables/results_*.csv", "review/*/release/tables/review_*.csv",
)  # fmt: skip


def seen(study: Study) -> tuple[str, ...]:
    """Return every result of the primary outcome in this place that is in outputs/, as study/run.

    A run counts by its name, whatever it found; so does a notebook that was run by hand. A study with another name
    counts where it has the same intervention, districts and primary outcome; another review, where it has the same
    approach and outcome.
    """
    home = study.project / "outputs"
    own = [path.parent for path in (home / study.study).glob("*/manifest.json")]
    own += [path.parents[2] for way in _WAYS for path in (home / study.study).glob(way)]
    asked = _asked(canonical(study))
    others = [path.parent for path in home.glob("*/*/manifest.json") if _parameters(path, study.study) == asked]
    return tuple(sorted({name for name in _names(home, [*own, *others]) if "/." not in name}))


def _names(home: Path, folders: Iterable[Path]) -> Iterable[str]:
    return (folder.relative_to(home).as_posix() for folder in folders)


def _parameters(manifest: Path, own: str) -> Any:
    """Return what another study asked for, None where it is this one or its manifest does not say."""
    if manifest.parents[1].name == own:
        return None
    try:
        return _asked(json.loads(manifest.read_text("utf-8"))["parameters"])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _asked(parameters: dict[str, Any]) -> list[Any]:
    if parameters.get("kind") == "review":
        return ["review", parameters["approach"], parameters["outcome"]]
    primary = parameters["outcomes"][0]
    return [parameters["intervention"], sorted(parameters["place"]["districts"]), primary["contract"], primary["where"]]
