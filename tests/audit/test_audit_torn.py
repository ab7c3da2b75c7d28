"""A power cut at any byte of a line: what is there stays, is marked, and the chain goes on."""

import subprocess
import sys

import pytest

from curv_eval.audit import What, lines, record, verify_log
from curv_eval.audit.line import Line


def cut(home, keep):
    """Leave `keep` bytes of a seventh line, as a power cut does: the head is not told of it."""
    last = lines(home)[-1]
    whole = Line(7, last.time, "A. Keeper", What.RELEASED, "study-7", "7", {"tables": 3}, last.hash).written()
    keep = keep if keep >= 0 else len(whole) + keep
    path = home / "audit.jsonl"
    before = path.read_bytes()
    path.write_bytes(before + whole[:keep])
    return before + whole[:keep], keep == len(whole) - 1


@pytest.mark.parametrize("keep", [1, 2, 40, 200, -60, -2, -1])
def test_a_torn_line_stays_is_marked_and_the_chain_goes_on(home, keep):
    torn, lacks_only_its_end = cut(home, keep)
    assert verify_log(home).faults == ()
    made = record(home, What.APPROVED, of="study-1")
    assert (home / "audit.jsonl").read_bytes().startswith(torn)
    found = verify_log(home)
    assert found.faults == ()
    assert made.number == 8
    if lacks_only_its_end:
        assert [line.what for line in lines(home)[-2:]] == [What.RELEASED, What.APPROVED]
        assert found.notes == ()
    else:
        assert [line.what for line in lines(home)[-2:]] == [What.TORN, What.APPROVED]
        assert found.notes == ("line 7: torn off while it was written, and marked by line 8",)
    record(home, What.APPROVED, of="study-2")
    assert verify_log(home).faults == ()


def test_before_the_next_line_a_torn_one_is_a_note_and_no_fault(home):
    cut(home, 50)
    found = verify_log(home)
    assert found.lines == 6
    assert found.notes == ("line 7: torn off while it was written; the next line will say so",)


@pytest.mark.parametrize("junk", [b"\0" * 4096, b"\xff\xfe{", b"{}", b'{"number": 7}', b"half\nof two\nlines"])
def test_whatever_a_disk_left_is_marked(home, junk):
    path = home / "audit.jsonl"
    path.write_bytes(path.read_bytes() + junk)
    record(home, What.APPROVED, of="study-1")
    assert verify_log(home).faults == ()
    assert lines(home)[-2].detail["bytes"] == len(junk)


def test_a_mark_covers_exactly_the_bytes_that_were_torn(home):
    torn, _ = cut(home, 50)
    record(home, What.APPROVED, of="study-1")
    path = home / "audit.jsonl"
    held = path.read_bytes()
    path.write_bytes(held[: len(torn) - 1] + b"#" + held[len(torn) :])
    (fault,) = verify_log(home).faults
    assert fault.startswith("line 7 cannot be read")


def test_a_line_that_was_altered_is_not_taken_for_torn(home):
    path = home / "audit.jsonl"
    held = path.read_bytes().splitlines(True)
    path.write_bytes(b"".join([*held[:5], held[5][:60]]))
    faults = verify_log(home).faults
    assert faults == ("line 6 was cut off the end: audit.head says that there are 6",)


def test_a_power_cut_between_line_and_head_heals(home):
    head = (home / "audit.head").read_bytes()
    record(home, What.APPROVED, of="study-1")
    (home / "audit.head").write_bytes(head)
    assert verify_log(home).faults == ()
    assert record(home, What.APPROVED, of="study-2").number == 8
    assert (home / "audit.head").read_text().startswith("8 ")
    assert verify_log(home).faults == ()


def test_a_power_cut_before_the_first_head_heals(tmp_path):
    record(tmp_path, What.LOADED, of="study")
    (tmp_path / "audit.head").unlink()
    assert verify_log(tmp_path).faults == ()
    assert record(tmp_path, What.LOADED, of="study").number == 2
    assert verify_log(tmp_path).faults == ()


def test_a_process_that_is_killed_while_it_writes_leaves_a_log_that_goes_on(home):
    code = (
        "import os, sys, pathlib\n"
        "from curv_eval import audit\n"
        "def die(there, content):\n"
        "    os.write(there, content[: len(content) // 2])\n"
        "    os._exit(9)\n"
        "audit.writing._whole = die\n"
        "audit.record(pathlib.Path(sys.argv[1]), audit.What.RELEASED, of='study')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    # the lock went with the process
    assert record(home, What.APPROVED, of="study").number == 8
    found = verify_log(home)
    assert found.faults == ()
    assert found.notes == ("line 7: torn off while it was written, and marked by line 8",)
