"""Reading YAML as an evaluator means it.

PyYAML follows YAML 1.1, in which `no` is a boolean, `012` is ten, `1e3` is text and a repeated key silently wins.
Here only `true` and `false` are booleans, a number is what a person reads as a number, dates stay text and a
repeated key is refused with both line numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from curv_eval.errors import StudyError

_MOST_BYTES = 1_000_000

# a way into the file: keys, positions in lists, and names of list entries that have a `property` or a `name`
Place = tuple[str | int, ...]

_SCALARS = {
    "tag:yaml.org,2002:null": (r"^(?:~|null|)$", ["~", "n", ""]),
    "tag:yaml.org,2002:bool": (r"^(?:true|false)$", list("tf")),
    "tag:yaml.org,2002:int": (r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
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
    return float(loader.construct_scalar(node))


def _mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict:
    seen: dict[object, int] = {}
    repeated = []
    for key_node, _ in node.value:
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

    Raises StudyError when the file is missing, not UTF-8, not YAML, repeats a key, uses an alias (which can make a
    small file enormous) or does not hold a mapping.
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
        raw = path.read_bytes()
    except OSError:
        what = f"{path} is a folder, not a file" if path.is_dir() else f"there is no readable file {path}"
        raise StudyError(what, do="give a study file such as params/demo.yaml; `curv-eval new` makes one") from None
    if len(raw) > _MOST_BYTES:
        raise StudyError(f"{path.name} has {len(raw):,} bytes; a study or contract has fewer than {_MOST_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise StudyError(f"{path.name} is not UTF-8 (byte {fault.start:,})", do="save it as UTF-8") from None
    if any(isinstance(token, yaml.AliasToken) for token in _tokens(text, path)):
        raise StudyError(f"{path.name} uses a YAML alias (*name)", do="write the value out")
    return text


def _tokens(text: str, path: Path) -> list:
    try:
        return list(yaml.scan(text))
    except yaml.YAMLError as fault:
        raise StudyError(f"{path.name} is not YAML", [_where(fault)], "mend that line") from None


def _where(fault: yaml.YAMLError) -> str:
    mark = getattr(fault, "problem_mark", None)
    problem = getattr(fault, "problem", None) or "not readable"
    if "'\\t'" in problem:
        problem = "a tab stands where spaces must stand"
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)
