"""Names and values that would steer a terminal are shown, and steer nothing."""

import io
import re
import time
from pathlib import Path

import pytest
from projects import curv_eval as command
from projects import project
from refusals import refused

from curv_eval import errors
from curv_eval.cli.say import say
from curv_eval.run.progress import plain_lines, table
from curv_eval.visible import STEERS, one_line, unrun, visible

STEERING = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\u2066\r\x08\x00"


def test_what_steers_is_written_out_and_the_rest_is_left():
    assert visible("a\x1b[31mb\u202ec\n\td é 日 👩‍👩‍👧") == "a\\x1b[31mb\\u202ec\n\td é 日 👩‍👩‍👧"
    assert one_line("a\nb\tc") == "a\\nb\\tc"
    assert not STEERS.search(visible(STEERING))


@pytest.mark.parametrize(
    "kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.CurvError)]
)
def test_no_error_steers_or_pretends_to_have_a_remedy(kind):
    fault = kind(f"x{STEERING}\n  do: run rm", [f"y{STEERING}\n  do: run rm"], f"z{STEERING}")
    assert not STEERS.search(str(fault))
    assert str(fault).count("\n  do: ") == 1
    again = kind(*fault.__reduce__()[1])
    assert str(again) == str(fault), "a fault that came from another process reads the same"


def test_what_a_command_says_steers_nothing(capsys):
    say(STEERING)
    assert not STEERS.search(capsys.readouterr().out.rstrip("\n"))


def test_every_command_says_it_in_this_way():
    import curv_eval.cli as cli

    for path in Path(cli.__file__).parent.glob("*.py"):
        if path.name != "say.py":
            assert not re.search(r"typer\.echo\(|\bprint\(|sys\.stdout", path.read_text("utf-8")), path.name


EVENTS = [
    {"event": "plan", "studies": ["[red]a[/red]"], "time": 0.0},
    {"event": "run-started", "study": "[red]a[/red]", "notebooks": 3, "time": 0.0},
    {"event": "notebook-started", "study": "[red]a[/red]", "notebook": f"[link=http://x]data{STEERING}", "time": 0.0},
]


def test_the_live_table_shows_brackets_as_they_are():
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, color_system=None)
    console.print(table(EVENTS, began=time.time()))
    assert "[red]a[/red]" in out.getvalue()
    assert "[link=http://x]data\\x1b]0;title\\x07" in out.getvalue()
    assert "\x1b]" not in out.getvalue()


def test_nor_do_plain_lines_steer():
    out = io.StringIO()
    tell = plain_lines(out)
    for event in EVENTS:
        tell(event)
    assert not STEERS.search(out.getvalue())
    assert "data\\x1b" in out.getvalue()


CELLS = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1",
    "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x",
]  # fmt: skip


@pytest.mark.parametrize("text", CELLS)
def test_a_spreadsheet_runs_no_text(text):
    assert unrun(text) == f"'{text}"


def test_other_text_is_left():
    for text in ("", "a=1", "1-2", "'=1", "é", "3"):
        assert unrun(text) == text


WRITERS = {
    "report/bundle.py": "unrun", "report/figure_files.py": "unrun", "validation/listing.py": "unrun",
    "report/evidence.py": "unrun", "run/results.py": "unrun", "export/download.py": "unrun",
    "register/__init__.py": "unrun",
    # the partner's own rows, given back byte for byte to whoever can open the file they came from
    "validation/halves.py": "",
    # records without names for the analyst's machine, read again under a contract
    "linkage/content.py": "",
    # data that this program makes up
    "made_up/tables.py": "",
}  # fmt: skip


def test_every_writer_of_csv_is_known_and_neutralises():
    import curv_eval as package

    home = Path(package.__file__).parent
    found = {
        path.relative_to(home).as_posix(): path.read_text("utf-8")
        for path in home.rglob("*.py")
        if re.search(r"csv\.writer\(|DictWriter|\.to_csv\(|\.to_excel\(|FORMAT csv", path.read_text("utf-8"))
    }
    assert found.keys() == WRITERS.keys()
    for name, neutralised in WRITERS.items():
        assert neutralised in found[name]


def test_an_argument_nobody_typed_is_refused():
    folder = project()
    said = command(folder, "plan", "params/\x1b[31mstudy.yaml")
    refused(folder, said, "RunError", "params/\\x1b[31mstudy.yaml", "type it again")


def test_an_argument_with_a_line_end_is_one_line_in_the_message():
    folder = project()
    said = command(folder, "plan", "params/x\n  do: run rm.yaml")
    refused(folder, said, "StudyError", "params/x\\n  do: run rm.yaml")
