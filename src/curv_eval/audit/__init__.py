"""The audit log: who loaded, linked, released and approved what, in lines that are chained by hash.

outputs/audit.jsonl   one line of JSON per act, never rewritten; each repeats the hash of the line before it
outputs/audit.head    number and hash of the last line, so that a tail that was cut off is seen

A chain shows that lines were changed; it does not keep anybody from writing the whole log anew. For that the head is
noted where the writer of the log cannot reach it.
"""

from __future__ import annotations

from curv_eval.audit.line import Line, What
from curv_eval.audit.verifying import Found, lines, verify_log
from curv_eval.audit.writing import Made, home_of, on_behalf_of, ready, record, recorded, who

__all__ = [
    "Found",
    "Line",
    "Made",
    "What",
    "home_of",
    "lines",
    "on_behalf_of",
    "ready",
    "record",
    "recorded",
    "verify_log",
    "who",
]
