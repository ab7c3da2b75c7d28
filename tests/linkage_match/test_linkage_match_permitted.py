"""Lists in clear: linked where both agreements allow it, and read by nobody where one does not."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import linkage_match_support as support
import pytest

from curv_eval import audit
from curv_eval.linkage.encode import record_pseudonym
from curv_eval.linkage.keys import read_key
from curv_eval.shipped import shipped

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
from projects import curv_eval, scratch

LEFT, RIGHT = "youth_people", "hospital_people"
AGREED = (
    "link", "clear", "left.parquet", "right.parquet", "pairs.csv",
    "--left-contract", LEFT, "--right-contract", RIGHT, "--key", "keys/a.key",
)  # fmt: skip


def contract(name: str, other: str, *changes: tuple[str, str]) -> str:
    text = (shipped("data_contracts") / "partner_people.yaml").read_text("utf-8").replace("partner_people", name)
    for before, after in (("linkages, value: []", f"linkages, value: [{other}]"), *changes):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


@pytest.fixture
def desk(people):
    """A machine that may hold both lists in clear: the agreements, a key, and made-up people."""
    folder = scratch()
    (folder / "keys").mkdir()
    assert curv_eval(folder, "link", "key", "keys/a.key", "--project", "rehearsal").code == 0
    (folder / "data_contracts").mkdir()
    for name, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
        (folder / "data_contracts" / f"{name}.yaml").write_text(contract(name, other), "utf-8")
    for side in support.SIDES:
        shutil.copy(people / f"{side}.parquet", folder)
    (folder / "MADE_UP.json").write_text("{}", "utf-8")
    # a key may not lie in a project, and a folder with contracts is one
    moved = folder.parent / f"{folder.name}-keys"
    (folder / "keys").rename(moved)
    # made on another machine: nothing is recorded here yet
    shutil.rmtree(folder / "outputs")
    yield folder, moved / "a.key"
    shutil.rmtree(moved)


def linked(folder: Path, key: Path, *more: str):
    return curv_eval(folder, *(str(key) if word == "keys/a.key" else word for word in AGREED), *more)


def test_two_lists_are_linked_by_keyed_ids_where_both_allow_it(desk, people):
    folder, file = desk
    said = linked(folder, file)
    assert said.code == 0, said.err
    key = read_key(file)
    truth = support.truth_of(people)
    true = {
        (record_pseudonym(key, LEFT, a), record_pseudonym(key, RIGHT, b))
        for a, b in zip(truth["record_id_l"], truth["record_id_r"], strict=True)
    }
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as lines:
        found = {(row["left_id"], row["right_id"]) for row in csv.DictReader(lines)}
    assert 2 * len(found & true) / (len(found) + len(true)) > 0.95
    about = json.loads((folder / "pairs.csv.about.json").read_text("utf-8"))
    assert (about["mode"], about["made_up"], about["purpose"]) == ("clear", True, ["record linkage"])
    assert about["left"] == {"records": 2000, "source": LEFT}
    (line,) = audit.lines(folder / "outputs")
    assert (line.what, line.of, line.detail["by"]) == (audit.What.LINKED, f"{LEFT} with {RIGHT}", "clear")


@pytest.mark.parametrize(("change", "piece"), [
    (("value: [hospital_people]", "value: []"), f"{LEFT} v1.0.0 linkages: got {RIGHT}; expected none"),
    (("      - record linkage\n", "      - case management\n"), "purposes: got 'record linkage'"),
    (("expires, value: \"none\"", "expires, value: \"2020-01-31\""), "ended on 2020-01-31"),
    (("deleteBy, value: \"none\"", "deleteBy, value: \"2020-01-31\""), "delete this copy"),
])  # fmt: skip
def test_one_agreement_that_does_not_allow_it_is_enough(desk, change, piece, monkeypatch):
    from curv_eval.linkage import clear

    monkeypatch.setattr(clear, "read_people", lambda *_: pytest.fail("read before it was allowed"))
    folder, file = desk
    (folder / "data_contracts" / f"{LEFT}.yaml").write_text(contract(LEFT, RIGHT, change), "utf-8")
    said = linked(folder, file)
    assert said.code == 3
    assert f"{LEFT} and {RIGHT} may not be linked in clear" in said.err
    assert piece in said.err
    assert "do: settle it with both stewards, or link encoded files" in said.err
    assert not (folder / "pairs.csv").exists()
    assert audit.lines(folder / "outputs") == []


def test_a_template_covers_no_real_list(desk):
    folder, file = desk
    (folder / "MADE_UP.json").unlink()
    said = linked(folder, file)
    assert said.code == 3
    assert f"{LEFT} covers made-up data only: no agreement stands behind it" in said.err
    assert f"{RIGHT} covers made-up data only" in said.err


def test_the_list_as_it_ships_may_be_linked_with_nothing(desk):
    folder, file = desk
    said = linked(folder, file, "--left-contract", "partner_people", "--right-contract", "partner_people")
    assert said.code == 3
    assert "its agreement allows no linkage" in said.err


def test_a_contract_of_something_else_is_no_list_of_people(desk):
    folder, file = desk
    said = linked(folder, file, "--left-contract", "vcse_sessions")
    assert said.code == 3
    assert "vcse_sessions has no column record_id" in said.err
