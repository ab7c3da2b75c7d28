"""What a tired steward gives to `curv-eval data lint`, `register`, `diff` and `validate`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from projects import curv_eval, scratch

from curv_eval.shipped import shipped

CONTRACT = "vcse_referrals.yaml"
APPROVED = """\
  - property: approvals
    value:
      - {{ version: 2.0.0, approver: "{who}", role: data protection lead, date: 2026-11-01, reason: longer follow-up }}
"""


@pytest.fixture
def desk() -> Path:
    """A folder with one contract in use, and nothing else."""
    folder = scratch()
    shutil.copy(shipped("data_contracts") / CONTRACT, folder / CONTRACT)
    (folder / "empty").mkdir()
    (folder / "letter.docx").write_bytes(b"PK\x03\x04\xff words")
    (folder / "words.yaml").write_text("just words\n", "utf-8")
    return folder


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(folder: Path, words: tuple[str, ...], code: int, *pieces: str) -> None:
    before = left(folder)
    said = curv_eval(folder, *words)
    assert said.code == code, said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert [piece for piece in pieces if piece not in said.err] == [], said.err
    assert len(said.err.rstrip("\n").split("\n")[-1].partition("  do: ")[2]) > 10
    assert left(folder) == before


@pytest.mark.parametrize(("words", "pieces"), [
    (("lint", "--contracts", "empty"), ("there are no contracts in empty", "files that end in .yaml")),
    (("lint", "--contracts", "nowhere"), ("there is no folder nowhere",)),
    (("lint", "nowhere.yaml"), ("there is no readable file nowhere.yaml",)),
    (("lint", "letter.docx"), ("letter.docx is not UTF-8",)),
    (("register", "--contracts", "empty"), ("there are no contracts in empty", "files that end in .yaml")),
    (("register", "--contracts", "nowhere"), ("there is no folder nowhere",)),
    (("register", "--contracts", CONTRACT), (f"there is no folder {CONTRACT}",)),
    (("diff", CONTRACT, "nowhere.yaml"), ("there is no readable file nowhere.yaml", "do: give a contract file, such")),
    (("diff", CONTRACT, "empty"), ("empty is a folder, not a file", "do: give a contract file, such")),
    (("diff", CONTRACT, "words.yaml"), ("words.yaml holds no", "do: give a contract file, such")),
    (("diff", "letter.docx", CONTRACT), ("letter.docx is not UTF-8",)),
])  # fmt: skip
def test_a_contract_that_is_not_there(desk, words, pieces):
    refused(desk, ("data", *words), 3, *pieces)


def test_a_register_cannot_take_the_place_of_a_file(desk):
    refused(desk, ("data", "register", "letter.docx"), 7, "cannot be written into letter.docx")


@pytest.mark.parametrize("option", ["--html", "--csv"])
@pytest.mark.parametrize("target", ["empty", "."])
def test_a_list_cannot_be_written_over_a_folder(desk, option, target):
    (desk / "referrals.csv").write_text("person_id\n", "utf-8")
    words = ("data", "validate", "vcse_referrals", "referrals.csv", option, target)
    refused(desk, words, 7, "is a folder", "do: give the name of a file")


def longer(folder: Path, who: str) -> Path:
    text = (folder / CONTRACT).read_text("utf-8").replace("value: 24, unit", "value: 60, unit")
    text = text.replace("\nversion: 1.0.0\n", "\nversion: 2.0.0\n")
    given = APPROVED.format(who=who) if who else ""
    new = folder / "new.yaml"
    new.write_text(re.sub(r"^  - \{ property: expires", f"{given}  - {{ property: expires", text, flags=re.M), "utf-8")
    return new


def test_a_longer_retention_takes_a_named_approver(desk):
    longer(desk, "")
    refused(desk, ("data", "diff", CONTRACT, "new.yaml"), 3, "slaProperties.retention need a named person's approval")
    longer(desk, "Amina Patel")
    said = curv_eval(desk, "data", "diff", CONTRACT, "new.yaml")
    assert said.code == 0, said.err
    assert "breaking: privacy: slaProperties.retention: '24 months' -> '60 months': longer" in said.out


@pytest.mark.parametrize("who", [
    "TBC", "tbd", "To be confirmed", "to be named by the partner", "n/a", "N / A", "none", "unknown", "Nobody yet",
    "pending", "name", "[name]", "xxx", "the steward", "data protection lead", "A",
])  # fmt: skip
def test_a_word_for_nobody_is_no_named_approver(desk, who):
    longer(desk, who)
    refused(desk, ("data", "diff", CONTRACT, "new.yaml"), 3, "approver names nobody for 2.0.0")


@pytest.mark.parametrize(
    "who", ["Jo Tbd-Smith", "Nona Naughton", "O. Ng", "Li", "N. A. Smith", "Nil Patel", "Mr N. Unknown-Jones"]
)
def test_a_name_is_not_taken_for_a_word(desk, who):
    longer(desk, who)
    assert curv_eval(desk, "data", "diff", CONTRACT, "new.yaml").code == 0
