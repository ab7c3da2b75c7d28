"""Projects in temporary folders, and the command line called in this process."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import psutil

from curv_eval.cli import main
from curv_eval.made_up import make_up
from curv_eval.manifest import tree

ROOT = Path(__file__).parents[2]
DEMO = (ROOT / "params" / "demo.yaml").read_text("utf-8")
SEED, EFFECT = 20261123, -0.2
MONTHS = ("2023-03", "2024-02")
STREET = "police-uk-made-up"


@dataclass(frozen=True)
class Said:
    """What a command said: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


_OF_ONE_TEST: list[Path] = []


def scratch(*, keep: bool = False) -> Path:
    """Return a new folder that is removed when its test ends; with `keep`, when all tests end."""
    folder = Path(tempfile.mkdtemp(prefix="curv-eval-test-")).resolve()
    if keep:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        _OF_ONE_TEST.append(folder)
    return folder


def clear() -> None:
    """Remove the folders that were made for one test."""
    while _OF_ONE_TEST:
        shutil.rmtree(_OF_ONE_TEST.pop(), ignore_errors=True)


@functools.cache
def made_up_data() -> Path:
    """Return one made-up data folder, shared: copy it, never change it."""
    folder = scratch(keep=True) / "data"
    make_up(folder, seed=SEED, effect=EFFECT)
    return folder


@functools.cache
def small_data(first: str = MONTHS[0], last: str = MONTHS[1]) -> Path:
    """Return the same data with the police files of a few months only, shared: copy it, never change it."""
    folder = scratch(keep=True) / "data"
    shutil.copytree(made_up_data(), folder)
    for month in (folder / STREET).iterdir():
        if not first <= month.name <= last:
            shutil.rmtree(month)
    return folder


def plain_study(text: str = DEMO) -> str:
    """Return the demo study without data of its own, on the months of the small data."""
    lines = [line for line in text.splitlines() if not line.startswith("made_up:")]
    window = f"{{ first: {MONTHS[0]}, last: {MONTHS[1]} }}"
    return "\n".join(lines).replace("{ first: 2022-01, last: 2024-12 }", window) + "\n"


def project(name: str = "project", *, study: str | None = None, data: Path | None = None, keep: bool = False) -> Path:
    """Return a new project folder with params/study.yaml and, where given, a copy of `data` as data/."""
    folder = scratch(keep=keep) / name
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "study.yaml").write_text(study or plain_study(), "utf-8")
    if data is not None:
        shutil.copytree(data, folder / "data")
    return folder


@contextmanager
def _inside(folder: Path, variables: dict[str, str]):
    before = Path.cwd()
    clean = {name: value for name, value in os.environ.items() if name != "CURV_EVAL_DATA"}
    os.chdir(folder)
    try:
        with patch.dict(os.environ, {**clean, **variables}, clear=True):
            yield
    finally:
        os.chdir(before)


def curv_eval(folder: Path, *words: str, **variables: str) -> Said:
    """Run `curv-eval words...` in this process with `folder` as the working folder."""
    out, err, code = StringIO(), StringIO(), 0
    argv = ["curv-eval", *map(str, words)]
    with _inside(folder, variables), patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
    return Said(code, out.getvalue(), err.getvalue())


def outputs(folder: Path) -> dict[str, str]:
    """Return every file and every folder of a project's outputs/, with its hash; not the journal and audit log."""
    home = folder / "outputs"
    there = {str(p.relative_to(home)): "folder" for p in home.rglob("*") if p.is_dir()} | tree(home)
    return {name: held for name, held in there.items() if not name.startswith((".journal", "audit."))}


def change(path: Path, old: str, new: str) -> None:
    """Replace the first `old` in a text file, which must hold it."""
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} does not hold {old!r}"
    path.write_text(text.replace(old, new, 1), "utf-8", newline="")


# what must not be found in anything published
PLACE, PERSON = "Prüf ordner zq7", "zz-evaluator"


@dataclass(frozen=True)
class Killed:
    """A run that was killed while its effect notebook ran: what it left in outputs/<study>/, and whose kernels."""

    left: tuple[str, ...]
    steps: tuple[str, ...]
    hashes: dict[str, str]
    kernels: tuple[int, ...]
    seconds_to_die: float


@dataclass(frozen=True)
class Finished:
    """The demo project with one finished run, made by the run that came after a killed one."""

    project: Path
    run: Path
    killed: Killed
    said: Said


def start(folder: Path, *words: str) -> subprocess.Popen:
    """Start `curv-eval words...` in a process of its own."""
    code = "from curv_eval.cli import main; main()"
    clean = {name: value for name, value in os.environ.items() if name != "CURV_EVAL_DATA"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=folder, env=clean, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for_kernel(process: subprocess.Popen, notebook: str) -> list[psutil.Process]:
    """Read what the process says until `notebook` runs, and return its kernels."""
    for line in process.stderr:
        if line.strip() in (f"running {notebook}", notebook):
            break
    for _ in range(600):
        # the process that kernels are forked from, and the kernel
        family = psutil.Process(process.pid).children(recursive=True)
        if len(family) > 1:
            return family
        time.sleep(0.05)
    raise AssertionError(f"no kernel came up for {notebook}")


def _kill(folder: Path) -> Killed:
    process = start(folder, "run", "params/demo.yaml", "--no-brief")
    kernels = wait_for_kernel(process, "effect")
    process.kill()
    process.communicate()
    began = time.monotonic()
    psutil.wait_procs(kernels, timeout=20)
    died = time.monotonic() - began
    home = folder / "outputs" / "demo"
    left = tuple(sorted(path.name for path in home.iterdir()))
    steps = tuple(
        sorted(p.relative_to(home).as_posix() for name in ("data", "power", "effect") for p in (home / name).iterdir())
    )
    hashes = {name: found for name, found in tree(home).items() if name.startswith(("data/", "power/"))}
    alive = tuple(kernel.pid for kernel in kernels if kernel.is_running() and kernel.status() != psutil.STATUS_ZOMBIE)
    return Killed(left, steps, hashes, alive, died)


@functools.cache
def finished() -> Finished:
    """Return the shared finished run of the demo: copy its project to change anything."""
    folder = scratch(keep=True) / PLACE
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "demo.yaml").write_text(DEMO, "utf-8")
    killed = _kill(folder)
    said = curv_eval(folder, "run", "params/demo.yaml", USER=PERSON, LOGNAME=PERSON, USERNAME=PERSON)
    assert said.code == 0, said.err
    key = (folder / "outputs" / "demo" / "latest").read_text("utf-8").strip()
    return Finished(folder, folder / "outputs" / "demo" / key, killed, said)


def copied(*, keep: bool = False) -> tuple[Path, Path]:
    """Return a copy of the finished project, and its run, to change."""
    held, folder = finished(), scratch(keep=keep) / "copy"
    shutil.copytree(held.project, folder)
    return folder, folder / held.run.relative_to(held.project)
