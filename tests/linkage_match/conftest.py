"""Made-up people, FEBRL's people, and both of them encoded, once for all tests of matching."""

import duckdb
import linkage_match_support as support
import pytest


@pytest.fixture
def con():
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """A folder with left.parquet, right.parquet and truth.parquet: 2,000 made-up people a side, 1,000 in both."""
    folder = tmp_path_factory.mktemp("people")
    support.generator().two_files(2_000, 20, folder)
    return folder


@pytest.fixture(scope="session")
def encoded_people(people, tmp_path_factory):
    """The same people encoded under one key, and the truth by their new ids."""
    folder = tmp_path_factory.mktemp("encoded")
    support.encode_folder(people, folder, support.UK)
    return folder


@pytest.fixture(scope="session")
def febrl(tmp_path_factory):
    """FEBRL's dataset 4 without the number it shares, in clear and encoded, with both truths."""
    folder = tmp_path_factory.mktemp("febrl")
    support.write_febrl(folder)
    (folder / "encoded").mkdir()
    support.encode_folder(folder, folder / "encoded", support.FEBRL)
    return folder
