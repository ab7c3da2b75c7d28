import numpy as np
import pandas as pd
import pytest
from chart_samples import observed_expected

from curv_eval.errors import PublishError
from curv_eval.report.charts import observed_expected as chart
from curv_eval.report.figure_files import write_figure

SECRET = 987654


@pytest.fixture
def oe():
    return observed_expected()


def line(figure, label):
    (found,) = [line for line in figure.axes[0].lines if line.get_label() == label]
    return found


def starts(figure):
    return [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_label() == "start"]


def with_hidden(table):
    """Suppress one observed count the way pandas does it: the number stays in memory under the mask."""
    numbers = table["observed"].round().to_numpy().astype("int64")
    mask = np.zeros(len(numbers), dtype=bool)
    numbers[4], mask[4] = SECRET, True
    return table.assign(observed=pd.arrays.IntegerArray(numbers, mask))


def test_the_y_axis_starts_at_zero_however_high_the_counts(oe):
    table = oe.table.copy()
    table[list(chart.COLUMNS[1:])] += 1_000_000
    assert chart.draw(table, words=oe.words).axes[0].get_ylim()[0] == 0


def test_small_rates_fill_the_axis(oe):
    table = oe.table.copy()
    table[list(chart.COLUMNS[1:])] /= 1_000_000
    assert chart.draw(table, words=oe.words).axes[0].get_ylim()[1] < 0.001


def test_calendar_time_is_even_and_the_gap_breaks_the_line(oe):
    drawn = line(chart.draw(oe.table, words=oe.words), "observed")
    assert set(np.diff(drawn.get_xdata())) == {1}
    assert len(drawn.get_xdata()) == 37
    missing = np.isnan(drawn.get_ydata())
    assert np.flatnonzero(missing).tolist() == list(range(13, 22))


def test_the_gap_is_said_in_words_where_it_fits_and_below_where_not(oe, texts):
    wide = texts(chart.draw(oe.table, words=oe.words))
    assert "no data\nsupplied" in wide
    assert "Grey strip" not in wide
    narrow = texts(chart.draw(oe.table.drop(index=5), words=oe.words))
    assert "no data\nsupplied" in narrow
    assert "Grey strip: no data supplied." in narrow


def test_no_gap_no_word_of_it(oe, texts):
    table = oe.table[oe.table["period"] >= "2023-01"]
    assert "supplied" not in texts(chart.draw(table, words=oe.words))
    assert "supplied" not in chart.alt_text(table, words=oe.words)


def test_text_among_the_numbers_is_refused_not_read_as_suppressed(oe):
    table = oe.table.astype({"observed": object, "expected": object})
    table.loc[0, ["observed", "expected"]] = "suppressed"
    with pytest.raises(PublishError) as error:
        chart.draw(table, words=oe.words)
    assert [breach.split(":")[0] for breach in error.value.breaches] == ["observed", "expected"]


def test_lines_differ_by_more_than_colour_and_are_labelled_directly(oe, texts):
    figure = chart.draw(oe.table, words=oe.words)
    assert line(figure, "observed").get_linestyle() != line(figure, "expected").get_linestyle()
    said = " ".join(texts(figure).split())
    assert "Observed" in said
    assert "Expected without the patrols (dashed), 95% interval shaded" in said


def test_each_start_is_marked_between_the_months_and_said(oe, texts):
    figure = chart.draw(oe.table, words=oe.words)
    august = 2023 * 12 + 7
    assert starts(figure) == [august - 0.5, august + 1.5, august + 3.5]
    assert "patrols begin Aug 2023, Oct 2023, Dec 2023" in texts(figure)


def test_a_start_outside_the_months_shown_is_not_marked(oe, texts):
    figure = chart.draw(oe.table, words=oe.words | {"start_periods": "2020-01"})
    assert starts(figure) == []
    assert "patrols begin" not in texts(figure)


