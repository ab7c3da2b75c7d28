"""Removes what each test leaves in the temporary folder."""

import pytest


@pytest.fixture(autouse=True)
def clear():
    yield
    import projects

    projects.clear()
