"""How far the runs are: a live table on a terminal, plain lines elsewhere, events as JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from curv_eval.run.journal import states
from curv_eval.visible import one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Tell = Callable[[dict], None]
_ENDED = ("finished", "fresh", "failed")


@contextmanager
def shown(*, as_json: bool = False, expected: float | None = None, jobs: int = 1) -> Iterator[Tell]:
    """Yield what to tell events to while they are shown on standard error, or, as JSON, on standard output.

    expected: seconds of work in the plan, for the time left before the first run has ended.
    """
    if as_json:
        yield json_lines(sys.stdout)
    elif sys.stderr.isatty():
        with _live(expected, jobs) as tell:
            yield tell
    else:
        yield plain_lines(sys.stderr)


def json_lines(out: TextIO) -> Tell:
    """Return a listener that writes each event as one line of JSON."""

    def tell(event: dict) -> None:
        out.write(json.dumps(event, ensure_ascii=False) + "\n")
        out.flush()

    return tell


def plain_lines(out: TextIO) -> Tell:
    """Return a listener that writes a line when a notebook starts and when a run ends."""
    names: list[str] = []

    def tell(event: dict) -> None:
        names.extend(event.get("studies", ()))
        if text := _line(event, many=len(names) > 1):
            out.write(one_line(text) + "\n")
            out.flush()

    return tell


def _line(event: dict, *, many: bool) -> str:
    kind, study = event["event"], event.get("study", "")
    of = f"{study}: " if many else ""
    if kind == "notebook-started":
        return f"{of}running {event['notebook']}"
    if kind == "retry":
        return f"{of}{event['notebook']}: its kernel ended by itself; once more"
    if kind == "worker-lost":
        return f"{of}its worker was lost; it goes on on another"
    if kind == "run-finished" and many:
        return f"{of}finished in {spell(event['seconds'])}"
    if kind == "run-failed" and many:
        return f"{of}failed ({event['error']})"
    return f"running {event['name']}" if kind == "stage" else ""


@contextmanager
def _live(expected: float | None, jobs: int) -> Iterator[Tell]:
    from rich.console import Console
    from rich.live import Live

    console, events, began = Console(stderr=True), [], time.time()
    with Live(console=console, refresh_per_second=4, transient=True) as live:

        def tell(event: dict) -> None:
            events.append(event)
            if event["event"] != "stream":
                at_once = events[0].get("jobs", jobs)
                live.update(table(events, began=began, expected=expected, jobs=at_once))

        yield tell
    _close(console, events)


def table(events: Sequence[dict], *, began: float, expected: float | None = None, jobs: int = 1) -> RenderableType:
    """Return the live table: one row for each run under way, and above it what is done and how long is left."""
    from rich.table import Table
    from rich.text import Text

    found = states(events)
    grid = Table(title=headline(found, began=began, expected=expected, jobs=jobs), title_justify="left", box=None)
    for heading in ("study", "notebook", "cell", "time"):
        grid.add_column(heading)
    for name, held in found.items():
        if held["state"] == "running":
            cells = f"{held['cell']} of {held['cells']}" if held["cells"] else ""
            row = (name, held["notebook"], cells, spell(time.time() - held["began"]))
            # as Text, because rich takes brackets in plain text for orders
            grid.add_row(*(Text(one_line(cell)) for cell in row))
    return grid


def headline(found: dict[str, dict], *, began: float, expected: float | None, jobs: int) -> str:
    """Return how many runs are done, failed and left, and about how long the rest takes."""
    counts = {state: sum(held["state"] == state for held in found.values()) for state in _ENDED}
    done = sum(counts.values())
    parts = [f"{done:,} of {len(found):,} runs done"]
    parts += [f"{counts['fresh']:,} fresh"] if counts["fresh"] else []
    parts += [f"{counts['failed']:,} failed"] if counts["failed"] else []
    left = _left(found, began=began, expected=expected, jobs=jobs)
    return ", ".join([*parts, f"about {spell(left)} left"] if left else parts)


def _left(found: dict[str, dict], *, began: float, expected: float | None, jobs: int) -> float | None:
    """Return the seconds left: from runs that ended, else from the plan."""
    times = [held["seconds"] for held in found.values() if held["state"] == "finished"]
    waiting = sum(held["state"] not in _ENDED for held in found.values())
    if not waiting:
        return None
    if times:
        return waiting * sum(times) / len(times) / min(jobs, waiting)
    return max(expected / jobs - (time.time() - began), 1) if expected else None


def _close(console: Console, events: Sequence[dict]) -> None:
    found = states(events)
    if len(found) > 1:
        console.print(headline(found, began=time.time(), expected=None, jobs=1))


def spell(seconds: float) -> str:
    """Return a time as people say it: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
