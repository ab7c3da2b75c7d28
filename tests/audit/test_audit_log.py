"""What a line says, who is named, that nothing is rewritten, and that an act that cannot be recorded is refused."""

import getpass
import hashlib
import json
import os

import pytest

from curv_eval import audit
from curv_eval.audit import What, home_of, lines, on_behalf_of, ready, record, recorded, verify_log, who
from curv_eval.audit.places import ends
from curv_eval.errors import RunError


def raw(home):
    return (home / "audit.jsonl").read_bytes()


def test_each_line_is_json_with_the_agreed_fields_and_a_hash_of_the_rest(home):
    before = ""
    for i, text in enumerate(raw(home).decode().splitlines(), start=1):
        held = json.loads(text)
        assert list(held) == ["number", "time", "who", "what", "of", "run", "detail", "before", "hash"]
        assert (held["number"], held["what"], held["of"], held["run"]) == (i, "loaded", f"study-{i}", f"{i:012x}")
        assert held["who"] == "A. Keeper"
        assert held["time"].endswith("+00:00")
        assert held["before"] == before
        before = held.pop("hash")
        canonical = json.dumps(held, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(canonical.encode()).hexdigest() == before
    assert (home / "audit.head").read_text() == f"6 {before}\n"


def test_a_new_line_changes_no_byte_before_it(home):
    before = raw(home)
    made = record(home, What.APPROVED, of="study-1", run="1", detail={"reviewer": "Ä. Müller"})
    assert raw(home).startswith(before)
    assert raw(home)[len(before) :].count(b"\n") == 1
    assert lines(home)[-1] == made
    assert verify_log(home).faults == ()


def test_nothing_but_the_log_and_its_head_is_left(home):
    assert sorted(path.name for path in home.iterdir()) == ["audit.head", "audit.jsonl"]


def test_who_is_the_label_that_was_set_else_the_login(monkeypatch):
    monkeypatch.setenv("CURV_EVAL_USER", "  the \n night \x1b[31mshift ")
    assert who() == "the night [31mshift"
    monkeypatch.setenv("CURV_EVAL_USER", "x" * 500)
    assert who() == "x" * 100
    monkeypatch.setenv("CURV_EVAL_USER", " ")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    login = who()
    assert login
    if os.name != "nt":
        import pwd

        # the variables of a shell name nobody: the system does
        assert login == pwd.getpwuid(os.geteuid()).pw_name
        assert getpass.getuser() == "somebody-else"


def test_a_worker_acts_for_who_asked(home):
    with on_behalf_of("B. Asker"):
        assert record(home, What.LOADED, of="study").who == "B. Asker"
    assert record(home, What.LOADED, of="study").who == "A. Keeper"


def test_the_log_of_a_run_lies_in_the_outputs_above_it(tmp_path):
    assert home_of(tmp_path / "outputs" / "demo" / "abc") == (tmp_path / "outputs").resolve()
    assert home_of(tmp_path / "elsewhere" / "abc") == (tmp_path / "elsewhere").resolve()


def test_asking_whether_it_can_be_recorded_makes_nothing(tmp_path):
    ready(tmp_path / "a" / "outputs")
    assert list(tmp_path.iterdir()) == []


def test_a_log_in_a_place_that_is_a_file_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "outputs").write_text("a file")
    for ask in (ready, lambda home: record(home, What.LOADED, of="study")):
        with pytest.raises(RunError) as refusal:
            ask(tmp_path / "outputs")
        assert "so it is not done" in str(refusal.value)
        assert "do: ask for the right to write there" in str(refusal.value)
        assert str(tmp_path) not in str(refusal.value)


@pytest.mark.parametrize("name", ["audit.jsonl", ".audit.head.partial"])
def test_what_a_disk_refuses_leaves_the_log_as_it_was(home, name, monkeypatch):
    before, head = raw(home), (home / "audit.head").read_bytes()
    if name == "audit.jsonl":

        def full(there, content):
            os.write(there, content[:40])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(audit.writing, "_whole", full)
    else:
        (home / name).mkdir()
    with pytest.raises(RunError, match="so it is not done"):
        record(home, What.RELEASED, of="study", run="abc")
    assert (raw(home), (home / "audit.head").read_bytes()) == (before, head)
    assert verify_log(home).faults == ()


def test_a_log_that_lost_its_end_takes_no_more_lines(home):
    kept = raw(home)
    (home / "audit.jsonl").write_bytes(b"".join(kept.splitlines(True)[:4]))
    for ask in (ready, lambda home: record(home, What.APPROVED, of="study")):
        with pytest.raises(RunError) as refusal:
            ask(home)
        assert "its last line is number 4; audit.head says 6" in str(refusal.value)
    assert len(lines(home)) == 4
    (home / "audit.jsonl").unlink()
    with pytest.raises(RunError, match="its last line is number 0"):
        record(home, What.APPROVED, of="study")
    (home / "audit.jsonl").write_bytes(kept)
    record(home, What.APPROVED, of="study")
    assert verify_log(home).faults == ()


def test_what_cannot_be_recorded_afterwards_is_taken_away(tmp_path, monkeypatch):
    home, file, folder = tmp_path / "outputs", tmp_path / "pairs.csv", tmp_path / "crate"

    def refuse(*words, **named):
        raise RunError("no")

    monkeypatch.setattr(audit.writing, "record", refuse)
    with pytest.raises(RunError, match="no"), recorded(home, What.LINKED, of="a with b") as made:
        file.write_text("x")
        folder.mkdir()
        (folder / "file").write_text("x")
        made.files += [file, folder, tmp_path / "never-made"]
    assert list(tmp_path.iterdir()) == []


def test_an_act_that_fails_is_not_recorded(home):
    with pytest.raises(ValueError, match="broke"), recorded(home, What.LINKED, of="a with b"):
        raise ValueError("broke")
    assert len(lines(home)) == 6


def test_only_the_end_of_a_long_log_is_read(home, monkeypatch):
    monkeypatch.setattr(audit.places, "_PIECE", 16)
    found = ends(home / "audit.jsonl")
    assert (found.last.number, found.torn, found.open) == (6, b"", False)
    (home / "audit.jsonl").write_bytes(raw(home) + b"torn" * 50)
    assert ends(home / "audit.jsonl").torn == b"torn" * 50
