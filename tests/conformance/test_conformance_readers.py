"""What a study may leave out is named with the methods and checks that read it, and with no others."""

import re
from pathlib import Path

import pytest

from curv_eval import checks, methods
from curv_eval.run.preflight import READERS

HOME = Path(methods.__file__).parents[1]
FILES = {path.stem: path.read_text("utf-8") for kind in ("methods", "checks") for path in (HOME / kind).glob("*.py")}
OWN = re.compile(r"^[a-z]\w+$")


def reading(key, kind):
    word = key.rpartition(".")[2]
    return {n for n, text in FILES.items() if re.search(rf"\b{kind}\.{word}\b", text) and OWN.match(n)}


@pytest.mark.parametrize("key", ["subgroups", "series_breaks"])
def test_checks_that_read_the_study(key):
    assert reading(key, "study") == set(READERS[key])


@pytest.mark.parametrize("key", ["people.dose", "people.running"])
def test_methods_that_read_people(key):
    assert reading(key, "(people|used|study.people|data)") == set(READERS[key])


def test_methods_and_checks_that_read_covariates_of_areas():
    found = {n for n, text in FILES.items() if re.search(r"\.covariates\b", text) and OWN.match(n)}
    for_areas = {*methods.names("panel"), *checks.names("panel")}
    assert found & for_areas == set(READERS["covariates"]) & for_areas


def test_every_reader_is_a_method_or_a_check():
    assert {one for names in READERS.values() for one in names} <= {*methods.names(), *checks.names()}
