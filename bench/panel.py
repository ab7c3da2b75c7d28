"""10 million incident rows to a panel of counts by area and month: the program beside pandas.

    python bench/panel.py                prints the tables
    python bench/panel.py --write        prints them and puts them into bench/panel.md
    python bench/panel.py --rows 1000000 fewer rows

The rows are made from the real months of Cleveland Police where CURV_EVAL_DATA names them, from made-up ones otherwise,
and the page says which: every copy of the months has its areas and months exchanged by a seed. Each way starts from the
file in a fresh process and must find the same counts. All files lie in a temporary folder that is deleted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))
ROWS, SEED = 10_000_000, 20261123
SPREAD = 7919  # a prime: the last copy is thinned evenly, so that no month looks as if it had a hole
TIMES = {"parquet": 3, "csv": 1}
STREET = "police_uk_street"


# ---- the rows


def make_rows(folder, rows):
    """Write incidents.parquet and incidents.csv of `rows` rows, and what the ways need to know; return the account."""
    import duckdb

    study, con = _study(), duckdb.connect()
    base = _load(con, study, [STREET])
    con.execute(f"SET temp_directory = '{folder}'").fetchall()
    copies = -(-rows // base)
    _exchanges(con, copies=copies)
    names = {c.name: c.source_name for c in _contract(study).columns}
    changed = {
        "crime_id": "sha256(s.crime_id || k.copy)",
        "month": "m.other",
        "lsoa_code": "coalesce(a.other, s.lsoa_code)",
    }
    columns = ", ".join(f'{changed.get(name, f"s.{name}")} AS "{given}"' for name, given in names.items())
    con.execute(f"""
        CREATE VIEW incidents AS SELECT {columns} FROM {STREET} s CROSS JOIN copies k
        JOIN months m ON m.copy = k.copy AND m.month = s.month
        LEFT JOIN areas a ON a.copy = k.copy AND a.code = s.lsoa_code
        WHERE k.copy < {copies - 1} OR (s.rowid * {SPREAD}) % {base} < {rows - (copies - 1) * base}""").fetchall()
    con.execute(f"COPY incidents TO '{folder}/incidents.parquet' (FORMAT parquet)").fetchall()
    con.execute(f"COPY (FROM '{folder}/incidents.parquet') TO '{folder}/incidents.csv' (HEADER)").fetchall()
    _needed(folder, con, study)
    return {"base": base, "size": {kind: (folder / f"incidents.{kind}").stat().st_size for kind in TIMES}}


def _exchanges(con, copies):
    """Make the tables copies, months (copy, month, other) and areas (copy, code, other).

    Months are moved round among those supplied; a code takes the place of another of the same vintage.
    """
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(SEED)
    months = [m for (m,) in con.execute(f"SELECT DISTINCT month FROM {STREET} ORDER BY 1").fetchall()]
    codes = con.execute(f"""
        SELECT DISTINCT lsoa_code, lsoa_code IN (SELECT lsoa11_code FROM lsoa_lookup) AS old,
               lsoa_code IN (SELECT lsoa21_code FROM lsoa_lookup) AS new
        FROM {STREET} WHERE lsoa_code IN (SELECT code FROM inside_codes) ORDER BY 1""").df()
    moved, exchanged = [], []
    for copy in range(copies):
        by = rng.integers(len(months))
        moved += [(copy, month, months[(i + by) % len(months)]) for i, month in enumerate(months)]
        for _, group in codes.groupby(["old", "new"]):
            exchanged += zip([copy] * len(group), group["lsoa_code"], rng.permutation(group["lsoa_code"]), strict=True)
    for name, frame in (
        ("copies", pd.DataFrame({"copy": range(copies)})),
        ("months", pd.DataFrame(moved, columns=["copy", "month", "other"])),
        ("areas", pd.DataFrame(exchanged, columns=["copy", "code", "other"])),
    ):
        con.register("given", frame)
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM given").fetchall()


def _needed(folder, con, study):
    """Write down for pandas what the program works out for itself: areas, months, and the area of every code."""
    from curv_eval.linkage.areas import united_areas

    pairs = con.execute("SELECT DISTINCT lsoa11_code, lsoa21_code FROM lsoa_lookup").fetchall()
    areas = united_areas(pairs)
    inside = {areas[code] for (code,) in con.execute("SELECT code FROM inside_codes").fetchall() if code in areas}
    months = [m for (m,) in con.execute(f"SELECT DISTINCT month FROM {STREET} ORDER BY 1").fetchall()]
    kinds = {o.name: o.where.get("crime_type") for o in _street_outcomes(study)}
    held = {"areas": sorted(inside), "area_of": areas, "months": months, "kinds": kinds}
    (folder / "needed.json").write_text(json.dumps(held), "utf-8")


# ---- the ways


def curv_eval(file):
    """Setup: lookups, population, boundaries and register, checked. Timed: the file to the panel, with the check of
    every month, united areas, neighbours, and the account of rows that have no place.
    """
    import duckdb

    from curv_eval.panel.assemble import assemble

    study, con = _study(), duckdb.connect()
    _load(con, study, ["lsoa_population", "lsoa_boundaries", study.intervention])
    contract = _contract(study)
    columns = ", ".join(f'"{c.source_name}" AS {c.name}' for c in contract.columns)
    reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
    options = "" if file.suffix == ".parquet" else ", all_varchar = true"

    def work():
        con.execute(f"CREATE VIEW {STREET} AS SELECT {columns} FROM {reader}('{file}'{options})").fetchall()
        panel = assemble(con, _whole(study, con), {STREET: contract}).panel
        return panel.outcomes, [panel.label(p) for p in panel.periods], panel.units.tolist()

    return work


def pandas_plain(file):
    """As one writes it at first: read the file, choose the kind, give each row its area, group, fill in the zeros."""
    return _pandas(file, None, by_row=True)


def pandas_tuned(file):
    """As one writes it who knows pandas well: three columns, grouped by code, and areas given to the groups."""
    return _pandas(file, ["LSOA code", "Month", "Crime type"], by_row=False)


def _pandas(file, columns, *, by_row):
    import pandas as pd

    held = json.loads((file.parent / "needed.json").read_text("utf-8"))

    def work():
        if file.suffix == ".parquet":
            rows = pd.read_parquet(file, columns=columns)
        else:
            rows = pd.read_csv(file, usecols=columns)
        found = {}
        for name, kind in held["kinds"].items():
            chosen = rows[rows["Crime type"] == kind] if kind else rows
            if by_row:
                chosen = chosen.assign(area=chosen["LSOA code"].map(held["area_of"]))
                counts = chosen.groupby(["area", "Month"]).size()
            else:
                counts = chosen.groupby(["LSOA code", "Month"]).size().reset_index(name="n")
                counts = (
                    counts.assign(area=counts["LSOA code"].map(held["area_of"])).groupby(["area", "Month"])["n"].sum()
                )
            found[name] = counts.unstack().reindex(index=held["areas"], columns=held["months"]).fillna(0).to_numpy()
        return found, held["months"], held["areas"]

    return work


WAYS = {"curv-eval": curv_eval, "pandas, as first written": pandas_plain, "pandas, tuned": pandas_tuned}


def _study():
    from curv_eval import load_study

    return load_study(ROOT / "params" / f"{'cleveland-asb-hotspots' if _real() else 'demo'}.yaml")


def _whole(study, con):
    """The study over every month of the rows, with the outcomes that rest on them."""
    from curv_eval.study import Span

    needed = json.loads(Path(os.environ["BENCH_NEEDED"]).read_text("utf-8"))
    window = Span(needed["months"][0], needed["months"][-1])
    return replace(study, design=replace(study.design, window=window), outcomes=_street_outcomes(study))


def _street_outcomes(study):
    return tuple(o for o in study.outcomes if o.contract == STREET)


def _contract(study):
    from curv_eval.data import study_contract

    return study_contract(study, STREET)


def _load(con, study, names):
    """Load the lookups and the datasets named as checked tables, leave inside_codes, and return the street rows."""
    from curv_eval.data import data_folder, study_contract
    from curv_eval.sources import load_dataset

    folder, rows = _real() or data_folder(study), {}
    for name in ("lsoa_lookup", "ward_lookup", *names):
        place, contract = folder / study.contracts[name].location, study_contract(study, name)
        rows[name] = load_dataset(con, contract, place, purpose=study.purpose, today=date.today()).rows
    districts = ", ".join(f"'{code}'" for code in study.place.districts)
    con.execute(f"""
        CREATE TABLE inside_codes AS
        SELECT lsoa21_code AS code FROM ward_lookup WHERE ltla24_code IN ({districts})
        UNION SELECT lsoa11_code FROM lsoa_lookup JOIN ward_lookup USING (lsoa21_code)
        WHERE ltla24_code IN ({districts})""").fetchall()
    return rows.get(STREET, 0)


def _real():
    from stages import real_data

    return real_data()


# ---- one process per measurement


def child(way, file):
    """Time one way in this process and print what was found as JSON."""
    from stages import _peak

    work = WAYS[way](file)
    started, used = time.perf_counter(), time.process_time()
    outcomes, months, areas = work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    counted = {name: [[int(n) for n in row] for row in counts] for name, counts in outcomes.items()}
    digest = hashlib.sha256(json.dumps([list(months), list(areas), counted]).encode()).hexdigest()
    total = sum(sum(map(sum, matrix)) for matrix in counted.values())
    print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": _peak(), "counts": digest, "total": total}))


def measured(way, file):
    """Run a way once in a fresh process."""
    from stages import QUIET

    command = [sys.executable, __file__, "--child", way, "--file", str(file)]
    context = os.environ | QUIET | {"BENCH_NEEDED": str(file.parent / "needed.json")}
    done = subprocess.run(command, capture_output=True, text=True, env=context)
    if done.returncode:
        sys.exit(f"{way}, {file.suffix}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout.strip().split("\n")[-1])


def main(rows, write):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, __file__, "--prepare", name, "--rows", str(rows)]
        prepared = subprocess.run(command, capture_output=True, text=True)
        if prepared.returncode:
            sys.exit(prepared.stderr)
        made = json.loads(prepared.stdout.strip().split("\n")[-1])
        found = {kind: rounds(folder / f"incidents.{kind}", times) for kind, times in TIMES.items()}
    text = report(found, made, rows)
    print(text)
    if write:
        page = ROOT / "bench" / "panel.md"
        page.write_text(f"# 10 million rows to a panel\n\n{text}\n", "utf-8")


def rounds(file, times):
    """Measure every way in turn, `times` times round, and refuse to compare times of different answers."""
    runs = {way: [] for way in WAYS}
    for _ in range(times):
        for way in WAYS:
            runs[way].append(measured(way, file))
    answers = {(one["counts"], one["total"]) for found in runs.values() for one in found}
    if len(answers) != 1:
        sys.exit(f"the counts differ: {runs}")
    return {way: middle(found) for way, found in runs.items()}


def middle(runs):
    """Median seconds and processor seconds, and the largest memory."""
    held = {name: statistics.median(run[name] for run in runs) for name in ("seconds", "cpu")}
    return {**held, "mb": max(run["mb"] for run in runs)}


_NOTE = (
    "Processor seconds are the steadier measure where other work runs on the machine. From CSV every way spends most "
    "of its time on reading text, so that little can be gained there; curv-eval keeps its memory small by never "
    "holding the rows."
)


def report(found, made, rows):
    """The page in markdown."""
    kind = "the real months of Cleveland Police" if _real() else "MADE-UP months (no real archive at hand)"
    lines = [
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores. {rows:,} rows made from {kind} ({made['base']:,} rows): "
        "copies with areas and months exchanged by a seed. Each way in a fresh process, from the file to counts by "
        "area and month with every zero; memory includes Python and the libraries. All ways found the same counts.", "",
    ]  # fmt: skip
    for kind, ways in found.items():
        times = "median of 3 runs" if TIMES[kind] > 1 else "one run"
        lines += [
            f"{kind.upper() if kind == 'csv' else 'Parquet'}, {made['size'][kind] / 1e9:.1f} GB, {times}:", "",
            "| Way | Seconds | of the processor | Peak memory, MB | curv-eval is faster by |",
            "| :--- | ---: | ---: | ---: | ---: |",
        ]  # fmt: skip
        base = ways["curv-eval"]["seconds"]
        for way, one in ways.items():
            times = (
                ""
                if way == "curv-eval"
                else f"{one['seconds'] / base:.1f} times{' (slower)' if one['seconds'] < base else ''}"
            )
            lines.append(f"| {way} | {one['seconds']:.1f} | {one['cpu']:.1f} | {one['mb']:,.0f} | {times} |")
        lines.append("")
    lines += [_NOTE, ""]
    return "\n".join([*lines, *(f"- *{way}*: {' '.join(work.__doc__.split())}" for way, work in WAYS.items())])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into bench/panel.md")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows (default 10 million)")
    for hidden in ("child", "prepare", "file"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prepare:
        print(json.dumps(make_rows(Path(given.prepare), given.rows)))
    elif given.child:
        child(given.child, Path(given.file))
    else:
        main(given.rows, given.write)
