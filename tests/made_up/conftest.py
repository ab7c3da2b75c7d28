from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from curv_eval.made_up import make_up

SEED, EFFECT = 7, -0.2


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("made_up") / "with-mentoring"
    make_up(path, seed=SEED, effect=EFFECT)
    return path


@pytest.fixture(scope="session")
def null_folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("made_up") / "without-effect"
    make_up(path, seed=SEED, effect=0.0)
    return path


@pytest.fixture(scope="session")
def street(folder) -> pd.DataFrame:
    files = sorted((folder / "police-uk-made-up").glob("*/*.csv"))
    return pd.concat([read(file) for file in files], ignore_index=True)


@pytest.fixture(scope="session")
def table(folder):
    return lambda name: read(folder / f"{name}.csv")
