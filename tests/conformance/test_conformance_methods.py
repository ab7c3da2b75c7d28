"""Every file in methods/ keeps these promises, without being named in a test."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate import CELL_COLUMNS, PARAMETER_COLUMNS
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit, load, names, require_options
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


PANEL = names("panel")
ERRORS = ("clusters", "placebos", "series", "test", "draws")


def designs():
    for name in PANEL:
        options = load(name).OPTIONS
        for trends in options.get("trends", ("only",)):
            for base in options.get("base", ("only",)):
                chosen = {k: v for k, v in (("trends", trends), ("base", base)) if v != "only"}
                yield pytest.param(Design(method=name, window=WINDOW, options=chosen), id=f"{name}-{trends}-{base}")


DESIGNS = list(designs())


def having(wanted):
    """The designs whose method fits, by a rule of its module."""
    return [one for one in DESIGNS if wanted(load(one.values[0].method))]


CLUSTERED = having(lambda method: method.ERRORS == "clusters")
PARALLEL = having(lambda method: method.TRENDS != "none")


def relative(panel, design):
    return overall(fit(panel, outcome="y", design=design)).set_index("term").loc["relative"]


def numbers(panel, design):
    return overall(fit(panel, outcome="y", design=design))[["estimate", "std_error"]].to_numpy()


def reordered(panel, order):
    return replace(
        panel, units=panel.units[order], cohort=panel.cohort[order], cluster=panel.cluster[order],
        outcomes={k: v[order] for k, v in panel.outcomes.items()}, neighbours=panel.neighbours[np.ix_(order, order)],
        population=panel.population[order], district=panel.district[order],
        covariates={name: x[order] for name, x in panel.covariates.items()},
    )  # fmt: skip


@pytest.mark.parametrize("design", DESIGNS)
def test_recovers_a_known_effect(design):
    row = relative(known(effect=-0.3, n=400), design)
    assert abs(row["estimate"] + 0.3) < 4 * row["std_error"]
    assert row["conf_high"] < 0


@pytest.mark.parametrize("design", DESIGNS)
def test_finds_nothing_where_there_is_nothing(design):
    draws = [relative(known(effect=0.0, seed=seed), design) for seed in range(20)]
    assert sum(row["conf_low"] <= 0 <= row["conf_high"] for row in draws) >= 16


@pytest.mark.parametrize("design", DESIGNS)
def test_ignores_the_order_of_rows(design):
    panel = known()
    order = np.random.default_rng(3).permutation(len(panel.units))
    assert numbers(reordered(panel, order), design) == pytest.approx(numbers(panel, design), rel=1e-6)


@pytest.mark.parametrize("design", DESIGNS)
def test_scales_with_the_outcome(design):
    panel = known()
    tripled = replace(panel, outcomes={k: 3 * v for k, v in panel.outcomes.items()})
    small, large = numbers(panel, design), numbers(tripled, design)
    assert large[:2] == pytest.approx(3 * small[:2], rel=1e-6)
    assert large[2] == pytest.approx(small[2], rel=1e-6)


@pytest.mark.parametrize("design", PARALLEL)
def test_ignores_levels_that_its_trends_leave_free(design):
    panel = known()
    additive = design.options.get("trends", load(design.method).TRENDS) == "additive"
    months = np.linspace(1, 2, len(panel.periods))
    y = panel.outcomes["y"]
    moved = y + months + np.arange(len(y))[:, None] if additive else y * months
    a, b = relative(panel, design), relative(replace(panel, outcomes={**panel.outcomes, "y": moved}), design)
    if additive:
        x = (
            fit(panel, outcome="y", design=design),
            fit(replace(panel, outcomes={**panel.outcomes, "y": moved}), outcome="y", design=design),
        )
        assert x[0].cells["estimate"].to_numpy() == pytest.approx(x[1].cells["estimate"].to_numpy(), abs=1e-8)
    elif "base" not in load(design.method).OPTIONS:
        assert b["estimate"] == pytest.approx(a["estimate"], abs=0.05)  # months weigh differently, the ratio stays
    else:
        x = (
            fit(panel, outcome="y", design=design),
            fit(replace(panel, outcomes={**panel.outcomes, "y": moved}), outcome="y", design=design),
        )
        share = [e.cells["estimate"] / (e.cells["observed"] - e.cells["estimate"]) for e in x]
        if design.options["base"] != "mean":
            assert share[0].to_numpy() == pytest.approx(share[1].to_numpy(), abs=1e-8)


@pytest.mark.parametrize("design", DESIGNS)
def test_leaves_its_input_alone(design):
    panel = known()
    before = panel.outcomes["y"].copy(), panel.cohort.copy()
    fit(panel, outcome="y", design=design)
    assert (panel.outcomes["y"] == before[0]).all()
    assert np.array_equal(panel.cohort, before[1], equal_nan=True)


@pytest.mark.parametrize("design", DESIGNS)
def test_carries_counts_on_every_row_and_names_its_rule(design):
    found = fit(known(), outcome="y", design=design)
    assert list(found.cells.columns) == list(CELL_COLUMNS)
    assert (found.cells[["n_units", "n_comparison"]] > 0).all(axis=None)
    assert found.cells.notna().all(axis=None)
    assert found.influence.shape == found.observed_influence.shape
    assert found.influence.shape[1] == len(found.cells)
    assert len(found.se_rule) > 5
    if load(design.method).ERRORS == "clusters":
        assert found.influence.shape[0] == found.n_clusters
        assert "cluster" in found.se_rule
    if found.parameters is not None:
        assert list(found.parameters.columns) == list(PARAMETER_COLUMNS)


@pytest.mark.parametrize("name", PANEL)
def test_says_what_it_takes_and_assumes(name):
    method = load(name)
    assert method.ERRORS in ERRORS
    assert method.TRENDS in ("additive", "proportional", "option", "none")
    assert isinstance(method.STAGGERED, bool)
    assert method.ASSUMES
    for text in method.ASSUMES:
        said = text.format(intervention="the patrols", treated="patrol wards", comparison="other wards")
        assert said.endswith(".")
        assert len(said) < 200


@pytest.mark.parametrize("design", DESIGNS)
def test_is_the_same_twice(design):
    panel = known()
    assert (numbers(panel, design) == numbers(panel, design)).all()


@pytest.mark.parametrize("design", CLUSTERED)
def test_clusters_widen_the_interval_when_units_repeat_each_other(design):
    # four copies of one unit in a cluster are one observation, not four
    panel = known(n=40)
    four = np.repeat(np.arange(40), 4)
    copies = replace(
        panel, units=np.array([f"{panel.units[i]}-{j % 4}" for j, i in enumerate(four)]), cohort=panel.cohort[four],
        cluster=panel.units[four], outcomes={k: v[four] for k, v in panel.outcomes.items()},
        population=panel.population[four],
        neighbours=panel.neighbours[np.ix_(four, four)], district=panel.district[four],
        covariates={name: x[four] for name, x in panel.covariates.items()},
    )  # fmt: skip
    alone = replace(panel, cluster=panel.units)
    assert numbers(copies, design)[0] == pytest.approx(numbers(alone, design)[0], rel=0.06)


REFUSED = {
    "one period": lambda p: p.take(np.full(len(p.units), True), p.periods == 0),
    "nobody treated": lambda p: p.with_cohort(np.full(len(p.units), np.nan)),
    "everybody treated at once": lambda p: p.with_cohort(np.full(len(p.units), 12.0)),
    "all zero": lambda p: replace(p, outcomes={"y": np.zeros_like(p.outcomes["y"])}),
    "one treated cluster": lambda p: p.with_cohort(np.where(p.cluster == "ward 00", 12.0, np.nan)),
    "treated from the first period": lambda p: p.with_cohort(np.where(np.isnan(p.cohort), np.nan, 0.0)),
    "treated after the last period": lambda p: p.with_cohort(np.where(np.isnan(p.cohort), np.nan, 99.0)),
}


# what a method can do without, by where its errors come from
ANSWERED = {
    "placebos": {"one treated cluster"},
    "test": {"one treated cluster"},
    "series": {"one treated cluster", "everybody treated at once"},
    "draws": {"one treated cluster", "everybody treated at once"},
}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("fault", REFUSED)
def test_refuses_what_it_cannot_answer(design, fault):
    if fault in ANSWERED.get(load(design.method).ERRORS, ()):
        return
    with pytest.raises(DesignError):
        fit(REFUSED[fault](known()), outcome="y", design=design)


@pytest.mark.parametrize("name", PANEL)
def test_staggered_starts_are_refused_with_the_remedy_or_answered(name):
    panel, design = known(starts=(10, 14)), Design(method=name, window=WINDOW)
    if load(name).STAGGERED:
        assert fit(panel, outcome="y", design=design).cells["cohort"].nunique() == 2
    else:
        with pytest.raises(DesignError, match=r"takes one cohort, got 2 \(10, 14\)") as refusal:
            fit(panel, outcome="y", design=design)
        assert "callaway_santanna" in refusal.value.do


@pytest.mark.parametrize("name", names())
def test_unknown_options_are_refused_by_name(name):
    with pytest.raises(StudyError, match="colour: not an option"):
        require_options(Design(method=name, window=WINDOW, options={"colour": "red"}))


def test_a_name_outside_the_folder_reaches_nothing():
    with pytest.raises(StudyError, match="did you mean callaway_santanna"):
        load("callaway_santana")
    with pytest.raises(StudyError):
        load("os")
