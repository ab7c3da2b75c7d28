"""Harm beside counts: the same method, weighed; withheld with the counts behind it; said in words."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from curv_eval.disclosure.rules import rules
from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate.averages import overall
from curv_eval.methods import load, names
from curv_eval.report.harm_parts import harm_part
from curv_eval.report.harm_tables import (
    NAME,
    SHARES,
    harm_estimate,
    harm_tables,
    harm_weights,
    points,
    require_harm,
)
from curv_eval.report.steps import estimate_all
from curv_eval.study import Design, Harms, Outcome, Span, Words, load_study
from panels import known

DESIGN = Design(method="difference_in_differences", window=Span("2000-01", "2001-12"))
INJURY, SERIOUS = "Assault with injury", "Assault with intent to cause serious harm"
OUTCOMES = (
    Outcome(name="y", label="assaults", contract="police", role="primary"),
    Outcome(name="z", label="serious assaults", contract="police", role="secondary"),
)


def study(harm, outcomes=OUTCOMES, design=DESIGN):
    words = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
    return SimpleNamespace(
        design=design, harm=harm, outcomes=outcomes, primary=outcomes[0], words=words, smallest_worthwhile=0.1,
        people=None, seed=3,
    )  # fmt: skip


def panel(share=0.1):
    held = known()
    draw = np.random.default_rng(1)
    z = draw.binomial(held.outcomes["y"].round().astype(int), share).astype(float)
    return replace(held, outcomes={"y": held.outcomes["y"], "z": z})


def rows(estimate):
    return overall(estimate).set_index("term")[["estimate", "conf_low", "conf_high"]]


def weighed(**weights):
    names = {"y": INJURY, "z": SERIOUS}
    offences = {name: names[name] for name in weights}
    return Harms(offences=offences, weights={names[n]: w for n, w in weights.items()}, weights_source="for a test")


def test_one_offence_of_weight_1_is_the_count():
    asked = study(weighed(y=1.0))
    found = estimate_all(asked, panel())
    assert rows(found[NAME]).to_numpy() == pytest.approx(rows(found["y"]).to_numpy(), rel=1e-12)


@pytest.mark.parametrize("scale", [0.5, 184.0, 7979.0])
def test_weights_scale_harm_and_leave_the_relative_effect(scale):
    one, other = (rows(harm_estimate(study(weighed(y=k, z=3 * k)), panel())) for k in (1.0, scale))
    assert other.loc["total"].to_numpy() == pytest.approx(scale * one.loc["total"].to_numpy())
    assert other.loc["relative"].to_numpy() == pytest.approx(one.loc["relative"].to_numpy())


def test_an_offence_of_weight_0_carries_nothing():
    both = rows(harm_estimate(study(weighed(y=5.0, z=0.0)), panel()))
    assert both.to_numpy() == pytest.approx(rows(harm_estimate(study(weighed(y=5.0)), panel())).to_numpy())


def test_the_total_is_the_weighed_sum_of_the_counts_totals():
    held = panel()
    found = estimate_all(study(weighed(y=2.0, z=9.0)), held)
    total = 2 * rows(found["y"]).loc["total", "estimate"] + 9 * rows(found["z"]).loc["total", "estimate"]
    assert rows(found[NAME]).loc["total", "estimate"] == pytest.approx(total)


def test_the_shipped_weights_are_those_of_the_index_by_name_or_code():
    asked = study(Harms(offences={"y": "8N", "z": SERIOUS}))
    assert {name: float(x) for name, x in harm_weights(asked).by_offence.items()} == {"8N": 184.0, SERIOUS: 1965.0}


def released(share=0.3, rule="under_10", harm=None):
    asked = study(harm or weighed(y=1.0, z=10.0))
    found = estimate_all(asked, panel(share))
    return asked, harm_tables(asked, found, rules()[rule])


def test_harm_is_withheld_with_the_rarest_count_behind_it():
    _, shown = released(share=0.3)
    assert shown[NAME].suppressed == 0
    _, hidden = released(share=0.0005)
    assert hidden[NAME].hidden.to_numpy().all()


def test_harm_is_rounded_as_coarsely_as_the_rarest_count_behind_it():
    _, often = released(share=0.5)
    _, rarely = released(share=0.01)
    exact = rows(harm_estimate(study(weighed(y=1.0, z=10.0)), panel(0.01))).loc["total", "estimate"]
    shown = rarely[NAME].table.set_index("term").loc["total", "estimate"]
    assert shown != pytest.approx(exact, rel=1e-6)
    digits = [len(f"{abs(t[NAME].table['estimate'].iloc[0]):g}".replace(".", "").strip("0")) for t in (often, rarely)]
    assert digits[1] <= digits[0]


def test_the_section_has_the_sentence_of_a_second_test_the_weights_and_their_source():
    asked, shown = released()
    text = harm_part(asked, shown)
    assert "## Harm beside counts" in text
    assert "| serious assaults | Assault with intent to cause serious harm | 10 | " in text
    assert "Weights: for a test." in text
    assert "this was not the main test" in text or "We cannot tell" in text or "little or no difference" in text


def test_the_shipped_weights_carry_their_caution_into_the_brief():
    asked, shown = released(harm=Harms(offences={"y": INJURY, "z": SERIOUS}))
    assert "Not verified: harm by the ONS Crime Severity Score" in harm_part(asked, shown)
    assert "the edition of the shipped weights is not known" in harm_part(asked, shown)


def test_weights_that_nobody_read_in_their_source_say_so_in_the_brief():
    asked, shown = released(harm=Harms(offences={"y": "34", "z": "5D"}, index="Cambridge CHI"))
    assert "Not verified: weight of Robbery: unverified, recalled and not read in its source" in harm_part(asked, shown)


def test_a_withheld_effect_is_said_to_be_withheld():
    asked, shown = released(share=0.0005)
    text = harm_part(asked, shown)
    assert "is withheld because it rests on too few incidents or areas" in text
    assert "Points in all" not in text
    assert text.count("| withheld |") == 2, "shares add up, so none is shown where one is not"


def test_a_study_that_does_not_ask_has_no_section_and_no_estimate():
    assert harm_part(study(None), {}) == ""
    assert set(estimate_all(study(None), panel())) == {"y", "z"}


MIX = {"y": {INJURY: 0.75, SERIOUS: 0.25}}


def mixed(**given):
    return Harms(mix=MIX, mix_source="a recorded sample", **given)


def test_a_mix_weighs_what_it_is_made_of():
    asked = study(mixed())
    assert points(asked) == pytest.approx({"y": 0.75 * 184 + 0.25 * 1965})
    found = estimate_all(asked, panel())
    each = points(asked)["y"]
    assert rows(found[NAME]).loc["total"].to_numpy() == pytest.approx(each * rows(found["y"]).loc["total"].to_numpy())
    assert rows(found[NAME]).loc["relative"].to_numpy() == pytest.approx(rows(found["y"]).loc["relative"].to_numpy())


def test_a_mix_stands_beside_an_offence_that_it_also_holds():
    asked = study(mixed(offences={"z": SERIOUS}))
    total = rows(estimate_all(asked, panel())[NAME]).loc["total", "estimate"]
    parts = {n: rows(e).loc["total", "estimate"] for n, e in estimate_all(asked, panel()).items() if n != NAME}
    assert total == pytest.approx(sum(points(asked)[name] * parts[name] for name in parts))


def test_shares_that_miss_1_by_their_last_digit_are_taken_as_a_whole():
    thirds = Harms(mix={"y": {INJURY: 0.333, SERIOUS: 0.333, "Homicide": 0.333}}, mix_source="x")
    assert points(study(thirds))["y"] == pytest.approx((184 + 1965 + 7979) / 3)


def test_the_brief_prints_the_mix_and_its_source():
    text = harm_part(*released(harm=mixed()))
    assert "Assaults are weighed as a mix: Assault with injury 75%, Assault with intent to cause serious" in text
    assert "Source of the mix: a recorded sample." in text
    assert "| assaults | a mix, see below | 629 | 100% |" in text


def test_the_shares_of_harm_are_those_of_the_weighed_counts_after_the_start():
    held = panel(0.3)
    after = held.treated[:, None] & (held.cohort[:, None] <= held.periods)
    y, z = (float(held.outcomes[name][after].sum()) for name in ("y", "z"))
    asked = study(weighed(y=1.0, z=10.0))
    table = harm_tables(asked, estimate_all(asked, held), rules()["open"])[SHARES].table
    assert table["share"].to_list() == pytest.approx([y / (y + 10 * z), 10 * z / (y + 10 * z)])


def answered(method, options, weight):
    design = Design(method=method, window=DESIGN.window, options=options)
    try:
        return rows(harm_estimate(study(weighed(y=weight), design=design), panel()))
    except DesignError as refused:
        return str(refused)


@pytest.mark.parametrize("method", names("panel"))
def test_every_method_answers_or_refuses_the_same_whatever_the_unit_of_harm(method):
    """Poisson methods included: a mean of points is as good as a mean of counts, and errors come from clusters."""
    options = [{}, *({o: v} for o, held in load(method).OPTIONS.items() if o in ("model", "errors") for v in held)]
    for chosen in options:
        small, large = (answered(method, chosen, weight) for weight in (184.0, 184.0 * 184))
        if isinstance(small, str):
            assert small == large
            continue
        assert large.loc["total"].to_numpy() == pytest.approx(184 * small.loc["total"].to_numpy(), rel=1e-6)
        assert large.loc["relative"].to_numpy() == pytest.approx(small.loc["relative"].to_numpy(), rel=1e-6)


@pytest.mark.parametrize(("method", "options", "said"), [
    ("interrupted_time_series", {"model": "negative_binomial"}, "use `model: quasi_poisson`, or leave harm out"),
    ("weighted_displacement", {"errors": "poisson"}, "use `errors: clusters`, or leave harm out"),
    ("weighted_displacement", {"errors": "overdispersed"}, "use `errors: clusters`, or leave harm out"),
    ("triple_differences", {}, "the outcome it is set against is counted, not weighed"),
])  # fmt: skip
def test_what_needs_counts_is_refused_before_the_run(method, options, said):
    with pytest.raises(DesignError) as refused:
        require_harm(study(weighed(y=2.0), design=Design(method=method, window=DESIGN.window, options=options)))
    assert said in str(refused.value)


@pytest.mark.parametrize("method", ["poisson_fixed_effects", "poisson_staggered", "interrupted_time_series"])
def test_poisson_methods_take_points_that_are_no_whole_numbers(method):
    assert isinstance(answered(method, {}, 0.377), pd.DataFrame)


def test_harm_of_which_less_than_nothing_was_expected_is_refused_and_not_called_withheld():
    held = known(effect=0.0, level=0.4)
    after = held.treated[:, None] & (held.cohort[:, None] <= held.periods)
    fall = np.where(~held.treated[:, None] & (held.cohort[:, None] != 0) & (held.periods >= 12), 0.0, 1.0)
    y = np.where(after, held.outcomes["y"] + 1, held.outcomes["y"] + 30 * (~held.treated[:, None])) * fall
    asked = study(weighed(y=1.0))
    found = {name: harm_estimate(asked, replace(held, outcomes={"y": y})) for name in ("y", NAME)}
    with pytest.raises(DesignError, match="0 or below, which no harm can be"):
        harm_tables(asked, found, rules()["open"])


def test_an_unknown_offence_is_refused_with_the_nearest_name():
    with pytest.raises(DesignError, match="Assault with injury"):
        harm_weights(study(Harms(offences={"y": "Assault with injry"})))


def test_every_offence_without_a_weight_is_named_at_once():
    design = Design(method="interrupted_time_series", window=DESIGN.window, options={"model": "negative_binomial"})
    wrong = Harms(offences={"y": "Assault with injry", "z": "Violence with injury"})
    with pytest.raises(DesignError) as refused:
        require_harm(study(wrong, design=design))
    said = str(refused.value)
    assert "'Assault with injry'; did you mean Assault with injury?" in said
    assert "Violence with injury is a group of offences" in said
    assert "`model: negative_binomial` takes its error from a number of incidents" in said
    assert said.count("there are Homicide") == 1


def test_one_offence_by_name_and_by_code_is_one_offence():
    with pytest.raises(DesignError, match="weight of Assault with injury stands twice"):
        require_harm(study(Harms(offences={"y": "8N", "z": INJURY})))


def test_a_group_of_offences_is_refused_with_the_reason():
    with pytest.raises(DesignError, match="group of offences"):
        harm_weights(study(Harms(offences={"y": "Violence with injury"})))


@pytest.mark.parametrize(("given", "said"), [
    ({"offences": {"y": INJURY}, "weights": {INJURY: 1.0}}, "weights and weights_source together"),
    ({"offences": {"y": INJURY}, "weights_source": "x"}, "weights and weights_source together"),
    ({"offences": {"y": INJURY}, "weights": {"Theft": 1.0}, "weights_source": "x"}, "a weight for Assault with injury"),
    ({"offences": {"y": INJURY, "z": INJURY}}, "each offence once"),
    ({"offences": {}}, "an offence for at least one outcome"),
    ({"offences": {"y": INJURY}, "weights": {INJURY: 1.0, "x": 1.0}, "weights_source": "x"}, r"not weighed \(x\)"),
    ({"mix": {"y": {INJURY: 0.5, SERIOUS: 0.4}}, "mix_source": "x"}, "shares of y that add up to 1, not 0.9"),
    ({"mix": {"y": {INJURY: 1.0}}}, "mix and mix_source together"),
    ({"offences": {"y": INJURY}, "mix": {"y": {SERIOUS: 1.0}}, "mix_source": "x"}, "an offence or a mix for y"),
    ({"mix": {"y": {}}, "mix_source": "x"}, "at least 1 item"),
    ({"mix": {"y": {INJURY: 1.0, SERIOUS: 0.0}}, "mix_source": "x"}, "greater than 0"),
    ({"offences": {"y": INJURY, "z": INJURY}, "weights_source": "x"}, "together, or neither; each offence once"),
    ({"offences": {"y": INJURY}, "weights": {INJURY: -1.0}, "weights_source": "x"}, "greater than or equal to 0"),
    ({"offences": {"y": INJURY}, "index": "mine"}, "Cambridge CHI"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Harms(**given)


DEMO = (Path(__file__).parents[2] / "params" / "demo.yaml").read_text("utf-8")


@pytest.mark.parametrize(("more", "said"), [
    ("harm: { offences: { nothing: Homicide } }", "harm.offences: nothing is not an outcome of this study (it has"),
    ("harm: { offences: { ae_assault: Homicide } }", "not an outcome of this study; did you mean ae_assaults?"),
    ("harm: { mix: { nothing: { 8N: 1.0 } }, mix_source: x }", "harm.mix: nothing is not an outcome of this study"),
    ("harm: { mix: { ae_assaults: { 8N: 0.5 } }, mix_source: x }", "shares of ae_assaults that add up to 1, not 0.5"),
    ("harm: { mix: { ae_assaults: { 8N: 50% } }, mix_source: x }", "harm.mix.ae_assaults.8N: got '50%'"),
    ("harm: { offence: { ae_assaults: Homicide } }", "harm.offence: unknown key; did you mean `offences`?"),
])  # fmt: skip
def test_a_study_file_with_a_slip_is_refused(tmp_path, more, said):
    path = tmp_path / "study.yaml"
    path.write_text(f"{DEMO}\n{more}\n", "utf-8")
    with pytest.raises(StudyError) as refused:
        load_study(path)
    assert said in str(refused.value)


def test_an_outcome_that_is_called_harm_already_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        DEMO.replace("name: ae_assaults", "name: harm") + "harm: { offences: { harm: Homicide } }\n", "utf-8"
    )
    with pytest.raises(StudyError, match="an outcome has that name already"):
        load_study(path)


def test_preflight_names_an_unknown_offence_before_anything_is_read(tmp_path):
    from curv_eval.run.preflight import preflight

    path = tmp_path / "params" / "study.yaml"
    path.parent.mkdir()
    path.write_text(f"{DEMO}\nharm: {{ offences: {{ ae_assaults: Asault with injury }} }}\n", "utf-8")
    with pytest.raises(StudyError, match="Assault with injury"):
        preflight(load_study(path))
