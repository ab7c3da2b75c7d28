"""Executes a notebook through papermill and turns what can go wrong into the evaluator's language."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import itertools
import logging
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import KernelDeathError, StudyError
from curv_eval.kernels.faults import of_cell, of_death, of_leaving, of_overrun, of_waiting
from curv_eval.kernels.limits import Setting

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from curv_eval.kernels.session import Session

Tell = Callable[[dict], None]
PARAMETERS = ("params", "folder")
INJECTED = "injected-parameters"
# how often everything was stopped: who began before the last time does not try again
_STOPS = itertools.count(1)
_stopped = [0]


def execute(
    notebook: NotebookNode, *, name: str, parameters: Mapping[str, str], setting: Setting, tell: Tell
) -> NotebookNode:
    """Return the notebook as executed in a kernel of its own, with the same bytes whenever its outputs are the same.

    name: what messages call it. parameters: `params` and `folder`. tell: receives what happens as it happens. A kernel
    that dies is tried once more. Raises the library's own error when a cell raised one; CellError for any other;
    TimeLimitError, MemoryLimitError, KernelDeathError.
    """
    unknown = [f"{one!r}" for one in parameters if one not in PARAMETERS]
    if unknown:
        # papermill writes the names of parameters into the notebook as code
        raise StudyError("a notebook has two parameters, params and folder", [f"got {', '.join(unknown)}"])
    before = _stopped[0]
    try:
        return _once(notebook, name, parameters, setting=setting, tell=tell)
    except KernelDeathError:
        if _stopped[0] != before:
            raise
        tell({"event": "retry"})
        return _once(notebook, name, parameters, setting=setting, tell=tell)


def _once(
    notebook: NotebookNode, name: str, parameters: Mapping[str, str], *, setting: Setting, tell: Tell
) -> NotebookNode:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from curv_eval.kernels.session import Session

    held = _plain(notebook)
    with Session(setting, tell) as session:
        try:
            done = _through_papermill(held, parameters, session)
        except PapermillExecutionError:
            raise of_cell(name, session.notebook) from None
        except CellTimeoutError:
            raise of_waiting(name, setting.limits.cell_seconds) from None
        except (DeadKernelError, RuntimeError, OSError) as fault:
            if not (isinstance(fault, DeadKernelError) or session.ended()):
                raise
            if session.left is not None:
                raise of_leaving(name, session) from None
            raise of_overrun(name, session) or of_death(name, session.status, oom=session.oom) from None
        finally:
            tell({"event": "kernel-ended", "seconds": session.seconds, "peak_memory": session.peak})
    if session.left is not None:
        raise of_leaving(name, session)
    if fault := of_cell(name, done):  # papermill takes sys.exit() for a success
        raise fault
    return canonical(done)


def _through_papermill(held: NotebookNode, parameters: Mapping[str, str], session: Session) -> NotebookNode:
    import papermill

    from curv_eval.kernels import engine

    engine.register()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = partial(
            papermill.execute_notebook, held, None, parameters=dict(parameters), engine_name=engine.NAME,
            kernel_name="python3", language="python", progress_bar=False, request_save_on_cell_execute=False,
            autosave_cell_every=0, session=session,
        )  # fmt: skip
        # a context of its own: Jupyter keeps one event loop per context, and none is closed by itself
        return contextvars.Context().run(_closing_loop, run)


def _closing_loop(run: Callable[[], NotebookNode]) -> NotebookNode:
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        return run()
    finally:
        if not loop.is_running():
            # after Ctrl-C there are tasks left, and asyncio would have a word to say about each
            if left := asyncio.all_tasks(loop):
                for task in left:
                    task.cancel()
                loop.run_until_complete(asyncio.wait(left, timeout=1))
            loop.close()
            asyncio.set_event_loop(None)


def _plain(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without outputs, which an earlier execution may have left."""
    held = copy.deepcopy(notebook)
    for cell in held.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return held


def canonical(done: NotebookNode) -> NotebookNode:
    """Return an executed notebook without what papermill and the clock wrote into it."""
    done.metadata.pop("papermill", None)
    for cell in done.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell["id"] = "curv-params"
    return done


def stop_kernels(homes: Collection[Path] | None = None) -> None:
    """End every kernel of this process, and those they were forked from; what waits for them raises.

    homes: end only kernels that work somewhere below these folders, and leave what others are forked from.
    """
    from curv_eval.kernels.session import LIVE
    from curv_eval.kernels.warm import close_zygotes

    _stopped[0] = next(_STOPS)
    for session in list(LIVE):
        if homes is None or not {*session.cwd.parents}.isdisjoint(homes):
            session.end()
    if homes is None:
        close_zygotes()
