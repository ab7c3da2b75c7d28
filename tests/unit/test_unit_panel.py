"""The panel is valid or does not exist; its months are a calendar; it survives the way between notebooks."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError, RunError, StudyError
from curv_eval.panel import Panel, month_name, month_number, month_text
from curv_eval.run.store import keep_panel, read_panel
from curv_eval.shipped import shipped

N, T = 3, 4


def good(**changes):
    given = {
        "units": np.array(["a", "b", "c"]), "periods": np.array([24276, 24277, 24279, 24280]),
        "cohort": np.array([24279.0, np.nan, 24280.0]), "cluster": np.array(["w", "w", "v"]),
        "outcomes": {"y": np.arange(12.0).reshape(N, T), "z": np.ones((N, T))},
        "population": np.array([10.0, 20.0, 30.0]), "district": np.array(["d", "d", "e"]),
        "neighbours": np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=bool),
    }  # fmt: skip
    return Panel(**{**given, **changes})


FAULTS = {
    "units: some names stand twice": {"units": np.array(["a", "b", "a"])},
    "periods: not in increasing order": {"periods": np.array([1, 2, 2, 3])},
    "cohort: got 2 values, expected 3": {"cohort": np.array([1.0, np.nan])},
    "cluster: got 4 values, expected 3": {"cluster": np.array(list("wwvv"))},
    r"y: got shape \(3, 3\), expected \(3, 4\)": {"outcomes": {"y": np.ones((3, 3))}},
    "y: 2 unit-periods have no value": {"outcomes": {"y": np.array([[1, np.nan, 1, 1], [1, 1, np.inf, 1], [1.0] * 4])}},
}


@pytest.mark.parametrize("message", FAULTS)
def test_what_is_not_a_panel_is_refused(message):
    with pytest.raises(DesignError, match=message):
        good(**FAULTS[message])


def test_every_fault_is_named_at_once():
    with pytest.raises(DesignError) as refusal:
        good(units=np.array(["a", "a", "b"]), cohort=np.array([1.0]), cluster=np.array(["w"]))
    assert len(refusal.value.breaches) == 3


MISSED = {
    "population": np.array([1.0, 2.0]), "district": np.array(["d"]), "neighbours": np.zeros((2, 3), dtype=bool),
}  # fmt: skip


@pytest.mark.parametrize("name", MISSED)
def test_optional_parts_of_another_length_are_refused(name):
    with pytest.raises(DesignError, match=name):
        good(**{name: MISSED[name]})


def test_shows_shapes_and_no_values():
    assert repr(good()) == "<Panel: 3 units x 4 periods, 2 cohorts, 1 never treated>"


def test_cannot_be_changed():
    panel = good()
    for array in (panel.units, panel.periods, panel.cohort, panel.cluster, panel.outcomes["y"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    with pytest.raises(AttributeError):
        panel.frequency = "year"


def test_takes_units():
    part = good().take(np.array([True, False, True]))
    assert part.units.tolist() == ["a", "c"]
    assert part.cohort.tolist() == [24279.0, 24280.0]
    assert part.cluster.tolist() == ["w", "v"]
    assert part.outcomes["y"].tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert part.outcomes["z"].shape == (2, 4)
    assert part.population.tolist() == [10.0, 30.0]
    assert part.district.tolist() == ["d", "e"]
    assert part.neighbours.tolist() == [[False, False], [False, False]]
    assert part.periods.tolist() == good().periods.tolist()


def test_takes_units_and_periods():
    part = good().take(np.array([True, True, False]), np.array([False, True, True, False]))
    assert part.periods.tolist() == [24277, 24279]
    assert part.outcomes["y"].tolist() == [[1, 2], [5, 6]]
    assert part.neighbours.tolist() == [[False, True], [True, False]]


def test_takes_from_a_panel_without_optional_parts():
    bare = good(population=None, district=None, neighbours=None)
    part = bare.take(np.array([False, True, False]))
    assert (part.population, part.district, part.neighbours) == (None, None, None)
    assert part.units.tolist() == ["b"]


def test_other_starts_leave_the_rest_alone():
    moved = good().with_cohort([np.nan, 24279, np.nan])
    assert moved.treated.tolist() == [False, True, False]
    assert moved.outcomes["y"] is not None
    assert good().treated.tolist() == [True, False, True]


# 2023 x 12 = 24,276 months before January 2023
CALENDAR = [
    ("2023-01", 24276, "January 2023"),
    ("2023-12", 24287, "December 2023"),
    ("2024-02", 24289, "February 2024"),
    ("0001-01", 12, "January 0001"),
]


@pytest.mark.parametrize(("text", "number", "name"), CALENDAR)
def test_months_are_numbers_texts_and_names(text, number, name):
    assert month_number(text) == number
    assert month_text(number) == text
    assert month_name(text) == name


def test_a_month_follows_a_month():
    assert month_number("2024-01") - month_number("2023-12") == 1
    assert [month_text(n) for n in range(24286, 24289)] == ["2023-11", "2023-12", "2024-01"]
    assert month_number("2023-08-15") == month_number("2023-08")


def test_periods_are_written_and_said_as_people_do():
    assert good().label(24279.0) == "2023-04"
    assert good().spoken(24279.0) == "April 2023"
    years = good(periods=np.array([2001, 2002, 2003, 2004]), cohort=np.full(3, np.nan), frequency="year")
    assert years.label(2003.0) == "2003"
    assert years.spoken(2003.0) == "2003"


def same(a, b):
    for name in ("units", "periods", "cohort", "cluster", "population", "district", "neighbours"):
        first, second = getattr(a, name), getattr(b, name)
        assert (first is None) == (second is None), name
        if first is not None:
            np.testing.assert_array_equal(first, second, err_msg=name)
            assert first.dtype.kind == second.dtype.kind
    assert list(a.outcomes) == list(b.outcomes)
    for name, y in a.outcomes.items():
        np.testing.assert_array_equal(y, b.outcomes[name])


def test_a_kept_panel_comes_back_the_same(tmp_path):
    keep_panel(good(), tmp_path)
    same(read_panel(tmp_path), good())
    assert [p.name for p in (tmp_path / "restricted").iterdir()] == ["panel.npz"]


def test_a_panel_without_optional_parts_comes_back_without_them(tmp_path):
    bare = good(population=None, district=None, neighbours=None)
    keep_panel(bare, tmp_path)
    same(read_panel(tmp_path), bare)


def test_the_last_panel_kept_is_the_one_read(tmp_path):
    keep_panel(good(), tmp_path)
    other = good().take(np.array([True, True, False]))
    keep_panel(other, tmp_path)
    same(read_panel(tmp_path), other)


def test_a_yearly_panel_comes_back_yearly(tmp_path):
    keep_panel(replace(good(), frequency="year"), tmp_path)
    assert read_panel(tmp_path).frequency == "year"


def test_a_folder_without_a_panel_says_what_to_run(tmp_path):
    with pytest.raises(RunError, match="holds no panel yet") as refusal:
        read_panel(tmp_path / "labb")
    assert "data notebook" in refusal.value.do


@pytest.mark.parametrize(
    ("name", "inside"),
    [("notebooks", "effect.ipynb"), ("params", "demo.yaml"), ("data_contracts", "police_uk_street.yaml"),
     ("briefs", "_quarto.yml")],
)  # fmt: skip
def test_what_travels_with_the_package_is_found(name, inside):
    assert (shipped(name) / inside).is_file()


def test_an_installed_package_uses_its_own_copies(tmp_path, monkeypatch):
    from curv_eval import shipped as module

    (tmp_path / "curv_eval" / "_shipped" / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "curv_eval")
    assert module.shipped("notebooks") == tmp_path / "curv_eval" / "_shipped" / "notebooks"


def test_errors_say_what_where_and_what_to_do_and_survive_pickling():
    import pickle

    fault = DesignError("what", ["one", "two"], "this")
    assert str(fault) == "DesignError: what:\n  one\n  two\n  do: this"
    assert str(StudyError("what")) == "StudyError: what"
    again = pickle.loads(pickle.dumps(fault))
    assert (str(again), again.breaches, again.do) == (str(fault), ("one", "two"), "this")
