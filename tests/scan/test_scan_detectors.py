"""Detectors alone: check figures by property, and texts that are no alarm."""

import hashlib
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planted import nhs, upn

from curv_eval.disclosure.scan.codes import codes
from curv_eval.disclosure.scan.contacts import emails, phones
from curv_eval.disclosure.scan.detectors import detect
from curv_eval.disclosure.scan.found import clean
from curv_eval.disclosure.scan.official import nhs_numbers, pupil_numbers
from curv_eval.disclosure.scan.places import postcodes

FIGURES = st.text("0123456789", min_size=9, max_size=9)
MARKS = st.sampled_from(["", " ", "-"])


def changed(text, place, step):
    """The same text with one figure moved on by step, 1 to 9."""
    return f"{text[:place]}{(int(text[place]) + step) % 10}{text[place + 1 :]}"


@given(FIGURES, MARKS, st.integers(0, 9), st.integers(1, 9))
def test_an_nhs_number_is_found_by_its_check_and_no_other_figure_will_do(nine, mark, place, step):
    ten = nhs(nine)
    assume(ten is not None and not ten.endswith("000000") and len(set(ten)) > 1)
    text = f"no. {mark.join((ten[:3], ten[3:6], ten[6:]))} on the list"
    (found,) = nhs_numbers(text)
    assert re.sub(r"\D", "", text[found.start : found.end]) == ten
    assert not list(nhs_numbers(f"no. {changed(ten, place, step)} on the list"))


@given(FIGURES)
def test_figures_within_a_number_or_a_word_are_no_nhs_number(nine):
    ten = nhs(nine)
    assume(ten is not None)
    for text in (f"0.{ten}", f"{ten}.25", f"1{ten}", f"{ten}1", f"m{ten}", f"{ten},5"):
        assert not list(nhs_numbers(text)), text


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_a_pupil_number_is_found_by_its_letter(twelve, place, step):
    whole = upn(twelve)
    assert len(list(pupil_numbers(f"UPN {whole}."))) == 1
    other = changed(twelve, place, step)
    assert len(list(pupil_numbers(f"UPN {whole[0]}{other}."))) == (upn(other)[0] == whole[0])


AREAS = st.sampled_from(["TS", "B", "SW", "DL", "YO", "NE", "EC", "W", "ZY"])
DISTRICTS = st.one_of(st.integers(1, 99).map(str), st.sampled_from(["1A", "2W", "9K"]))
UNITS = st.text("ABDEFGHJLNPQRSTUWXYZ", min_size=2, max_size=2)


@given(AREAS, DISTRICTS, st.sampled_from(["", " ", "  ", "-", "\u00a0", "\n"]), st.integers(0, 9), UNITS)
def test_a_postcode_is_found_whole_and_its_first_half_is_not(area, district, gap, sector, unit):
    assert len(list(postcodes(clean(f"at {area}{district}{gap}{sector}{unit}.")))) == 1
    assert len(list(postcodes(f"{area}{district}{gap}{sector}{unit}".lower()))) == (
        unit not in ("ST", "ND", "RD", "TH")
    )
    assert not list(postcodes(f"in {area}{district}, {area}{district} {sector} and {area}"))


@given(st.sampled_from(["E01", "E02", "E05", "E06", "W01", "S12", "E00"]), st.integers(0, 999_999))
def test_a_code_of_an_area_is_no_alarm(kind, number):
    assert detect(f"{kind}{number:06d}") == ()
    assert detect(f"areas {kind}{number:06d} and {kind}{number:06d}, both") == ()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_with_decimals_is_no_alarm(value):
    text = repr(value)
    assume("." in text and not text.endswith(".0"))
    assert detect(text) == ()


@given(st.integers(16, 80), st.randoms(use_true_random=False))
def test_runs_of_hexadecimal_figures_are_found_from_16_on(length, random):
    run = "a1" + "".join(random.choice("0123456789abcdef") for _ in range(length - 2))
    assert [(one.start, one.end) for one in codes(f"id {run} end") if "UUID" not in one.kind] == [(3, 3 + length)]
    assert not list(codes(f"id {run[:15]} end"))


@settings(max_examples=30)
@given(st.text(max_size=100))
def test_no_text_breaks_a_detector_and_every_span_lies_within(text):
    for found, seen in detect(text):
        assert 0 <= found.start < found.end <= len(seen)


