"""The table of a network's layers: which columns have room, and what gets a mark."""

from __future__ import annotations

import time

from workbench.debugging.probes import LayerProbe
from workbench.rehearsal import Layer
from workbench.tui.inspect.layer_rows import (
    COLUMNS,
    LayerLines,
    Order,
    Row,
    Rows,
    count,
    details,
    in_order,
    rows_of,
    statistics,
)

CONVOLUTION = Layer(
    "blocks.0.conv",
    "Conv2d",
    "1x16x28x28",
    144,
    shape=(1, 16, 28, 28),
    formula="(28 + 2·1 − 1·(3−1) − 1)/1 + 1 = 28",
    multiply_adds=112_896,
    weight_bytes=576,
    output_bytes=50_176,
    field=(3, 3),
)
RELU = Layer("blocks.0.relu", "ReLU", "1x16x28x28", 0, shape=(1, 16, 28, 28), field=(3, 3))
ALIVE = LayerProbe(
    name="blocks.0.conv", kind="Conv2d", mean=0.1, spread=0.8, zeros=0.0, units=16, output_gradient=2e-4
)
DEAD = LayerProbe(name="blocks.0.relu", kind="ReLU", zeros=1.0, units=16, dead=16, output_gradient=0.0)


def two() -> Rows:
    return rows_of([CONVOLUTION, RELU], [ALIVE, DEAD], {"blocks.0.relu": ["dead ReLUs"]})


def named(lines: LayerLines) -> list[str]:
    return [column.name for column in lines.shown]


def test_a_wide_table_has_all_columns_and_a_narrow_one_the_most_telling() -> None:
    assert named(LayerLines(two(), 220)) == [column.name for column in COLUMNS]
    narrow = named(LayerLines(two(), 60))
    assert {"output", "dead", "gradient"} <= set(narrow)
    assert not {"formula", "memory"} & set(narrow)


def test_no_line_is_longer_than_its_room() -> None:
    for width in (20, 40, 60, 80, 120, 200):
        lines = LayerLines(two(), width)
        every = [lines.heading(Order()), *(lines.line(row) for row in two().rows)]
        assert all(one.cell_length <= width for one in every), width


def test_what_is_bad_has_a_mark_beside_its_colour() -> None:
    healthy, dead = (LayerLines(two(), 120).line(row).plain for row in two().rows)
    assert healthy.startswith("  blocks.0.conv")
    assert "!" not in healthy
    assert dead.startswith("! blocks.0.relu")
    assert "16/16!" in dead
    assert " 0!" in dead, "a gradient that is nothing"


def test_a_layer_that_a_finding_names_is_marked_whatever_its_numbers() -> None:
    (row,) = rows_of([CONVOLUTION], [ALIVE], {"blocks.0.conv": ["exploding gradients"]}).rows
    assert row.is_bad
    assert "! exploding gradients" in details(row).plain


def test_the_details_tell_what_has_no_column() -> None:
    told = details(two().rows[0]).plain
    assert "formula (28 + 2·1 − 1·(3−1) − 1)/1 + 1 = 28" in told
    assert "mult-adds 112.9 k" in told
    assert "memory 50.8 kB" in told
    assert "field 3" in told


def test_statistics_stand_on_one_line() -> None:
    told = statistics(two().rows[1]).plain
    assert told.split("  ")[0].startswith("zeros 100%!")
    assert "dead 16/16!" in told
    assert "\n" not in told


def test_layers_are_sorted_by_a_column_and_those_without_a_value_come_last() -> None:
    unprobed = Layer("head", "Linear", "1x10", 5770)
    rows = rows_of([CONVOLUTION, RELU, unprobed], [ALIVE, DEAD]).rows
    by_dead = Order(next(at for at, column in enumerate(COLUMNS) if column.name == "dead"))
    names = [row.layer.name for row in in_order(rows, by_dead)]
    assert names == ["blocks.0.relu", "blocks.0.conv", "head"]
    rising = [row.layer.name for row in in_order(rows, Order(by_dead.column, falling=False))]
    assert rising == ["blocks.0.conv", "blocks.0.relu", "head"]


def test_the_calls_of_a_layer_are_told_apart() -> None:
    again = Layer("shared", "Linear", "1x10", 110, call=1)
    probe = LayerProbe(name="shared", kind="Linear", call=1, mean=0.5)
    (row,) = rows_of([again], [probe]).rows
    assert row.probe is probe
    assert "shared (2)" in LayerLines(rows_of([again]), 80).line(Row(again)).plain


def test_a_function_behind_a_layer_has_a_line_of_its_own() -> None:
    relu = LayerProbe(name="blocks.0.conv/relu", kind="ReLU", shape=(8, 16, 28, 28), zeros=1.0)
    rows = rows_of([CONVOLUTION, RELU], [ALIVE, relu], {"blocks.0.conv/relu": ["dead ReLUs"]}).rows
    assert [row.layer.name for row in rows] == ["blocks.0.conv", "blocks.0.conv/relu", "blocks.0.relu"]
    assert rows[1].layer.output == "8x16x28x28"
    assert rows[1].is_bad
    assert not rows[0].is_bad


def test_names_of_layers_are_shown_and_never_obeyed() -> None:
    nasty = Layer("[b]\x1b[2Jnet", "Linear", "1x10", 1)
    line = LayerLines(rows_of([nasty]), 60).line(Row(nasty)).plain
    assert "\x1b" not in line
    assert "[b]␛[2Jnet" in line


def test_three_thousand_layers_are_ready_at_once() -> None:
    layers = [Layer(f"blocks.{i}.relu", "ReLU", "1x8x4x4", 0) for i in range(3_000)]
    began = time.process_time()
    rows = rows_of(layers)
    LayerLines(rows, 120).line(rows.rows[-1])
    assert time.process_time() - began < 1.0


def test_operations_are_counted_in_few_characters() -> None:
    assert [count(number) for number in (0, 912, 1_800_000, 3_400_000_000)] == [
        *("0", "912", "1.8 M", "3.4 G")
    ]
