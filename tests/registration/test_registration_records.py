"""The records: written once, chained, and refused when anybody touched them."""

import json
import re

import pytest
from plans import HONEST, METHOD, SEED, changed, edited, records_of, register

from curv_eval.errors import StudyError
from curv_eval.registration import draft, files, plan, records, standing, write
from curv_eval.study import fingerprint, load_study


def test_a_registration_holds_the_plan_its_hash_and_who_when_and_by_what(registered):
    held = json.loads(records_of(registered)[0].read_text("utf-8"))
    assert held["plan"] == plan(load_study(registered))
    assert held["plan_sha256"] == fingerprint(held["plan"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", held["at"])
    assert (held["by"], held["study"], held["number"], held["previous"]) == ("A. Evaluator", "demo", 1, "")
    assert (held["reason"], held["differences"], held["seen"], held["commit"]) == ("", [], [], "")
    assert held["version"] == "0.1.0"
    assert "brief" not in held["plan"]


def test_a_registration_names_no_place_on_the_machine(registered):
    text = records_of(registered)[0].read_text("utf-8")
    assert str(registered.parents[1]) not in text
    assert "/params" not in text


def test_registering_twice_writes_nothing_more(registered):
    before = [path.read_bytes() for path in records_of(registered)]
    assert register(registered) is None
    assert [path.read_bytes() for path in records_of(registered)] == before


def test_a_changed_plan_is_refused_with_every_difference(registered):
    changed(registered, METHOD, HONEST, SEED)
    with pytest.raises(StudyError) as refused:
        register(registered)
    assert refused.value.breaches == (
        "design.method: callaway_santanna -> sun_abraham", "checks: honest_did was taken out", "seed: 20261123 -> 1",
    )  # fmt: skip
    assert "--deviation" in refused.value.do
    assert len(records_of(registered)) == 1


def test_a_logged_change_keeps_the_first_registration(registered):
    first = records_of(registered)[0].read_bytes()
    changed(registered, METHOD)
    made = register(registered, deviation="  Starts differ\n too much. ", by="B. Evaluator")
    assert (made.number, made.reason, made.by) == (2, "Starts differ too much.", "B. Evaluator")
    assert [str(one) for one in made.differences] == ["design.method: callaway_santanna -> sun_abraham"]
    assert records_of(registered)[0].read_bytes() == first
    one, two = records(load_study(registered))
    assert two == made
    assert two.previous == one.sha256
    assert one.plan["design"]["method"] == "callaway_santanna"


def test_a_second_change_is_told_from_the_first(registered):
    changed(registered, METHOD)
    register(registered, deviation="one")
    changed(registered, SEED)
    made = register(registered, deviation="two")
    assert [one.path for one in made.differences] == ["seed"]
    assert len(records(load_study(registered))) == 3


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_name_or_reason_is_refused(registered, blank):
    changed(registered, SEED)
    with pytest.raises(StudyError) as refused:
        register(registered, deviation=blank, by=blank)
    assert len(refused.value.breaches) == 2
    assert len(records_of(registered)) == 1


def test_a_reason_where_nothing_changed_is_refused(registered):
    with pytest.raises(StudyError, match="nothing to log"):
        register(registered, deviation="because")


def test_a_deviation_from_nothing_is_refused(study_file):
    with pytest.raises(StudyError, match="was not registered, so nothing deviates"):
        register(study_file, deviation="because")
    assert files(load_study(study_file)) == {}


# hands on the files


def three(path):
    """Register, and log two changes."""
    register(path)
    for change in (METHOD, SEED):
        changed(path, change)
        register(path, deviation="because")
    return records_of(path)


def later_day(files):
    edited(files[0], at="2020-01-01T00:00:00+00:00")


def other_plan(files):
    held = json.loads(files[0].read_text("utf-8"))["plan"]
    edited(files[0], plan=held | {"seed": 1})


def other_plan_and_hashes(files):
    """Who knows how to work out the hashes of one record still breaks the chain."""
    held = json.loads(files[0].read_text("utf-8"))
    held["plan"]["seed"] = 1
    held["plan_sha256"] = fingerprint(held["plan"])
    del held["sha256"]
    held["sha256"] = fingerprint(held)
    files[0].write_text(json.dumps(held), "utf-8")


def no_look(files):
    edited(files[1], seen=["demo/other"])


def reason(files):
    edited(files[2], reason="a better reason")


def difference(files):
    edited(files[1], differences=[])


def extra_key(files):
    edited(files[1], note="approved")


def first_gone(files):
    files[0].unlink()


def middle_gone(files):
    files[1].unlink()


def exchanged(files):
    one, two = files[0].read_bytes(), files[1].read_bytes()
    files[0].write_bytes(two)
    files[1].write_bytes(one)


def renumbered(files):
    files[2].write_bytes(files[1].read_bytes())


def cut_short(files):
    files[2].write_bytes(files[2].read_bytes()[:200])


def emptied(files):
    files[1].write_bytes(b"")


def a_list(files):
    files[0].write_text("[1, 2]", "utf-8")


def not_text(files):
    files[0].write_bytes(b"\xff\xfe\x00")


def without_plan(files):
    held = json.loads(files[0].read_text("utf-8"))
    del held["plan"]
    files[0].write_text(json.dumps(held), "utf-8")


def plan_of_nothing(files):
    edited(files[0], plan=None)


def other_schema(files):
    edited(files[0], schema=99)


def odd_differences(files):
    edited(files[1], differences=["seed"])


HANDS = [
    later_day, other_plan, other_plan_and_hashes, no_look, reason, difference, extra_key, first_gone, middle_gone,
    exchanged, renumbered, cut_short, emptied, a_list, not_text, without_plan, plan_of_nothing, other_schema,
    odd_differences,
]  # fmt: skip


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.__name__)
def test_touched_files_are_refused_with_what_to_do(study_file, hand):
    hand(three(study_file))
    for ask in (standing, records, lambda study: draft(study, by="A. Evaluator", deviation="x")):
        with pytest.raises(StudyError, match="registrations/demo is not as it was written") as refused:
            ask(load_study(study_file))
        assert refused.value.breaches
        assert "version control" in refused.value.do


@pytest.mark.parametrize(("hand", "says"), [
    (first_gone, "1.json is missing"),
    (middle_gone, "2.json is missing"),
    (renumbered, "3.json is record 2"),
    (cut_short, "3.json cannot be read as JSON"),
    (later_day, "1.json was edited: what it holds does not fit its hash"),
    (other_plan_and_hashes, "2.json does not follow from the record before it"),
    (other_schema, "1.json has the schema 99, expected 1"),
], ids=lambda one: getattr(one, "__name__", ""))  # fmt: skip
def test_what_is_wrong_is_named_with_its_file(study_file, hand, says):
    hand(three(study_file))
    with pytest.raises(StudyError) as refused:
        standing(load_study(study_file))
    assert says in refused.value.breaches


def test_what_a_mac_or_a_person_leaves_beside_the_records_does_not_matter(study_file):
    paths = three(study_file)
    for name in (".DS_Store", "README.md", "1 (copy).json", "01.json", ".2.json.7.partial"):
        (paths[0].parent / name).write_text("x", "utf-8")
    assert list(files(load_study(study_file))) == ["1.json", "2.json", "3.json"]
    assert len(records(load_study(study_file))) == 3


def test_laid_out_anew_a_record_is_the_same(study_file):
    path = three(study_file)[1]
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=4), "utf-8")
    assert len(records(load_study(study_file))) == 3


