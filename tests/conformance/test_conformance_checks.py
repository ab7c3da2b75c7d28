"""Every file in checks/ keeps these promises, without being named in a test."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Check, Verdict, load, names
from curv_eval.errors import StudyError
from curv_eval.estimate.told import terms_of, written
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.study import Design, Outcome, Span, Words
from panels import known
from people import known_people

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)
WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
OUTCOMES = (
    Outcome(name="y", label="incidents", contract="police", role="primary"),
    Outcome(name="other", label="thefts of cars", contract="police", role="placebo"),
)
STUDY = SimpleNamespace(
    design=DESIGN, seed=5, words=WORDS, smallest_worthwhile=0.1, outcomes=OUTCOMES, primary=OUTCOMES[0],
    registered="2026-11-23", subgroups=("district", "deprivation"), series_breaks=(),
)  # fmt: skip
PEOPLE = SimpleNamespace(**{
    **vars(STUDY), "design": Design(method="doubly_robust", window=Span("2000-01", "2001-12")),
    "outcomes": OUTCOMES[:1], "subgroups": ("girl",),
})  # fmt: skip
BOTH = [*(("panel", name) for name in names("panel")), *(("people", name) for name in names("people"))]


def data(kind, seed=1, n=120):
    return known(seed=seed, n=n) if kind == "panel" else known_people(seed=seed, n=max(n, 400))


def run(name, found):
    study = PEOPLE if isinstance(found, People) else STUDY
    return load(name).check(found, study, fit(found, outcome="y", design=study.design))


@pytest.mark.parametrize(("kind", "name"), BOTH)
def test_answers_its_question_with_counts_behind_every_row(kind, name):
    found = run(name, data(kind))
    assert isinstance(found, Check)
    assert found.name == name
    assert found.question.endswith("?")
    assert isinstance(found.verdict, Verdict)
    assert {"term", "estimate", "conf_low", "conf_high", "n_units", "events"} <= set(found.table.columns)
    assert (found.table["n_units"] > 0).all()
    assert 40 < len(found.text) < 600


@pytest.mark.parametrize(("kind", "name"), BOTH)
def test_no_number_of_the_text_is_told_more_exactly_than_the_table(kind, name):
    """Taken from another table, every number with a decimal point or a per cent sign is another."""
    found = run(name, data(kind))
    blank = found.table.assign(estimate=np.nan, conf_low=np.nan, conf_high=np.nan)
    left = written(found.words, blank)
    assert not re.findall(r"\d+\.\d+|\d+%|(?<!less than )\d+ times in 100", left), left
    assert terms_of(found.words) or not re.findall(r"\d+\.\d+|\d+%", found.text)
    assert set(terms_of(found.words)) <= set(found.table["term"])


@pytest.mark.parametrize(("kind", "name"), BOTH)
def test_is_the_same_twice(kind, name):
    first, second = run(name, data(kind)), run(name, data(kind))
    assert first.text == second.text
    assert first.table.equals(second.table)


@pytest.mark.parametrize(("kind", "name"), BOTH)
def test_does_not_fail_on_clean_data(kind, name):
    verdicts = [run(name, data(kind, seed, 240)).verdict for seed in range(5)]
    assert verdicts.count(Verdict.FAILS) <= 1


def test_a_name_outside_the_folder_reaches_nothing():
    with pytest.raises(StudyError, match="did you mean pre_trends"):
        load("pre_trend")
