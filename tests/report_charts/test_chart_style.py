import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curv_eval.errors import PublishError
from curv_eval.report import chart_style as cs


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (5, "5"), (368.24, "368"), (56.71, "56.7"), (1.949, "1.95"), (-0.12, "−0.12"), (0.0, "0")],
)
def test_numbers_as_read_aloud(value, text):
    assert cs.number(value) == text


def test_a_rounded_zero_has_no_sign():
    assert cs.number(-0.001) == "0.00"
    assert cs.tick_labels([-0.0, 0.5]) == ["0.0", "0.5"]


def test_tick_labels_have_one_number_of_decimals_and_thousands_separators():
    assert cs.tick_labels([-1000, 0, 2500]) == ["−1,000", "0", "2,500"]
    assert cs.tick_labels([0, 0.25, 0.5]) == ["0.00", "0.25", "0.50"]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
@example(100000.41139995819, 0.001)
@example(-100000.41139995819, 0.001)
def test_ticks_enclose_the_values_and_are_at_most_ten(low, height):
    ticks = cs.value_ticks(low, low + height)
    assert ticks[0] <= low + 1e-6 * height
    assert ticks[-1] >= low + height - 1e-6 * height
    assert 3 <= len(ticks) <= 10


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0.05, 0.5)), min_size=1, max_size=8))
def test_spread_labels_do_not_overlap_keep_their_order_and_stay_in_the_room(labels):
    centres, heights = zip(*labels, strict=True)
    at = cs.spread(centres, heights, 0, 4)
    order = sorted(range(len(at)), key=lambda i: centres[i])
    assert order == sorted(order, key=lambda i: at[i])
    for one, other in itertools.pairwise(order):
        assert at[other] - at[one] >= (heights[one] + heights[other]) / 2 - 1e-9
    assert all(y - h / 2 >= -1e-9 and y + h / 2 <= 4 + 1e-9 for y, h in zip(at, heights, strict=True))


def test_spread_leaves_labels_that_do_not_touch():
    assert cs.spread([3, 1], [0.5, 0.5], 0, 4) == [3, 1]


def test_wrapped_lines_fit_and_lose_no_word():
    text = "Incidents of antisocial behaviour recorded per month in the patrol areas of Cleveland"
    with cs.style():
        figure = cs.blank_figure(3)
        wrapped = cs.wrap(figure, text, 2)
        assert cs.size(figure, wrapped)[0] <= 2
        assert not figure.texts
    assert wrapped.split() == text.split()
    assert wrapped.count("\n") >= 3


def test_every_missing_word_and_column_is_named():
    import pandas as pd

    with pytest.raises(PublishError) as error:
        cs.require("c", pd.DataFrame({"a": [1]}), columns=("b",), words={"k": " "}, keys=("k",))
    assert error.value.breaches == (
        "column missing: b",
        "column that the chart does not draw: a",
        "word missing: k",
    )


def test_the_style_is_seaborns_with_ours_over_it():
    import matplotlib
    from matplotlib.colors import to_hex

    with cs.style():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
        assert matplotlib.rcParams["font.sans-serif"][0] == "DejaVu Sans"
        assert to_hex(matplotlib.rcParams["axes.prop_cycle"].by_key()["color"][0]) == cs.DARK_BLUE.lower()


@pytest.mark.parametrize(("count", "said"), [(0, ""), (1, "1 value withheld."), (1200, "1,200 values withheld.")])
def test_withheld_values_are_counted_in_words(count, said):
    assert cs.withheld_note(count) == said
