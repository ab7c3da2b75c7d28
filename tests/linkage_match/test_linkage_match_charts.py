"""What a linker sees of the model: `curv-eval link match --charts`, on made-up people."""

from __future__ import annotations

import csv
import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from curv_eval import audit
from curv_eval.linkage.model_weights import telling_pattern, waterfall

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
from projects import curv_eval

FIELDS = {
    "given_name": [("the same", 9.0), ("different", -7.0)],
    "surname": [("the same", 10.0), ("different", -11.0)],
    "sex": [("the same", 1.0), ("different", -4.0)],
}
MODEL = {"prior": 1e-6, "fields": {f: [{"level": n, "weight": w} for n, w in levels] for f, levels in FIELDS.items()}}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def drawn(encoded_people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("linker")
    for side in ("left", "right"):
        shutil.copy(encoded_people / f"{side}.parquet", folder)
    said = curv_eval(folder, "link", "match", "left.parquet", "right.parquet", "pairs.csv", "--charts", "charts")
    assert said.code == 0, said.err
    return folder, said


def test_the_charts_are_there_whole_and_said(drawn):
    folder, said = drawn
    found = {path.name for path in (folder / "charts").iterdir()}
    kinds = ("svg", "png", "csv", "alt.txt")
    assert found == {f"{name}.{kind}" for name in ("match_weights", "waterfall") for kind in kinds}
    assert "charts written: match_weights, waterfall" in said.out
    assert not [path for path in folder.iterdir() if path.name.startswith(".partial")]


def test_the_linkage_is_recorded_without_a_record_of_anybody(drawn):
    folder, _ = drawn
    (line,) = audit.lines(folder / "outputs")
    pairs = rows(folder / "pairs.csv")
    assert (line.what, line.of, line.detail["pairs"]) == (audit.What.LINKED, "left with right", len(pairs))
    assert line.detail["made: pairs.csv"] == hashlib.sha256((folder / "pairs.csv").read_bytes()).hexdigest()
    assert {"read 1: left.parquet", "read 2: right.parquet"} <= set(line.detail)
    assert not any(value in str(line) for row in pairs for value in (row["left_id"], row["right_id"]))


def test_every_level_of_every_field_has_its_weight(drawn):
    weights = rows(drawn[0] / "charts" / "match_weights.csv")
    same = {row["field"]: float(row["weight"]) for row in weights if row["level"] == "the same"}
    assert set(same) == {"given_name", "surname", "date_of_birth", "sex", "postcode"}
    assert min(same.values()) > 0
    assert max(float(row["weight"]) for row in weights if row["level"] == "different") < 0


def test_the_waterfall_adds_up_and_ends_with_its_probability(drawn):
    steps = rows(drawn[0] / "charts" / "waterfall.csv")
    assert steps[0]["step"] == "before comparing"
    # every figure in the file is rounded
    assert sum(float(step["weight"]) for step in steps) == pytest.approx(float(steps[-1]["total"]), abs=1e-3)
    assert "one person" in (drawn[0] / "charts" / "waterfall.alt.txt").read_text("utf-8")


def test_nothing_drawn_is_about_one_pair_of_people(drawn):
    folder, _ = drawn
    ids = {value for row in rows(folder / "pairs.csv") for value in (row["left_id"], row["right_id"])}
    text = "".join(path.read_text("utf-8-sig") for path in (folder / "charts").iterdir() if path.suffix != ".png")
    assert [one for one in ids if one in text] == []


def test_the_pattern_shown_agrees_in_all_but_the_field_that_speaks_most_against():
    assert telling_pattern(MODEL) == {"given_name": "the same", "surname": "different", "sex": "the same"}
    assert len(waterfall(MODEL, telling_pattern(MODEL))) == 4
