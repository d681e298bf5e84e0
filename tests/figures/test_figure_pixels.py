"""Figures as PNG files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from workbench.errors import WorkbenchError
from workbench.figures import palette
from workbench.figures.data import Bars, Curves, ImageGrid, Matrix, Series, Text
from workbench.figures.figure_pixels import png_of_figure


def _pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def test_pictures_stand_enlarged_in_rows_with_their_own_pixels() -> None:
    red, blue = ([[colour] * 4] * 4 for colour in ([255, 0, 0], [0, 0, 255]))
    pixels = _pixels(png_of_figure(ImageGrid("", [red, blue, red], ["a", "b", "c"])))
    is_red = (pixels == (255, 0, 0)).all(2)
    assert is_red.sum() == 2 * 128 * 128
    assert (pixels == (0, 0, 255)).all(2).sum() == 128 * 128
    assert is_red[:, : pixels.shape[1] // 2].sum() == is_red.sum()  # the third begins the second row


def test_a_matrix_is_a_heat_map_and_gaps_are_grey() -> None:
    pixels = _pixels(png_of_figure(Matrix("title", [[0.0, None], [0.5, 1.0]])))
    for colour in (palette.heat(0), palette.heat(1), palette.AXIS):
        assert (pixels == colour).all(2).sum() >= 512 * 512
    assert _pixels(png_of_figure(Matrix("", [[3.0, 3.0]]))).size


@pytest.mark.parametrize(
    "figure",
    [
        Bars("bars", ["a", "b"], [1.0, 2.0]),
        Curves("curves", [Series("one", [], [1.0, 2.0, 0.5])]),
        ImageGrid("none", []),
    ],
)
def test_others_are_drawn_too(figure: Bars | Curves | ImageGrid) -> None:
    pixels = _pixels(png_of_figure(figure)).astype(np.int64)
    assert len(np.unique(pixels @ (1 << 16, 1 << 8, 1))) > 2


def test_a_text_is_no_picture() -> None:
    with pytest.raises(WorkbenchError, match="story is no picture"):
        png_of_figure(Text("story", "once"))
