"""Which results were there before a plan was registered: those of the study, and of others that ask for the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curv_eval.study import Study, canonical

_RESULTS = "release/tables/results_*.csv"


def seen(study: Study) -> tuple[str, ...]:
    """Return every result of the primary outcome in this place that is in outputs/, as study/run.

    A run counts by its name, whatever it found; so does a notebook that was run by hand. A study with another name
    counts where it has the same intervention, districts and primary outcome.
    """
    home = study.project / "outputs"
    own = [path.parent for path in (home / study.study).glob("*/manifest.json")]
    own += [path.parents[2] for way in ("*", "effect/*") for path in (home / study.study).glob(f"{way}/{_RESULTS}")]
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
    primary = parameters["outcomes"][0]
    return [parameters["intervention"], sorted(parameters["place"]["districts"]), primary["contract"], primary["where"]]