def test_ten_records_are_read_in_the_order_of_their_numbers(registered):
    for i in range(2, 12):
        changed(registered, ("\nseed: 20261123" if i == 2 else f"\nseed: {i - 1}", f"\nseed: {i}"))
        register(registered, deviation=f"change {i}")
    assert [record.number for record in records(load_study(registered))] == list(range(1, 12))


def test_two_at_once_do_not_write_over_each_other(study_file):
    study = load_study(study_file)
    one, two = draft(study, by="A. Evaluator"), draft(study, by="B. Evaluator")
    write(study, one)
    with pytest.raises(StudyError, match="was written at this moment"):
        write(study, two)
    assert [record.by for record in records(study)] == ["A. Evaluator"]
    assert [path.name for path in records_of(study_file)[0].parent.iterdir()] == ["1.json"]


def test_without_links_a_record_is_written_all_the_same(study_file, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    assert register(study_file).number == 1
    assert len(records(load_study(study_file))) == 1


def test_a_study_with_another_name_has_no_registration(registered):
    changed(registered, ("\nstudy: demo\n", "\nstudy: demo-again\n"))
    assert records(load_study(registered)) == ()


def test_records_moved_to_another_name_are_refused(registered):
    changed(registered, ("\nstudy: demo\n", "\nstudy: demo-again\n"))
    home = registered.parents[1] / "registrations"
    (home / "demo").rename(home / "demo-again")
    with pytest.raises(StudyError, match="is of the study demo"):
        standing(load_study(registered))
