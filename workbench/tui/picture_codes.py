"""Pixels in the escape sequences of kitty's graphics protocol and of Sixel.

textual-image encodes Sixel. Its kitty half is not used: it asks the terminal when it is imported,
writes past Textual's driver amid other sequences, and deletes by a key that deletes nothing.
"""

from __future__ import annotations

import array
import fcntl
import random
import sys
import termios
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from workbench.figures.blocks import resized
from workbench.figures.image import Placed, dots
from workbench.figures.palette import PALETTE
from workbench.tui.graphics import Protocol
from workbench.tui.pictures import TerminalPicture

Pixels = NDArray[np.uint8]

_PLACEHOLDER = "\U0010eeee"
# What numbers the rows and columns of a picture: Unicode 6's marks above a character that stand for
# themselves, in order (kitty's rowcolumn-diacritics.txt).
_MARKS = """
305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 5a8-5a9
5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 735-736 73a 73d
73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954 f82-f83 f86-f87
135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc
1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d
a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189
1d1aa-1d1ad 1d242-1d244
"""
_CHUNK = 4096  # of base64, the most that the protocol takes in one sequence
_SIXEL_BAND = 6  # pixels
_USUAL_CELL = (10, 20)  # pixels: a VT340's, which terminals that do not tell pretend to be
_ids = count(random.randrange(0x10000, 0xF00000))  # other programs have pictures in the terminal too


def encoded(placed: Iterable[Placed], kind: Protocol) -> tuple[TerminalPicture, ...]:
    """The pictures for a terminal of that kind; none for one that takes none."""
    cell = cell_size()
    if kind == "kitty":
        return tuple(_kitty(one, cell or _USUAL_CELL) for one in placed)
    if kind == "sixel":
        return tuple(_sixel(one, cell or _USUAL_CELL) for one in placed)
    return ()


def cell_size() -> tuple[int, int] | None:
    """Width and height of a cell in pixels, where the terminal's driver knows them."""
    size = array.array("H", [0, 0, 0, 0])
    try:
        fcntl.ioctl(sys.__stderr__, termios.TIOCGWINSZ, size)  # type: ignore[arg-type]  # None is caught
    except (OSError, TypeError, ValueError):
        return None
    lines, columns, width, height = size
    known = lines and columns and width >= columns and height >= lines
    return (width // columns, height // lines) if known else None


def _kitty(placed: Placed, cell: tuple[int, int]) -> TerminalPicture:
    number = _next_id()
    columns, lines = min(placed.columns, len(marks())), min(placed.lines, len(marks()))
    pixels = _in_room(dots(placed.picture), columns * cell[0], lines * cell[1], whole=True)
    height, width, _ = pixels.shape
    data = b64encode(zlib.compress(pixels.tobytes())).decode()
    # Handed over with a place that only characters show (U=1), and without an answer (q=2).
    control = f"a=T,U=1,f=24,o=z,s={width},v={height},i={number},c={columns},r={lines}"
    rows = tuple(_row(number, line, columns) for line in range(lines))
    return TerminalPicture(
        placed.column,
        placed.line,
        columns,
        lines,
        "".join(_chunks(control, data)),
        rows,
        f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\",
    )


def _chunks(control: str, data: str) -> Iterator[str]:
    for start in range(0, len(data), _CHUNK):
        first = f"{control}," if start == 0 else ""
        more = int(start + _CHUNK < len(data))
        yield f"\x1b_G{first}q=2,m={more};{data[start : start + _CHUNK]}\x1b\\"


def _row(number: int, line: int, columns: int) -> Segment:
    """Cells that each say which part they show, so that any of them can be covered."""
    text = "".join(f"{_PLACEHOLDER}{marks()[line]}{marks()[column]}" for column in range(columns))
    red, green, blue = number >> 16, number >> 8 & 255, number & 255
    return Segment(text, Style(color=Color.from_rgb(red, green, blue)))


def _next_id() -> int:
    """A number that is a colour of its own: those of curves are repainted by the themes."""
    return next(
        number
        for number in _ids
        if (number >> 16 & 255, number >> 8 & 255, number & 255) not in PALETTE
    )


@lru_cache(maxsize=1)
def marks() -> str:
    """The combining characters that stand for 0, 1, 2 and so on."""
    ends = ([int(end, 16) for end in part.split("-")] for part in _MARKS.split())
    return "".join(
        chr(code) for first, *rest in ends for code in range(first, (rest or [first])[0] + 1)
    )


def _sixel(placed: Placed, cell: tuple[int, int]) -> TerminalPicture:
    # With the first picture only, in this thread: it brings Pillow. The package's public modules would
    # ask the terminal.
    from PIL.Image import fromarray  # noqa: PLC0415
    from textual_image._sixel import image_to_sixels  # noqa: PLC0415

    pixels = _in_room(dots(placed.picture), placed.columns * cell[0], placed.lines * cell[1])
    band = max(
        len(pixels) // _SIXEL_BAND * _SIXEL_BAND, 1
    )  # a part of a band is painted as a whole one
    code = image_to_sixels(fromarray(np.ascontiguousarray(pixels[:band])))
    return TerminalPicture(placed.column, placed.line, placed.columns, placed.lines, code)


def _in_room(pixels: Pixels, width: int, height: int, *, whole: bool = False) -> Pixels:
    """The picture as large as its room, its pixels as squares; `whole`: grown by a whole factor."""
    factor = min(width / pixels.shape[1], height / pixels.shape[0])
    if whole and factor > 1:
        factor = int(factor)  # the terminal does the rest
    down, across = (max(int(size * factor + 1e-9), 1) for size in pixels.shape[:2])
    return resized(pixels.astype(np.float64), down, across).round().astype(np.uint8)
