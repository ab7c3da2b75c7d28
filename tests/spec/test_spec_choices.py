"""Would other choices, other outcomes or other groups have told another story?"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drift_study import DESIGN, STUDY, all_in_table, rows, run, study

from curv_eval.checks import Verdict, multiple_outcomes, specification_curve, subgroup
from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall, relative
from curv_eval.methods import fit, names
from curv_eval.study import Design, Outcome, Span
from panels import known
from people import known_people

COLUMNS = ["term", "estimate", "conf_low", "conf_high", "n_units", "events"]
PEOPLE = study(design=Design(method="doubly_robust", window=Span("2000-01", "2001-12")), subgroups=("girl",))


def outcomes(*named):
    """Registered outcomes, the first of them primary; names that begin with p are placebos."""
    roles = ["primary", *("placebo" if name.startswith("p") else "secondary" for name in named[1:])]
    return tuple(
        Outcome(name=name, label=f"label {name}", contract="police", role=role)
        for name, role in zip(named, roles, strict=True)
    )


def with_outcomes(panel, **more):
    return replace(panel, outcomes={**panel.outcomes, **more})


def counted(*named, **changed):
    held = outcomes(*named)
    return study(outcomes=held, primary=held[0], **changed)


# specification_curve


def test_every_alternative_stands_in_the_table_and_finds_the_known_effect():
    found = run("specification_curve", known(effect=-0.3, n=240))
    table = rows(found)
    assert found.verdict is Verdict.HOLDS
    assert table.index.is_unique
    assert {"as registered", "trends additive", "base varying", "window begins later", "window ends sooner"} <= set(
        table.index
    )
    assert "method poisson_fixed_effects" in table.index
    shares = table.loc[["share on the same side of no change", "share whose interval excludes no change"], "estimate"]
    assert shares.tolist() == [1.0, 1.0]
    assert table.loc["lowest", "estimate"] <= table.loc["middle one", "estimate"] <= table.loc["highest", "estimate"]


def test_the_summary_is_that_of_the_alternatives():
    found = run("specification_curve", known(effect=-0.1, n=80))
    table = found.table
    alternatives = table.iloc[8:]
    number = rows(found)["estimate"]
    assert number["alternatives that answered"] == len(alternatives)
    assert number["middle one"] == pytest.approx(alternatives["estimate"].median())
    excluded = (alternatives["conf_low"] > 0) | (alternatives["conf_high"] < 0)
    assert number["share whose interval excludes no change"] == pytest.approx(excluded.mean())


def test_it_fails_when_the_registered_choice_alone_makes_the_finding():
    # everything falls by half and treated areas start three times as high: only in numbers do they fall more
    panel = known(effect=0.0, n=240)
    y = panel.outcomes["y"] * np.where(panel.treated[:, None], 3.0, 1.0)
    panel = replace(panel, outcomes={"y": y * np.where(np.arange(24) >= 12, 0.5, 1.0)})
    design = replace(DESIGN, options={"base": "mean", "trends": "additive"})
    registered = relative(fit(panel, outcome="y", design=design), "y").iloc[0]
    assert registered["conf_high"] < 0
    found = run("specification_curve", panel, study(design=design))
    number = rows(found)["estimate"]
    share = number["share whose interval excludes no change"]
    assert (found.verdict is Verdict.FAILS) == (share < 0.5)
    assert number["highest"] > -0.1
    proportional = rows(found).loc["trends proportional"]
    assert proportional["conf_low"] < 0 < proportional["conf_high"]


@pytest.mark.parametrize(
    ("registered", "others", "verdict"),
    [
        ((-0.3, -0.1), [(-0.3, -0.1), (-0.2, 0.1)], Verdict.HOLDS),
        ((-0.3, -0.1), [(-0.2, 0.1), (-0.2, 0.1), (-0.3, -0.1)], Verdict.FAILS),
        ((-0.3, -0.1), [(0.1, 0.2), (0.1, 0.2), (-0.3, -0.1)], Verdict.FAILS),
        ((-0.1, 0.1), [(-0.1, 0.1), (-0.3, -0.1)], Verdict.HOLDS),
        ((-0.1, 0.1), [(-0.1, 0.1), (-0.3, -0.1), (0.1, 0.2)], Verdict.FAILS),
    ],
)
def test_the_verdict_counts_the_alternatives_on_the_same_side(registered, others, verdict):
    table = np.array(others)
    frame = pd.DataFrame({"conf_low": table[:, 0], "conf_high": table[:, 1]})
    row = pd.Series({"conf_low": registered[0], "conf_high": registered[1]})
    assert specification_curve._verdict(frame, row) is verdict


def test_staggered_starts_leave_out_methods_for_one_start_and_add_the_comparison_group():
    panel = known(effect=-0.3, n=240, starts=(10, 14))
    terms = [one.term for one in specification_curve._alternatives(panel, DESIGN)]
    assert "method difference_in_differences" not in terms
    assert "areas never treated only" in terms
    single = [one.term for one in specification_curve._alternatives(known(), DESIGN)]
    assert "method difference_in_differences" in single
    assert not [term for term in single if "areas never treated" in term]


def test_no_alternative_is_the_registered_one_and_all_are_different():
    for panel in (known(), known(starts=(10, 14))):
        found = list(specification_curve._alternatives(panel, DESIGN))
        assert len({one.term for one in found}) == len(found)
        same = [one for one in found if one.design == DESIGN and one.panel is panel]
        assert same == []


def test_refusals_are_counted_and_said():
    found = run("specification_curve", known(effect=-0.3))
    refused = rows(found).loc["alternatives that refused", "estimate"]
    # covariates explain changes in counts, so that they refuse the registered proportional trends
    assert refused >= 1
    assert f"{refused:.0f} others could not answer" in found.text


def test_only_methods_of_the_same_kind_are_asked():
    asked = {one.method for one in specification_curve._others(known(), DESIGN)}
    assert "callaway_santanna" not in asked
    assert "synthetic_control" not in asked
    assert asked <= set(names("panel"))


# multiple_outcomes


def three(seed=1, n=240, effects=(-0.3, 0.0, 0.0)):
    """A panel whose outcomes a, b and c fall by the given effects, each drawn anew."""
    panels = [known(effect=e, n=n, seed=seed + 50 * i) for i, e in enumerate(effects)]
    return replace(
        panels[0], outcomes={"y": panels[0].outcomes["y"], "b": panels[1].outcomes["y"], "c": panels[2].outcomes["y"]}
    )


def test_a_strong_finding_survives_two_more_outcomes():
    found = run("multiple_outcomes", three(), counted("y", "b", "c"))
    table = rows(found)
    assert found.verdict is Verdict.HOLDS
    assert table.loc["outcomes counted", "estimate"] == 3
    assert table.loc["label y: p-value, Romano and Wolf", "estimate"] < 0.01
    assert table.loc["label b: p-value, Romano and Wolf", "estimate"] > 0.05
    assert "Still clear of chance: label y." in found.text


def test_holm_is_that_of_the_unadjusted_p_values():
    table = rows(run("multiple_outcomes", three(), counted("y", "b", "c")))["estimate"]
    p = np.array([table[f"label {name}: p-value"] for name in "ybc"])
    adjusted = np.array([table[f"label {name}: p-value, Holm"] for name in "ybc"])
    order = np.argsort(p)
    assert adjusted[order[0]] == pytest.approx(min(1, 3 * p[order[0]]))
    assert (adjusted >= p).all()


def test_a_chance_finding_among_many_outcomes_fails():
    base = known(effect=0.0, n=120, seed=1)
    # of 20 outcomes without any effect, keep 8: the one nearest to a finding by chance among them
    many = {f"o{i}": known(effect=0.0, n=120, seed=300 + i).outcomes["y"] for i in range(60)}
    panel = with_outcomes(base, **many)
    ends = {name: overall(fit(panel, outcome=name, design=DESIGN)).iloc[0] for name in many}
    chance = [name for name, row in ends.items() if row["conf_high"] < 0 or row["conf_low"] > 0]
    weakest = max(chance, key=lambda name: -abs(ends[name]["estimate"] / ends[name]["std_error"]))
    quiet = [name for name in many if name not in chance][:8]
    held = counted("y", weakest, *quiet)
    found = run("multiple_outcomes", panel, held)
    assert found.verdict is Verdict.FAILS
    assert f"No longer clear of chance: label {weakest}" in found.text


def test_placebo_outcomes_are_not_counted():
    panel = with_outcomes(three(), placebo=known(effect=0.0, n=240, seed=9).outcomes["y"])
    found = run("multiple_outcomes", panel, counted("y", "b", "placebo"))
    assert rows(found).loc["outcomes counted", "estimate"] == 2
    assert not [term for term in found.table["term"] if "placebo" in term]


def test_one_outcome_leaves_nothing_to_adjust():
    found = run("multiple_outcomes", known(), counted("y"))
    assert found.verdict is Verdict.INFORMS
    assert "nothing to adjust" in found.text


def test_no_finding_only_informs():
    found = run("multiple_outcomes", three(seed=4, n=120, effects=(0.0, 0.0, 0.0)), counted("y", "b", "c"))
    number = rows(found)
    finding = [number.loc[f"label {k}", "conf_low"] > 0 or number.loc[f"label {k}", "conf_high"] < 0 for k in "ybc"]
    assert (found.verdict is Verdict.INFORMS) == (not any(finding))


def test_people_are_counted_alike():
    people = known_people(effect=-2.0)
    people = replace(people, outcomes={**people.outcomes, "b": known_people(effect=0.0, seed=7).outcomes["y"]})
    held = counted("y", "b", design=PEOPLE.design)
    found = run("multiple_outcomes", people, held)
    assert found.verdict is Verdict.HOLDS
    assert rows(found).loc["label y", "estimate"] < -1


def test_a_method_without_errors_from_clusters_gets_holm_alone():
    design = Design(method="synthetic_control", window=Span("2000-01", "2001-12"))
    found = run("multiple_outcomes", three(n=80), counted("y", "b", design=design))
    assert not [term for term in found.table["term"] if "Romano" in term]
    assert [term for term in found.table["term"] if "Holm" in term]


# subgroup


def differing(effects, n=480):
    """A panel in which the effect differs by district: treated areas of the first fall by the first, and so on."""
    panel = known(effect=0.0, n=n, level=20.0)
    y = panel.outcomes["y"].copy()
    for name, effect in effects.items():
        here = panel.treated & (panel.district == name)
        y[np.ix_(here, np.arange(24) >= 12)] *= 1 + effect
    return replace(panel, outcomes={**panel.outcomes, "y": y})


def test_effects_that_differ_by_district_are_found_and_named():
    panel = differing({"north": -0.5, "south": -0.1, "east": -0.1})
    found = run("subgroup", panel, study(subgroups=("district",)))
    table = rows(found)
    assert table.loc["north", "estimate"] == pytest.approx(-0.5, abs=0.05)
    assert table.loc["south", "estimate"] == pytest.approx(-0.1, abs=0.05)
    assert table.loc["north less the rest", "conf_high"] < 0
    assert table.loc["north less the rest: p-value, Holm", "estimate"] < 0.05
    assert "there are signs that" in found.text
    assert "north less the rest" in found.text


def test_it_informs_and_says_that_it_is_not_the_main_test():
    for data, held in ((known(n=240), STUDY), (known_people(), PEOPLE)):
        found = run("subgroup", data, held)
        assert found.verdict is Verdict.INFORMS
        assert "not the main test" in found.text


def test_the_registered_order_is_kept():
    panel = known(n=240)
    for names_ in (("district", "deprivation"), ("deprivation", "district")):
        terms = run("subgroup", panel, study(subgroups=names_)).table["term"].tolist()
        assert (terms.index("north") < terms.index("deprivation lower")) == (names_[0] == "district")
        assert terms[0] == "all"


def test_a_subgroup_is_estimated_as_the_study_estimates():
    panel = known(n=240)
    north = panel.take(panel.district == "north")
    expected = relative(fit(north, outcome="y", design=DESIGN), "north").iloc[0]
    found = rows(run("subgroup", panel)).loc["north"]
    assert found[["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
        expected[["estimate", "conf_low", "conf_high"]].tolist()
    )


def test_groups_by_covariate_by_hand():
    panel = replace(known(n=16), covariates={"zone": np.tile([0.0, 1.0], 8), "depth": np.arange(16.0)})
    two = subgroup._groups(panel, "zone")
    assert [group.name for group in two] == ["zone 0", "zone 1"]
    halves = subgroup._groups(panel, "depth")
    assert [group.member.sum() for group in halves] == [8, 8]
    assert halves[1].member.tolist() == [False] * 8 + [True] * 8


def test_the_difference_of_two_groups_without_common_clusters_adds_their_errors():
    panel = replace(known(n=240), covariates={"zone": (np.arange(240) // 4 % 2).astype(float)})
    found = rows(run("subgroup", panel, study(subgroups=("zone",))))
    inside, outside = (found.loc[f"zone {k}"] for k in (1, 0))
    row = found.loc["zone 1 less zone 0"]
    assert row["estimate"] == pytest.approx(inside["estimate"] - outside["estimate"])
    widths = [(one["conf_high"] - one["conf_low"]) / 2 for one in (inside, outside)]
    assert (row["conf_high"] - row["conf_low"]) / 2 == pytest.approx(np.hypot(*widths), rel=0.02)


def test_clusters_that_reach_into_both_groups_count_in_both():
    # whole wards move together, so that what they share cancels in the difference
    panel = known(n=240, effect=-0.3)
    shock = np.exp(0.4 * np.random.default_rng(1).normal(size=(60, 24)))[np.repeat(np.arange(60), 4)]
    zone = np.tile([0.0, 1.0], 120)
    panel = replace(panel, outcomes={"y": panel.outcomes["y"] * shock}, covariates={"zone": zone})
    found = rows(run("subgroup", panel, study(subgroups=("zone",))))
    apart = np.hypot(*((found.loc[f"zone {k}", "conf_high"] - found.loc[f"zone {k}", "conf_low"]) / 2 for k in (0, 1)))
    row = found.loc["zone 1 less zone 0"]
    assert (row["conf_high"] - row["conf_low"]) / 2 < 0.8 * apart


def test_small_groups_are_left_out_and_named():
    panel = known(n=240)
    district = np.where(np.arange(240) < 3, "tiny", panel.district)
    found = run("subgroup", replace(panel, district=district), study(subgroups=("district",)))
    assert "Too small to say: tiny" in found.text
    assert "tiny" not in set(found.table["term"])


def test_a_plan_without_subgroups_and_unknown_ones_are_refused():
    with pytest.raises(DesignError, match="names no subgroups"):
        run("subgroup", known(), study(subgroups=()))
    with pytest.raises(DesignError, match="covariates that are there: deprivation"):
        run("subgroup", known(), study(subgroups=("age",)))
    with pytest.raises(DesignError, match="have no `district`"):
        run("subgroup", replace(known(), district=None), study(subgroups=("district",)))
    with pytest.raises(DesignError, match="the same everywhere"):
        run("subgroup", replace(known(), covariates={"zone": np.ones(120)}), study(subgroups=("zone",)))


def test_false_differences_are_rare():
    said = 0
    for seed in range(12):
        found = run("subgroup", known(n=160, seed=seed), study(subgroups=("district", "deprivation")))
        said += "there are signs that" in found.text
    assert said <= 3


CASES = [
    ("specification_curve", lambda: known(n=120), STUDY),
    ("multiple_outcomes", lambda: three(n=120), counted("y", "b", "c")),
    ("multiple_outcomes", lambda: known(n=120), counted("y")),
    ("multiple_outcomes", lambda: known_people(), PEOPLE),
    ("subgroup", lambda: known(n=240), STUDY),
    ("subgroup", lambda: known_people(), PEOPLE),
]


@pytest.mark.parametrize(("name", "made", "held"), CASES)
def test_every_number_said_is_in_the_table_and_none_is_missing(name, made, held):
    found = run(name, made(), held)
    text = found.text.replace("girl 0", "girl").replace("girl 1", "girl").replace("less than 2 times in 100", "")
    assert all_in_table(replace(found, words=text)) == (True, [])
    assert list(found.table.columns) == COLUMNS
    assert found.table.notna().all(axis=None)
    assert found.table["term"].is_unique
    assert 40 < len(found.text) < 600


def test_many_subgroups_do_not_make_the_text_long():
    panel = known(n=480)
    draw = np.random.default_rng(3)
    names_ = [f"a_covariate_with_a_rather_long_name_{i}" for i in range(6)]
    panel = replace(panel, covariates={name: draw.normal(size=480) for name in names_})
    found = run("subgroup", panel, study(subgroups=(*names_, "district")))
    assert len(found.text) < 600
    assert "Other subgroups are in the table." in found.text


def test_many_outcomes_do_not_make_the_text_long():
    panel = known(n=240)
    more = {f"o{i}": known(n=240, seed=40 + i).outcomes["y"] for i in range(7)}
    held = counted("y", *more)
    found = run("multiple_outcomes", with_outcomes(panel, **more), held)
    assert len(found.text) < 600
    assert "and others" in found.text
    assert multiple_outcomes._listed(["a", "b"]) == "a, b"
