"""What would be run, and why: every study of the given files, compared by content with what was run before."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curv_eval import inputs, manifest
from curv_eval.data import contract_files, existing_data_folder, made_up_folder
from curv_eval.errors import CurvError, RunError, StudyError
from curv_eval.run.folders import latest, outputs
from curv_eval.run.records import read_record
from curv_eval.study import Study, canonical, differences, load_studies

WHAT = {
    "contracts": "a contract changed", "data": "data changed", "code": "the program changed",
    "notebooks": "a notebook changed", "environment": "the environment changed",
    "registration": "the registration changed", "exceptions": "what a review let out changed",
}  # fmt: skip
_SHOWN, _SOME = 3, 20


@dataclass(frozen=True, repr=False)
class Step:
    """One notebook of a run: its key, its folder, and whether that is there, whole, or not needed any more."""

    notebook: str
    key: str
    folder: Path
    done: bool


@dataclass(frozen=True, repr=False)
class Planned:
    """One study and what its run would be. because: why it will run, () if it is fresh. seconds: expected, if known."""

    study: Study
    data: Path
    found: dict
    folder: Path
    steps: tuple[Step, ...]
    because: tuple[str, ...]
    seconds: float | None

    def __repr__(self) -> str:
        return f"<Planned: {self.study.study} {self.folder.name}, {'fresh' if self.fresh else 'will run'}>"

    @property
    def fresh(self) -> bool:
        """Whether a finished run has exactly these inputs."""
        return not self.because


def plan_study(study: Study, *, data: Path | None = None, memo: inputs.Memo | None = None) -> Planned:
    """Return what a run of the study would be. Raises CurvError when its data are not there.

    memo: hashes shared by the studies of one plan.
    """
    memo = {} if memo is None else memo
    where = _where(study, data, memo)
    found = inputs.inputs(study, data=where, contracts=contract_files(study), memo=memo)
    folder = outputs(study) / inputs.key(found)
    because = _because(study, found, folder)
    # of a whole run nobody asks for its notebooks' folders: with a thousand fresh studies that is most of the time
    steps = tuple(_step(study, name, key, fresh=not because) for name, key in inputs.step_keys(found).items())
    done = [step.notebook for step in steps if step.done]
    if because and done:
        because = (*because, f"{' and '.join(done)} {'is' if len(done) == 1 else 'are'} done already")
    return Planned(study, where, found, folder, steps, because, _seconds(study, steps))


def _where(study: Study, data: Path | None, memo: inputs.Memo) -> Path:
    """Return the data folder, looked at once for studies that read the same in it: links in it are refused."""
    asked = ("data folder", study.project, study.family or study.study, study.made_up, tuple(study.contracts.items()))
    if asked not in memo:
        memo[asked] = existing_data_folder(study, data)
    return memo[asked]


def _step(study: Study, name: str, key: str, *, fresh: bool) -> Step:
    folder = outputs(study) / name / key
    return Step(name, key, folder, done=fresh or read_record(folder) is not None)


def _because(study: Study, found: dict, folder: Path) -> tuple[str, ...]:
    """Return why a study must run: () where a whole run has these inputs."""
    if folder.exists():
        try:
            damage = manifest.whole(folder, manifest.read(folder))
        except RunError as fault:
            damage = [fault.what.removeprefix(f"{folder}").strip()]
        return tuple(f"its finished run was damaged: {line}" for line in damage[:_SHOWN])
    last = folder.parent / latest(folder.parent)
    try:
        before = manifest.read(last)
    except RunError:
        return ("it was never run",)
    return tuple(_changes(study, before, found)) or ("it was run with other inputs",)


def _changes(study: Study, before: dict, found: dict) -> Iterable[str]:
    """Yield what is not as it was in the run `before`: which parameter, file, package."""
    yield from (f"parameter changed: {line}" for line in differences(before["parameters"], canonical(study)))
    for what, said in WHAT.items():
        old, new = before["inputs"].get(what, {}), found.get(what, {})
        names = [n for n in dict.fromkeys([*old, *new]) if old.get(n) != new.get(n)]
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            yield f"{said}: {', '.join(_how(n, old, new) for n in names[:_SHOWN])}{more}"


def _how(name: str, old: dict, new: dict) -> str:
    if name not in new:
        return f"{name} is gone"
    return name if name in old else f"{name} is new"


def _seconds(study: Study, steps: Sequence[Step]) -> float | None:
    """Return how long the notebooks that are left took when they were run last, None if one never was."""
    home = outputs(study)
    taken = []
    for step in steps:
        if not step.done:
            times = [r["seconds"] for folder in home.glob(f"{step.notebook}/*") if (r := read_record(folder))]
            taken.append(statistics.median(times) if times else None)
    return None if None in taken else float(sum(taken))


def moved_to(planned: Planned, outside: Path) -> Planned:
    """Return the same run, made in another folder from nothing, so that it can be compared with the first."""
    home = outside / "outputs" / planned.study.study
    steps = tuple(replace(s, folder=home / s.notebook / s.key, done=False) for s in planned.steps)
    return replace(planned, folder=home / planned.folder.name, steps=steps, because=("to compare",))


def plan(files: Sequence[Path], *, data: Path | None = None) -> list[Planned]:
    """Return the plan of every study in the files, in their order.

    Raises the error of a file that is wrong, or, where several are, StudyError with the faults of all of them.
    """
    memo: inputs.Memo = {}
    studies, faults = _loaded(files)
    made: list[Planned] = []
    for study in studies:
        try:
            made.append(_checked(study, data, memo))
        except CurvError as fault:
            faults.append((study.study, fault))
    _refuse(faults, total=len(studies))
    _refuse_twins(made)
    return with_guesses(made)


def _checked(study: Study, data: Path | None, memo: inputs.Memo) -> Planned:
    """Return the plan of one study; what can be known to be wrong without data is said before what its data lack."""
    if study.made_up and not made_up_folder(study).exists():
        _preflight(study)  # to make data up takes a while, and a slip should be told before
    try:
        made = plan_study(study, data=data, memo=memo)
    except CurvError:
        _preflight(study)
        raise
    if not made.fresh:
        _preflight(study)
    return made


def _preflight(study: Study) -> None:
    # loads every method and check, for which a plan of fresh studies has no use
    from curv_eval.run.preflight import preflight

    preflight(study)


def with_guesses(made: Sequence[Planned]) -> list[Planned]:
    """Return the plan with a time for studies that never ran: that of the others in it, if any did."""
    known = [one.seconds for one in made if one.seconds] or _took([one for one in made if one.fresh][:_SOME])
    guess = statistics.median(known) if known else None
    return [replace(one, seconds=guess) if one.seconds is None else one for one in made]


def _took(made: Sequence[Planned]) -> list[float]:
    """Return how long finished runs took, where their notebooks' folders still are."""
    records = [[read_record(step.folder) for step in one.steps] for one in made]
    return [sum(record["seconds"] for record in one) for one in records if all(one)]


