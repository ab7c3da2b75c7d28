"""One notebook under way: its kernel, its limits, and whom it tells."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from curv_eval.kernels.limits import Setting
from curv_eval.kernels.warm import POSSIBLE

Tell = Callable[[dict], None]
# what a kernel starts inherits this, and is known by it when nobody knows any more who started it
MARK = "CURV_EVAL_KERNEL"
_EVERY = 0.2
LIVE: set[Session] = set()


class Session:
    """Watches one kernel: how long it runs, how much memory it takes, and ends it when that is too much.

    over: "time" or "memory" once it was ended for that. peak: most resident bytes seen. left: the cell that ended it.
    """

    def __init__(self, setting: Setting, tell: Tell) -> None:
        self.setting, self.limits, self.tell = setting, setting.limits, tell
        self.mark, self.family = uuid.uuid4().hex, set()
        self.env, self.cwd = {**os.environ, **setting.env, MARK: self.mark}, setting.cwd
        self.warm = setting.warm and POSSIBLE
        self.over, self.peak, self.notebook, self.left = "", 0, None, None
        self.process: psutil.Process | None = None
        self.kernel: Any = None
        self._oom_before = oom_kills()
        self._began, self._done = time.monotonic(), threading.Event()
        self._place = tempfile.TemporaryDirectory(prefix="curv-")

    def __enter__(self) -> Session:
        LIVE.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        LIVE.discard(self)
        self.end()
        self._end_strays()
        self._place.cleanup()

    @property
    def sockets(self) -> str:
        """Where the kernel's sockets are made; short, since the system allows little more than 100 characters."""
        return str(Path(self._place.name) / "k")

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self._began

    @property
    def status(self) -> int | None:
        """The exit status of its kernel, None while it runs or where it is not known."""
        return None if self.kernel is None else self.kernel.poll()

    def ended(self) -> bool:
        """Whether its kernel has ended, by itself or for going beyond a limit."""
        return bool(self.over) or self.status is not None

    @property
    def oom(self) -> bool:
        """Whether the system ended a process for want of memory since this one began."""
        return oom_kills() > self._oom_before

    def watch(self, kernel: Any) -> None:
        """Begin to watch a kernel: a process as jupyter_client holds it."""
        self.kernel = kernel
        self.tell({"event": "kernel-started", "pid": kernel.pid, "warm": self.warm})
        with suppress(psutil.Error):
            self.process = psutil.Process(kernel.pid)
            threading.Thread(target=self._watch, daemon=True, name="watch").start()

    def _watch(self) -> None:
        while not (self._done.wait(_EVERY) or self.over):
            self.look()

    def look(self) -> None:
        """Measure once, and end the kernel if it is beyond a limit."""
        used = self._used()
        self.peak = max(self.peak, used)
        if self.limits.memory and used > self.limits.memory:
            self.over = "memory"
        elif self.limits.run_seconds and self.seconds > self.limits.run_seconds:
            self.over = "time"
        if self.over:
            self.end()

    def _used(self) -> int:
        """Return the resident bytes of the kernel and of what it started, 0 once it has ended."""
        try:
            started = self.process.children(recursive=True)
            self.family.update(started)
            return sum(one.memory_info().rss for one in (self.process, *started))
        except (psutil.Error, AttributeError):
            return 0

    def end(self) -> None:
        """Kill the kernel and everything it started."""
        if self.process is None:
            return
        with suppress(psutil.Error):
            self.family.update(self.process.children(recursive=True))
        # those it started may have outlived it
        _kill([*self.family, self.process])

    def _end_strays(self) -> None:
        """Kill what the kernel started and let go, so that it has another parent by now."""
        if self.process is not None:
            _kill([one for one in psutil.process_iter() if _mark(one) == self.mark])


def _kill(processes: list[psutil.Process]) -> None:
    for one in processes:
        with suppress(psutil.Error):
            one.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)


def _mark(process: psutil.Process) -> str:
    """Return the mark a process inherited, "" where it has none or does not let us look."""
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def oom_kills() -> int:
    """Return how often the system ended a process for want of memory, 0 where it does not say."""
    for path in ("/sys/fs/cgroup/memory.events", "/proc/vmstat"):
        with suppress(OSError, ValueError, IndexError):
            lines = Path(path).read_text("utf-8").splitlines()
            found = [int(line.split()[1]) for line in lines if line.startswith("oom_kill ")]
            if found:
                return found[0]
    return 0
