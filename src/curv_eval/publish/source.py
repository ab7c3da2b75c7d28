"""Reading a brief as Quarto reads it: front matter, includes, variables; every line remembers where it was written.

Sources: quarto.org/docs/authoring/includes.html (an include stands alone between empty lines; paths inside it are
relative to the main file) and quarto.org/docs/authoring/variables.html (`_variables.yml` beside `_quarto.yml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from curv_eval.yamlfile import refuse_hostile

BRIEF = "study.qmd"
VARIABLES = "_variables.yml"
SHORTCODE = re.compile(r"\{\{<\s*(\S+)\s*(.*?)\s*>\}\}")
_ALONE = re.compile(r"^\s*" + SHORTCODE.pattern + r"\s*$")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKUP = re.compile(r"[\n`$\[\]{}|\\*]|<[A-Za-z/!]|(?<!\w)[_@]|_(?!\w)")


@dataclass(frozen=True)
class Finding:
    """One thing in a brief that may not be published: the file (relative to the brief), the line from 1, and why."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.message}"


@dataclass(frozen=True)
class Line:
    """One line of the brief after includes and variables, and the file and line (from 1) on which it was written."""

    text: str
    file: str
    number: int

    def finding(self, message: str) -> Finding:
        """Return `message` as a finding at this line."""
        return Finding(self.file, self.number, message)


@dataclass(frozen=True)
class Source:
    """A brief read whole: front matter (text to text or list), body lines, released variables, what was wrong."""

    front: dict
    front_lines: tuple[Line, ...]
    lines: tuple[Line, ...]
    variables: dict
    findings: tuple[Finding, ...]

    @property
    def body(self) -> str:
        """The body as one markdown text."""
        return "\n".join(line.text for line in self.lines) + "\n"


def read_source(folder: Path) -> Source:
    """Read `study.qmd` in the brief `folder` with everything it includes; faults become findings, none is raised."""
    findings: list[Finding] = []
    variables = _variables(folder, findings)
    written = list(_written(folder, BRIEF, findings))
    front_lines, body = _split(written)
    lines = [_filled(line, variables, findings) for line in _expanded(folder, body, (BRIEF,), findings)]
    for line in front_lines:
        _filled(line, variables, findings)
    front = _front(front_lines, variables, findings)
    return Source(front, tuple(front_lines), tuple(lines), variables, tuple(findings))


def fill(text: str, variables: dict) -> str:
    """Return `text` with every `{{< var key >}}` whose key is known replaced by its value."""

    def value(found: re.Match) -> str:
        known = found[1] == "var" and found[2] in variables
        return str(variables[found[2]]) if known else found[0]

    return SHORTCODE.sub(value, text)


def unescaped(text: str) -> str:
    """Return markdown `text` without the backslashes that keep its marks from being markup."""
    return _ESCAPED.sub(r"\1", text)


def filled_front(text: str, variables: dict) -> dict:
    """Return front matter `text` as a mapping with its variables filled in; raises as `load_mapping` does."""
    # Filled in after YAML is read: a quotation mark or backslash in a released text must not end or change a value.
    return {key: _fill_each(value, variables) for key, value in load_mapping(text).items()}


def load_mapping(text: str) -> dict:
    """Return the mapping in YAML `text`; raise yaml.YAMLError or ValueError when it is none."""
    refuse_hostile(text)
    found = yaml.safe_load(text)
    if not isinstance(found, dict):
        raise ValueError("no `key: value` lines")
    return found


def inside(folder: Path, path: str) -> Path | None:
    """Return the file `path` (relative to the brief) when it is a file inside the brief `folder`, otherwise None."""
    target = (folder / path).resolve()
    return target if target.is_relative_to(folder.resolve()) and target.is_file() else None


def _fill_each(value: object, variables: dict) -> object:
    if isinstance(value, list):
        return [_fill_each(one, variables) for one in value]
    return fill(value, variables) if isinstance(value, str) else value


