"""The one door through which a number may leave: release() makes Released, and nothing else does."""

from curv_eval.disclosure.gate import release as release
from curv_eval.disclosure.nouns import WITHHELD as WITHHELD
from curv_eval.disclosure.nouns import Attackable as Attackable
from curv_eval.disclosure.nouns import Evidence as Evidence
from curv_eval.disclosure.nouns import Released as Released
from curv_eval.disclosure.nouns import Role as Role
from curv_eval.disclosure.nouns import Status as Status
from curv_eval.disclosure.rates import Rate as Rate
from curv_eval.disclosure.rates import release_rates as release_rates
from curv_eval.disclosure.tables import release_tables as release_tables
from curv_eval.disclosure.tables import round_tables as round_tables
from curv_eval.disclosure.vintages import across_vintages as across_vintages
