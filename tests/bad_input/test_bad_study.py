"""A study file that cannot be used is refused before anything else happens."""

import pytest
from projects import DEMO, curv_eval, plain_study, project
from refusals import refused

HELD = plain_study()
EXAMPLE = "do: see GLOSSARY.md, or start from `curv-eval new`"


def run(old, new, *pieces, kind="StudyError"):
    assert old in HELD, old
    folder = project(study=HELD.replace(old, new, 1))
    said = curv_eval(folder, "run", "params/study.yaml")
    refused(folder, said, kind, *pieces)
    return said


KEYS = {
    "unknown": ("title:", "titel:", "titel: unknown key; did you mean `title`?", "title: is missing", EXAMPLE),
    "unknown, deep": (
        "comparison: not_yet", "comparision: not_yet", "design.comparision: unknown key; did you mean `comparison`?",
    ),
    "unknown, in a list": (
        "    role: secondary", "    role: secondary\n    betr: lower",
        "outcomes (entry 2).betr: unknown key; did you mean `better`?",
    ),
    "twice": (
        "seed: 20261123\n", "seed: 20261123\nseed: 3\n",
        "study.yaml: a key stands twice", "`seed` was already given on line", "do: keep one of the two",
    ),
    "twice, deep": (
        "  cluster: ward\n", "  cluster: ward\n  cluster: lsoa\n", "`cluster` was already given on line", "keep one",
    ),
    "missing": ("seed: 20261123\n", "", "seed: is missing", EXAMPLE),
}  # fmt: skip


@pytest.mark.parametrize("case", KEYS)
def test_keys(case):
    old, new, *pieces = KEYS[case]
    run(old, new, *pieces)


