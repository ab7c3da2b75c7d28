"""Each check of people fails on people in whom what it looks for was planted, and says so with its numbers."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Verdict, load
from curv_eval.errors import DesignError
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.study import Design, Span, Words
from panels import known
from people import known_people

WORDS = Words(
    "mentoring", "young people mentored", "young people not mentored", "mentoring begins", "without mentoring"
)


def study(method="doubly_robust", **options):
    design = Design(method=method, window=Span("2000-01", "2001-12"), options=options)
    return SimpleNamespace(design=design, seed=5, words=WORDS, smallest_worthwhile=0.1)


def run(name, people, held=None):
    held = held or study()
    return load(name).check(people, held, fit(people, outcome="y", design=held.design))


def values(found):
    return found.table.set_index("term")["estimate"]


def numbers_in_table(found, *, but=()):
    """Every number of the text is a number of the table, as it is written there."""
    table = found.table[["estimate", "conf_low", "conf_high"]].to_numpy().ravel()
    written = {f"{v:.1%}" for v in table} | {f"{v:+.2f}" for v in table} | {f"{v:.2f}" for v in table}
    return set(re.findall(r"[+-]?\d+(?:\.\d+)?%?", found.text)) <= written | set(but)


# balance


def test_balance_holds_after_weighting_and_shows_both():
    found = run("balance", known_people())
    assert found.verdict is Verdict.HOLDS
    assert abs(values(found)["age, difference"]) > 0.25
    assert abs(values(found)["age, difference after weighting"]) < 0.1
    assert "girl, ratio of variances" not in values(found).index
    assert numbers_in_table(found)


def test_balance_fails_where_matching_leaves_people_unlike():
    far = study("matching", by="exact bins", bins=1, most_unmatched=0.9)
    found = run("balance", known_people(), far)
    assert found.verdict is Verdict.FAILS
    assert "age" in found.text
    assert "not alike enough" in found.text
    assert numbers_in_table(found)


def test_balance_fails_where_spreads_differ():
    people = known_people()
    wide = people.covariates["age"] * np.where(people.treated, 3.0, 1.0)
    wide = wide - np.where(people.treated, wide[people.treated].mean(), wide[~people.treated].mean())
    found = run("balance", replace(people, covariates={"age": wide, "girl": people.covariates["girl"]}))
    assert found.verdict is Verdict.FAILS
    assert "times as much" in found.text
    assert values(found)["age, ratio of variances"] > 2
    assert numbers_in_table(found)


def test_balance_informs_in_between():
    far = study("matching", by="exact bins", bins=2, most_unmatched=0.9)
    found = run("balance", known_people(), far)
    assert found.verdict is Verdict.INFORMS
    assert 0.1 < values(found).filter(like="difference after").abs().max() <= 0.25


def test_balance_judges_the_weights_of_the_method_that_was_used():
    people = known_people()
    for method in ("entropy_balancing", "inverse_probability_weighting", "matching"):
        found = run("balance", people, study(method))
        assert found.verdict is (Verdict.INFORMS if method == "matching" else Verdict.HOLDS), method
        assert values(found)["comparison people, as many as they count for"] < 420


def test_balance_of_a_trial_is_that_at_the_start_by_assignment():
    draw = np.random.default_rng(1)
    assigned = draw.random(800) < 0.5
    people = known_people()
    trial = replace(people, assigned=assigned, treated=assigned & (draw.random(800) < 0.7))
    held = study()
    estimate = fit(trial, outcome="y", design=held.design)
    held.design = replace(held.design, method="difference_in_differences")  # any method that does not weigh people
    found = load("balance").check(trial, held, estimate)
    assert found.verdict in (Verdict.HOLDS, Verdict.INFORMS)
    assert found.text.startswith("As they were before")
    spread = np.sqrt(
        (trial.covariates["age"][assigned].var(ddof=1) + trial.covariates["age"][~assigned].var(ddof=1)) / 2
    )
    gap = trial.covariates["age"][assigned].mean() - trial.covariates["age"][~assigned].mean()
    assert values(found)["age, difference"] == pytest.approx(gap / spread)


def rare(people, treated=3, others=40):
    """The same people, of whom so many in each group are of a rare kind."""
    x = np.zeros(len(people.persons))
    for side, count in ((people.treated, treated), (~people.treated, others)):
        x[np.flatnonzero(side)[:count]] = 1.0
    return replace(people, covariates={**people.covariates, "rare": x})


@pytest.mark.parametrize("method", ["doubly_robust", "entropy_balancing", "matching"])
def test_behind_a_rare_kind_stand_those_who_are_of_it(method):
    found = run("balance", rare(known_people()), study(method))
    events = found.table.set_index("term")["events"]
    assert 1 <= events["rare, difference"] <= 3
    assert events["rare, difference after weighting"] == events["rare, difference"]
    assert events["girl, difference"] > 20
    assert events["age, difference"] > 150
    assert events["comparison people, as many as they count for"] == 800


def test_matches_of_a_rare_kind_count_and_not_those_left_out():
    people = rare(known_people(), treated=60, others=60)
    found = run("balance", people, study("matching"))
    events = found.table.set_index("term")["events"]
    assert events["rare, difference"] < 60


def test_balance_and_overlap_need_covariates():
    held, people = study(), known_people()
    estimate = fit(people, outcome="y", design=held.design)
    for name in ("balance", "overlap"):
        with pytest.raises(DesignError, match="no covariates"):
            load(name).check(replace(people, covariates={}), held, estimate)


# overlap


def test_overlap_holds_where_the_groups_mix():
    found = run("overlap", known_people())
    assert found.verdict is Verdict.HOLDS
    assert numbers_in_table(found)
    assert not [term for term in values(found).index if "highest" in term]


def test_behind_shares_and_highest_chances_stand_those_in_them():
    people = apart(0.01)
    found = run("overlap", people)
    events, treated = found.table.set_index("term")["events"], int(people.treated.sum())
    for term in ("treated without comparable others, share", "treated beyond the range of others, share"):
        assert events[term] == round(values(found)[term] * treated)
    assert events["comparison people, as many as they count for"] == 800


def apart(share):
    """People of whom that share of the treated are far older than anybody else."""
    people = known_people()
    age = people.covariates["age"].copy()
    rows = np.flatnonzero(people.treated)
    old = rows[: int(share * len(rows))]
    age[old] = age[~people.treated].max() + 3 + np.arange(len(old)) / len(old)
    return replace(people, covariates={"age": age, "girl": people.covariates["girl"]})


def test_overlap_fails_where_many_have_nobody_like_them():
    found = run("overlap", apart(0.2))
    assert found.verdict is Verdict.FAILS
    assert values(found)["treated without comparable others, share"] == pytest.approx(0.2, abs=0.02)
    assert values(found)["treated beyond the range of others, share"] == pytest.approx(0.2, abs=0.02)
    assert numbers_in_table(found)


def test_overlap_informs_where_some_have_nobody_like_them():
    assert run("overlap", apart(0.07)).verdict is Verdict.INFORMS


# attrition


def lost(people, gone):
    y = people.outcomes["y"].copy()
    y[gone] = np.nan
    return replace(people, outcomes={"y": y})


def test_attrition_holds_where_everybody_was_measured():
    found = run("attrition", known_people())
    assert found.verdict is Verdict.HOLDS
    assert (found.table["estimate"] == 0).all()
    assert (found.table["n_units"] == 800).all()


def test_attrition_of_few_at_random_does_not_fail():
    people = known_people(effect=-3.0)
    found = run("attrition", lost(people, np.random.default_rng(1).random(800) < 0.02))
    assert found.verdict is Verdict.HOLDS
    assert numbers_in_table(found)
    assert values(found)["effect with gaps filled in"] == pytest.approx(
        values(found)["effect among those measured"], abs=0.1
    )


def test_attrition_fails_when_those_who_did_badly_are_gone():
    # no effect, but a quarter of the treated with the highest scores are not measured
    people = known_people(effect=0.0)
    y = people.outcomes["y"]
    gone = people.treated & (y > np.quantile(y[people.treated], 0.75))
    found = run("attrition", lost(people, gone))
    assert values(found)["effect among those measured"] < -0.5
    assert found.verdict is Verdict.FAILS
    assert "could change the finding" in found.text
    assert values(found)["effect at Lee's upper end"] > 0
    assert numbers_in_table(found)


def test_attrition_fails_when_filling_in_changes_the_finding():
    # those measured are like one another; those missing are, by what is known of them, worse off where treated
    draw = np.random.default_rng(4)
    n = 600
    treated, risk = np.arange(n) % 2 == 0, draw.normal(size=n)
    y = 10 + 3 * risk * treated + 0.5 * draw.normal(size=n)
    people = People(
        persons=np.arange(n), treated=treated, outcomes={"y": np.where((risk > 0) & (draw.random(n) < 0.7), np.nan, y)},
        covariates={"risk": risk, "noise": draw.normal(size=n)},
    )  # fmt: skip
    found = run("attrition", people)
    assert found.verdict is Verdict.FAILS
    assert values(found)["effect with gaps filled in"] > values(found)["effect among those measured"] + 0.5


def test_attrition_alike_in_both_groups_informs():
    people = known_people()
    found = run("attrition", lost(people, np.random.default_rng(1).random(800) < 0.25))
    assert found.verdict is Verdict.INFORMS
    worst = values(found)["effect at the worst lower end"], values(found)["effect at the worst upper end"]
    assert worst[0] < values(found)["effect among those measured"] < worst[1]
    assert worst[0] < values(found)["effect at Lee's lower end"]
    assert values(found)["effect at Lee's upper end"] < worst[1]


def test_attrition_fills_gaps_of_events_with_events():
    people = known_people(binary=True)
    found = run("attrition", lost(people, np.random.default_rng(2).random(800) < 0.1))
    assert abs(values(found)["effect with gaps filled in"]) < 1
    gone = np.isnan(lost(people, np.random.default_rng(2).random(800) < 0.1).outcomes["y"])
    events = found.table.set_index("term")["events"]
    assert events["effect among those measured"] == people.outcomes["y"][~gone].sum()
    # a share gives back how many are missing in its group, and the ends how many are in either
    counts = [int((gone & side).sum()) for side in (people.treated, ~people.treated)]
    assert [events[f"missing among {who}, share"] for who in ("treated", "others")] == counts
    shares = [f"missing among {who}, share" for who in ("treated", "others")]
    assert set(events.drop(["effect among those measured", *shares])) == {min(counts)}
    units = found.table.set_index("term")["n_units"]
    assert [units[term] for term in shares] == [int(people.treated.sum()), int((~people.treated).sum())]


# sensitivity to confounding


def test_confounding_holds_for_an_effect_that_thrice_the_strongest_covariate_leaves():
    found = run("sensitivity_to_confounding", known_people(effect=-4.0))
    assert found.verdict is Verdict.HOLDS
    assert values(found)["robustness value of the interval"] < values(found)["robustness value"]
    assert values(found)["E-value of the interval"] < values(found)["E-value"]
    assert numbers_in_table(found, but={"3"})


def confounded(strength, effect=0.0):
    """People whose risk decides much of who is treated and of the outcome; a twin of it was not measured."""
    draw = np.random.default_rng(6)
    n = 1000
    risk, twin = draw.normal(size=n), draw.normal(size=n)
    treated = strength * (risk + twin) + draw.normal(size=n) > 0
    y = 10 + 2 * risk + 2 * twin + effect * treated + draw.normal(size=n)
    return People(
        persons=np.arange(n),
        treated=treated,
        outcomes={"y": y},
        covariates={"risk": risk, "noise": draw.normal(size=n)},
    )


def test_confounding_fails_where_a_twin_of_what_was_measured_makes_the_finding():
    found = run("sensitivity_to_confounding", confounded(0.6))
    assert found.verdict is Verdict.FAILS
    assert "Something as strong as risk would be enough." in found.text
    assert numbers_in_table(found)


def test_confounding_informs_where_there_is_no_finding():
    people = known_people(effect=0.0, seed=3)
    found = run("sensitivity_to_confounding", people)
    assert found.verdict is Verdict.INFORMS
    assert values(found)["E-value of the interval"] == 1


def test_confounding_takes_an_event_by_its_shares():
    people = known_people(binary=True)
    held = study()
    found = run("sensitivity_to_confounding", people, held)
    estimate = fit(people, outcome="y", design=held.design)
    observed = estimate.cells["observed"].item()
    ratio = (observed - estimate.cells["estimate"].item()) / observed
    assert values(found)["E-value"] == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert 40 < len(found.text) < 600


def test_confounding_without_covariates_says_what_cannot_be_judged():
    people, held = known_people(), study()
    estimate = fit(people, outcome="y", design=held.design)
    found = load("sensitivity_to_confounding").check(replace(people, covariates={}), held, estimate)
    assert found.verdict is Verdict.INFORMS
    assert "no covariate by which to judge" in found.text
    assert not found.table.isna().any(axis=None)


def test_confounding_of_a_panel_is_an_e_value_of_its_percentage():
    panel = known(effect=-0.3, n=240)
    design = Design(
        method="callaway_santanna",
        window=Span("2000-01", "2001-12"),
        options={"base": "mean", "trends": "proportional"},
    )
    held = SimpleNamespace(design=design, seed=5, words=WORDS)
    found = load("sensitivity_to_confounding").check(panel, held, fit(panel, outcome="y", design=design))
    assert found.verdict is Verdict.INFORMS
    ratio = 1 / (1 + values(found)["relative effect"])
    assert values(found)["E-value"] == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert numbers_in_table(found)


@pytest.mark.parametrize("name", ["balance", "overlap", "attrition", "sensitivity_to_confounding"])
def test_no_cell_of_a_table_is_empty(name):
    people = lost(known_people(), np.arange(800) % 9 == 0)
    found = run(name, people)
    assert np.isfinite(found.table[["estimate", "conf_low", "conf_high"]].to_numpy()).all()
    assert (found.table["conf_low"] <= found.table["conf_high"]).all()
    assert 40 < len(found.text) < 600


# subgroups


def test_behind_a_subgroup_stand_the_fewest_of_it():
    """Of the girls, so few of the others had the event that its effect would give them back."""
    people = known_people(binary=True)
    girl, y = people.covariates["girl"] == 1, people.outcomes["y"].copy()
    others = np.flatnonzero(girl & ~people.treated)
    y[others] = 0.0
    y[others[:4]] = 1.0
    people = replace(people, outcomes={"y": y})
    held = study("ancova")
    held.subgroups, held.primary = ("girl",), SimpleNamespace(name="y")
    table = run("subgroup", people, held).table.set_index("term")
    assert table.loc["girl 1", "events"] == 4
    boys = ~girl
    expected = min(
        int((y[boys & side] == one).sum()) for side in (people.treated, ~people.treated) for one in (0.0, 1.0)
    )
    assert table.loc["girl 0", "events"] <= expected
    # the difference between the two rests on the fewer of both
    assert table.loc["girl 1 less girl 0", "events"] == 4
    assert table.loc["girl 1", "n_units"] <= int((girl & people.treated).sum())
