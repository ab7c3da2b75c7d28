"""The PRISMA 2020 flow: how many records were found, and what became of each, with boxes that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.screening.decisions import NOT_RETRIEVED, Screening, settled
from curv_eval.evidence.screening.duplicates import Duplicates
from curv_eval.evidence.screening.nouns import Export

DUPLICATES = "duplicates"


@dataclass(frozen=True)
class Reports:
    """What became of the reports that were sought: those nobody could get, and those excluded, by reason."""

    sought: int
    not_retrieved: int
    excluded: Mapping[str, int]

    @property
    def assessed(self) -> int:
        """Reports assessed for eligibility."""
        return self.sought - self.not_retrieved

    @property
    def left(self) -> int:
        """Reports that were neither missing nor excluded."""
        return self.assessed - sum(self.excluded.values())


@dataclass(frozen=True)
class Flow:
    """Every box of a PRISMA 2020 flow diagram of a new review.

    identified: records by database or register. removed: before screening, by why ("duplicates" first). screened,
    excluded: records. reports: what became of reports sought from databases. other: records by other ways (websites,
    citations), with `other_reports`. studies, included: studies in the review, and the reports of them.
    Raises StudyError, with every fault, where boxes do not add up.
    """

    identified: Mapping[str, int]
    removed: Mapping[str, int]
    screened: int
    excluded: int
    reports: Reports
    studies: int
    included: int
    other: Mapping[str, int] = field(default_factory=dict)
    other_reports: Reports = field(default_factory=lambda: Reports(0, 0, {}))

    def __post_init__(self) -> None:
        faults = [*_negative(self), *_sums(self)]
        if faults:
            raise StudyError("the numbers of the flow do not add up", faults, "count again from the screening table")

    @property
    def found(self) -> int:
        """Records identified from databases and registers."""
        return sum(self.identified.values())

    @property
    def table(self) -> pd.DataFrame:
        """One row per box: column of the diagram, box, detail ("" for the whole box) and number."""
        rows = [*_database_boxes(self), *_other_boxes(self), *_last_boxes(self)]
        return pd.DataFrame(rows, columns=["column", "box", "detail", "n"])

    @property
    def text(self) -> str:
        """The diagram in plain sentences, for readers who do not see it."""
        return " ".join(filter(None, [*_database_text(self), *_other_text(self), _last_text(self)]))


def flow(
    identified: Mapping[str, int],
    removed: Mapping[str, int],
    *,
    excluded: int,
    reports: Reports,
    included: tuple[int, int],
) -> Flow:
    """Return the flow of a review that searched databases and registers only.

    identified: records by database. removed: records taken out before screening, by why. excluded: records excluded by
    title and abstract. included: studies, and the reports of them. Screened is what was identified less what was
    removed. Raises StudyError, with every fault, where the boxes do not add up. Source: Page and others (2021).
    """
    screened = sum(filter(_counts, identified.values())) - sum(filter(_counts, removed.values()))
    return Flow(identified, removed, screened, excluded, reports=reports, studies=included[0], included=included[1])


def flow_of(exports: Sequence[Export], duplicates: Duplicates, screening: Screening, *, studies: int) -> Flow:
    """Return the flow as the files themselves give it, once every conflict is resolved.

    exports: what the databases gave. An entry that could not be read counts as removed, never as unseen. studies: how
    many studies the included reports are about. Raises StudyError where screening is not finished or numbers do not
    add up.
    """
    done = settled(screening)
    identified: dict[str, int] = {}
    for export in exports:
        identified[export.database] = identified.get(export.database, 0) + export.entries
    unread = sum(export.entries - len(export.references) for export in exports)
    removed = {DUPLICATES: len(duplicates.removed)} | ({"could not be read": unread} if unread else {})
    gone = done.excluded("full_text")
    reports = Reports(len(done.included("title_abstract")), gone.pop(NOT_RETRIEVED, 0), gone)
    first = sum(done.excluded("title_abstract").values())
    return Flow(
        identified, removed, len(screening.references), first, reports=reports, studies=studies,
        included=len(done.included("full_text")),
    )  # fmt: skip


def _numbers(held: Flow) -> dict[str, int]:
    named = {"screened": held.screened, "excluded": held.excluded, "studies": held.studies, "included": held.included}
    for box, parts in (("identified", held.identified), ("removed", held.removed), ("other", held.other)):
        named |= {f"{box}, {name}": n for name, n in parts.items()}
    for box, reports in (("reports", held.reports), ("other reports", held.other_reports)):
        named |= {f"{box}, sought": reports.sought, f"{box}, not retrieved": reports.not_retrieved}
        named |= {f"{box}, {name}": n for name, n in reports.excluded.items()}
    return named


def _negative(held: Flow) -> list[str]:
    return [
        f"{name}: got {n!r}, expected a whole number of 0 or more"
        for name, n in _numbers(held).items()
        if not _counts(n)
    ]


def _counts(n: object) -> bool:
    return not isinstance(n, bool) and hasattr(n, "__index__") and n >= 0


def _sums(held: Flow) -> list[str]:
    if not held.identified:
        return ["identified: no database"]
    if _negative(held):
        return []
    removed, reports, other = sum(held.removed.values()), held.reports, held.other_reports
    pairs = (
        ("screened", held.screened, "identified less removed", held.found - removed),
        ("reports sought", reports.sought, "screened less excluded", held.screened - held.excluded),
        ("reports included", held.included, "assessed less excluded", reports.left + other.left),
    )
    faults = [f"{name}: got {got:,}, expected {n:,} ({what})" for name, got, what, n in pairs if got != n]
    if other.sought > sum(held.other.values()):
        faults.append(f"other reports sought: got {other.sought:,}, expected at most {sum(held.other.values()):,}")
    faults += [f"{name}: more were lost than sought" for name, one in _both(held) if one.assessed < 0 or one.left < 0]
    if held.studies > held.included or (held.included > 0 and held.studies == 0):
        faults.append(f"studies: got {held.studies:,}, expected 1 to {held.included:,}, the number of their reports")
    return faults


def _both(held: Flow) -> tuple[tuple[str, Reports], ...]:
    return (("reports", held.reports), ("other reports", held.other_reports))


def _database_boxes(held: Flow) -> list[tuple[str, str, str, int]]:
    column = "databases and registers"
    rows = [(column, "records identified", "", held.found)]
    rows += [(column, "records identified", name, n) for name, n in held.identified.items()]
    rows += [(column, "records removed before screening", "", sum(held.removed.values()))]
    rows += [(column, "records removed before screening", name, n) for name, n in held.removed.items()]
    rows += [(column, "records screened", "", held.screened), (column, "records excluded", "", held.excluded)]
    return [*rows, *_report_boxes(column, held.reports)]


def _report_boxes(column: str, reports: Reports) -> list[tuple[str, str, str, int]]:
    rows = [
        (column, "reports sought for retrieval", "", reports.sought),
        (column, "reports not retrieved", "", reports.not_retrieved),
        (column, "reports assessed for eligibility", "", reports.assessed),
        (column, "reports excluded", "", sum(reports.excluded.values())),
    ]
    return [*rows, *((column, "reports excluded", name, n) for name, n in reports.excluded.items())]


def _other_boxes(held: Flow) -> list[tuple[str, str, str, int]]:
    if not held.other:
        return []
    column = "other methods"
    rows = [(column, "records identified", "", sum(held.other.values()))]
    rows += [(column, "records identified", name, n) for name, n in held.other.items()]
    return [*rows, *_report_boxes(column, held.other_reports)]


def _last_boxes(held: Flow) -> list[tuple[str, str, str, int]]:
    return [("included", "studies included", "", held.studies), ("included", "reports included", "", held.included)]


def _database_text(held: Flow) -> list[str]:
    removed = sum(held.removed.values())
    taken = f"Before reading, {_n(removed, 'record')} {_was(removed)} taken out ({_parts(held.removed)})."
    return [
        f"Searches of {_parts(held.identified)} found {_n(held.found, 'record')}.",
        taken if removed else "",
        f"Two people read the titles and summaries of {_n(held.screened, 'record')} and left out {held.excluded:,}.",
        *_report_text(held.reports),
    ]  # fmt: skip


def _report_text(reports: Reports) -> list[str]:
    gone = sum(reports.excluded.values())
    out = f" {gone:,} {_was(gone)} left out ({_parts(reports.excluded)})." if gone else " None was left out."
    return [
        f"{_n(reports.sought, 'full report')} {_was(reports.sought)} sought, and {reports.not_retrieved:,} could not "
        "be had.",
        f"{_n(reports.assessed, 'report')} {_was(reports.assessed)} read in full.{out}",
    ]


def _other_text(held: Flow) -> list[str]:
    if not held.other:
        return []
    found = f"Other ways ({_parts(held.other)}) found {_n(sum(held.other.values()), 'record')}."
    return [found, *_report_text(held.other_reports)]


def _last_text(held: Flow) -> str:
    said = f"The review holds {held.studies:,} {'study' if held.studies == 1 else 'studies'}"
    return f"{said}, described in {_n(held.included, 'report')}."


def _parts(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {n:,}" for name, n in parts.items()) or "none"


def _n(n: int, word: str) -> str:
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def _was(n: int) -> str:
    return "was" if n == 1 else "were"
