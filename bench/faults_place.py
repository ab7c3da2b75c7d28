"""A project to do harm to: a copy of the program with its notebooks, a small made-up study, and what it was before."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STREET, YEAR = "police-uk-made-up", ("2023-03", "2024-02")
MAIN = "from curv_eval.cli import main; main()"
PROGRAM = ("src", "notebooks", "data_contracts", "briefs", "requirements.lock")


@dataclass
class Said:
    """How a command ended: exit code, what it printed, and the events it told."""

    code: int
    out: str
    err: str
    events: list[dict] = field(default_factory=list)

    @property
    def first(self) -> str:
        """The first line of its message, or of what it printed last."""
        said = [line for line in self.err.splitlines() if "Error: " in line] or self.err.splitlines()[-1:]
        return (said[0] if said else "").strip().rstrip(":")

    @property
    def ran(self) -> list[str]:
        """The notebooks that it executed."""
        return [event["notebook"] for event in self.events if event["event"] == "notebook-started"]


class Place:
    """One project. folder: with params/, data/ and outputs/. program: the copy of curv-eval that it is run by."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder, self.program = folder, program

    @property
    def home(self) -> Path:
        """Where the runs of its study are."""
        return self.folder / "outputs" / "demo"

    @property
    def run(self) -> Path:
        """Its finished run."""
        return self.home / (self.home / "latest").read_text("utf-8").strip()

    def start(self, *words: str) -> subprocess.Popen:
        """Begin a command."""
        clean = {name: held for name, held in os.environ.items() if not name.startswith("CURV_EVAL")}
        env = {**clean, "PYTHONPATH": str(self.program / "src"), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-c", MAIN, *words], cwd=self.folder, env=env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, preexec_fn=_hears_ctrl_c,
        )  # fmt: skip

    def tell(self, *words: str) -> Said:
        """Give a command and wait for its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=300)
        return Said(process.returncode, out, err, _events(out))

    def study(self, *words: str, harm=lambda event, process: None) -> Said:
        """Run the study; `harm` is called with every event as it is told, and with the process."""
        events, lines = [], []
        with self.start("run", "params/study.yaml", "--json", *words) as process:
            for line in process.stdout:
                lines.append(line)
                for event in _events(line):
                    events.append(event)
                    harm(event, process)
            process.wait(timeout=300)
            return Said(process.returncode, "".join(lines), process.stderr.read(), events)

    def steps(self) -> dict[str, bytes]:
        """Return the record of every notebook that is finished, by its folder."""
        return {str(path.parent): path.read_bytes() for path in sorted(self.home.glob("*/*/run.json"))}

    def released(self) -> dict[str, str]:
        """Return the hash of every released file of the finished run."""
        from curv_eval.inputs import tree

        return tree(self.run / "release")


def _hears_ctrl_c() -> None:
    # who is started in the background by a shell ignores it, and hands that on
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _events(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines() if line.startswith('{"') and '"event"' in line]


def base(folder: Path) -> Place:
    """Make a project with a year of made-up data, and a copy of the program, in `folder`."""
    from curv_eval.made_up import make_up

    program, project = folder / "program", folder / "project"
    for name in PROGRAM:
        source = ROOT / name
        apart = shutil.ignore_patterns("__pycache__", "_shipped", "tutorials", "bundle")
        shutil.copytree(source, program / name, ignore=apart) if source.is_dir() else shutil.copy(source, program)
    text = (ROOT / "params" / "demo.yaml").read_text("utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("made_up:")]
    window = f"{{ first: {YEAR[0]}, last: {YEAR[1]} }}"
    (project / "params").mkdir(parents=True)
    study = "\n".join(kept).replace("{ first: 2022-01, last: 2024-12 }", window) + "\n"
    (project / "params" / "study.yaml").write_text(study, "utf-8")
    make_up(project / "data", seed=20261123, effect=-0.2)
    for month in (project / "data" / STREET).iterdir():
        if not YEAR[0] <= month.name <= YEAR[1]:
            shutil.rmtree(month)
    return Place(project, program)


def copied(place: Place, folder: Path) -> Place:
    """Return a copy of a project, with a copy of its program."""
    shutil.copytree(place.folder, folder / "project", symlinks=True)
    shutil.copytree(place.program, folder / "program")
    return Place(folder / "project", folder / "program")


def at(event: str, notebook: str = "", cell: int = 0):
    """Return whether an event is the one that is waited for."""
    return lambda told: (
        told["event"] == event and (not notebook or told.get("notebook") == notebook) and told.get("cell", 0) >= cell
    )


def once(when, do):
    """Return a harm that is done the first time that an event is the one that is waited for."""
    done = []

    def harm(event: dict, process: subprocess.Popen) -> None:
        if not done and when(event):
            done.append(True)
            do(event, process)

    return harm


def kill(_event: dict, process: subprocess.Popen) -> None:
    """kill -9 the program, and nothing else."""
    os.kill(process.pid, signal.SIGKILL)


def wait_for(there, seconds: float = 60.0) -> bool:
    """Wait until something is there, and return whether it came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if there():
            return True
        time.sleep(0.01)
    return False
