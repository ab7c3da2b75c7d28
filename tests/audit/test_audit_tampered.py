"""A log that was changed by hand: every way of doing so is found, and said with the number of the line."""

import json

import pytest
from projects import curv_eval

from curv_eval.audit import What, lines, record, verify_log
from curv_eval.audit.line import Line, read_line


def rewritten(home, change):
    """Give the log's lines to `change`, and write what it returns."""
    path = home / "audit.jsonl"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(True))))
    return verify_log(home).faults


def edited(line, **changes):
    """Return a line with other values, and the hash that it had."""
    return json.dumps(json.loads(line) | changes).encode() + b"\n"


def forged(line, **changes):
    """Return a line with other values and a hash that fits them: by somebody who knows how."""
    held = read_line(line.rstrip(b"\n")).line.__dict__ | changes
    return Line(**held).written()


def moved(before, at, to):
    after = [*before[:at], *before[at + 1 :]]
    return [*after[:to], before[at], *after[to:]]


CHANGES = {
    "a middle line is deleted": (lambda b: b[:2] + b[3:], "line 3 was removed"),
    "the first line is deleted": (lambda b: b[1:], "line 1 was removed: no line has this number; it stood at the beg"),
    "two lines are deleted": (lambda b: b[:2] + b[4:], "line 4 was removed"),
    "a value is edited": (lambda b: [*b[:2], edited(b[2], who="Somebody"), *b[3:]], "line 3 was altered"),
    "a detail is edited": (lambda b: [*b[:2], edited(b[2], detail={}), *b[3:]], "line 3 was altered"),
    "a number is edited": (lambda b: [*b[:2], edited(b[2], number=9), *b[3:]], "line 3 was altered"),
    "a hash is edited": (lambda b: [*b[:2], edited(b[2], hash="0" * 64), *b[3:]], "line 3 was altered"),
    "a field is added": (lambda b: [*b[:2], edited(b[2], note="x"), *b[3:]], "line 3 cannot be read"),
    "a space is added": (lambda b: [*b[:2], b[2].replace(b'": ', b'":  ', 1), *b[3:]], "line 3 was altered"),
    "the last line is edited": (lambda b: [*b[:5], edited(b[5], who="Somebody")], "line 6 was altered"),
    "two lines are swapped": (lambda b: moved(b, 2, 3), "line 4 was moved: its number, 3, belongs before line 3"),
    "a line is moved far": (lambda b: moved(b, 1, 5), "line 6 was moved: its number, 2"),
    "a line is repeated": (lambda b: [*b[:4], b[1], *b[4:]], "lines 2 and 5 have the same number, 2"),
    "a line is made up": (lambda b: [*b[:3], b"approved by all\n", *b[3:]], "line 4 cannot be read"),
    "an empty line is put in": (lambda b: [*b[:3], b"\n", *b[3:]], "line 4 cannot be read"),
    "a line is forged with its hash": (
        lambda b: [*b[:2], forged(b[2], who="Somebody"), *b[3:]],
        "line 4 does not follow from line 3",
    ),
    "the last line is forged with its hash": (
        lambda b: [*b[:5], forged(b[5], who="Somebody")],
        "the last line, number 6, is not the one that audit.head names",
    ),
    "the first line claims one before": (lambda b: [forged(b[0], before="0" * 64), *b[1:]], "line 1 was altered"),
    "the last line is cut off": (lambda b: b[:5], "line 6 was cut off the end: audit.head says that there are 6"),
    "three lines are cut off": (lambda b: b[:3], "lines 4 to 6 were cut off the end"),
    "every line is cut off": (lambda b: [], "lines 1 to 6 were cut off the end"),
    "the end is cut within a line": (lambda b: [*b[:4], b[4][:30]], "lines 5 to 6 were cut off the end"),
    "a line is added by hand": (
        lambda b: [*b, forged(b[5], number=7, before="0" * 64)],
        "lines were put in at the end: audit.head says that there are 6",
    ),
    "two fitting lines are added by hand": (
        lambda b: [*b, *follow(b[5], 2)],
        "lines were put in at the end: audit.head says that there are 6",
    ),
    "nested brackets without end": (lambda b: [*b[:3], b"[" * 100_000 + b"\n", *b[3:]], "line 4 cannot be read"),
}


def follow(line, count):
    """Return lines that follow from one as they should."""
    for _ in range(count):
        last = read_line(line.rstrip(b"\n")).line
        line = Line(**last.__dict__ | {"number": last.number + 1, "before": last.hash}).written()
        yield line


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_found_and_said_with_its_line(home, name):
    change, said = CHANGES[name]
    faults = rewritten(home, change)
    assert [one for one in faults if one.startswith(said)], faults
    assert len(faults) <= 2, "one change is not told as many"


def test_two_lines_that_are_gone_are_both_named(home):
    faults = rewritten(home, lambda b: [*b[:1], b[2], *b[4:]])
    assert [one.split(":")[0] for one in faults] == ["line 2 was removed", "line 4 was removed"]


