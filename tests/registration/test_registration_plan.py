"""What of a study is plan, what is prose, and how two plans differ."""

import dataclasses
import json
import typing

import pytest
from plans import DEMO, HONEST, METHOD, OPTIONS, SEED, changed, project

from curv_eval.registration import PROSE, plan, plan_differences
from curv_eval.registration.plan import _without, plan_beside
from curv_eval.study import Study, canonical, fingerprint, load_study

LEAVES = [
    ("title: Did street", "title: Has street"),
    ("  intervention: mentoring\n", "  intervention: the mentoring\n"),
    ("    Three made-up charities", "    Three invented charities"),
    ("registration_note: The plan was", "registration_note: This plan was"),
    ("  name: Made-up Vale", "  name: The Vale"),
    ("    label: assaults seen in A&E", "    label: assaults treated in A&E"),
    ("police_uk_street: police-uk-made-up", "police_uk_street: elsewhere"),
    ("location: ae_assaults.csv", "location: ae_assaults_2.csv"),
    ("  who: young people referred", "  who: young people"),
    ("  costs_source: made up, for", "  costs_source: invented, for"),
    ("# A study on MADE-UP", "# A remark. A study on MADE-UP"),
]
MATTERS = {
    "question": ("  What did street", "  What has street"),
    "registered": ('"2026-11-23"', '"2026-11-24"'),
    "made_up.effect": ("effect: -0.20", "effect: -0.25"),
    "contracts.ae_assaults.columns": ("assault_date_and_time as month, ", "assault_date_and_time, "),
    "place.districts": (", E06999004]", "]"),
    "design.method": METHOD,
    "design.window.last": ("last: 2024-12", "last: 2024-11"),
    "design.alpha": ("  cluster: ward\n", "  cluster: ward\n  alpha: 0.1\n"),
    "design.options.base": ("base: mean", "base: universal"),
    "outcomes.police_violence.where.crime_type": ("Violence and sexual offences", "Robbery"),
    "checks": HONEST,
    "seed": SEED,
    "smallest_worthwhile": ("0.10", "0.15"),
    "linkage.months": ("  months: 12", "  months: 6"),
    "value.price_year": ("2024-25", "2023-24"),
    "subgroups": ("\nseed:", "\nsubgroups: [district]\nseed:"),
}


def plan_of(folder, text=DEMO):
    return plan(load_study(project(folder, text)))


@pytest.mark.parametrize("change", LEAVES, ids=lambda c: c[0].strip()[:24])
def test_prose_may_change(tmp_path, change):
    before = plan_of(tmp_path)
    after = plan(load_study(changed(tmp_path / "params" / "demo.yaml", change)))
    assert plan_differences(before, after) == []
    assert fingerprint(before) == fingerprint(after)


@pytest.mark.parametrize("key", MATTERS)
def test_a_change_of_the_plan_is_found_where_it_is(tmp_path, key):
    before = plan_of(tmp_path)
    after = plan(load_study(changed(tmp_path / "params" / "demo.yaml", MATTERS[key])))
    found = plan_differences(before, after)
    assert {one.path for one in found} == {key}
    assert fingerprint(before) != fingerprint(after)


def test_comments_and_the_order_of_keys_do_not_count(tmp_path):
    before = fingerprint(plan_of(tmp_path / "a"))
    seed, worth = "seed: 20261123\n", "smallest_worthwhile: 0.10\n"
    assert DEMO.count(f"\n{seed}") == 1
    turned = DEMO.replace(f"\n{seed}", "\n", 1).replace(worth, f"{worth}# a remark\n{seed}")
    assert fingerprint(plan_of(tmp_path / "b", turned)) == before


def test_differences_are_in_an_evaluators_words(tmp_path):
    before = plan_of(tmp_path)
    path = changed(tmp_path / "params" / "demo.yaml", METHOD, HONEST)
    said = [str(one) for one in plan_differences(before, plan(load_study(path)))]
    assert said == ["design.method: callaway_santanna -> sun_abraham", "checks: honest_did was taken out"]


def test_an_outcome_that_comes_or_goes_is_named(tmp_path):
    entry = "  - name: ae_assaults\n    label: assaults seen in A&E\n    contract: ae_assaults\n    role: secondary\n"
    assert entry in DEMO
    less, more = plan_of(tmp_path / "a", DEMO.replace(entry, "")), plan_of(tmp_path / "b")
    assert [str(one) for one in plan_differences(less, more)] == ["outcomes.ae_assaults: was added"]
    assert [str(one) for one in plan_differences(more, less)] == ["outcomes.ae_assaults: was taken out"]


def test_every_key_is_plan_unless_it_is_named_as_prose(tmp_path):
    held = plan_of(tmp_path)
    study = canonical(load_study(tmp_path / "params" / "demo.yaml"))
    assert set(study) - set(held) == {way for way in PROSE if "." not in way}
    assert "label" not in held["outcomes"][0]
    assert "location" not in held["contracts"]["ae_assaults"]


def test_a_key_that_nobody_thought_of_is_plan():
    prose = {tuple(way.split(".")) for way in PROSE}
    assert _without({"harm": {"weights": 1}, "title": "x", "place": {"name": "y", "region": "z"}}, prose) == {
        "harm": {"weights": 1}, "place": {"region": "z"},
    }  # fmt: skip


def ways(kind=Study, before=""):
    """Every way into a study file, lists and mappings of nouns as `*`."""
    for name, hint in typing.get_type_hints(kind).items():
        yield before + name
        inner, star = hint, ""
        while typing.get_args(inner) and not dataclasses.is_dataclass(inner):
            star = ".*" if typing.get_origin(inner) in (tuple, dict) else star
            inner = next((a for a in typing.get_args(inner) if dataclasses.is_dataclass(a)), typing.get_args(inner)[-1])
            inner = typing.get_args(inner)[0] if typing.get_origin(inner) is typing.Annotated else inner
        if dataclasses.is_dataclass(inner):
            yield from ways(inner, f"{before}{name}{star}.")


def test_what_is_named_as_prose_is_in_a_study_file():
    known = set(ways())
    assert [way for way in PROSE if way not in known] == []


def without(held, *way):
    """Return a copy of a plan without one key, as a version of the program would have written it that lacked it."""
    copy = json.loads(json.dumps(held))
    inner = copy
    for step in way[:-1]:
        inner = inner[step]
    del inner[way[-1]]
    return copy


@pytest.mark.parametrize(
    "way", [("covariates",), ("design", "anticipation"), ("outcomes", 1, "better"), ("value", "rate")]
)
def test_a_key_that_the_program_learned_later_changes_no_plan(tmp_path, way):
    study = load_study(project(tmp_path))
    old = without(plan(study), *way)
    assert plan_beside(study, old) == old


@pytest.mark.parametrize(
    ("way", "change"),
    [(("design", "alpha"), MATTERS["design.alpha"]), (("subgroups",), MATTERS["subgroups"])],
)
def test_a_key_that_the_program_learned_later_counts_once_it_is_used(tmp_path, way, change):
    study = load_study(changed(project(tmp_path), change))
    old = without(plan(study), *way)
    (found,) = plan_differences(old, plan_beside(study, old))
    assert found.path == ".".join(way)


def test_without_options_a_method_takes_its_defaults(tmp_path):
    before = plan_of(tmp_path)
    after = plan(load_study(changed(tmp_path / "params" / "demo.yaml", OPTIONS)))
    assert {one.path for one in plan_differences(before, after)} == {
        "design.options.base", "design.options.trends", "design.options.small_sample",
    }  # fmt: skip
