"""What every chart in the folder must keep, whoever writes the next one."""

import inspect
import itertools
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from chart_samples import CHARTS, SAMPLES
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from curv_eval.errors import PublishError
from curv_eval.report import charts
from curv_eval.report.figure_files import write_figure

# what a row is, and not what it shows
KEYS = ("period", "event_time", "area", "geometry", "label", "kind", "domain", "column", "box", "detail")
MARKS_ONLY = {"#28a197", "#f46a25", "#a285d1"}


def shown(figure):
    figure.draw_without_rendering()
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def box(text):
    return text.get_window_extent(text.figure.canvas.get_renderer())


def same(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    frames = {key: value for key, value in a.attrs.items() if isinstance(value, pd.DataFrame)}
    rest = {key: value for key, value in a.attrs.items() if key not in frames}
    return (
        a.equals(b)
        and set(a.attrs) == set(b.attrs)
        and all(b.attrs[key].equals(frame) for key, frame in frames.items())
        and all(b.attrs[key] == value for key, value in rest.items())
    )


def contrast_with_white(colour):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 1.05 / (np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05)


def test_the_folder_holds_the_charts_of_the_brief():
    assert {"observed_expected", "event_study", "area_map"} <= set(CHARTS)
    assert {p.stem for p in Path(charts.__path__[0]).glob("*.py")} - {"__init__"} == set(CHARTS)


def test_signatures(chart):
    for name, returns in {"draw": "Figure", "alt_text": "str"}.items():
        signature = inspect.signature(getattr(chart, name))
        assert [(p.name, p.kind.name) for p in signature.parameters.values()] == [
            ("table", "POSITIONAL_OR_KEYWORD"),
            ("words", "KEYWORD_ONLY"),
        ]
        assert signature.return_annotation == returns
    assert all(column in chart.__doc__ for column in chart.COLUMNS)


def test_the_input_is_left_alone(chart, sample):
    table, words = pickle.loads(pickle.dumps(sample.table)), dict(sample.words)
    assert isinstance(chart.draw(table, words=words), Figure)
    assert isinstance(chart.alt_text(table, words=words), str)
    assert same(sample.table, table)
    assert words == sample.words


def test_all_text_is_horizontal(chart, sample):
    assert {text.get_rotation() for text in shown(chart.draw(sample.table, words=sample.words))} == {0}


def as_given(table, words):
    return table, words


def long_words(table, words):
    long = {key: f"{words[key]}, " * 3 for key in ("unit_label", "effect_label") if key in words}
    return table, words | long | {"starts": "patrols and youth work begin"}


def few_rows(table, words):
    return table.tail(7), words


def every_third_row_withheld(table, words):
    values = [name for name in table if name not in KEYS]
    whole = {name: float for name in values if table[name].dtype.kind == "i"}
    table = table.astype(whole) if whole else table
    table.loc[table.index[::3], values] = np.nan
    return table, words


def large_values(table, words):
    values = [name for name in table.select_dtypes("number") if name != "event_time"]
    return table.assign(**{name: table[name] * 12345 for name in values}), words


def all_alike(table, words):
    values = [name for name in table.select_dtypes("number") if name != "event_time"]
    return table.assign(**{name: 1 if table[name].dtype.kind == "i" else 0.5 for name in values}), words


@pytest.mark.parametrize(
    "change",
    [as_given, long_words, few_rows, every_third_row_withheld, large_values, all_alike],
    ids=lambda c: c.__name__,
)
def test_no_text_overlaps_another_or_leaves_the_frame(chart, sample, change):
    table, words = change(sample.table.copy(), sample.words)
    figure = chart.draw(table, words=words)
    boxes = {text: box(text) for text in shown(figure)}
    for text, b in boxes.items():
        assert figure.bbox.x0 <= b.x0 and b.x1 <= figure.bbox.x1, text.get_text()
        assert figure.bbox.y0 <= b.y0 and b.y1 <= figure.bbox.y1, text.get_text()
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert not a.overlaps(b), (one.get_text(), other.get_text())


def test_text_can_be_read(chart, sample):
    figure = chart.draw(sample.table, words=sample.words)
    for text in shown(figure):
        pixels_at_700 = text.get_fontsize() / 72 / figure.get_figwidth() * 700
        assert pixels_at_700 >= 12, text.get_text()
        assert contrast_with_white(text.get_color()) >= 4.5, text.get_text()
        assert to_hex(text.get_color()) not in MARKS_ONLY


def test_no_title_no_legend_and_few_gridlines(chart, sample):
    figure = chart.draw(sample.table, words=sample.words)
    assert figure.get_suptitle() == ""
    assert not figure.legends
    for axes in figure.axes:
        assert [axes.get_title(where) for where in ("left", "center", "right")] == ["", "", ""]
        assert axes.get_legend() is None
        assert len(axes.get_yticks()) <= 10
        assert not any(line.get_visible() for line in axes.get_xgridlines())


def test_a_dollar_sign_is_not_mathematics(chart, sample):
    figure = chart.draw(sample.table, words=sample.words | {"unit_label": "cost in $ and again in $"})
    assert all(not text.get_parse_math() for text in shown(figure))


def test_nothing_global_changes(chart, sample):
    from matplotlib import colors, pyplot

    before, names = dict(matplotlib.rcParams), dict(colors.colorConverter.colors)
    chart.draw(sample.table, words=sample.words)
    assert dict(matplotlib.rcParams) == before
    assert dict(colors.colorConverter.colors) == names
    assert pyplot.get_fignums() == []


def test_the_readers_own_settings_do_not_matter(chart, sample, tmp_path):
    alt = chart.alt_text(sample.table, words=sample.words)
    plain = write_figure(
        "a", chart.draw(sample.table, words=sample.words), sample.table, alt=alt, folder=tmp_path / "plain"
    )
    with matplotlib.rc_context(
        {"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "red", "savefig.bbox": "tight"}
    ):
        own = write_figure(
            "a", chart.draw(sample.table, words=sample.words), sample.table, alt=alt, folder=tmp_path / "own"
        )
    assert {kind: own[kind].read_bytes() == plain[kind].read_bytes() for kind in plain} == dict.fromkeys(plain, True)


def test_the_order_of_the_rows_does_not_matter(chart, sample, tmp_path):
    mixed = sample.table.sample(frac=1, random_state=5)
    assert chart.alt_text(mixed, words=sample.words) == chart.alt_text(sample.table, words=sample.words)
    alt = chart.alt_text(mixed, words=sample.words)
    files = [
        write_figure("a", chart.draw(table, words=sample.words), sample.table, alt=alt, folder=tmp_path / str(i))
        for i, table in enumerate((sample.table, mixed))
    ]
    assert files[0]["svg"].read_bytes() == files[1]["svg"].read_bytes()
    assert files[0]["png"].read_bytes() == files[1]["png"].read_bytes()


def test_alt_text_says_what_and_holds_only_numbers_of_the_table(chart, sample):
    alt = chart.alt_text(sample.table, words=sample.words)
    assert 30 <= len(alt) <= 300
    assert sample.words["what"] in alt
    assert not re.search(r"\b(nan|none|inf)\b", alt, re.IGNORECASE)
    said = re.sub(r"\b[A-Z][a-z]{2,8} \d{4}\b", "", alt).replace("\N{MINUS SIGN}", "-")
    said_numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?", said)
    assert len(said_numbers) >= 2
    for number in said_numbers:
        assert float(number.replace(",", "")) in sayable(sample.table), number


def sayable(table):
    """Every number of the table at the decimals an alt text uses, the counts of its groups, rows, and gaps' ends."""
    values = table.select_dtypes("number").to_numpy().ravel()
    counts = range(len(table) + 1)
    steps = {t + d for t in table.get("event_time", ()) for d in (-1, 1)}
    return {round(v, d) for v in values[np.isfinite(values)] for d in (0, 1, 2)} | set(counts) | steps


def test_a_long_subject_is_cut_at_a_word(chart, sample):
    words = sample.words | {"what": "antisocial behaviour " * 30}
    alt = chart.alt_text(sample.table, words=words)
    assert 250 < len(alt) <= 300
    assert re.search(r"(antisocial|behaviour)\. ", alt)


def test_every_fault_is_told_at_once(chart, sample):
    broken = sample.table.drop(columns=list(chart.COLUMNS[1:])).assign(secret=1)
    for call in (chart.draw, chart.alt_text):
        with pytest.raises(PublishError) as error:
            call(broken, words={})
        told = "\n".join(error.value.breaches)
        assert all(f"column missing: {name}" in told for name in chart.COLUMNS[1:])
        assert "the chart does not draw: secret" in told
        assert "word missing" in told


def test_an_empty_table_is_refused(chart, sample):
    with pytest.raises(PublishError, match="no rows"):
        chart.draw(sample.table.iloc[:0], words=sample.words)


def test_a_table_with_nothing_left_to_show_is_refused(chart, sample):
    whole = {name: float for name in sample.table if sample.table[name].dtype.kind == "i"}
    empty = sample.table.astype(whole) if whole else sample.table.copy()
    shown_columns = [c for c in chart.COLUMNS if c not in KEYS]
    empty[shown_columns] = np.nan if "group" not in shown_columns else None
    for call in (chart.draw, chart.alt_text):
        with pytest.raises(PublishError, match="withheld"):
            call(empty, words=sample.words)


_ELSEWHERE = """
import importlib, pickle, sys
from pathlib import Path
from curv_eval.report.figure_files import write_figure
for name, table, words in pickle.loads(Path(sys.argv[1]).read_bytes()):
    chart = importlib.import_module(f"curv_eval.report.charts.{name}")
    alt = chart.alt_text(table, words=words)
    write_figure(name, chart.draw(table, words=words), table, alt=alt, folder=Path(sys.argv[2]))
"""


def test_another_process_writes_the_same_bytes(tmp_path):
    import importlib

    jobs = [(name, SAMPLES[name]().table, SAMPLES[name]().words) for name in CHARTS]
    (tmp_path / "jobs").write_bytes(pickle.dumps(jobs))
    command = [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "jobs"), str(tmp_path / "there")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    for name, table, words in jobs:
        chart = importlib.import_module(f"curv_eval.report.charts.{name}")
        here = write_figure(
            name,
            chart.draw(table, words=words),
            table,
            alt=chart.alt_text(table, words=words),
            folder=tmp_path / "here",
        )
        for path in here.values():
            assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes(), path.name


def test_importing_a_chart_loads_nothing_heavy(chart):
    code = f"import sys, {chart.__name__}; print([m for m in ('matplotlib', 'seaborn', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