def test_a_log_that_was_not_changed_has_no_fault(home):
    found = verify_log(home)
    assert (found.lines, found.faults, found.notes) == (6, (), ())
    assert found.head.hash == lines(home)[-1].hash


def test_a_log_and_a_head_cut_together_are_found_by_a_head_that_was_noted(home):
    noted = lines(home)[-1].hash
    (home / "audit.head").write_text(f"4 {lines(home)[3].hash}\n")
    assert rewritten(home, lambda b: b[:4]) == ()
    (said,) = verify_log(home, noted).faults
    assert said.startswith("no line has the hash that was noted")
    assert verify_log(home, lines(home)[2].hash).faults == ()


def test_a_log_written_anew_is_found_by_a_head_that_was_noted(home):
    noted = lines(home)[-1].hash
    for name in ("audit.jsonl", "audit.head"):
        (home / name).unlink()
    record(home, What.LOADED, of="study-1")
    assert verify_log(home).faults == ()
    assert len(verify_log(home, noted).faults) == 1


@pytest.mark.parametrize(("head", "said"), [
    (None, "audit.head is gone"), ("many lines", "outputs/audit.head does not hold a number and a hash"),
    ("6 " + "0" * 64, "the last line, number 6, is not the one"), ("2 " + "0" * 64, "lines were put in at the end"),
])  # fmt: skip
def test_a_head_that_was_changed_is_found(home, head, said):
    if head is None:
        (home / "audit.head").unlink()
    else:
        (home / "audit.head").write_text(head)
    (fault,) = verify_log(home).faults
    assert fault.startswith(said)


def test_finished_runs_that_no_line_tells_of_are_named(home):
    for key in ("000000000001", "feedfeedfeed"):
        run = home / "demo" / key
        run.mkdir(parents=True)
        (run / "manifest.json").write_text('{"study": "demo"}')
    record(home, What.RELEASED, of="demo", run="000000000001")
    found = verify_log(home)
    assert found.faults == ()
    assert len(found.notes) == 1
    assert "demo/feedfeedfeed;" in found.notes[0]
    assert "000000000001" not in found.notes[0]


def test_the_command_says_it_in_plain_words_and_leaves_with_7(home):
    said = curv_eval(home.parent, "audit", "verify")
    assert said.code == 0
    assert "6 lines, each as it was written" in said.out
    head = lines(home)[-1].hash
    assert f"head: line 6, {head}" in said.out
    rewritten(home, lambda b: [b[0], edited(b[1], who="X"), *b[3:]])
    said = curv_eval(home.parent, "audit", "verify")
    assert said.code == 7
    assert "RunError: the audit log is not as it was written:\n" in said.err
    assert "  line 2 was altered" in said.err
    assert "  line 3 was removed" in said.err
    assert "  do: keep both files as they are, as evidence" in said.err
    assert "Traceback" not in said.err


def test_the_command_compares_a_noted_head(home):
    head = lines(home)[3].hash
    said = curv_eval(home.parent, "audit", "verify", "--head", f" {head.upper()} ")
    assert said.code == 0
    assert "the noted head is among them" in said.out
    assert curv_eval(home.parent, "audit", "verify", "--head", head[:16]).code == 0
    wrong = curv_eval(home.parent, "audit", "verify", "--head", "0" * 64)
    assert wrong.code == 7
    assert "no line has the hash that was noted" in wrong.err
    for bad in ("6", head[:15], head + "0", "z" * 64):
        assert "--head: got" in curv_eval(home.parent, "audit", "verify", "--head", bad).err


def test_the_table_can_be_read_and_shows_no_control_characters(home):
    record(home, What.REFUSED, of="study-2", run="abc", detail={"reviewer": "\x1b[2J evil", "manifest": "cd" * 32})
    said = curv_eval(home.parent, "audit", "show", "--last", "3")
    assert said.code == 0
    rows = said.out.splitlines()
    assert rows[0].split() == ["line", "time", "(UTC)", "who", "what", "of", "run"]
    assert [row.split()[0] for row in rows[1:] if not row.startswith(" ")] == ["5", "6", "7", "..."]
    assert "reviewer: ?[2J evil; manifest: cdcdcdcdcdcd" in said.out
    assert "... and 4 before; --last shows more" in said.out
    assert "\x1b" not in said.out
    only = curv_eval(home.parent, "audit", "show", "--study", "study-2").out
    assert [row.split()[0] for row in only.splitlines()[1:] if not row.startswith(" ")] == ["2", "7"]


def test_a_folder_without_a_log(tmp_path):
    for words in (("verify",), ("show",)):
        said = curv_eval(tmp_path, "audit", *words)
        assert (said.code, said.out) == (0, "nothing was recorded in this folder yet\n")
    assert curv_eval(tmp_path, "audit", "verify", "--head", "0" * 64).code == 7
    assert list(tmp_path.iterdir()) == []
