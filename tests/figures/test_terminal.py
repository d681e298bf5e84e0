from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.figures import (
    Bars,
    Curves,
    Figure,
    ImageGrid,
    Matrix,
    Picture,
    Scatter,
    Series,
    Table,
    Text,
)
from workbench.figures.terminal import draw

from .drawn import SIZES, check, dots
from .test_data import FIGURES

EVIL = "\x1b[31m\x1b]0;owned\x07\r\u202e"
RANDOM = np.random.default_rng(0)
POINTS = RANDOM.standard_normal((2, 300))
VALUES = [1.0, math.nan, -2.0, math.inf, 0.0]
SINGLE = Series("s", [1], [1])

EXAMPLES: dict[str, Figure] = {
    "curves": Curves("c", [Series("a", *POINTS)], "x", "y"),
    "curves with logarithms": Curves("c", [Series("a", VALUES, VALUES)], log_x=True, log_y=True),
    "no curves": Curves("c", []),
    "scatter": Scatter("s", [Series("a", *POINTS), Series("b", *POINTS[::-1])], [SINGLE]),
    "empty scatter": Scatter("s", [Series("a", [], [])]),
    "confusion": Matrix("m", RANDOM.integers(0, 99, (10, 10)), counts=True, row_label="actual"),
    "large matrix": Matrix("m", RANDOM.random((300, 500))),
    "odd matrix": Matrix("m", [VALUES, VALUES], ["r", "日本語"], list("abcde")),
    "constant matrix": Matrix("m", [[3, 3]]),
    "unknown matrix": Matrix("m", [[math.nan]]),
    "empty matrix": Matrix("m", []),
    "bars": Bars("b", [f"日本語 {i}" for i in range(5)], VALUES),
    "many bars": Bars("b", [str(i) for i in range(500)], range(500)),
    "no bars": Bars("b", [], []),
    "huge bars": Bars("b", ["a", "b"], [1e308, -1e308]),
    "images": ImageGrid("i", RANDOM.integers(0, 255, (30, 8, 8)).astype(np.uint8), ["日本"] * 30),
    "colour images": ImageGrid("i", [Picture(50, 70, 3, bytes(10_500))] * 3),
    "no images": ImageGrid("i", []),
    "table": Table("t", ["name", "loss"], [[f"日本語 {i}", i / 7] for i in range(100)]),
    "wide table": Table("t", [f"column {i}" for i in range(80)], [list(range(80))]),
    "empty table": Table("t", [], []),
    "text": Text("t", "the quick brown fox 日本語 " * 200),
    "empty text": Text("", ""),
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_figure_fits_every_screen(name: str, width: int, height: int) -> None:
    for colour in (True, False):
        for unicode in (True, False):
            drawn = draw(EXAMPLES[name], width, height, colour=colour, unicode=unicode)
            check(drawn, width, height)
            assert colour or not any("\x1b" in line for line in drawn)
            assert unicode or all(line.isascii() for line in drawn)


@settings(max_examples=60, deadline=None)
@given(FIGURES, st.integers(0, 50), st.integers(0, 12))
def test_any_figure_fits_any_screen(figure: Figure, width: int, height: int) -> None:
    check(draw(figure, width, height), width, height)


@pytest.mark.parametrize(
    "figure",
    [
        Curves(EVIL, [Series(EVIL, [1, 2], [1, 2])] * 2, EVIL, EVIL),
        Scatter(EVIL, [Series(EVIL, [1, 2], [1, 2])] * 2, [], EVIL, EVIL),
        Matrix(EVIL, [[1.0]], [EVIL], [EVIL], EVIL, EVIL),
        Bars(EVIL, [EVIL], [1]),
        ImageGrid(EVIL, [Picture(1, 1, 1, b"a")], [EVIL]),
        Table(EVIL, [EVIL], [[EVIL]]),
        Text(EVIL, EVIL),
    ],
    ids=lambda figure: type(figure).__name__,
)
def test_foreign_text_is_shown_not_obeyed(figure: Figure) -> None:
    drawn = draw(figure, 120, 24)
    assert "␛[31m␛]0;owned␇" in "\n".join(check(drawn, 120, 24))
    assert "\x1b[31m" not in "".join(drawn)


def test_a_scatter_shows_its_groups_and_its_line() -> None:
    low, high = Series("low", [0, 1], [0, 0]), Series("high", [0, 1], [9, 9])
    drawn = check(draw(Scatter("s", [low, high], [Series("fit", [0, 1], [4, 5])]), 80, 24), 80, 24)
    assert "• low  • high  ━━ fit" in drawn[0]
    points = [(column, row) for row, text in enumerate(drawn) for column in _at(text, "•") if row]
    assert len(points) == 4
    assert {row for _, row in points} == {1, 21}
    assert len(dots(drawn)) > 50


def _at(text: str, char: str) -> list[int]:
    return [index for index, one in enumerate(text) if one == char]


def test_curves_name_both_axes() -> None:
    drawn = check(draw(Curves("fit", [SINGLE], "epoch", "loss"), 60, 12), 60, 12)
    assert drawn[0] == "fit · loss ↑"
    assert "epoch" in drawn[-1]
