"""A made-up folder is complete, the same for the same seed, and appears in one step or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from curv_eval.errors import RunError
from curv_eval.made_up import Truth, make_up, read_truth
from curv_eval.made_up.truth import write_truth

MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13)]
ONLY_SEED = [
    "intervention_register.csv",
    "lsoa_boundaries.geojson",
    "lsoa_lookup.csv",
    "lsoa_population.csv",
    "vcse_referrals.csv",
    "vcse_sessions.csv",
    "ward_lookup.csv",
]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_every_file_of_the_layout_is_there_and_no_other(folder):
    street = [f"police-uk-made-up/{month}/{month}-made-up-street.csv" for month in MONTHS]
    expected = [*ONLY_SEED, *street, "MADE_UP.json", "ae_assaults.csv", "truth.json"]
    assert sorted(contents(folder)) == sorted(expected)


def test_same_seed_gives_the_same_bytes_in_another_process(folder, tmp_path):
    # Another process with another hash seed, so that the order of a set or dict cannot leak into the files.
    code = "import sys, pathlib, curv_eval.made_up as m; m.make_up(pathlib.Path(sys.argv[1]), seed=7, effect=-0.2)"
    environment = os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment)
    assert contents(tmp_path / "again") == contents(folder)


def test_another_seed_gives_other_bytes_in_every_file(folder, tmp_path):
    make_up(tmp_path / "other", seed=8, effect=-0.2)
    ours, other = contents(folder), contents(tmp_path / "other")
    # Where the hexagons lie is the same for all seeds; which codes they carry is not.
    assert [name for name in ours if ours[name] == other[name]] == []


def test_the_effect_leaves_the_country_and_the_providers_records_alone(folder, null_folder):
    ours, null = contents(folder), contents(null_folder)
    assert [name for name in ONLY_SEED if ours[name] != null[name]] == []
    assert ours["ae_assaults.csv"] != null["ae_assaults.csv"]


def test_the_global_generator_is_not_touched(tmp_path):
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    make_up(tmp_path / "data", seed=1, effect=0.0)
    assert (np.random.get_state()[1] == before).all()


def test_the_folder_says_that_it_is_made_up(folder):
    said = json.loads((folder / "MADE_UP.json").read_text())
    assert said.pop("note").startswith("Made up from a random seed")
    assert said == {"made_up": True, "seed": 7, "effect": -0.2}


def test_an_interrupted_run_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("curv_eval.made_up.folder.write_truth", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_up(tmp_path / "data", seed=1, effect=0.0)
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_at_once_one_is_kept(tmp_path, monkeypatch):
    def slow(folder, truth):
        monkeypatch.undo()
        make_up(tmp_path / "data", seed=1, effect=other)
        write_truth(folder, truth)

    other = 0.0
    monkeypatch.setattr("curv_eval.made_up.folder.write_truth", slow)
    assert make_up(tmp_path / "data", seed=1, effect=0.0) == read_truth(tmp_path / "data")
    (tmp_path / "data").rename(tmp_path / "first")
    other = 0.1
    monkeypatch.setattr("curv_eval.made_up.folder.write_truth", slow)
    with pytest.raises(RunError, match="could not put"):
        make_up(tmp_path / "data", seed=1, effect=0.0)
    assert read_truth(tmp_path / "data").effect == 0.1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "first"]


def test_missing_parents_are_made_and_an_empty_folder_is_filled(tmp_path):
    target = tmp_path / "a" / "b"
    target.mkdir(parents=True)
    make_up(target, seed=1, effect=0.1)
    make_up(tmp_path / "c" / "d", seed=1, effect=0.1)
    assert contents(target) == contents(tmp_path / "c" / "d")


def test_a_folder_that_holds_something_is_refused_and_kept(tmp_path):
    (tmp_path / "real.csv").write_text("precious")
    with pytest.raises(RunError, match="holds something"):
        make_up(tmp_path, seed=1, effect=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ["real.csv"]


@pytest.mark.parametrize("effect", [-1.01, float("nan"), float("inf")])
@pytest.mark.parametrize("seed", [-1, 1.5, True])
def test_every_fault_of_the_call_is_named_at_once(tmp_path, seed, effect):
    with pytest.raises(RunError) as error:
        make_up(tmp_path / "data", seed=seed, effect=effect)
    assert [breach.split(":")[0] for breach in error.value.breaches] == ["seed", "effect"]
    assert list(tmp_path.iterdir()) == []


def test_the_truth_is_read_back_as_it_was_returned(tmp_path):
    truth = make_up(tmp_path / "data", seed=5, effect=-0.35)
    assert isinstance(truth, Truth)
    assert read_truth(tmp_path / "data") == truth


def test_a_folder_without_a_truth_or_with_another_is_refused(tmp_path):
    with pytest.raises(RunError, match="no truth"):
        read_truth(tmp_path)
    (tmp_path / "truth.json").write_text('{"seed": 1}')
    with pytest.raises(RunError, match="other fields"):
        read_truth(tmp_path)
