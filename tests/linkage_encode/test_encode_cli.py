"""`curv-eval link key` and `link encode` as a partner types them."""

import base64
import re
import signal
import subprocess
import sys
import time

import pprl_people as pp
import pytest
from projects import curv_eval, scratch

ROWS = pp.small()
MAP = {"record_id": "Case No", "given_name": "First Name", "surname": "Surname", "date_of_birth": "DOB",
       "sex": "Gender", "postcode": "Post Code"}  # fmt: skip
SAID = ("--source", "vcse", "--purpose", "evaluation of street mentoring")


@pytest.fixture
def laptop():
    """A partner's laptop: a list as Excel saves it, a key in a folder of its own, and a folder to send from."""
    home = scratch()
    for name in ("keys", "send"):
        (home / name).mkdir()
    rows = [
        {
            MAP[name]: "/".join(value.split("-")[::-1]) if name == "date_of_birth" else value
            for name, value in row.items()
        }
        | {"Notes": "private words"}
        for row in ROWS
    ]
    pp.write(home / "people.csv", rows, (*MAP.values(), "Notes"), encoding="utf-8-sig")
    said = curv_eval(home, "link", "key", "keys/linkage.key", "--project", "street-mentoring")
    assert said.code == 0, said.err
    return home


def encode(home, *more, out="send/people.parquet", people="people.csv", key=("--key", "keys/linkage.key"), **variables):
    mapped = [word for field, column in MAP.items() for word in ("--map", f"{field}={column}")]
    return curv_eval(home, "link", "encode", people, out, *SAID, *key, *mapped, *more, **variables)


def secret(home):
    return (home / "keys" / "linkage.key").read_text().split("\n")[1]


def silent(home, said):
    """Hold what a command said: nothing of the key or of any person."""
    key, text = secret(home), said.out + said.err
    raw = base64.b64decode(key)
    assert not any(form in text for form in (key, key[:12], raw.hex(), raw.hex()[:12], repr(raw)[2:14]))
    for row in ROWS:
        assert not any(value in text for value in row.values() if len(value) > 2)
    assert "private words" not in text


def refused(home, said, *pieces):
    message = said.err[re.search(r"^\w+Error: ", said.err, flags=re.M).start() :]
    assert said.code in (3, 7)
    assert "Traceback" not in said.err
    assert message.count("Error") == 1
    assert message.rstrip("\n").split("\n")[-1].startswith("  do: ")
    for piece in pieces:
        assert piece in message
    assert said.out == ""
    assert list((home / "send").iterdir()) == []
    silent(home, said)


def test_key_says_where_it_is_and_what_to_do_with_it(laptop):
    said = curv_eval(laptop, "link", "key", "keys/second.key", "--project", "street-mentoring")
    assert said.code == 0
    assert said.err == ""
    for piece in ("keys/second.key written", "fingerprint", "never give", "Destroy every copy when the project ends"):
        assert piece.lower() in said.out.lower()
    assert (laptop / "keys" / "second.key").read_text().split("\n")[1] not in said.out


def test_a_list_is_encoded_from_end_to_end(laptop):
    import duckdb

    from curv_eval.linkage.encoded import read_encoded

    said = encode(laptop)
    assert said.code == 0, said.err
    silent(laptop, said)
    lines = said.out.splitlines()
    assert lines[0] == "60 people"
    assert [line.split() for line in lines[2:7]] == [[field, "0", "0"] for field in MAP if field != "record_id"]
    assert "does not leave: Notes" in lines
    closing = " ".join(lines[-3:])
    assert closing.startswith(
        "It holds no name, date, postcode or id. It is still personal data: whoever could hold the key"
    )
    assert "somebody without the key who compares it with public lists can work out many of the names" in closing
    assert closing.endswith(
        "Send it to the linker only, and never with the key. Destroy the key when the project ends."
    )
    assert [path.name for path in (laptop / "send").iterdir()] == ["people.parquet"]
    with duckdb.connect() as con:
        found = read_encoded(con, laptop / "send" / "people.parquet", "people")
    assert (found.rows, found.source, found.purpose, found.made_up) == (60, "vcse", SAID[3], False)
    recorded = (laptop / "outputs" / "audit.jsonl").read_text("utf-8")
    assert recorded.count("\n") == 2  # the key, and then this
    assert '"what": "encoded", "of": "vcse"' in recorded
    assert secret(laptop) not in recorded
    assert not any(value in recorded for row in ROWS for value in row.values() if len(value) > 4)


def test_the_example_row_is_the_first_that_leaves(laptop):
    import pyarrow.parquet as pq

    said = encode(laptop, "--made-up")
    first = pq.read_table(laptop / "send" / "people.parquet").slice(0, 1).to_pylist()[0]
    assert f"  record_id           {first['record_id']}\n" in said.out
    assert f"  bf_surname          {first['bf_surname'].hex()[:32]}... (512 bits)\n" in said.out


def test_a_preview_writes_nothing(laptop):
    said = encode(laptop, "--preview-only")
    assert said.code == 0, said.err
    assert list((laptop / "send").iterdir()) == []
    assert "nothing was written; the file would have" in said.out
    assert "does not leave: Notes" in said.out
    assert "Send it" not in said.out
    silent(laptop, said)


def test_the_key_can_come_from_the_path_in_a_variable(laptop):
    said = encode(laptop, key=(), CURV_EVAL_LINK_KEY_FILE="keys/linkage.key")
    assert said.code == 0, said.err
    silent(laptop, said)


def test_there_must_be_a_key(laptop):
    said = encode(laptop, key=())
    refused(laptop, said, "RunError: there is no key to encode with", "CURV_EVAL_LINK_KEY_FILE")


