"""Each detector alone: what it finds, exactly where, and what looks like it and is not."""

import pytest

from curv_eval.disclosure.scan.codes import CRIME, PSEUDONYM, UNIQUE, codes
from curv_eval.disclosure.scan.contacts import emails, phones
from curv_eval.disclosure.scan.found import clean
from curv_eval.disclosure.scan.official import (
    nhs_valid,
    ni_numbers,
    police_numbers,
    pupil_numbers,
    upn_letter,
    vehicles,
)
from curv_eval.disclosure.scan.persons import births, names
from curv_eval.disclosure.scan.places import addresses, coordinates, postcodes


def spans(detector, text):
    """What a detector finds in a text, as the texts themselves."""
    return [text[one.start : one.end] for one in detector(text)]


# detector: text -> what is found in it
FOUND = {
    postcodes: {
        "at TS1 3BX.": ["TS1 3BX"],
        "TS1 3BX and TS24 7RW": ["TS1 3BX", "TS24 7RW"],
        "(TS13BX)": ["TS13BX"],
        "TS1  3BX": ["TS1  3BX"],
        "TS1\n3BX": ["TS1\n3BX"],
        "TS1_3BX": ["TS1_3BX"],
        "TS1%203BX": ["TS1%203BX"],
        "TS1+3BX": ["TS1+3BX"],
        "postcode=ts1 3bx&x=1": ["ts1 3bx"],
        "Ts1 3bX": ["Ts1 3bX"],
        "W1A 1AA": ["W1A 1AA"],
        "EC1V 9LB": ["EC1V 9LB"],
        "B33 8TH": ["B33 8TH"],
        "S1 2ND": ["S1 2ND"],
        "girl 0aa GIR0AA": ["GIR0AA"],
        "1TS1 3BX": [],
        "TS1 3BXA": [],
        "TS1 3BC": [],
        "TS1 3IX": [],
        "QS1 3BX": [],
        "XX1 3BX": [],
        "TS1": [],
        "TS1 and 3BX": [],
        "TS123 3BX": [],
        "s1 2nd place": [],
        "m1 1st": [],
        "E01012345": [],
        "E06 000002": [],
        "X85 9ZZ": [],
    },
    addresses: {
        "lives at 12 Acklam Road now": ["12 Acklam Road"],
        "12a Acklam Road": ["12a Acklam Road"],
        "114, Linthorpe Rd": ["114, Linthorpe Rd"],
        "5 St. Barnabas Court": ["5 St. Barnabas Court"],
        "5 The Old School Lane": ["5 The Old School Lane"],
        "12 acklam road": ["12 acklam road"],
        "flat 3, 12 acklam road, middlesbrough": ["flat 3, 12 acklam road, middlesbrough"],
        "he went to 12 acklam road on foot and came back by bus": [],
        "Acklam Road": [],
        "2023 Acklam Road": [],
        "1998 acklam road": [],
        "A19 Acklam Road": [],
        "£12 Acklam Road": [],
        "0001 First Street": [],
        "12 roads": [],
        "12 of the Streets": [],
        "12 Areas": [],
    },
    coordinates: {
        "54.57432, -1.23456": ["54.57432, -1.23456"],
        "(54.574321;-1.234567)": ["54.574321;-1.234567"],
        "-1.23456/54.57432": ["-1.23456/54.57432"],
        "51.50735 0.12776": ["51.50735 0.12776"],
        "NZ4951220123": ["NZ4951220123"],
        "NZ 49512 20123": ["NZ 49512 20123"],
        "see ///filled.count.soap": ["///filled.count.soap"],
        "54.5743, -1.2345": [],
        "44.57432, -1.23456": [],
        "54.57432": [],
        "54.57432 and then -1.23456": [],
        "NZ 495 201": [],
        "NZ 4951 2012": [],
        "https://www.example.org": [],
        "file:///a.b.c": [],
    },
    ni_numbers: {
        "AB123456C": ["AB123456C"],
        "no. AB 12 34 56 C.": ["AB 12 34 56 C"],
        "ab123456c": ["ab123456c"],
        "NI no: AB123456": ["NI no: AB123456"],
        "national insurance number AB 12 34 56": ["national insurance number AB 12 34 56"],
        "AB123456E": [],
        "AB123456": [],
        "DB123456C": [],
        "AO123456C": [],
        "GB123456C": [],
        "NK123456C": [],
        "XAB123456C": [],
        "AB1234567C": [],
        "AB123456CD": [],
    },
    police_numbers: {
        "04/123456A": ["04/123456A"],
        "id 2004/0123456A, seen": ["2004/0123456A"],
        "1998/4321z": ["1998/4321z"],
        "123456/04A": ["123456/04A"],
        "crime reference CVP-22-104233": ["crime reference CVP-22-104233"],
        "Crime ref. no. 22/104233": ["Crime ref. no. 22/104233"],
        "incident number is 20391": ["incident number is 20391"],
        "custody number: AB12345": ["custody number: AB12345"],
        "04/123A": [],
        "04/123456": [],
        "04/123456I": [],
        "1804/123456A": [],
        "2024/25": [],
        "crime reference": [],
        "crime number fell by 12": [],
        "case number 12": [],
        "the incident number fell": [],
    },
    vehicles: {
        "a NX65 KLM": ["NX65 KLM"],
        "NX65KLM": ["NX65KLM"],
        "nx65 klm": [],
        "NX65 KLMN": [],
        "NX65 KIM": [],
        "NX01 KLM": [],
        "NX40 KLM": [],
        "TS24 AND": [],
        "TS24 THE": [],
        "IX65 KLM": [],
    },
    emails: {
        "jo@nhs.net": ["jo@nhs.net"],
        "<Jo.O'Neil+x@mail.charity.org.uk>": ["Jo.O'Neil+x@mail.charity.org.uk"],
        "jo [at] charity [dot] org": ["jo [at] charity [dot] org"],
        "jo(at)charity.org": ["jo(at)charity.org"],
        "mailto:jo%40charity.org": ["jo%40charity.org"],
        "jo@example.org": [],
        "jo@mail.example.com": [],
        "jo@server.test": [],
        "jo@host": [],
        "@fig-one": [],
        "at the end (at) once": [],
    },
    phones: {
        "ring 01642 774774": ["01642 774774"],
        "01642774774": ["01642774774"],
        "(01642) 774774": ["(01642) 774774"],
        "01642.774.774": ["01642.774.774"],
        "07700 900 123": ["07700 900 123"],
        "+447700900123": ["+447700900123"],
        "+44 (0)1642 774774": ["+44 (0)1642 774774"],
        "0044 20 7946 0018": ["0044 20 7946 0018"],
        "020 7946 0018": ["020 7946 0018"],
        "0191 498 0123": ["0191 498 0123"],
        "0800 111 222": ["0800 111 222"],
        "01642": [],
        "0.01642774774": [],
        "101642774774": [],
        "016427747741": [],
        "01642 774774.5": [],
        "04642 774774": [],
        "01-02-2023 10:15": [],
        "+33 1 42 68 53 00": [],
        "2022 01642": [],
    },
    names: {
        "seen: Liam Taylor.": ["Liam Taylor"],
        "LIAM TAYLOR": ["LIAM TAYLOR"],
        "Taylor, Liam": ["Taylor, Liam"],
        "Liam J. Taylor": ["Liam J. Taylor"],
        "Liam J Taylor": ["Liam J Taylor"],
        "Liam\nTaylor": ["Liam\nTaylor"],
        "Liam O'Brien": ["Liam O'Brien"],
        "Liam O’Brien": ["Liam O’Brien"],
        "Liam Ashton-Taylor": ["Liam Ashton-Taylor"],
        "Anna-Maria Kowalski": ["Anna-Maria Kowalski"],
        "liam taylor": ["liam taylor"],
        "liam_taylor": ["liam_taylor"],
        "taylor.liam": [],
        "by liam taylor here": [],
        "Liam. Taylor": ["Liam. Taylor"],
        "he saw Liam. Taylor came": [],
        "Liam and Taylor": [],
        "Liam (Taylor)": [],
        "Victoria Ward": [],
        "Rose Hill and Grace Wood": [],
        "Mr Zywiec": ["Mr Zywiec"],
        "Mrs. Xu": ["Mrs. Xu"],
        "Dr J. Okonkwo": ["Dr J. Okonkwo"],
        "Mr and": [],
        "Mrs 5": [],
        "Miss": [],
        "Stockton Borough": [],
    },
    births: {
        "born 3 May 2006": ["born 3 May 2006"],
        "Born on the 3rd of May 2006": ["Born on the 3rd of May 2006"],
        "DOB 03/05/2006": ["DOB 03/05/2006"],
        "dob: 2006-05-03": ["dob: 2006-05-03"],
        "date of birth = 20060503": ["birth = 20060503"],
        "d.o.b. 3.5.06": ["d.o.b. 3.5.06"],
        "03/05/2006 (birthday)": ["03/05/2006 (birthday"],
        "May 3, 2006, birth": ["May 3, 2006, birth"],
        "born in 2006": [],
        "born in May 2006": [],
        "on 3 May 2006 a boundary": [],
        "the airborne of 3 May 2006": [],
        "birth rates of 2006 and 2007": [],
    },
}
CASES = [(detector, text, there) for detector, cases in FOUND.items() for text, there in cases.items()]


