"""One file, many studies: what is written out, what they are called, and what is refused."""

import itertools
from pathlib import Path

import pytest

from curv_eval.disclosure.scan.detectors import detect
from curv_eval.errors import StudyError
from curv_eval.study import canonical, differences, fingerprint, load_studies, load_study
from curv_eval.study.sweep import MOST, member_name

DEMO = (Path(__file__).parents[2] / "params" / "demo.yaml").read_text("utf-8")
GRID = """
sweep:
  grid:
    design.method: [callaway_santanna, sun_abraham, imputation]
    outcomes.police_violence.where.crime_type: [Robbery, Burglary]
  list:
    - { design.window.first: 2022-01, smallest_worthwhile: 0.1 }
    - { design.window.first: 2022-03, smallest_worthwhile: 0.2 }
"""


def written(folder, more, text=DEMO):
    path = folder / "params" / "many.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + more, "utf-8")
    return path


def test_a_grid_and_a_list_make_every_combination(tmp_path):
    found = load_studies(written(tmp_path, GRID))
    made = {
        (s.design.method, s.primary.where["crime_type"], s.design.window.first, s.smallest_worthwhile) for s in found
    }
    methods, crimes = ("callaway_santanna", "sun_abraham", "imputation"), ("Robbery", "Burglary")
    pairs = (("2022-01", 0.1), ("2022-03", 0.2))
    assert made == {(m, c, *p) for m, c, p in itertools.product(methods, crimes, pairs)}
    assert len(found) == 12


def test_what_does_not_vary_is_that_of_the_file(tmp_path):
    plain = canonical(load_study(written(tmp_path, "")))
    for study in load_studies(written(tmp_path, GRID)):
        held = canonical(study)
        moved = {line.split(":")[0] for line in differences(plain, held)}
        assert moved <= {
            "study", "design.method", "outcomes.police_violence.where.crime_type", "design.window.first",
            "smallest_worthwhile",
        }  # fmt: skip


def test_every_member_is_read_again_by_its_reference(tmp_path):
    for study in load_studies(written(tmp_path, GRID)):
        assert load_study(study.reference) == study
        assert study.family == "demo"


def test_names_are_short_and_their_own(tmp_path):
    names = [study.study for study in load_studies(written(tmp_path, GRID))]
    assert len(set(names)) == 12
    assert all(name.startswith("demo-") and len(name) <= 60 for name in names)
    # a longer file keeps the names of the studies it had
    longer = GRID.replace("Burglary]", "Burglary, Drugs]")
    assert set(names) < {study.study for study in load_studies(written(tmp_path, longer))}


def test_names_that_read_alike_are_told_apart():
    assert member_name("s-x", {"a": 1}) != member_name("s-x", {"b": 1})
    assert member_name("s-x", {"a": "1 2"}) != member_name("s-x", {"a": [1, 2]})
    assert len(member_name("s" * 60, {"a": "x" * 300})) <= 60


def test_a_key_that_the_study_leaves_out_can_be_swept(tmp_path):
    found = load_studies(written(tmp_path, "sweep: { grid: { design.alpha: [0.1, 0.05] } }"))
    assert [study.design.alpha for study in found] == [0.1, 0.05]


def test_entries_of_a_list_are_named_or_numbered(tmp_path):
    found = load_studies(written(tmp_path, "sweep: { grid: { place.districts.2: [E06999003, E06999009] } }"))
    assert [study.place.districts[1] for study in found] == ["E06999003", "E06999009"]


BAD = {
    "sweep: {}": "expected a grid or a list of what changes",
    "sweep: { grid: { design.methd: [a1, b1] } }": "design.methd: unknown key; did you mean `method`?",
    "sweep: { grid: { design.method: [] } }": "sweep.grid.design.method: got a list; expected at least one entry",
    "sweep: { grid: { outcomes.nothing.label: [a1] } }": "leads nowhere; there is no `outcomes.nothing`",
    "sweep: { grid: { title.x: [a1] } }": "leads nowhere; `title` has nothing below it",
    "sweep: { grid: { checks.99: [a1] } }": "leads nowhere; there is no entry `99`",
    "sweep: { grid: { seed: [1, x] } }": "seed: got 'x'; expected a whole number without quotes (in 1 of the sweep's",
    "sweep: { grid: { seed: [1, 1] } }": "expected seed with each value once; it holds 1 twice",
    "sweep: { grid: { seed: [1] }, list: [{ seed: 2 }] }": "each key in the grid or in the list; seed stands in both",
    "sweep: { grid: { study: [a-b, c-d] } }": "expected keys other than study, which cannot change within a sweep",
    "sweep: { gird: { seed: [1] } }": "sweep.gird: unknown key; did you mean `grid`?",
    "sweep: [seed]": "sweep: got a list; expected `key: value` lines below it",
    'sweep: { grid: { "x; import os": [1] } }': "expected a way into the study file, such as design.method",
    "family: x1": "family: is set by the program",
}


