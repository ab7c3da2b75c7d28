"""Wherever a value is put into a file of any shape it is found, once, and a file without one stays quiet."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import FORMATS, VALUES, _zip

from curv_eval.disclosure.scan.detectors import detect
from curv_eval.disclosure.scan.formats import items
from curv_eval.disclosure.scan.items import Column, Piece, Refused

QUIET = st.sampled_from(
    ["the ward", "E01012345", "12", "0.25", "fell by about 12", "withheld", "", "July 2023", "areas (n)", "x_1", "A&E"]
)
KEYS = st.sampled_from(["area", "ward", "estimate", "what", "month", "n", "group"])
PLANT = st.sampled_from(VALUES)
TREES = st.recursive(
    QUIET,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
FEW = settings(max_examples=60)


def kinds_in(name, raw):
    """The kinds of what is found in a file, each as often as it is found."""
    found = [one.kind for item in items(name, raw) if isinstance(item, Piece) for one, _ in detect(item.text)]
    assert not [item for item in items(name, raw) if isinstance(item, Refused)]
    return found


def leaves(tree):
    """The ways to every text in a tree."""
    if isinstance(tree, dict):
        return [(key, *rest) for key, value in tree.items() for rest in leaves(value)]
    if isinstance(tree, list):
        return [(i, *rest) for i, value in enumerate(tree) for rest in leaves(value)]
    return [()]


def replaced(tree, way, value):
    """The same tree with a value at the end of a way."""
    if not way:
        return value
    held = dict(tree) if isinstance(tree, dict) else list(tree)
    held[way[0]] = replaced(tree[way[0]], way[1:], value)
    return held


@FEW
@given(TREES, PLANT, st.integers(0, 1000))
def test_a_value_is_found_wherever_it_is_in_a_tree(tree, plant, at):
    kind, value = plant
    ways = leaves(tree)
    assert kinds_in("x.json", json.dumps(tree).encode()) == []
    if not ways:
        return
    held = replaced(tree, ways[at % len(ways)], value)
    assert kind in kinds_in("x.json", json.dumps(held).encode())
    assert kind in kinds_in("x.json", json.dumps(held, ensure_ascii=False).encode())
    assert kind in kinds_in("x.yml", yaml.safe_dump(held).encode())
    assert kind in kinds_in("x.ipynb", json.dumps({"cells": [], "metadata": held}).encode())


TABLES = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(QUIET, min_size=n, max_size=n), min_size=2, max_size=5))


def written(rows, **how):
    file = io.StringIO()
    csv.writer(file, **how).writerows(rows)
    return file.getvalue().encode()


@FEW
@given(TABLES, PLANT, st.integers(0, 1000), st.sampled_from([",", ";", "\t"]))
def test_a_value_is_found_in_any_cell_of_a_table(rows, plant, at, mark):
    kind, value = plant
    assert kinds_in("x.csv", written(rows, delimiter=mark)) == []
    held = [list(row) for row in rows]
    held[at % len(rows)][at % len(rows[0])] = value
    for how in ({"delimiter": mark}, {"delimiter": mark, "quoting": csv.QUOTE_ALL}):
        raw = written(held, **how)
        assert kind in kinds_in("x.csv", raw)
        assert kind in kinds_in("x.zip", _zip(x_dot_csv=raw))


@FEW
@given(st.lists(QUIET, min_size=1, max_size=8), PLANT, st.integers(0, 8), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_a_value_is_found_on_the_line_it_is_on(lines, plant, at, end):
    kind, value = plant
    at = min(at, len(lines))
    text = end.join([*lines[:at], f"seen {value} there", *lines[at:]])
    found = [
        (one.kind, item.line + seen[: one.start].count("\n"))
        for item in items("x.txt", text.encode())
        for one, seen in detect(item.text)
    ]
    assert (kind, 1 + at * end.count("\n")) in found


@given(TABLES)
def test_a_table_gives_back_every_one_of_its_values(rows):
    held = [column for column in items("x.csv", written(rows)) if isinstance(column, Column)]
    full = [row for row in rows if row]
    assert [list(one.values) for one in held] == [
        [row[i] for row in full[1:] if row[i]] for i in range(len(full[0]))
    ] or any(row == [""] for row in rows)


def test_the_same_file_is_read_alike_twice():
    for name, made in FORMATS.values():
        raw = made(VALUES[0][1])
        assert list(items(name, raw)) == list(items(name, raw))


# public names of places: no ward, district or small area of England and Wales may be an alarm
def test_no_place_of_england_and_wales_is_an_alarm(real_folder):
    lookup = Path(real_folder) / "geography-england-wales" / "lookup_lsoa21_ward24_ltla24.csv.gz"
    with gzip.open(lookup, "rt", encoding="utf-8-sig") as file:
        names = {row[key] for row in csv.DictReader(file) for key in ("ward24_name", "ltla24_name", "ward24_code")}
    assert len(names) > 10_000
    assert sorted(name for name in names if detect(name)) == []


@pytest.mark.parametrize("name", ["Hayley Green & Cradley South", "Penny Lane", "William Morris", "Holly Hayes"])
def test_a_ward_that_is_called_like_a_person_is_none(name):
    assert detect(name) == ()
    assert detect(f"the ward of {name}, where patrols began") == ()
