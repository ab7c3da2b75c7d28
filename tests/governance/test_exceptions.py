"""Exceptions: asked for in the study with a reason, granted by a review of somebody else, held to the audit log."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pandas as pd
import pytest

from curv_eval import audit, exceptions, granted, manifest, review
from curv_eval.disclosure import Role, release
from curv_eval.disclosure.rules import rules
from curv_eval.errors import DisclosureError, RunError
from curv_eval.report.asked import standings
from curv_eval.report.asked_page import asked_part
from curv_eval.report.evidence import add_evidence, read_evidence
from curv_eval.review import Decision, Exceptions
from curv_eval.study import Asked

NHS = rules()["nhs_1_7_round_5"]
WHY = "the trust publishes this count itself, in its annual report"


def asked(row="a", column="assaults", table="t", by="Ann Alyst", reason=WHY):
    return Asked(table=table, row=row, column=column, reason=reason, by=by)


def by_place(counts, rule=NHS):
    table = pd.DataFrame({"place": list("abcd")[: len(counts)], "assaults": counts})
    return release(table, name="t", title="T", rule=rule, roles={"place": Role.KEY, "assaults": Role.COUNT})


@pytest.fixture
def project(tmp_path):
    """Make a finished run of a study that asks for exceptions; return what stands in for its Study, and its folder."""

    def made(*requests, counts=(3, 20, 31, 40), made_up=None, name="run"):
        folder = tmp_path / "outputs" / "study" / name
        (folder / "restricted").mkdir(parents=True)
        add_evidence(folder, by_place(list(counts)))
        held = dict.fromkeys(manifest._NEEDED) | {"schema": manifest.SCHEMA, "study": "study", "made_up": False}
        held |= {"parameters": {"exceptions": [asdict(one) for one in requests]}, "outputs": {}, "bytes": {}}
        held |= {"inputs": {}, "key": manifest.key({})}
        (folder / "manifest.json").write_text(json.dumps(held), "utf-8")
        study = SimpleNamespace(study="study", project=tmp_path, exceptions=requests, made_up=made_up)
        return study, folder

    return made


@pytest.fixture
def quiet(monkeypatch):
    """Runs of these tests have no outputs to be compared with their manifest."""
    monkeypatch.setattr(review.manifest, "verify", lambda run: [])
    monkeypatch.setattr(review.ledger, "refuse_revealing", lambda run: None)
    monkeypatch.setattr(review.ledger, "record", lambda run: None)


def reviewed(run, *numbers, reviewer="Rae Viewer", withdrawn=(), decision=Decision.REVISE):
    change = Exceptions(tuple(numbers), tuple(withdrawn))
    return review.write_review(run, reviewer=reviewer, decision=decision, change=change)


@pytest.mark.usefixtures("quiet")
def test_a_review_lets_out_what_was_asked_for(project):
    study, run = project(asked())
    assert granted.let_out(study) == ()
    made = reviewed(run, 1)
    assert made.granted == (1,)
    (let,) = granted.let_out(study)
    assert (let.table, let.row, let.column, let.seen) == ("t", "a", "assaults", "count 3")
    assert by_place([3, 20, 31, 40], replace(NHS, let_out=(let,))).table["assaults"].tolist()[0] == 3
    assert review.reviews(run)[-1] == made


@pytest.mark.usefixtures("quiet")
def test_it_stands_in_the_audit_log_without_the_numbers(project):
    study, run = project(asked())
    reviewed(run, 1)
    lines = audit.lines(study.project / "outputs")
    assert [line.what for line in lines] == [audit.What.REVISED, audit.What.GRANTED]
    assert lines[-1].detail["reviewer"] == "Rae Viewer"
    assert lines[-1].run == run.name
    assert set(lines[-1].detail) == {"reviewer", "exception", "grant"}
    assert not audit.verify_log(study.project / "outputs").faults


@pytest.mark.usefixtures("quiet")
def test_the_hash_in_the_log_does_not_give_the_count_away(project):
    """Only chance figures keep somebody with the log alone from trying the counts of 1 to 7."""
    study, run = project(asked())
    reviewed(run, 1)
    (path,) = granted.files(study).values()
    held = json.loads(path.read_text("utf-8"))
    first = held["salt"]
    assert len(first) == 32
    path.unlink()
    reviewed(run, 1)
    assert json.loads(path.read_text("utf-8"))["salt"] != first


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("reviewer", ["Ann Alyst", "ann  ALYST", " Ann Alyst "])
def test_nobody_grants_what_they_asked_for(project, reviewer):
    study, run = project(asked())
    with pytest.raises(DisclosureError, match="somebody else must decide"):
        reviewed(run, 1, reviewer=reviewer)
    assert granted.let_out(study) == ()
    assert review.reviews(run) == []
    assert audit.lines(study.project / "outputs") == []


@pytest.mark.usefixtures("quiet")
def test_everything_that_cannot_be_granted_is_told_at_once(project):
    requests = (asked("b"), asked("c"), asked("z"), asked(column="other"), asked(table="u"))
    _, run = project(*requests)
    with pytest.raises(DisclosureError) as fault:
        reviewed(run, 1, 2, 3, 4, 5, 6)
    said = str(fault.value)
    assert "1: it is withheld because it would reveal another cell" in said
    assert "2: it is shown already" in said
    assert "3: t has no cell of this row and column" in said
    assert "4: t has no cell of this row and column" in said
    assert "5: there is no table u" in said
    assert "6: the study asks for 5 exceptions" in said
    assert not any(str(number) in said for number in (20, 31, 40))


@pytest.mark.usefixtures("quiet")
def test_a_number_that_is_granted_and_withdrawn_is_refused(project):
    _, run = project(asked())
    with pytest.raises(DisclosureError, match="both granted and withdrawn"):
        reviewed(run, 1, withdrawn=(1,))
    with pytest.raises(DisclosureError, match="the study asks for no exceptions"):
        reviewed(project(name="other")[1], 1)


@pytest.mark.usefixtures("quiet")
def test_what_is_withdrawn_holds_no_more(project):
    study, run = project(asked())
    reviewed(run, 1)
    reviewed(run, withdrawn=(1,))
    assert granted.let_out(study) == ()
    assert granted.files(study) == {}
    assert audit.lines(study.project / "outputs")[-1].what is audit.What.WITHDRAWN


@pytest.mark.usefixtures("quiet")
def test_a_file_kept_from_before_it_was_withdrawn_is_refused(project):
    study, run = project(asked())
    reviewed(run, 1)
    (path,) = granted.files(study).values()
    kept = path.read_bytes()
    reviewed(run, withdrawn=(1,))
    path.write_bytes(kept)
    with pytest.raises(DisclosureError, match="what no review granted"):
        granted.let_out(study)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("change", [{"seen": "count 2"}, {"reviewer": "Somebody Else"}, {"salt": ""}])
def test_a_grant_that_was_edited_is_refused(project, change):
    study, run = project(asked())
    reviewed(run, 1)
    (path,) = granted.files(study).values()
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(DisclosureError, match="is not in the audit log as it is"):
        granted.let_out(study)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"study": "study"}'])
def test_a_broken_grant_is_refused(project, text):
    study, run = project(asked())
    reviewed(run, 1)
    (path,) = granted.files(study).values()
    path.write_text(text, "utf-8")
    with pytest.raises(DisclosureError, match="what no review granted"):
        granted.let_out(study)


def test_a_file_that_an_analyst_wrote_alone_is_refused(project):
    study, _ = project(asked())
    path = granted.home(study) / f"{granted.identity(asked())}.json"
    path.parent.mkdir(parents=True)
    grant = granted.Grant("study", asked(), "count 3", "run", "0" * 64, "Rae Viewer", "2026-11-27", "ab")
    path.write_text(json.dumps(asdict(grant)), "utf-8")
    with pytest.raises(DisclosureError, match="ask a reviewer"):
        granted.let_out(study)
    # of made-up data nobody can be recognised: there the file is enough, so that a package runs without the log
    study.made_up = SimpleNamespace(seed=1)
    assert len(granted.let_out(study)) == 1


@pytest.mark.usefixtures("quiet")
def test_another_reason_is_another_request(project):
    study, run = project(asked())
    reviewed(run, 1)
    study.exceptions = (asked(reason="another reason, as long as it has to be"),)
    assert granted.let_out(study) == ()
    study.exceptions = ()
    assert granted.let_out(study) == ()
    study.exceptions = (asked(),)
    assert len(granted.let_out(study)) == 1


@pytest.mark.usefixtures("quiet")
def test_nothing_is_granted_where_the_log_cannot_be_written(project, monkeypatch):
    study, run = project(asked())

    def full(*_, **__):
        raise RunError("this cannot be recorded")

    monkeypatch.setattr(granted.audit, "record", full)
    with pytest.raises(RunError, match="cannot be recorded"):
        reviewed(run, 1)
    assert granted.files(study) == {}
    assert not list(granted.home(study).glob("*")) if granted.home(study).exists() else True


def test_where_requests_stand(project):
    requests = (asked(), asked("b"), asked("c"), asked("z"))
    _, run = project(*requests)
    found = standings(requests, read_evidence(run))
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert [bool(one.why) for one in found] == [False, True, True, True]
    assert found[0].seen == "count 3"
    assert found[0].cell == "t, a, assaults"
    told = exceptions.told(run)
    assert told[0].startswith("1. t, a, assaults: withheld: small number. Ann Alyst asks: the trust publishes")
    assert "cannot be granted" in told[1]


@pytest.mark.usefixtures("quiet")
def test_the_page_for_the_checker_says_who_asks_and_what_was_decided(project):
    hostile = asked("b", by="<b>Ann</b>", reason="<script>alert(1)</script> is no reason at all")
    study, run = project(asked(), hostile)
    page = asked_part(study, run)
    assert "not decided" in page
    assert "cannot be granted: it is withheld because" in page
    assert "<script" not in page
    assert "&lt;b&gt;Ann" in page
    reviewed(run, 1)
    assert "granted by Rae Viewer on " in asked_part(study, run)
    # in this run it is withheld still: it holds from the next run on, with the same numbers
    study.exceptions = ()
    assert asked_part(study, run) == ""


def test_reviews_of_an_earlier_version_are_read(project):
    _, run = project()
    held = {
        "run": "run", "manifest_sha256": "0", "reviewer": "R", "decision": "revise", "findings": "", "date": "2026",
    }  # fmt: skip
    (run / "reviews.json").write_text(json.dumps([held]), "utf-8")
    assert review.reviews(run)[0].granted == ()


@pytest.mark.usefixtures("quiet")
def test_a_request_for_a_cell_that_begins_like_a_formula_is_found(project):
    study, run = project(asked("=a"))
    table = pd.DataFrame({"place": ["=a", "b", "c", "d"], "assaults": [3, 20, 31, 40]})
    roles = {"place": Role.KEY, "assaults": Role.COUNT}
    add_evidence(run, release(table, name="t", title="T", rule=NHS, roles=roles))
    reviewed(run, 1)
    (let,) = granted.let_out(study)
    made = release(table, name="t", title="T", rule=replace(NHS, let_out=(let,)), roles=roles)
    assert made.table["assaults"].tolist()[0] == 3
