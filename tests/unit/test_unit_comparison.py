"""Methods that make a comparison group of people: options, clusters, weights and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.estimate.comparison import clustered, concentrated
from curv_eval.estimate.options import chosen
from curv_eval.methods import fit, load
from curv_eval.people import People
from curv_eval.stats import treated_effect
from curv_eval.stats.balance import balance
from curv_eval.stats.entropy_balance import moments
from curv_eval.stats.propensity import propensity
from curv_eval.stats.weights import WEIGHTED, comparison_weights, within_overlap
from curv_eval.study import Design, Span
from people import known_people


def design(method, **options):
    return Design(method=method, window=Span("2000-01", "2001-12"), options=options)


def estimated(people, method, **options):
    return fit(people, outcome="y", design=design(method, **options))


def average(people, method, **options):
    return overall(estimated(people, method, **options)).iloc[0]


def alone(people):
    return replace(people, cluster=None)


def with_covariates(people, **more):
    return replace(people, covariates={**people.covariates, **more})


def weights_of(people, method, **options):
    given = chosen(options, load(method).OPTIONS)
    return comparison_weights(method, people.treated, people.matrix, options=given, names=people.persons)


@pytest.mark.parametrize("method", WEIGHTED)
def test_people_without_covariates_are_refused(method):
    with pytest.raises(DesignError, match="covariates: got none"):
        estimated(replace(known_people(), covariates={}), method)


@pytest.mark.parametrize("method", WEIGHTED)
def test_fewer_treated_people_than_covariates_are_refused(method):
    people = known_people()
    few = people.take(np.r_[np.flatnonzero(people.treated)[:3], np.flatnonzero(~people.treated)])
    with pytest.raises(DesignError, match="treated people: got 3 for 2 covariates, expected more than 3"):
        estimated(few, method)


@pytest.mark.parametrize("method", WEIGHTED)
def test_covariates_that_say_nothing_new_are_refused_by_name(method):
    people = known_people()
    girl = people.covariates["girl"]
    with pytest.raises(DesignError) as refusal:
        estimated(with_covariates(people, boy=1 - girl, here=np.ones(len(girl))), method)
    said = "\n".join(refusal.value.breaches)
    assert "here: has the same value for everybody" in said
    assert "boy: follows from" in said or "girl: follows from" in said


@pytest.mark.parametrize("method", WEIGHTED)
def test_a_covariate_that_decides_treatment_is_refused(method):
    people = known_people()
    with pytest.raises(DesignError):
        estimated(with_covariates(people, running=people.running), method, **_wide(method))


def _wide(method):
    # by propensity matching stumbles over separation; by exact bins nobody has a match
    return {"by": "exact bins", "bins": 100} if method == "matching" else {}


def test_matching_by_propensity_refuses_separation_too():
    people = known_people()
    with pytest.raises(DesignError, match=r"perfectly|overlap"):
        estimated(with_covariates(people, running=people.running), "matching")


@pytest.mark.parametrize("method", WEIGHTED)
def test_clusters_of_one_are_people_alone_but_for_the_small_factor(method):
    people = alone(known_people())
    ones = replace(people, cluster=np.arange(800))
    a, b = average(people, method), average(ones, method)
    assert b["estimate"] == pytest.approx(a["estimate"], rel=1e-12)
    # of two groups of 400 clusters; matching has another rule for clusters
    rel = 1e-4 if method != "matching" else 0.1
    assert b["std_error"] == pytest.approx(a["std_error"] * np.sqrt(400 / 399), rel=rel)


@pytest.mark.parametrize("method", WEIGHTED)
def test_copies_of_people_in_clusters_are_one_observation(method):
    people = alone(known_people(n=400))
    four = np.repeat(np.arange(400), 4)
    copies = replace(
        people, persons=np.arange(1600), treated=people.treated[four],
        outcomes={"y": people.outcomes["y"][four]}, before={}, cluster=four, assigned=None, dose=None, running=None,
        time=None, covariates={k: v[four] for k, v in people.covariates.items()},
    )  # fmt: skip
    once = average(replace(people, cluster=np.arange(400)), method)
    found = average(copies, method)
    assert found["estimate"] == pytest.approx(once["estimate"], rel=1e-6)
    # matching divides residuals by 1 less their leverage, which is each person's own
    assert found["std_error"] == pytest.approx(once["std_error"], rel=0.06 if method == "matching" else 1e-6)


def test_clusters_add_up_with_the_factor_that_is_named():
    people = known_people()
    influence = np.random.default_rng(1).normal(size=800)
    sums = np.array([influence[people.cluster == c].sum() for c in np.unique(people.cluster)])
    scaled, df = clustered(people, influence)
    assert scaled == pytest.approx(sums * np.sqrt(80 / 79))
    assert df == pytest.approx(79)
    found = estimated(people, "doubly_robust")
    assert "summed by cluster, times sqrt(G/(G-1))" in found.se_rule
    assert found.df == pytest.approx(79)
    assert found.n_clusters == 80
    apart = estimated(alone(people), "doubly_robust")
    assert "one person each" in apart.se_rule
    assert apart.df == 799


def test_one_cluster_is_refused():
    people = replace(known_people(), cluster=np.zeros(800))
    with pytest.raises(DesignError, match="clusters: got 1"):
        estimated(people, "doubly_robust")


def whole_clusters(treated_clusters=6, clusters=16, *, seed=1, effect=-2.0, size=25):
    """People in clusters that were treated as a whole."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), size)
    n = len(cluster)
    treated, age = cluster < treated_clusters, draw.normal(size=n)
    y = 15 + age + draw.normal(scale=1.0, size=clusters)[cluster] + draw.normal(scale=2, size=n) + effect * treated
    return People(persons=np.arange(n), treated=treated, outcomes={"y": y}, covariates={"age": age}, cluster=cluster)


