"""A secret is named by its variable: used in a run, and in no file, message or log that comes of it."""

import duckdb
import pytest
from projects import curv_eval, plain_study, project, small_data

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SECRETS = {
    "a password in an address": ("location: ae_assaults.csv", 'location: "https://me:hunter2@trust.example/a.csv"'),
    "a signed address": ("location: ae_assaults.csv", 'location: "https://x.example/a.csv?sig=hunter2hunter2"'),
    "a key named so": ("location: ae_assaults.csv", "location: ae_assaults.csv, password: hunter2"),
    "a key in place of its variable": ("location: ae_assaults.csv", "location: ae_assaults.csv, key: hunter2"),
    "a token in a text": ("title: Did", "title: ghp_hunter2hunter2hunter2hunter2 Did"),
    "a token within an option": ("base: mean", "base: mean, api_token: hunter2"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_in_a_study_is_refused_and_not_repeated(case):
    old, new = SECRETS[case]
    text = plain_study()
    assert old in text
    said = curv_eval(project(study=text.replace(old, new, 1)), "plan", "params/study.yaml")
    assert said.code == 2
    assert "hunter2" not in said.err + said.out
    assert "env:VCSE_KEY" in said.err
    assert "Traceback" not in said.err


def test_words_about_secrets_are_no_secrets():
    text = plain_study().replace("authors: The", "authors: The secret token and password - keepers of 10:30,", 1)
    said = curv_eval(project(study=text, data=small_data()), "plan", "params/study.yaml")
    assert said.code == 0, said.err


def sealed_project():
    text = plain_study()
    old = "location: people_links.csv"
    assert old in text
    folder = project(study=text.replace(old, "location: people_links.parquet, key: env:VCSE_KEY"), data=small_data())
    data = folder / "data"
    con = duckdb.connect()
    con.execute("SET force_mbedtls_unsafe = true")
    con.execute(f"PRAGMA add_parquet_key('k', '{KEY}')")
    rows = f"SELECT * FROM read_csv('{data}/people_links.csv', all_varchar = true)"
    sealed = "FORMAT parquet, ENCRYPTION_CONFIG {footer_key: 'k'}"
    con.execute(f"COPY ({rows}) TO '{data}/people_links.parquet' ({sealed})")
    (data / "people_links.csv").unlink()
    return folder


def test_a_run_on_encrypted_data_holds_its_key_nowhere():
    folder = sealed_project()
    said = curv_eval(folder, "run", "params/study.yaml", VCSE_KEY=KEY)
    assert said.code == 0, said.err
    assert KEY not in said.out + said.err
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "manifest.json" for path in files)
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert curv_eval(folder, "plan", "params/study.yaml", VCSE_KEY=KEY).out.startswith("demo: fresh")


def test_without_the_variable_nothing_runs():
    folder = sealed_project()
    said = curv_eval(folder, "run", "params/study.yaml")
    assert said.code == 3
    assert "the variable VCSE_KEY is not set" in said.err
    assert "Traceback" not in said.err
    assert not list(folder.glob("outputs/*/*/manifest.json"))
