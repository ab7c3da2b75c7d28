"""Encrypted Parquet: opened with a key from the environment, which nothing repeats."""

import base64

import duckdb
import pytest

from curv_eval.contract import load_contract
from curv_eval.errors import ContractError
from curv_eval.shipped import shipped
from curv_eval.sources._sealed import add_key, has_key
from curv_eval.sources.parquet import read

KEY = "a key of 32 bytes, not a real one"[:32]


@pytest.fixture
def contract():
    from dataclasses import replace

    held = load_contract("people_links", shipped("data_contracts"))
    return replace(held, options={**held.options})


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "links.parquet"
    con = duckdb.connect()
    con.execute("SET force_mbedtls_unsafe = true")
    con.execute(f"PRAGMA add_parquet_key('theirs', '{KEY}')")
    rows = "SELECT 'a' || i AS left_id, 'b' || i AS right_id, 0.9 AS probability FROM range(5) t(i)"
    con.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet, ENCRYPTION_CONFIG {{footer_key: 'theirs'}})")
    assert path.read_bytes()[:4] == b"PARE"
    return path


def opened(path, contract, monkeypatch, key=KEY):
    monkeypatch.setenv("VCSE_KEY", key)
    con = duckdb.connect()
    add_key(con, contract.name, "env:VCSE_KEY")
    return con, read(con, path, contract)


@pytest.mark.parametrize("key", [KEY, base64.b64encode(KEY.encode()).decode()])
def test_it_is_read_with_the_key(sealed, contract, monkeypatch, key):
    con, files = opened(sealed, contract, monkeypatch, key)
    assert files[0].rows == 5
    found = con.execute("SELECT left_id, right_id, probability FROM raw_people_links ORDER BY source_row").fetchall()
    assert found[0] == ("a0", "b0", "0.9")
    assert len(found) == 5


def test_the_wrong_key_is_named_by_its_variable_and_never_shown(sealed, contract, monkeypatch):
    wrong = "x" * 31 + "y"
    with pytest.raises(ContractError) as fault:
        opened(sealed, contract, monkeypatch, wrong)
    assert "links.parquet cannot be opened with its key, or is damaged" in str(fault.value)
    assert wrong not in str(fault.value) + repr(fault.value.__cause__)


@pytest.mark.parametrize("key", ["", "short", "!" * 17, base64.b64encode(b"nine byte").decode()])
def test_what_is_no_key_is_refused_and_never_shown(key, monkeypatch):
    monkeypatch.setenv("VCSE_KEY", key)
    con = duckdb.connect()
    with pytest.raises(ContractError) as fault:
        add_key(con, "people_links", "env:VCSE_KEY")
    assert str(fault.value).count("VCSE_KEY") >= 1
    assert not key or key not in str(fault.value)
    assert not has_key(con, "people_links")


def test_a_variable_that_is_not_set(monkeypatch):
    monkeypatch.delenv("VCSE_KEY", raising=False)
    with pytest.raises(ContractError, match="the variable VCSE_KEY is not set"):
        add_key(duckdb.connect(), "people_links", "env:VCSE_KEY")


def test_without_a_key_it_says_what_to_write(sealed, contract):
    with pytest.raises(ContractError) as fault:
        read(duckdb.connect(), sealed, contract)
    assert "links.parquet is an encrypted Parquet file" in str(fault.value)
    assert "as in `key: env:VCSE_KEY` under contracts.people_links" in str(fault.value)


def test_a_key_opens_the_files_of_its_own_contract_only(sealed, contract, monkeypatch):
    monkeypatch.setenv("VCSE_KEY", KEY)
    con = duckdb.connect()
    add_key(con, "vcse_referrals", "env:VCSE_KEY")
    assert has_key(con, "vcse_referrals")
    with pytest.raises(ContractError, match="encrypted"):
        read(con, sealed, contract)


def test_a_plain_file_is_read_although_there_is_a_key(tmp_path, contract, monkeypatch):
    path = tmp_path / "plain.parquet"
    duckdb.sql(f"COPY (SELECT 'a' AS left_id, 'b' AS right_id, 1.0 AS probability) TO '{path}'")
    _, files = opened(path, contract, monkeypatch)
    assert files[0].rows == 1


def test_a_sealed_file_cut_short_is_refused(sealed, contract, monkeypatch):
    sealed.write_bytes(sealed.read_bytes()[:-40])
    with pytest.raises(ContractError, match="cannot be opened with its key, or is damaged"):
        opened(sealed, contract, monkeypatch)
