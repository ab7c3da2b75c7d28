"""The tutorials as a person runs them, and what they are expected to show."""

import json
import os
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import curv_eval as ce
from curv_eval.errors import StudyError

HOME = Path(__file__).parents[2] / "notebooks" / "tutorials"
NAMES = sorted(path.stem for path in HOME.glob("*.ipynb"))
ROOT = Path(__file__).parents[2]


def run(name):
    notebook = nbformat.read(HOME / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    client = NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(HOME)}})
    return client.execute(cwd=str(HOME))


@pytest.mark.parametrize("name", NAMES)
def test_each_runs_from_its_own_folder_to_its_end(name, monkeypatch):
    if name == "cleveland" and not os.environ.get("CURV_EVAL_DATA"):
        pytest.skip("the tutorial on Cleveland needs the public data in CURV_EVAL_DATA")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    done = run(name)
    last = [c for c in done.cells if c.cell_type == "code"][-1]
    assert last.outputs


def relative(lesson, *methods, **options):
    return ce.show(ce.compare(lesson, *methods, **options)).set_index("method")


def test_the_experiment_on_training_gives_its_published_answer():
    """LaLonde's subsample: 1,794 dollars, the difference in means (Dehejia and Wahba 1999, table 3)."""
    found = relative(ce.example("nsw"), "ancova", options={"ancova": {"adjust": "none"}}).loc["ancova"]
    assert found["average"] == pytest.approx(1794.34, abs=0.01)


def test_the_survey_misleads_until_it_is_weighed():
    lesson = ce.example("nsw_survey")
    naive = relative(lesson, "ancova", options={"ancova": {"adjust": "none"}}).loc["ancova", "average"]
    assert naive == pytest.approx(-8497.5, abs=0.1)
    weighed = relative(lesson, "entropy_balancing", "doubly_robust", "inverse_probability_weighting")["average"]
    assert weighed.between(1000, 1900).all()


def test_staggered_starts_are_answered_alike_by_what_can_answer_them():
    found = relative(ce.example("castle"), "difference_in_differences", "callaway_santanna", "poisson_staggered")
    assert "takes one cohort, got 3" in found.loc["difference_in_differences", "reason"]
    assert np.isnan(found.loc["difference_in_differences", "relative"])
    assert found.loc["callaway_santanna", "relative"] == pytest.approx(
        found.loc["poisson_staggered", "relative"], abs=0.03
    )


def test_both_ways_of_continuing_a_series_see_the_seat_belt_law():
    found = relative(ce.example("seatbelts"), "interrupted_time_series", "structural_time_series")
    assert (found["relative_high"] < 0).all()
    assert found["relative"].between(-0.30, -0.08).all()


def test_an_example_shows_its_question_and_source_and_no_number_of_anybody():
    assert repr(ce.example("seatbelts")).splitlines() == [
        "What did the seat-belt law change in the number of drivers killed or seriously injured?",
        "Harvey and Durbin (1986), Great Britain by month, 1969 to 1984",
        "<Panel: 1 units x 192 periods, 1 cohorts, 0 never treated>",
    ]


def test_an_unknown_example_is_refused_with_those_there_are():
    with pytest.raises(StudyError, match="there is no example `castles`"):
        ce.example("castles")


def test_a_study_with_its_own_panel_is_a_lesson_too():
    study = ce.load_study(ROOT / "params" / "demo.yaml")
    lesson = ce.example(study, ce.example("castle").data)
    assert lesson.design == study.design
    assert lesson.primary == study.primary
    assert lesson.question == study.question


def test_the_data_say_where_they_come_from():
    said = (HOME / "data" / "README.md").read_text("utf-8")
    for path in (HOME / "data").glob("*.gz"):
        assert f"`{path.name}`" in said
    assert len(json.dumps(said)) > 500
