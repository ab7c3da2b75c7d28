"""An exception from the request in the study to the number in the release, by the commands an evaluator gives."""

import csv
import functools
import json
from pathlib import Path

from projects import DEMO, curv_eval, project

from curv_eval.manifest import tree
from curv_eval.report.evidence import FOLDER

ASKED = """
exceptions:
  - table: link_rates
    row: sex · not stated
    column: linked
    reason: the trust publishes this count itself, in its annual report
    by: A. Analyst
"""
CELL = ("sex", "not stated")


def ran(folder: Path) -> Path:
    said = curv_eval(folder, "run", "params/study.yaml", "--no-brief")
    assert said.code == 0, said.err
    return folder / "outputs" / "demo" / (folder / "outputs" / "demo" / "latest").read_text("utf-8").strip()


def shown(run: Path) -> str:
    with (run / "release" / "tables" / "link_rates.csv").open(encoding="utf-8", newline="") as file:
        return next(row["linked"] for row in csv.DictReader(file) if (row["column"], row["group"]) == CELL)


@functools.cache
def granted():
    """Return a project whose exception was asked for, refused to who asked, granted, and run; what was said."""
    folder = project(study=DEMO + ASKED, keep=True)
    before = ran(folder)
    review = ("review", "demo", "--decision", "revise", "--grant", "1", "--reviewer")
    said = {
        "release": curv_eval(folder, "release", "demo"),
        "self": curv_eval(folder, *review, "a. analyst"),
        "plan before": curv_eval(folder, "plan", "params/study.yaml"),
        "granted": curv_eval(folder, *review, "B. Checker"),
        "plan after": curv_eval(folder, "plan", "params/study.yaml"),
    }
    return folder, before, ran(folder), said


def test_it_is_withheld_until_it_is_granted_and_then_shown():
    _, before, after, _ = granted()
    assert shown(before) == "withheld"
    assert shown(after) == "4"


def test_who_reviews_sees_the_request():
    _, before, after, said = granted()
    assert "exception asked for: 1. link_rates, sex · not stated, linked: withheld: small number" in said["release"].out
    page = (before / FOLDER / "evidence.html").read_text("utf-8")
    assert "in its annual report" in page
    assert "not decided" in page
    assert "granted by B. Checker" in (after / FOLDER / "evidence.html").read_text("utf-8")


def test_who_asked_cannot_grant_it():
    _, _, _, said = granted()
    assert said["self"].code != 0
    assert "somebody else must decide" in said["self"].err
    assert "1 of 1 fresh" in said["plan before"].out


def test_the_plan_says_that_a_review_is_why_it_runs():
    _, _, _, said = granted()
    assert "holds from the next run on" in said["granted"].out
    assert "what a review let out changed" in said["plan after"].out


def test_the_run_still_needs_a_review_of_its_own_and_holds_against_the_attack():
    folder, _, after, _ = granted()
    assert not (after / "reviews.json").exists()
    said = curv_eval(folder, "release", "demo", "--attack", "--acro", "record")
    assert said.code == 0, said.err
    assert "Nothing can be worked out more closely" in said.out
    record = json.loads((folder / "record" / "results.json").read_text("utf-8"))["results"].values()
    (told,) = [one for one in record if one["exception"]]
    assert told["status"] == "review"
    assert "in its annual report (A. Analyst)" in told["exception"]


def test_the_log_has_it_and_nothing_of_it_is_released():
    folder, _, after, _ = granted()
    said = curv_eval(folder, "audit", "show")
    assert "granted" in said.out
    assert "B. Checker" in said.out
    assert curv_eval(folder, "audit", "verify").code == 0
    released = "".join(p.read_text("utf-8") for p in (after / "release").rglob("*.md"))
    assert "Analyst" not in released
    assert "annual report" not in released


def test_the_grant_is_kept_inside_and_the_run_is_as_it_was_made():
    folder, _, after, _ = granted()
    (kept,) = (folder / "outputs" / ".exceptions" / "demo").iterdir()
    assert kept.name in json.loads((after / "manifest.json").read_text("utf-8"))["inputs"]["exceptions"]
    assert curv_eval(folder, "verify", "demo").code == 0
    assert not [name for name in tree(after) if ".exceptions" in name]
