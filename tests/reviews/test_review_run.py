"""A review from its study file to its brief, a study added later, and several reviews side by side."""

import functools
import json
import shutil

import pytest
from projects import ROOT, curv_eval, scratch
from review_files import CBT, project, rows, write

from curv_eval.report.review_tables import release_review
from curv_eval.run.review_changes import Changed

NAME = "review-cbt-offending"
TABLE = rows(14)


@functools.cache
def ran():
    """A project whose review was run once, with its brief; and its run. Copy to change."""
    folder = project(TABLE)
    kept = scratch(keep=True) / "project"
    shutil.copytree(folder, kept)
    said = curv_eval(kept, "run", f"params/{NAME}.yaml")
    assert said.code == 0, said.err
    (run,) = (path.parent for path in (kept / "outputs" / NAME).glob("*/manifest.json"))
    return kept, run


def copied():
    folder = scratch() / "project"
    shutil.copytree(ran()[0], folder)
    return folder


def results(run=None):
    return json.loads(((run or ran()[1]) / "release" / "results.json").read_text("utf-8"))


def page(run=None):
    return " ".join(((run or ran()[1]) / "brief" / "study.html").read_text("utf-8").split())


def test_the_run_has_one_notebook_and_three_documents():
    _, run = ran()
    held = json.loads((run / "manifest.json").read_text("utf-8"))
    assert list(held["inputs"]["notebooks"]) == ["review"]
    assert all((run / "brief" / f"study.{kind}").stat().st_size > 10_000 for kind in ("html", "pdf", "docx"))


def test_the_brief_says_what_was_found_and_how_far_to_trust_it():
    said = page()
    headline = results()["values"]["headline"].split(". ")[0]
    assert headline[:60] in said
    for text in ("How sure we are", "How secure the review is", "Would it work here?", "The checklist of PRISMA 2020",
                 "Nobody has judged this yet", "Beside what was published"):  # fmt: skip
        assert text in said, text
    assert "Nobody has searched again for this review" in said


def test_every_study_is_in_the_table_and_in_the_figure():
    rows_of = results()["tables"]["review_forest"]["rows"]
    assert [row["kind"] for row in rows_of].count("study") == 14
    figure = (ran()[1] / "release" / "figures" / "forest.csv").read_text("utf-8")
    assert all(f"Made-up {i + 1} (2001)" in figure for i in range(14))
    assert sum(row["weight"] for row in rows_of if row["kind"] == "study") == pytest.approx(100, abs=0.1)


def test_numbers_of_the_brief_are_those_released():
    held = results()
    pooled = next(row for row in held["tables"]["review_forest"]["rows"] if row["kind"] == "pooled")
    assert f"{pooled['estimate']:.2f} (between {pooled['conf_low']:.2f} and {pooled['conf_high']:.2f})" in page()


def test_the_same_review_is_fresh_and_a_corrected_number_is_not():
    folder = copied()
    assert "1 of 1 fresh" in curv_eval(folder, "plan", f"params/{NAME}.yaml").out
    write(folder, [TABLE[0].replace(",rct,", ",match,"), *TABLE[1:]])
    told = curv_eval(folder, "plan", f"params/{NAME}.yaml")
    assert "data changed: cbt_offending_studies/dat.landenberger2005.csv" in told.out


def test_a_study_that_is_added_runs_its_review_alone_and_what_changed_is_said():
    folder = copied()
    other = (ROOT / "params" / "review-school-calendar.yaml").read_text("utf-8")
    (folder / "params" / "review-school-calendar.yaml").write_text(other, "utf-8")
    at = folder / "data" / "evidence-meta-analysis" / "dat.konstantopoulos2011.csv"
    body = [f"{d},{s},{3 * d + s},1990,{0.1 * d - 0.02 * s:.2f},0.0{s + 1}" for d in range(1, 7) for s in range(1, 4)]
    at.write_text("\n".join(["district,school,study,year,yi,vi", *body]) + "\n", "utf-8")
    assert curv_eval(folder, "run", "params/review-school-calendar.yaml", "--no-brief").code == 0
    write(folder, [*TABLE, *rows(20, odds=1.6, seed=9, people=900)])
    told = curv_eval(folder, "run", *(f"params/{name}.yaml" for name in (NAME, "review-school-calendar")), "--no-brief")
    assert told.code == 0, told.err
    assert "1 finished, 1 fresh" in told.out
    said = curv_eval(folder, "changed", NAME)
    assert said.code == 0, said.err
    assert "the average was" in said.out
    assert "THE CONCLUSION CHANGED: less of it before" in said.out


def test_a_first_run_has_nothing_to_be_compared_with():
    told = curv_eval(ran()[0], "changed", NAME)
    assert told.code
    assert "has no run before" in told.err