def _written(folder: Path, path: str, findings: list[Finding]) -> Iterator[Line]:
    found = inside(folder, path)
    try:
        text = found.read_text("utf-8-sig") if found else ""
    except UnicodeDecodeError:
        findings.append(Finding(path, 1, "not UTF-8; save it as UTF-8"))
        return
    if found is None:
        findings.append(Finding(path, 1, "no such file in the brief"))
    for number, line in enumerate(text.splitlines(), 1):
        yield Line(line.rstrip(), path, number)


def _split(written: list[Line]) -> tuple[list[Line], list[Line]]:
    if not written or written[0].text != "---":
        return [], written
    end = next((at for at, line in enumerate(written[1:], 1) if line.text in ("---", "...")), None)
    return (written[1:end], written[end + 1 :]) if end else ([], written)


def _front(lines: list[Line], variables: dict, findings: list[Finding]) -> dict:
    try:
        return filled_front("\n".join(line.text for line in lines), variables)
    except (yaml.YAMLError, ValueError) as fault:
        findings.append(Finding(BRIEF, 1, f"the front matter between the two `---` lines is not readable: {fault}"))
        return {}


def _variables(folder: Path, findings: list[Finding]) -> dict:
    try:
        found = load_mapping((folder / VARIABLES).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        findings.append(Finding(VARIABLES, 1, "missing or not `key: text` lines; a run's release writes it"))
        return {}
    return found


def _expanded(folder: Path, lines: list[Line], chain: tuple[str, ...], findings: list[Finding]) -> Iterator[Line]:
    for at, line in enumerate(lines):
        found = _ALONE.match(line.text)
        if found is None or found[1] != "include":
            yield line
            continue
        neighbours = [lines[near].text for near in (at - 1, at + 1) if 0 <= near < len(lines)]
        if any(neighbours):
            findings.append(line.finding("an include stands alone between empty lines; add them"))
        yield from _included(folder, line, found[2].strip("\"'"), chain, findings)


def _included(folder: Path, line: Line, path: str, chain: tuple[str, ...], findings: list[Finding]) -> Iterator[Line]:
    if path in chain:
        findings.append(line.finding(f"{path} includes itself ({' > '.join((*chain, path))})"))
    elif inside(folder, path) is None:
        findings.append(line.finding(f"there is no {path} in the brief to include; check the name and the bundle"))
    else:
        written = list(_written(folder, path, findings))
        if written and written[0].text == "---":
            findings.append(written[0].finding("an included file has no front matter; move it to study.qmd"))
        yield from _expanded(folder, written, (*chain, path), findings)


def _filled(line: Line, variables: dict, findings: list[Finding]) -> Line:
    if "{{{<" in line.text:
        findings.append(line.finding("escaped shortcodes ({{{< ... >}}}) are not part of a brief"))
    for name, argument in SHORTCODE.findall(line.text):
        problem = _shortcode_problem(name, argument, line.text, variables)
        if problem:
            findings.append(line.finding(problem))
    return replace(line, text=fill(line.text, variables))


def _shortcode_problem(name: str, argument: str, text: str, variables: dict) -> str:
    if name == "var":
        return _variable_problem(argument, variables)
    if name == "pagebreak" and not argument and _ALONE.match(text):
        return ""
    if name == "include" and argument and _ALONE.match(text):
        return ""
    if name in ("pagebreak", "include"):
        return f"`{name}` stands alone on its line, as {{{{< {name} {'file' if name == 'include' else ''}>}}}}"
    return f"unknown shortcode `{name}`; a brief uses var, include and pagebreak"


def _variable_problem(key: str, variables: dict) -> str:
    if key not in variables:
        return f"unknown variable `{key}`; released variables are in {VARIABLES}"
    value = variables[key]
    if not isinstance(value, str) or _MARKUP.search(_ESCAPED.sub("", value)):
        return f"variable `{key}` is not one line of plain text (marks escaped), so it cannot stand in a sentence"
    return ""
