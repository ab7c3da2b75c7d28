"""Copies that an agreement no longer covers: which there are, and how they are removed so that it can be shown.

Only files that belong to a contract are touched: named by a study, by a finished run or by a quarantine, called like
the contract, or with the content of such a file. Links are not followed. What a contract still covers stays.
"""

from __future__ import annotations

from curv_eval.retention.listing import Asked, Held, Listing, Private, listing
from curv_eval.retention.removing import remove
from curv_eval.retention.standing import Stands, Term, term

__all__ = ["Asked", "Held", "Listing", "Private", "Stands", "Term", "listing", "remove", "term"]