def changed(**given):
    held = {"added": (), "gone": (), "before": (0.6, 0.5, 0.7), "now": (0.6, 0.5, 0.7), "found": ("better", "better"),
            "certainty": ("low", "low")}  # fmt: skip
    return Changed(**{**held, **given})


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "the studies are the same"),
        ({}, "the average is 0.60 (between 0.50 and 0.70), as before"),
        ({}, "the conclusion is the same: less of it"),
        ({"added": ("A", "B")}, "2 added: A, B"),
        ({"gone": tuple("ABCDEFG")}, "7 taken out: A, B, C, D, E and 2 more"),
        ({"now": (1.4, 1.2, 1.6), "found": ("better", "worse")},
         "THE CONCLUSION CHANGED: less of it before, more of it, which is harm now"),
        ({"found": ("unclear", "better")}, "THE CONCLUSION CHANGED: we cannot tell before, less of it now"),
        ({"certainty": ("low", "moderate")}, "how sure we are: low, now moderate"),
    ],
)  # fmt: skip
def test_what_changed_in_words(given, line):
    assert line in changed(**given).lines


def test_a_table_under_a_rule_is_refused():
    """A review publishes each study's numbers, so they must be public already."""
    folder = copied()
    contract = (ROOT / "data_contracts" / "cbt_offending_studies.yaml").read_text("utf-8")
    (folder / "data_contracts").mkdir()
    closed = contract.replace('smallNumberRule, value: "open"', 'smallNumberRule, value: "under_10"')
    (folder / "data_contracts" / "cbt_offending_studies.yaml").write_text(closed, "utf-8")
    told = curv_eval(folder, "run", f"params/{NAME}.yaml", "--no-brief")
    assert told.code
    assert "a review takes tables that are published already" in told.err
    assert release_review.__doc__


SCREENED = """
screening:
  contract: screening_decisions
  identified: { "A database": 5, "Another": 3 }
  duplicates: 2
bias: { contract: risk_of_bias, tool: rob_2, by: A. Judge }
"""
DECISIONS = [
    f"r{i},{stage},{who},{said},{why}"
    for i, first, second in ((1, "include", "include"), (2, "include", "include"), (3, "include", "exclude"),
                             (4, "exclude", ""), (5, "exclude", ""), (6, "include", "include"))
    for stage, said, why in (("title_abstract", first, ""),
                             ("full_text", second, "no_counts" if second == "exclude" else ""))
    if said
    for who in ("Ann", "Ben")
]  # fmt: skip
DOMAINS = ("randomisation", "deviations", "missing_data", "measurement", "reporting")


def screened(table):
    """A project whose review screened records itself and judged each study."""
    text = CBT.replace(
        "contracts:\n", "contracts:\n  screening_decisions: decisions.csv\n  risk_of_bias: bias.csv\n", 1
    )
    folder = project(table, text + SCREENED)
    (folder / "data" / "decisions.csv").write_text(
        "\n".join(["reference,stage,screener,decision,reason", *DECISIONS]) + "\n", "utf-8"
    )
    names = [row.split(",")[0] for row in table]
    bias = [
        f"{name},{domain},{'high' if i == 0 else 'low'},said so" for i, name in enumerate(names) for domain in DOMAINS
    ]
    (folder / "data" / "bias.csv").write_text("\n".join(["study,domain,level,reason", *bias]) + "\n", "utf-8")
    return folder


def test_a_review_that_screened_has_a_flow_and_traffic_lights():
    folder = screened(TABLE[:3])
    told = curv_eval(folder, "run", f"params/{NAME}.yaml")
    assert told.code == 0, told.err
    (run,) = (path.parent for path in (folder / "outputs" / NAME).glob("*/manifest.json"))
    held = results(run)
    boxes = {(row["box"], row["detail"]): row["n"] for row in held["tables"]["review_flow"]["rows"]}
    assert {8, 6, 2} <= set(boxes.values())
    said = page(run)
    assert "fig-review-flow" in said
    assert "fig-traffic-light" in said
    security = {row["part"]: row for row in held["tables"]["review_security"]["rows"]}
    assert "33%" in security["risk of bias"]["reason"]


def test_a_study_that_nobody_judged_stops_the_review():
    folder = screened(TABLE[:3])
    write(folder, [*TABLE[:3], TABLE[4]])
    told = curv_eval(folder, "run", f"params/{NAME}.yaml", "--no-brief")
    assert told.code
    assert "Made-up 5 (2001): not judged" in told.err


def test_reviews_stand_side_by_side_with_a_page_each():
    folder = copied()
    told = curv_eval(folder, "toolkit", "kit", NAME)
    assert told.code == 0, told.err
    assert sorted(path.name for path in (folder / "kit").iterdir()) == [
        "index.docx", "index.html", "index.pdf", f"{NAME}.html",
    ]  # fmt: skip
    said = " ".join((folder / "kit" / "index.html").read_text("utf-8").split())
    assert f'href="{NAME}.html"' in said
    assert results()["values"]["in_words"] in said
    assert "DRAFT" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("kit", NAME, NAME), "stands twice"),
        (("params", NAME), "is there already"),
        (("kit", "nothing"), "no finished run"),
    ],
)
def test_a_toolkit_that_cannot_be_made_leaves_nothing(words, said):
    folder = copied()
    told = curv_eval(folder, "toolkit", *words)
    assert told.code
    assert said in told.err
    assert not (folder / "kit").exists()
    assert not list(folder.glob(".toolkit-*"))