def test_clusters_treated_as_a_whole_are_two_groups_of_clusters():
    people = whole_clusters()
    influence = np.random.default_rng(1).normal(size=400)
    sums = influence.reshape(16, 25).sum(axis=1)
    scaled, df = clustered(people, influence)
    assert scaled == pytest.approx(sums * np.where(np.arange(16) < 6, np.sqrt(6 / 5), np.sqrt(10 / 9)))
    parts = (sums[:6] ** 2).sum(), (sums[6:] ** 2).sum()
    assert df == pytest.approx(sum(parts) ** 2 / (parts[0] ** 2 / 5 + parts[1] ** 2 / 9))
    found = estimated(people, "doubly_robust")
    assert "CR2 per group of clusters, Satterthwaite" in found.se_rule
    assert "6 treated and 10 other clusters" in found.notes[0]


def test_one_treated_cluster_is_refused():
    with pytest.raises(DesignError, match="got 1 that is treated"):
        estimated(whole_clusters(1), "doubly_robust")


@pytest.mark.parametrize("method", ["doubly_robust", "entropy_balancing"])
def test_intervals_hold_the_truth_where_whole_clusters_were_treated(method):
    rows = [average(whole_clusters(8, 24, seed=seed), method) for seed in range(150)]
    assert np.mean([row["conf_low"] <= -2 <= row["conf_high"] for row in rows]) >= 0.89


