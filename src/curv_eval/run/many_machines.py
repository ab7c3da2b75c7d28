"""Many runs on the workers of a Dask cluster, with the keys, folders and manifests of runs on this machine."""

from __future__ import annotations

import asyncio
import itertools
import logging
import queue
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval import audit
from curv_eval.data import contract_files
from curv_eval.errors import CurvError, KernelDeathError, RunError
from curv_eval.run.folders import writing
from curv_eval.run.notebooks import How, Tell
from curv_eval.run.on_a_worker import DO, Needed, Order, everywhere, look, stop, work
from curv_eval.run.planning import Planned
from curv_eval.run.pool import Ended, heading, indented, run_all
from curv_eval.run.study_run import run_planned

if TYPE_CHECKING:
    from distributed import Client, Future

# seconds to wait for: the scheduler's answer, a first worker, another worker when the last is gone, kernels to end, and
# a folder that a worker made to be seen here
_ANSWER, _FIRST, _NONE_LEFT, _ENDING, _SEEN = 10.0, 10.0, 60.0, 15.0, 60.0
_NOISY = ("distributed", "distributed.client", "tornado.application")
_START = "start one with `dask scheduler`, workers with `dask worker ADDRESS --nthreads 1`, and give its address"
_ON = "what is finished is kept: give the same command again"


