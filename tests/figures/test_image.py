from __future__ import annotations

import re

import numpy as np
import pytest

from workbench.figures import ImageGrid
from workbench.figures.cells import strip
from workbench.figures.image import place_images
from workbench.figures.terminal import draw

from .drawn import check


def test_half_blocks_hold_two_rows_of_dots() -> None:
    image = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], dtype=np.uint8)
    drawn = draw(ImageGrid("", [image]), 2, 1)
    assert drawn == ["\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m\x1b[38;2;0;255;0;48;2;9;9;9m▀\x1b[0m"]


def test_larger_pictures_are_averaged() -> None:
    image = np.array([[0, 100], [100, 200], [50, 50], [50, 50]], dtype=np.uint8)
    assert draw(ImageGrid("", [image]), 1, 1) == ["\x1b[38;2;100;100;100;48;2;50;50;50m▀\x1b[0m"]


def test_captions_stand_under_their_pictures() -> None:
    images = np.zeros((4, 8, 8), dtype=np.uint8)
    drawn = check(draw(ImageGrid("digits", images, list("abcd")), 40, 12), 40, 12)
    captions = next(line for line in drawn if "a" in line)
    starts = [captions.index(name) for name in "abcd"]
    above = drawn[drawn.index(captions) - 1]
    assert all(above[start] == "▀" for start in starts)
    assert all(above[start - 1] == " " for start in starts[1:])


def test_pictures_grow_with_the_screen() -> None:
    figure = ImageGrid("", np.zeros((1, 8, 8), dtype=np.uint8))
    assert len(draw(figure, 100, 4)) == 4
    assert len(draw(figure, 100, 30)) == 28


def test_pictures_without_room_are_counted() -> None:
    figure = ImageGrid("", np.zeros((100, 8, 8), dtype=np.uint8))
    drawn = check(draw(figure, 40, 10), 40, 10)
    assert drawn[-1] == "… 92 more"


def test_shades_stand_in_for_colours() -> None:
    image = np.array([[0, 255], [0, 255]], dtype=np.uint8)
    assert draw(ImageGrid("", [image]), 2, 1, colour=False) == [" █"]
    assert draw(ImageGrid("", [image]), 2, 1, colour=False, unicode=False) == [" @"]


@pytest.mark.parametrize("captions", [True, False])
@pytest.mark.parametrize("size", [(80, 20), (40, 10), (13, 7), (200, 55), (5, 1)])
def test_pictures_are_placed_where_their_half_blocks_are_drawn(
    size: tuple[int, int], captions: bool
) -> None:
    columns, lines = size
    images = [np.zeros((8 + 2 * (n % 3), 8 + n % 5, 3), dtype=np.uint8) for n in range(14)]
    figure = ImageGrid("", images, [f"no {n}" for n in range(14)] if captions else [])
    drawn = [strip(line).ljust(columns) for line in draw(figure, columns, lines)]
    blocks = {(x, y) for y, line in enumerate(drawn) for x, char in enumerate(line) if char == "▀"}
    placed = [
        (one.column + x, one.line + y)
        for one in place_images(figure, columns, lines)
        for x in range(one.columns)
        for y in range(one.lines)
    ]
    assert len(placed) == len(set(placed))
    assert set(placed) == blocks


def test_a_grid_of_many_grey_pictures_has_only_greys_that_terminals_know_by_number() -> None:
    images = [np.full((8, 8), 3 * number, np.uint8) for number in range(16)]
    lines = draw(ImageGrid("", images), 120, 30)
    greys = {int(red) for line in lines for red in re.findall(r"48;2;(\d+);", line)}
    assert greys <= {*range(8, 248, 10), 255}
    assert len(greys) >= 3
    few = draw(ImageGrid("", images[:3]), 120, 30)
    assert "48;2;3;3;3" in "".join(few), "few pictures keep their own"
