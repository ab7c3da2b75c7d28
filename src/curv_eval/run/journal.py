"""What happened, one event per line: outputs/.journal/<start>-<process>.jsonl, written as it happens."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

Tell = Callable[[dict], None]
_KEPT, END = 20, "end"


@contextmanager
def journal(project: Path, *tells: Tell) -> Iterator[Tell]:
    """Yield what to tell events to: each gets its time, is written down at once, and goes on to `tells`.

    A full disk ends the writing, not the run. The journals of the last 20 commands are kept.
    """
    lock, home = threading.Lock(), project / "outputs" / ".journal"
    path = home / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"

    def tell(event: dict) -> None:
        held = {"time": round(time.time(), 3), **event}
        with lock:
            with suppress(OSError):
                home.mkdir(parents=True, exist_ok=True)
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(held, ensure_ascii=False) + "\n")
            for one in tells:
                one(held)

    with suppress(OSError):
        for old in sorted(home.glob("*.jsonl"))[: -_KEPT + 1 or None]:
            old.unlink()
    try:
        yield tell
    finally:
        tell({"event": END})


def last_journal(project: Path) -> tuple[list[dict], bool]:
    """Return the events of the command that was started last, and whether its process still runs."""
    paths = sorted((project / "outputs" / ".journal").glob("*.jsonl"))
    if not paths:
        return [], False
    events = [held for line in paths[-1].read_text("utf-8").splitlines() if (held := _event(line))]
    ended = bool(events) and events[-1]["event"] == END
    return events, not ended and _runs(paths[-1])


def _event(line: str) -> dict | None:
    """Return one event, None for a line that a kill cut short."""
    try:
        held = json.loads(line)
    except ValueError:
        return None
    return held if isinstance(held, dict) and "event" in held else None


def _runs(path: Path) -> bool:
    """Whether the process that writes a journal is alive, and was there when the journal began."""
    import psutil

    pid = path.stem.rsplit("-", 1)[-1]
    try:
        process = psutil.Process(int(pid))
        return process.is_running() and process.create_time() <= _began(path) + 1
    except (psutil.Error, ValueError):
        return False


def _began(path: Path) -> float:
    return datetime.strptime(path.stem.split("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp() + 1


def states(events: Sequence[dict]) -> dict[str, dict]:
    """Return where each study of a journal stands: state, notebook, cell of cells, when it began, how long it took."""
    found: dict[str, dict] = {}
    for event in events:
        if "study" in event:
            held = found.setdefault(event["study"], {"state": "waiting", "notebook": "", "cell": 0, "cells": 0})
            held |= _state(event)
        for name in event.get("studies", ()):
            found.setdefault(name, {"state": "waiting", "notebook": "", "cell": 0, "cells": 0})
    return found


def _state(event: dict) -> dict:
    kind = event["event"]
    if kind in ("run-fresh", "run-failed", "run-finished"):
        return {"state": kind.removeprefix("run-"), "seconds": event.get("seconds"), "error": event.get("error")}
    if kind == "run-started":
        return {"state": "running", "began": event["time"]}
    if kind == "cell-started":
        return {"notebook": event["notebook"], "cell": event["cell"], "cells": event["cells"]}
    return {"notebook": event["notebook"]} if "notebook" in event else {}