def test_month_labels_are_short_and_apart(oe):
    labels = [t.get_text() for t in chart.draw(oe.table, words=oe.words).axes[0].get_xticklabels()]
    assert labels == ["Jul 2021", "Jan 2022", "Jul 2022", "Jan 2023", "Jul 2023", "Jan 2024"]


def test_a_month_alone_between_gaps_is_still_seen(oe):
    table = oe.table[oe.table["period"].isin(["2023-01", "2023-02", "2023-04", "2023-08"])]
    drawn = line(chart.draw(table, words=oe.words), "observed")
    assert drawn.get_marker() == "o"
    assert drawn.get_markevery() == [3, 7]


def test_suppressed_numbers_appear_nowhere(oe, tmp_path, texts):
    table = with_hidden(oe.table)
    table.loc[23, list(chart.COLUMNS[2:])] = np.nan
    alt, figure = chart.alt_text(table, words=oe.words), chart.draw(table, words=oe.words)
    assert figure.axes[0].get_ylim()[1] < 1000
    assert "2 values withheld." in alt
    assert "2 values withheld." in texts(figure)
    for path in write_figure("f", figure, table, alt=alt, folder=tmp_path).values():
        content = path.read_bytes()
        for secret in (b"987654", b"987,654", b"987 654", b"nan"):
            assert secret not in content, (path.name, secret)


def test_the_download_tells_suppressed_from_not_applicable(oe, tmp_path):
    table = with_hidden(oe.table)
    files = write_figure(
        "f", chart.draw(table, words=oe.words), table, alt=chart.alt_text(table, words=oe.words), folder=tmp_path
    )
    rows = files["csv"].read_text().splitlines()
    assert rows[5] == "2021-07,suppressed,not applicable,not applicable,not applicable"
    assert rows[-1].count("suppressed") == rows[-1].count("not applicable") == 0
    assert files["csv"].read_text().count("suppressed") == 1


def test_a_suppressed_month_breaks_the_line_too(oe):
    drawn = line(chart.draw(with_hidden(oe.table), words=oe.words), "observed")
    assert np.isnan(drawn.get_ydata()[4])


def test_an_interval_must_not_give_back_a_suppressed_expectation(oe):
    table = oe.table.copy()
    table.loc[table["period"] == "2023-09", "expected"] = np.nan
    with pytest.raises(PublishError, match=r"2023-09: expected is withheld, but its interval is not"):
        chart.draw(table, words=oe.words)


def test_alt_text_by_hand(oe):
    last = oe.table.iloc[-1]
    assert chart.alt_text(oe.table, words=oe.words) == (
        "Line chart of antisocial behaviour in the patrol areas. Months: Mar 2021 to Mar 2024, no data "
        "supplied Apr 2022 to Dec 2022. "
        f"Observed: {oe.table['observed'].min():.0f} to {oe.table['observed'].max():.0f} a month. "
        f"In Mar 2024: {last['observed']:.0f} observed, {last['expected']:.0f} expected "
        f"({last['expected_low']:.0f} to {last['expected_high']:.0f})."
    )


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ({"period": "March 2021"}, {}, "got 'March 2021', expected YYYY-MM"),
        ({"period": "2021-04"}, {}, "2021-04 stands there more than once"),
        ({"period": "2021-13"}, {}, "got '2021-13'"),
        ({"observed": -1.0}, {}, "observed: a count is below 0"),
        ({"observed": np.inf}, {}, "observed: a value is infinite"),
        ({}, {"start_periods": "August"}, "start_periods: expected YYYY-MM"),
    ],
)
def test_faults(oe, change, words, message):
    table = oe.table.copy()
    for column, value in change.items():
        table.loc[0, column] = value
    with pytest.raises(PublishError, match=message):
        chart.draw(table, words=oe.words | words)


def test_all_zero_and_a_single_month_can_be_drawn(oe):
    one = oe.table.iloc[-1:].assign(observed=0.0, expected=0.0, expected_low=0.0, expected_high=0.0)
    assert chart.draw(one, words=oe.words).axes[0].get_ylim()[0] == 0
