"""Harm beside counts: the same method, weighed; withheld with the counts behind it; said in words."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.disclosure.rules import rules
from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate.averages import overall
from curv_eval.report.harm_parts import NAME, harm_estimate, harm_part, harm_table, harm_weights
from curv_eval.report.steps import estimate_all
from curv_eval.study import Design, Harms, Outcome, Span, Words, load_study
from panels import known

DESIGN = Design(method="difference_in_differences", window=Span("2000-01", "2001-12"))
INJURY, SERIOUS = "Assault with injury", "Assault with intent to cause serious harm"
OUTCOMES = (
    Outcome(name="y", label="assaults", contract="police", role="primary"),
    Outcome(name="z", label="serious assaults", contract="police", role="secondary"),
)


def study(harm, outcomes=OUTCOMES):
    words = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
    return SimpleNamespace(
        design=DESIGN, harm=harm, outcomes=outcomes, primary=outcomes[0], words=words, smallest_worthwhile=0.1,
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
    return asked, {NAME: harm_table(asked, found, rules()[rule])}


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
    assert "| serious assaults | Assault with intent to cause serious harm | 10 |" in text
    assert "Weights: for a test." in text
    assert "this was not the main test" in text or "We cannot tell" in text or "little or no difference" in text


def test_the_shipped_weights_carry_their_caution_into_the_brief():
    asked, shown = released(harm=Harms(offences={"y": INJURY, "z": SERIOUS}))
    assert "the edition of the shipped weights is not known" in harm_part(asked, shown)


def test_a_withheld_effect_is_said_to_be_withheld():
    asked, shown = released(share=0.0005)
    text = harm_part(asked, shown)
    assert "is withheld because it rests on too few incidents or areas" in text
    assert "Change in harm" not in text


def test_a_study_that_does_not_ask_has_no_section_and_no_estimate():
    assert harm_part(study(None), {}) == ""
    assert set(estimate_all(study(None), panel())) == {"y", "z"}


def test_an_unknown_offence_is_refused_with_the_nearest_name():
    with pytest.raises(DesignError, match="Assault with injury"):
        harm_weights(study(Harms(offences={"y": "Assault with injry"})))


def test_a_group_of_offences_is_refused_with_the_reason():
    with pytest.raises(DesignError, match="group of offences"):
        harm_weights(study(Harms(offences={"y": "Violence with injury"})))


@pytest.mark.parametrize(("given", "said"), [
    ({"offences": {"y": INJURY}, "weights": {INJURY: 1.0}}, "weights and weights_source together"),
    ({"offences": {"y": INJURY}, "weights_source": "x"}, "weights and weights_source together"),
    ({"offences": {"y": INJURY}, "weights": {"Theft": 1.0}, "weights_source": "x"}, "a weight for Assault with injury"),
    ({"offences": {"y": INJURY, "z": INJURY}}, "each offence once"),
    ({"offences": {}}, "at least 1 item"),
    ({"offences": {"y": INJURY}, "weights": {INJURY: -1.0}, "weights_source": "x"}, "greater than or equal to 0"),
    ({"offences": {"y": INJURY}, "index": "mine"}, "Cambridge CHI"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Harms(**given)


DEMO = (Path(__file__).parents[2] / "params" / "demo.yaml").read_text("utf-8")


@pytest.mark.parametrize(("more", "said"), [
    ("harm: { offences: { nothing: Homicide } }", "harm.offences: nothing is not an outcome of this study"),
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
