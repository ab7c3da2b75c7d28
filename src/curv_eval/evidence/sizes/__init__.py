"""Effect sizes from what papers report, each with what was converted and assumed; below 0 means less violence."""

from curv_eval.evidence.sizes.nouns import Effect, Measure
from curv_eval.evidence.sizes.results import Run, effect_of_results
from curv_eval.evidence.sizes.table import effects_from

__all__ = ["Effect", "Measure", "Run", "effect_of_results", "effects_from"]
