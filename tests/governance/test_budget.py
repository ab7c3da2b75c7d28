"""The privacy budget of a study: set once, spent by each download, kept beside the ledger, and never overspent."""

import csv
import json

import pandas as pd
import pytest

from curv_eval import budget, ledger, manifest
from curv_eval.disclosure import Role, release
from curv_eval.disclosure.rules import rules
from curv_eval.errors import DisclosureError, RunError
from curv_eval.export import download
from curv_eval.export.download import Wanted, write_download
from curv_eval.report.evidence import add_evidence

NHS = rules()["nhs_1_7_round_5"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished and approved run with one table of counts and one of words."""
    monkeypatch.setattr(download, "approved", lambda run: True)
    return made(tmp_path)


def made(place, study="study", name="run", *, made_up=False):
    folder = place / "outputs" / study / name
    (folder / "restricted").mkdir(parents=True)
    held = dict.fromkeys(manifest._NEEDED) | {"schema": manifest.SCHEMA, "study": study, "made_up": made_up}
    (folder / "manifest.json").write_text(json.dumps(held), "utf-8")
    table = pd.DataFrame({"place": ["=north", "south", "east"], "assaults": [3, 2_000, 41]})
    roles = {"place": Role.KEY, "assaults": Role.COUNT}
    add_evidence(folder, release(table, name="t", title="Assaults by place", rule=NHS, roles=roles))
    words = pd.DataFrame({"place": ["north"]})
    add_evidence(folder, release(words, name="words", title="Words", rule=NHS, roles={"place": Role.KEY}))
    return folder


def wanted(epsilon=0.4, table="t", whole=1.0, **other):
    return Wanted(table, epsilon, whole, **other)


def test_a_download_has_noised_counts_of_every_cell_and_says_what_they_are(run, tmp_path):
    found = write_download(run, wanted(), tmp_path / "open")
    with (tmp_path / "open" / "counts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["column"] for row in rows] == ["assaults"] * 3
    assert [int(row["noised_count"]) for row in rows] == list(found.counts)
    assert rows[0]["row"] == "'=north"
    # one person may be in all three cells
    assert found.most == 3
    assert found.scale == pytest.approx(7.5)
    text = (tmp_path / "open" / "README.md").read_text("utf-8")
    assert f"within {found.within} of the true count" in text
    assert "MADE-UP" not in text
    assert {path.name for path in (tmp_path / "open").iterdir()} == {"counts.csv", "README.md"}


def test_made_up_data_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "approved", lambda run: True)
    write_download(made(tmp_path, made_up=True), wanted(), tmp_path / "open")
    assert "MADE-UP DATA" in (tmp_path / "open" / "README.md").read_text("utf-8")


def test_people_with_several_events_need_more_noise(run, tmp_path):
    found = write_download(run, wanted(per_person=4), tmp_path / "open")
    assert found.most == 12
    assert "at most 4 events in each cell" in (tmp_path / "open" / "README.md").read_text("utf-8")


def test_what_is_spent_is_kept_and_adds_up(run, tmp_path):
    write_download(run, wanted(0.4), tmp_path / "a")
    write_download(run, wanted(0.6), tmp_path / "b")
    assert [one.epsilon for one in budget.spent(run)] == [0.4, 0.6]
    with pytest.raises(DisclosureError, match="more than is left") as fault:
        write_download(run, wanted(0.1), tmp_path / "c")
    assert "1 of 1 is spent, 0 left" in str(fault.value)
    assert not (tmp_path / "c").exists()
    assert len(budget.spent(run)) == 2


def test_a_new_run_of_the_study_spends_of_the_same_budget_and_another_study_does_not(run, tmp_path):
    write_download(run, wanted(0.9), tmp_path / "a")
    again, other = made(tmp_path, name="again"), made(tmp_path, study="other")
    with pytest.raises(DisclosureError, match=r"0\.9 of 1 is spent"):
        write_download(again, wanted(0.2), tmp_path / "b")
    write_download(other, wanted(0.9), tmp_path / "c")


def test_the_budget_is_set_once(run, tmp_path):
    write_download(run, wanted(0.4, whole=1.0), tmp_path / "a")
    with pytest.raises(DisclosureError, match="set once") as fault:
        write_download(run, wanted(0.4, whole=5.0), tmp_path / "b")
    assert "it was set to 1 with the first download" in str(fault.value)


def test_it_lies_beside_the_ledger_which_does_not_stumble_over_it(run, tmp_path):
    write_download(run, wanted(), tmp_path / "a")
    assert (ledger.folder(run) / "study" / budget.NAME).is_file()
    assert ledger.published(run) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"run": "r"}\n', "null\n"])
def test_where_the_budget_cannot_be_read_nothing_is_given(run, tmp_path, text):
    path = ledger.folder(run) / "study" / budget.NAME
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    with pytest.raises(RunError, match="is not whole"):
        write_download(run, wanted(), tmp_path / "a")
    assert path.read_text("utf-8") == text


def test_a_run_that_nobody_approved_gives_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "approved", lambda run: False)
    with pytest.raises(RunError, match="is not approved"):
        write_download(run, wanted(), tmp_path / "a")
    assert budget.spent(run) == []


@pytest.mark.parametrize("table", ["words", "nothing"])
def test_what_is_no_table_of_counts_is_refused(run, tmp_path, table):
    with pytest.raises(DisclosureError, match="is no table of counts") as fault:
        write_download(run, wanted(table=table), tmp_path / "a")
    assert "give one of t" in str(fault.value)
    assert budget.spent(run) == []


def test_a_folder_that_is_there_is_left(run, tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(RunError, match="is there already"):
        write_download(run, wanted(), tmp_path / "a")
    assert budget.spent(run) == []


def test_what_cannot_be_noised_costs_nothing(run, tmp_path):
    with pytest.raises(DisclosureError, match="cannot be noised"):
        write_download(run, wanted(0.5, per_person=0), tmp_path / "a")
    assert budget.spent(run) == []
    assert not (tmp_path / "a").exists()


def test_a_download_that_is_cut_short_was_spent(run, tmp_path, monkeypatch):
    """Nobody knows whether it was seen: so the budget is gone before a file is there."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "_write_counts", full)
    with pytest.raises(OSError, match="No space"):
        write_download(run, wanted(), tmp_path / "a")
    assert [one.epsilon for one in budget.spent(run)] == [0.4]
