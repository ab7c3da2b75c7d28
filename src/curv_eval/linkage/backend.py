"""The engine that compares pairs: DuckDB in this process, or Spark where one machine is not enough."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from curv_eval.errors import RunError

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession
    from splink.internals.splink_dataframe import SplinkDataFrame

BACKENDS = ("duckdb", "spark")


@dataclass(frozen=True)
class Engine:
    """Splink's door to the engine that compares, and the two tables in it."""

    api: Any
    tables: tuple[SplinkDataFrame, SplinkDataFrame]


@contextmanager
def engine(backend: str, con: duckdb.DuckDBPyConnection, tables: tuple[str, str]) -> Iterator[Engine]:
    """Open the engine on two tables of `con`; what it made is dropped afterwards.

    Raises RunError when "spark" is asked for and pyspark or Java is not there.
    """
    with (_duckdb if backend == "duckdb" else _spark)(con, tables) as opened:
        yield opened


@contextmanager
def _duckdb(con: duckdb.DuckDBPyConnection, tables: tuple[str, str]) -> Iterator[Engine]:
    from splink import DuckDBAPI

    api = DuckDBAPI(con)
    try:
        yield Engine(api, tuple(api.register(table, dataset_display_name=table) for table in tables))
    finally:
        api.delete_tables_created_by_splink_from_db()


@contextmanager
def _spark(con: duckdb.DuckDBPyConnection, tables: tuple[str, str]) -> Iterator[Engine]:
    _require_spark()
    from splink import SparkAPI

    session, ours = _session()
    try:
        api = SparkAPI(spark_session=session, break_lineage_method="persist")
        _require_similarity(session)
        for table in tables:
            held = session.createDataFrame(con.sql(f"SELECT * FROM {table}").to_arrow_table())
            held.persist().createOrReplaceTempView(table)
        yield Engine(api, tuple(api.register(table, dataset_display_name=table) for table in tables))
    finally:
        for table in tables:
            session.catalog.dropTempView(table)
        if ours:
            session.stop()


def _require_spark() -> None:
    missing = [] if find_spec("pyspark") else ["pyspark is not installed"]
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        missing.append("Java is not installed")
    if missing:
        do = "install Java 17 and `pip install 'curv-eval[spark]'`, or match with backend='duckdb'"
        raise RunError("there is no Spark here", missing, do)


def _session() -> tuple[SparkSession, bool]:
    """Return the Spark session of this process or a new one, and whether it is new.

    Where it runs is said by Spark's own configuration (`spark.master` in the folder SPARK_CONF_DIR names): on this
    machine where nothing is said.
    """
    from pyspark.sql import SparkSession
    from splink.backends.spark import similarity_jar_location

    active = SparkSession.getActiveSession()
    if active is not None:
        return active, False
    # a worker with another version of Python than this one refuses to work
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    own = {
        "spark.jars": similarity_jar_location(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    session = SparkSession.builder.appName("curv-eval linkage").config(map=own).getOrCreate()
    # what stops the work is raised here too; code too long to compile, which Spark then interprets, is no fault
    session.sparkContext.setLogLevel("FATAL")
    if session.sparkContext.master.startswith("local"):
        # by default each step is cut into 200 parts, which one machine takes longer to hand out than to do
        session.conf.set("spark.sql.shuffle.partitions", str(2 * session.sparkContext.defaultParallelism))
    return session, True


def _require_similarity(session: SparkSession) -> None:
    if not session.catalog.functionExists("jaro_winkler"):
        what = "the session of this process lacks the functions that compare names"
        do = "add splink.backends.spark.similarity_jar_location() to its `spark.jars`, or let curv-eval open it"
        raise RunError("Spark cannot compare names", [what], do)
