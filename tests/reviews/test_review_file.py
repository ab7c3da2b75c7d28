"""The study file of a review: what it holds, and what is said of ten slips in it."""

import pytest
from projects import ROOT, curv_eval
from review_files import CBT, project, rows

from curv_eval.errors import StudyError
from curv_eval.study import Review, load_study

REVIEWS = sorted((ROOT / "params").glob("review-*.yaml"))


@pytest.mark.parametrize("path", REVIEWS, ids=lambda path: path.stem)
def test_every_shipped_review_is_one(path):
    review = load_study(path)
    assert isinstance(review, Review)
    assert review.study == path.stem
    assert review.notebooks == ("review",)
    assert review.question.startswith("For ")
    assert review.reference == str(path)
    assert review.project == ROOT


def test_there_are_three_of_them():
    assert len(REVIEWS) >= 3


SLIPS = {
    "measure: log_odds_ratio": ("measure: log_odd_ratio", "did you mean log_odds_ratio?"),
    "reports: two_by_two": ("reports: two_by_tow", "did you mean two_by_two?"),
    "study: study\n": ("study: studdy\n", "has no column `studdy`, which is needed; did you mean study?"),
    "moderators: [people,": ("moderators: [peeple,", "studies.moderators.peeple"),
    "same_label: samples": ("same_labels: samples", "unknown key; did you mean `same_label`?"),
    "contract: cbt_offending_studies": ("contract: cbt_studies", "cbt_studies is not under `contracts:`"),
    "    imprecision: {": ("    inprecision: {", "did you mean imprecision?"),
    "    population_age: {": ("    population_ages: {", "did you mean population_age?"),
    "steps: -1": ("steps: -3", "certainty.reasons.inconsistency.steps: got -3; expected -2 or more"),
    "smallest_worthwhile: 0.10": ("smallest_worthwhile: 10%", "a number such as 0.1"),
    "answer: similar": ("answer: same", "expected 'similar', 'partly', 'different' or 'unknown'"),
    "kind: review": ("kind: reviews", "kind: got 'reviews', expected review; leave it out for a study"),
    "n_treated: programme_reoffended + programme_did_not": ("n: programme_reoffended", "two_by_two needs n_treated"),
    "tau2: reml": ("tau2: remll", "expected 'reml', 'dl' or 'pm'"),
}


@pytest.mark.parametrize("right", SLIPS)
def test_a_slip_is_said_where_it_is(right):
    wrong, said = SLIPS[right]
    assert right in CBT
    folder = project(rows(), CBT.replace(right, wrong, 1))
    told = curv_eval(folder, "plan", "params/review-cbt-offending.yaml")
    assert told.code == 2, told.err
    assert said in told.err
    assert "Traceback" not in told.err


def test_every_slip_is_said_at_once():
    text = CBT
    for right in ("measure: log_odds_ratio", "moderators: [people,", "    imprecision: {"):
        text = text.replace(right, SLIPS[right][0], 1)
    told = curv_eval(project(rows(), text), "plan", "params/review-cbt-offending.yaml")
    assert all(SLIPS[right][1] in told.err for right in ("measure: log_odds_ratio", "moderators: [people,"))
    assert SLIPS["    imprecision: {"][1] in told.err


def test_a_contract_that_nothing_uses_is_left_out():
    text = CBT.replace("contracts:\n", "contracts:\n  lsoa_lookup: lookup.csv\n", 1)
    told = curv_eval(project(rows(), text), "plan", "params/review-cbt-offending.yaml")
    assert "contracts.lsoa_lookup: nothing in this review uses it" in told.err


def test_what_the_program_sets_may_not_be_given(tmp_path):
    path = tmp_path / "review.yaml"
    path.write_text(CBT + "family: mine\n", "utf-8")
    with pytest.raises(StudyError, match="set by the program"):
        load_study(path)


def test_columns_that_a_kind_cannot_do_without_are_named(tmp_path):
    text = CBT.replace("reports: two_by_two", "reports: effect", 1)
    told = curv_eval(project(rows(), text), "plan", "params/review-cbt-offending.yaml")
    for line in ("effect needs yi", "effect needs vi", "studies.given: effect needs the measure of its numbers"):
        assert line in told.err


def test_screening_and_bias_need_their_contracts():
    text = CBT + "bias: { contract: risk_of_bias, tool: rob_2, by: A. Judge }\n"
    told = curv_eval(project(rows(), text), "plan", "params/review-cbt-offending.yaml")
    assert "bias.contract: risk_of_bias is not under `contracts:`" in told.err


def test_columns_of_the_screening_table_are_looked_for():
    text = CBT.replace("contracts:\n", "contracts:\n  lsoa_lookup: decisions.csv\n", 1)
    text += "screening: { contract: lsoa_lookup, identified: { A: 1 } }\n"
    told = curv_eval(project(rows(), text), "plan", "params/review-cbt-offending.yaml")
    assert "screening: lsoa_lookup has no column `decision`, which is needed" in told.err


