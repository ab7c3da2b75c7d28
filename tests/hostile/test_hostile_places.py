"""Places that lead elsewhere: in a study, in the data folder, in a run's name, in a brief."""

import os
import time

import pytest
from projects import curv_eval, plain_study, project
from refusals import refused

from curv_eval.publish.source import read_source

STUDY = plain_study()
OUT = [
    "../secret.csv", "/etc/passwd", "~/x.csv", "C:/x.csv", r"c:\\x.csv", r"\\\\host\\x.csv", "a/../../x.csv",
    "//host/x", r"ae_assaults.csv\n", r"a\tb.csv",
]  # fmt: skip
links = pytest.mark.skipif(os.name == "nt", reason="links and pipes need rights there")


@pytest.mark.parametrize("place", OUT)
def test_a_location_outside_the_data_folder(place):
    folder = project(study=STUDY.replace("location: ae_assaults.csv", f'location: "{place}"'))
    refused(folder, curv_eval(folder, "plan", "params/study.yaml"), "StudyError", "leaves the data folder")


@pytest.mark.parametrize("character", ["\\0", "\\e", "\\u202e"])
def test_a_location_with_what_cannot_be_seen(character):
    folder = project(study=STUDY.replace("location: ae_assaults.csv", f'location: "ae_assaults.csv{character}"'))
    refused(folder, curv_eval(folder, "plan", "params/study.yaml"), "StudyError", "cannot be seen and is not used here")


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "a\\\\b", "con.", "x\\n", "~", "..", "x y"])
def test_a_study_and_an_outcome_are_called_by_a_plain_name(name):
    for old in ("study: demo", "- name: police_violence", "name: police_violence"):
        if old in STUDY:
            folder = project(study=STUDY.replace(old, f'{old.split(":")[0]}: "{name}"', 1))
            refused(folder, curv_eval(folder, "plan", "params/study.yaml"), "StudyError", "expected a name")
    folder = project()
    refused(folder, curv_eval(folder, "new", name.replace("\\n", "\n")), "RunError", "got the name")


@pytest.fixture
def with_data():
    """A project whose data have names and nothing in them: what lies elsewhere is refused before a byte is read."""
    folder = project()
    month = folder / "data" / "police-uk-made-up" / "2023-03"
    month.mkdir(parents=True)
    for path in (folder / "data" / "ae_assaults.csv", month / "2023-03-made-up-street.csv"):
        path.write_text("a\n1\n")
    return folder


@links
def test_a_link_out_of_the_data_folder_is_refused(with_data):
    data = with_data / "data"
    (data / "ae_assaults.csv").rename(with_data / "elsewhere.csv")
    (data / "ae_assaults.csv").symlink_to(with_data / "elsewhere.csv")
    said = curv_eval(with_data, "plan", "params/study.yaml")
    refused(with_data, said, "ContractError", "ae_assaults.csv is a link that leads out of the data folder")


@links
def test_so_is_one_within_a_folder_and_one_that_leads_to_itself(with_data):
    month = with_data / "data" / "police-uk-made-up" / "2023-03"
    (month / "2023-03-other-street.csv").symlink_to("/etc/passwd")
    (with_data / "data" / "ae_assaults.csv").unlink()
    (with_data / "data" / "ae_assaults.csv").symlink_to("ae_assaults.csv")
    said = curv_eval(with_data, "data", "check", "params/study.yaml")
    pieces = (
        "2023-03-other-street.csv is a link",
        "ae_assaults.csv is a link",
        "give the folder in which it really lies",
    )
    refused(with_data, said, "ContractError", *pieces)
    assert "root:" not in said.err


@links
def test_a_link_within_the_data_folder_is_followed(with_data):
    data = with_data / "data"
    (data / "ae_assaults.csv").rename(data / "attendances.csv")
    (data / "ae_assaults.csv").symlink_to("attendances.csv")
    assert curv_eval(with_data, "plan", "params/study.yaml").code == 0


@links
@pytest.mark.parametrize("place", ["ae_assaults.csv", "police-uk-made-up/2023-03/2023-03-pipe-street.csv"])
def test_a_pipe_does_not_hang_the_plan(with_data, place):
    (with_data / "data" / place).unlink(missing_ok=True)
    os.mkfifo(with_data / "data" / place)
    began = time.perf_counter()
    said = curv_eval(with_data, "plan", "params/study.yaml")
    assert time.perf_counter() - began < 10
    refused(with_data, said, "ContractError", f"{place} is a pipe or a device, not a file")


@pytest.mark.parametrize("kind", ["file", "nothing"])
def test_the_variable_may_name_a_file_or_nothing(kind):
    folder = project()
    place = folder / "here"
    if kind == "file":
        place.write_text("x")
    said = curv_eval(folder, "plan", "params/study.yaml", CURV_EVAL_DATA=str(place))
    pieces = ("is a file, not a folder" if kind == "file" else "does not exist", "CURV_EVAL_DATA names it")
    refused(folder, said, "ContractError", *pieces)


@pytest.mark.parametrize("run", ["../../etc", "/etc", "x\ny", "~"])
def test_a_run_that_is_none_is_not_found(run):
    folder = project()
    said = curv_eval(folder, "verify", run)
    assert said.code == 7
    assert said.err.startswith("RunError: there is no finished run ")
    assert said.err.count("\n  do: ") == 1


INCLUDES = ["/etc/passwd", "../secret.md", "bundle/../../secret.md", "~/secret.md"]


@pytest.mark.parametrize("path", INCLUDES)
def test_a_brief_includes_nothing_from_outside(path, tmp_path):
    (tmp_path / "secret.md").write_text("hush")
    folder = tmp_path / "brief"
    folder.mkdir()
    (folder / "_variables.yml").write_text("a: b\n")
    (folder / "study.qmd").write_text(f"---\ntitle: T\n---\n\n{{{{< include {path} >}}}}\n")
    found = read_source(folder)
    assert "hush" not in found.body + str(found.findings)
    assert any(f"there is no {path} in the brief to include" in str(one) for one in found.findings)


@pytest.mark.parametrize("to", ["../../x", "/x", "~/x"])
def test_without_a_run_nothing_is_exported_anywhere(to):
    folder = project()
    said = curv_eval(folder, "export", "crate", "demo", to)
    assert said.code in (2, 7)
    assert "Traceback" not in said.err
    assert {path.name for path in folder.iterdir()} == {"params"}
    assert not (folder.parents[1] / "x").exists()
