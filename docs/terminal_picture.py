"""A program in a pseudo-terminal, and a picture of the screen that it painted."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import pexpect
import pyte
from PIL import Image, ImageColor, ImageDraw, ImageFont

COLUMNS, LINES = 120, 34
FONT_SIZE = 15
COLOURS = 96  # of a picture's palette, edges of letters among them
PATIENCE_S = 120
BACKGROUND, FOREGROUND = "#101418", "#d8dee6"
KNOWN = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


class Terminal:
    """Runs a command, presses keys, waits for what is to be seen."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)
        own = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            dimensions=(LINES, COLUMNS),
            env={**own, **KNOWN, **environ},
        )

    def press(self, keys: str) -> None:
        """Send keys as a terminal does."""
        self._child.send(keys)

    def watch(self, seconds: float) -> None:
        """Take in what is painted for some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self._stream.feed(self._child.read_nonblocking(65_536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue

    def sees(self, pattern: str) -> None:
        """Wait until a line matches; raises TimeoutError with the screen."""
        end = time.monotonic() + PATIENCE_S
        while not any(re.search(pattern, line) for line in self.screen.display):
            if time.monotonic() > end:
                raise TimeoutError("\n".join([f"waited for {pattern}", *self.screen.display]))
            self.watch(0.1)

    def picture(self, file: Path) -> None:
        """Write the screen as a PNG, once all of the frame is there."""
        self.watch(0.5)
        draw(self.screen).quantize(COLOURS).save(file, optimize=True)

    def leave(self) -> None:
        """End the program."""
        self._child.close(force=True)


def draw(screen: pyte.Screen) -> Image.Image:
    """Each cell of the screen with its colours; one cell is as wide as the font's advance."""
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    plain = ImageFont.truetype(str(fonts / "DejaVuSansMono.ttf"), FONT_SIZE)
    bold = ImageFont.truetype(str(fonts / "DejaVuSansMono-Bold.ttf"), FONT_SIZE)
    width, height = round(plain.getlength("M")), round(FONT_SIZE * 1.25)
    image = Image.new("RGB", (COLUMNS * width, LINES * height), BACKGROUND)
    pen = ImageDraw.Draw(image)
    for row in range(LINES):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            ink, paper = colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND)
            if cell.reverse:
                ink, paper = paper, ink
            x, y = column * width, row * height
            pen.rectangle((x, y, x + width - 1, y + height - 1), fill=paper)
            if "\u2800" <= cell.data <= "\u28ff":
                _dots(pen, cell.data, (x, y, width, height), ink)
            else:
                pen.text((x, y), cell.data, fill=ink, font=bold if cell.bold else plain)
    return image


def _dots(pen: ImageDraw.ImageDraw, braille: str, cell: tuple[int, int, int, int], ink: str) -> None:
    """The eight dots of a braille character, which the font does not have."""
    x, y, width, height = cell
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    for bit, (column, row) in enumerate(places):
        if ord(braille) - 0x2800 >> bit & 1:
            left, top = x + column * width / 2 + 1, y + row * height / 4 + 1
            pen.ellipse((left, top, left + 2, top + 2), fill=ink)


def colour(name: str, default: str) -> str:
    """A colour as pyte names it (`default`, `red`, `ff8800`) as Pillow names it."""
    if name == "default":
        return default
    try:
        return f"#{name}" if ImageColor.getrgb(f"#{name}") else default
    except ValueError:
        return name.replace("bright", "light")
