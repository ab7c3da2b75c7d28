"""Small files in the layouts that are read, and where the real ones are."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from curv_eval.contract import Column, Contract, load_contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile, csv, geojson, police_uk

STREET = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
OUTCOMES = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type"
SEARCH = (
    "Type,Date,Part of a policing operation,Policing operation,Latitude,Longitude,Gender,Age range,"
    "Self-defined ethnicity,Officer-defined ethnicity,Legislation,Object of search,Outcome,"
    "Outcome linked to object of search,Removal of more than just outer clothing"
)
READERS = {"csv": csv, "geojson": geojson, "police_uk": police_uk}


def real_data() -> Path:
    """Return the folder of real public data, or skip."""
    beside = Path(__file__).parents[2].parent / "shared" / "data" / "real"
    for place in (os.environ.get("CURV_EVAL_DATA"), beside):
        if place and (Path(place) / "police-uk-cleveland").is_dir():
            return Path(place)
    pytest.skip("the real police archive is not here: set CURV_EVAL_DATA to the folder that holds police-uk-cleveland")


def street_row(month: str = "2023-03", crime: int | None = None, kind: str = "Anti-social behaviour") -> str:
    key = "" if crime is None else f"{crime:064x}"
    place = "-1.3,54.5,On or near Tees Street,E01011949,Hartlepool 009A"
    return f"{key},{month},Cleveland Police,Cleveland Police,{place},{kind},,"


def street_text(month: str = "2023-03", rows: int = 3) -> str:
    return "\n".join([STREET, *(street_row(month, i, "Burglary") for i in range(rows)), ""])


def search_row(time: str) -> str:
    return f"Person search,{time},,,54.5,-1.3,Male,18-24,,White,,Stolen goods,Arrest,True,"


def pack(text: str | bytes, ending: str, inside: str = "file.csv") -> bytes:
    """Return `text` packed as its ending says."""
    raw = text.encode() if isinstance(text, str) else text
    if ending.endswith(".zip"):
        return zipped({inside: raw})
    return {".gz": gzip.compress, ".xz": lzma.compress}.get(ending[-3:], bytes)(raw)


def zipped(members: dict[str, bytes | str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def month_file(folder: Path, month: str, rows: int = 3, *, ending: str = ".csv", kind: str = "street") -> Path:
    name = f"{month}/{month}-cleveland-{kind}{ending}"
    return put(folder, name, pack(street_text(month, rows), ending))


def plain_contract(names: Sequence[str] = ("a", "b", "c"), classification: str = "public", **changes) -> Contract:
    """A contract of text columns without rules, named `plain`."""
    columns = tuple(Column(name, name, "string", classification=classification) for name in names)
    given = {
        "name": "plain",
        "key": (),
        "columns": columns,
        "options": {"extra_columns": "refuse", "made_up_only": False},
    }
    return replace(load_contract("lsoa_population"), **{**given, **changes})


def read(contract: Contract, path: Path) -> tuple[duckdb.DuckDBPyConnection, tuple[SourceFile, ...]]:
    con = duckdb.connect()
    return con, READERS[contract.format].read(con, path, contract)


def rows_of(contract: Contract, path: Path) -> list[tuple]:
    con, _ = read(contract, path)
    return con.execute(f"SELECT * FROM raw_{contract.name}").fetchall()


def refusal(contract: Contract, path: Path) -> str:
    with pytest.raises(ContractError) as caught:
        read(contract, path)
    return str(caught.value)
