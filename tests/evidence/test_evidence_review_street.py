"""One review from three exports to the words a commissioner reads, with every number counted by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from exported import write
from pooled_effects import studies

from curv_eval.errors import CurvError, StudyError
from curv_eval.evidence.judgement import (
    Baseline,
    CostRange,
    Pooled,
    ReviewFacts,
    by_domain,
    certainty,
    cost_per_prevented,
    effect_step,
    per_people,
    say,
    secure,
    suggest,
    traffic_lights,
)
from curv_eval.evidence.judgement.suggestions import DOWN
from curv_eval.evidence.screening import (
    agreement,
    checklist,
    find_duplicates,
    flow_of,
    parts,
    read_references,
    reference_table,
    screen,
    settled,
    unique,
    whole,
)

REASONS = ("wrong_design", "no_outcome")
WHO = ("Ann", "Ben")


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    files = write(tmp_path_factory.mktemp("exports"))
    return [read_references(path, database=name) for name, path in files.items()]


@pytest.fixture(scope="module")
def everything(exports):
    return [one for export in exports for one in export.references]


def named(references, piece):
    return [one for one in references if piece in one.title]


def test_every_entry_is_read_or_reported(exports):
    assert [(one.database, one.entries, len(one.references)) for one in exports] == [
        ("Scopus", 7, 7),
        ("Web of Science", 5, 4),
        ("Zotero", 5, 4),
    ]
    assert [str(fault) for one in exports for fault in one.broken] == [
        "line 24: no title",
        "line 18: a brace or quotation mark is not closed (line 18)",
    ]


def test_what_was_lost_is_refused_where_nothing_may_be(exports):
    assert len(whole(exports[0])) == 7
    for export in exports[1:]:
        with pytest.raises(StudyError, match="could not be read"):
            whole(export)


def test_three_ways_of_writing_one_work_are_read_alike(everything):
    found = named(everything, "treet mentoring and knife injuries")
    assert [one.year for one in found if not one.title.startswith("Erratum")] == [2019, 2019, 2019]
    assert {one.doi for one in found} == {"10.5555/made.1", "10.5555/made.9", ""}


def test_accents_and_formulas_come_through(everything):
    (brook,) = named(everything, "Summer jobs")
    assert brook.authors == ("Brook, Zoë",)
    (ford,) = named(everything, "Family therapy")
    assert ford.title == "=Family therapy for young people"
    table = reference_table(everything).set_index("id")
    assert table.loc[ford.id, "title"] == "'=Family therapy for young people"


def test_the_same_works_are_united_and_no_others(everything):
    found = find_duplicates(everything)
    titles = {one.id: one.title for one in everything}
    groups = sorted(sorted(titles[name] for name in group) for group in found.groups)
    assert groups == [
        ["Hospital navigaters after assault", "Hospital navigators after assault"],
        ["Patrols in hot spots, part I", "Patrols in hot spots, part I"],
        [
            "Street mentoring and knife injuries",
            "Street mentoring and knife injuries \u2013 a cluster trial",
            "Street mentoring and knife injuries: a cluster trial",
        ],
    ]
    assert len(unique(everything, found)) == 15 - 4


def test_the_fullest_record_stays(everything):
    kept = {one.id for one in unique(everything, find_duplicates(everything))}
    assert {"scopus-1", "scopus-2", "scopus-3"} <= kept
    assert not {"web-of-science-1", "web-of-science-2", "zotero-1", "zotero-2"} & kept


def test_part_two_the_erratum_and_another_year_stay_apart(everything):
    kept = unique(everything, find_duplicates(everything))
    assert len(named(kept, "part II")) == 1
    assert len(named(kept, "Erratum")) == 1
    assert sorted(one.year for one in named(kept, "School programmes")) == [2012, 2017]


# screening: 11 works; the first 6 go on, of which 1 cannot be had and 2 are excluded


def rows_of(ids):
    rows = []
    for at, name in enumerate(ids):
        first = "include" if at < 6 else "exclude"
        second = "exclude" if at == 5 else "include" if at == 6 else first
        rows += [(name, "title_abstract", WHO[0], first, ""), (name, "title_abstract", WHO[1], second, "")]
    rows += [(ids[5], "title_abstract", "agreed", "include", ""), (ids[6], "title_abstract", "agreed", "exclude", "")]
    ends = [("include", "")] * 3 + [
        ("exclude", "not_retrieved"),
        ("exclude", "wrong_design"),
        ("exclude", "no_outcome"),
    ]
    for name, (said, why) in zip(ids[:6], ends, strict=True):
        rows += [(name, "full_text", who, said, why) for who in WHO]
    return pd.DataFrame(rows, columns=["reference", "stage", "screener", "decision", "reason"])


@pytest.fixture(scope="module")
def screened(everything):
    ids = [one.id for one in unique(everything, find_duplicates(everything))]
    return settled(screen(rows_of(ids), ids, reasons=REASONS))


def test_two_people_agree_as_counted_by_hand(screened):
    first, second = agreement(screened)
    # 5 both in, 4 both out, 1 each way: raw 9/11, chance (6/11)^2 + (5/11)^2
    raw, chance = 9 / 11, (36 + 25) / 121
    assert first.kappa.raw == pytest.approx(raw)
    assert first.kappa.kappa == pytest.approx((raw - chance) / (1 - chance))
    assert second.kappa.raw == 1.0
    assert second.kappa.n == 5


def test_the_flow_adds_up_from_the_first_record_to_the_last(exports, everything, screened):
    held = flow_of(exports, find_duplicates(everything), screened, studies=3)
    assert held.identified == {"Scopus": 7, "Web of Science": 5, "Zotero": 5}
    assert held.removed == {"duplicates": 4, "could not be read": 2}
    assert (held.found, held.screened, held.excluded) == (17, 11, 5)
    assert (held.reports.sought, held.reports.not_retrieved, held.reports.assessed) == (6, 1, 5)
    assert held.reports.excluded == {"wrong_design": 1, "no_outcome": 1}
    assert (held.studies, held.included) == (3, 3)
    assert held.text == (
        "Searches of Scopus: 7, Web of Science: 5, Zotero: 5 found 17 records. Before reading, 6 records were taken "
        "out (duplicates: 4, could not be read: 2). Two people read the titles and summaries of 11 records and left "
        "out 5. 6 full reports were sought, and 1 could not be had. 5 reports were read in full. 2 were left out "
        "(wrong design: 1, no outcome: 1). The review holds 3 studies, described in 3 reports."
    )


def test_numbers_in_the_text_are_those_in_the_boxes(exports, everything, screened):
    held = flow_of(exports, find_duplicates(everything), screened, studies=3)
    shown = {int(n) for n in held.table["n"]}
    said = {int(word.strip(",.():")) for word in held.text.split() if word.strip(",.():").isdigit()}
    assert said <= shown


def test_more_studies_than_reports_are_refused(exports, everything, screened):
    with pytest.raises(StudyError, match="do not add up"):
        flow_of(exports, find_duplicates(everything), screened, studies=4)


# judgement of the three studies

HELD = Pooled(
    "violent crime", "rate ratio", 0.8, 0.7, 0.92, 3, 0.05, prediction=(0.55, 1.16), i2=0.3
)  # made up: no synthesis is run here
ASSESSED = studies(3, high=1)


def test_words_steps_and_ratings_tell_one_story():
    text = say(HELD, "mentoring").text
    assert "violent crime fell by about 20% (between 8% and 30%)" in text
    assert "We cannot tell whether it would work here" in text
    assert effect_step(HELD) == "benefit on average"
    steps = {one.reason: one.steps for one in suggest(HELD, assessed=ASSESSED)}
    assert (steps["risk_of_bias"], steps["inconsistency"], steps["imprecision"]) == (-1, -1, 0)
    assert steps["publication_bias"] is None
    rating = secure(ReviewFacts(HELD, 3, 0, 0, ASSESSED, plan="registered", indirect=0))
    assert (rating.level, rating.capped_by) == (1, ("differences between places",))


def test_a_person_who_follows_the_numbers_gives_what_they_suggest():
    said = suggest(HELD, assessed=ASSESSED)
    judged = {one.reason: (one.steps or 0, one.why) for one in said if one.reason in DOWN}
    held = certainty("violent crime", "randomised", judged, by="Ann Example", suggested=said)
    assert held.level == "low"
    assert "the numbers suggested" not in held.text


def test_tables_of_bias_have_every_study():
    rows = traffic_lights(ASSESSED)
    assert set(rows["study"]) == {"s0", "s1", "s2"}
    shares = by_domain(ASSESSED).query("domain == 'overall'").set_index("level")["share"]
    assert shares["high"] == pytest.approx(1 / 3)


def test_what_it_means_and_costs_follow_from_the_same_ratio():
    base = Baseline(1000, "young people", "made up")
    people = per_people(HELD, base)
    cost = cost_per_prevented(HELD, base, CostRange(40, 40, "2024-25", "made up"), generator=np.random.default_rng(4))
    assert people.fewer == pytest.approx(200)
    # £40 for each of 100,000 people, and 200 acts fewer
    assert cost.middle == pytest.approx(100_000 * 40 / people.fewer, rel=0.01)
    assert cost.low == pytest.approx(100_000 * 40 / people.high, rel=0.05)


def test_nothing_a_reader_meets_has_forbidden_words(exports, everything, screened):
    texts = [say(HELD, "mentoring").text, secure(ReviewFacts(HELD, 3, 0, 0, ASSESSED)).text]
    texts += [one.text for one in agreement(screened)]
    texts += [flow_of(exports, find_duplicates(everything), screened, studies=3).text]
    for text in texts:
        assert "significan" not in text
        assert "nan" not in text.split()
        assert "None" not in text.replace("None was left out", "")


def test_a_brief_of_all_this_meets_the_checklist():
    where = {part: "the brief" for part in parts() if part not in ("funding", "interests")}
    table = checklist(where, {"funding": "not yet known", "interests": "not yet asked"}).set_index("item")
    assert list(table.index[table["met"] != "met"]) == ["25", "26"]
    assert table.loc["25", "reason"] == "funding: not yet known"


# nothing in the street steers a terminal or leaves the house's kind of error

HOSTILE = "\x1b]0;owned\x07\u202eevil"


@pytest.mark.parametrize("name", ["scopus.csv", "wos.ris", "zotero.bib"])
def test_hostile_titles_are_harmless_all_the_way(tmp_path, name):
    write(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes().replace(b"Patrols", HOSTILE.encode()).replace(b"Sport", HOSTILE.encode()))
    export = read_references(path, database="x")
    for one in export.references:
        assert not any(sign in one.title for sign in ("\x1b", "\x07", "\u202e"))
    for fault in export.faults:
        assert "\x1b" not in str(fault)
    find_duplicates(export.references)


@pytest.mark.parametrize("name", ["scopus.csv", "wos.ris", "zotero.bib"])
@pytest.mark.parametrize("cut", [0.1, 0.35, 0.6, 0.85, 0.99])
def test_a_file_cut_off_anywhere_is_read_as_far_as_it_goes(tmp_path, name, cut):
    write(tmp_path)
    path = tmp_path / name
    raw = path.read_bytes()
    full = read_references(path, database="x")
    path.write_bytes(raw[: int(len(raw) * cut)].decode("utf-8", "ignore").encode())
    try:
        found = read_references(path, database="x")
    except CurvError:
        assert cut < 0.2
        return
    assert len(found.references) <= len(full.references)
    same = [one for one in found.references if one in full.references]
    # all but the last one, which the cut may have shortened
    assert len(same) >= len(found.references) - 1


@pytest.mark.parametrize("seed", range(5))
def test_files_with_bytes_changed_at_random_end_in_an_export_or_a_clear_refusal(tmp_path, seed):
    draw = np.random.default_rng(seed)
    for database, path in write(tmp_path).items():
        raw = bytearray(path.read_bytes())
        for at in draw.integers(0, len(raw), 12):
            raw[at] = int(draw.integers(0, 128))
        path.write_bytes(bytes(raw))
        try:
            export = read_references(path, database=database)
        except CurvError as refusal:
            assert refusal.what
            continue
        assert export.entries >= len(export.references)
        assert export.entries == len(export.references) or export.broken


def test_the_order_of_files_changes_ids_of_groups_but_not_what_stays(exports):
    forth = [one for export in exports for one in export.references]
    back = [one for export in exports[::-1] for one in export.references]
    assert {one.id for one in unique(forth, find_duplicates(forth))} == {
        one.id for one in unique(back, find_duplicates(back))
    }


def test_a_second_pass_finds_nothing_more(everything):
    kept = unique(everything, find_duplicates(everything))
    assert find_duplicates(kept).groups == ()


def test_a_reference_cannot_be_changed(everything):
    with pytest.raises(AttributeError):
        everything[0].title = "another"
    assert replace(everything[0], title="another").id == everything[0].id
