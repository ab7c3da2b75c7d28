"""A real Dask cluster on this machine: a scheduler and workers in processes of their own, with nannies."""

import subprocess
import sys
from contextlib import contextmanager

# processes that print the scheduler's address and end with their standard input
_CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None) as held:
        print(held.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def cluster(folder, workers=2, **variables):
    """Yield the address of a scheduler with so many workers, started in `folder`."""
    script = folder / "cluster.py"
    script.write_text(_CLUSTER, "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(workers)], cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(folder / "cluster.log").open("w"),
    )  # fmt: skip
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate()
