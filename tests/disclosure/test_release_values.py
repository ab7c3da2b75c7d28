"""Attacks on what stands side by side: estimates beside rounded counts, and tables beside each other."""

import csv
import functools
import json
import shutil

import numpy as np
import pytest
from projects import ROOT, change, finished, plain_study, project, small_data

from curv_eval.disclosure import Status
from curv_eval.disclosure.rules import rules
from curv_eval.report.steps import estimate_all

NHS = rules()["nhs_1_7_round_5"]


def table(name):
    return json.loads((finished().run / "release" / "results.json").read_text("utf-8"))["tables"][name]


def half_step(value, events):
    """Return how far a published value may be from the exact one, for one who knows the rule."""
    size = abs(value) * NHS.round_to / events
    power = 10.0 ** np.floor(np.log10(size))
    return next(m for m in (1, 2, 5, 10) if size <= m * power * (1 + 1e-9)) * power / 2


def possible(total, relative, *, most):
    """Return the counts observed that a published total d and relative effect r leave open.

    The count is d (1 + r) / r: exactly one, before values were rounded.
    """
    left = []
    for count in range(1, most):
        d, r = half_step(total, count), half_step(relative, count)
        ends = [(total + s * d) * (1 + relative + t * r) / (relative + t * r) for s in (-1, 1) for t in (-1, 1)]
        left += [count] if min(ends) <= count <= max(ends) else []
    return left


def test_the_demo_s_tables_follow_the_rule_of_their_contracts():
    held = json.loads((finished().run / "release" / "results.json").read_text("utf-8"))["tables"]
    assert held["results_ae_assaults"]["rule"] == "nhs_1_7_round_5"
    assert held["results_police_violence"]["rule"] == "open"
    assert held["delivery"]["rule"] == "under_10"
    assert held["placed"]["rule"] == "nhs_1_7_round_5"
    assert held["sources"]["rule"] == "nhs_1_7_round_5+under_10"
    for name, below in (("delivery", 10), ("placed", 8), ("sources", 10)):
        numbers = [v for row in held[name]["rows"] for v in row.values() if isinstance(v, float)]
        assert numbers, name
        assert [n for n in numbers if 0 < n < below or n % 5] == []


def test_total_and_per_cent_do_not_give_the_exact_count_back():
    rows = {row["term"]: row["estimate"] for row in table("results_ae_assaults")["rows"]}
    with np.load(finished().run / "restricted" / "panel.npz") as panel:
        after = panel["cohort"][:, None] <= panel["periods"]
        true = panel["outcome_ae_assaults"][after].sum()
    left = possible(rows["total"], rows["relative"], most=10_000)
    assert true in left
    assert len(left) >= NHS.round_to


def ae_study():
    """Return a study of A&E counts alone, on one cohort, so that months and event times are the same thing."""
    text = plain_study()
    start, middle, end = (text.index(word) for word in ("  - name: police", "  - name: ae_assaults", "checks:"))
    outcome = text[middle:end].replace("secondary", "primary")
    return (text[:start] + outcome + text[end:]).replace(
        "  cluster: ward\n", '  cluster: ward\n  cohorts: ["2023-10"]\n'
    )


@functools.cache
def rare():
    """Return (panel, results, observed_expected, event_study) of A&E data so rare that months are withheld."""
    import curv_eval as ce

    folder = project(study=ae_study(), data=small_data(), keep=True)
    path = folder / "data" / "ae_assaults.csv"
    header, *rows = path.read_text("utf-8").splitlines(keepends=True)
    kept = np.random.default_rng(3).random(len(rows)) < 0.15
    path.write_text(header + "".join(row for row, k in zip(rows, kept, strict=True) if k), "utf-8", newline="")
    study = ce.load_study(folder / "params" / "study.yaml")
    panel = ce.assemble(study, ce.load_data(study, folder / "data")).panel
    results = ce.release_results(study, ce.estimate_all(study, panel))["ae_assaults"]
    return panel, results, *(ce.release_paths(study, panel)[name] for name in ("observed_expected", "event_study"))


def truth():
    panel = rare()[0]
    return panel.outcomes["ae_assaults"][panel.treated].sum(axis=0)


def test_the_rare_study_has_something_to_protect():
    small = (truth() > 0) & (truth() < NHS.events_below)
    assert 2 <= small.sum() <= 8


def test_a_month_with_a_small_count_shows_neither_it_nor_what_rests_on_it():
    _, _, monthly, events = rare()
    small = (truth() > 0) & (truth() < NHS.events_below)
    assert monthly.table.loc[small, ["observed", "expected", "expected_low", "expected_high"]].isna().all(axis=None)
    values = ["estimate", "std_error", "conf_low", "conf_high", "band_low", "band_high"]
    assert events.table.loc[small, values].isna().all(axis=None)
    hidden = monthly.statuses["observed"] != Status.ROUNDED
    assert monthly.table.loc[hidden, "expected"].isna().all(), "an expectation beside a withheld count gives it back"


def test_expected_plus_difference_is_not_the_exact_count():
    """observed = expected + areas x difference, month by month, when one cohort makes month and event time the same."""
    panel, _, monthly, events = rare()
    guess = monthly.table["expected"] + panel.treated.sum() * events.table["estimate"]
    shown = guess.notna().to_numpy()
    assert shown.sum() >= 4
    assert (np.abs(guess - truth())[shown] >= 0.5).mean() >= 0.5, "most guesses are not the count"


def test_what_all_tables_say_together_leaves_every_withheld_month_open():
    """The total of all months after the start, less the months shown, must not say what a withheld month was."""
    panel, results, monthly, _ = rare()
    after = panel.periods >= np.nanmin(panel.cohort)
    rows = results.table.set_index("term")["estimate"]
    totals = possible(rows["total"], rows["relative"], most=1000)
    assert truth()[after].sum() in totals
    shown = monthly.table.loc[after, "observed"].dropna()
    hidden = int(after.sum() - len(shown))
    most = max(totals) - (shown - 2).sum() - (hidden - 1)
    least = min(totals) - (shown + 2).sum() - (hidden - 1) * (NHS.events_below - 1)
    assert hidden >= 1
    assert least <= 1
    assert most >= NHS.events_below - 1


def test_everything_withheld_in_the_table_is_withheld_in_the_files(tmp_path):
    from curv_eval.report.bundle import add_table

    _, _, monthly, _ = rare()
    add_table(tmp_path, monthly)
    with (tmp_path / "release" / "tables" / "observed_expected.csv").open(encoding="utf-8", newline="") as file:
        written = [row["observed"] for row in csv.DictReader(file)]
    assert [text == "withheld" for text in written] == monthly.table["observed"].isna().tolist()
    assert [text for text in written if text.isdigit() and 0 < int(text) < NHS.events_below] == []


@pytest.mark.parametrize("rule", ["under_10", "nhs_1_7_round_5"])
def test_the_register_s_own_rule_binds_the_estimates_too(rule):
    from curv_eval.report.steps import release_results
    from curv_eval.study import load_study

    panel = rare()[0]
    folder = project(study=ae_study())
    shutil.copytree(ROOT / "data_contracts", folder / "data_contracts")
    for name in ("intervention_register", "ae_assaults"):
        path = folder / "data_contracts" / f"{name}.yaml"
        old = "open" if name == "intervention_register" else "nhs_1_7_round_5"
        change(path, f'smallNumberRule, value: "{old}"', f'smallNumberRule, value: "{rule}"')
    study = load_study(folder / "params" / "study.yaml")
    assert release_results(study, estimate_all(study, panel))["ae_assaults"].rule.name == rule
