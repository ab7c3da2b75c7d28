"""Compares every released file of the latest run with expected.json. It needs Python 3.11 and nothing else."""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Say what is the same and what is not; 0 if all is."""
    expected = json.loads((HERE / "expected.json").read_text("utf-8"))
    home = HERE / "outputs" / expected["study"]
    if not (home / "latest").is_file():
        print(f"there is no finished run in outputs/{expected['study']}; run the study first")
        return 2
    run = home / (home / "latest").read_text("utf-8").strip()
    files = sorted(path for path in (run / "release").rglob("*") if path.is_file())
    found = {path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    names = sorted({*found, *expected["release"]})
    differ = [name for name in names if found.get(name) != expected["release"].get(name)]
    for name in differ:
        print(f"differs: {name}")
    print(f"{len(names) - len(differ)} of {len(names)} released files are the same (run {run.name})")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
