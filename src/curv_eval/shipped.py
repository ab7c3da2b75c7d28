"""Where the files that travel with the package are: notebooks, example studies, contracts, brief templates.

In a checkout they are the folders beside `src/`; in an installed package they are copies under `_shipped/`.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Return the folder `name` ("notebooks", "params", "data_contracts" or "briefs") that came with the package."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.exists() else _PACKAGE.parents[1] / name