@pytest.mark.parametrize("how", ["option", "variable"])
def test_the_key_itself_given_for_its_path_is_not_repeated(laptop, how):
    given = (
        {"key": ("--key", secret(laptop))}
        if how == "option"
        else {"key": (), "CURV_EVAL_LINK_KEY_FILE": secret(laptop)}
    )
    refused(laptop, encode(laptop, **given), "if you gave the key itself, others may have seen it")


def test_a_key_in_the_folder_to_be_sent_is_refused(laptop):
    (laptop / "keys" / "linkage.key").replace(laptop / "send" / "linkage.key")
    said = encode(laptop, key=("--key", "send/linkage.key"))
    assert said.code == 7
    assert "the key lies where the output would be" in said.err
    assert [path.name for path in (laptop / "send").iterdir()] == ["linkage.key"]


def test_a_key_in_a_project_is_refused(laptop):
    (laptop / "params").mkdir()
    refused(laptop, encode(laptop), "a key must not lie here", "lies in a curv-eval project")
    said = curv_eval(laptop, "link", "key", "keys/other.key", "--project", "street-mentoring")
    assert said.code == 7
    assert "would lie in a curv-eval project" in said.err
    assert not (laptop / "keys" / "other.key").exists()


def test_nothing_is_written_over(laptop):
    assert encode(laptop).code == 0
    before = (laptop / "send" / "people.parquet").read_bytes()
    said = encode(laptop)
    assert said.code == 7
    assert "people.parquet already exists" in said.err
    assert (laptop / "send" / "people.parquet").read_bytes() == before
    said = encode(laptop, out="people.csv")
    assert "replace the list of people" in said.err


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        (("--map", "given_name"), ("--map cannot be read", "FIELD=COLUMN")),
        (("--map", "surname=Family Name"), ("each field once",)),
        (("--map", "height=Height"), ("height: uk-1 has no such field", "given_name, surname")),
        (("--date-format", "american"), ("expected iso or day-first",)),
        (("--date-format", "iso"), ("date_of_birth: 60 of 60 values are not readable", "--date-format")),
        (("--source", "Our Charity"), ("source: expected a short label",)),
    ],
)
def test_refusals_say_what_to_do(laptop, words, pieces):
    refused(laptop, encode(laptop, *words), *pieces)


def test_a_list_of_another_layout_is_refused_without_a_name(laptop):
    lines = (laptop / "people.csv").read_text("utf-8-sig").splitlines()
    (laptop / "headless.csv").write_text("\n".join(lines[1:]) + "\n", "utf-8")
    refused(laptop, encode(laptop, people="headless.csv"), "none of its 7 columns has an expected name")
    (laptop / "cut.csv").write_text("\n".join(lines)[:-30] + "\n", "utf-8")
    refused(laptop, encode(laptop, people="cut.csv"), "(first: row 60)")
    refused(laptop, encode(laptop, people="none.csv"), "there is no file none.csv")


def test_a_list_as_windows_saves_it_is_read_and_said(laptop):
    text = (laptop / "people.csv").read_text("utf-8-sig").replace(ROWS[0]["given_name"], "Zoë")
    (laptop / "people.csv").write_text(text, "cp1252")
    said = encode(laptop)
    assert said.code == 0, said.err
    assert said.out.startswith("60 people (read in the encoding of Windows)\n")


def test_a_field_that_is_not_held_is_blank(laptop):
    mapped = [word for field, column in MAP.items() if field != "sex" for word in ("--map", f"{field}={column}")]
    said = curv_eval(laptop, "link", "encode", "people.csv", "send/people.parquet", *SAID, "--key", "keys/linkage.key",
                     *mapped, "--map", "sex=")  # fmt: skip
    assert said.code == 0, said.err
    assert ["sex", "60", "0"] in [line.split() for line in said.out.splitlines()]
    assert "does not leave: Gender, Notes" in said.out


def many(home, n):
    rows = [{**ROWS[i % len(ROWS)], "record_id": f"C{i}"} for i in range(n)]
    return pp.write(home / "many.csv", rows)


def started(home):
    code = "from curv_eval.cli import main; main()"
    words = ("link", "encode", "many.csv", "send/people.parquet", *SAID, "--key", "keys/linkage.key")
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr.readline() == "encoded 50,000 of 130,000\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_an_encode_that_is_stopped_leaves_nothing(laptop, how):
    many(laptop, 130_000)
    process = started(laptop)
    process.send_signal(getattr(signal, how))
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert list((laptop / "send").iterdir()) == []
    assert sorted(path.name for path in laptop.iterdir()) == ["keys", "many.csv", "outputs", "people.csv", "send"]
    # the making of the key, and nothing of what was stopped
    assert (laptop / "outputs" / "audit.jsonl").read_text("utf-8").count("\n") == 1
    assert "Traceback" not in err
    if how == "SIGINT":
        assert "stopped; nothing half-written was left" in err


def test_ten_thousand_people_take_seconds(laptop):
    many(laptop, 10_000)
    began = time.process_time()
    said = curv_eval(laptop, "link", "encode", "many.csv", "send/people.parquet", *SAID, "--key", "keys/linkage.key")
    assert said.code == 0, said.err
    # about 1 s of one processor; the prototype took 9 s
    assert time.process_time() - began < 6


def test_help_starts_without_heavy_libraries():
    code = (
        "import sys, curv_eval.cli, curv_eval.linkage.encode, curv_eval.linkage.keys, curv_eval.linkage.encoded;"
        "print([m for m in ('pandas', 'numpy', 'pyarrow', 'duckdb', 'splink') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
