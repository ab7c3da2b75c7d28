"""From a coding table to one sentence: effect sizes, the pooled effect, and the words for it."""

from math import exp, log

import numpy as np
import pandas as pd
import pytest

from curv_eval.errors import DesignError, StudyError
from curv_eval.evidence.judgement import say
from curv_eval.evidence.sizes import Effect, Measure, effects_from
from curv_eval.evidence.together import together
from curv_eval.stats.meta_pooled import pooled


def effect(study, value, variance=0.01, measure=Measure.LOG_RATE_RATIO):
    return Effect(study, measure, value, variance, "typed")


def several(*values, measure=Measure.LOG_RATE_RATIO):
    return [effect(f"s{n}", value, measure=measure) for n, value in enumerate(values)]


def test_ratios_are_read_as_ratios():
    made = together(several(-0.2, -0.3, -0.25, -0.22), outcome="violent crime", smallest=0.05)
    assert made.pooled.measure == "rate ratio"
    assert made.pooled.estimate == pytest.approx(exp(made.found.estimate))
    assert made.pooled.low == pytest.approx(exp(made.found.conf_low))
    assert made.pooled.prediction == pytest.approx((exp(made.found.prediction_low), exp(made.found.prediction_high)))
    assert made.pooled.studies == 4
    assert made.pooled.better == "lower"


def test_differences_are_left_as_they_are():
    made = together(
        several(-0.2, -0.3, -0.25, measure=Measure.STANDARDISED_DIFFERENCE), outcome="aggression", smallest=0.1
    )
    assert made.pooled.measure == "standardised mean difference"
    assert made.pooled.estimate == pytest.approx(made.found.estimate)


def test_the_numbers_are_those_of_the_statistics():
    effects = several(-0.5, 0.1, -0.2, -0.4, -0.05)
    y, v = (np.array([getattr(one, name) for one in effects]) for name in ("value", "variance"))
    for choices in ({}, {"model": "fixed"}, {"tau2": "dl", "interval": "normal"}):
        alone = pooled(y, v, **choices)
        made = together(effects, outcome="o", smallest=0.1, **choices)
        assert made.found.estimate == alone.estimate
        assert made.found.conf_low == alone.conf_low
        assert made.pooled.i2 == pytest.approx(alone.between.i2 / 100)


def test_with_two_studies_there_is_no_prediction_and_the_words_say_too_few():
    made = together(several(-0.2, -0.3), outcome="violent crime", smallest=0.05)
    assert made.pooled.prediction is None
    assert say(made.pooled, "street lighting").found == "too few"


def test_harm_is_said():
    made = together(several(0.3, 0.32, 0.28, 0.31), outcome="reoffending", smallest=0.05)
    assert "harm" in say(made.pooled, "prison visits").text


def test_everything_wrong_is_told_at_once():
    effects = [effect("a", -0.1), effect("a", -0.2), effect("b", 0.1, measure=Measure.FISHER_Z)]
    with pytest.raises(StudyError, match="cannot be put together") as fault:
        together(effects, outcome="o", smallest=0.1)
    said = str(fault.value)
    assert "different measures: log_rate_ratio, fisher_z" in said
    assert "fisher_z: has no words for readers" in said
    assert "a: stands 2 times" in said
    assert "meta_multilevel" in said


def test_nothing_cannot_be_put_together():
    with pytest.raises(StudyError, match="there are none"):
        together([], outcome="o", smallest=0.1)
    with pytest.raises(DesignError):
        together([effect("a", -0.1)], outcome="o", smallest=0.1)


def test_the_order_of_studies_does_not_matter():
    effects = several(-0.5, 0.1, -0.2, -0.4)
    one, other = (together(held, outcome="o", smallest=0.1) for held in (effects, effects[::-1]))
    assert one.pooled.estimate == pytest.approx(other.pooled.estimate, abs=1e-12)
    assert one.pooled.low == pytest.approx(other.pooled.low, abs=1e-9)


def cbt(folder):
    held = pd.read_csv(folder / "evidence-meta-analysis" / "dat.landenberger2005.csv")
    # four papers report two samples each, which are studies of their own
    sample = held.groupby("study").cumcount().map({0: "", 1: ", second sample"})
    return pd.DataFrame({
        "study": held["study"] + sample, "reports": "two_by_two", "better": "lower",
        "events_treated": held["n.cbt.rec"], "n_treated": held["n.cbt.rec"] + held["n.cbt.non"],
        "events_control": held["n.ctrl.rec"], "n_control": held["n.ctrl.rec"] + held["n.ctrl.non"],
    })  # fmt: skip


def test_cognitive_behavioural_therapy_as_lipsey_and_landenberger_published_it(real_folder):
    """The paper says that the odds of not reoffending are 1.53 times as high; ours are of reoffending."""
    effects = effects_from(cbt(real_folder), measure=Measure.LOG_ODDS_RATIO)
    made = together(effects, outcome="reoffending", smallest=0.1, tau2="dl", interval="normal")
    assert 1 / made.pooled.estimate == pytest.approx(1.533, abs=5e-4)
    assert (1 / made.pooled.high, 1 / made.pooled.low) == pytest.approx((1.354, 1.735), abs=5e-4)


def test_what_is_said_of_it_holds_both_what_was_found_and_what_is_not_known(real_folder):
    effects = effects_from(cbt(real_folder), measure=Measure.LOG_ODDS_RATIO)
    made = together(effects, outcome="reoffending", smallest=0.1)
    text = say(made.pooled, "cognitive behavioural therapy").text
    assert text.startswith(
        "Across 58 studies of cognitive behavioural therapy, the odds of reoffending fell by about 34%"
    )
    assert "We cannot tell whether it would work here" in text
    assert made.found.estimate == pytest.approx(log(0.65534291), abs=1e-6)
