"""The escape sequences that draw pictures."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.cells import cell_len

from workbench.figures.data import ImageGrid, Picture
from workbench.figures.image import Placed
from workbench.figures.terminal import pictures_of
from workbench.tui import picture_codes
from workbench.tui.picture_codes import encoded, marks
from workbench.tui.pictures import TerminalPicture

CELL = (10, 20)


@pytest.fixture(autouse=True)
def _cells_of_known_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_codes, "cell_size", lambda: CELL)


def handed_over(picture: TerminalPicture) -> tuple[dict[str, str], NDArray[np.uint8]]:
    """What kitty takes a picture's code for: its keys and its pixels."""
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", picture.code)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in parts) == picture.code
    assert all(len(data) <= 4096 for _, data in parts)
    assert [keys[-1] for keys, _ in parts] == ["1"] * (len(parts) - 1) + ["0"]
    assert all("q=2" in keys for keys, _ in parts), "an answer would come in among the keys"
    keys = dict(key.split("=") for key in parts[0][0].split(","))
    pixels = zlib.decompress(b64decode("".join(data for _, data in parts)))
    return keys, np.frombuffer(pixels, np.uint8).reshape(int(keys["v"]), int(keys["s"]), 3)


def noise(height: int, width: int) -> Picture:
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    return Picture.of(pixels)


def test_kitty_is_handed_the_pixels_and_told_which_cells_show_them() -> None:
    picture = noise(30, 30)
    (one,) = encoded([Placed(picture, 2, 1, 6, 3)], "kitty")
    keys, pixels = handed_over(one)
    assert (keys["U"], keys["c"], keys["r"], keys["f"], keys["o"]) == ("1", "6", "3", "24", "z")
    assert pixels[::2, ::2].tobytes() == picture.pixels  # twice as large in 60 x 60 pixels
    assert one.forget == f"\x1b_Ga=d,d=I,i={keys['i']},q=2\x1b\\"
    assert len(one.rows) == 3
    assert all(row.cell_length == 6 for row in one.rows)
    assert one.rows[2].text[3:6] == "\U0010eeee" + marks()[2] + marks()[1]
    colour = one.rows[0].style and one.rows[0].style.color and one.rows[0].style.color.triplet
    assert colour
    assert (colour[0] << 16) + (colour[1] << 8) + colour[2] == int(keys["i"])


def test_a_picture_larger_than_its_cells_is_made_smaller_before_it_is_sent() -> None:
    (one,) = encoded([Placed(noise(900, 600), 0, 0, 4, 3)], "kitty")
    _, pixels = handed_over(one)
    assert pixels.shape == (60, 40, 3)


def test_pictures_have_numbers_of_their_own() -> None:
    placed = [Placed(noise(2, 2), 0, 0, 1, 1)] * 300
    assert len({one.forget for one in encoded(placed, "kitty")}) == 300


def test_the_marks_take_no_cells() -> None:
    assert len(marks()) == len(set(marks())) == 297
    assert (marks()[0], marks()[1], marks()[-1]) == ("\u0305", "\u030d", "\U0001d244")
    assert cell_len(marks()) == 0


def test_sixel_fits_into_its_cells_in_whole_bands() -> None:
    (one,) = encoded([Placed(noise(30, 30), 0, 0, 5, 2)], "sixel")
    assert one.code.startswith('\x1bP0;0;0q"1;1;40;36#')
    assert one.code.endswith("\x1b\\")
    assert one.rows == ()


def test_other_terminals_get_none() -> None:
    assert encoded([Placed(noise(3, 3), 0, 0, 1, 1)], "blocks") == ()


def test_the_places_are_below_the_title() -> None:
    grid = ImageGrid("digits", np.zeros((2, 8, 8), dtype=np.uint8), ["a", "b"])
    assert [(one.column, one.line) for one in pictures_of(grid, 20, 7)] == [(0, 1), (10, 1)]
