"""Duplicates: planted ones are found, near misses are not, and nothing depends on the order."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import StudyError
from curv_eval.evidence.screening import Reference, find_duplicates, unique
from curv_eval.evidence.screening.titles import alike, first_page, head, misspelt, plain, surname

TITLE = "Focused deterrence and serious violence: evidence from four towns"


def made(name, title=TITLE, **given):
    held = {"authors": ("Marlow, Tamsin",), "year": 2019, "doi": "", "pages": ""} | given
    return Reference(id=name, title=title, **held)


def same(left, right):
    return bool(find_duplicates([left, right]).groups)


BASE = made("a", doi="10.5555/made.1", pages="101-119")

PLANTED = {
    "the same record": {"doi": "10.5555/made.1", "pages": "101-119"},
    "no DOI": {},
    "a letter missing": {"title": TITLE.replace("serious", "serius")},
    "two letters swapped": {"title": TITLE.replace("deterrence", "deterernce")},
    "a wrong letter": {"title": TITLE.replace("violence", "vielence")},
    "subtitle left out": {"title": "Focused deterrence and serious violence"},
    "an en dash for the colon": {"title": TITLE.replace(": ", " \u2013 ")},
    "an em dash for the colon": {"title": TITLE.replace(": ", "\u2014")},
    "capitals": {"title": TITLE.upper()},
    "an ampersand": {"title": TITLE.replace("and", "&")},
    "a full stop at the end": {"title": TITLE + "."},
    "layout marks": {"title": f"<i>{TITLE}</i>"},
    "a space lost": {"title": TITLE.replace("four towns", "fourtowns")},
    "an article more": {"title": TITLE.replace("from", "from the")},
    "a year later": {"year": 2020},
    "a year earlier": {"year": 2018},
    "no year": {"year": None},
    "initials only": {"authors": ("Marlow T.",)},
    "the first name first": {"authors": ("Tamsin Marlow", "Ben Okafor")},
    "an accent": {"authors": ("Márlow, T.",)},
    "pages written short": {"pages": "101-19"},
    "another journal name": {"journal": "J Mad Stud"},
    "the same DOI and a title cut off": {"doi": "10.5555/made.1", "title": TITLE[:40]},
    "the same DOI and another year": {"doi": "10.5555/made.1", "year": 2023},
    "no author, the same page": {"authors": (), "pages": "101"},
}
NEAR = {
    "part II": ({"title": TITLE + ", part I"}, {"title": TITLE + ", part II"}),
    "part 1 and part 2": ({"title": TITLE + " (part 1)"}, {"title": TITLE + " (part 2)"}),
    "study one and study two": ({"title": "Study one of " + TITLE}, {"title": "Study two of " + TITLE}),
    "five years later": ({}, {"year": 2024}),
    "two years later": ({}, {"year": 2021}),
    "an erratum": ({}, {"title": "Erratum: " + TITLE}),
    "a correction": ({}, {"title": "Correction to: " + TITLE}),
    "a protocol where nothing else is the subtitle": (
        {"title": "Hot spots of crime in towns"},
        {"title": "Hot spots of crime in towns: study protocol"},
    ),
    "an update where nothing else is the subtitle": (
        {"title": "Hot spots of crime in towns"},
        {"title": "Hot spots of crime in towns: an update"},
    ),
    "part II where nothing else is the subtitle": (
        {"title": "Hot spots of crime in towns"},
        {"title": "Hot spots of crime in towns: part II"},
    ),
    "four slips of the pen": (
        {"title": "Alpha mentor bravo deter charlie patrol delta school echo family"},
        {"title": "Alphx mentor bravx deter charlix patrol deltx school echo family"},
    ),
    "a reply": ({}, {"title": TITLE + ": a reply"}),
    "a protocol": ({}, {"title": TITLE + ": study protocol"}),
    "a retraction with the same DOI": ({"doi": "10.5555/x"}, {"doi": "10.5555/x", "title": "Retracted: " + TITLE}),
    "another first author": ({}, {"authors": ("Okafor, Ben",)}),
    "other pages": ({"pages": "1-10"}, {"pages": "201-219"}),
    "two DOIs": ({"doi": "10.5555/made.1"}, {"doi": "10.5555/made.2"}),
    "boys and girls": (
        {"title": "Mentoring and violence among boys in care"},
        {"title": "Mentoring and violence among girls in care"},
    ),
    "more and less": (
        {"title": "What makes knife crime increase in towns"},
        {"title": "What makes knife crime decrease in towns"},
    ),
    "men and women": (
        {"title": "Violence against men in four towns"},
        {"title": "Violence against women in four towns"},
    ),
    "another town": (
        {"title": "Street patrols in Hartlepool wards"},
        {"title": "Street patrols in Middlesbrough wards"},
    ),
    "a short title of another year": ({"title": "Editorial"}, {"title": "Editorial", "year": 2020}),
    "a short title without pages": ({"title": "Knife crime", "authors": ()}, {"title": "Knife crime", "authors": ()}),
    "one DOI for a whole book": (
        {"doi": "10.5555/book", "title": "Patrols and bars"},
        {"doi": "10.5555/book", "title": "School meals in Wales"},
    ),
    "a thesis and its article": ({"type": "thesis"}, {"type": "article"}),
    "a title with a number more": ({"title": "Hot spots of 2010 in towns"}, {"title": "Hot spots of 2012 in towns"}),
    "nothing but a title that is alike": ({"authors": (), "year": None}, {"authors": (), "year": None}),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_duplicate_is_found(what):
    other = made("b", **PLANTED[what])
    assert same(BASE, other), what
    assert same(other, BASE), what


@pytest.mark.parametrize("what", NEAR)
def test_a_near_miss_is_not_united(what):
    left, right = NEAR[what]
    assert not same(made("a", **left), made("b", **right)), what
    assert not same(made("b", **right), made("a", **left)), what


@pytest.mark.parametrize("what", ["two DOIs", "a thesis and its article", "one DOI for a whole book", "boys and girls"])
def test_what_only_a_person_can_decide_is_shown(what):
    left, right = NEAR[what]
    (pair,) = find_duplicates([made("a", **left), made("b", **right)]).to_look_at
    assert not pair.certain
    assert pair.reason


def words(seed, n):
    held = (
        "mentoring patrol deterrence school family therapy sport night economy alcohol licence street lighting camera "
        "hospital navigator custody outreach gang exit worker parent training summer job wage grant housing trauma"
    )
    return random.Random(seed).sample(held.split(), n)


def mistyped(title, at):
    spot = 8 + at % 20
    return title[:spot] + title[spot + 1 :] if title[spot] != " " else title[:spot] + title[spot + 2 :]


def planted_set():
    """200 works; of 60 a second record with one fault of five kinds; and 40 near misses of four kinds."""
    works = [
        made(
            f"w{n:03}",
            title=f"{' '.join(words(n, 6))}: effects on violence in area {n}",
            doi=f"10.5555/{n}",
            authors=(f"{words(n + 1000, 1)[0].capitalize()}, A.",),
            year=1990 + n % 30,
            pages=f"{n + 1}-{n + 9}",
        )
        for n in range(200)
    ]
    truth, more = set(), []
    for n, work in enumerate(works[:60]):
        changed = (
            {"title": mistyped(work.title, n)},
            {"year": work.year + 1},
            {"title": work.title.replace(":", " \u2013")},
            {"authors": (work.authors[0].upper(),)},
            {"title": work.title.title()},
        )[n % 5]
        held = {"authors": work.authors, "year": work.year, "pages": work.pages if n % 2 else "", "doi": ""} | changed
        more.append(made(f"x{n:03}", **({"title": work.title} | held)))
        truth.add((work.id, f"x{n:03}"))
    for n, work in enumerate(works[100:140]):
        changed = (
            {"title": work.title + ", part II"},
            {"year": work.year + 5},
            {"title": "Erratum: " + work.title},
            {"authors": ("Somebody, Else",)},
        )[n % 4]
        held = {"title": work.title, "authors": work.authors, "year": work.year} | changed
        more.append(made(f"y{n:03}", **held))
    return [*works, *more], truth


def test_precision_and_recall_on_a_planted_set():
    references, truth = planted_set()
    found = {(pair.left, pair.right) for pair in find_duplicates(references).pairs}
    right = len(found & truth)
    assert right / len(found) == 1.0, sorted(found - truth)
    assert right / len(truth) >= 0.98, sorted(truth - found)


def test_the_order_does_not_matter():
    references, _ = planted_set()
    found = find_duplicates(references)
    for seed in range(3):
        mixed = random.Random(seed).sample(references, len(references))
        other = find_duplicates(mixed)
        assert sorted(other.pairs, key=str) == sorted(found.pairs, key=str)
        assert sorted(other.groups) == sorted(found.groups)
        assert other.to_look_at == found.to_look_at


def test_a_group_holds_all_and_the_fullest_stays():
    full = made("c", doi="10.5555/made.1", abstract="words", journal="J", pages="101-119")
    bare, half = made("a"), made("b", doi="10.5555/made.1")
    found = find_duplicates([bare, half, full])
    assert found.groups == (("c", "b", "a"),)
    assert found.removed == ("b", "a")
    assert unique([bare, half, full], found) == (full,)
    assert repr(found) == "<Duplicates: 2 removed, 0 pairs to look at>"


def test_a_record_without_doi_does_not_unite_two_dois():
    records = [made("a", doi="10.5555/1"), made("b"), made("c", doi="10.5555/2")]
    found = find_duplicates(records)
    assert len(found.groups) == 1
    assert len(found.groups[0]) == 2
    assert any("would unite two DOIs" in pair.reason for pair in found.to_look_at)


def test_reasons_say_what_agrees():
    (pair,) = find_duplicates([BASE, made("b")]).pairs
    assert pair.reason == "same title, same first author, same year"
    assert (pair.left, pair.right, pair.similarity, pair.certain) == ("a", "b", 1.0, True)
    (pair,) = find_duplicates([BASE, made("b", doi="10.5555/made.1")]).pairs
    assert pair.reason == "same DOI"
    (pair,) = find_duplicates([BASE, made("b", title="Focused deterrence and serious violence")]).pairs
    assert pair.reason.startswith("subtitle left out")
    assert 0 < pair.similarity < 1
    (pair,) = find_duplicates([BASE, made("b", title=TITLE.replace("four", "fuor"))]).pairs
    assert pair.reason.startswith("title misspelt")


def test_ids_that_stand_twice_are_refused():
    with pytest.raises(StudyError) as refusal:
        find_duplicates([made("a"), made("a"), made("b")])
    assert refusal.value.breaches == ("a: 2 references",)


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_to_compare_gives_nothing(number):
    found = find_duplicates([made("a")][:number])
    assert (found.pairs, found.groups, found.to_look_at) == ((), (), ())


def test_more_pairs_than_can_be_compared_are_refused(monkeypatch):
    monkeypatch.setattr("curv_eval.evidence.screening.duplicates._MOST_PAIRS", 1_000)
    with pytest.raises(StudyError, match="more than 1,000 pairs"):
        find_duplicates([made(f"a{n}") for n in range(100)])


def test_thousands_are_compared_in_seconds():
    pool = [f"word{n}" for n in range(800)] + ["violence", "crime", "police", "young", "the"] * 40
    draw = random.Random(5)
    records = [made(f"r{n}", title=" ".join(draw.choices(pool, k=11))) for n in range(3_000)]
    begun = time.perf_counter()
    find_duplicates(records)
    assert time.perf_counter() - begun < 20


# the parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Effect\u2013of Ça Va", "the effect of ca va"),
        ("Don\u2019t", "dont"),
        ("A<sub>2</sub>B", "a 2 b"),
        ("naïve  RÉSUMÉ", "naive resume"),
        ("straße", "strasse"),
        ("Øre æ", "ore ae"),
        ("a_b", "a b"),
        ("!!!", ""),
        ("co-operation", "co operation"),
        ("R&amp;D", "r d"),
        ("ﬁre", "fire"),
    ],
)
def test_plain_text(text, expected):
    assert plain(text) == expected
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Marlow, Tamsin", "marlow"),
        ("Marlow T.", "marlow"),
        ("Marlow TJ", "marlow"),
        ("Tamsin Marlow", "marlow"),
        ("van der Berg, A.", "van der berg"),
        ("Van der Berg A.", "van der berg"),
        ("Home Office", "office"),
        ("García, J.", "garcia"),
        ("O\u2019Neil, P.", "oneil"),
        ("Smith-Jones A.-B.", "smith jones"),
        ("", ""),
    ],
)
def test_surnames(author, expected):
    assert surname(author) == expected


@pytest.mark.parametrize(
    ("pages", "expected"),
    [("101-119", "101"), ("101\u2013119", "101"), ("pp. 101-9", "101"), ("e12", "e12"), ("0101", "101"), ("", "")],
)
def test_first_pages(pages, expected):
    assert first_page(pages) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [("A: b", "A"), ("A \u2013 b", "A"), ("A-b", "A-b"), ("A? B", "A"), ("A. B", "A"), ("A", "A")],
)
def test_heads(title, expected):
    assert head(title) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("hot spots", "hotspots", True),
        ("hot spots of crime", "hot spots crime", True),
        ("boys", "girls", False),
        ("increase", "decrease", False),
        ("male", "female", False),
        ("violence", "voilence", True),
        ("rural towns", "urban towns", False),
        ("short term", "long term", False),
        ("rehabilitation", "rehabilitaion", True),
        ("a b c d", "a b c d", True),
        ("one two", "one two three", False),
        ("at", "it", False),
    ],
)
def test_slips_of_the_pen_are_told_from_other_words(left, right, expected):
    assert misspelt(left, right) is expected
    assert misspelt(right, left) is expected


@given(st.text(alphabet="abc ", max_size=20), st.text(alphabet="abc ", max_size=20))
def test_likeness_is_the_same_both_ways_and_between_0_and_1(left, right):
    found = alike(left, right, least=0.0)
    assert found == alike(right, left, least=0.0)
    assert 0 <= found <= 1
    assert alike(left, left, least=0.9) == 1.0


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["alpha beta gamma delta", "alpha beta gamma", "part one", "part two"]),
            st.sampled_from([2000, 2001, 2010, None]),
            st.sampled_from(["", "10.5555/a", "10.5555/b"]),
        ),
        max_size=7,
    )
)
def test_groups_part_the_references_and_hold_one_doi(rows):
    records = [made(f"r{n}", title=title, year=year, doi=doi) for n, (title, year, doi) in enumerate(rows)]
    found = find_duplicates(records)
    named = [name for group in found.groups for name in group]
    assert len(named) == len(set(named))
    by = {one.id: one for one in records}
    for group in found.groups:
        assert len({by[name].doi for name in group} - {""}) <= 1
    assert len(unique(records, found)) == len(records) - len(found.removed)
    assert find_duplicates(unique(records, found)).groups == ()
