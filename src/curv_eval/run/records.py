"""run.json: what one notebook of a run was, took and made."""

from __future__ import annotations

import json
from pathlib import Path

from curv_eval import manifest

NAME = "run.json"
SCHEMA = 1
_NEEDED = {"schema", "notebook", "key", "seconds", "bytes"}


def write_record(folder: Path, record: dict) -> dict:
    """Write run.json into a notebook's folder, with hash and size of everything that is there; return it."""
    made = manifest.outputs(folder)
    held = {"schema": SCHEMA, **record, "outputs": made, "bytes": manifest.sizes(folder, made)}
    (folder / NAME).write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", "utf-8", newline="\n")
    return held


def read_record(folder: Path) -> dict | None:
    """Return run.json of a notebook's folder, None where it, or anything it lists, is not there whole."""
    try:
        held = json.loads((folder / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(held, dict) or held.get("schema") != SCHEMA or not held.keys() >= _NEEDED:
        return None
    return None if held["key"] != folder.name or manifest.whole(folder, held) else held