def test_few_clusters_are_said_with_the_remedy():
    people = known_people()
    few = replace(people, cluster=people.cluster // 8)
    (note,) = estimated(few, "doubly_robust").notes
    assert "10 clusters" in note
    assert "randomisation" in note
    assert estimated(people, "doubly_robust").notes == ()


def test_a_comparison_that_few_people_carry_is_said_or_refused():
    treated = np.r_[np.full(50, True), np.full(100, False)]
    assert concentrated(np.ones(150), treated) == []
    (note,) = concentrated(np.r_[np.ones(50), np.ones(20), np.zeros(80)], treated)
    assert "counts as 20 people" in note
    with pytest.raises(DesignError, match="too few people carry") as refusal:
        concentrated(np.r_[np.ones(50), np.ones(4), np.zeros(96)], treated)
    assert "counts as 4.0 people" in refusal.value.breaches[0]


@pytest.mark.parametrize("method", ["inverse_probability_weighting", "entropy_balancing"])
def test_the_weights_of_a_method_give_its_effect(method):
    people = known_people()
    w, y, treated = weights_of(people, method), people.outcomes["y"], people.treated
    value = np.average(y[treated], weights=w[treated]) - np.average(y[~treated], weights=w[~treated])
    assert value == pytest.approx(average(people, method)["estimate"], abs=1e-9)
    assert w[~treated].sum() == pytest.approx(w[treated].sum())


@pytest.mark.parametrize(
    "options",
    [
        {}, {"ratio": 3}, {"by": "mahalanobis"}, {"by": "linear propensity", "caliper": 0.05, "most_unmatched": 0.5},
        {"replacement": "without", "caliper": 0.1, "most_unmatched": 0.9}, {"by": "exact bins", "bins": 8},
    ],
)  # fmt: skip
def test_the_weights_of_matching_give_its_effect(options):
    people = fewer_treated()
    w, y, treated = weights_of(people, "matching", **options), people.outcomes["y"], people.treated
    value = np.average(y[treated], weights=w[treated]) - np.average(y[~treated], weights=w[~treated])
    found = estimated(people, "matching", bias_correction="none", **options)
    assert value == pytest.approx(found.cells["estimate"].item(), abs=1e-9)
    assert found.cells["n_units"].item() == w[treated].sum()
    assert found.cells["n_comparison"].item() == (w[~treated] > 0).sum()
    assert w[~treated].sum() == pytest.approx(w[treated].sum())


def fewer_treated():
    """A third of those treated, so that there is somebody for everybody without replacement."""
    people = known_people()
    rows = np.flatnonzero(people.treated)
    return people.take(np.r_[rows[::3], np.flatnonzero(~people.treated)])


def test_a_method_that_does_not_weigh_people_has_weights_of_one():
    people = known_people()
    found = comparison_weights("some_trial", people.treated, people.matrix, options={}, names=people.persons)
    assert (found == 1).all()


@pytest.mark.parametrize("method", WEIGHTED)
def test_weights_make_people_alike(method):
    people = known_people(n=1600)
    w = weights_of(people, method)
    found = balance(people.treated, people.matrix, w)
    assert np.abs(found.before).max() > 0.3
    assert np.abs(found.after).max() < 0.12


def test_balancing_variances_does():
    people = known_people()
    w = weights_of(people, "entropy_balancing", moments="means and variances")
    found = balance(people.treated, people.matrix, w)
    assert found.ratio_after == pytest.approx([1, 1], abs=0.02)
    assert np.abs(found.after).max() < 1e-7
    assert average(people, "entropy_balancing", moments="means and variances")["estimate"] == pytest.approx(-2, abs=0.6)


@pytest.mark.parametrize("method", ["inverse_probability_weighting", "doubly_robust"])
def test_people_with_a_high_propensity_may_be_left_out(method):
    people = known_people()
    found = estimated(people, method, highest_propensity=0.6)
    kept = within_overlap(people.treated, people.matrix, 0.6)
    assert 0 < (~kept).sum() < 400
    assert found.cells["n_units"].item() == (kept & people.treated).sum()
    assert f"{(~kept).sum()} people with a higher propensity were left out" in found.notes[0]
    again = estimated(people.take(kept), method)
    assert found.cells["estimate"].item() == pytest.approx(again.cells["estimate"].item(), abs=1e-9)
    w = weights_of(people, method, highest_propensity=0.6)
    assert (w[~kept] == 0).all()


def test_leaving_out_nearly_everybody_is_refused():
    people = known_people()
    sure = people.take(people.treated | (np.arange(800) % 40 == 0))  # nearly everybody is treated
    with pytest.raises(DesignError, match="hardly anybody"):
        estimated(sure, "doubly_robust", highest_propensity=0.5)


@pytest.mark.parametrize("method", ["inverse_probability_weighting", "entropy_balancing"])
def test_errors_with_weights_as_given_are_named_and_differ(method):
    people = alone(known_people())
    rows = {rule: average(people, method, errors=rule) for rule in ("estimated weights", "hc1", "hc2")}
    assert len({round(row["std_error"], 6) for row in rows.values()}) == 3
    assert [row["estimate"] for row in rows.values()] == pytest.approx([rows["hc1"]["estimate"]] * 3, rel=1e-12)
    assert rows["hc1"]["std_error"] == pytest.approx(rows["hc2"]["std_error"], rel=0.02)
    assert estimated(people, method, errors="hc2").se_rule.startswith("HC2")


def test_the_two_errors_of_doubly_robust_are_near_where_both_models_hold():
    people = alone(known_people(n=1600))
    first, second = (average(people, "doubly_robust", errors=e)["std_error"] for e in ("efficient", "stacked"))
    assert first == pytest.approx(second, rel=0.03)
    assert first != second


def test_matching_refuses_when_too_many_have_no_match():
    with pytest.raises(DesignError, match="too few treated people have a match") as refusal:
        estimated(known_people(), "matching", by="exact bins", bins=100, most_unmatched=0.05)
    assert "expected at most 5%" in refusal.value.breaches[0]
    assert "most_unmatched" in refusal.value.do


def test_matching_says_whom_it_leaves_out():
    found = estimated(known_people(), "matching", by="exact bins", bins=60, most_unmatched=0.5)
    assert "treated people have no match and are left out; the effect is on the others" in found.notes[-1]
    assert found.cells["n_units"].item() < known_people().treated.sum()


def test_matching_without_replacement_refuses_more_treated_than_others():
    people = known_people()
    most = people.take(people.treated | (np.arange(800) % 3 == 0))
    with pytest.raises(DesignError, match="without replacement"):
        estimated(most, "matching", replacement="without")


def score(people):
    return propensity(people.treated, people.matrix).score


def test_those_hardest_to_match_choose_first_without_replacement():
    people = alone(fewer_treated())
    found = estimated(people, "matching", replacement="without", bias_correction="none")
    place, treated, y = score(people), people.treated, people.outcomes["y"]
    free, gaps = list(np.flatnonzero(~treated)), []
    for row in sorted(np.flatnonzero(treated), key=lambda i: -place[i]):
        best = min(free, key=lambda j: abs(place[j] - place[row]))
        free.remove(best)
        gaps.append(y[row] - y[best])
    assert found.cells["estimate"].item() == pytest.approx(np.mean(gaps), abs=1e-10)


def test_the_caliper_is_in_standard_deviations_of_the_propensity():
    people = alone(fewer_treated())
    place, treated = score(people), people.treated
    width = 0.02 * place.std(ddof=1)
    near = np.abs(place[treated][:, None] - place[~treated]).min(axis=1) <= width
    assert 0 < near.sum() < treated.sum()
    found = estimated(people, "matching", caliper=0.02, most_unmatched=0.9)
    assert found.cells["n_units"].item() == near.sum()


def test_even_odds_and_balanced_variances_reach_the_arithmetic():
    people = known_people()
    y, treated, x = people.outcomes["y"], people.treated, people.matrix
    even = treated_effect.doubly_robust(y, treated, propensity(treated, x), even=True).value
    assert average(people, "doubly_robust", weights="even odds")["estimate"] == pytest.approx(even, abs=1e-10)
    assert average(people, "doubly_robust")["estimate"] != pytest.approx(even, abs=1e-6)
    both = treated_effect.by_entropy_balancing(y, treated, moments(x, variances=True)).value
    found = average(people, "entropy_balancing", moments="means and variances")["estimate"]
    assert found == pytest.approx(both, abs=1e-8)
    assert average(people, "entropy_balancing")["estimate"] != pytest.approx(both, abs=1e-6)


def test_matching_names_the_error_that_goes_with_how_it_matched():
    people = fewer_treated()
    rules = {
        "Abadie and Imbens (2006)": estimated(alone(people), "matching"),
        "matched sets": estimated(alone(people), "matching", replacement="without"),
        "linear form": estimated(people, "matching"),
    }
    for name, found in rules.items():
        assert found.se_rule.startswith(name)
    assert estimated(alone(people), "matching", by="exact bins", bins=5).se_rule.startswith("linear form")


def test_matching_breaks_ties_by_name_and_not_by_row():
    draw = np.random.default_rng(3)
    people = People(
        persons=np.arange(300), treated=np.arange(300) % 3 == 0, outcomes={"y": draw.normal(size=300)},
        covariates={"a": draw.integers(0, 3, 300).astype(float), "b": draw.integers(0, 2, 300).astype(float)},
    )  # fmt: skip
    order = draw.permutation(300)
    for options in ({}, {"replacement": "without"}, {"by": "mahalanobis", "ratio": 2}, {"by": "exact bins"}):
        one, two = average(people, "matching", **options), average(people.take(order), "matching", **options)
        assert two["estimate"] == pytest.approx(one["estimate"], abs=1e-10)
        assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-9)


def test_matching_corrects_bias_where_matches_are_far():
    people = alone(known_people(effect=-2.0, n=1600))
    far = {"by": "exact bins", "bins": 1}
    # one bin of age and two of girl: the groups still differ in age
    raw, corrected = average(people, "matching", bias_correction="none", **far), average(people, "matching", **far)
    assert abs(corrected["estimate"] + 2) < abs(raw["estimate"] + 2)


@pytest.mark.parametrize("method", WEIGHTED)
def test_an_event_has_its_counts(method):
    people = known_people(binary=True)
    found = estimated(people, method)
    y = people.outcomes["y"]
    assert found.cells["events"].item() == y[people.treated].sum()
    row = overall(found).set_index("term").loc["relative"]
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
