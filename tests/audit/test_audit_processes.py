"""Several processes and threads that append at once: no line is lost, doubled or torn."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from curv_eval.audit import What, lines, record, verify_log

EACH = 20
CODE = f"""
import pathlib, sys
from curv_eval.audit import What, record
for i in range({EACH}):
    record(pathlib.Path(sys.argv[1]), What.LOADED, of=f"{{sys.argv[2]}}-{{i}}", detail={{"text": "x" * 3000}})
"""


def test_processes_and_threads_lose_nothing(tmp_path):
    home = tmp_path / "outputs"
    started = [subprocess.Popen([sys.executable, "-c", CODE, str(home), f"process-{n}"]) for n in range(2)]
    verified = []
    with ThreadPoolExecutor(3) as pool:
        for n in range(2):
            pool.submit(lambda n=n: [record(home, What.LOADED, of=f"thread-{n}-{i}") for i in range(EACH)])
        while any(process.poll() is None for process in started):
            verified.append(verify_log(home))
    assert [process.wait() for process in started] == [0, 0]
    made = Counter(line.of.rpartition("-")[0] for line in lines(home))
    assert made == {"process-0": EACH, "process-1": EACH, "thread-0": EACH, "thread-1": EACH}
    assert [line.number for line in lines(home)] == list(range(1, 4 * EACH + 1))
    # in order within each of them, and whole at any moment in between
    assert [line.of for line in lines(home) if line.of.startswith("process-0-")] == [
        f"process-0-{i}" for i in range(EACH)
    ]
    assert [fault for found in verified for fault in found.faults] == []
    assert verify_log(home).faults == ()
    assert sorted(path.name for path in home.iterdir()) == ["audit.head", "audit.jsonl"]