@pytest.mark.parametrize("more", BAD)
def test_what_cannot_be_swept_is_refused_in_words(tmp_path, more):
    with pytest.raises(StudyError) as refused:
        load_studies(written(tmp_path, more + "\n"))
    assert BAD[more] in str(refused.value)


def test_a_sweep_without_end_is_refused_before_it_is_written_out(tmp_path):
    values = ", ".join(map(str, range(200)))
    with pytest.raises(StudyError, match=f"at most {MOST:,} studies; this grid and list make 8,000,000"):
        more = f"sweep: {{ grid: {{ seed: [{values}], design.alpha: [{values}], smallest_worthwhile: [{values}] }} }}\n"
        load_studies(written(tmp_path, more))


def test_a_fault_of_every_member_is_said_once(tmp_path):
    with pytest.raises(StudyError) as refused:
        load_studies(written(tmp_path, GRID, DEMO.replace("seed: 20261123\n", "seed: never\n")))
    assert str(refused.value).count("seed: got 'never'") == 1
    assert "in 12 of" not in str(refused.value)


def test_one_study_is_wanted_and_a_sweep_is_given(tmp_path):
    path = written(tmp_path, GRID)
    with pytest.raises(StudyError, match="is a sweep") as refused:
        load_study(path)
    assert "many.yaml#demo-callaway-santanna-robbery" in refused.value.do
    with pytest.raises(StudyError, match="holds no study 'demo-callaway'") as refused:
        load_study(f"{path}#demo-callaway")
    assert "did you mean" in refused.value.do


def test_comments_and_order_of_keys_are_not_the_study(tmp_path):
    plain = fingerprint(canonical(load_study(written(tmp_path, ""))))
    seed, worth = "seed: 20261123\n", "smallest_worthwhile: 0.10\n"
    turned = DEMO.replace(seed, "").replace(worth, f"{worth}# a remark\n{seed}")
    assert fingerprint(canonical(load_study(written(tmp_path, "", turned)))) == plain
    other = DEMO.replace(seed, "seed: 1\n")
    assert fingerprint(canonical(load_study(written(tmp_path, "", other)))) != plain


def test_differences_are_named_by_their_place(tmp_path):
    before = canonical(load_study(written(tmp_path, "")))
    text = DEMO.replace("method: callaway_santanna", "method: imputation").replace("honest_did, ", "")
    text = text.replace("delivery: { referrals: vcse_referrals, sessions: vcse_sessions }\n", "")
    after = canonical(load_study(written(tmp_path, "", text)))
    found = differences(before, after)
    assert "design.method: callaway_santanna -> imputation" in found
    assert any(line.startswith("delivery") for line in found)
    assert any(line.startswith("checks: ") for line in found)
    assert differences(before, before) == []


def test_another_order_of_outcomes_is_a_difference():
    one, other = {"name": "a", "x": 1}, {"name": "b", "x": 2}
    assert differences({"outcomes": [one, other]}, {"outcomes": [other, one]}) == ["outcomes: stands in another order"]
    assert differences({"outcomes": [one]}, {"outcomes": [one, other]}) == ["outcomes.b: was added"]
    assert differences({"outcomes": [one, other]}, {"outcomes": [one]}) == ["outcomes.b: was taken out"]


@pytest.mark.parametrize(("before", "after", "said"), [
    (["a", "b"], ["a"], ["checks: b was taken out"]),
    (["a"], ["a", "b"], ["checks: b was added"]),
    (["a", "b"], ["b", "a"], ["checks: stands in another order"]),
    (["a", "b", "c"], ["c", "b"], ["checks: a was taken out", 'checks: ["a", "b", "c"] -> ["c", "b"]']),
    (["a", "a"], ["a"], ['checks: ["a", "a"] -> ["a"]']),
    ([], ["a"], ["checks: a was added"]),
    ([1, 2], [1], ["checks: [1, 2] -> [1]"]),
    (None, {"x": 1}, ["checks: was added"]),
    ({"x": 1}, None, ["checks: was taken out"]),
    ({"x": 1}, {"x": 1, "y": 0.05}, ["checks.y: 0.05 was added"]),
    (True, False, ["checks: true -> false"]),
])  # fmt: skip
def test_differences_of_lists_and_of_what_is_not_there(before, after, said):
    assert differences({"checks": before}, {"checks": after}) == said


def test_no_name_of_a_member_looks_like_an_identifier():
    """A mark of hexadecimal figures did: a thousand seeds gave bb47df, which is how a postcode is written."""
    names = [member_name("demo-people", {"seed": seed}) for seed in range(3_000)]
    assert detect("\n".join(names)) == ()
    assert len(set(names)) == len(names)
