"""A run as an RO-Crate 1.1 that keeps the Process Run Crate profile 0.5: what was released, and how it was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curv_eval.export.appearing import appearing, copy, copy_tree, files_below, refuse_leaks
from curv_eval.export.crate_words import MEDIA, Described, described, licence_of, link_in
from curv_eval.export.finished import Asked, Done, Finished, finished, open_files
from curv_eval.inputs import sha256
from curv_eval.shipped import shipped

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

VERSION = "1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# sha256 is no term of RO-Crate 1.1 itself
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
_COMPLETED = "http://schema.org/CompletedActionStatus"
_ENVIRONMENT = "environment.json"


def export_crate(run: Path, target: Path, asked: Asked) -> Path:
    """Write the crate of a run to `target`, a folder or a .zip, and return that. Restricted files stay where they are.

    Raises RunError when the run, or a contract or notebook of it, is not as it was, or `target` is there already.
    """
    done = finished(run)
    with appearing(target) as work:
        _collect(done, work)
        data = _put_data(done, asked, work) if asked.with_data else {}
        _describe(done, work, asked, data=data)
        refuse_leaks(work, run)
    return target


def _collect(done: Finished, work: Path) -> None:
    """Copy what may leave: released files, documents, plan, contracts, notebooks without outputs, and the records."""
    run = done.run
    copy_tree(run / "release", work / "release")
    for path in [run / name for name in ("study.yaml", "manifest.json", "reviews.json")]:
        if path.is_file():
            copy(path, work / path.name)
    for path in brief_documents(run):
        copy(path, work / "brief" / path.name)
    for name, path in done.files.items():
        copy(path, work / "contracts" / f"{name}.yaml")
    for notebook in done.held["inputs"]["notebooks"]:
        copy(shipped("notebooks") / f"{notebook}.ipynb", work / "notebooks" / f"{notebook}.ipynb")
        if record := done.record(notebook):
            copy(record, work / "records" / f"{notebook}.json")
    text = json.dumps(done.held["inputs"]["environment"], indent=1, sort_keys=True)
    (work / _ENVIRONMENT).write_text(text + "\n", "utf-8", newline="\n")


def brief_documents(run: Path) -> list[Path]:
    """Return the documents of a run's brief, if it was rendered."""
    return [path for kind in ("html", "pdf", "docx") if (path := run / "brief" / f"study.{kind}").is_file()]


def _put_data(done: Finished, asked: Asked, work: Path) -> dict[str, list[str]]:
    """Copy open data into the crate and return the files of each contract, as seen from the crate."""
    from curv_eval.data import data_folder
    from curv_eval.errors import RunError

    if done.held["made_up"]:
        raise RunError("--with-data: these data are made up", do="leave it out: the study's seed makes them again")
    where, put = data_folder(done.study, asked.data), {}
    for name, paths in open_files(done, asked).items():
        put[name] = [f"data/{path.relative_to(where).as_posix()}" for path in paths]
        for path, at in zip(paths, put[name], strict=True):
            copy(path, work / at)
    return put


def _describe(done: Finished, work: Path, asked: Asked, *, data: dict[str, list[str]]) -> None:
    """Write ro-crate-metadata.json into a folder that holds everything else."""
    from rocrate.rocrate import ROCrate

    # the library's own default is a version that the profile does not know
    crate = ROCrate(version=VERSION)
    crate.metadata.extra_contexts.append(TERMS)
    words = described(done)
    for path in files_below(work):
        _add_file(crate, work, path.relative_to(work).as_posix(), words)
    people = _add_people(crate, done, asked)
    _add_root(crate, done, asked, authors=people[0])
    engine, python, program = _add_program(crate, done)
    sources = [_add_source(crate, done, name, data.get(name, [])) for name in done.contracts]
    sources += [crate.dereference("study.yaml"), program]
    actions, before = [], sources
    for step in done.done:
        action, panel = _add_action(crate, done, step, taken=before, by=(engine, people[1]))
        actions.append(action)
        before = [*sources, panel] if panel else before
    actions.append(_add_composing(crate, done, taken=[program], by=(python, people[1])))
    crate.root_dataset["mentions"] = actions
    text = json.dumps(crate.metadata.generate(), indent=1, sort_keys=True, ensure_ascii=False)
    (work / "ro-crate-metadata.json").write_text(text + "\n", "utf-8", newline="\n")


def _add(crate: ROCrate, at: str, **said: Any) -> Any:
    """Add an entity that is no file of the crate."""
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, at, properties=_single(said)))


def _single(said: dict[str, Any]) -> dict[str, Any]:
    """Return properties without empty ones, lists of one as that one, and entities as references."""
    kept = {("@type" if key == "kind" else key): value for key, value in said.items() if value not in (None, "", [])}
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in kept.items()}


def _ref(entity: Any) -> dict[str, str]:
    return {"@id": entity.id}


def _add_file(crate: ROCrate, work: Path, name: str, words: Described) -> None:
    path = work / name
    said = {
        "@type": "File",
        "name": words.names.get(name, name),
        "description": words.texts.get(name, ""),
        "encodingFormat": MEDIA.get(path.suffix, "application/octet-stream"),
        "contentSize": str(path.stat().st_size),
        "sha256": sha256(path),
    }
    crate.add_file(path, name, properties=_single(said))


