"""The charts of evidence reviews: forest, funnel, flow and traffic lights, looked at by what is drawn and written."""

import numpy as np
import pandas as pd
import pytest

from curv_eval.errors import PublishError
from curv_eval.report import chart_style as cs
from curv_eval.report.charts import forest, funnel, review_flow, traffic_light
from curv_eval.report.figure_files import write_figure

RATIO = {"effect_label": "Odds ratio of violence", "scale": "ratio", "fewer": "less violence", "more": "more violence"}
DIFFERENCE = {**RATIO, "effect_label": "Difference in violence", "scale": "difference"}
WHAT = {"what": "the studies of a review"}
FUNNEL = {"effect_label": "Odds ratio of violence", "scale": "ratio", "pooled": "0.7"}


def studies(count=5, *, scale="ratio", seed=1):
    draw = np.random.default_rng(seed)
    y, se = draw.normal(-0.3, 0.2, count), draw.uniform(0.05, 0.5, count)
    turn = np.exp if scale == "ratio" else np.asarray
    ends = [turn(y + k * se) for k in (0, -1.96, 1.96)]
    rows = [(f"Study {i + 1}", "study", *(e[i] for e in ends), 100 / count) for i in range(count)]
    rows.append(("All studies", "pooled", *turn(np.array([-0.3, -0.4, -0.2])), 100.0))
    rows.append(("In a new place", "prediction", np.nan, *turn(np.array([-0.7, 0.1])), np.nan))
    return pd.DataFrame(rows, columns=list(forest.COLUMNS))


def points(count=12):
    draw = np.random.default_rng(2)
    se = draw.uniform(0.05, 0.8, count)
    return pd.DataFrame({
        "label": [f"Study {i}" for i in range(count)], "estimate": np.exp(draw.normal(-0.3, se)), "std_error": se,
    })  # fmt: skip


def boxes():
    column = "databases and registers"
    rows = [
        (column, "records identified", "", 10), (column, "records identified", "A database", 10),
        (column, "records removed before screening", "", 2), (column, "records screened", "", 8),
        (column, "records excluded", "", 5), (column, "reports sought for retrieval", "", 3),
        (column, "reports not retrieved", "", 0), (column, "reports assessed for eligibility", "", 3),
        (column, "reports excluded", "", 1), (column, "reports excluded", "no_counts", 1),
        ("included", "studies included", "", 2), ("included", "reports included", "", 2),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(review_flow.COLUMNS))


def lights(count=4):
    domains, levels = ("randomisation", "missing_data", "overall"), ("low", "some_concerns", "high")
    rows = [(f"Study {i}", domain, levels[(i + j) % 3]) for i in range(count) for j, domain in enumerate(domains)]
    return pd.DataFrame(rows, columns=list(traffic_light.COLUMNS))


ALL = {
    "forest": (forest, studies(), RATIO), "forest_difference": (forest, studies(scale="difference"), DIFFERENCE),
    "funnel": (funnel, points(), FUNNEL), "review_flow": (review_flow, boxes(), WHAT),
    "traffic_light": (traffic_light, lights(), WHAT),
}  # fmt: skip


def texts(figure):
    return [text.get_text() for text in [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]]


def squares(figure):
    (found,) = [one for one in figure.axes[0].collections if hasattr(one, "get_sizes") and len(one.get_sizes())]
    return found


@pytest.mark.parametrize("name", ALL)
def test_each_has_four_files_with_the_same_bytes_every_time(name, tmp_path):
    module, table, words = ALL[name]
    alt = module.alt_text(table, words=words)
    assert cs.SHORTEST_ALT <= len(alt) <= cs.LONGEST_ALT
    made = [
        write_figure("x", module.draw(table, words=words), table, alt=alt, folder=tmp_path / str(i)) for i in range(2)
    ]
    assert all(made[0][kind].read_bytes() == made[1][kind].read_bytes() for kind in ("svg", "png", "csv", "alt"))
    assert "suppressed" not in made[0]["csv"].read_text("utf-8")


@pytest.mark.parametrize("name", ALL)
def test_each_leaves_its_table_alone_and_refuses_another(name):
    module, table, words = ALL[name]
    before = table.copy()
    module.draw(table, words=words)
    pd.testing.assert_frame_equal(table, before)
    with pytest.raises(PublishError, match="cannot be drawn") as fault:
        module.draw(table.rename(columns={table.columns[0]: "other"}).head(3), words=words)
    assert "column that the chart does not draw: other" in fault.value.breaches
    with pytest.raises(PublishError, match="no rows"):
        module.draw(table.head(0), words=words)


