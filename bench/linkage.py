"""How long linkage takes, how much memory, and how many it finds, on made-up people whose truth is known.

    python bench/linkage.py                          10,000 and 100,000 people a side
    python bench/linkage.py 1000000 --write          adds a size, and puts the table into bench/linkage.md

Every way runs in a fresh process on the same two files: reading them, learning, comparing, and writing down the
links. Splink alone is set up as its documentation does it: ready-made comparisons, two passes of learning, everything
at or above 0.5. Encoding is timed apart, since partners do it on their own machines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import linkage_people

SIZES, SEED = (10_000, 100_000), 1
FIELDS = linkage_people.FIELDS
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
BLOCKS = (
    ("given_name", "surname"),
    ("surname", "date_of_birth"),
    ("given_name", "date_of_birth"),
    ("surname", "postcode"),
    ("date_of_birth", "postcode"),
    ("given_name", "postcode"),
)


# ---- the ways: each takes the folder of the two files and returns the pairs it links


def clear_text(folder):
    """Clear text, by the scheme that partners agree."""
    from curv_eval.linkage.match import Matching, match_clear
    from curv_eval.linkage.scheme import UK

    con = _connection()
    for side in ("left", "right"):
        con.execute(f"CREATE TABLE {side}_people AS FROM '{folder}/{side}.parquet'").fetchall()
    return match_clear(con, "left_people", "right_people", scheme=UK, matching=Matching(seed=SEED)).pairs


def encoded(folder):
    """The same people as keyed filters of 512 bits."""
    from curv_eval.linkage.match import Matching, match_encoded

    con = _connection()
    left, right = _encoded_tables(con, folder)
    return match_encoded(con, left.name, right.name, scheme=left.scheme, matching=Matching(seed=SEED)).pairs


def any_pseudonym(folder):
    """The same people by equal pseudonyms, any of four."""
    from curv_eval.linkage.match_exact import match_exact

    con = _connection()
    left, right = _encoded_tables(con, folder)
    return match_exact(con, left.name, right.name, scheme=left.scheme).pairs


def splink_alone(folder):
    """Splink's own comparisons and defaults."""
    return _splink(folder)


def splink_capped(folder):
    """Splink's own comparisons, learning on at most two million pairs."""
    return _splink(folder, max_pairs=2e6)


def encode_one_side(folder):
    """What one partner does: a list of people into a file that holds none."""
    _encode(folder, "left", Path(folder) / "again.encoded.parquet")


WAYS = {
    "curv-eval, clear text": clear_text,
    "curv-eval, encoded": encoded,
    "curv-eval, any of four pseudonyms": any_pseudonym,
    "Splink alone": splink_alone,
    "Splink alone, learning on 2 million pairs": splink_capped,
    "encoding one side": encode_one_side,
}


def _connection():
    import duckdb

    return duckdb.connect()


def _encoded_tables(con, folder):
    from curv_eval.linkage.encoded import read_encoded

    return [read_encoded(con, Path(folder) / f"{side}.encoded.parquet", f"{side}_people") for side in ("left", "right")]


def _key():
    from curv_eval.linkage.keys import Key

    return Key(hashlib.sha256(b"made-up people only").digest(), project="bench")


def _encode(folder, side, out):
    from curv_eval.linkage.encode import encode
    from curv_eval.linkage.scheme import UK

    said = {"source": side, "record_id": "record_id", "purpose": "timing linkage", "made_up": True}
    encode(Path(folder) / f"{side}.parquet", out, key=_key(), scheme=UK, **said)