def _loaded(files: Sequence[Path]) -> tuple[list[Study], list[tuple[str, CurvError]]]:
    studies: list[Study] = []
    faults: list[tuple[str, CurvError]] = []
    for file in files:
        try:
            studies += load_studies(file)
        except CurvError as fault:
            faults.append((Path(file).name, fault))
    return studies, faults


def _refuse(faults: Sequence[tuple[str, CurvError]], *, total: int) -> None:
    """Raise the one fault as it is; several, each text once, with how many studies have it."""
    if not faults:
        return
    texts: dict[str, list[str]] = {}
    for name, fault in faults:
        texts.setdefault(str(fault), []).append(name)
    if len(texts) == 1:
        raise faults[0][1]
    lines = [line for text, names in texts.items() for line in (f"{_names(names)}:", *_indented(text))]
    raise StudyError(f"{len(faults)} of {max(total, len(faults))} studies cannot be run", lines)


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def _refuse_twins(made: Sequence[Planned]) -> None:
    """Refuse two studies with one name: their runs would lie in one folder."""
    files: dict[Path, set[str]] = {}
    for one in made:
        files.setdefault(one.folder.parent, set()).add(str(one.study.path))
    twins = [f"{folder.name}: {', '.join(sorted(paths))}" for folder, paths in files.items() if len(paths) > 1]
    if twins:
        raise StudyError("two files hold a study of the same name", twins, "give one of them another `study:`")