@pytest.mark.parametrize("name", ALL)
def test_all_text_is_horizontal_and_inside_the_figure(name):
    module, table, words = ALL[name]
    figure = module.draw(table, words=words)
    box, renderer = figure.bbox, figure.canvas.get_renderer()
    for text in figure.texts:
        assert text.get_rotation() == 0
        held = text.get_window_extent(renderer)
        assert held.x0 >= box.x0 - 2, text.get_text()
        assert held.x1 <= box.x1 + 2, text.get_text()


@pytest.mark.parametrize("count", [1, 8, 58, 59, 150])
def test_a_forest_of_any_size_fits_a_page(count):
    figure = forest.draw(studies(count), words=RATIO)
    assert figure.get_figheight() < 10.5
    said = texts(figure)
    assert ("Study 1" in said) is (count <= 58)
    assert any("lowest first" in text for text in said) is (count > 58)
    assert "All studies" in said
    assert "0.74 (0.67 to 0.82)" in said
    assert "(0.50 to 1.11)" in said


def test_studies_without_room_for_a_name_stand_from_the_lowest_to_the_highest():
    table = studies(80)
    figure = forest.draw(table, words=RATIO)
    (drawn,) = [
        one.get_offsets() for one in figure.axes[0].collections if hasattr(one, "get_sizes") and len(one.get_sizes())
    ]
    across = drawn[np.argsort(-drawn[:, 1]), 0]
    assert (np.diff(across) >= 0).all()
    assert len(across) == 80


def test_the_larger_a_study_the_larger_its_square():
    table = studies(3)
    table.loc[:2, "weight"] = [60.0, 30.0, 10.0]
    figure = forest.draw(table, words=RATIO)
    (sizes,) = [
        one.get_sizes() for one in figure.axes[0].collections if hasattr(one, "get_sizes") and len(one.get_sizes())
    ]
    assert sizes[0] > sizes[1] > sizes[2]


def test_no_effect_is_1_for_ratios_and_0_for_differences():
    for words, scale, none in ((RATIO, "ratio", 1.0), (DIFFERENCE, "difference", 0.0)):
        figure = forest.draw(studies(scale=scale), words=words)
        assert [none, none] in [list(line.get_xdata()) for line in figure.axes[0].lines]
        assert figure.axes[0].get_xscale() == ("log" if scale == "ratio" else "linear")


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    table = studies(30)
    table.loc[0, ["conf_low", "conf_high"]] = [1e-6, 1e6]
    marks = [line.get_marker() for line in forest.draw(table, words=RATIO).axes[0].lines if len(line.get_xdata())]
    assert {"<", ">"} <= set(marks)


def test_a_study_that_is_withheld_is_said_and_not_drawn(tmp_path):
    table = studies()
    table.loc[1, ["estimate", "conf_low", "conf_high", "weight"]] = np.nan
    figure = forest.draw(table, words=RATIO)
    assert "withheld" in texts(figure)
    assert "1 value withheld." in texts(figure)
    assert "1 value withheld." in forest.alt_text(table, words=RATIO)
    made = write_figure("x", figure, table, alt=forest.alt_text(table, words=RATIO), folder=tmp_path)
    lines = made["csv"].read_text("utf-8").splitlines()
    assert lines[2].count("suppressed") == 4
    assert lines[-1].count("not applicable") == 2


