"""Where a study stands: kept, changed, never registered; and what the brief says of it."""

import json

import pytest
from plans import HONEST, METHOD, OPTIONS, SEED, changed, pretend_run, register

from curv_eval.registration import Status, standing
from curv_eval.report.registration_parts import NOT_EXPLAINED, called, registration_part, write_registration
from curv_eval.study import load_study


def stands(path):
    return standing(load_study(path))


def written(path, folder):
    """Write the section of the brief and return it, and what results.json holds."""
    write_registration(folder, stands(path))
    part = (folder / "release" / "parts" / "_registration.md").read_text("utf-8")
    return part, json.loads((folder / "release" / "results.json").read_text("utf-8"))


def test_a_study_without_a_record_says_what_it_says_of_itself(study_file, tmp_path):
    found = stands(study_file)
    assert found.status is Status.UNREGISTERED
    assert (found.first, found.deviations, found.unexplained, found.after_a_look) == (None, (), (), False)
    part, facts = written(study_file, tmp_path / "run")
    assert (
        "This study's plan was not registered with this program; it says it was fixed on 23 November 2026: "
        "The plan was written before the data were made."
    ) in part
    assert facts["registration"] == "unregistered"
    assert (facts["registered_at"], facts["registered_plan"], facts["deviations"]) == ("", "", 0)


def test_a_kept_plan_is_confirmatory(registered, tmp_path):
    found = stands(registered)
    assert found.status is Status.CONFIRMATORY
    assert not found.after_a_look
    part, facts = written(registered, tmp_path / "run")
    assert "It has been kept: nothing in it was changed since." in part
    assert "before this program had made any result of it" in part
    assert "A. Evaluator" in part
    assert "it was fixed on 23 November 2026: The plan was written before the data were made." in part
    assert "tbl-deviations" not in part
    assert "deviations" not in facts["tables"]
    assert facts["registration"] == "confirmatory"
    assert facts["registered_plan"] == found.first.plan_sha256
    assert facts["registered_plan"][:16] in part


@pytest.mark.parametrize("change", [
    (SEED[0], f"{SEED[0]} # a remark"),
    ("    Three made-up charities", "    Three invented charities"),
    ("title: Did street mentoring", "title: Has mentoring"),
])  # fmt: skip
def test_a_comment_or_the_briefs_words_leave_it_confirmatory(registered, change):
    changed(registered, change)
    assert stands(registered).status is Status.CONFIRMATORY


def test_registered_after_a_look_is_said(study_file, tmp_path):
    pretend_run(study_file)
    register(study_file)
    found = stands(study_file)
    assert found.status is Status.CONFIRMATORY
    assert found.after_a_look
    part, facts = written(study_file, tmp_path / "run")
    assert "after a first look: this program had made a result by then" in part
    assert "before this program" not in part
    assert facts["registered_after_a_look"] is True


def test_a_run_after_the_registration_is_no_first_look(registered):
    pretend_run(registered)
    assert not stands(registered).after_a_look


def test_another_seed_is_exploratory_and_not_explained(registered, tmp_path):
    changed(registered, SEED)
    found = stands(registered)
    assert found.status is Status.EXPLORATORY
    assert [str(one) for one in found.unexplained] == ["seed: 20261123 -> 1"]
    part, facts = written(registered, tmp_path / "run")
    assert "It was not kept: one thing was changed afterwards" in part
    assert f"| The start of the random draws (seed) | 20261123 | 1 | {NOT_EXPLAINED} |" in part
    assert (facts["registration"], facts["deviations"], facts["deviations_not_explained"]) == ("exploratory", 0, 1)
    (row,) = facts["tables"]["deviations"]["rows"]
    assert row == {
        "what": "The start of the random draws (seed)", "before": "20261123", "after": "1", "why": NOT_EXPLAINED,
    }  # fmt: skip


def test_logged_changes_are_shown_with_reason_day_and_name(registered, tmp_path):
    changed(registered, METHOD)
    register(registered, deviation="Starts differ <b>too</b> much | see note.", by="B. Evaluator")
    pretend_run(registered)
    changed(registered, HONEST)
    register(registered, deviation="It took too long.")
    found = stands(registered)
    assert found.status is Status.EXPLORATORY
    assert found.unexplained == ()
    assert found.changed_after_a_look
    part, facts = written(registered, tmp_path / "run")
    assert "2 things were changed afterwards" in part
    assert NOT_EXPLAINED not in part
    assert "B. Evaluator, before any result)" in part
    assert "It took too long." in part
    assert "A. Evaluator, after a result had been seen)" in part
    assert "| The method (design, method) | callaway\\_santanna | sun\\_abraham | Starts differ \\<b\\>" in part
    assert "\\| see note." in part
    assert "honest\\_did | taken out |" in part
    assert facts["deviations"] == 2


def test_a_reason_for_several_changes_stands_once(registered, tmp_path):
    changed(registered, METHOD, OPTIONS)
    made = register(registered, deviation="Starts differ.")
    part, _ = written(registered, tmp_path / "run")
    assert len(made.differences) == 4
    assert part.count("Starts differ.") == 1
    assert part.count("| For the same reason |") == 3


def test_what_was_changed_after_the_last_log_is_not_explained(registered, tmp_path):
    changed(registered, METHOD)
    register(registered, deviation="because")
    changed(registered, SEED)
    found = stands(registered)
    assert [one.path for one in found.unexplained] == ["seed"]
    part, _ = written(registered, tmp_path / "run")
    assert "2 things were changed" in part
    assert 'Where it says "Not explained", nobody gave a reason' in part


def test_a_plan_changed_back_is_confirmatory_and_both_changes_are_shown(registered, tmp_path):
    changed(registered, METHOD)
    register(registered, deviation="to try it")
    changed(registered, METHOD[::-1])
    register(registered, deviation="it was worse")
    found = stands(registered)
    assert found.status is Status.CONFIRMATORY
    part, facts = written(registered, tmp_path / "run")
    assert "It was changed and changed back" in part
    assert part.count("| The method (design, method) |") == 2
    assert facts["registration"] == "confirmatory"


def test_a_renamed_study_is_not_registered(registered):
    changed(registered, ("\nstudy: demo\n", "\nstudy: demo-two\n"))
    assert stands(registered).status is Status.UNREGISTERED


def test_a_study_file_that_moved_is_still_registered(registered):
    moved = registered.rename(registered.with_name("renamed.yaml"))
    assert stands(moved).status is Status.CONFIRMATORY


def test_writing_twice_is_writing_once(registered, tmp_path):
    changed(registered, SEED)
    first = written(registered, tmp_path / "run")
    assert written(registered, tmp_path / "run") == first


def test_every_part_of_a_plan_has_a_name_for_readers():
    assert called("design.method") == "The method"
    assert called("design.window.last") == "The months studied"
    assert called("outcomes.ae_assaults") == "What is counted"
    assert called("harm_weights.source") == "Harm weights"


def test_the_words_are_plain(study_file, registered):
    said = registration_part(stands(registered)).lower()
    for jargon in ("confirmatory", "exploratory", "deviation", "pre-registration", "yaml", "json"):
        assert jargon not in said