@pytest.mark.parametrize(("detector", "text", "there"), CASES, ids=lambda given: getattr(given, "__name__", None))
def test_what_is_found_and_what_is_not(detector, text, there):
    assert spans(detector, text) == there


CODES = {
    "0123456789abcdef": [PSEUDONYM],
    "0123456789abcde": [],
    "1234567890123456": [],
    "aaaaaaaaaaaaaaaa": [],
    "a" * 32: [PSEUDONYM],
    "1" * 32: [PSEUDONYM],
    "0123456789ABCDEF" * 4: [CRIME],
    "0123456789abcdef" * 3: [PSEUDONYM],
    "0x0123456789abcdef": [PSEUDONYM],
    "x0123456789abcdef": [],
    "0123456789abcdefg": [],
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301": [UNIQUE],
    "3f2504e0-4f89-41d3-9a0c-0305e82c330": [],
    "q83vEjRWeJCrze8SNFZ4kA==": [PSEUDONYM],
    "q83vEjRWeJCrze8": [],
    "JBSWY3DPEBLW64TMMQQQJBSWY3DP": [PSEUDONYM],
    "ABCDEFGHIJKLMNOPQRSTUVWXYZAB": [],
    "PathCollectionOfEverything12": [],
    "police_recorded_crime_by_month": [],
    "the-name-of-a-study-1a2b3c": [],
    "Fingerprints (SHA-256, first 16 characters): study def3c1986c189904, data f48aeb2d15aa66c7.": [],
    "(SHA-256, first 16 characters):\nstudy def3c1986c189904": [],
    "(SHA-256, first 16 characters): def3c1986c189904 for f48aeb2d15aa66c7": [PSEUDONYM],
    "SHA-256: def3c1986c189904": [PSEUDONYM],
}