FAULTS = {
    "scale": (lambda t: t, {**RATIO, "scale": "log"}, "scale: got 'log', expected ratio or difference"),
    "kind": (lambda t: t.assign(kind="trial"), RATIO, "kind: got 'trial', expected one of study, pooled, prediction"),
    "ratio": (lambda t: t.assign(estimate=-0.3, conf_low=-0.5), RATIO, "a ratio is 0 or less"),
    "interval": (lambda t: t.assign(conf_low=2.0), RATIO, "Study 1: its interval does not hold its estimate"),
    "infinite": (lambda t: t.assign(conf_high=np.inf), RATIO, "conf_high: a value is infinite"),
    "words": (lambda t: t, {"scale": "ratio"}, "word missing: effect_label"),
    "all": (lambda t: t.assign(estimate=np.nan, conf_low=np.nan, conf_high=np.nan), RATIO, "every study is withheld"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_forest_that_cannot_be_drawn_says_why(name):
    change, words, said = FAULTS[name]
    with pytest.raises(PublishError) as fault:
        forest.draw(change(studies()), words=words)
    assert any(said in line for line in fault.value.breaches)


def test_a_funnel_stands_on_its_head_with_no_effect_and_the_average():
    figure = funnel.draw(points(), words=FUNNEL)
    axes = figure.axes[0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1] == 0
    lines = [line.get_xdata()[0] for line in axes.lines]
    assert lines == pytest.approx([0, np.log(0.7)])
    assert "average" in texts(figure)
    # the outermost region begins where a study alone has p = 0.01
    corners = [patch.get_xy() for patch in axes.patches]
    deepest = axes.get_ylim()[0]
    assert np.abs(corners[0][:, 0]).max() == pytest.approx(2.5758293 * deepest)
    assert np.abs(corners[2][:, 0]).max() == pytest.approx(1.6448536 * deepest)


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        (lambda t: t, {**FUNNEL, "pooled": "low"}, "pooled: got 'low', expected a number"),
        (lambda t: t, {**FUNNEL, "pooled": "-0.2"}, "a ratio is 0 or less"),
        (lambda t: t.assign(std_error=0.0), FUNNEL, "std_error: expected numbers above 0"),
        (lambda t: t.assign(estimate=np.nan), FUNNEL, "every study is withheld"),
    ],
)
def test_a_funnel_that_cannot_be_drawn_says_why(change, words, said):
    with pytest.raises(PublishError) as fault:
        funnel.draw(change(points()), words=words)
    assert any(said in line for line in fault.value.breaches)


def test_the_boxes_of_a_flow_have_their_numbers_and_parts():
    said = "\n".join(texts(review_flow.draw(boxes(), words=WHAT)))
    for line in ("Records identified: 10", "A database: 10", "Records removed before screening: 2", "no counts: 1",
                 "Studies included: 2", "Reports included: 2", "From databases and registers"):  # fmt: skip
        assert line in said, line
    assert "Records screened 8" in review_flow.alt_text(boxes(), words=WHAT)


def test_no_box_of_a_flow_lies_on_another():
    figure = review_flow.draw(boxes(), words=WHAT)
    frames = [one.get_window_extent() for one in figure.artists if hasattr(one, "get_width")]
    assert len(frames) == 9
    assert not [1 for i, one in enumerate(frames) for other in frames[:i] if one.overlaps(other)]


def test_a_flow_says_what_is_withheld_and_refuses_what_is_no_count():
    table = boxes().astype({"n": float})
    table.loc[4, "n"] = np.nan
    assert "Records excluded: withheld" in "\n".join(texts(review_flow.draw(table, words=WHAT)))
    table.loc[4, "n"] = 1.5
    with pytest.raises(PublishError) as fault:
        review_flow.draw(table, words=WHAT)
    assert "row 5: expected a whole number of 0 or more" in fault.value.breaches


def test_every_light_has_a_sign_and_the_key_its_words():
    figure = traffic_light.draw(lights(), words=WHAT)
    said = texts(figure)
    assert said.count("+") >= 4
    assert {"low", "some concerns", "high", "missing\ndata"} <= {*said, "missing\ndata"}
    assert "4 studies, overall:" in traffic_light.alt_text(lights(), words=WHAT)


def test_many_studies_become_shares():
    said = texts(traffic_light.draw(lights(60), words=WHAT))
    assert "+ 33%" in said
    assert "Study 1" not in said


def test_a_study_that_nobody_rated_is_shown_so():
    table = lights()
    table.loc[0, "judgement"] = None
    assert "not rated" in texts(traffic_light.draw(table, words=WHAT))


def test_an_unknown_level_and_a_study_judged_twice_are_refused():
    table = pd.concat([lights(), lights().head(1)], ignore_index=True)
    table.loc[1, "judgement"] = "fine"
    with pytest.raises(PublishError) as fault:
        traffic_light.draw(table, words=WHAT)
    assert any("judgement: got 'fine'" in line for line in fault.value.breaches)
    assert "Study 0, randomisation: judged more than once" in fault.value.breaches
