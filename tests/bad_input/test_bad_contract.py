"""`curv-eval data lint`: what a steward gives who writes a contract for the first time."""

from __future__ import annotations

import re

import pytest
from projects import curv_eval

from curv_eval.contract import contract_names
from curv_eval.shipped import shipped

HELD = (shipped("data_contracts") / "vcse_referrals.yaml").read_text("utf-8")


def lint(folder, text, *arguments):
    (folder / "data_contracts").mkdir(exist_ok=True)
    (folder / "data_contracts" / "vcse_referrals.yaml").write_text(text, "utf-8")
    return curv_eval(folder, "data", "lint", *arguments)


def test_a_good_contract_is_said_to_be_good(tmp_path):
    said = lint(tmp_path, HELD)
    assert said.code == 0
    assert said.out.startswith("ok  vcse_referrals v")


def test_without_a_folder_the_shipped_ones_are_held(tmp_path):
    said = curv_eval(tmp_path, "data", "lint")
    assert said.code == 0
    assert len(said.out.splitlines()) == len(contract_names())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("deleteBy", "deletBy", "customProperties.deletBy: unexpected keyword argument"),
        ('value: "under_10"', "value: 10", "customProperties.smallNumberRule: input should be"),
        ("logicalType: boolean", "logicalType: yesno", "logicalType: got 'yesno'"),
        ("classification: restricted", "classification: secret", "classification: got 'secret'; expected public"),
        ("apiVersion: v3.2.0", "apiVersion: 3", "apiVersion: input should be a valid string"),
        ('consent_evaluation" }', 'referral_source" }', "consentColumn: referral_source is not a column of true"),
        ("[referral_date, start_date]", "[referral_date, sex]", "orders: referral_date, sex: expected two columns"),
        ("\nslaProperties:", "\nslaPropertys:", "slaPropertys"),
        ("      - name: sex", "      - name: Sex", "Sex: a name has small letters"),
    ],
)
def test_a_fault_has_its_line(tmp_path, old, new, fault):
    assert old in HELD
    said = lint(tmp_path, HELD.replace(old, new, 1))
    assert said.code == 3
    assert "Traceback" not in said.err
    (line,) = [line for line in said.err.splitlines() if fault in line][:1]
    number = int(re.match(r" +line (\d+): ", line)[1])
    text = HELD.replace(old, new, 1).splitlines()
    changed = {i for i, (a, b) in enumerate(zip(HELD.splitlines(), text, strict=True), 1) if a != b}
    # a fault of a column is said on the line where the column begins
    assert changed == {number} or "- name:" in text[number - 1] or "property:" in text[number - 1]


def test_every_broken_file_is_named_at_once(tmp_path):
    (tmp_path / "data_contracts").mkdir()
    for name in ("one", "two"):
        (tmp_path / "data_contracts" / f"{name}.yaml").write_text("a: 1\n", "utf-8")
    said = lint(tmp_path, HELD)
    assert said.code == 3
    assert [name in said.err for name in ("one.yaml", "two.yaml")] == [True, True]
    assert "ok  vcse_referrals" in said.out


@pytest.mark.parametrize("given", ["nowhere", "file.txt"])
def test_a_folder_that_is_none_is_refused(tmp_path, given):
    (tmp_path / "file.txt").write_text("x", "utf-8")
    said = curv_eval(tmp_path, "data", "lint", "--contracts", given)
    assert said.code == 3
    assert f"there is no folder {given}" in said.err


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [1\n", "\x00", "just words"])
def test_what_is_no_contract_is_refused(tmp_path, text):
    said = lint(tmp_path, text)
    assert said.code == 3
    assert "Traceback" not in said.err
    assert "vcse_referrals.yaml" in said.err