def test_the_same_review_gives_the_same_bytes():
    folder = copied()
    (run,) = (path.parent for path in (folder / "outputs" / NAME).glob("*/manifest.json"))
    told = curv_eval(folder, "verify", NAME, "--level", "2")
    assert told.code == 0, told.err
    assert run.is_dir()


def test_reviews_stand_among_the_results_of_studies():
    told = curv_eval(ran()[0], "results", f"params/{NAME}.yaml")
    assert told.code == 0, told.err
    pooled = next(row for row in results()["tables"]["review_forest"]["rows"] if row["kind"] == "pooled")
    assert f"{pooled['estimate'] - 1:+.1%}" in told.out or f"{pooled['estimate'] - 1:+.0%}" in told.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("safes", f"params/{NAME}.yaml"), "is a review of published results, which hold no personal data"),
        (("register", f"params/{NAME}.yaml", "--by", "A. B", "--osf", "plan.md"), "is a review; --osf is for studies"),
        (("release", NAME, "--attack"), ""),
        (("data", "check", f"params/{NAME}.yaml"), ""),
        (("status",), ""),
        (("export", NAME, "crate"), ""),
    ],
)
def test_every_command_knows_a_review(words, said):
    folder = copied()
    told = curv_eval(folder, *words)
    assert bool(told.code) is bool(said), told.err
    assert said in told.err
    assert "fault of the program" not in told.err


def test_a_review_is_handed_over_with_its_contract_and_table_named():
    folder = copied()
    assert curv_eval(folder, "export", NAME, "crate").code == 0
    held = json.loads((folder / "crate" / "ro-crate-metadata.json").read_text("utf-8"))
    names = {one["@id"] for one in held["@graph"]}
    assert "contracts/cbt_offending_studies.yaml" in names
    assert "notebooks/review.ipynb" in names
    assert "release/figures/forest.svg" in names


def test_a_notebook_of_a_review_opens_as_fresh():
    from curv_eval.lab.badge import freshness

    folder = copied()
    found = freshness(folder / "params" / f"{NAME}.yaml")
    assert found.state == "fresh", found


def test_the_order_of_the_rows_of_the_table_does_not_matter():
    folder = project(list(reversed(TABLE)))
    assert curv_eval(folder, "run", f"params/{NAME}.yaml", "--no-brief").code == 0
    (run,) = (path.parent for path in (folder / "outputs" / NAME).glob("*/manifest.json"))
    mine, other = (
        {row["label"]: row["estimate"] for row in results(one)["tables"]["review_forest"]["rows"]}
        for one in (ran()[1], run)
    )
    assert mine == pytest.approx(other, rel=1e-9)


def test_the_made_up_effect_is_found():
    """The table was drawn with odds multiplied by 0.6, give or take a fifth."""
    pooled = next(row for row in results()["tables"]["review_forest"]["rows"] if row["kind"] == "pooled")
    assert pooled["conf_low"] < 0.6 < pooled["conf_high"]


def test_the_brief_shows_the_published_number_beside_ours_in_every_format():
    import docx

    text = "\n".join(one.text for one in docx.Document(ran()[1] / "brief" / "study.docx").paragraphs)
    assert "1.53" in text
    assert "the other way round" in text


def test_two_reviews_in_one_toolkit_stand_with_what_helps_first():
    folder = copied()
    rises = CBT.replace("study: review-cbt-offending", "study: review-rises").replace(
        "approach: cognitive behavioural programmes", "approach: a programme that does harm"
    )
    (folder / "params" / "review-rises.yaml").write_text(
        rises.replace("dat.landenberger2005.csv", "rises.csv"), "utf-8"
    )
    at = folder / "data" / "evidence-meta-analysis"
    kept = (at / "dat.landenberger2005.csv").read_text("utf-8")
    write(folder, rows(12, odds=1.8, seed=3, people=400))
    (at / "dat.landenberger2005.csv").rename(at / "rises.csv")
    (at / "dat.landenberger2005.csv").write_text(kept, "utf-8")
    assert curv_eval(folder, "run", "params/review-rises.yaml", "--no-brief").code == 0
    told = curv_eval(folder, "toolkit", "kit", "review-rises", NAME)
    assert told.code == 0, told.err
    said = " ".join((folder / "kit" / "index.html").read_text("utf-8").split())
    assert 0 < said.index("Cognitive behavioural programmes") < said.index("A programme that does harm")
    assert "Harm. More:" in said
    assert (folder / "kit" / "review-rises.html").is_file()
