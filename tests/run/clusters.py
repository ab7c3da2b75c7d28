"""A real Dask cluster on this machine: a scheduler and workers in processes of their own."""

import os
import subprocess
import sys
from contextlib import contextmanager

from distributed import Client
from projects import scratch

# prints the scheduler's address, and ends with its standard input; workers that end are started anew
_CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None) as held:
        print(held.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def cluster(workers=2, **variables):
    """Yield the address of a scheduler with so many workers, which began in a folder of their own."""
    folder = scratch(keep=True)
    (folder / "cluster.py").write_text(_CLUSTER, "utf-8")
    process = subprocess.Popen(
        [sys.executable, "cluster.py", str(workers)], cwd=folder, text=True, env={**os.environ, **variables},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


@contextmanager
def worker(address, **variables):
    """Start one more worker, as a person would, and wait until the scheduler knows it."""
    with Client(address, set_as_default=False) as client:
        there = len(client.nthreads())
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
             "--no-dashboard"],
            cwd=scratch(keep=True), env={**os.environ, **variables}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        client.wait_for_workers(there + 1, timeout=30)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def processes(address):
    """Return the process number of each worker, by its address."""
    with Client(address, set_as_default=False) as client:
        return client.run(os.getpid)
