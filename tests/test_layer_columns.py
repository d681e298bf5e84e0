"""The table of layers in any width."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from workbench.layer_columns import LayerColumns, details, table_text
from workbench.rehearsal import Layer

LAYERS = (
    Layer(
        "encoder.conv",
        "Conv2d",
        "64x16x28x28",
        160,
        formula="(28 + 2·1 − 1·(3−1) − 1)/1 + 1 = 28",
        multiply_adds=7_225_344,
        weight_bytes=640,
        output_bytes=3_211_264,
        field=(3, 3),
        jump=(1.0, 1.0),
    ),
    Layer("encoder.pool", "MaxPool2d", "64x16x14x9", 0, field=(4, 5), jump=(2.0, 3.0)),
    Layer("cell", "RNNCell", "64x10", 300, multiply_adds=1000),
    Layer("cell", "RNNCell", "64x10", 300, call=1, shared=300, multiply_adds=1000),
    Layer("tied", "Linear", "64x20", 300, shared=300, multiply_adds=500),
    Layer("tied", "Linear", "64x21", 300, call=1, shared=300, multiply_adds=500),
    Layer("a.very.deep.path.to.the.last.layer.of.all", "Linear", "64x10", 1_234_567),
    Layer("", "Net", "64x10\x1b[2J", 7),
)


def lines_of(width: int) -> list[str]:
    return list(table_text(LAYERS, 1_235_034, width))


@pytest.mark.parametrize("width", range(34, 200, 7))
def test_every_line_fits_and_numbers_end_in_one_column(width: int) -> None:
    columns = LayerColumns(LAYERS, 1_235_034, width)
    rows = [columns.heading(), *(columns.line(number) for number in range(len(columns)))]
    lines = ["".join(text for text, _role in row) for row in rows]
    assert {len(line) for line in lines} == {columns.length}
    assert columns.length <= width
    place = [text.strip() for text, _role in columns.heading()].index("weights")
    assert [row[place][0].strip() for row in rows[1:3]] == ["160", "0"]
    assert rows[-1][place][0].endswith("  1,235,034")


def test_a_wider_table_tells_more() -> None:
    heads = [set(lines_of(width)[0].split()) for width in (40, 60, 80, 100, 160)]
    assert all(one <= other for one, other in pairwise(heads))
    assert heads[0] == {"layer", "output", "weights"}
    assert {"type", "field", "mul-adds"} <= heads[2]
    assert {"memory", "formula"} <= heads[-1]


def test_lines_tell_calls_apart_and_fold_those_that_are_the_same() -> None:
    lines = lines_of(100)
    assert [line.split()[0] for line in lines[1:]] == [
        "encoder.conv",
        "encoder.pool",
        "cell",
        "tied",
        "tied",
        "a.very.deep.path.to.the.last.laye…of.all",
        "net",
        "total",
    ]
    assert lines[3].startswith("cell ×2 ") and " 2,000 " in lines[3] and lines[3].endswith(" 300")
    assert lines[5].startswith("tied (2) ") and lines[5].endswith("as above")
    assert " 3 " in lines[1] and " 7.23 M " in lines[1] and " 4x5 " in lines[2]
    assert " 7.23 M " in lines[-1] and lines[-1].endswith("1,235,034")
    assert "\x1b" not in "".join(lines)


def test_what_has_no_room_is_told_of_one_layer() -> None:
    assert list(details(LAYERS[0])) == [
        "(28 + 2·1 − 1·(3−1) − 1)/1 + 1 = 28",
        "receptive field 3x3, 1x1 from place to place",
        "output 3.2 MB, weights 640 B",
    ]
    assert list(details(LAYERS[2])) == ["output 0 B, weights 0 B"]


def test_no_layers_are_a_table_too() -> None:
    assert [line.split()[0] for line in table_text((), 0, 80)] == ["layer", "total"]


def test_a_line_of_thousands_is_made_without_the_others() -> None:
    layers = [Layer(f"block.{number}.conv", "Conv2d", "1x2x3x4", 10) for number in range(3000)]
    began_s = time.process_time()
    columns = LayerColumns(layers, 30_000, 80)
    assert columns.line(2999)[0][0].strip() == "block.2999.conv"
    assert time.process_time() - began_s < 1  # 0.02 s on an idle machine
