"""Starts the process that kernels are forked from, once, and asks it for kernels."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

# where a fork of a process that has imported numerical libraries is known to be safe
POSSIBLE = sys.platform == "linux"
_FIXED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}  # Arrow's allocator would start a thread when it is imported


class Forked:
    """A forked kernel, with what jupyter_client asks of a subprocess.Popen."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, answers: socket.socket) -> None:
        self.pid, self.returncode, self._answers, self._lock = pid, None, answers, threading.Lock()

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        with self._lock:
            if self.returncode is None:
                self._answers.setblocking(False)
                with suppress(BlockingIOError):
                    self._take(self._answers.recv(64))
        return self.returncode

    def wait(self) -> int:
        """Wait until it has ended and return the exit status."""
        with self._lock:
            if self.returncode is None:
                self._answers.setblocking(True)
                self._take(self._answers.recv(64))
        return self.returncode

    def _take(self, said: bytes) -> None:
        # without an answer the process it was forked from is gone, which ends its kernels
        self.returncode = int(said) if said.strip() else -signal.SIGKILL
        self._answers.close()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended: its number may be somebody else's by now."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Zygote:
    """The process that kernels are forked from, and the socket on which it is asked."""

    def __init__(self) -> None:
        self.code = _state_of_code()
        self.place = Path(tempfile.mkdtemp(prefix="curv-"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "curv_eval.kernels.zygote", str(self.place / "s")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.place,
            env={**os.environ, **_FIXED}, start_new_session=True,
        )  # fmt: skip
        if self.process.stdout.readline() != b"ready\n":
            said = self.process.stderr.read().decode("utf-8", "replace").strip().splitlines()
            self.close()
            raise RuntimeError(said[-1] if said else "it ended by itself")
        # from now on nobody reads what it says; it is silent, and a pipe that fills up would stop it
        self.process.stderr.close()

    def fits(self) -> bool:
        """Whether it lives, and has imported the code that is there now."""
        return self.process.poll() is None and self.code == _state_of_code()

    def fork(self, argv: list[str], env: dict[str, str], cwd: str) -> Forked:
        """Return a new kernel. Raises OSError when the process is gone."""
        asked = socket.socket(socket.AF_UNIX)
        asked.settimeout(30)
        try:
            asked.connect(str(self.place / "s"))
            asked.sendall(json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n")
            said = b""
            while not said.endswith(b"\n"):
                part = asked.recv(1)
                if not part:
                    raise ConnectionError("the process that kernels are forked from is gone")
                said += part
        except BaseException:
            asked.close()
            raise
        return Forked(int(said), asked)

    def close(self) -> None:
        """End it, and with it every kernel it forked."""
        with suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(OSError):
                pipe.close()
        shutil.rmtree(self.place, ignore_errors=True)


_LOCK = threading.Lock()
_HELD: list[Zygote] = []


def fork_kernel(argv: list[str], env: dict[str, str], cwd: str) -> Forked:
    """Return a kernel forked from this process's zygote, which is started where there is none that fits.

    Raises OSError or RuntimeError when none can be started.
    """
    with _LOCK:
        if _HELD and not _HELD[0].fits():
            _retire()
        _close_idle()
        if not _HELD:
            atexit.register(close_zygotes)
            _HELD.append(Zygote())
        try:
            return _HELD[0].fork(argv, env, cwd)
        except OSError:
            _retire()
            _HELD.append(Zygote())
            return _HELD[0].fork(argv, env, cwd)


def _retire() -> None:
    """Let the old zygote end with its last kernel where it still has some, at once where it is dead."""
    old = _HELD.pop()
    if old.process.poll() is None:
        _RETIRED.append(old)
    else:
        old.close()


_RETIRED: list[Zygote] = []


def _close_idle() -> None:
    """End the retired ones whose last kernel has ended."""
    import psutil

    for old in list(_RETIRED):
        try:
            busy = bool(psutil.Process(old.process.pid).children())
        except psutil.Error:
            busy = False
        if not busy:
            _RETIRED.remove(old)
            old.close()


def close_zygotes() -> None:
    """End the zygotes of this process and every kernel forked from them."""
    with _LOCK:
        while _HELD or _RETIRED:
            (_HELD or _RETIRED).pop().close()


def _state_of_code() -> tuple:
    """Return size and time of every module of ours: a zygote must not serve code that has changed since."""
    root = Path(__file__).parents[1]
    return tuple(
        (path.name, held.st_size, held.st_mtime_ns) for path in sorted(root.rglob("*.py")) if (held := path.stat())
    )
