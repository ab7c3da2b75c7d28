"""A registered copy of the demo study for each test, ready to be changed."""

import pytest
from plans import project, register


@pytest.fixture
def study_file(tmp_path):
    """The demo study in a project of its own, not registered."""
    return project(tmp_path)


@pytest.fixture
def registered(study_file):
    """The demo study in a project of its own, registered."""
    register(study_file)
    return study_file
