"""Any change of any byte of the log is found, wherever it is and whatever it is."""

import functools
import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.audit import What, lines, record, verify_log
from curv_eval.audit.line import Line, read_line

NAMES = st.text(st.characters(codec="utf-8"), max_size=12)
DETAIL = st.dictionaries(NAMES, st.one_of(NAMES, st.integers(-(2**70), 2**70)), max_size=4)


@functools.cache
def original():
    """Return the bytes of a log of nine lines and of its head."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "outputs"
        for i, what in enumerate([What.LOADED, What.RELEASED, What.APPROVED] * 3):
            record(home, what, of=f"study-{i}", run=f"{i:012x}", detail={"tables": i, "manifest": f"{i:064x}"})
        return (home / "audit.jsonl").read_bytes(), (home / "audit.head").read_bytes()


def faults(log, head=None):
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "audit.jsonl").write_bytes(log)
        (Path(place) / "audit.head").write_bytes(original()[1] if head is None else head)
        return verify_log(Path(place)).faults


def test_the_log_itself_has_no_fault():
    assert faults(original()[0]) == ()


@given(st.data())
@settings(max_examples=40)
def test_a_byte_that_was_changed_is_found(data):
    log = bytearray(original()[0])
    at = data.draw(st.integers(0, len(log) - 1))
    log[at] ^= data.draw(st.integers(1, 255))
    found = faults(bytes(log))
    assert found
    # the line it stands in, or the next where two became one or one became two
    place = original()[0][:at].count(b"\n") + 1
    numbers = {int(word.strip(",:;")) for fault in found for word in fault.split() if word.strip(",:;").isdigit()}
    assert numbers & {place, place + 1, 9}


@given(st.data())
@settings(max_examples=40)
def test_bytes_that_were_taken_out_are_found(data):
    log = original()[0]
    first = data.draw(st.integers(0, len(log) - 1))
    last = data.draw(st.integers(first + 1, min(len(log), first + 900)))
    cut = log[:first] + log[last:]
    # a log that lacks only its very last end of a line lacks nothing
    assert faults(cut) or cut == log[:-1]


@given(st.data(), st.binary(min_size=1, max_size=40))
@settings(max_examples=40)
def test_bytes_that_were_put_in_are_found(data, more):
    log = original()[0]
    at = data.draw(st.integers(0, len(log) - 1))
    assert faults(log[:at] + more + log[at:])


@given(st.permutations(range(9)))
@settings(max_examples=40)
def test_lines_in_another_order_are_found_and_only_those_in_order_are_not(order):
    held = original()[0].splitlines(True)
    assert bool(faults(b"".join(held[i] for i in order))) is (list(order) != list(range(9)))


@given(st.lists(st.integers(0, 8), max_size=12))
@settings(max_examples=25)
def test_any_other_choice_of_lines_is_found(chosen):
    held = original()[0].splitlines(True)
    assert bool(faults(b"".join(held[i] for i in chosen))) is (chosen != list(range(9)))


@given(st.integers(1, 8), DETAIL)
@settings(max_examples=30)
def test_a_line_that_was_forged_with_a_fitting_hash_is_found(at, detail):
    held = original()[0].splitlines(True)
    was = read_line(held[at].rstrip(b"\n")).line
    held[at] = Line(**was.__dict__ | {"detail": detail}).written()
    assert bool(faults(b"".join(held))) is (detail != was.detail)


@pytest.mark.parametrize("at", range(9))
def test_a_log_written_anew_from_any_line_on_is_found_by_its_head(at):
    held = [read_line(one).line for one in original()[0].splitlines()]
    before = held[at - 1].hash if at else ""
    for i in range(at, 9):
        held[i] = Line(**held[i].__dict__ | {"before": before, "who": "Somebody"})
        before = held[i].hash
    (fault,) = faults(b"".join(line.written() for line in held))
    assert fault == "the last line, number 9, is not the one that audit.head names"


@given(DETAIL, NAMES, NAMES)
@settings(max_examples=30)
def test_whatever_a_line_says_it_is_read_as_it_was_written(detail, of, run):
    line = Line(1, "2026-01-01T00:00:00+00:00", "somebody", What.LINKED, of, run, detail, "")
    raw = line.written()
    assert raw.count(b"\n") == 1
    assert raw.isascii()
    found = read_line(raw[:-1])
    assert (found.line, found.hash, found.whole) == (line, line.hash, True)


@pytest.mark.parametrize("changes", [
    {"number": "1"}, {"number": 1.0}, {"time": 3}, {"who": None}, {"what": "stolen"}, {"of": []}, {"run": 1},
    {"detail": []}, {"detail": "x"}, {"before": None}, {"hash": 1}, {"hash": None}, {"more": "x"},
])  # fmt: skip
def test_what_is_no_line_is_not_read_as_one(changes):
    whole = Line(1, "2026-01-01T00:00:00+00:00", "somebody", What.LINKED, "a with b")
    held = json.loads(whole.written())
    assert read_line(json.dumps(held).encode()) is not None
    assert read_line(json.dumps(held | changes).encode()) is None


@pytest.mark.parametrize("name", ["number", "time", "who", "what", "of", "run", "detail", "before", "hash"])
def test_a_line_that_lacks_a_field_is_not_whole(name):
    held = json.loads(Line(1, "2026-01-01T00:00:00+00:00", "somebody", What.LINKED, "a with b").written())
    del held[name]
    found = read_line(json.dumps(held).encode())
    assert found is None or not found.whole


def test_a_log_of_random_acts_and_torn_lines_stays_whole(tmp_path):
    draw = random.Random(20261123)
    home, torn, acts = tmp_path / "outputs", 0, 0
    for _ in range(25):
        if draw.random() < 0.3 and acts:
            last = lines(home)[-1]
            whole = Line(last.number + 1, last.time, "x", What.LOADED, "y", "", {}, last.hash).written()
            with (home / "audit.jsonl").open("ab") as file:
                file.write(whole[: draw.randrange(1, len(whole) - 1)])
            torn += 1
        record(home, draw.choice(list(What)[:-1]), of="study", detail={"n": acts})
        acts += 1
        assert verify_log(home).faults == ()
    assert torn > 1
    told = [line.what for line in lines(home)]
    assert (len(told) - told.count(What.TORN), told.count(What.TORN)) == (acts, torn)
