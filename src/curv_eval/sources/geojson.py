"""One GeoJSON file (RFC 7946: longitude and latitude in WGS84), plain or packed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile
from curv_eval.sources._delimited import layout_faults
from curv_eval.sources._unpacked import Arrived, unpack_all

if TYPE_CHECKING:
    import duckdb

GEOMETRY = "geometry"
_DEGREES = ("CRS84", "4326")


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the features of the file at `path` into the table raw_<contract>, geometry as compact JSON text.

    Raises ContractError when there is no such file, or it is not a FeatureCollection in degrees with the contract's
    properties.
    """
    if not path.is_file():
        found = "got a folder; expected a GeoJSON file" if path.is_dir() else "there is no such file"
        raise ContractError(f"{path}: {found}", do=contract.obtain)
    with tempfile.TemporaryDirectory() as folder:
        (unpacked,) = unpack_all([Arrived(path.name, path)], Path(folder))
        rows = [_row(feature) for feature in _features(unpacked.path, path.name)]
    _refuse_layout(contract, rows, path.name)
    _store(con, contract, rows, unpacked.arrived.plain_name)
    return (SourceFile(path.name, unpacked.sha256, unpacked.bytes, len(rows)),)


def _features(plain: Path, name: str) -> list[dict]:
    try:
        whole = json.loads(plain.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as fault:
        what = f"{name} is damaged or cut short: not JSON from line {fault.lineno:,}"
        raise ContractError(what, do="get the file again") from None
    except (RecursionError, ValueError):
        what = f"{name} is not GeoJSON: it has lists within lists without end, or a number of thousands of figures"
        raise ContractError(what, do="export it as GeoJSON again") from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise ContractError(f"{name} is not a GeoJSON FeatureCollection", do="export it as GeoJSON")
    if not features:
        raise ContractError(f"{name} has no features", do="get the file again")
    _refuse_metres(whole, name)
    return features


def _refuse_metres(whole: dict, name: str) -> None:
    system = json.dumps(whole.get("crs") or "CRS84")
    if not any(word in system for word in _DEGREES):
        do = "export it in WGS84 (EPSG:4326, longitude and latitude)"
        raise ContractError(f"{name} is not in longitude and latitude: it states another coordinate system", do=do)


def _row(feature: dict) -> dict[str, str | None]:
    properties = feature.get("properties")
    values = properties if isinstance(properties, dict) else {}
    return {**{name: _as_text(value) for name, value in values.items()}, GEOMETRY: _as_text(feature.get("geometry"))}


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _whole(text: str | None) -> str | None:
    """Return a text without halves of characters, which JSON can write by number and no table can hold."""
    return text if text is None or text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _refuse_layout(contract: Contract, rows: list[dict], name: str) -> None:
    header = list(dict.fromkeys(key for row in rows for key in row))
    faults = layout_faults(contract, header)
    if faults:
        what = f"{name} does not have the layout of {contract.name} v{contract.version}"
        raise ContractError(what, faults, "rename the properties of the features, or get the right file")


def _store(con: duckdb.DuckDBPyConnection, contract: Contract, rows: list[dict], source_file: str) -> None:
    import pyarrow as pa

    columns = {
        c.name: pa.array([_whole(row.get(c.source_name)) for row in rows], pa.string()) for c in contract.columns
    }
    columns["source_file"] = pa.array([source_file] * len(rows), pa.string())
    columns["source_row"] = pa.array(range(1, len(rows) + 1), pa.int64())
    con.register("arrived_features", pa.table(columns))
    try:
        table = quoted(f"raw_{contract.name}")
        con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM arrived_features").fetchall()
    finally:
        con.unregister("arrived_features")
