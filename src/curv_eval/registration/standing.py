"""Where a study stands: its plan kept, changed after it was registered, or never registered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from curv_eval.registration.plan import plan_beside, plan_differences
from curv_eval.registration.record import Record, records
from curv_eval.study import Difference, Study


class Status(Enum):
    """CONFIRMATORY: registered and not changed. EXPLORATORY: changed afterwards. UNREGISTERED: there is no record."""

    CONFIRMATORY = "confirmatory"
    EXPLORATORY = "exploratory"
    UNREGISTERED = "unregistered"


@dataclass(frozen=True)
class Standing:
    """What the records of a study say of its plan as it is now.

    records: the registration, then every logged change. unexplained: what was changed and not logged. typed: the day
    the study itself gives, with its note.
    """

    status: Status
    typed: str
    note: str
    records: tuple[Record, ...] = ()
    unexplained: tuple[Difference, ...] = ()

    @property
    def first(self) -> Record | None:
        """The registration, None where there is none."""
        return self.records[0] if self.records else None

    @property
    def deviations(self) -> tuple[Record, ...]:
        """The logged changes."""
        return self.records[1:]

    @property
    def after_a_look(self) -> bool:
        """Whether a result was there when the plan was registered."""
        return bool(self.records) and bool(self.records[0].seen)

    @property
    def changed_after_a_look(self) -> bool:
        """Whether a result was there, or may have been, when the plan was changed."""
        return bool(self.unexplained) or any(record.seen for record in self.deviations)


def standing(study: Study) -> Standing:
    """Return where a study stands. Raises StudyError when its registration was tampered with."""
    held = records(study)
    if not held:
        return Standing(Status.UNREGISTERED, study.registered, study.registration_note)
    left = tuple(plan_differences(held[-1].plan, plan_beside(study, held[-1].plan)))
    same = plan_beside(study, held[0].plan) == held[0].plan
    status = Status.CONFIRMATORY if same else Status.EXPLORATORY
    return Standing(status, study.registered, study.registration_note, held, left)
