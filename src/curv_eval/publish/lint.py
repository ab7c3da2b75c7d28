"""What a brief may be written in: the part of Quarto's markdown in which both renderers say the same.

Everything outside is refused with its file and line. Rules on lines stand here, rules on pandoc's tree in `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from curv_eval.publish import rules
from curv_eval.publish.source import BRIEF, SHORTCODE, Finding, Line, Source, read_source
from curv_eval.publish.tree import FORMATS, parse, shown

STATUS = "bundle/parts/_status.md"
_FRONT_KEYS = ("title", "subtitle", "author", "date", "lang", "description")
_DATE = re.compile(
    r"^(?:[1-9]|[12]\d|3[01]) (?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r" \d{4}$"
)
_FENCE = re.compile(r"^\s*:{3,}\s*(.*?)\s*:*$")
_HEADING = re.compile(r"^#{1,6}(?:\s|$)")


def lint(brief_folder: Path) -> list[Finding]:
    """Return everything in the brief folder that may not be published, in the order in which it was written.

    An empty list means that both renderers will read the brief, and read it alike.
    """
    folder = Path(brief_folder)
    source = read_source(folder)
    found = [*source.findings, *_front(source), *_status(source), *_lines(source.lines)]
    if source.lines:
        tree = parse(source, folder)
        found += rules.conditions(tree)
        for output in FORMATS:
            found += rules.check(shown(tree, output), folder, output)
    return _in_order(found, source)


def _in_order(found: Iterable[Finding], source: Source) -> list[Finding]:
    place = {(line.file, line.number): at for at, line in enumerate(source.lines)}
    return sorted(set(found), key=lambda one: (place.get((one.file, one.line), -1), one.line, one.message))


def _front(source: Source) -> Iterator[Finding]:
    front, lines = source.front, {line.text.partition(":")[0]: line for line in source.front_lines}
    named = [line.text.partition(":")[0] for line in source.front_lines if re.match(r"[A-Za-z_-]+:", line.text)]

    def at(key: str, message: str) -> Finding:
        return lines[key].finding(message) if key in lines else Finding(BRIEF, 1, message)

    for key in sorted({key for key in named if named.count(key) > 1}):
        yield at(key, f"front matter gives `{key}` twice; keep one")
    for key in front:
        if key not in _FRONT_KEYS:
            yield at(key, f"front matter key `{key}` is not used in a brief; allowed: {', '.join(_FRONT_KEYS)}")
        elif not _is_text(front[key]) and not (key == "author" and isinstance(front[key], list)):
            yield at(key, f"`{key}` is not one line of text; put it in quotation marks")
    if not _is_text(front.get("title")):
        yield Finding(BRIEF, 1, "front matter has no `title`")
    if _is_text(front.get("date")) and not _DATE.match(front["date"]):
        yield at("date", f"date {front['date']!r} is not written like 5 January 2026; both renderers print it as it is")
    if _is_text(front.get("lang")) and not re.match(r"^[a-z]{2}-[A-Z]{2}$", front["lang"]):
        yield at("lang", f"lang {front['lang']!r} is not a language and region such as en-GB")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _status(source: Source) -> Iterator[Finding]:
    if not any(line.file == STATUS for line in source.lines):
        yield Finding(BRIEF, 1, f"the brief does not include {STATUS}: a reader must see whether it was reviewed")


def _lines(lines: tuple[Line, ...]) -> Iterator[Finding]:
    for before, line in pairwise((Line("", BRIEF, 0), *lines)):
        text = line.text.strip()
        if text.startswith(("```", "~~~")):
            yield line.finding("code is not part of a brief; numbers come from the run's bundle")
        if text and len(text) > 2 and set(text) in ({"="}, {"-"}) and before.text.strip():
            yield line.finding("write headings with ##, not by underlining")
        if re.match(r"^\+[-=+]+\+$", text) or re.match(r"^-{2,}(\s+-{2,})+$", text):
            yield line.finding("only pipe tables (| a | b |) are part of a brief")
        if re.search(r"\{\{<|>\}\}", SHORTCODE.sub("", line.text)):
            yield line.finding("this shortcode is not complete: {{< name argument >}} on one line")
        if re.search(r"(?<!\\)</?(?:div|span)\b", line.text, re.I):
            yield line.finding("raw HTML is not part of a brief")
        if _HEADING.match(line.text) and before.text and not _FENCE.match(before.text):
            yield line.finding("a heading needs an empty line before it")
        if re.match(r"^\s+#{1,6}\s", line.text):
            yield line.finding("a heading starts at the beginning of its line")
    yield from _fences(lines)


def _fences(lines: tuple[Line, ...]) -> Iterator[Finding]:
    opened: list[Line] = []
    for line in lines:
        fence = _FENCE.match(line.text)
        if fence and fence[1]:
            opened.append(line)
        elif fence and opened:
            opened.pop()
        elif fence:
            yield line.finding("this ::: closes nothing")
    for line in opened:
        yield line.finding("this ::: is never closed")
