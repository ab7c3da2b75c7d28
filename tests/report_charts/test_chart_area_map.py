import json
import math

import numpy as np
import pandas as pd
import pytest
from chart_samples import area_map

from curv_eval.errors import PublishError
from curv_eval.report.charts import area_map as chart
from curv_eval.report.figure_files import write_figure


@pytest.fixture
def am():
    return area_map()


def layers(figure):
    return {c.get_label(): c for c in figure.axes[0].collections}


def test_each_area_is_drawn_once_in_its_group(am):
    drawn = {name: len(layer.get_paths()) for name, layer in layers(chart.draw(am.table, words=am.words)).items()}
    assert {name: drawn[name] for name in am.table["group"].unique()} == am.table["group"].value_counts().to_dict()
    assert drawn["withheld"] == 0
    assert drawn["outlines"] == 1


def test_groups_differ_in_lightness_or_hatching(am):
    chosen = [layer for name, layer in layers(chart.draw(am.table, words=am.words)).items() if name[-1].isdigit()]
    assert len({layer.get_hatch() for layer in chosen}) == 3
    lightness = [layer.get_facecolor()[0][:3] @ (0.3, 0.59, 0.11) for layer in chosen]
    assert np.diff(lightness).min() > 0.15


def test_months_come_in_order_of_time_and_the_comparison_last(am, texts):
    said = texts(chart.draw(am.table, words=am.words)).split("\n")
    assert [t for t in said if t.endswith(("2)", "4)"))] == [
        "August 2023 (12)",
        "October 2023 (12)",
        "December 2023 (12)",
        "No patrols (24)",
    ]


def test_an_ordered_category_keeps_its_order(am, texts):
    order = ["No patrols", "December 2023", "August 2023", "October 2023", "never seen"]
    table = am.table.assign(group=pd.Categorical(am.table["group"], categories=order, ordered=True))
    table.attrs = {}
    said = texts(chart.draw(table, words=am.words))
    assert said.index("No patrols") < said.index("December") < said.index("August") < said.index("October")
    assert "never seen" not in said


def test_a_degree_east_is_shorter_than_a_degree_north_by_the_cosine_of_the_latitude(am):
    axes = chart.draw(am.table, words=am.words).axes[0]
    (x0, y0), (x1, y1) = axes.transData.transform([(-1.4, 54.5), (-1.3, 54.6)])
    assert (x1 - x0) / (y1 - y0) == pytest.approx(math.cos(math.radians(np.mean(axes.get_ylim()))), rel=1e-3)
    assert not axes.axison


def test_names_are_written_apart_and_inside(am, texts):
    table = am.table.copy()
    names = {"name": list("ABCDEF"), "lon": [-1.4] * 6, "lat": [54.5] * 6}
    table.attrs = {"labels": pd.DataFrame(names)}
    figure = chart.draw(table, words=am.words)
    at = {t.get_position() for t in figure.texts if t.get_text() in names["name"]}
    assert len(at) == 6


def test_labels_may_be_records_and_may_be_left_out(am, texts):
    table = am.table.copy()
    table.attrs = {"labels": [{"name": "Eastwick", "lon": -1.35, "lat": 54.51}]}
    assert "Eastwick" in texts(chart.draw(table, words=am.words))
    table.attrs = {}
    assert "Eastwick" not in texts(chart.draw(table, words=am.words))


def test_names_leave_marked_areas_free(am):
    table = am.table.assign(group=["August 2023"] + ["No patrols"] * 59)
    ring = json.loads(table.loc[0, "geometry"])["coordinates"][0]
    table.attrs = {"labels": pd.DataFrame({"name": ["Northmoor"], "lon": [ring[0][0]], "lat": [ring[0][1]]})}
    figure = chart.draw(table, words=am.words)
    figure.draw_without_rendering()
    (name,) = [t for t in figure.texts if t.get_text() == "Northmoor"]
    corners = figure.axes[0].transData.transform(ring)
    box = name.get_window_extent(figure.canvas.get_renderer())
    assert not any(box.contains(x, y) for x, y in corners)


def test_a_hole_stays_a_hole_whichever_way_its_ring_turns(am):
    outer = [[0, 54], [1, 54], [1, 55], [0, 55], [0, 54]]
    inner = [[0.3, 54.3], [0.7, 54.3], [0.7, 54.7], [0.3, 54.7], [0.3, 54.3]]
    for rings in ([outer, inner], [outer[::-1], inner], [outer, inner[::-1]]):
        shape = json.dumps({"type": "MultiPolygon", "coordinates": [rings]})
        table = pd.DataFrame({"area": ["E1"], "group": ["here"], "geometry": [shape]})
        figure = chart.draw(table, words=am.words)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())
        x, y = figure.axes[0].transData.transform((0.5, 54.5))
        assert pixels[pixels.shape[0] - int(y), int(x), :3].tolist() == [255, 255, 255]


def test_suppressed_groups_are_left_blank_and_counted(am, texts, tmp_path):
    table = am.table.copy()
    table.loc[[3, 7, 8], "group"] = np.nan
    figure, alt = chart.draw(table, words=am.words), chart.alt_text(table, words=am.words)
    layer = layers(figure)["withheld"]
    assert len(layer.get_paths()) == 3
    assert layer.get_facecolor()[0].tolist() == [1, 1, 1, 1]
    assert "withheld (3)" in texts(figure)
    assert "3 values withheld." in alt
    files = write_figure("f", figure, table, alt=alt, folder=tmp_path)
    rows = files["csv"].read_text().splitlines()
    assert rows[0] == "area,group"
    assert rows[4] == "E01000003,suppressed"
    assert files["csv"].read_text().count("suppressed") == 3


def test_alt_text_by_hand(am):
    assert chart.alt_text(am.table, words=am.words | {"areas": "neighbourhoods"}) == (
        "Map of when patrols began, by neighbourhood. Of 60 neighbourhoods: August 2023, 12; October 2023, 12; "
        "December 2023, 12; No patrols, 24."
    )


@pytest.mark.parametrize(
    "geometry",
    [
        "not json",
        '{"type": "Point", "coordinates": [0, 1]}',
        '{"type": "Polygon"}',
        "[]",
        None,
        '{"type": "Polygon", "coordinates": []}',
    ],
)
def test_a_geometry_that_is_none_is_named_by_its_area(am, geometry):
    table = am.table.copy()
    table.loc[5, "geometry"] = geometry
    with pytest.raises(PublishError, match="area E01000005: geometry is not"):
        chart.draw(table, words=am.words)


def test_faults_are_told_together(am):
    table = am.table.assign(group=[f"g{i}" for i in range(60)], area="E1")
    table.attrs = {"labels": pd.DataFrame({"name": ["x"]})}
    with pytest.raises(PublishError) as error:
        chart.draw(table, words=am.words)
    told = "\n".join(error.value.breaches)
    assert "got 60 groups, expected at most 6" in told
    assert "labels: expected the columns name, lon, lat" in told
    assert "area E1 stands there more than once" in told


def test_the_word_for_suppressed_is_no_group(am):
    with pytest.raises(PublishError, match="'withheld' is the word"):
        chart.draw(am.table.assign(group="withheld"), words=am.words)


def test_hatching_does_not_bloat_the_file(am, tmp_path):
    alt = chart.alt_text(am.table, words=am.words)
    assert (
        write_figure("f", chart.draw(am.table, words=am.words), am.table, alt=alt, folder=tmp_path)["svg"]
        .stat()
        .st_size
        < 60_000
    )
