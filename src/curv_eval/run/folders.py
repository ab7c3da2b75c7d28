"""Where runs live: outputs/<study>/<key>/, made beside its place and renamed into it in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curv_eval.errors import RunError
from curv_eval.study import Study


def outputs(study: Study) -> Path:
    """Return the folder that holds the runs of a study."""
    return study.project / "outputs" / study.study


KEPT = ("reviews.json",)  # what people decided outlives a second run; it approves only the run it names by hash


@contextmanager
def staged(study: Study, key: str, *, replace: bool) -> Iterator[tuple[Path, Path]]:
    """Yield (working folder, final folder); rename the one into the other when the block ends without an error.

    Raises RunError when the final folder exists and `replace` is false, or cannot be written. What a killed run
    left behind is removed first; what this run leaves after an error is removed too.
    """
    home = outputs(study)
    final, work = home / key, home / f".partial-{key}-{os.getpid()}"
    if final.exists() and not replace:
        raise RunError(
            f"outputs/{study.study}/{key} already exists: the same study, data and code were run before",
            do="nothing needs to be run; read it with `curv-eval brief`, or give --again to run it once more",
        )
    mine = [home] if home.parent.exists() else [home, home.parent]
    try:
        home.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(home)
        work.mkdir()
    except OSError as fault:
        raise RunError(
            f"cannot write to outputs/{study.study} ({fault.strerror})", do="check rights and space"
        ) from None
    try:
        yield work, final
        _swap(work, final)
        (home / "latest").write_text(key + "\n", "utf-8")
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _remove_empty(mine)


def _swap(work: Path, final: Path) -> None:
    old = final.with_name(f".partial-old-{final.name}-{os.getpid()}")
    if final.exists():
        for name in KEPT:
            if (final / name).exists():
                shutil.copyfile(final / name, work / name)
        final.rename(old)
    work.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _remove_empty(folders: list[Path]) -> None:
    """Remove the folders that hold nothing, the innermost first."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _remove_leftovers(home: Path) -> None:
    """Remove the working folders of runs whose process is gone, or has given its number to this one."""
    for left in home.glob(".partial-*"):
        owner = left.name.rsplit("-", 1)[-1]
        if not (owner.isdigit() and int(owner) != os.getpid() and _alive(int(owner))):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there signal 0 would stop the process; a leftover is then left where it is
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def find(run: str, project: Path) -> Path:
    """Return the run folder that `run` names: a path, a study (its latest run), or study/key. Raises RunError."""
    for home in (Path(run), project / "outputs" / run):
        for folder in (home, home / _latest(home)):
            if (folder / "manifest.json").is_file():
                return folder.resolve()
    runs = sorted((project / "outputs").glob("*/*/manifest.json"))
    known = [f"{path.parent.parent.name}/{path.parent.name}" for path in runs if not path.parent.name.startswith(".")]
    do = "give one of these, or its study for the latest" if known else "run `curv-eval run` in this folder first"
    raise RunError(f"there is no finished run {run!r}", [f"runs here: {', '.join(known) or 'none'}"], do)


def _latest(home: Path) -> str:
    """Return the key of a study's latest run, "." where there is none."""
    try:
        return (home / "latest").read_text("utf-8").strip() or "."
    except (OSError, UnicodeDecodeError):
        return "."