NAMES = {
    "method": (
        "callaway_santanna", "calaway_santana",
        "design.method: there is no method `calaway_santana`; did you mean callaway_santanna?",
        "there are ", "callaway_santanna, ", "poisson_fixed_effects, ",
    ),
    "option": ("base: mean", "bse: mean", "bse: not an option of callaway_santanna (it has base, trends,"),
    "option's value": ("base: mean", "base: middle", "base: got 'middle', expected one of varying, universal, mean"),
    "check": ("pre_trends", "pretrends", "there is no check `pretrends`; did you mean pre_trends?"),
    "check twice": ("[pre_trends,", "[pre_trends, pre_trends,", "checks: pre_trends stands twice"),
    "contract": (
        "  vcse_referrals:\n    location", "  vcse_referals:\n    location",
        "delivery: vcse_referrals is not under `contracts:`",
    ),
    "contract that does not exist": (
        "  lsoa_lookup: lsoa", "  hospital_stays: x.csv\n  lsoa_lookup: lsoa",
        "there is no contract 'hospital_stays'; did you mean", "use one of ae_assaults, ae_attendances",
    ),
    "contract nobody can do without": (
        "  lsoa_population: lsoa_population.csv\n", "",
        "contracts: lsoa_population is missing; every study of areas needs it",
    ),
    "outcome's contract": (
        "    contract: ae_assaults", "    contract: ae_asaults",
        "outcomes.ae_assaults.contract: ae_asaults is not under `contracts:`",
    ),
    "outcome's contract without places": (
        "    contract: ae_assaults", "    contract: vcse_sessions",
        "outcomes.ae_assaults: vcse_sessions has no area and month to count by",
    ),
    "column": (
        "{ crime_type:", "{ crimetype:",
        "outcomes.police_violence.where: police_uk_street has no column `crimetype` (it has crime_id, month,",
    ),
    "column's value": (
        "Violence and sexual", "Violent and sexual", "where.crime_type: got 'Violent and sexual offences'; expected",
        "did you mean 'Violence and sexual offences'?",
    ),
    "column that holds no text": (
        "{ crime_type: Violence and sexual offences }", "{ longitude: here }",
        "where.longitude: rows can be chosen by text or true and false, not by number",
    ),
    "intervention": (
        "intervention: intervention_register", "intervention: ward_lookup",
        "intervention: ward_lookup has no column `start_month`, which is needed",
    ),
    "delivery": (
        "referrals: vcse_referrals, sessions: vcse_sessions", "referrals: vcse_sessions, sessions: vcse_referrals",
        "delivery.referrals: vcse_sessions has no column `accepted`, which is needed",
        "delivery.sessions: vcse_referrals has no column `minutes_attended`, which is needed",
    ),
    "contract that nothing uses": (
        "  lsoa_lookup: lsoa", "  ambulance_incidents: ambulance_incidents.csv\n  lsoa_lookup: lsoa",
        "contracts.ambulance_incidents: nothing in this study uses it; leave it out",
    ),
    "key that nothing reads": (
        "seed: 20261123\n", "seed: 20261123\nsubgroups: [sex]\n",
        "subgroups: nothing in this study reads it, only subgroup would; leave it out or name that too",
    ),
    "place outside the data folder": (
        "ae_assaults: { location: ae_assaults.csv", "ae_assaults: { location: ../secret.csv",
        "contracts.ae_assaults: '../secret.csv' leaves the data folder",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMES)
def test_names_that_refer_to_nothing(case):
    old, new, *pieces = NAMES[case]
    run(old, new, *pieces)


def test_every_unknown_name_is_named_at_once():
    text = HELD.replace("callaway_santanna", "magic").replace("pre_trends", "luck").replace("crime_type", "kind")
    folder = project(study=text)
    said = curv_eval(folder, "data", "check", "params/study.yaml")
    refused(folder, said, "StudyError", "there is no method `magic`", "there is no check `luck`", "no column `kind`")


VALUES = {
    "a date that is none": (
        'registered: "2026-11-23"', "registered: 2026-02-30",
        "registered: got '2026-02-30'; expected a day that is in the calendar",
    ),
    "a date in another order": (
        'registered: "2026-11-23"', "registered: 23/11/2026", "got '23/11/2026'; expected a day like 2026-11-23",
    ),
    "a month in words": ("first: 2023-03", "first: March 2023", "window.first: got 'March 2023'; expected a month"),
    "a year for a month": ("first: 2023-03", "first: 2023", "design.window.first: got 2023; expected text, in quotes"),
    "a window backwards": (
        "first: 2023-03, last: 2024-02", "first: 2024-02, last: 2023-03",
        "design.window", "expected a last month that is not before the first (2024-02 to 2023-03)",
    ),
    "a negative seed": ("seed: 20261123\n", "seed: -1\n", "seed: got -1; expected 0 or more"),
    "a seed in quotes": ("seed: 20261123\n", "seed: '1'\n", "seed: got '1'; expected a whole number without quotes"),
    "a long title": ("title: Did", f"title: {'very ' * 20}Did", "characters); expected 90 characters at most"),
    "no title": ("title: Did street mentoring", "title:\nquestion2: Did", "title: got nothing; expected text"),
    "a per cent sign": (
        "smallest_worthwhile: 0.10", "smallest_worthwhile: 10%",
        "smallest_worthwhile: got '10%'; expected a number such as 0.1, without quotes or %",
    ),
    "per cent for a share": ("smallest_worthwhile: 0.10", "smallest_worthwhile: 10", "got 10; expected less than 1"),
    "one district without a list": (
        "districts: [E06999001, E06999002, E06999003, E06999004]", "districts: E06999001",
        "place.districts: got 'E06999001'; expected a list, such as [one, two]",
    ),
    "a district's name": (
        "districts: [E06999001,", "districts: [Northwick,",
        "place.districts (entry 1): got 'Northwick'; expected a district's code like E06000002",
    ),
    "a word for another": (
        "comparison: not_yet_treated", "comparison: control",
        "design.comparison: got 'control'; expected 'never_treated' or 'not_yet_treated'",
    ),
    "two primary outcomes": (
        "role: secondary", "role: primary", "outcomes: exactly one is primary, and it stands first",
    ),
    "a study's name with spaces": (
        "study: demo\n", "study: My Study\n", "got 'My Study'; expected a name of 3 to 60 small letters, digits and -",
    ),
    "lines where a word was meant": (
        "  intervention: mentoring\n", "  intervention:\n    one: mentoring\n",
        "words.intervention: got `key: value` lines; expected text",
    ),
    "a word where lines were meant": ("place:\n", "place: Vale\nplaces:\n", "place: got 'Vale'; expected `key: value`"),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
def test_values(case):
    old, new, *pieces = VALUES[case]
    run(old, new, *pieces)


FILES = {
    "tabs": (HELD.replace("  method:", "\tmethod:"), "study.yaml is not YAML", "a tab stands where spaces must stand"),
    "a bracket left open": (HELD.replace("[pre_trends", "[[pre_trends"), "study.yaml is not YAML", "line "),
    "empty": ("", "study.yaml holds no `key: value` lines", "start from `curv-eval new`"),
    "a list": ("- one\n- two\n", "holds no `key: value` lines"),
    "an alias": (HELD.replace("seed: 20261123", "seed: *seed"), "uses a YAML alias", "write the value out"),
    "the path given": (HELD + "path: /etc\n", "path: is set by the program"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_hold_no_study(case):
    text, *pieces = FILES[case]
    folder = project(study=text or "\n")
    refused(folder, curv_eval(folder, "run", "params/study.yaml"), "StudyError", *pieces)


def test_a_study_in_another_encoding():
    folder = project()
    (folder / "params" / "study.yaml").write_bytes(HELD.replace("Vale", "Vallée").encode("latin-1"))
    said = curv_eval(folder, "run", "params/study.yaml")
    refused(folder, said, "StudyError", "study.yaml is not UTF-8 (byte", "save it as UTF-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [("params/studie.yaml", "there is no readable file"), ("params", "params is a folder, not a file")],
)
def test_a_wrong_path(given, said):
    folder = project()
    refused(folder, curv_eval(folder, "run", given), "StudyError", said, "give a study file such as params/demo.yaml")


def test_a_study_that_makes_up_its_data_is_not_silently_run_on_them_instead_of_the_data_given():
    folder = project(study=DEMO)
    (folder / "real").mkdir()
    said = curv_eval(folder, "run", "params/study.yaml", "--data", "real")
    refused(
        folder, said, "StudyError", "makes up its own data (`made_up:`), and --data gives others", "take `made_up:`"
    )
