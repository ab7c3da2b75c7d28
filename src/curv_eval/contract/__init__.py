"""What a dataset promises, who may use it for what and until when: a contract file read into frozen nouns."""

from __future__ import annotations

from curv_eval.contract.nouns import CLASSIFICATIONS, TYPES, Column, Contract
from curv_eval.contract.permission import permit, permit_linkage
from curv_eval.contract.reading import contract_names, lint_contract, load_contract

__all__ = [
    "CLASSIFICATIONS",
    "TYPES",
    "Column",
    "Contract",
    "contract_names",
    "lint_contract",
    "load_contract",
    "permit",
    "permit_linkage",
]
