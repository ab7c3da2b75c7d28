import numpy as np
import pytest
from chart_samples import event_study

from curv_eval.errors import PublishError
from curv_eval.report.charts import event_study as chart
from curv_eval.report.figure_files import write_figure


@pytest.fixture
def es():
    return event_study()


def points(figure, label):
    (found,) = [line for line in figure.axes[0].lines if line.get_label() == label]
    return dict(zip(np.atleast_1d(found.get_xdata()).tolist(), np.atleast_1d(found.get_ydata()).tolist(), strict=True))


def bars(figure):
    boxes = [patch.get_bbox() for patch in figure.axes[0].patches]
    return {round((box.x0 + box.x1) / 2): (box.y0, box.y1) for box in boxes}


def test_points_before_and_after_the_start_and_the_base_apart(es):
    figure = chart.draw(es.table, words=es.words)
    value = es.table.set_index("event_time")["estimate"]
    assert points(figure, "before") == {t: value[t] for t in value.index if t < -1}
    assert points(figure, "after") == {t: value[t] for t in value.index if t >= 0}
    assert points(figure, "base") == {-1: 0}


def test_intervals_and_band_are_where_the_table_says(es):
    figure = chart.draw(es.table, words=es.words)
    row = es.table.set_index("event_time")
    segments = [s for c in figure.axes[0].collections for s in c.get_segments()]
    drawn = {int(s[0, 0]): (s[0, 1], s[1, 1]) for s in segments}
    assert drawn[3] == (row.loc[3, "conf_low"], row.loc[3, "conf_high"])
    assert bars(figure)[-20] == pytest.approx((row.loc[-20, "band_low"], row.loc[-20, "band_high"]))
    assert set(drawn) == set(bars(figure)) == set(es.table["event_time"]) - {-1}


def test_everything_is_labelled_directly(es, texts):
    said = " ".join(texts(chart.draw(es.table, words=es.words)).split())
    for words in ("before", "after", "no difference", "95% interval of one month", "95% band of all months together"):
        assert words in said
    assert "base period, set to 0" in said
    assert "Months from the start" in said
    assert "No estimate for −17 to −12." in said


def test_zero_and_all_that_is_drawn_lie_inside_the_axes(es):
    table = es.table.copy()
    table[list(chart.COLUMNS[1:])] -= 50
    low, high = chart.draw(table[table["event_time"] != -1], words=es.words).axes[0].get_ylim()
    assert low < -52
    assert high >= 0


def test_before_and_after_differ_by_more_than_colour(es):
    axes = chart.draw(es.table, words=es.words).axes[0]
    faces = {
        line.get_label(): line.get_markerfacecolor() for line in axes.lines if line.get_label() in ("before", "after")
    }
    assert faces["before"] == "white"
    assert faces["after"] != "white"


def test_base_periods_can_be_named_without_a_row(es):
    table = es.table[es.table["event_time"] != -1]
    assert points(chart.draw(table, words=es.words | {"base_periods": "-1"}), "base") == {-1: 0}


def test_without_a_band_nothing_is_said_of_one(es, texts, tmp_path):
    table = es.table.assign(band_low=np.nan, band_high=np.nan)
    figure = chart.draw(table, words=es.words)
    assert bars(figure) == {}
    assert "together" not in texts(figure)
    assert "withheld" not in chart.alt_text(table, words=es.words)
    files = write_figure("f", figure, table, alt=chart.alt_text(table, words=es.words), folder=tmp_path)
    assert "suppressed" not in files["csv"].read_text()


def suppressed(table):
    table = table.copy()
    table.loc[table["event_time"].isin([2, -5]), list(chart.COLUMNS[1:])] = np.nan
    table.attrs["before_disclosure"] = {"estimate": 987654}
    return table


def test_suppressed_periods_are_left_out_and_counted(es, texts, tmp_path):
    table = suppressed(es.table)
    figure, alt = chart.draw(table, words=es.words), chart.alt_text(table, words=es.words)
    assert 2 not in points(figure, "after")
    assert -5 not in points(figure, "before")
    assert not {2, -5} & set(bars(figure))
    assert "2 values withheld." in alt
    assert "2 values withheld." in texts(figure)
    for path in write_figure("f", figure, table, alt=alt, folder=tmp_path).values():
        content = path.read_bytes()
        assert b"987654" not in content
        assert b"nan" not in content
    rows = (tmp_path / "f.csv").read_text().splitlines()
    assert "2,suppressed,suppressed,suppressed,suppressed,suppressed" in rows
    assert "-1,0,not applicable,not applicable,not applicable,not applicable" in rows


def test_a_suppressed_band_is_counted_and_its_point_kept(es):
    table = es.table.copy()
    table.loc[table["event_time"] == 4, ["band_low", "band_high"]] = np.nan
    figure = chart.draw(table, words=es.words)
    assert 4 in points(figure, "after")
    assert 4 not in bars(figure)
    assert "1 value withheld." in chart.alt_text(table, words=es.words)


def test_an_interval_must_not_give_back_a_suppressed_estimate(es):
    table = es.table.copy()
    table.loc[table["event_time"] == 4, "estimate"] = np.nan
    with pytest.raises(PublishError) as error:
        chart.draw(table, words=es.words)
    assert error.value.breaches == (
        "event_time 4: estimate is withheld, but its conf_low or conf_high is not",
        "event_time 4: estimate is withheld, but its band_low or band_high is not",
    )


def test_alt_text_by_hand(es):
    estimate = es.table.set_index("event_time")["estimate"]
    before, after = estimate[estimate.index < -1], estimate[estimate.index >= 0]
    high = es.table.loc[es.table["event_time"] >= 0, "conf_high"]
    assert chart.alt_text(es.table, words=es.words).replace("\N{MINUS SIGN}", "-") == (
        "Point chart of the effect of the patrols. Months from the start: -33 to 7, no estimate for -17 to -12. "
        f"Estimates run from {before.min():.2f} to {before.max():.2f} before the start, and from {after.min():.2f} to "
        f"{after.max():.2f} after the start. Intervals that exclude no difference after it: {(high < 0).sum()} of 8."
    )


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (0, "event_time", 0.5, "event_time: expected a whole number"),
        (0, "event_time", -20, "event_time: a value stands there more than once"),
        (0, "conf_low", 9.0, "conf_low to conf_high does not hold the estimate at event_time -33"),
        (0, "band_high", np.inf, "band_high: a value is infinite"),
    ],
)
def test_faults(es, row, column, value, message):
    table = es.table.astype({"event_time": float})
    table.loc[row, column] = value
    with pytest.raises(PublishError, match=message):
        chart.draw(table, words=es.words)


def test_a_base_period_is_a_whole_number(es):
    with pytest.raises(PublishError, match="got 'one'"):
        chart.draw(es.table, words=es.words | {"base_periods": "one"})


def test_only_periods_after_the_start(es, texts):
    table = es.table[es.table["event_time"] >= 0]
    assert "before" not in texts(chart.draw(table, words=es.words)).split("\n")
    assert "before" not in chart.alt_text(table, words=es.words)


@pytest.mark.parametrize("kept", [range(3, 8), range(-33, -20)])
def test_the_start_is_shown_also_when_it_lies_outside_the_periods(es, kept):
    axes = chart.draw(es.table[es.table["event_time"].isin(kept)], words=es.words).axes[0]
    assert axes.get_xlim()[0] < -0.5 < axes.get_xlim()[1]