def run_on(scheduler: str, plans: Sequence[Planned], *, how: How, keep_going: bool, tell: Tell) -> list[Ended]:
    """Make every run of a plan on the workers of a scheduler, and say how each ended, in the plan's order.

    keep_going: a run that fails does not keep others from beginning. A run whose worker is lost goes on elsewhere.
    Ctrl-C ends this command's runs and kernels on all workers and is passed on. Raises RunError before the first run
    where the scheduler does not answer, or where workers lack something: all of it at once.
    """
    if not any(how.again or not one.fresh for one in plans):
        return run_all(plans, how=how, jobs=1, keep_going=keep_going, tell=tell)
    with _connected(scheduler) as client, _needed(plans) as needed:
        _refuse_unfit(client, needed)
        tell({"event": "plan", "studies": [one.study.study for one in plans], "jobs": _room(client)})
        client.subscribe_topic(needed.command, _heard(tell))
        return _Runs(client, needed, how=how, tell=tell).all(plans, keep_going=keep_going)


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    """Yield a client of the scheduler. Raises RunError where none answers in time, or no worker is there."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        do = "pip install 'curv-eval[dask]', here and where the workers are"
        raise RunError("--scheduler needs the package distributed, which is not installed", do=do) from None
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    kind = _asked_who(scheduler)
    if kind != "Scheduler":
        raise RunError(f"at {scheduler} there is no Dask scheduler but a {kind.lower()}", do=_START)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = Client(scheduler, timeout=_ANSWER, set_as_default=False)
    with client:
        yield client


def _asked_who(scheduler: str) -> str:
    """Return what answers at an address: "Scheduler", if it is one."""
    from distributed import rpc
    from distributed.security import Security

    async def ask() -> str:
        held = rpc(scheduler, connection_args=Security().get_connection_args("client"))
        try:
            return str((await held.identity())["type"])
        finally:
            await held.close_rpc()

    try:
        return asyncio.run(asyncio.wait_for(ask(), _ANSWER))
    except ValueError as fault:
        said = f"got {scheduler!r}, expected an address like tcp://host:8786 ({fault})"
        raise RunError("--scheduler names no address", [said], _START) from None
    except Exception:
        raise RunError(f"no Dask scheduler answers at {scheduler}", [f"waited {_ANSWER:g} s"], _START) from None


@contextmanager
def _needed(plans: Sequence[Planned]) -> Iterator[Needed]:
    """Yield what workers must have. While the block lasts, a mark in the outputs shows whether a worker shares them."""
    command = f"curv-eval-{uuid.uuid4().hex[:12]}"
    projects = dict.fromkeys(one.study.project for one in plans)
    marks = tuple(project / "outputs" / ".locks" / f"{command}.mark" for project in projects)
    paths = dict.fromkeys(path for one in plans for path in _read_by(one))
    try:
        for mark in marks:
            with writing(mark):
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.write_text(command, "utf-8")
        yield Needed(command, marks, tuple(paths), everywhere())
    finally:
        for mark in marks:
            mark.unlink(missing_ok=True)


def _read_by(one: Planned) -> Iterator[Path]:
    """Yield what a run reads: the study, the contracts that lie in its project, the data."""
    study = one.study
    yield Path(study.path).absolute()
    yield from (path for path in contract_files(study).values() if path.is_relative_to(study.project))
    yield from (one.data / use.location for use in study.contracts.values())


def _refuse_unfit(client: Client, needed: Needed) -> None:
    """Refuse a cluster with workers that lack something, each text once. Raises RunError."""
    with suppress(TimeoutError, asyncio.TimeoutError):
        client.wait_for_workers(1, timeout=_FIRST)
    found = client.run(look, needed, on_error="return")
    if not found:
        raise RunError("the scheduler has no workers", do="start some with `dask worker ADDRESS --nthreads 1`")
    texts: dict[str, list[str]] = {}
    for worker, lacks in found.items():
        if lacks:
            texts.setdefault("\n".join(_lacks(lacks)), []).append(worker)
    if texts:
        unfit = sum(len(held) for held in texts.values())
        lines = [line for text, held in texts.items() for line in (heading(held), *indented(text))]
        raise RunError(f"{unfit:,} of {len(found):,} workers cannot take these runs", lines, DO)


def _lacks(said: list[str] | Exception) -> list[str]:
    """Return what a worker said that it lacks, or why it could not even be asked."""
    if isinstance(said, CurvError):
        return str(said).splitlines()
    if isinstance(said, Exception):
        missing = "curv_eval" in str(said)
        return ["it has no curv-eval like the one here" if missing else f"it did not answer ({type(said).__name__})"]
    return said


def _room(client: Client) -> int:
    """Return how many runs the cluster takes at once, at least 1."""
    return max(1, sum(client.nthreads().values()))


def _heard(tell: Tell) -> Callable[[tuple[float, dict]], None]:
    """Return a listener for what workers say; a run that starts a second time has lost its worker.

    Dask names the worker in every event; here only the start of a run keeps that.
    """
    begun: set[str] = set()

    def heard(said: tuple[float, dict]) -> None:
        event = dict(said[1])
        if event["event"] != "run-started":
            event.pop("worker", None)
        else:
            if event["study"] in begun:
                tell({"event": "worker-lost", "study": event["study"]})
            begun.add(event["study"])
        tell(event)

    return heard


class _Runs:
    """The runs of one command on a cluster. No more are given out than workers can take: none begins after a fault.

    out: what has not come back, by its number in the plan. lost: why nothing more can come back.
    """

    def __init__(self, client: Client, needed: Needed, *, how: How, tell: Tell) -> None:
        self.client, self.needed, self.how, self.tell = client, needed, how, tell
        self.out: dict[int, Future] = {}
        self.back: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.lost = ""

    def all(self, plans: Sequence[Planned], *, keep_going: bool) -> list[Ended]:
        """Give out every run and return how each ended."""
        fresh = [one.fresh and not self.how.again for one in plans]
        ended = {i: self._fresh(one) for i, one in enumerate(plans) if fresh[i]}
        left = iter([i for i in range(len(plans)) if not fresh[i]])
        try:
            self._give(plans, left)
            while self.out:
                i = self._next()
                ended[i] = self._ended(plans[i], self.out.pop(i))
                if not ended[i].fault or keep_going:
                    self._give(plans, left)
                else:
                    left = iter(())
        except BaseException:
            self._stop()
            raise
        rest = RunError(self.lost, do=_ON) if self.lost and keep_going else None
        return [ended.get(i, Ended(one, fault=rest)) for i, one in enumerate(plans)]

    def _fresh(self, one: Planned) -> Ended:
        return Ended(one, folder=run_planned(one, how=self.how, tell=self.tell))

    def _give(self, plans: Sequence[Planned], left: Iterator[int]) -> None:
        room = 0 if self.lost else _room(self.client) - len(self.out)
        for i in itertools.islice(left, max(room, 0)):
            order, name = self._order(plans[i]), f"{self.needed.command}-{i}-{plans[i].study.study}"
            self.out[i] = self.client.submit(work, order, key=name, pure=False)
            self.out[i].add_done_callback(lambda _, i=i: self.back.put(i))

    def _order(self, one: Planned) -> Order:
        study, data = one.study, None if one.study.made_up else one.data
        file = Path(study.path).absolute()
        reference = f"{file}#{study.study}" if study.family else str(file)
        return Order(self.needed, study.study, reference, data, one.found, self.how, audit.who())

    def _next(self) -> int:
        """Return the number of the next run that comes back; all do when no worker was left for too long."""
        seen = time.monotonic()
        while True:
            with suppress(queue.Empty):
                return self.back.get(timeout=2)
            if self._workers():
                seen = time.monotonic()
            elif time.monotonic() - seen > _NONE_LEFT and not self.lost:
                self.lost = "no worker was left, and none came back"
                self.client.cancel(list(self.out.values()), force=True)

    def _workers(self) -> bool:
        with suppress(OSError, TimeoutError):
            return bool(self.client.nthreads())
        return False

    def _ended(self, one: Planned, future: Future) -> Ended:
        """Return how a run ended; where its worker could not say why it failed, that is told from here."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        try:
            made = future.result()
            fault = made if isinstance(made, CurvError) else _unseen(one)
            return Ended(one, fault=fault) if fault else Ended(one, folder=one.folder)
        except KilledWorker as killed:
            fault = _killed(one, killed.allowed_failures + 1)
        except CancelledError:
            self.lost = self.lost or "the connection to the scheduler was lost"
            fault = RunError(self.lost, do=_ON)
        except Exception as foreign:
            what = f"a worker stopped {one.study.study} with {type(foreign).__name__}"
            fault = RunError(what, do="this is a fault of the program or of the worker, whose log says more")
        self.tell({"event": "run-failed", "study": one.study.study, "error": type(fault).__name__, "seconds": None})
        return Ended(one, fault=fault)

    def _stop(self) -> None:
        """Take back what was given out and end its kernels, as far as the workers can still be reached."""
        until = time.monotonic() + _ENDING
        with suppress(Exception):
            self.client.cancel(list(self.out.values()), force=True)
            while any(self.client.run(stop, self.needed.command, on_error="ignore").values()):
                if time.monotonic() > until:
                    return
                time.sleep(0.2)


def _killed(one: Planned, times: int) -> KernelDeathError:
    ended = (
        "1 worker ended by itself while it" if times == 1 else f"{times:,} workers ended one after another while they"
    )
    what = f"{ended} made {one.study.study}"
    do = "look at the workers' logs and their memory (--memory stops a notebook before that); then run again: " + _ON
    return KernelDeathError(what, do=do)


def _unseen(one: Planned) -> RunError | None:
    """Return a fault where a finished run does not appear here: a shared disk may show it late, not never."""
    until = time.monotonic() + _SEEN
    while not (one.folder / "manifest.json").is_file():
        if time.monotonic() > until:
            what = f"{one.study.study} was finished on a worker, and {one.folder.name} cannot be seen here"
            return RunError(what, do="see to it that all machines share outputs/; then give the same command again")
        time.sleep(0.5)
    return None
