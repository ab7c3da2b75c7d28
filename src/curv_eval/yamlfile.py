"""Reading YAML as an evaluator means it.

PyYAML follows YAML 1.1, in which `no` is a boolean, `012` is ten, `1e3` is text and a repeated key silently wins.
Here only `true` and `false` are booleans, a number is what a person reads as a number, dates stay text and a
repeated key is refused with both line numbers. A file is looked at before it is read: its size, how deep it goes, and
whether it has aliases, tags or characters that nobody sees, so that none takes much or hides anything.
"""

from __future__ import annotations

import math
import re
import stat
from pathlib import Path

import yaml

from curv_eval.errors import StudyError
from curv_eval.visible import STEERS, visible

_MOST_BYTES, _DEEPEST = 1_000_000, 40

# a way into the file: keys, positions in lists, and names of list entries that have a `property` or a `name`
Place = tuple[str | int, ...]

_SCALARS = {
    "tag:yaml.org,2002:null": (r"^(?:~|null|)$", ["~", "n", ""]),
    "tag:yaml.org,2002:bool": (r"^(?:true|false)$", list("tf")),
    "tag:yaml.org,2002:int": (r"^[-+]?(?:0|[1-9][0-9]{0,39})$", list("-+0123456789")),
    "tag:yaml.org,2002:float": (
        r"^[-+]?(?:(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?|(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+)$",
        list("-+0123456789"),
    ),
}


class _PlainLoader(yaml.SafeLoader):
    """A SafeLoader with the rules of this module."""

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012 - PyYAML's own class attribute, replaced, never mutated


for _tag, (_pattern, _first) in _SCALARS.items():
    _PlainLoader.add_implicit_resolver(_tag, re.compile(_pattern), _first)


def _float(loader: _PlainLoader, node: yaml.ScalarNode) -> float:
    number = float(loader.construct_scalar(node))
    if math.isinf(number):
        raise _fault("a number this large cannot be held", node.start_mark)
    return number


def _fault(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict:
    seen: dict[object, int] = {}
    repeated = []
    for key_node, _ in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _fault("a key is a word, not a list or `key: value` lines", key_node.start_mark)
        key, line = loader.construct_object(key_node), key_node.start_mark.line + 1
        if key in seen:
            repeated.append(f"line {line}: `{key}` was already given on line {seen[key]}")
        seen[key] = line
    if repeated:
        raise StudyError("a key stands twice", repeated, "keep one of the two")
    loader.flatten_mapping(node)
    return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}


_PlainLoader.add_constructor("tag:yaml.org,2002:float", _float)
_PlainLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> dict:
    """Return the mapping that the YAML file `path` holds.

    Raises StudyError when the file is missing, not UTF-8, not YAML, repeats a key, does not hold a mapping, or takes or
    hides more than it shows (`small_file`, `refuse_hostile`).
    """
    text = _text(path)
    try:
        found = yaml.load(text, Loader=_PlainLoader)
    except StudyError as fault:
        raise StudyError(f"{path.name}: {fault.what}", fault.breaches, fault.do) from None
    except yaml.YAMLError as fault:
        raise StudyError(f"{path.name} is not YAML", [_where(fault)], "mend that line") from None
    if not isinstance(found, dict):
        raise StudyError(f"{path.name} holds no `key: value` lines", do="start from `curv-eval new`")
    return found


def line_of(path: Path, place: Place) -> int:
    """Return the line of the file on which `place` stands, or the nearest place around it that exists."""
    node, line = yaml.compose(_text(path), Loader=yaml.SafeLoader), 1
    for step in place:
        found = _within(node, step)
        if found is None:
            break
        line, node = found
    return line


def _within(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    """Return the line and the node of one step down."""
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark.line + 1, v) for k, v in node.value if k.value == str(step)), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    if isinstance(step, int):
        return (node.value[step].start_mark.line + 1, node.value[step]) if step < len(node.value) else None
    return next(((one.start_mark.line + 1, one) for one in node.value if _called(one) == step), None)


def _called(node: yaml.Node) -> str | None:
    """Return what an entry of a list is called."""
    given = {k.value: v.value for k, v in node.value} if isinstance(node, yaml.MappingNode) else {}
    return given.get("property", given.get("name"))


def _text(path: Path) -> str:
    try:
        text = small_file(path).decode("utf-8-sig")
        refuse_hostile(text)
    except UnicodeDecodeError as fault:
        raise StudyError(f"{path.name} is not UTF-8 (byte {fault.start:,})", do="save it as UTF-8") from None
    except yaml.YAMLError as fault:
        raise StudyError(f"{path.name} is not YAML", [_where(fault)], "mend that line") from None
    return text


def small_file(path: Path) -> bytes:
    """Return what the file `path` holds, before any of it is understood.

    Raises StudyError when there is none, when it is a folder, a device or a pipe, and when it is larger than a study or
    a contract is.
    """
    try:
        about = path.stat()
        raw = _start(path) if stat.S_ISREG(about.st_mode) and about.st_size <= _MOST_BYTES else b""
    except (OSError, ValueError):
        raise StudyError(f"there is no readable file {path}", do=_GIVE) from None
    if not stat.S_ISREG(about.st_mode):
        raise StudyError(f"{path} is a {'folder' if path.is_dir() else 'device or a pipe'}, not a file", do=_GIVE)
    if max(about.st_size, len(raw)) > _MOST_BYTES:
        what = f"{path.name} has {about.st_size:,} bytes; a study or contract has fewer than {_MOST_BYTES:,}"
        raise StudyError(what, do="check that it is the right file")
    return raw


_GIVE = "give a study file such as params/demo.yaml; `curv-eval new` makes one"


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def refuse_hostile(text: str) -> None:
    """Raise yaml.YAMLError for YAML that takes or hides more than it shows: an alias, which can make a small file
    enormous; a tag, which says how a value is built; what is nested too deep to be read; a character nobody sees."""
    _refuse_unseen(text, 0)
    depth = 0
    try:
        for token in yaml.scan(text):
            depth += _step(token)
            if (problem := _REFUSED.get(type(token))) or depth > _DEEPEST:
                raise _fault(problem or f"lists and keys go deeper than {_DEEPEST} levels", token.start_mark)
            if isinstance(token, yaml.ScalarToken):
                _refuse_unseen(token.value, token.start_mark.line)
    except (ValueError, OverflowError) as fault:
        # a character written by its number that is none, as in "\\UFFFFFFFF"
        problem = f"a character is written by a number that none has ({type(fault).__name__})"
        raise yaml.MarkedYAMLError(problem=problem) from None


_REFUSED = {
    yaml.AliasToken: "uses a YAML alias (*name); write the value out",
    yaml.TagToken: "uses a YAML tag (!name); write the value alone",
}
_OPEN = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSE = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


def _step(token: yaml.Token) -> int:
    return isinstance(token, _OPEN) - isinstance(token, _CLOSE)


def _refuse_unseen(text: str, line: int) -> None:
    # Windows ends its lines with two characters
    if found := STEERS.search(text.replace("\r\n", "\n")):
        at = yaml.Mark("", found.start(), line + text.count("\n", 0, found.start()), 0, None, None)
        raise _fault(f"the character {visible(found[0])} cannot be seen and is not used here; take it out", at)


def _where(fault: yaml.YAMLError) -> str:
    mark = getattr(fault, "problem_mark", None)
    problem = getattr(fault, "problem", None) or "not readable"
    if "'\\t'" in problem:
        problem = "a tab stands where spaces must stand"
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)
