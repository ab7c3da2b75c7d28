"""Many runs, several at once; one that fails stops what has not begun, unless the others are to go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from curv_eval.errors import CurvError, RunError
from curv_eval.run.notebooks import How, Tell
from curv_eval.run.planning import Planned
from curv_eval.run.study_run import run_planned

Run = Callable[[Planned], Path]


@dataclass(frozen=True, repr=False)
class Ended:
    """How one planned run ended: its folder, or why there is none; neither where it never began."""

    planned: Planned
    folder: Path | None = None
    fault: CurvError | None = None

    @property
    def state(self) -> str:
        """finished, fresh, failed or not begun."""
        if self.fault:
            return "failed"
        return "not begun" if self.folder is None else "fresh" if self.planned.fresh else "finished"


def run_all(plans: Sequence[Planned], *, how: How, jobs: int, keep_going: bool, tell: Tell) -> list[Ended]:
    """Make every run of a plan with `jobs` at once, and say how each ended, in the plan's order.

    keep_going: a run that fails does not keep others from beginning. Ctrl-C ends all kernels and is passed on.
    """
    tell({"event": "plan", "studies": [one.study.study for one in plans], "jobs": jobs})
    if jobs == 1 or len(plans) == 1:
        return _one_by_one(plans, lambda one: run_planned(one, how=how, tell=tell), keep_going=keep_going)
    return _side_by_side(plans, how=how, jobs=jobs, keep_going=keep_going, tell=tell)


def _one_by_one(plans: Sequence[Planned], run: Run, *, keep_going: bool) -> list[Ended]:
    ended: list[Ended] = []
    for one in plans:
        stopped = not keep_going and any(done.fault for done in ended)
        ended.append(Ended(one) if stopped else _ended(one, run))
    return ended


def _ended(one: Planned, run: Run) -> Ended:
    try:
        return Ended(one, folder=run(one))
    except CurvError as fault:
        return Ended(one, fault=fault)


def _side_by_side(plans: Sequence[Planned], *, how: How, jobs: int, keep_going: bool, tell: Tell) -> list[Ended]:
    from curv_eval.kernels import stop_kernels

    stop = threading.Event()

    def run(one: Planned) -> Ended:
        if stop.is_set():
            return Ended(one)
        done = _ended(one, lambda it: run_planned(it, how=how, tell=tell))
        if done.fault and not keep_going:
            stop.set()
        return done

    with ThreadPoolExecutor(jobs, thread_name_prefix="run") as pool:
        waiting: dict[Future[Ended], int] = {pool.submit(run, one): i for i, one in enumerate(plans)}
        try:
            found = {waiting[done]: done.result() for done in as_completed(waiting)}
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            stop_kernels()
            raise
    return [found[i] for i in range(len(plans))]


def refuse_failed(ended: Sequence[Ended]) -> None:
    """Raise the fault of a run that failed; where several did, one error with each text once.

    The exit code is that of the fault, and 1 where runs failed for different kinds of reason.
    """
    failed = [one for one in ended if one.fault]
    if not failed:
        return
    if len(ended) == 1:
        raise failed[0].fault
    texts: dict[str, list[str]] = {}
    for one in failed:
        texts.setdefault(str(one.fault), []).append(one.planned.study.study)
    lines = [line for text, names in texts.items() for line in (heading(names), *indented(text))]
    waiting = sum(one.state == "not begun" for one in ended)
    lines += [f"{waiting:,} did not begin; with --keep-going they would have"] if waiting else []
    raise _as_kind(failed, RunError(f"{len(failed):,} of {len(ended):,} runs failed", lines, _AGAIN))


_AGAIN = "mend that and give the same command again: what is finished is not repeated"


def _as_kind(failed: Sequence[Ended], fault: RunError) -> RunError:
    codes = {one.fault.exit_code for one in failed if one.fault}
    fault.exit_code = codes.pop() if len(codes) == 1 else CurvError.exit_code
    return fault


def heading(names: Sequence[str]) -> str:
    """Return the first name as a heading, and how many more there are."""
    return f"{names[0]}:" if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more:"


def indented(text: str) -> list[str]:
    """Return the lines of a text, each set in."""
    return [f"  {line}" for line in text.splitlines()]
