"""A replication package, unpacked in an empty folder and run again there."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from handed import copy_of, ran
from projects import SEED, change, curv_eval, plain_study, project, scratch, small_data

from curv_eval.export import Asked, export_package
from curv_eval.inputs import tree


@functools.cache
def packed():
    folder, run = ran()
    target = scratch(keep=True) / "package.zip"
    told = curv_eval(folder, "export", "demo", target, "--as", "package", "--agent", "A. Evaluator")
    assert (told.code, told.err) == (0, "")
    return target, run


def unpacked():
    target, run = packed()
    place = scratch()
    with zipfile.ZipFile(target) as held:
        held.extractall(place)
    (folder,) = place.iterdir()
    return folder, run


def within(folder, *words):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CURV_EVAL")}
    env = {**clean, "PYTHONPATH": str(folder / "src")}
    return subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True)


def test_it_runs_again_from_an_empty_folder_to_the_same_bytes():
    folder, run = unpacked()
    assert folder.name == "demo-replication"
    before = within(folder, "check_release.py")
    assert before.returncode == 2 and "run the study first" in before.stdout
    code = "import curv_eval, sys; from curv_eval.cli import main; print(curv_eval.__file__, file=sys.stderr); main()"
    said = within(folder, "-c", code, "run", "params/demo.yaml", "--no-brief")
    assert said.returncode == 0, said.stderr
    assert str(folder / "src") in said.stderr, "it was the package's own program that ran"
    again = folder / "outputs" / "demo" / run.name
    assert again.is_dir(), "the same inputs have the same name"
    assert tree(again / "release") == tree(run / "release")
    checked = within(folder, "check_release.py")
    assert checked.returncode == 0, checked.stdout
    (again / "release" / "tables" / "power.csv").write_text("x")
    spoilt = within(folder, "check_release.py")
    assert spoilt.returncode == 1
    assert "differs: release/tables/power.csv" in spoilt.stdout


def test_the_readme_has_every_section_of_the_template_and_every_dataset():
    folder, run = unpacked()
    text = (folder / "README.md").read_text("utf-8")
    for section in (
        "## Overview", "## Data availability and provenance statements", "### Statement about rights",
        "### Summary of availability", "### Details on each data source", "## Dataset list",
        "## Computational requirements", "### Software", "### Controlled randomness", "### Memory and time",
        "## Description of programs", "## Instructions to replicators",
        "## List of tables, figures and programs", "## References",
    ):  # fmt: skip
        assert f"{section}\n" in text, section
    held = json.loads((run / "manifest.json").read_text("utf-8"))
    assert all(f"(`{name}`, version " in text for name in held["inputs"]["contracts"])
    assert "**The data are made up**" in text
    assert f"seed {SEED}" in text
    assert "It was run by A. Evaluator." in text
    tables = json.loads((run / "release" / "results.json").read_text("utf-8"))["tables"]
    assert all(f"`release/tables/{name}.csv`" in text for name in tables)


def test_nothing_restricted_and_no_place_is_in_it():
    folder, run = unpacked()
    secret = {path.read_bytes() for path in (run / "restricted").rglob("*") if path.is_file()}
    home = str(run.parents[2]).encode()
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() not in secret, path
            assert home not in path.read_bytes(), path
    names = {path.relative_to(folder).parts[0] for path in folder.rglob("*")}
    assert not names & {"outputs", "tests", ".git", ".venv"}


def test_the_same_run_gives_the_same_bytes():
    first, run = packed()
    second = export_package(run, scratch() / "package.zip", Asked(agent="A. Evaluator"))
    assert second.read_bytes() == first.read_bytes()


def test_what_moved_since_the_run_is_named_and_nothing_is_written():
    folder, run = (copy_of(ran()[0]), ran()[1].name)
    change(folder / "params" / "study.yaml", "smallest_worthwhile: 0.10", "smallest_worthwhile: 0.2")
    target = scratch() / "package"
    contract = folder / "data_contracts"
    contract.mkdir()
    from curv_eval.shipped import shipped

    text = (shipped("data_contracts") / "ae_assaults.yaml").read_text("utf-8")
    (contract / "ae_assaults.yaml").write_text(text + "\n", "utf-8")
    told = curv_eval(folder, "export", f"demo/{run}", target, "--as", "package")
    assert told.code == 7
    assert "is not as it was made" in told.err and "ae_assaults" in told.err
    assert not target.exists()


def test_a_target_that_is_there_is_not_overwritten():
    folder, _ = ran()
    target = scratch() / "here"
    target.mkdir()
    told = curv_eval(folder, "export", "demo", target, "--as", "package")
    assert told.code == 7
    assert "already exists" in told.err
    assert list(target.iterdir()) == []


@functools.cache
def restricted():
    """A project on data that count as real: no mark of made-up data, and own contracts with an agreement."""
    from curv_eval.shipped import shipped

    folder = project("real", study=plain_study().replace("seed: 20261123", "seed: 7"), data=small_data(), keep=True)
    for mark in (folder / "data").rglob("MADE_UP.json"):
        mark.unlink()
    home = folder / "data_contracts"
    home.mkdir()
    for path in shipped("data_contracts").glob("*.yaml"):
        text = path.read_text("utf-8").replace("madeUpOnly: true", "madeUpOnly: false")
        ends = re.sub(r'(expires|deleteBy), value: "none"', r'\1, value: "2035-01-31"', text)
        (home / path.name).write_text(ends if "madeUpOnly: false" in text else text, "utf-8")
    said = curv_eval(folder, "run", "params/study.yaml", "--no-brief")
    assert said.code == 0, said.err
    return folder


@pytest.mark.parametrize("more", [
    pytest.param((), id="", marks=pytest.mark.slow), pytest.param(("--with-data",), id="with open data"),
])  # fmt: skip
def test_in_place_of_restricted_data_stand_made_up_ones_and_it_says_so(more):
    folder = restricted()
    target = scratch() / "package"
    told = curv_eval(folder, "export", "demo", target, "--as", "package", *more)
    assert told.code == 0, told.err
    theirs, ours = folder / "data" / "vcse_referrals.csv", target / "data" / "vcse_referrals.csv"
    assert ours.is_file() and ours.read_bytes() != theirs.read_bytes()
    assert ours.read_text("utf-8").splitlines()[0] == theirs.read_text("utf-8").splitlines()[0], "the same layout"
    own = {line.split(",")[0] for line in theirs.read_text("utf-8").splitlines()[1:]}
    held = {line.split(",")[0] for line in ours.read_text("utf-8").splitlines()[1:]}
    assert not own & held, "no pseudonym of the real rows"
    assert (target / "data" / "MADE_UP.json").is_file()
    text = (target / "README.md").read_text("utf-8")
    assert "**made-up data in its place**, `data/vcse_referrals.csv`" in text
    assert "**The data are made up**" not in text
    assert (target / "data" / "lsoa_lookup.csv").is_file() == bool(more)
    assert ("**not here**; it belongs at `data/lsoa_lookup.csv`" in text) == (not more)


def test_without_the_checkout_it_says_what_is_missing(monkeypatch, tmp_path):
    _, run = ran()
    monkeypatch.setattr("curv_eval.export.package._ROOT", tmp_path)
    from curv_eval.errors import RunError

    with pytest.raises(RunError, match="no checkout to copy the program from"):
        export_package(run, tmp_path / "package", Asked())
    shutil.rmtree(tmp_path)
