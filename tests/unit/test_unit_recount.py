"""The real archive counted a second time, by other means: pandas, and places united by colouring, not by trees."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval import load_data, load_study
from curv_eval.panel import month_text
from curv_eval.report.steps import assemble

PARAMS = Path(__file__).parents[2] / "params" / "cleveland-asb-hotspots.yaml"


@pytest.fixture
def study():
    return load_study(PARAMS)


@cache
def assembled(folder):
    study = load_study(PARAMS)
    return assemble(study, load_data(study, folder))


def coloured(pairs):
    """Old and new codes -> one label per place: the smaller label spreads until nothing changes."""
    label = dict.fromkeys(pairs["lsoa11_code"], "~") | {new: new for new in pairs["lsoa21_code"]}
    moving = True
    while moving:
        moving = False
        for old, new in pairs.itertuples(index=False):
            least = min(label[old], label[new])
            moving |= label[old] != least or label[new] != least
            label[old] = label[new] = least
    return label


def table(folder, study, name, **options):
    return pd.read_csv(folder / study.contracts[name].location, **options)


def test_the_panel_of_the_real_study_is_what_pandas_counts(real_folder, study):
    found = assembled(real_folder)
    window, archive = study.design.window, real_folder / study.contracts["police_uk_street"].location
    files = [f for f in archive.glob("[12]*/*-street.csv*") if window.first <= f.parent.name <= window.last]
    rows = pd.concat([pd.read_csv(f, usecols=["Month", "LSOA code", "Crime type"]) for f in files])

    lookup, wards = table(real_folder, study, "lsoa_lookup"), table(real_folder, study, "ward_lookup")
    label = coloured(lookup[["lsoa11_code", "lsoa21_code"]].drop_duplicates())
    inside = set(wards.loc[wards["ltla24_code"].isin(study.place.districts), "lsoa21_code"].map(label))
    assert sorted(inside) == found.panel.units.tolist()
    assert sorted(rows["Month"].unique()) == [month_text(int(p)) for p in found.panel.periods]

    rows["area"] = rows["LSOA code"].map(label)
    for outcome, account in zip(study.outcomes, found.placed.to_dict("records"), strict=True):
        kept = rows[rows["Crime type"] == outcome.where["crime_type"]]
        here = kept[kept["area"].isin(inside)]
        wide = here.groupby(["area", "Month"]).size().unstack(fill_value=0).reindex(sorted(inside), fill_value=0)
        np.testing.assert_array_equal(found.panel.outcomes[outcome.name], wide.to_numpy())
        assert account == {
            "outcome": outcome.name, "placed": len(here), "no_area_code": int(kept["LSOA code"].isna().sum()),
            "code_not_in_lookup": int((kept["LSOA code"].notna() & kept["area"].isna()).sum()),
            "outside_the_districts": int((kept["area"].notna() & ~kept["area"].isin(inside)).sum()),
        }  # fmt: skip


def test_people_and_starts_of_the_real_study(real_folder, study):
    found = assembled(real_folder)
    lookup = table(real_folder, study, "lsoa_lookup")[["lsoa11_code", "lsoa21_code"]].drop_duplicates()
    label = coloured(lookup)
    people = table(real_folder, study, "lsoa_population")
    total = people.assign(area=people["lsoa11_code"].map(label)).groupby("area")["total_population_mid2020"].sum()
    np.testing.assert_array_equal(found.panel.population, total[found.panel.units])
    register = table(real_folder, study, "intervention_register")
    start = register.assign(area=register["lsoa21_code"].map(label)).groupby("area")["start_month"].min()
    seen = [None if np.isnan(c) else month_text(int(c)) for c in found.panel.cohort]
    assert seen == [start.get(area) for area in found.panel.units]
