"""Series breaks: registered ones inside the window, and the change of area codes found in the rows."""

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest
from honest_series import months

from curv_eval.contract import load_contract
from curv_eval.panel.breaks import breaks_in, code_change, vintage_shares
from curv_eval.profile import Change
from curv_eval.study import Span
from unit.tiny_study import LOOKUP, put, tiny

STREET = load_contract("police_uk_street")
M = months(24)


def change(month, what="recording", confidence="found"):
    return Change(month=month, what=what, source="Home Office", confidence=confidence)


def contracts(*changes, **others):
    return {"police_uk_street": replace(STREET, definition_changes=changes)} | {
        name: replace(STREET, name=name, title=name, definition_changes=given) for name, given in others.items()
    }


# ---- registered breaks


def test_only_breaks_inside_the_window_are_shown():
    found = breaks_in(
        Span("2021-01", "2022-12"),
        contracts(change("2020-12"), change("2021-06"), change("2022-12"), change("2023-01")),
    )
    assert found["month"].tolist() == ["2021-06", "2022-12"]


def test_a_break_in_the_first_month_is_none():
    assert breaks_in(Span("2021-01", "2022-12"), contracts(change("2021-01"))).empty


def test_breaks_of_all_datasets_are_in_order_with_their_words():
    held = contracts(change("2022-03", "new counting rule", "unverified"), hospital=(change("2021-04", "COVID-19"),))
    found = breaks_in(Span("2021-01", "2022-12"), held)
    assert found.to_dict("records") == [
        {"month": "2021-04", "dataset": "hospital", "title": "hospital", "what": "COVID-19",
         "source": "Home Office", "confidence": "found"},
        {"month": "2022-03", "dataset": "police_uk_street", "title": STREET.title, "what": "new counting rule",
         "source": "Home Office", "confidence": "unverified"},
    ]  # fmt: skip


def test_a_study_without_breaks_has_an_empty_table_with_its_columns():
    found = breaks_in(Span("2021-01", "2022-12"), contracts())
    assert list(found.columns) == ["month", "dataset", "title", "what", "source", "confidence"]
    assert found.empty


def test_the_shipped_contracts_register_what_the_pandemic_changed():
    found = breaks_in(Span("2019-01", "2022-12"), {"police_uk_street": STREET})
    assert "2020-03" in found["month"].tolist()
    assert found["what"].str.contains("COVID").any()


# ---- codes


def test_shares_of_codes_by_hand():
    # 2023-01 in the tiny place: 16 + 9 rows with a code that is known. Of the former 4 under the old code of the split
    # area and 3 under its new ones; 2023-02: one under each old code of the merged area and one under its new one
    place = tiny()
    shares = vintage_shares(place.con, place.contracts["police_uk_street"]).set_index("month")
    assert shares.loc["2023-01", "rows"] == 25
    assert shares.loc["2023-01", ["only_2011", "only_2021", "in_changed_areas"]].tolist() == pytest.approx(
        [4 / 25, 3 / 25, 7 / 25]
    )
    assert shares.loc["2023-02", ["only_2011", "only_2021", "in_changed_areas"]].tolist() == pytest.approx(
        [2 / 4, 1 / 4, 3 / 4]
    )


def coded(switch, *, lost=0.0, mixed=()):
    """A police table of 24 months that writes old codes before month `switch` and new ones from then on.

    lost: the share of rows in changed areas that is lost with the new codes. mixed: months that use both.
    """
    rng, listed = np.random.default_rng(1), []
    for i, month in enumerate(M):
        for old, new in dict(LOOKUP).items():
            changed = old != new
            n = rng.poisson(100 if not changed else 40)
            if i >= switch and changed:
                n = rng.binomial(n, 1 - lost)
            for k in range(n):
                use_new = i >= switch and not (i in mixed and k % 2)
                listed.append((new if use_new else old, month))
    con = duckdb.connect()
    put(con, "police_uk_street", pd.DataFrame(listed, columns=["lsoa_code", "month"]).astype("string"))
    put(con, "lsoa_lookup", pd.DataFrame(LOOKUP, columns=["lsoa11_code", "lsoa21_code"]))
    return code_change(vintage_shares(con, STREET))


def test_the_month_of_the_change_is_found_in_the_rows():
    found = coded(12)
    assert (found.last_2011, found.first_2021) == (M[11], M[12])


def test_on_united_areas_the_change_is_harmless():
    found = coded(12)
    assert found.harmless is True
    assert abs(found.jump) < 0.03
    assert found.before == pytest.approx(found.after, abs=0.03)


def test_months_of_both_codes_are_between_and_compared_with_neither_side():
    found = coded(10, mixed=range(10, 15))
    assert (found.last_2011, found.first_2021) == (M[14], M[10])
    assert found.harmless is True


def test_rows_lost_with_the_new_codes_are_seen():
    found = coded(12, lost=0.5)
    assert found.harmless is False
    assert found.jump < -3 * found.error


def test_a_source_that_never_changes_has_no_change():
    found = coded(24)
    assert (found.first_2021, found.harmless) == (None, None)
    assert np.isnan(found.jump)


@pytest.mark.parametrize("switch", [2, 22])
def test_too_few_months_on_a_side_decide_nothing(switch):
    assert coded(switch).harmless is None


def test_an_area_that_only_got_a_new_code_is_a_changed_one():
    con = duckdb.connect()
    put(con, "police_uk_street", pd.DataFrame({"lsoa_code": ["A1", "B1", "A2"], "month": ["2023-01"] * 3}))
    put(con, "lsoa_lookup", pd.DataFrame({"lsoa11_code": ["A1", "A2"], "lsoa21_code": ["B1", "A2"]}))
    shares = vintage_shares(con, STREET)
    assert shares.loc[0, ["only_2011", "only_2021", "in_changed_areas"]].tolist() == pytest.approx(
        [1 / 3, 1 / 3, 2 / 3]
    )


# ---- real


def test_the_change_in_the_cleveland_files_is_harmless_on_united_areas(real_folder):
    from datetime import date

    from curv_eval.sources import load_dataset

    con, purpose = duckdb.connect(), "violence reduction evaluation"
    for name, place in (
        ("police_uk_street", "police-uk-cleveland"),
        ("lsoa_lookup", "geography-england-wales/lookup_lsoa11_lsoa21_ltla22.csv.gz"),
    ):
        load_dataset(con, load_contract(name), real_folder / place, purpose=purpose, today=date(2026, 11, 23))
    found = code_change(vintage_shares(con, STREET))
    assert (found.last_2011, found.first_2021) == ("2023-05", "2023-01")
    assert found.harmless is True
    assert found.before == pytest.approx(0.100, abs=0.002)
    assert abs(found.jump) < 0.005
