"""Where a notebook runs, how long it may take and how much memory it may need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curv_eval.errors import RunError


@dataclass(frozen=True)
class Limits:
    """cell_seconds: for one cell. run_seconds: for the whole notebook. memory: resident bytes of its process and what
    that started. None: no limit. Raises RunError for a limit that is not more than 0."""

    cell_seconds: float | None = None
    run_seconds: float | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        wrong = [f"{name}: got {held:g}" for name, held in vars(self).items() if held is not None and not held > 0]
        if wrong:
            raise RunError("a limit is more than 0", wrong, "leave it out for no limit")


@dataclass(frozen=True)
class Setting:
    """cwd: the working folder of the kernel. env: variables on top of this process's own. warm: forked from a process
    that has imported everything once; where no fork is possible the kernel is started cold all the same."""

    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    warm: bool = True
    limits: Limits = field(default_factory=Limits)
