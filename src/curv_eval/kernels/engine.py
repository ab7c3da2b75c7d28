"""The engine `curv` of papermill: nbclient with forked kernels, limits and events, and without a save per cell."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from curv_eval.kernels.limits import Setting
from curv_eval.kernels.provisioner import ForkingManager, make_known
from curv_eval.kernels.session import Session

NAME = "curv"
MOST_OUTPUT = 1_000_000
# how long the outputs of a cell may take to arrive after its end; a machine that is busy needs more than a few
OUTPUT_SECONDS = 60
_CUT = f"\n[cut here: a cell keeps at most {MOST_OUTPUT:,} characters of output]\n"


class Client(PapermillNotebookClient):
    """papermill's client; what one cell says is kept up to a limit, so that a loop that prints cannot fill memory."""

    said = 0

    def process_message(self, msg: dict, cell: Any, cell_index: int) -> Any:
        """Take one message of the kernel; beyond the limit outputs are dropped, and a note says so."""
        if msg["msg_type"] not in ("stream", "display_data", "execute_result"):
            return super().process_message(msg, cell, cell_index)
        before, self.said = self.said, self.said + _size(msg["content"])
        if self.said <= MOST_OUTPUT:
            return super().process_message(msg, cell, cell_index)
        if before <= MOST_OUTPUT:
            cell.outputs.append(new_output("stream", name="stderr", text=_CUT))
        return None

    def papermill_execute_cells(self) -> None:
        """Execute the cells in order and stop at the first that fails. Nothing is saved on the way."""
        session, cells = self.session, len(self.nb.cells)
        for index, cell in enumerate(self.nb.cells):
            self.said, began = 0, time.monotonic()
            session.tell({"event": "cell-started", "cell": index + 1, "cells": cells})
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as fault:
                self.nb_man.cell_exception(cell, cell_index=index, exception=fault)
                return
            session.look()
            seconds = time.monotonic() - began
            session.tell({"event": "cell-finished", "cell": index + 1, "cells": cells, "seconds": seconds})


def _size(content: dict) -> int:
    return len(content.get("text", "")) + sum(len(str(held)) for held in content.get("data", {}).values())


class CurvEngine(NBClientEngine):
    """Executes a notebook in a kernel of its own. session: limits and events, as `kernels.execute` gives them."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, session: Session | None = None, start_timeout: int = 60, **kwargs: Any
    ) -> Any:
        """Execute the notebook that papermill manages; without a session, warm and without limits."""
        make_known()
        mine = session or Session(Setting(cwd=Path.cwd()), tell=lambda event: None)
        with nullcontext(mine) if session else mine:
            client = Client(
                nb_man, km=None, kernel_name=kernel_name, timeout=_whole(mine.limits.cell_seconds),
                startup_timeout=start_timeout, iopub_timeout=OUTPUT_SECONDS, record_timing=False,
                shutdown_kernel="immediate",
                kernel_manager_class=ForkingManager if mine.warm else AsyncKernelManager, extra_arguments=_ARGUMENTS,
            )  # fmt: skip
            client.session, mine.notebook = mine, nb_man.nb
            client.on_cell_executed = lambda **told: _refuse_exit(mine, told)
            client.create_kernel_manager()
            client.km.transport, client.km.ip = ("ipc", mine.sockets) if os.name != "nt" else ("tcp", client.km.ip)
            client.owns_km = True
            client.start_new_kernel(env=mine.env, cwd=str(mine.cwd))
            mine.watch(client.km.provisioner.process)
            return client.execute(cleanup_kc=True)


_ARGUMENTS = ["--log-level=ERROR"]


def _whole(seconds: float | None) -> int | None:
    """Return whole seconds, at least 1: nbclient takes no others, and 0 would mean no limit."""
    return None if seconds is None else max(1, round(seconds))


def _refuse_exit(session: Session, told: dict) -> None:
    """quit() ends a kernel only after its cell, and the reply says so; to go on would leave the rest undone."""
    if any(one.get("source") == "ask_exit" for one in told["execute_reply"]["content"].get("payload", ())):
        session.left = told["cell_index"]
        session.end()


def register() -> None:
    """Let papermill know this engine where the package was installed before it had the entry point."""
    papermill_engines.register(NAME, CurvEngine)
