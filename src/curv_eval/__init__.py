"""curv-eval: reproducible evaluation of violence reduction, from a study file to a published brief.

The names below are what a notebook may use; each is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMES = {
    "load_study": "study",
    "freshness": "lab.badge",
    "load_data": "data",
    "assemble": "report.steps",
    "keep_panel": "run.store",
    "read_panel": "run.store",
    "describe": "report.data_tables",
    "write_data": "report.data_parts",
    "placebo_power": "power",
    "release_power": "report.steps",
    "write_power": "report.effect_parts",
    "estimate_all": "report.steps",
    "run_checks": "report.steps",
    "release_results": "report.steps",
    "release_checks": "report.steps",
    "release_paths": "report.steps",
    "write_effect": "report.effect_parts",
    "write_figures": "report.effect_parts",
    "show": "report.steps",
    "example": "report.lessons",
    "compare": "report.lessons",
}
__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"curv_eval has no {name}; it has {', '.join(__all__)}")
    return getattr(import_module(f"curv_eval.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
