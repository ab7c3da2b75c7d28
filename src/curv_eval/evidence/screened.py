"""What people decided before studies were put together: which records to keep, and how far to trust each study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import Assessed, assess
from curv_eval.evidence.screening import Flow, Reports, flow, screen, settled
from curv_eval.study import Review
from curv_eval.study.protocol import NOT_RETRIEVED

BIAS_COLUMNS = ("study", "domain", "level", "reason")


def flow_of_screening(review: Review, tables: Mapping[str, pd.DataFrame], studies: int) -> Flow | None:
    """Return the flow from records to studies by the screening table; None where the review has none.

    Raises StudyError where the table breaks its rules, is not finished, or does not add up with what was found.
    """
    asked = review.screening
    if asked is None:
        return None
    table = tables[asked.contract]
    done = settled(screen(table, table["reference"].astype(str), reasons=review.eligibility.reasons))
    gone = done.excluded("full_text")
    reports = Reports(len(done.included("title_abstract")), gone.pop(NOT_RETRIEVED, 0), gone)
    return flow(
        asked.identified, {"duplicates": asked.duplicates}, excluded=sum(done.excluded("title_abstract").values()),
        reports=reports, included=(studies, len(done.included("full_text"))),
    )  # fmt: skip


def assessed_of(review: Review, tables: Mapping[str, pd.DataFrame], studies: Sequence[str]) -> tuple[Assessed, ...]:
    """Return the risk of bias of each study, in their order; () where nobody judged.

    Raises StudyError for studies that are not judged or not in the review, and for judgements that are not whole.
    """
    asked = review.bias
    if asked is None:
        return ()
    table = tables[asked.contract].astype(dict.fromkeys(BIAS_COLUMNS, str))
    named = set(table["study"])
    faults = [f"{name}: not judged" for name in studies if name not in named]
    faults += [f"{name}: judged, and no study of this review" for name in sorted(named - {*studies})]
    if faults:
        do = "use the same labels in both tables"
        raise StudyError("the table of risk of bias does not fit the studies", faults, do)
    by_study = table.groupby("study")
    held = {name: {row.domain: (row.level, row.reason) for row in rows.itertuples()} for name, rows in by_study}
    return tuple(assess(name, asked.tool, held[name], by=asked.by) for name in studies)
