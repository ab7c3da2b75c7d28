"""What stopped a notebook, in the evaluator's language: never a traceback, never a value of the data."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

from curv_eval import errors
from curv_eval.errors import CellError, CurvError, KernelDeathError, MemoryLimitError, RunError, TimeLimitError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from curv_eval.kernels.session import Session

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ARROW = re.compile(r"^-+> (\d+)", re.MULTILINE)
_PUT_IN = {"injected-parameters", "papermill-error-cell-tag"}
_LAB = "this is a fault of the program or of a changed notebook: open it in JupyterLab (`make lab`)"
_BUSY = "run again with fewer runs at once (--jobs 1), and let the cell print less"
_LESS = "give it more with --memory, run fewer at once (--jobs 1), or use a machine with more memory"


def of_cell(name: str, notebook: NotebookNode) -> CurvError | None:
    """Return the fault of the first cell that raised an error, None where none did."""
    for number, cell in enumerate(_own_cells(notebook), 1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return _own(output) or _system(name, output) or _foreign(name, number, cell, output)
    return None


def _own_cells(notebook: NotebookNode) -> list[Any]:
    """Return the cells as they stand in the notebook's file, without those that papermill put in."""
    return _own_cells_until(notebook, len(notebook.cells))


def _own(output: Any) -> CurvError | None:
    """Return the library's own error, rebuilt from its name and its text."""
    kind = getattr(errors, output.ename, None)
    if not (isinstance(kind, type) and issubclass(kind, CurvError)):
        return None
    head, *rest = str(output.evalue).removeprefix(f"{output.ename}: ").split("\n")
    do = rest.pop().removeprefix("  do: ") if rest and rest[-1].startswith("  do: ") else ""
    return kind(head.removesuffix(":") if rest else head, [line.removeprefix("  ") for line in rest], do)


def _system(name: str, output: Any) -> CurvError | None:
    """Return what the machine lacked: memory, or room on the disk."""
    if output.ename == "MemoryError" or "ArrayMemoryError" in output.ename:
        return MemoryLimitError(f"the {name} notebook ran out of memory", do=_LESS)
    if output.ename == "OSError" and "[Errno 28]" in output.evalue:
        do = "make room, then run again: what was finished before is still there and is not repeated"
        return RunError(f"the {name} notebook could not write: no space left on the disk", do=do)
    return None


def _foreign(name: str, number: int, cell: Any, output: Any) -> CellError:
    """Return the name of an error and where it happened; its text is left out, since it may quote the data."""
    if output.ename == "SystemExit":
        return left(name, number)
    what = f"the {name} notebook stopped in cell {number} with {output.ename}"
    lines, found = cell.source.splitlines(), _ARROW.search(_COLOUR.sub("", "\n".join(output.traceback)))
    line = int(found[1]) if found and 0 < int(found[1]) <= len(lines) else 1
    where = [f"line {line}: {lines[line - 1].strip()}"] if lines else []
    return CellError(what, where, _LAB)


def left(name: str, number: int) -> CellError:
    """Return the fault of a notebook that ended itself with exit() or quit(), which leaves its other cells undone."""
    return CellError(f"the {name} notebook left in cell {number}, before its end", do="take exit() or quit() out of it")


def of_leaving(name: str, session: Session) -> CellError:
    """Return the fault of a notebook whose cell `session.left`, counted from 0 with those put in, ended the kernel."""
    return left(name, len(_own_cells_until(session.notebook, session.left)))


def _own_cells_until(notebook: NotebookNode, last: int) -> list[Any]:
    return [cell for cell in notebook.cells[: last + 1] if not _PUT_IN & {*cell.metadata.get("tags", [])}]


def of_overrun(name: str, session: Session) -> CurvError | None:
    """Return the fault of a notebook that was ended for what it took, None where it was not."""
    if session.over == "memory":
        allowed = f"got {session.peak / 1e9:.1f} GB, allowed are {session.limits.memory / 1e9:.1f} GB"
        return MemoryLimitError(f"the {name} notebook needed too much memory", [allowed], _LESS)
    if session.over == "time":
        return too_long(name, "the whole notebook", session.limits.run_seconds)
    return None


def too_long(name: str, what: str, seconds: float | None) -> TimeLimitError:
    """Return the fault of a cell or a notebook that took longer than it was allowed."""
    allowed = f"{what} may take {seconds:g} s" if (seconds or 0) < 60 else f"{what} may take {seconds / 60:.3g} minutes"
    return TimeLimitError(
        f"the {name} notebook took too long", [allowed], "allow more with --minutes or --cell-minutes"
    )


def of_waiting(name: str, cell_seconds: float | None) -> CurvError:
    """Return the fault of a cell that was waited for too long; without a limit it was its outputs that never came."""
    if cell_seconds:
        return too_long(name, "a cell", cell_seconds)
    return KernelDeathError(f"the outputs of a cell of the {name} notebook never arrived", do=_BUSY)


def of_death(name: str, status: int | None, *, oom: bool) -> CurvError:
    """Return the fault of a kernel that ended by itself. status: as of a process; oom: the system ended some process
    for want of memory meanwhile."""
    if oom and status == -signal.SIGKILL:
        what = f"the {name} notebook was ended by the system for want of memory"
        return MemoryLimitError(what, do=_LESS)
    how = "ended by itself" if status is None else _ended(status)
    do = "run again; if that does not help, use a machine with more memory, or open the notebook with `make lab`"
    return KernelDeathError(f"the kernel of the {name} notebook {how}", do=do)


def _ended(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was ended by signal {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
