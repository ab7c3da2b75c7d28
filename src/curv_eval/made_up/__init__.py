"""Made-up data with a known truth: a whole data folder in which street mentoring changes violence by a chosen amount.

Nobody in it exists, and nothing in it happened. It serves to try the workbench without anybody's data, and to see
whether a method gives back the answer that was put in.
"""

from __future__ import annotations

from curv_eval.made_up.folder import Setting, make_up
from curv_eval.made_up.truth import Truth, read_truth

__all__ = ["Setting", "Truth", "make_up", "read_truth"]
