"""Outcomes weighed by how serious they are, as a study file asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import STRICT, Name, Text

Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
_WHOLE = 0.005  # shares written with two digits may miss 1 by so much


@dataclass(frozen=True, config=STRICT)
class Harms:
    """Outcomes weighed by how serious they are, beside their counts.

    offences: outcome of this study -> offence, by its name or Home Office code in the index. mix: outcome that is only
    counted as a whole -> the share of each offence in it, with `mix_source`. weights: offence -> weight, where the
    current edition is at hand, with `weights_source`.
    """

    offences: dict[Name, Text] = Field(default_factory=dict)
    index: Literal["ONS Crime Severity Score", "Cambridge CHI"] = "ONS Crime Severity Score"
    weights: dict[Text, Weight] = Field(default_factory=dict)
    weights_source: Text | None = None
    mix: dict[Name, Annotated[dict[Text, Share], Field(min_length=1)]] = Field(default_factory=dict)
    mix_source: Text | None = None

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that are weighed."""
        return (*self.offences, *self.mix)

    @property
    def weighed(self) -> tuple[str, ...]:
        """The offences whose weights are needed, each once."""
        return tuple(dict.fromkeys((*self.offences.values(), *(name for made in self.mix.values() for name in made))))

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))

    def _faults(self) -> Iterator[str]:
        if not self.outcomes:
            yield "an offence for at least one outcome, in `offences` or `mix`"
        if bool(self.weights) != (self.weights_source is not None):
            yield "weights and weights_source together, or neither"
        if bool(self.mix) != (self.mix_source is not None):
            yield "mix and mix_source together, or neither"
        if missing := [offence for offence in self.weighed if self.weights and offence not in self.weights]:
            yield f"a weight for {', '.join(missing)}"
        if unused := [offence for offence in self.weights if offence not in self.weighed]:
            yield f"no weight for what is not weighed ({', '.join(unused)})"
        if len({*self.offences.values()}) < len(self.offences):
            yield "each offence once; outcomes of one offence are one outcome"
        if both := [name for name in self.offences if name in self.mix]:
            yield f"an offence or a mix for {', '.join(both)}, not both"
        for name, made in self.mix.items():
            if abs(sum(made.values()) - 1) > _WHOLE:
                yield f"shares of {name} that add up to 1, not {sum(made.values()):g}"
