import numpy as np
import pandas as pd
import pytest

from curv_eval.errors import PublishError
from curv_eval.report import chart_style as cs
from curv_eval.report.figure_files import write_figure

ALT = "Line chart of nothing much, from 1 to 2 in the months that were supplied."


def write(tmp_path, table, name="figure", alt=ALT):
    with cs.style():
        figure = cs.blank_figure(2)
        cs.write(figure, 1, 1, "words")
    return write_figure(name, figure, table, alt=alt, folder=tmp_path / "figures"), figure


def lines(tmp_path, table):
    return write(tmp_path, table)[0]["csv"].read_bytes().decode().split("\n")


def test_four_files_and_an_emptied_figure(tmp_path):
    files, figure = write(tmp_path, pd.DataFrame({"a": [1]}))
    assert {kind: path.name for kind, path in files.items()} == {
        "svg": "figure.svg",
        "png": "figure.png",
        "csv": "figure.csv",
        "alt": "figure.alt.txt",
    }
    assert files["alt"].read_bytes() == f"{ALT}\n".encode()
    assert not figure.texts


def test_two_runs_give_the_same_bytes(tmp_path):
    table = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", "y"]})
    first, second = (write(tmp_path / run, table)[0] for run in ("one", "two"))
    assert [p.read_bytes() for p in first.values()] == [p.read_bytes() for p in second.values()]


def test_no_clock_and_no_program_version_in_the_images(tmp_path):
    import matplotlib

    files, _ = write(tmp_path, pd.DataFrame({"a": [1]}))
    for kind in ("svg", "png"):
        assert matplotlib.__version__.encode() not in files[kind].read_bytes()
    assert b"dc:date" not in files["svg"].read_bytes()
    assert b"tEXt" not in files["png"].read_bytes()


def test_svg_words_stay_words(tmp_path):
    assert b">words</text>" in write(tmp_path, pd.DataFrame({"a": [1]}))[0]["svg"].read_bytes()


def test_the_png_has_200_dots_per_inch(tmp_path):
    from PIL import Image

    with Image.open(write(tmp_path, pd.DataFrame({"a": [1]}))[0]["png"]) as image:
        assert image.width == 1400


def test_the_csv_by_hand(tmp_path):
    table = pd.DataFrame(
        {
            "text": ["=SUM(A1)", "+1", "-1", "@x", "plain", " =x", "a,b", None],
            "number": [1234567.8, 0.1 + 0.2, -0.0, 1e-9, 3.0, np.nan, 2.5, 1.0],
            "count": pd.array([12345678, 2, 3, 4, 5, 6, 7, None], dtype="Int64"),
            "geometry": ["secret shape"] * 8,
        }
    )
    assert lines(tmp_path, table) == [
        "text,number,count",
        "'=SUM(A1),1234570,12345678",
        "'+1,0.3,2",
        "'-1,0,3",
        "'@x,1e-09,4",
        "plain,3,5",
        "' =x,suppressed,6",
        '"a,b",2.5,7',
        "suppressed,1,suppressed",
        "",
    ]


def test_a_column_name_is_no_formula_either(tmp_path):
    assert lines(tmp_path, pd.DataFrame({"=cmd": [1]}))[0] == "'=cmd"


def test_differences_between_machines_do_not_reach_the_csv(tmp_path):
    one = lines(tmp_path, pd.DataFrame({"a": [0.1 + 0.2, 1 / 3]}))
    assert one == lines(tmp_path, pd.DataFrame({"a": [0.3, 0.33333333333333337]}))


def test_only_declared_cells_are_not_applicable(tmp_path):
    figure = cs.blank_figure(2)
    cs.declare_not_applicable(figure, frozenset({(0, "a"), (1, "b")}))
    table = pd.DataFrame({"a": [np.nan, np.nan], "b": [1.0, 2.0]}, index=[7, 7])
    files = write_figure("f", figure, table, alt=ALT, folder=tmp_path)
    assert files["csv"].read_text() == "a,b\nnot applicable,1\nsuppressed,2\n"


def test_every_fault_at_once_and_nothing_written(tmp_path):
    with pytest.raises(PublishError) as error:
        write(tmp_path, pd.DataFrame({"a": [np.inf]}), name="../up", alt="short")
    assert len(error.value.breaches) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("alt", ["x" * 29, "x" * 301, "x" * 40 + "\n" + "x" * 40])
def test_a_text_alternative_is_30_to_300_characters_on_one_line(tmp_path, alt):
    with pytest.raises(PublishError, match="text alternative"):
        write(tmp_path, pd.DataFrame({"a": [1]}), alt=alt)