def test_a_table_that_does_not_keep_its_contract_is_refused_before_anything_is_pooled():
    folder = project([rows()[0].replace(",rct,", ",lottery,"), *rows()[1:]])
    told = curv_eval(folder, "run", "params/review-cbt-offending.yaml", "--no-brief")
    assert told.code
    assert "1 value is not rct or match or nonequiv" in told.err or "not rct or match or nonequiv" in told.err
    assert not list((folder / "outputs" / "review-cbt-offending").glob("*/manifest.json"))


def test_one_study_alone_cannot_be_pooled_and_that_is_said():
    told = curv_eval(project(rows()[:1]), "run", "params/review-cbt-offending.yaml", "--no-brief")
    assert told.code
    assert "Traceback" not in told.err
    assert "DesignError" in told.err or "StudyError" in told.err


def test_a_review_can_be_registered_and_a_later_change_is_seen():
    folder = project(rows())
    said = curv_eval(folder, "register", "params/review-cbt-offending.yaml", "--by", "A. Reviewer")
    assert said.code == 0, said.err
    path = folder / "params" / "review-cbt-offending.yaml"
    path.write_text(CBT.replace("tau2: reml", "tau2: dl"), "utf-8")
    assert curv_eval(folder, "run", "params/review-cbt-offending.yaml", "--no-brief").code == 0
    (run,) = (one.parent for one in (folder / "outputs" / "review-cbt-offending").glob("*/manifest.json"))
    assert '"registration": "exploratory"' in (run / "release" / "results.json").read_text("utf-8")


def test_a_review_is_reviewed_and_published_as_a_study_is():
    folder = project(rows())
    assert curv_eval(folder, "run", "params/review-cbt-offending.yaml").code == 0
    name = "review-cbt-offending"
    said = curv_eval(folder, "review", name, "--reviewer", "B. Reader", "--decision", "approve")
    assert said.code == 0, said.err
    assert curv_eval(folder, "brief", name).code == 0
    (page,) = (folder / "outputs" / name).glob("*/brief/study.html")
    text = page.read_text("utf-8")
    assert "Draft: not reviewed" not in text
    assert "Reviewed" in text
    assert curv_eval(folder, "scan", name).code == 0
    assert curv_eval(folder, "audit", "verify").code == 0


def test_a_review_that_was_run_before_it_is_registered_says_that_results_were_there():
    folder = project(rows())
    assert curv_eval(folder, "run", "params/review-cbt-offending.yaml", "--no-brief").code == 0
    said = curv_eval(folder, "register", "params/review-cbt-offending.yaml", "--by", "A. Reviewer")
    assert said.code == 0, said.err
    assert "after a first look" in said.out


def test_another_review_of_the_same_approach_and_outcome_is_a_look_too():
    folder = project(rows())
    other = CBT.replace("study: review-cbt-offending", "study: review-again")
    (folder / "params" / "review-again.yaml").write_text(other, "utf-8")
    assert curv_eval(folder, "run", "params/review-again.yaml", "--no-brief").code == 0
    said = curv_eval(folder, "register", "params/review-cbt-offending.yaml", "--by", "A. Reviewer")
    assert "after a first look" in said.out
    elsewhere = CBT.replace("study: review-cbt-offending", "study: review-third").replace(
        "outcome: reoffending", "outcome: violence"
    )
    (folder / "params" / "review-third.yaml").write_text(elsewhere, "utf-8")
    said = curv_eval(folder, "register", "params/review-third.yaml", "--by", "A. Reviewer")
    assert "before any result" in said.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no `key: value` lines"),
        ("kind: review\n", "approach: is missing"),
        (CBT + "approach: twice\n", "twice"),
        (CBT.replace("alpha", "alfa").replace("interval: hartung_knapp", "interval: knapp"), "synthesis.interval"),
        (CBT.replace("rate: 26000", "rate: 0"), "baseline.rate: got 0"),
        (CBT.replace("steps: -1", "steps: 'one'"), "a whole number without quotes"),
        (CBT.replace("registered: \"2026-11-27\"", "registered: \"2026-13-01\""), "registered"),
        (CBT.replace("designs: [randomised trial, matched comparison]", "designs: [guess]"), "asks.designs"),
        (CBT.replace("same_label: samples", "same_label: maybe"), "'refuse', 'samples' or 'effects'"),
        (CBT.replace("title: Do cognitive", "title: " + "x" * 90 + " Do cognitive"), "90 characters at most"),
        (CBT.replace("place: Cleveland", "place: ''"), "transfer.place"),
        (CBT.replace("dat.landenberger2005.csv", "../../secret.csv"), "leaves the data folder"),
        (CBT.replace("authors: The curv-eval authors", "author: me"), "did you mean `authors`?"),
    ],
)  # fmt: skip
def test_wrong_inputs_of_a_tired_evaluator(text, said):
    told = curv_eval(project(rows(), text), "plan", "params/review-cbt-offending.yaml")
    assert told.code, told.out
    assert said in told.err
    assert "Traceback" not in told.err
    assert "fault of the program" not in told.err
