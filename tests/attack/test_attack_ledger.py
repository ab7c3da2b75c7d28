"""A release beside those published before: what their difference, or both together, would reveal stops the new one."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from curv_eval import ledger, manifest
from curv_eval.disclosure import Role, release, release_tables
from curv_eval.disclosure.rules import rules
from curv_eval.errors import DisclosureError, RunError
from curv_eval.report.evidence import add_evidence

NHS = rules()["nhs_1_7_round_5"]
EXACT = replace(NHS, name="nhs_without_rounding", round_to=1)
PLACES = ["north", "south", "east", "west"]


@pytest.fixture
def project(tmp_path):
    """Make runs in one project: run(name, released, ...) returns its folder."""

    def run(name, *tables, study="study", made_up=False):
        folder = tmp_path / "outputs" / study / name
        (folder / "restricted").mkdir(parents=True)
        held = dict.fromkeys(manifest._NEEDED) | {"schema": manifest.SCHEMA, "study": study, "made_up": made_up}
        (folder / "manifest.json").write_text(json.dumps(held), "utf-8")
        for released in tables:
            add_evidence(folder, released)
        return folder

    return run


def by_place(counts, rule=EXACT, **other):
    table = pd.DataFrame({"place": PLACES[: len(counts)], "assaults": counts})
    roles = {"place": Role.KEY, "assaults": Role.COUNT}
    return release(table, **{"name": "t", "title": "Assaults by place", "rule": rule, "roles": roles, **other})


def published(run):
    ledger.record(run)
    return run


def test_nothing_was_published_before(project):
    ledger.refuse_revealing(project("a", by_place([40, 50, 60, 70])))


@pytest.mark.parametrize("more", [1, 4, 7])
def test_a_month_an_area_or_a_record_more_is_stopped_where_it_counts_few(project, more):
    published(project("a", by_place([40, 50, 60, 70])))
    with pytest.raises(DisclosureError, match="would reveal small counts") as fault:
        ledger.refuse_revealing(project("b", by_place([40, 50 + more, 60, 70])))
    assert "south" in str(fault.value)
    assert str(50 + more) not in str(fault.value)
    assert f" by {more}" not in str(fault.value)


@pytest.mark.parametrize("counts", [[40, 50, 60, 70], [40, 58, 60, 70], [12, 90, 99, 111]])
def test_what_is_the_same_or_differs_by_many_may_be_published(project, counts):
    published(project("a", by_place([40, 50, 60, 70])))
    ledger.refuse_revealing(project("b", by_place(counts)))


def test_rounded_counts_may_differ_by_one_step(project):
    """Shown 50 and 55, they may lie 1 to 9 apart: no more than that somebody is there, which 10 apart says as well."""
    published(project("a", by_place([40, 50, 60, 70], NHS)))
    ledger.refuse_revealing(project("b", by_place([40, 54, 60, 70], NHS)))


def test_what_was_shown_before_gives_back_what_is_withheld_now(project):
    first, then = by_place([40, 50, 60, 70]), by_place([3, 50, 60, 70])
    assert then.table["assaults"].isna().sum() == 2  # one beside the small one
    ledger.refuse_revealing(project("alone", then))
    published(project("a", first))
    with pytest.raises(DisclosureError, match="north"):
        ledger.refuse_revealing(project("b", then))


@pytest.mark.parametrize("study", ["study", "another"])
def test_other_studies_of_the_project_are_looked_at_too(project, study):
    published(project("a", by_place([40, 50, 60, 70]), study=study))
    with pytest.raises(DisclosureError):
        ledger.refuse_revealing(project("b", by_place([40, 52, 60, 70])))


def test_another_table_and_made_up_data_are_not_compared(project):
    published(project("a", by_place([40, 50, 60, 70], title="Robberies by place")))
    published(project("b", by_place([40, 50, 60, 70]), made_up=True))
    published(project("c", by_place([40, 50, 60, 70], name="u")))
    ledger.refuse_revealing(project("d", by_place([40, 52, 60, 70])))


def test_open_data_may_differ_by_one(project):
    published(project("a", by_place([40, 50, 60, 70], rules()["open"])))
    ledger.refuse_revealing(project("b", by_place([40, 51, 60, 70], rules()["open"])))


def test_an_entry_that_is_not_whole_stops_every_release(project):
    path = ledger.record(project("a", by_place([40, 50, 60, 70])))
    path.write_text(path.read_text("utf-8")[:100], "utf-8")
    with pytest.raises(RunError, match="is not whole"):
        ledger.refuse_revealing(project("b", by_place([40, 50, 60, 70])))


def test_a_run_is_not_compared_with_itself(project):
    run = published(project("a", by_place([3, 50, 60, 70])))
    ledger.refuse_revealing(run)


def by_age(counts):
    frame = pd.DataFrame({"age": ["21-30", "31-40", "41-50", "51+"], "n": counts})
    return release_tables(frame, count="n", tables={"by age": ["age"]}, rule=EXACT)["by age"]


def test_the_one_woman_of_the_opensafely_documentation(project):
    """No count below 7 is published and yet all people aged 21-30 minus the men among them is one woman.

    OpenSAFELY documentation, outputs/sdc.md, its first row: heart disease of 8 people, and of 7 men.
    """
    rule = replace(EXACT, events_below=7)
    everybody, men = by_place([8, 30, 35, 45], rule), by_place([7, 15, 18, 23], rule)
    assert not men.table["assaults"].isna().any()
    published(project("a", everybody))
    with pytest.raises(DisclosureError, match="north") as fault:
        ledger.refuse_revealing(project("b", men))
    assert "south" not in str(fault.value)


def test_tables_with_margins_are_compared_cell_by_cell(project):
    published(project("a", by_age([40, 50, 60, 70])))
    ledger.refuse_revealing(project("b", by_age([40, 50, 60, 70])))
    with pytest.raises(DisclosureError) as fault:
        ledger.refuse_revealing(project("c", by_age([40, 53, 60, 70])))
    assert {"31-40 | age", "All | age"} <= {
        line.split(", ", 1)[1].split(":")[0] for line in str(fault.value).splitlines()[1:3]
    }


def test_random_releases_together_leave_every_small_count_open_or_are_stopped(project):
    """Whatever was let out in turn: the last attack, on all of it, finds no small count."""
    rng, out = np.random.default_rng(5), []
    for number in range(12):
        counts = np.maximum(rng.negative_binomial(1, 0.08, 4) * (rng.random(4) < 0.9), 0)
        run = project(
            f"r{number}", by_place(counts if number % 3 == 0 or not out else out[-1] + rng.integers(0, 12, 4))
        )
        try:
            ledger.refuse_revealing(run)
        except DisclosureError:
            continue
        out.append(counts)
        published(run)
        assert not list(ledger.revealed(run))
    assert 1 < len(out) < 12
