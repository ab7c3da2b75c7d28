"""Made-up data with a known truth: a whole data folder in which street mentoring changes violence by a chosen amount.

Nothing in it describes a real person, place or event. It serves to try the workbench without anybody's data, and to
see whether a method gives back the answer that was put in.
"""

from __future__ import annotations

from curv_eval.made_up.folder import make_up
from curv_eval.made_up.truth import Truth, read_truth

__all__ = ["Truth", "make_up", "read_truth"]
