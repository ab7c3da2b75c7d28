"""YAML that takes more than it shows, in every file of YAML that is read: refused at once, with its line."""

import os
import time

import pytest
from projects import curv_eval, plain_study, project
from refusals import refused

from curv_eval.errors import ContractError
from curv_eval.odcs import read_odcs
from curv_eval.publish.source import load_mapping
from curv_eval.shipped import shipped
from curv_eval.study import load_study
from curv_eval.yamlfile import StudyError, read_yaml

STUDY = plain_study()
CASES = {
    "a billion laughs": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "line 2: uses a YAML alias"),
    "itself": ("a: &a [*a]\n", "line 1: uses a YAML alias"),
    "an anchor twice": ("a: &x 1\nb: &x 2\n", "line 2: "),
    "10,000 lists": ("a: " + "[" * 10_000 + "]" * 10_000, "line 1: lists and keys go deeper than 40 levels"),
    "200,000 lists never closed": ("a: " + "[" * 200_000, "lists and keys go deeper than 40 levels"),
    "10,000 keys": ("a: " + "{a: " * 10_000 + "1" + "}" * 10_000, "lists and keys go deeper than 40 levels"),
    "200,000 dashes": ("a:\n" + "- " * 200_000 + "x", "line 2: lists and keys go deeper than 40 levels"),
    "an object of Python": ("a: !!python/object/apply:os.system ['touch pwned']", "line 1: uses a YAML tag"),
    "a name of Python": ("a: !!python/name:os.system", "uses a YAML tag"),
    "a number by tag": ("a: !!int 'abc'", "uses a YAML tag"),
    "a day by tag": ("a: !!timestamp '9999-99-99'", "uses a YAML tag"),
    "a number without end": ("a: 1e999999", "line 1: a number this large cannot be held"),
    "a list for a key": ("? [1, 2]\n: 3", "line 1: a key is a word"),
    "a mapping for a key": ("? {a: 1}\n: 3", "line 1: a key is a word"),
    "NUL": ("a: 1\nb: \0", "line 2: the character \\x00 cannot be seen"),
    "an escape": ("a: 1\r\nb: \x1b[31m", "line 2: the character \\x1b cannot be seen"),
    "an escape by number": ('a: 1\nb: "\\x1b[31m"', "line 2: the character \\x1b cannot be seen"),
    "a mark of direction": ('a: "\\u202Etxt"', "the character \\u202e cannot be seen"),
    "half a character": ('a: "\\ud800"', "the character \\ud800 cannot be seen"),
    "no character": ('a: "\\UFFFFFFFF"', "a character is written by a number that none has"),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2: "),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_at_once_with_its_line(case, tmp_path):
    text, said = CASES[case]
    path = tmp_path / "x.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    began = time.perf_counter()
    with pytest.raises(StudyError) as fault:
        read_yaml(path)
    assert time.perf_counter() - began < 5, "the slowest of these took two minutes"
    assert said in str(fault.value)
    assert fault.value.do
    assert not (tmp_path / "pwned").exists()


READERS = {
    "study": lambda path: load_study(path),
    "contract": lambda path: read_odcs(path),
    "front matter and variables of a brief": lambda path: load_mapping(path.read_text("utf-8")),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", ["a billion laughs", "10,000 lists", "an object of Python", "a day by tag", "NUL"])
def test_every_reader_of_yaml_refuses_it(reader, case, tmp_path):
    import yaml

    path = tmp_path / "x.yaml"
    path.write_text(CASES[case][0], "utf-8")
    with pytest.raises((StudyError, ContractError, yaml.YAMLError)):
        READERS[reader](path)


def test_merge_keys_merge_nothing_and_are_an_unknown_key():
    folder = project(study=STUDY.replace("seed: 20261123", "seed: 20261123\n<<: {alpha: 0.4}"))
    refused(folder, curv_eval(folder, "plan", "params/study.yaml"), "StudyError", "<<: unknown key")


def test_through_the_command_line_there_is_one_message():
    folder = project(study=CASES["10,000 lists"][0])
    refused(folder, curv_eval(folder, "plan", "params/study.yaml"), "StudyError", "line 1", "mend that line")


def test_a_study_of_100_megabytes_is_not_read():
    folder = project()
    # without content on the disk, and as large as it says
    os.truncate(folder / "params" / "study.yaml", 100_000_000)
    said = curv_eval(folder, "plan", "params/study.yaml")
    refused(folder, said, "StudyError", "study.yaml has 100,000,000 bytes", "fewer than 1,000,000")


def test_a_whole_number_of_a_million_figures_is_text_and_refused_as_such():
    folder = project(study=STUDY.replace("seed: 20261123", f"seed: {'9' * 500_000}"))
    refused(folder, curv_eval(folder, "plan", "params/study.yaml"), "StudyError", "seed: got ", "a whole number")


def test_a_mark_at_the_start_of_a_file_is_no_fault():
    folder = project()
    path = folder / "params" / "study.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_study(path).seed == 20261123


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices have no names there")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_pipe_or_a_device_is_no_study_and_no_contract(kind):
    def make(path):
        return os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")

    folder = project()
    make(folder / "params" / "other.yaml")
    said = curv_eval(folder, "plan", "params/other.yaml")
    refused(folder, said, "StudyError", "is a device or a pipe, not a file", "give a study file")
    (folder / "own").mkdir()
    make(folder / "own" / "ae_assaults.yaml")
    (folder / "x.csv").write_text("a\n1\n")
    said = curv_eval(folder, "data", "validate", "ae_assaults", "x.csv", "--contracts", "own")
    refused(folder, said, "ContractError", "is a device or a pipe, not a file")


def test_what_ships_has_nothing_of_this():
    for path in [*shipped("params").glob("*.yaml"), *shipped("data_contracts").glob("*.yaml")]:
        assert read_yaml(path)
