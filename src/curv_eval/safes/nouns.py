"""Case and Shared: a study with its contracts, as an assessment needs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curv_eval.contract import Column, Contract
from curv_eval.minimise import Received
from curv_eval.registration import Standing
from curv_eval.study import Study, Use


@dataclass(frozen=True)
class Shared:
    """One dataset of a study. received: its columns as the study sees them. row: what the register says of it.

    doubts: sentences about what in its contract needs a person.
    """

    contract: Contract
    use: Use
    received: tuple[Received, ...]
    row: dict[str, str]
    doubts: tuple[str, ...]

    @property
    def left(self) -> tuple[Column, ...]:
        """The columns that the study does not receive."""
        names = {one.column.name for one in self.received}
        return tuple(column for column in self.contract.columns if column.name not in names)

    def received_as(self, **asked: str) -> tuple[str, ...]:
        """Return the names of the columns received that have a category or a role."""
        return tuple(
            one.column.name
            for one in self.received
            if all(getattr(one.column, key) == value for key, value in asked.items())
        )


@dataclass(frozen=True)
class Case:
    """A study on one day: its datasets, and whether its plan is registered."""

    study: Study
    today: date
    shared: tuple[Shared, ...]
    standing: Standing

    @property
    def restricted(self) -> tuple[Shared, ...]:
        """The datasets that are not public."""
        return tuple(one for one in self.shared if not one.contract.public)

    @property
    def open(self) -> tuple[Shared, ...]:
        """The datasets whose every column is public."""
        return tuple(one for one in self.shared if one.contract.public)

    @property
    def links(self) -> tuple[str, ...]:
        """The contracts of pairs of pseudonyms that the study uses."""
        study = self.study
        named = [study.linkage.links] if study.linkage else []
        named += [one.record.links for one in study.outcomes if one.record and one.record.links]
        named += [one.contract for one in study.hidden.links] if study.hidden else []
        return tuple(dict.fromkeys(named))
