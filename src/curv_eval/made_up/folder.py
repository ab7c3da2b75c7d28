"""Writes a whole made-up data folder in one step."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import RunError
from curv_eval.made_up.truth import Truth, write_truth

if TYPE_CHECKING:
    import numpy as np

    from curv_eval.made_up.registers import Pseudonym

MARK = "MADE_UP.json"
NOTE = "Made up from a random seed by curv-eval: no row describes a real person, place or event."
NOTE_OF_CLEVELAND = (
    "Made up from a random seed by curv-eval: no row describes a real person or event. Areas, wards, boundaries, "
    "populations and deprivation are public data about Cleveland (Office for National Statistics and Ministry of "
    "Housing, Communities and Local Government, Open Government Licence v3.0), and so is each area's mean of recorded "
    "violence. Postcodes are made up."
)


@dataclass(frozen=True)
class Setting:
    """What else can be chosen. person_effect: relative change of a mentored young person's own rate of being a victim,
    at least -1 and at most 2. geography: a folder of public data, so that the people live in Cleveland's real areas;
    None for a country of hexagons."""

    person_effect: float = -0.35
    geography: Path | None = None


def make_up(
    folder: Path, *, seed: int, effect: float, setting: Setting | None = None, pseudonym: Pseudonym | None = None
) -> Truth:
    """Write a data folder for the demo study "street mentoring" and return the truth behind it.

    folder: must not exist yet, or be empty; it appears complete or not at all.
    seed: int >= 0; the same seed, effects and pseudonyms give the same bytes. The country, the young people, the
        providers' records, schools and courts depend on the seed alone, so that two effects can be compared on one
        made-up country; what police, hospitals, ambulances and mentors learn of incidents depends on the effects too.
    effect: relative change of violence from the month mentoring starts in an area, e.g. -0.2; at least -1.
    pseudonym: (source, the partner's own number) -> 32 hexadecimal figures that stand in its place in the analysts'
        tables; without one they are keyed by a key that is drawn from the seed and kept nowhere.
    Raises RunError, naming everything that stands in the way.
    """
    setting = setting or Setting()
    _check(folder, seed, effect, setting)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The inner folder has the usual permissions, which those of a temporary one are not, and is renamed as a whole.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as part:
        whole = Path(part) / folder.name
        whole.mkdir()
        truth = _write(whole, seed, effect, setting=setting, pseudonym=pseudonym)
        _put(whole, folder)
    return truth


def _put(whole: Path, folder: Path) -> None:
    """Rename `whole` to `folder`, unless another run was faster and has put the same there."""
    try:
        if folder.is_dir():
            folder.rmdir()
        whole.rename(folder)
    except OSError as fault:
        theirs, ours = folder / MARK, whole / MARK
        if not (theirs.is_file() and theirs.read_bytes() == ours.read_bytes()):
            raise RunError(f"could not put made-up data into {folder}", [str(fault)], "give another folder") from fault


def _check(folder: Path, seed: int, effect: float, setting: Setting) -> None:
    faults = []
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        faults.append("folder: got one that holds something; expected none, or an empty one")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        faults.append(f"seed: got {seed!r}; expected a whole number, 0 or more")
    if not math.isfinite(effect) or effect < -1:
        faults.append(f"effect: got {effect!r}; expected a relative change of at least -1, such as -0.2")
    if not (math.isfinite(setting.person_effect) and -1 <= setting.person_effect <= 2):
        faults.append(f"person_effect: got {setting.person_effect!r}; expected a relative change from -1 to 2")
    if faults:
        raise RunError(f"cannot make up data in {folder}", faults, do="change what is named and run it again")


def _write(folder: Path, seed: int, effect: float, *, setting: Setting, pseudonym: Pseudonym | None) -> Truth:
    from curv_eval.made_up.drawing import draw_all, streams_of
    from curv_eval.made_up.known import truth_of
    from curv_eval.made_up.partners import write_partners
    from curv_eval.made_up.tables import write_tables, write_text

    stream = streams_of(seed)
    effects = effect, setting.person_effect
    drawn = draw_all(stream, setting.geography, effects, pseudonym=pseudonym or _keyed(stream["key"]))
    write_tables(folder, drawn)
    said = {"made_up": True, "seed": seed, "effect": effect, "person_effect": setting.person_effect}
    place, note = ("hexagons", NOTE) if setting.geography is None else ("Cleveland", NOTE_OF_CLEVELAND)
    mark = json.dumps({**said, "geography": place, "note": note})
    write_text(folder / MARK, mark)
    write_partners(folder, drawn, (MARK, mark))
    truth = truth_of(drawn, effects, {"seed": seed, "geography": place})
    write_truth(folder, truth)
    return truth


def _keyed(rng: np.random.Generator) -> Pseudonym:
    """Pseudonyms keyed as real ones are."""
    import hmac

    key = rng.bytes(32)
    return lambda source, own: hmac.digest(key, f"{source}/{own}".encode(), "sha256").hex()[:32]
