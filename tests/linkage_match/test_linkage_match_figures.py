"""The figures for whoever checks a linkage: every level is there, nothing overlaps, nobody is named."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from curv_eval.errors import PublishError
from curv_eval.linkage.model_weights import waterfall, weight_table
from curv_eval.report.figure_files import write_figure
from curv_eval.report.match_weights import draw_waterfall, draw_weights, waterfall_alt_text, weights_alt_text

LEVELS = {
    "given_name": [("the same", 8.8), ("very much alike", 7.6), ("somewhat alike", -1.3), ("different", -7.4)],
    "surname": [("the same", 10.0), ("very much alike", 10.1), ("different", -10.9)],
    "date_of_birth": [("the same", 14.6), ("day and month swapped", 9.6), ("different", -7.7)],
    "postcode": [("the same", 8.2), ("the same sector", 7.6), ("one slip", 8.2), ("different", -2.0)],
}
MODEL = {
    "prior": 5e-7,
    "fields": {
        field: [{"level": level, "m": 0.5, "u": 0.5 / 2**weight, "weight": weight} for level, weight in levels]
        for field, levels in LEVELS.items()
    },
}
PATTERN = {
    "given_name": "the same",
    "surname": "very much alike",
    "date_of_birth": "day and month swapped",
    "postcode": None,
}


@pytest.fixture
def weights():
    return weight_table(MODEL)


@pytest.fixture
def steps():
    return waterfall(MODEL, PATTERN)


def shown(figure):
    figure.draw_without_rendering()
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def bars(figure):
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in figure.axes[0].patches]


def test_every_level_has_a_bar_from_nothing_to_its_weight(weights):
    figure = draw_weights(weights)
    assert bars(figure) == [(0, pytest.approx(weight)) for weight in weights["weight"]]
    said = {text.get_text() for text in shown(figure)}
    assert "postcode: the same sector" in said
    assert "+14.6" in said
    assert "\N{MINUS SIGN}10.9" in said


def test_for_and_against_differ_in_colour_and_side(weights):
    drawn = draw_weights(weights).axes[0].patches
    for bar, weight in zip(drawn, weights["weight"], strict=True):
        assert (bar.get_facecolor() == drawn[0].get_facecolor()) == (weight > 0)


def test_each_step_of_a_waterfall_begins_where_the_last_ended(steps):
    drawn = bars(draw_waterfall(steps))
    assert drawn[0] == (0, pytest.approx(np.log2(5e-7)))
    for before, after in itertools.pairwise(drawn[:-1]):
        assert after[0] == pytest.approx(before[1])
    assert drawn[-1] == (0, pytest.approx(steps["total"].iloc[-1]))


def test_a_waterfall_ends_with_the_probability(steps):
    said = {text.get_text() for text in shown(draw_waterfall(steps))}
    assert "99% likely to be one person" in said
    assert "postcode: blank" in said


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.42, "42% likely to be one person"), (0.9999, "almost certainly one person"), (1e-6, "almost certainly not")],
)
def test_probabilities_are_never_said_to_be_certain(steps, share, words):
    assert words in waterfall_alt_text(steps.assign(probability=share))


def as_given(table):
    return table


def one_row(table):
    return table.head(1)


def large(table):
    return table.assign(**{name: table[name] * 40 for name in table if name in ("weight", "total")})


def long_names(table):
    return table.assign(level=[f"{level} in every respect that anybody could think of" for level in table["level"]])


def nothing_weighs(table):
    return table.assign(**{name: 0.0 for name in table if name in ("weight", "total")})


@pytest.mark.parametrize("change", [as_given, one_row, large, long_names, nothing_weighs], ids=lambda c: c.__name__)
@pytest.mark.parametrize("kind", ["weights", "steps"])
def test_no_text_overlaps_another_or_leaves_the_frame(request, kind, change):
    table = change(request.getfixturevalue(kind))
    figure = (draw_weights if kind == "weights" else draw_waterfall)(table)
    texts = shown(figure)
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text.get_text()
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text.get_text()
    for (one, a), (other, b) in itertools.combinations(zip(texts, boxes, strict=True), 2):
        assert not a.overlaps(b), (one.get_text(), other.get_text())


def test_text_alternatives_say_what_the_figures_show(weights, steps):
    assert weights_alt_text(weights) == (
        "Bar chart of what agreement on each field weighs. Most for one person: date of birth, the same (14.6). "
        "Most against: surname, different (\N{MINUS SIGN}10.9)."
    )
    said = waterfall_alt_text(steps)
    assert 30 <= len(said) <= 300
    assert "From \N{MINUS SIGN}20.9 before comparing to 7.57 after 4 fields: 99% likely" in said


def test_they_are_written_like_every_other_figure(weights, steps, tmp_path):
    for name, draw, alt, table in (
        ("weights", draw_weights, weights_alt_text, weights),
        ("waterfall", draw_waterfall, waterfall_alt_text, steps),
    ):
        first = write_figure(name, draw(table), table, alt=alt(table), folder=tmp_path / "first")
        again = write_figure(name, draw(table), table, alt=alt(table), folder=tmp_path / "again")
        assert {kind: path.read_bytes() for kind, path in first.items()} == {
            kind: path.read_bytes() for kind, path in again.items()
        }


def test_what_is_missing_is_refused_all_at_once(weights, steps):
    with pytest.raises(PublishError) as refused:
        draw_weights(weights.drop(columns=["level", "weight"]))
    assert refused.value.breaches == ("column missing: level", "column missing: weight")
    with pytest.raises(PublishError, match="column missing: total"):
        draw_waterfall(steps.drop(columns="total"))
    with pytest.raises(PublishError, match="a value is missing"):
        weights_alt_text(weights.assign(weight=np.nan))
    with pytest.raises(PublishError, match="no rows"):
        waterfall_alt_text(pd.DataFrame(columns=["step", "level", "weight", "total", "probability"]))


def test_the_tables_are_left_alone(weights, steps):
    before = weights.copy(), steps.copy()
    draw_weights(weights)
    draw_waterfall(steps)
    assert weights.equals(before[0])
    assert steps.equals(before[1])
