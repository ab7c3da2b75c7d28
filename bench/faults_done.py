"""The faults, one function each: done to a place, and said in a few words what happened."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults_place import Place, Said, at, kill, once, wait_for

FAULTS: dict[str, Fault] = {}


class Skipped(Exception):  # noqa: N818 - a reason, not an error
    """Why a fault could not be tried here."""


@dataclass(frozen=True)
class Fault:
    """do: what is done to a place. finished: to one whose study was run to its end before."""

    do: Callable[[Place], str]
    finished: bool = False


def fault(name: str, *, finished: bool = False):
    """Name a fault, as the table shall have it."""

    def named(do: Callable[[Place], str]) -> Callable[[Place], str]:
        FAULTS[name] = Fault(do, finished)
        return do

    return named


def _ended(said: Said) -> str:
    code = said.code if said.code >= 0 else f"signal {signal.Signals(-said.code).name}"
    return f"ended with {code}" + (f": {said.first}" if said.first and said.code > 0 else "")


# ---- the program is killed, at ten moments

MOMENTS = {
    "as the plan is told": at("plan"),
    "as the first notebook starts": at("notebook-started", "data"),
    "as its kernel starts": at("kernel-started", "data"),
    "in a cell of the data notebook": at("cell-started", "data", 7),
    "between two notebooks": at("notebook-finished", "data"),
    "in a cell of the power notebook": at("cell-started", "power", 7),
    "in a cell of the effect notebook": at("cell-started", "effect", 9),
    "as the last kernel ends": at("kernel-ended", "effect"),
    "as the run is put together": at("notebook-finished", "effect"),
}
for _when, _at in MOMENTS.items():
    fault(f"kill -9 of the program {_when}")(lambda place, moment=_at: _ended(place.study(harm=once(moment, kill))))


@fault("kill -9 of the program as the brief is rendered", finished=True)
def brief(place: Place) -> str:
    shutil.rmtree(place.run / "brief", ignore_errors=True)
    process = place.start("brief", "demo")
    came = wait_for(
        lambda: any(place.run.glob("brief*")) or any(place.run.glob(".*brief*")) or process.poll() is not None
    )
    process.kill()
    process.communicate()
    again = place.tell("brief", "demo")
    return f"{'killed as its folder came' if came else 'killed'}; given again, `brief` {_ended(again)}"


@fault("kill -9 of the program and of all it started, as a power cut would")
def power_cut(place: Place) -> str:
    def everything(_event, process):
        os.killpg(process.pid, signal.SIGKILL)

    return _ended(place.study(harm=once(at("cell-started", "power", 7), everything)))


@fault("Ctrl-C in a cell")
def interrupt(place: Place) -> str:
    said = place.study(harm=once(at("cell-started", "power", 7), lambda _, p: os.kill(p.pid, signal.SIGINT)))
    return _ended(said)


@fault("the system asks the program to end (SIGTERM) in a cell")
def terminate(place: Place) -> str:
    return _ended(place.study(harm=once(at("cell-started", "power", 7), lambda _, p: os.kill(p.pid, signal.SIGTERM))))


# ---- a kernel, or what it was forked from, is killed


@fault("kill -9 of a kernel")
def kernel(place: Place) -> str:
    said = place.study(harm=once(at("kernel-started", "power"), lambda event, _: os.kill(event["pid"], signal.SIGKILL)))
    tries = sum(event["event"] == "retry" for event in said.events)
    return f"tried once more ({tries} retry), {_ended(said)}"


@fault("kill -9 of a kernel, and of the next one")
def kernel_twice(place: Place) -> str:
    def each(event, _process):
        if at("kernel-started", "power")(event):
            os.kill(event["pid"], signal.SIGKILL)

    return _ended(place.study(harm=each))


@fault("kill -9 of the process that kernels are forked from")
def zygote(place: Place) -> str:
    import psutil

    def parent(event, _process):
        psutil.Process(event["pid"]).parent().kill()

    return _ended(place.study(harm=once(at("kernel-started", "power"), parent)))


# ---- a notebook that misbehaves: the program's own, with a cell put in


@contextmanager
def _cell(place: Place, notebook: str, source: str):
    path = place.program / "notebooks" / f"{notebook}.ipynb"
    before = path.read_text("utf-8")
    held = json.loads(before)
    made = {
        "cell_type": "code",
        "id": "fault",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }
    held["cells"].insert(4, made)
    path.write_text(json.dumps(held), "utf-8")
    try:
        yield
    finally:
        path.write_text(before, "utf-8")


def _with_cell(source: str, *words: str, notebook: str = "power") -> Callable[[Place], str]:
    def do(place: Place) -> str:
        with _cell(place, notebook, source):
            return _ended(place.study(*words))

    return do


fault("a cell that never ends, with a limit for cells")(
    _with_cell("import time\ntime.sleep(600)", "--cell-minutes", "0.05")
)
fault("a notebook that takes too long, with a limit for notebooks")(
    _with_cell("import time\ntime.sleep(600)", "--minutes", "0.1")
)
fault("a cell that takes 3 GB, with a limit of 1 GB")(
    _with_cell("held = bytearray(3_000_000_000)\nfor i in range(0, len(held), 4096): held[i] = 1", "--memory", "1")
)
fault("an error in a cell")(_with_cell("1 / 0"))
fault("a cell that leaves Python")(_with_cell("import os\nos._exit(3)"))
fault("a cell that prints 200 MB")(_with_cell("for i in range(2000): print('x' * 100_000)"))
fault("a notebook that writes a file it does not declare")(
    _with_cell("from pathlib import Path\nPath(folder, 'stray.csv').write_text('1')")
)


@fault("a notebook cut in the middle")
def truncated(place: Place) -> str:
    path = place.program / "notebooks" / "effect.ipynb"
    before = path.read_bytes()
    path.write_bytes(before[: len(before) // 2])
    said = place.tell("run", "params/study.yaml", "--no-brief")
    path.write_bytes(before)
    return _ended(said)


# ---- what lies in outputs/ is spoilt


def _changed(find: Callable[[Place], Path], change: Callable[[bytes], bytes]) -> Callable[[Place], str]:
    def do(place: Place) -> str:
        path = find(place)
        path.write_bytes(change(path.read_bytes()))
        return place.tell("plan", "params/study.yaml").out.splitlines()[1].strip()

    return do


def _record(place: Place, notebook: str) -> Path:
    (found,) = (place.home / notebook).glob("*/run.json")
    return found


fault("manifest.json cut in the middle", finished=True)(
    _changed(lambda place: place.run / "manifest.json", lambda held: held[: len(held) // 2])
)
fault("a released table changed by hand", finished=True)(
    _changed(lambda place: place.run / "release" / "tables" / "power.csv", lambda held: held + b"1")
)
fault("a released file deleted", finished=True)(
    lambda place: ((place.run / "release" / "results.json").unlink(), place.tell("plan", "params/study.yaml"))[1]
    .out.splitlines()[1].strip()
)  # fmt: skip


@fault("leftovers of an interrupted run, and no finished one", finished=True)
def leftovers(place: Place) -> str:
    shutil.rmtree(place.run)
    for name in (".partial-abc-1", ".old-abc-1"):
        (place.home / name).mkdir()
        (place.home / name / "half").write_text("half")
        old = time.time() - 30 * 86_400
        os.utime(place.home / name, (old, old))
    return "they are tidied away by the next run"


@fault("the run's folder deleted", finished=True)
def deleted(place: Place) -> str:
    shutil.rmtree(place.run)
    return place.tell("plan", "params/study.yaml").out.splitlines()[1].strip()


@fault("all locks deleted in the middle of a run")
def locks(place: Place) -> str:
    gone = place.folder / "outputs" / ".locks"
    return _ended(place.study(harm=once(at("cell-started", "power", 7), lambda *_: shutil.rmtree(gone))))


# ---- the disk


@contextmanager
def _mounted(folder: Path, options: str):
    folder.mkdir(parents=True, exist_ok=True)
    if os.name == "nt" or shutil.which("mount") is None or os.geteuid() != 0:
        raise Skipped("a file system can be mounted by root only")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if made.returncode:
        raise Skipped("this machine does not let file systems be mounted")
    try:
        yield folder
    finally:
        kept = folder.with_name("kept")
        shutil.copytree(folder, kept)
        subprocess.run(["umount", "-l", folder], check=True)
        shutil.rmtree(folder)
        kept.rename(folder)


@fault("a disk that is full (a small file system in memory)")
def full(place: Place) -> str:
    with _mounted(place.folder / "outputs", "size=1500k"):
        return _ended(place.study())


@fault("a disk that is full from the start")
def full_at_once(place: Place) -> str:
    with _mounted(place.folder / "outputs", "size=4k"):
        return _ended(place.study())


@fault("outputs that cannot be written")
def read_only(place: Place) -> str:
    with _mounted(place.folder / "outputs", "size=1m,ro"):
        return _ended(place.study())


# ---- time, names, and others at work


@fault("a clock that was set back twenty years", finished=True)
def clock(place: Place) -> str:
    for path in place.folder.rglob("*"):
        os.utime(path, (1_100_000_000, 1_100_000_000), follow_symlinks=False)
    for path in (place.folder / "data").rglob("*"):
        os.utime(path, (2_500_000_000, 2_500_000_000), follow_symlinks=False)
    return place.tell("plan", "params/study.yaml").out.splitlines()[-1]


@fault("the same study run twice at once")
def twice(place: Place) -> str:
    first, second = (place.start("run", "params/study.yaml", "--json") for _ in range(2))
    outs = [one.communicate(timeout=300)[0] for one in (first, second)]
    cells = sum('"event": "kernel-started"' in line for out in outs for line in out.splitlines())
    return f"both ended with {first.returncode} and {second.returncode}; {cells} notebooks were executed, not 6"


@fault("a project in a folder with spaces and letters of other scripts")
def unicode_place(place: Place) -> str:
    before, place.folder = (
        place.folder,
        place.folder.rename(place.folder.with_name("Ein Ördner für Gewalt-Prävention – 暴力")),
    )
    said = place.study()
    place.folder = place.folder.rename(before)
    return _ended(said)


@fault("a project in a folder with a very long name")
def long_place(place: Place) -> str:
    deep = place.folder.parent.joinpath(*["a-folder-with-a-name-of-sixty-characters-or-nearly-so-many-x"] * 4)
    deep.mkdir(parents=True)
    before, place.folder = place.folder, place.folder.rename(deep / "project")
    said = place.study()
    place.folder = place.folder.rename(before)
    return _ended(said)


@fault("outputs/ is a link to another disk")
def linked(place: Place) -> str:
    other = place.folder.with_name("elsewhere")
    other.mkdir()
    (place.folder / "outputs").symlink_to(other)
    return _ended(place.study())


@fault("data replaced while the study runs")
def replaced(place: Place) -> str:
    path = place.folder / "data" / "ae_assaults.csv"
    before = path.read_bytes()
    rows = before.splitlines(keepends=True)
    change = once(at("kernel-started", "data"), lambda *_: path.write_bytes(b"".join(rows[:-40])))
    said = place.study(harm=change)
    path.write_bytes(before)
    return _ended(said)


@fault("a review killed at twelve moments", finished=True)
def review(place: Place) -> str:
    whole = 0
    words = ("review", "demo", "--reviewer", "A. Reader", "--decision", "revise", "--findings", "Say more.")
    for number in range(12):
        process = place.start(*words)
        time.sleep(0.1 * (number + 1))
        process.kill()
        process.communicate()
        path = place.run / "reviews.json"
        whole += not path.exists() or bool(json.loads(path.read_text("utf-8")))
    said = place.tell(*words)
    return f"reviews.json was whole {whole} times of 12; given again, `review` {_ended(said)}"


@fault("a sweep of 1,000 studies, planned", finished=True)
def thousand(place: Place) -> str:
    text = (place.folder / "params" / "study.yaml").read_text("utf-8")
    sweep = json.dumps({"grid": {"seed": list(range(1000))}})
    (place.folder / "params" / "many.yaml").write_text(f"{text}sweep: {sweep}\n", "utf-8")
    return place.tell("plan", "params/many.yaml").out.splitlines()[-1]