def _splink(folder, max_pairs=None):
    import logging

    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    con = _connection()
    tables = []
    api = DuckDBAPI(con)
    for side in ("left", "right"):
        con.execute(f"CREATE TABLE {side}_people AS FROM '{folder}/{side}.parquet'").fetchall()
        tables.append(api.register(f"{side}_people", dataset_display_name=f"{side}_people"))
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="record_id",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True),
            cl.PostcodeComparison("postcode"),
            cl.ExactMatch("sex"),
        ],
        blocking_rules_to_generate_predictions=[block_on(*names) for names in BLOCKS],
    )
    linker = Linker(tables, settings, log_level=logging.ERROR)
    rules = [block_on("given_name", "surname", "date_of_birth"), block_on("surname", "date_of_birth", "postcode")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=SEED)
    for names in (("given_name", "surname"), ("date_of_birth",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*names), max_pairs=max_pairs)
    found = linker.inference.predict(threshold_match_probability=0.5)
    return con.sql(f"SELECT record_id_l, record_id_r FROM {found.physical_name}").df()


# ---- one process per measurement


def child(way, folder):
    """Time one way in this process and print what was found as JSON."""
    started = time.perf_counter()
    pairs = WAYS[way](folder)
    said = {"seconds": time.perf_counter() - started, "cpu": time.process_time(), "mb": _peak()}
    print(json.dumps(said | (_against_truth(pairs, folder, encoded=way in ENCODED) if pairs is not None else {})))


ENCODED = ("curv-eval, encoded", "curv-eval, any of four pseudonyms")


def _against_truth(pairs, folder, encoded):
    import pandas as pd

    truth = pd.read_parquet(Path(folder) / "truth.parquet")
    if encoded:
        from curv_eval.linkage.encode import record_pseudonym

        for side in ("left", "right"):
            column = f"record_id_{side[0]}"
            truth[column] = [record_pseudonym(_key(), side, own) for own in truth[column]]
    right = len(pairs.merge(truth, on=["record_id_l", "record_id_r"]))
    return {"precision": right / len(pairs), "recall": right / len(truth), "f1": 2 * right / (len(pairs) + len(truth))}


def _peak():
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def measured(way, folder):
    """Run a way once in a fresh process; return its numbers, or the reason why it has none."""
    command = [sys.executable, __file__, "--child", way, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET)
    if done.returncode:
        return {"failed": (done.stderr.strip().split("\n") or ["no reason given"])[-1][:120]}
    return json.loads(done.stdout.strip().split("\n")[-1])


def prepare(size, folder):
    """Make the people of one size and encode both sides, in a process of its own."""
    command = [sys.executable, __file__, "--prepare", str(size), "--folder", str(folder)]
    subprocess.run(command, check=True, env=os.environ | QUIET)


def line(size, way, found):
    """Return one row of the table."""
    if "failed" in found:
        return f"| {size:,} | {way} | not measured: {found['failed']} | | | | | |"
    shares = " | ".join(f"{found[name]:.4f}" if name in found else "" for name in ("precision", "recall", "f1"))
    return f"| {size:,} | {way} | {found['seconds']:.1f} | {found['cpu']:.1f} | {found['mb']:,.0f} | {shares} |"


def table(sizes, ways):
    """Measure every way at every size, and return the table in markdown."""
    rows = [
        "| people a side | way | seconds | CPU seconds | peak MB | precision | recall | F1 |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            prepare(size, folder)
            for way in ways:
                rows.append(line(size, way, measured(way, folder)))
                print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--child")
    parser.add_argument("--prepare", type=int)
    parser.add_argument("--folder")
    asked = parser.parse_args()
    if asked.child:
        return child(asked.child, asked.folder)
    if asked.prepare:
        linkage_people.two_files(asked.prepare, SEED, asked.folder)
        for side in ("left", "right"):
            _encode(asked.folder, side, Path(asked.folder) / f"{side}.encoded.parquet")
        return None
    text = table(asked.sizes, asked.ways)
    print(text)
    if asked.write:
        page = Path(__file__).with_suffix(".md")
        start, end = "<!-- measured -->\n", "<!-- end -->"
        head, _, rest = page.read_text("utf-8").partition(start)
        page.write_text(f"{head}{start}\n{text}\n\n{end}{rest.partition(end)[2]}", "utf-8")
    return None


if __name__ == "__main__":
    main()