def _add_people(crate: ROCrate, done: Finished, asked: Asked) -> tuple[Any, Any]:
    """Add and return who wrote the study, and who ran it: only whom somebody named."""
    brief = done.study.brief
    # the study file says whom to ask, where there is no page to point to
    page = asked.url or link_in(brief.contact) or {"@id": "study.yaml"}
    authors = _add(crate, "#authors", kind="Organization", name=brief.authors, url=page, description=brief.contact)
    if not asked.agent:
        return authors, authors
    agent = _add(crate, "#agent", kind="Person", name=asked.agent, affiliation=_ref(authors))
    return authors, agent


def _add_root(crate: ROCrate, done: Finished, asked: Asked, *, authors: Any) -> None:
    profile = _add(crate, PROFILE, kind="CreativeWork", name="Process Run Crate", version="0.5")
    at, name, text = licence_of(asked.licence, done)
    licence = _add(crate, at, kind="CreativeWork", name=name, description=text)
    root = crate.root_dataset
    root["name"] = done.study.title
    root["description"] = described(done).whole
    root["datePublished"] = done.held["times"]["finished"]
    root["conformsTo"], root["license"] = _ref(profile), _ref(licence)
    root["author"] = root["publisher"] = _ref(authors)
    root["identifier"] = f"{done.study.study}/{done.run.name}"


def _add_program(crate: ROCrate, done: Finished) -> tuple[Any, Any, Any]:
    """Add and return what executed the notebooks, the language, and this program.

    The profile wants software to be named by an address on the web. Those of papermill and Python are true everywhere;
    this program and its notebooks are named as what these two were given.
    """
    environment, commit = done.held["inputs"]["environment"], done.held["commit"]
    papermill = f"https://papermill.readthedocs.io/en/{environment['papermill']}/"
    engine = _add(
        crate, papermill, kind="SoftwareApplication", name="papermill", version=environment["papermill"], url=papermill
    )
    home = "https://www.python.org/"
    python = _add(
        crate, home, kind=["SoftwareApplication", "ComputerLanguage"], name="Python", version=environment["python"],
        url=home,
    )  # fmt: skip
    changed = "" if commit["clean"] else ", with changes that were not committed"
    program = _add(
        crate, "#curv-eval", kind="CreativeWork", name="curv-eval", version=environment["curv-eval"],
        description=f"commit: {commit['commit']}{changed}; {_ENVIRONMENT} lists the version of every package",
        url={"@id": _ENVIRONMENT},
    )  # fmt: skip
    return engine, python, program


def _add_source(crate: ROCrate, done: Finished, name: str, put: list[str]) -> Any:
    """Add a dataset that was used: by the hashes of its files, which themselves are here only if they are open."""
    contract = done.contracts[name]
    hashes = {f.partition("/")[2]: h for f, h in done.held["inputs"]["data"].items() if f.split("/")[0] == name}
    single = len(hashes) == 1
    parts = [{"@id": crate.dereference(file).id} for file in put]
    if not single and not put:
        parts = [
            _ref(_add(crate, f"#input-{name}/{f}", kind="CreativeWork", name=f, sha256=h)) for f, h in hashes.items()
        ]
    return _add(
        crate, f"#input-{name}", kind="CreativeWork", name=contract.title, version=contract.version,
        description=described(done).inputs[name], conditionsOfAccess=contract.obtain,
        isBasedOn={"@id": f"contracts/{name}.yaml"}, hasPart=parts,
        sha256=next(iter(hashes.values())) if single else "",
    )  # fmt: skip


def _add_action(crate: ROCrate, done: Finished, step: Done, *, taken: list, by: tuple[Any, Any]) -> tuple[Any, Any]:
    """Add what one notebook did, and return it with the panel, which is named and not here. by: software and agent."""
    name = " and ".join(step.notebooks)
    panel = None
    if "restricted/panel.npz" in step.made:
        panel = _add(
            crate, "#panel", kind="CreativeWork", name="the panel", sha256=done.held["outputs"]["restricted/panel.npz"],
            description="Restricted: it stays with those who ran the study.",
        )  # fmt: skip
    made = [crate.dereference(file) for file in step.made if file.startswith("release/")]
    took = f", in {step.seconds:.0f} s" if step.seconds else ""
    memory = f" and at most {step.memory / 1e6:,.0f} MB of memory" if step.memory else ""
    action = _add(
        crate, f"#run-{'-'.join(step.notebooks)}", kind="CreateAction",
        name=f"The {name} notebook of {done.study.study}",
        description=f"Run by curv-eval in a kernel of its own{took}{memory}.",
        instrument=_ref(by[0]),
        object=[*({"@id": f"notebooks/{one}.ipynb"} for one in step.notebooks), *(_ref(one) for one in taken)],
        result=[_ref(one) for one in [*made, *([panel] if panel else [])]],
        startTime=step.started, endTime=step.finished, agent=_ref(by[1]), actionStatus=_COMPLETED,
    )  # fmt: skip
    return action, panel


def _add_composing(crate: ROCrate, done: Finished, *, taken: list, by: tuple[Any, Any]) -> Any:
    """Add what the program itself did last: it put the run together and wrote the manifest."""
    made = {name for step in done.done for name in step.made}
    rest = [name for name in done.held["outputs"] if name.startswith("release/") and name not in made]
    results = [crate.dereference(name) for name in ["manifest.json", *rest]]
    return _add(
        crate, "#run-manifest", kind="CreateAction", name=f"The manifest of {done.study.study}",
        description="What the notebooks released was put together, and hashes of it and of every input written down.",
        instrument=_ref(by[0]), object=[{"@id": "study.yaml"}, *(_ref(one) for one in taken)],
        result=[_ref(one) for one in results],
        startTime=done.done[-1].finished, endTime=done.held["times"]["finished"], agent=_ref(by[1]),
        actionStatus=_COMPLETED,
    )  # fmt: skip
