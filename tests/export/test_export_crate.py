"""A run as an RO-Crate: what the official validator says of it, and what is and is not in it."""

import functools
import json
import zipfile

import pytest
from handed import copy_of, ran
from projects import curv_eval, scratch
from validated import faults

from curv_eval.export import Asked, export_crate
from curv_eval.inputs import sha256

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@functools.cache
def crated():
    folder, _ = ran()
    target = scratch(keep=True) / "crate"
    told = curv_eval(folder, "export", "demo", target, "--agent", "A. Evaluator", "--licence", LICENCE)
    assert (told.code, told.err) == (0, "")
    return target


def graph(crate):
    held = json.loads((crate / "ro-crate-metadata.json").read_text("utf-8"))
    return {one["@id"]: one for one in held["@graph"]}


def spoilt(change):
    """A copy of the crate whose metadata were changed."""
    crate = copy_of(crated())
    path = crate / "ro-crate-metadata.json"
    held = json.loads(path.read_text("utf-8"))
    change({one["@id"]: one for one in held["@graph"]})
    path.write_text(json.dumps(held), "utf-8")
    return crate


@pytest.mark.parametrize("profile", ["ro-crate-1.1", "process-run-crate-0.5"])
def test_the_validator_finds_nothing_required_or_recommended(profile, tmp_path):
    assert faults(crated(), tmp_path, profile=profile) == []


def test_a_zip_is_as_good(tmp_path):
    _, run = ran()
    target = export_crate(run, tmp_path / "crate.zip", Asked(licence=LICENCE))
    assert faults(target, tmp_path) == []
    again = export_crate(run, tmp_path / "again.zip", Asked(licence=LICENCE))
    assert again.read_bytes() == target.read_bytes(), "the same run gives the same bytes"


def without(entity, key):
    return lambda entities: entities[entity].pop(key)


def without_version(entities):
    (papermill,) = (one for at, one in entities.items() if at.startswith("https://papermill.readthedocs.io/en/"))
    del papermill["version"]


BROKEN = {
    "no licence": without("./", "license"),
    "no name": without("./", "name"),
    "an action without software": without("#run-effect", "instrument"),
    "no description": without("./", "description"),
    "software without a version": without_version,
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_validator_would_find_it(case, tmp_path):
    assert faults(spoilt(BROKEN[case]), tmp_path) != []


def test_every_released_file_is_there_and_described_with_its_hash():
    crate, (_, run) = crated(), ran()
    entities = graph(crate)
    for path in (run / "release").rglob("*"):
        if path.is_file():
            name = path.relative_to(run).as_posix()
            assert (crate / name).read_bytes() == path.read_bytes()
            assert entities[name]["sha256"] == sha256(path)


def test_actions_follow_each_other_from_data_to_manifest():
    entities = graph(crated())
    actions = [one["@id"] for one in entities["./"]["mentions"]]
    assert actions == ["#run-data", "#run-power", "#run-effect", "#run-manifest"]
    times = [entities[name]["startTime"] for name in actions]
    assert times == sorted(times)
    assert {"@id": "#panel"} in entities["#run-data"]["result"]
    assert {"@id": "#panel"} in entities["#run-effect"]["object"]
    assert {"@id": "notebooks/effect.ipynb"} in entities["#run-effect"]["object"]
    assert entities["#run-effect"]["agent"] == {"@id": "#agent"}
    assert entities["#agent"]["name"] == "A. Evaluator"
    assert {"@id": "release/tables/results_police_violence.csv"} in entities["#run-effect"]["result"]


def test_datasets_are_named_by_hash_and_how_to_obtain_them_and_are_not_there():
    crate = crated()
    entities = graph(crate)
    used = entities["#input-vcse_referrals"]
    data = ran()[0] / "data" / "vcse_referrals.csv"
    assert used["sha256"] == sha256(data)
    assert used["conditionsOfAccess"].startswith("Ask each provider")
    assert used["description"].startswith("MADE-UP DATA")
    names = {path.relative_to(crate).parts[0] for path in crate.rglob("*")}
    assert not names & {"data", "restricted"}


def test_nothing_restricted_and_no_place_of_this_machine_is_in_it():
    crate, (folder, run) = crated(), ran()
    secret = {path.read_bytes() for path in (run / "restricted").rglob("*") if path.is_file()}
    for path in crate.rglob("*"):
        if path.is_file():
            assert path.read_bytes() not in secret, path
            assert str(folder).encode() not in path.read_bytes(), path


def test_the_brief_and_the_registration_s_contracts_are_in_it():
    crate = crated()
    for name in ("brief/study.pdf", "brief/study.html", "contracts/ae_assaults.yaml", "notebooks/power.ipynb"):
        assert (crate / name).is_file(), name
    notebook = json.loads((crate / "notebooks" / "effect.ipynb").read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in notebook["cells"])


def test_a_zip_holds_the_crate_at_its_top(tmp_path):
    target = export_crate(ran()[1], tmp_path / "crate.zip", Asked())
    with zipfile.ZipFile(target) as held:
        assert "ro-crate-metadata.json" in held.namelist()


WRONG = {
    ("--licence", "MIT"): "--licence: got 'MIT'",
    ("--with-data",): "--with-data: these data are made up",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_is_said_and_nothing_is_written(words):
    folder, _ = ran()
    target = scratch() / "crate"
    told = curv_eval(folder, "export", "demo", target, *words)
    assert told.code == 7
    assert WRONG[words] in told.err
    assert "Traceback" not in told.err
    assert list(target.parent.iterdir()) == []


def test_a_run_whose_release_was_changed_is_not_handed_over():
    folder = copy_of(ran()[0])
    (table,) = (folder / "outputs" / "demo").glob(f"{ran()[1].name}/release/tables/power.csv")
    table.write_text(table.read_text("utf-8") + "1", "utf-8")
    told = curv_eval(folder, "export", "demo", folder / "crate")
    assert told.code == 7
    assert "is not as it was made" in told.err
    assert "release/tables/power.csv" in told.err


@pytest.mark.parametrize("kind", ["crate", "package"])
def test_a_release_that_finds_a_person_is_not_handed_over(kind):
    """Its manifest agrees with it, as that of a run from before a detector was there would."""
    folder = copy_of(ran()[0])
    run = folder / "outputs" / "demo" / ran()[1].name
    name = "release/tables/power.csv"
    (run / name).write_text((run / name).read_text("utf-8") + "943 476 5919,1,1,1,1,1\n", "utf-8")
    held = json.loads((run / "manifest.json").read_text("utf-8"))
    held["outputs"][name] = sha256(run / name)
    (run / "manifest.json").write_text(json.dumps(held), "utf-8")
    told = curv_eval(folder, "export", "demo", folder / "handed", "--as", kind)
    assert told.code == 5, told.err
    assert "power.csv" in told.err
    assert "943" not in told.err
    assert not (folder / "handed").exists()


def test_a_study_that_names_a_place_of_this_machine_is_not_handed_over():
    folder = copy_of(ran()[0])
    path = folder / "params" / "study.yaml"
    text = path.read_text("utf-8").replace("authors: The curv-eval authors", f"authors: those at {folder}/params")
    path.write_text(text, "utf-8")
    assert curv_eval(folder, "run", "params/study.yaml", "--no-brief").code == 0
    told = curv_eval(folder, "export", "demo", folder / "crate")
    assert told.code == 7
    assert "study.yaml names a folder of this machine" in told.err
    assert not (folder / "crate").exists()
