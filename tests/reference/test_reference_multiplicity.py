"""Adjusted p-values are those of R's p.adjust, and of statsmodels on any p-values."""

import json
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from curv_eval.stats import multiplicity

CASE = json.loads((Path(__file__).parent / "p_adjust.json").read_text("utf-8"))
OURS = {
    "bonferroni": multiplicity.bonferroni, "holm": multiplicity.holm, "hochberg": multiplicity.hochberg,
    "hommel": multiplicity.hommel, "BH": multiplicity.benjamini_hochberg, "BY": multiplicity.benjamini_yekutieli,
}  # fmt: skip
THEIRS = {
    "bonferroni": "bonferroni", "holm": "holm", "hochberg": "simes-hochberg", "hommel": "hommel", "BH": "fdr_bh",
    "BY": "fdr_by",
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_adjusted_values_are_those_of_r(name):
    found = OURS[name](np.array(CASE["data"]["inline"]))
    # the stored values have ten digits
    assert found == pytest.approx(CASE["expected"][name], abs=CASE["tolerance"]["p"])


@pytest.mark.parametrize("name", OURS)
def test_the_order_of_the_p_values_does_not_matter(name):
    order = np.random.default_rng(1).permutation(15)
    found = OURS[name](np.array(CASE["data"]["inline"])[order])
    assert found == pytest.approx(np.array(CASE["expected"][name])[order], abs=1e-10)


@pytest.mark.parametrize("name", OURS)
def test_adjusted_values_are_those_of_statsmodels_with_ties_and_few_tests(name):
    draw = np.random.default_rng(2)
    for _ in range(100):
        p = draw.beta(0.3, 1, draw.integers(1, 9)).round(2)
        assert OURS[name](p) == pytest.approx(multipletests(p, method=THEIRS[name])[1], abs=1e-12)
