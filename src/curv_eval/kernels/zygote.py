"""The process from which kernels are forked: python -m curv_eval.kernels.zygote SOCKET

One request per connection, as one line of JSON: argv, env and cwd of a kernel. The answer is its process number on one
line, and, when it has ended, its exit status on the next. The process ends with its standard input, so that it never
outlives who started it; kernels end with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress

from curv_eval.kernels.preload import forget, preload, threads

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_MOST_BYTES = 4_000_000


def serve(path: str) -> None:
    """Import everything, say so on standard output, then fork a kernel for every request until standard input ends."""
    preload()
    if threads() > 1:
        sys.exit("an import started a thread: a fork of this process would not be safe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        print("ready", flush=True)
        _loop(server)


def _loop(server: socket.socket) -> None:
    waking, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as ready:
        for source in (server, sys.stdin.fileno(), waking):
            ready.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is server:
                    _accept(server, waiting)
                elif key.fileobj == waking:
                    with suppress(BlockingIOError):
                        os.read(waking, 4096)
                    _reap(waiting)
                elif not os.read(sys.stdin.fileno(), 1):
                    return


def _accept(server: socket.socket, waiting: dict[int, socket.socket]) -> None:
    asked, _ = server.accept()
    try:
        line = asked.makefile("rb").readline(_MOST_BYTES)
        request = json.loads(line)
    except (OSError, ValueError):
        asked.close()
        return
    pid = os.fork()
    if pid == 0:
        _become(request, [server, asked, *waiting.values()])
    waiting[pid] = asked
    with suppress(OSError):
        asked.sendall(f"{pid}\n".encode())


def _reap(waiting: dict[int, socket.socket]) -> None:
    """Tell who asked for a kernel how it ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if asked := waiting.pop(pid, None):
            with suppress(OSError):
                asked.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            asked.close()


def _become(request: dict, sockets: list[socket.socket]) -> None:
    """Turn this fork into a kernel; never returns."""
    code = 1
    try:
        _die_with_parent()
        _separate(sockets)
        os.environ.clear()
        os.environ.update(request["env"], JPY_PARENT_PID=str(os.getppid()))
        os.chdir(request["cwd"])
        forget()
        _reseed()
        from ipykernel.kernelapp import launch_new_instance

        launch_new_instance(argv=request["argv"])
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


def _die_with_parent() -> None:
    """Ask the system to end this kernel with the process it was forked from, and to give it back what it lets go."""
    if sys.platform == "linux":
        system = ctypes.CDLL(None, use_errno=True)
        system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # a process whose parent ended stays below the kernel, where it is found when the kernel ends
        system.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _separate(sockets: list[socket.socket]) -> None:
    """Share no signal, socket or stream with the others."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.setsid()
    for one in sockets:
        os.close(one.fileno())
        one.detach()
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)


def _reseed() -> None:
    """Begin random numbers anew: forks of one process would otherwise draw the same."""
    import random

    import numpy as np

    random.seed()
    np.random.seed()


if __name__ == "__main__":
    serve(sys.argv[1])
