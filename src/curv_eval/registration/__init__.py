"""A plan that is fixed before its results are seen: registered, kept or changed, and every change logged.

registrations/<study>/1.json holds the plan; a change of it that was logged is 2.json, and so on. Nothing is rewritten.
"""

from __future__ import annotations

from curv_eval.registration.plan import PROSE, plan, plan_differences
from curv_eval.registration.record import FOLDER, Record, files, records, write
from curv_eval.registration.registering import draft
from curv_eval.registration.standing import Standing, Status, standing

__all__ = [
    "FOLDER",
    "PROSE",
    "Record",
    "Standing",
    "Status",
    "draft",
    "files",
    "plan",
    "plan_differences",
    "records",
    "standing",
    "write",
]