@pytest.mark.parametrize("text", CODES)
def test_codes_are_told_by_length_and_mixture(text):
    assert [one.kind for one in codes(text)] == CODES[text]


@pytest.mark.parametrize(
    ("figures", "right"),
    [
        # the example of the NHS data dictionary
        ("9434765919", True),
        ("9434765918", False),
        ("9434765870", True),
        ("0000000000", False),
        ("1111111111", False),
        ("4010232137", True),
    ],
)
def test_the_check_of_an_nhs_number(figures, right):
    assert nhs_valid(figures) is right


def test_the_letter_of_a_pupil_number():
    # worked out by hand: 8*2 + 0*3 + 1*4 + 2*5 = 30, and 1*13 for the last; 43 modulo 23 is 20
    assert upn_letter("801200000001") == "ABCDEFGHJKLMNPQRTUVWXYZ"[20] == "X"
    assert spans(pupil_numbers, "UPN X801200000001.") == ["X801200000001"]
    assert spans(pupil_numbers, "UPN Y801200000001.") == []
    # a temporary one ends in a letter, which counts as its place in the alphabet without I, O and S
    assert upn_letter("80120000000A") == "ABCDEFGHJKLMNPQRTUVWXYZ"[7]
    assert spans(pupil_numbers, "H80120000000A") == ["H80120000000A"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\\&b", "a&b"),
        ("jo\\_b\\@nhs.net", "jo_b@nhs.net"),
        ("TS1&nbsp;3BX", "TS1 3BX"),
        ("T\u200bS\u00ad1", "TS1"),
        ("01642\u2013774774", "01642-774774"),
        ("ＴＳ１", "TS1"),
        ("\u2460", "1"),
        ("see 10.1016/j.x.2020.12.001 now", "see" + " " * 25 + "now"),
        ("a\nb", "a\nb"),
    ],
)
def test_a_text_is_read_as_its_reader_sees_it(text, seen):
    assert clean(text) == seen
