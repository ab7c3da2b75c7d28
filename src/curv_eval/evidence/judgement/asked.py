"""What people judge: given by name, every name once, each with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from curv_eval.visible import STEERS


def unknown(kind: str, got: str, known: Iterable[str]) -> str:
    """Return what to say of a name that is not known, with the nearest one."""
    names = list(known)
    close = get_close_matches(str(got).strip().lower(), names, 1, cutoff=0.3)
    near = f"; did you mean {close[0]}?" if close else ""
    return f"{kind}: got {got!r}, expected one of {', '.join(names)}{near}"


def faults_of(
    judged: Mapping[str, tuple[object, str]], names: Iterable[str], *, kind: str, levels: Iterable[object]
) -> Iterator[str]:
    """Yield every fault of judgements by name, each a level and a reason: unknown or missing names, unknown levels,
    reasons that are blank or hold characters that nobody sees."""
    expected, allowed = list(names), list(levels)
    for name, held in judged.items():
        if name not in expected:
            yield unknown(kind, name, expected)
            continue
        level, reason = held
        if level not in allowed or isinstance(level, bool):
            yield unknown(name, str(level), map(str, allowed))
        if not str(reason).strip():
            yield f"{name}: no reason given"
        elif STEERS.search(str(reason).replace("\n", " ")):
            yield f"{name}: the reason holds characters that nobody sees; write it again"
    for name in expected:
        if name not in judged:
            yield f"{name}: not judged"


def listed(names: Iterable[str]) -> str:
    """Return names as people list them: a, b and c."""
    held = list(names)
    return held[0] if len(held) == 1 else f"{', '.join(held[:-1])} and {held[-1]}" if held else ""
