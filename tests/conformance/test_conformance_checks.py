"""Every file in checks/ keeps these promises, without being named in a test."""

from types import SimpleNamespace

import pytest

from curv_eval.checks import Check, Verdict, load, names
from curv_eval.errors import StudyError
from curv_eval.methods import fit
from curv_eval.study import Design, Span, Words
from panels import known

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)
WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
STUDY = SimpleNamespace(design=DESIGN, seed=5, words=WORDS, smallest_worthwhile=0.1)


def run(name, panel):
    return load(name).check(panel, STUDY, fit(panel, outcome="y", design=DESIGN))


@pytest.mark.parametrize("name", names())
def test_answers_its_question_with_counts_behind_every_row(name):
    found = run(name, known())
    assert isinstance(found, Check)
    assert found.name == name
    assert found.question.endswith("?")
    assert isinstance(found.verdict, Verdict)
    assert {"term", "estimate", "conf_low", "conf_high", "n_units", "events"} <= set(found.table.columns)
    assert (found.table["n_units"] > 0).all()
    assert 40 < len(found.text) < 600


@pytest.mark.parametrize("name", names())
def test_is_the_same_twice(name):
    first, second = run(name, known()), run(name, known())
    assert first.text == second.text
    assert first.table.equals(second.table)


@pytest.mark.parametrize("name", names())
def test_does_not_fail_on_clean_data(name):
    verdicts = [run(name, known(seed=seed, n=240)).verdict for seed in range(5)]
    assert verdicts.count(Verdict.FAILS) <= 1


def test_a_name_outside_the_folder_reaches_nothing():
    with pytest.raises(StudyError, match="did you mean pre_trends"):
        load("pre_trend")
