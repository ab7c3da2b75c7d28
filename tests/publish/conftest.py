"""One sample study, put together and rendered once for all tests of publishing; every number in it is made up."""

import shutil

import pytest
from brief_words import SAMPLE, not_made_up

from curv_eval.publish import assemble, render
from curv_eval.shipped import shipped


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The Quarto project of the package around the sample's own study.qmd."""
    folder = tmp_path_factory.mktemp("template") / "briefs"
    shutil.copytree(shipped("briefs"), folder)
    shutil.copyfile(SAMPLE / "study.qmd", folder / "study.qmd")
    return folder


@pytest.fixture
def run(tmp_path):
    """A run's folder with the sample's release, to be broken by the test that has it."""
    folder = tmp_path / "run"
    shutil.copytree(SAMPLE / "release", folder / "release")
    return folder


@pytest.fixture(scope="session")
def draft(template, tmp_path_factory):
    """The folder of a rendered draft on made-up data."""
    folder = assemble(SAMPLE, tmp_path_factory.mktemp("draft") / "brief", approved=False, template=template)
    render(folder, engine="builtin")
    return folder


@pytest.fixture(scope="session")
def approved(template, tmp_path_factory):
    """The folder of a rendered brief, approved and not on made-up data: no mark of any kind."""
    room = tmp_path_factory.mktemp("approved")
    shutil.copytree(SAMPLE / "release", room / "run" / "release")
    folder = assemble(not_made_up(room / "run"), room / "brief", approved=True, template=template)
    render(folder, engine="builtin")
    return folder


@pytest.fixture
def brief(draft, tmp_path):
    """A copy of the draft's folder, to be broken by the test that has it."""
    return shutil.copytree(draft, tmp_path / "brief")
