"""What checks of people say and show is read by somebody who looks for a few: who is missing, who has nobody like them.

Two studies that differ only in how few there are, both fewer than the rule allows, must look alike in every sentence
and in the rating; and no number that is shown may give the few back.
"""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Verdict, load
from curv_eval.disclosure.rules import rules
from curv_eval.methods import fit
from curv_eval.rating.nouns import Checked
from curv_eval.rating.parts import attrition as lost
from curv_eval.rating.parts import missing_data
from curv_eval.report.checked import as_shown, said
from curv_eval.report.effect_tables import check_tables
from curv_eval.study import Design, Span, Words
from people import known_people

EXACT = replace(rules()["under_10"], name="under_10_without_rounding", round_to=1)
ROUNDED = rules()["under_10"]
WORDS = Words("mentoring", "those mentored", "others", "mentoring begins", "without mentoring")
DESIGN = Design(method="doubly_robust", window=Span("2000-01", "2001-12"))
STUDY = SimpleNamespace(design=DESIGN, seed=5, words=WORDS, smallest_worthwhile=0.1)
# what a rating of people asks of a study
RATED = SimpleNamespace(design=DESIGN)


def found(name, people):
    return load(name).check(people, STUDY, fit(people, outcome="y", design=DESIGN))


def missing(treated, others, binary=True):
    """People of whom so many in each group have no outcome."""
    people = known_people(binary=binary, n=800)
    y = people.outcomes["y"].copy()
    for side, count in ((people.treated, treated), (~people.treated, others)):
        y[np.flatnonzero(side)[:count]] = np.nan
    return replace(people, outcomes={"y": y})


def shown(check, rule=EXACT):
    """What is said of a check, and the terms and numbers that are shown."""
    released = check_tables([check], rule, people=True)[check.name]
    table = released.table.set_index("term")["estimate"].dropna()
    return said(check, released), table, released


@pytest.mark.parametrize(("treated", "others"), [(1, 1), (3, 7), (9, 2), (4, 0), (0, 5)])
def test_a_few_missing_are_in_no_number(treated, others):
    text, table, _ = shown(found("attrition", missing(treated, others)))
    gone = [term for term in table.index if term != "effect among those measured"]
    # a group in which nobody is missing shows its 0, and nothing else does
    assert set(gone) <= {"missing among treated, share", "missing among others, share"}
    assert all(table[term] == 0 for term in gone)
    assert not re.search(r"\d", text), text
    assert text.endswith("The numbers are withheld: too few people stand behind them.")


def test_how_few_are_missing_changes_no_word_and_no_point():
    said_of, rated = set(), set()
    for treated, others in ((1, 2), (2, 9), (9, 9), (5, 1)):
        check = found("attrition", missing(treated, others))
        text, _, released = shown(check)
        checked = Checked.of([as_shown(check, released)])
        said_of.add(text)
        rated.add((lost(RATED, checked, None).score, missing_data(RATED, checked).score))
    assert len(said_of) == 1
    assert rated == {(5, 5)}


def test_enough_missing_are_told_of():
    text, table, _ = shown(found("attrition", missing(40, 60)))
    assert "10" in text or re.search(r"\d+\.\d%", text)
    assert {"missing among treated, share", "effect with gaps filled in"} <= set(table.index)


def test_without_the_gate_the_ends_give_the_missing_back():
    """What the gate has to stop: the worst ends of an event lie apart by the two shares that are missing."""
    people = missing(3, 7)
    check = found("attrition", people)
    ends = check.table.set_index("term")["estimate"]
    apart = ends["effect at the worst upper end"] - ends["effect at the worst lower end"]
    sizes = int(people.treated.sum()), int((~people.treated).sum())
    pairs = [(a, b) for a in range(10) for b in range(10) if abs(apart - a / sizes[0] - b / sizes[1]) < 0.02]
    assert (3, 7) in pairs
    _, table, _ = shown(check)
    assert "effect at the worst upper end" not in table.index


def test_the_ends_of_a_score_are_nobodys_own():
    people = missing(60, 60, binary=False)
    y = people.outcomes["y"]
    check = found("attrition", people)
    known = np.isfinite(y)
    assert float(np.nanmin(y)) % 1 > 0
    worst = check.table.set_index("term")["estimate"]["effect at the worst upper end"]
    mean = [float(y[known & side].mean()) for side in (people.treated, ~people.treated)]
    # somebody who knows means and shares solves for the two ends: what he finds is round
    share = [float((~known & side).sum() / side.sum()) for side in (people.treated, ~people.treated)]
    for end in (np.nanmin(y), np.nanmax(y)):
        alone = mean[0] * (1 - share[0]) + share[0] * end - mean[1] * (1 - share[1]) - share[1] * end
        assert abs(worst - alone) > 1e-3


def alone(count):
    """People of whom so many of the treated are far from everybody else."""
    people = known_people()
    age = people.covariates["age"].copy()
    rows = np.flatnonzero(people.treated)[:count]
    age[rows] = age[~people.treated].max() + 4 + np.arange(count) / 10
    return replace(people, covariates={"age": age, "girl": people.covariates["girl"]})


@pytest.mark.parametrize("rule", [EXACT, ROUNDED], ids=["exact", "rounded"])
def test_a_few_without_anybody_like_them_are_in_no_number(rule):
    said_of = set()
    for count in (2, 4, 6):
        check = found("overlap", alone(count))
        exact = check.table.set_index("term")["estimate"]["treated without comparable others, share"]
        text, table, _ = shown(check, rule)
        if 0 < round(exact * alone(count).treated.sum()) < 10:
            assert "treated without comparable others, share" not in table.index
            assert not re.search(r"\d", text), text
        said_of.add((check.verdict, text))
    assert {verdict for verdict, _ in said_of} == {Verdict.HOLDS}


def test_nobody_s_chance_of_treatment_is_shown():
    people = alone(5)
    _, table, _ = shown(found("overlap", people))
    assert not [term for term in table.index if "chance" in term]


@pytest.mark.parametrize("name", ["balance", "overlap", "attrition", "sensitivity_to_confounding"])
def test_sentences_under_a_rule_that_rounds_hold_only_numbers_of_their_table(name):
    people = missing(40, 60) if name == "attrition" else known_people(binary=True)
    check = found(name, people)
    released = check_tables([check], ROUNDED, people=True)[name]
    text = said(check, released)
    numbers = released.table[["estimate", "conf_low", "conf_high"]].to_numpy(float).ravel()
    numbers = numbers[np.isfinite(numbers)]
    written = {f"{v:.1%}" for v in numbers} | {f"{v:+.2f}" for v in numbers} | {f"{v:.2f}" for v in numbers}
    assert set(re.findall(r"[+-]?\d+\.\d+%?", text)) <= written
