"""The contracts that ship are read once for all tests of the register: reading them takes longer than the register."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from curv_eval.contract import Contract, load_contract
from curv_eval.register import reading

_shipped = functools.cache(load_contract)


@pytest.fixture(autouse=True)
def shipped_contracts_are_read_once(monkeypatch):
    def load(name: str, folder: Path | None = None) -> Contract:
        return _shipped(name) if folder is None else load_contract(name, folder)

    monkeypatch.setattr(reading, "load_contract", load)
