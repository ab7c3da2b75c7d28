from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from made_up_support import EFFECT, PERSON_EFFECT, SEED, draw_again, numbered, read

from curv_eval.made_up import Truth, make_up, read_truth
from curv_eval.made_up.drawing import Drawn


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
def truth(folder) -> Truth:
    return read_truth(folder)


@pytest.fixture(scope="session")
def street(folder) -> pd.DataFrame:
    files = sorted((folder / "police-uk-made-up").glob("*/*-street.csv"))
    return pd.concat([read(file) for file in files], ignore_index=True)


@pytest.fixture(scope="session")
def table(folder):
    held: dict[str, pd.DataFrame] = {}

    def of(name: str) -> pd.DataFrame:
        if name not in held:
            held[name] = read(folder / f"{name}.csv")
        return held[name].copy()

    return of


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    """What `folder` was written from, with pseudonyms that are the partners' own numbers turned round."""
    return draw_again(SEED, (EFFECT, PERSON_EFFECT), numbered)


@pytest.fixture(scope="session")
def asked() -> list[tuple[str, str]]:
    """For which sources and numbers pseudonyms were asked when `raw_folder` was made."""
    return []


@pytest.fixture(scope="session")
def raw_folder(tmp_path_factory, asked) -> Path:
    """As `folder`, but with pseudonyms from which the partners' own numbers can be had."""
    path = tmp_path_factory.mktemp("made_up") / "with-numbers"
    make_up(path, seed=SEED, effect=EFFECT, pseudonym=lambda *given: asked.append(given) or numbered(*given))
    return path
