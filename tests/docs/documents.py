"""Reading the documents: their code, tables, sections, and what in them would be typed into a terminal."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from curv_eval.cli import app

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changelog.d/*.md")])
CLI = typer.main.get_command(app)
PLACEHOLDER = re.compile(r"<|NAME|NUMBER|KIND|\*|…")


def named(path):
    return path.relative_to(ROOT).as_posix()


def read(name):
    return (ROOT / name).read_text("utf-8")


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def spans(text):
    return re.findall(r"`([^`\n]+)`", prose(text))


def blocks(text):
    return re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.M | re.S)


def section(text, heading):
    return re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], flags=re.M)[0]


def rows(text):
    table = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table if not set("".join(row)) <= set("-: ")]


def typed(text):
    """Every line or code span that would be typed into a terminal."""
    lines = [line.removeprefix("$ ").strip() for block in blocks(text) for line in block.splitlines()]
    return [line for line in [*lines, *spans(text)] if re.match(r"(curv-eval|make)( |$)", line)]


def documents(wanted=lambda text: True):
    return [pytest.param(path, id=named(path)) for path in DOCS if wanted(path.read_text("utf-8"))]


def command(line):
    """Return the words of the command, the command itself, and what was typed after its words."""
    words, given = [], shlex.split(line.split(" demo | new")[0])[1:]
    found = CLI
    while given and hasattr(found, "commands"):
        assert given[0] in found.commands, f"there is no command in: {line}"
        words.append(given[0])
        found, given = found.commands[given[0]], given[1:]
    return " ".join(words), found, given


def options(found):
    return {name for param in found.params for name in (*param.opts, *param.secondary_opts) if name.startswith("--")}


def leaves(group=CLI, before=""):
    for name, found in group.commands.items():
        yield from leaves(found, f"{before}{name} ") if hasattr(found, "commands") else [before + name]