INNOCENT = [
    "Stockton-on-Tees, Hartlepool, Middlesbrough and Redcar & Cleveland",
    "Victoria Ward, Park End, Stainsby Hill",
    "outward codes TS1, TS24 and DL1 only",
    "TS24 AND TS25",
    "Berwick Hills & Pallister",
    "St James Hall, Rose Hill",
    "code E01012345 in ward E05001234, district E06000002",
    "ICD-10 X85-Y09, W25, W26 and Y28",
    "from 3 May 2023 to 31 December 2024",
    "2023-07-01",
    "01-02-2023 10:15",
    "01/02/2023 and 02/03/2023",
    "born in 2006 or later",
    "aged 10 to 24 at birth of the plan",
    "25 of 30 areas; 1,400 (1,000 to 1,800)",
    "0.4857773456",
    "-1.234567890123",
    "1200000000",
    "12,000,000,000",
    "p = 0.0123456789",
    "8.42e-12",
    "Callaway, B. and Sant'Anna, P. (2021) Difference-in-differences with multiple time periods, J. Econometrics",
    "as Jonathan Taylor (2022) shows, a test before the start has little power to see a drift of that size",
    "https://doi.org/10.1016/j.jeconom.2020.12.001",
    "10.1257/aer.84.4.772",
    "ISBN 0-306-40615-2",
    "https://orcid.org/0000-0002-1825-0097",
    "https://data.police.uk/data/archive/",
    "the chief constable of the force",
    "the Violence Reduction Unit that runs the intervention",
    "On or near Acklam Road",
    "a street in 12 wards",
    "12 Street mentoring schemes",
    "in 2023 Middlesbrough Road Safety",
    "page 3 of 5",
    "Section 16(4)",
    "24/25",
    "5/7",
    "Run e9cb76a97928, study demo. Fingerprints (SHA-256, first 16 characters): study def3c1986c189904, "
    "program 50331ff0f7e67ff9, data f48aeb2d15aa66c7.",
    "Run e9cb76a97928, study demo. Fingerprints (SHA-256, first 16 characters): study 01642123456abcde, "
    "program 0191498000fe12ab, data 07700900123f45ab.",
    "#12436d",
    "FillBetweenPolyCollection_12",
    "https://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
    "author@example.org",
    "cleveland-asb-hotspots-imputation-1a2b3c",
    "case numbers fell",
    "crime reference period",
    "the crime number fell",
    "incident number",
    "Mark Price",
    "Summer Young",
    "Harper Lane",
    "Mr and Mrs",
    "an unmissable Miss",
    "54.57, -1.23",
    "NZ 495 201",
    "1st 2nd 3rd",
    "group T1 1st wave",
    "wave S1 2nd half",
    "B1 5th",
    "M25 and A19",
    "RG123456",
    "data:, none",
    "A&E",
    "+44",
    "0800",
    "020",
    "year 2024/25 in prices of 2024-25",
]


@pytest.mark.parametrize("text", INNOCENT)
def test_what_names_nobody_is_no_alarm(text):
    assert [found.kind for found, _ in detect(text)] == []


def test_a_name_before_a_year_is_an_author_in_a_sentence_only():
    assert [one.kind for one, _ in detect("Liam Taylor (2004)")] == ["name of a person"]
    assert [one.kind for one, _ in detect("on that day Liam Taylor was seen again by two of the wardens")]


def test_no_more_than_what_is_asked_is_an_address():
    assert not list(emails("user@host and @mention and a@b"))
    assert list(emails("A.User@Charity.org.uk"))
    for text in ("01642", "0164 2", "2023 01642", "10 000 000 000", "0.1642774774", "£01642774774"):
        assert not list(phones(text)), text


def test_no_fingerprint_of_thousands_of_studies_looks_like_an_identifier():
    """One of 302 did: sixteen hexadecimal figures that begin as a telephone number does."""
    form = "Run {}, study demo. Fingerprints (SHA-256, first 16 characters): study {}, program {}, data {}."
    hashes = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(8_000))
    found = [detect(form.format(one[:12], one[12:28], one[28:44], one[44:60])) for one in hashes]
    assert found == [()] * 8_000


@pytest.mark.parametrize("end", ["", " ext 5", "x12", "ext. 12", ",", ")", " after"])
def test_a_telephone_number_may_have_an_extension(end):
    assert len(list(phones(f"call 01642 123456{end}"))) == 1
