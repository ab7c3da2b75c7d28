"""The rehearsed linkage: made-up people encoded, linked and handed over by the real program."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path

import pytest

from curv_eval.errors import ContractError
from curv_eval.linkage.account import ABOUT
from curv_eval.linkage.encode import encode, record_pseudonym
from curv_eval.linkage.keys import Key
from curv_eval.linkage.scheme import UK
from curv_eval.rehearsal import _made_up_key, rehearse

FILE = "people_links.csv"
SEED = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsed") / "data"
    rehearse(folder, seed=SEED, effect=-0.2)
    return folder


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def true_pairs(folder):
    key, people = _made_up_key(SEED), {}
    for row in rows(folder / "partners" / "truth_links.csv"):
        if row["source"] in ("vcse", "hospital"):
            own = record_pseudonym(key, row["source"], row["record_id"])
            people.setdefault(row["person"], {}).setdefault(row["source"], []).append(own)
    return {(a, b) for one in people.values() for a in one.get("vcse", ()) for b in one.get("hospital", ())}


def test_the_links_are_mostly_right_and_mostly_there(folder, true_pairs):
    found = {(row["left_id"], row["right_id"]) for row in rows(folder / FILE)}
    assert len(found & true_pairs) / len(found) > 0.95
    assert len(found & true_pairs) / len(true_pairs) > 0.85


def test_the_account_expects_about_the_errors_there_are(folder, true_pairs):
    found = {(row["left_id"], row["right_id"]) for row in rows(folder / FILE)}
    said = json.loads((folder / (FILE + ABOUT)).read_text("utf-8"))
    assert said["made_up"] is True
    assert said["links"] == len(found)
    assert said["expected_wrong"] == pytest.approx(1 - len(found & true_pairs) / len(found), abs=0.03)
    assert said["expected_missed_among_compared"] == pytest.approx(
        1 - len(found & true_pairs) / len(true_pairs), abs=0.08
    )


def test_the_pairs_are_those_of_the_analysts_tables(folder):
    referred = {row["person_id"] for row in rows(folder / "vcse_referrals.csv")}
    treated = {row["patient_id"] for row in rows(folder / "ae_attendances.csv")}
    pairs = rows(folder / FILE)
    assert {row["left_id"] for row in pairs} <= referred
    assert len({row["right_id"] for row in pairs} & treated) > 0.8 * len(pairs)


def test_no_partners_own_number_stands_in_what_analysts_receive(folder):
    own = {row["record_id"] for row in rows(folder / "partners" / "vcse" / "people.csv")}
    text = (folder / "vcse_referrals.csv").read_text("utf-8") + (folder / FILE).read_text("utf-8")
    assert not [one for one in own if one in text]


def test_the_key_is_nowhere(folder):
    secret = hashlib.sha256(f"made-up people, seed {SEED}".encode()).digest()
    for path in folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert secret not in held
            assert secret.hex().encode() not in held


def test_the_linker_leaves_no_encoded_file_with_the_analyst(folder):
    assert list(folder.rglob("*.parquet")) == []


PEOPLE = "record_id,given_name,surname,date_of_birth,sex,postcode\n" + "".join(
    f"{i},Ann{chr(97 + i % 26)},Lee{chr(97 + i // 26)},2001-02-{i % 28 + 1:02d},female,ZY1 {i % 9}AB\n"
    for i in range(40)
)


@pytest.fixture
def encoded(tmp_path):
    def make(name, source, secret=b"k" * 16 + bytes(range(16))):
        people = tmp_path / f"{name}.csv"
        people.write_text(PEOPLE, "utf-8")
        out = tmp_path / f"{name}.parquet"
        key = Key(hashlib.sha256(secret).digest(), project="test-project")
        encode(people, out, key=key, scheme=UK, source=source, record_id="record_id", purpose="a test")
        return out

    return make


def link(*arguments):
    from typer.testing import CliRunner

    from curv_eval.cli import app

    return CliRunner().invoke(app, ["link", "match", *map(str, arguments)])


def test_the_linkers_command_pairs_equal_pseudonyms(encoded, tmp_path):
    done = link(encoded("a", "vcse"), encoded("b", "hospital"), tmp_path / "pairs.csv", "--exact")
    assert done.exit_code == 0, done.output
    assert "40 pairs between 40 of vcse and 40 of hospital" in " ".join(done.output.split())
    assert [row["probability"] for row in rows(tmp_path / "pairs.csv")] == ["1.000000"] * 40


def test_files_of_two_keys_are_refused(encoded, tmp_path):
    done = link(encoded("a", "vcse"), encoded("b", "hospital", b"another"), tmp_path / "pairs.csv", "--exact")
    assert isinstance(done.exception, ContractError)
    assert "cannot be compared" in str(done.exception)
    assert not (tmp_path / "pairs.csv").exists()


def test_two_files_of_one_partner_are_refused(encoded, tmp_path):
    done = link(encoded("a", "vcse"), encoded("b", "vcse"), tmp_path / "pairs.csv", "--exact")
    assert "both come from vcse" in str(done.exception)


def test_pairs_that_are_there_are_not_written_over(encoded, tmp_path):
    (tmp_path / "pairs.csv").write_text("kept", "utf-8")
    done = link(encoded("a", "vcse"), encoded("b", "hospital"), tmp_path / "pairs.csv", "--exact")
    assert "pairs.csv already exists" in str(done.exception)
    assert (tmp_path / "pairs.csv").read_text("utf-8") == "kept"


def test_real_areas_need_public_data_at_hand(monkeypatch, tmp_path):
    """`geography: Cleveland` says what is missing, and leaves nothing behind."""
    from curv_eval.data import VARIABLE, data_folder
    from curv_eval.errors import ContractError
    from curv_eval.study import load_study

    shipped = Path(__file__).parents[2] / "params" / "demo.yaml"
    (tmp_path / "params").mkdir()
    own = tmp_path / "params" / "demo.yaml"
    own.write_text(
        shipped.read_text("utf-8").replace("effect: -0.20 }", "effect: -0.20, geography: Cleveland }"), "utf-8"
    )
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ContractError, match=f"name their folder in {VARIABLE}"):
        data_folder(load_study(own))
    assert not (tmp_path / "outputs").exists()


@pytest.mark.skipif("CURV_EVAL_DATA" not in os.environ, reason="the public data about Cleveland are not at hand")
def test_people_can_be_made_up_in_clevelands_real_areas(tmp_path):
    from curv_eval.made_up import Setting, read_truth

    geography = Path(os.environ["CURV_EVAL_DATA"])
    rehearse(tmp_path / "made", seed=1, effect=-0.2, setting=Setting(geography=geography))
    assert read_truth(tmp_path / "made").geography == "Cleveland"
