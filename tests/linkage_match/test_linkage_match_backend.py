"""Where pairs are compared: DuckDB here, Spark by one setting, and a plain refusal where Spark is not there."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace

import linkage_match_support as support
import pytest

from curv_eval.errors import RunError
from curv_eval.linkage import backend
from curv_eval.linkage.match import Matching, match_clear, match_encoded
from curv_eval.linkage.quality import precision_recall_f1

SEED = Matching(seed=20)
SPARK = replace(SEED, backend="spark")

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None,
    reason="pyspark is not installed: `pip install 'curv-eval[spark]'` and Java 17 to test linkage on Spark",
)
# what pyspark, its gateway and its sockets say on their way in and out is not ours
spark_noise = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::UserWarning")


def test_without_pyspark_the_refusal_says_what_to_do(con, people, monkeypatch):
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    monkeypatch.setenv("JAVA_HOME", "/somewhere")
    left, right = support.load_clear(con, people)
    before = con.execute("SHOW TABLES").fetchall()
    with pytest.raises(RunError) as refused:
        match_clear(con, left, right, scheme=support.UK, matching=SPARK)
    said = str(refused.value)
    assert "pyspark is not installed" in said
    assert "Java" not in said.split("do:")[0]
    assert "pip install 'curv-eval[spark]'" in said
    assert con.execute("SHOW TABLES").fetchall() == before


def test_without_pyspark_and_java_both_are_named(monkeypatch):
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    monkeypatch.setattr(backend.shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(RunError) as refused, backend.engine("spark", None, ("a", "b")):
        pass
    assert refused.value.breaches == ("pyspark is not installed", "Java is not installed")


def test_duckdb_is_reached_without_spark_or_splink_being_imported_first():
    code = (
        "import sys, curv_eval.linkage.match; print([m for m in ('pyspark', 'splink', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_what_the_engine_made_is_dropped(con):
    for name in ("a", "b"):
        con.execute(f"CREATE TABLE {name} AS SELECT 1 AS unique_id").fetchall()
    with backend.engine("duckdb", con, ("a", "b")) as opened:
        opened.api.query_sql("SELECT 1 AS one")
        assert len(con.execute("SHOW TABLES").fetchall()) == 3
    assert con.execute("SHOW TABLES").fetchall() == [("a",), ("b",)]


@needs_spark
@spark_noise
def test_clear_text_on_spark_links_the_same_people(con, people):
    left, right = support.load_clear(con, people)
    here = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    there = match_clear(con, left, right, scheme=support.UK, matching=SPARK)
    assert precision_recall_f1(there, support.truth_of(people)).f1 > 0.95
    # random pairs are drawn by another hash, so numbers differ a little
    assert _in_common(here, there) > 0.99 * len(here)
    assert there.model["pairs_in_blocks"] == here.model["pairs_in_blocks"]


@needs_spark
@spark_noise
def test_encoded_files_on_spark_link_the_same_people(con, encoded_people):
    left, right = support.load_encoded(con, encoded_people)
    here = match_encoded(con, left, right, scheme=support.UK, matching=SEED)
    there = match_encoded(con, left, right, scheme=support.UK, matching=SPARK)
    assert precision_recall_f1(there, support.truth_of(encoded_people)).f1 > 0.95
    assert _in_common(here, there) > 0.99 * len(here)


@needs_spark
@spark_noise
def test_spark_prints_no_traceback_where_it_helps_itself(con):
    for name in ("a", "b"):
        con.execute(f"CREATE TABLE {name} AS SELECT 1 AS unique_id").fetchall()
    with backend.engine("spark", con, ("a", "b")) as opened:
        log = opened.api.spark.sparkContext._jvm.org.apache.logging.log4j.LogManager
        assert log.getRootLogger().getLevel().toString() == "FATAL"


def _in_common(one, other):
    return len(one.pairs.merge(other.pairs, on=["record_id_l", "record_id_r"]))
