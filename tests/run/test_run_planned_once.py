"""What many studies share is worked out once for a plan: the digest of the program, and a look into the data folder."""

import json
import os

import pytest
from projects import curv_eval, plain_study, project, small_data

from curv_eval import inputs
from curv_eval.errors import ContractError
from curv_eval.run import planning
from curv_eval.run.planning import plan_study
from curv_eval.study import load_studies, load_study

PLAIN = plain_study()
SWEEP = "sweep: { grid: { seed: [1, 2, 3] } }\n"


@pytest.fixture
def swept():
    """A project with a sweep of three studies on the same data."""
    return project("swept", study=PLAIN + SWEEP, data=small_data())


def test_a_digest_is_that_of_the_mapping_and_is_made_once(monkeypatch):
    made = []
    whole = inputs.digest
    monkeypatch.setattr(inputs, "digest", lambda held: made.append(1) or whole(held))
    held = {"a.py": "1", "b.py": "2"}
    assert inputs.digest_once(held) == whole(held)
    assert inputs.digest_once(held) == whole(held)
    assert len(made) == 1


def test_another_mapping_is_another_even_if_it_was_equal_once():
    first, second = {"a.py": "1"}, {"a.py": "1"}
    assert inputs.digest_once(first) == inputs.digest_once(second)
    third = {"a.py": "2"}
    assert inputs.digest_once(third) != inputs.digest_once(first)
    assert inputs.digest_once(first) == inputs.digest(first)


def test_a_key_moves_with_every_part_of_it():
    found = {"study": "s", "code": {"a.py": "1"}, "notebooks": {"data": "n"}, "environment": {"python": "3.11"}}
    keys = {inputs.key(found)}
    for name, changed in (("study", "t"), ("code", {"a.py": "2"}), ("notebooks", {"data": "m"}), ("environment", {})):
        keys.add(inputs.key({**found, name: changed}))
    assert len(keys) == 5
    steps = {inputs.step_keys({**found, "code": {"a.py": one}})["data"] for one in "12"}
    assert len(steps) == 2


def test_the_data_folder_of_a_sweep_is_looked_into_once(swept, monkeypatch):
    looked = []
    whole = planning.existing_data_folder

    def look(study, data):
        looked.append(study.study)
        return whole(study, data)

    monkeypatch.setattr(planning, "existing_data_folder", look)
    memo: inputs.Memo = {}
    made = [plan_study(one, memo=memo) for one in load_studies(swept / "params" / "study.yaml")]
    assert len(looked) == 1
    assert len({one.data for one in made}) == 1
    assert len({one.folder for one in made}) == 3


def test_studies_that_read_other_data_are_looked_at_each(swept):
    (swept / "params" / "other.yaml").write_text(PLAIN.replace("study: demo", "study: other"), "utf-8")
    memo: inputs.Memo = {}
    one = plan_study(load_studies(swept / "params" / "study.yaml")[0], memo=memo)
    two = plan_study(load_study(swept / "params" / "other.yaml"), memo=memo)
    assert one.data == two.data
    assert len([key for key in memo if isinstance(key, tuple) and key[0] == "data folder"]) == 2


@pytest.mark.skipif(os.name == "nt", reason="links of files need a right on Windows")
def test_a_link_out_of_the_data_folder_is_refused_for_every_study_of_a_plan(swept, tmp_path):
    outside = tmp_path / "elsewhere.csv"
    outside.write_text("a\n1\n", "utf-8")
    (place,) = {use.location for name, use in load_studies(swept / "params" / "study.yaml")[0].contracts.items()
                if name == "ward_lookup"}  # fmt: skip
    (swept / "data" / place).unlink()
    (swept / "data" / place).symlink_to(outside)
    with pytest.raises(ContractError, match="what is not data"):
        plan_study(load_studies(swept / "params" / "study.yaml")[0], memo={})
    told = curv_eval(swept, "plan", "params/study.yaml")
    assert told.code
    assert "is a link that leads out of the data folder" in told.err


def test_what_a_plan_finds_is_what_a_run_writes_down(swept):
    planned = plan_study(load_studies(swept / "params" / "study.yaml")[0], memo={})
    assert json.loads(json.dumps(planned.found)) == planned.found
    assert set(planned.found["notebooks"]) == {"data", "power", "effect"}
    assert planned.found["code"] == inputs.code()
