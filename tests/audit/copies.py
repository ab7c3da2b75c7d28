"""Projects with contracts that end on chosen days, studies that name their data, and what finished runs leave."""

import hashlib
import json
import re
from datetime import date
from pathlib import Path

from projects import DEMO, ROOT

TODAY = date(2026, 6, 30)
BEFORE, YESTERDAY, AFTER = "2026-01-31", "2026-06-29", "2027-01-31"
SECRET = "Zebedee Quibble, 12 Nowhere Lane"


def contract(project: Path, name: str, expires: str, delete_by: str = "none") -> None:
    """Write a real contract into a project: one that ships, with the days of an agreement."""
    text = (ROOT / "data_contracts" / f"{name}.yaml").read_text("utf-8")
    text = re.sub(r"madeUpOnly: true(, )?", "", text)
    for term, day in (("expires", expires), ("deleteBy", delete_by)):
        old = f'{{ property: {term}, value: "none" }}'
        assert old in text
        text = text.replace(old, f'{{ property: {term}, value: "{day}" }}')
    (project / "data_contracts").mkdir(exist_ok=True)
    (project / "data_contracts" / f"{name}.yaml").write_text(text, "utf-8")


def study(project: Path, name: str = "demo", **places: str) -> Path:
    """Write the demo study without made-up data of its own; places: contract -> another place of its data."""
    text = "".join(line for line in DEMO.splitlines(True) if not line.startswith("made_up:"))
    text = text.replace("\nstudy: demo\n", f"\nstudy: {name}\n")
    for one, place in places.items():
        old = f"location: {one}.csv"
        assert old in text, one
        text = text.replace(old, f"location: {place}")
    path = project / "params" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def file(path: Path, text: str = SECRET) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(project: Path, contracts: dict[str, str], *, key: str = "aaaaaaaaaaaa", made_up: bool = False) -> Path:
    """Leave what a finished run of `demo` leaves. contracts: name -> the hash of its file."""
    folder = project / "outputs" / "demo" / key
    for part in (folder, folder.parent / "data" / f"d{key[1:]}"):
        file(part / "restricted" / "panel.npz")
        file(part / "restricted" / "data.ipynb")
        file(part / "release" / "results.json", "{}")
    file(folder / "reviews.json", "[]")
    held = {
        "schema": 2, "study": "demo", "params": "demo.yaml", "key": key, "made_up": made_up,
        "inputs": {"data": {f"{name}/{name}.csv": held for name, held in contracts.items()}},
        "parameters": {"contracts": {name: {"location": f"{name}.csv"} for name in contracts}},
        "steps": [{"notebook": "data", "key": f"d{key[1:]}"}], "outputs": {}, "bytes": {},
    }  # fmt: skip
    file(folder / "manifest.json", json.dumps(held))
    return folder


def tree(folder: Path) -> set[str]:
    """Return every file below a folder, but for the audit log."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}
    return {name for name in found if not name.startswith("outputs/audit.")}
