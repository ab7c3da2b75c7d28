"""What each level of agreement weighs, and how the weights of one pair add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from curv_eval.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd


def weight_table(model: Mapping[str, Any]) -> pd.DataFrame:
    """Return the levels of every field, closest first: field, level, m, u, weight (log2(m / u)).

    model: `Links.model`. Above 0 a level speaks for one person, below 0 against it.
    """
    import pandas as pd

    rows = [{"field": field, **level} for field, levels in model["fields"].items() for level in levels]
    return pd.DataFrame(rows, columns=["field", "level", "m", "u", "weight"])


def telling_pattern(model: Mapping[str, Any]) -> dict[str, str]:
    """Return the levels of two records that agree in all but one field: the one that then speaks most against them.

    It shows how much the other fields must make up for, as they must for somebody who changed their name or moved.
    """
    levels = {field: [(level["weight"], level["level"]) for level in held] for field, held in model["fields"].items()}
    against = min(levels, key=lambda field: levels[field][-1][0])
    return {field: held[-1 if field == against else 0][1] for field, held in levels.items()}


def waterfall(model: Mapping[str, Any], levels: Mapping[str, str | None]) -> pd.DataFrame:
    """Return how the weights of a pair add up: step, level, weight, total, probability.

    levels: the level that each field reached, None where one side is blank. It starts at the prior, which two records
    have before anything is compared; how rare a shared name is comes on top in the linkage and is left out here,
    so nobody's name is behind these numbers. Raises DesignError for a field or level that the model does not have.
    """
    import pandas as pd

    weights = {
        field: {level["level"]: level["weight"] for level in levels} for field, levels in model["fields"].items()
    }
    faults = [f"{field}: there is no such field" for field in levels if field not in weights]
    faults += [
        f"{field}: got {level!r}, expected one of {', '.join(weights[field])}"
        for field, level in levels.items()
        if field in weights and level is not None and level not in weights[field]
    ]
    if faults:
        raise DesignError("the weights of this pair are not known", faults)
    start = float(np.log2(model["prior"] / (1 - model["prior"])))
    steps = [("before comparing", "", start)]
    steps += [(f, level or "blank", weights[f][level] if level else 0.0) for f, level in levels.items()]
    table = pd.DataFrame(steps, columns=["step", "level", "weight"])
    table["total"] = table["weight"].cumsum()
    table["probability"] = np.exp2(-np.logaddexp2(0.0, -table["total"].to_numpy()))
    return table
