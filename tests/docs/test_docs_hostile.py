"""The page on hostile input names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_it_names_is_there():
    text = (ROOT / "docs" / "hostile-input.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| What is tried")]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert len(named) > 15
    assert [row for row, names in zip(rows, named, strict=True) if not names] == []
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [one for names in named for one in names if f"def {one}(" not in source] == []
