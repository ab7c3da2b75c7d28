"""A place small enough to count by hand: six united areas, five months of which one was not supplied.

2011 code   2021 code   change      united area   ward    district   patrols from
E01000001   E01000001   unchanged   E01000001     North   Vale       -
E01000002   E01000012   split       E01000012     North   Vale       -          \\  one area over two wards, of
E01000002   E01000022   split       E01000012     South   Vale       2023-02    /   which South has patrols
E01000003   E01000034   merged      E01000034     East    Vale       -
E01000004   E01000034   merged      E01000034     East    Vale       -
E01000005   E01000005   unchanged   E01000005     South   Vale       2023-02
E01000006   E01000006   unchanged   E01000006     West    Vale       2023-04
E01000007   E01000007   unchanged   E01000007     East    Vale       -
E01000009   E01000009   unchanged   E01000009     Far     Beyond     -             (another district)
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from curv_eval.contract import load_contract
from curv_eval.shipped import shipped
from curv_eval.study import Design, Outcome, Place, Span, load_study

AREAS = ["E01000001", "E01000005", "E01000006", "E01000007", "E01000012", "E01000034"]
MONTHS = ["2023-01", "2023-02", "2023-04", "2023-05"]  # nobody supplied 2023-03
ASB, THEFT = "Anti-social behaviour", "Other theft"

LOOKUP = [
    ("E01000001", "E01000001"), ("E01000002", "E01000012"), ("E01000002", "E01000022"), ("E01000003", "E01000034"),
    ("E01000004", "E01000034"), ("E01000005", "E01000005"), ("E01000006", "E01000006"), ("E01000007", "E01000007"),
    ("E01000009", "E01000009"),
]  # fmt: skip
WARDS = [
    ("E01000001", "North", "Vale"), ("E01000012", "North", "Vale"), ("E01000022", "South", "Vale"),
    ("E01000034", "East", "Vale"), ("E01000005", "South", "Vale"), ("E01000006", "West", "Vale"),
    ("E01000007", "East", "Vale"), ("E01000009", "Far", "Beyond"),
]  # fmt: skip
CODE = {"Vale": "E06000001", "Beyond": "E06000002"}
PEOPLE = {
    "E01000001": 1000, "E01000002": 1500, "E01000003": 700, "E01000004": 800, "E01000005": 900, "E01000006": 1100,
    "E01000007": 1200, "E01000009": 5000,
}  # fmt: skip
REGISTER = [("E01000022", "2023-02"), ("E01000005", "2023-02"), ("E01000006", "2023-04")]

# code, month, type, rows
STREET = [
    ("E01000001", "2023-01", ASB, 3), ("E01000001", "2023-02", ASB, 1), ("E01000001", "2023-05", ASB, 2),
    ("E01000002", "2023-01", ASB, 4), ("E01000012", "2023-01", ASB, 1), ("E01000022", "2023-01", ASB, 2),
    ("E01000022", "2023-04", ASB, 5), ("E01000003", "2023-02", ASB, 1), ("E01000004", "2023-02", ASB, 1),
    ("E01000034", "2023-02", ASB, 1), ("E01000005", "2023-01", ASB, 6), ("E01000006", "2023-05", ASB, 7),
    ("E01000001", "2023-01", THEFT, 9), ("E01000007", "2023-04", THEFT, 2),  # never any ASB in E01000007
    (None, "2023-01", ASB, 8), (None, "2023-03", THEFT, 0), ("E01999999", "2023-02", ASB, 2),
    ("E01000009", "2023-04", ASB, 3), ("E01000009", "2023-05", THEFT, 1),
    ("E01000001", "2022-12", ASB, 50), ("E01000005", "2023-06", ASB, 60),  # before and after the window
]  # fmt: skip
#                 01 02 04 05
ASB_COUNTS = [
    [3, 1, 0, 2],  # E01000001
    [6, 0, 0, 0],  # E01000005
    [0, 0, 0, 7],  # E01000006
    [0, 0, 0, 0],  # E01000007
    [7, 0, 5, 0],  # E01000012: 4 under the old code, 1 and 2 under its two new ones
    [0, 3, 0, 0],  # E01000034: one under each old code and one under the new
]


def rows(table=STREET):
    """The street table: one line per row counted."""
    listed = [(code, month, kind) for code, month, kind, n in table for _ in range(n)]
    return pd.DataFrame(listed, columns=["lsoa_code", "month", "crime_type"]).astype("string")


def square(x, y):
    """A unit square as GeoJSON text."""
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return f'{{"type": "Polygon", "coordinates": [{ring}]}}'


# a row of squares, E01000034 beyond a gap
PLACES = {code: (i if code != "E01000034" else 20, 0) for i, (code, _, _) in enumerate(WARDS)}


@dataclass
class Tiny:
    con: duckdb.DuckDBPyConnection
    study: object
    contracts: dict

    def run(self):
        from curv_eval.panel.assemble import assemble

        return assemble(self.con, self.study, self.contracts)


def tiny(*, street=None, register=REGISTER, ae=None, **design):
    """The place above as checked tables in DuckDB, with a study of ASB in it."""
    con = duckdb.connect()
    put(con, "lsoa_lookup", pd.DataFrame(LOOKUP, columns=["lsoa11_code", "lsoa21_code"]))
    wards = pd.DataFrame(WARDS, columns=["lsoa21_code", "ward24_name", "ltla24_name"])
    wards["ltla24_code"] = wards["ltla24_name"].map(CODE)
    wards["ward24_code"] = wards["ward24_name"] + " in " + wards["ltla24_name"]
    put(con, "ward_lookup", wards)
    put(con, "lsoa_population", pd.DataFrame(list(PEOPLE.items()), columns=["lsoa11_code", "population"]))
    put(con, "lsoa_boundaries", pd.DataFrame(
        [(code, square(*PLACES[code])) for code, _, _ in WARDS], columns=["lsoa21_code", "geometry"]
    ))  # fmt: skip
    put(con, "intervention_register", pd.DataFrame(register, columns=["lsoa21_code", "start_month"]))
    put(con, "police_uk_street", rows() if street is None else street)
    put(con, "ae_assaults", pd.DataFrame(
        ae or [], columns=["lsoa_of_assault", "assault_date_and_time"]
    ).astype({"lsoa_of_assault": "string", "assault_date_and_time": "datetime64[us]"}))  # fmt: skip
    return Tiny(con, tiny_study(**design), contracts())


@cache
def contracts():
    return {name: load_contract(name) for name in ("police_uk_street", "ae_assaults")}


@cache
def demo():
    return load_study(Path(shipped("params")) / "demo.yaml")


def put(con, name, frame):
    con.register("given", frame)
    con.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    con.unregister("given")


def tiny_study(**design):
    given = {"method": "callaway_santanna", "window": Span("2023-01", "2023-05"), "cluster": "lsoa", **design}
    return replace(
        demo(),
        place=Place("Vale", (CODE["Vale"],)), design=Design(**given), delivery=None, linkage=None,
        outcomes=(Outcome("asb", "anti-social behaviour", "police_uk_street", "primary", {"crime_type": ASB}),),
    )  # fmt: skip
