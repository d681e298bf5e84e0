"""Pictures the real screen for the README: `python docs/make_screen.py` trains `images/cnn`.

Drives the workbench in a pseudo-terminal and draws what it sent as a PNG.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import matplotlib
import pexpect
import pyte
from PIL import Image, ImageColor, ImageDraw, ImageFont

from workbench.catalog import discover
from workbench.runs.state import status_of
from workbench.workers import launch

PICTURE = Path(__file__).parent / "screen.png"
COLUMNS, LINES = 120, 34
FONT_SIZE = 15
SHOWN_AT = 0.8
PATIENCE_S = 300
BACKGROUND, FOREGROUND = "#101418", "#d8dee6"


class Terminal:
    """A program in a pseudo-terminal, and the screen that it painted."""

    def __init__(self, command: str, arguments: list[str]) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)
        size = (LINES, COLUMNS)
        environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self._child = pexpect.spawn(command, arguments, dimensions=size, env=os.environ | environment)

    def press(self, keys: str) -> None:
        self._child.send(keys)

    def watch(self, seconds: float) -> None:
        """Take in what is painted for some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self._stream.feed(self._child.read_nonblocking(65_536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue

    def leave(self) -> None:
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


def main() -> None:
    """Launch, open the run's page when most of it is done, and picture it while it runs."""
    with tempfile.TemporaryDirectory() as place:
        folder = launch.launch(launch.Order(discover().find("images/cnn")), Path(place))
        deadline = time.monotonic() + PATIENCE_S
        while (status_of(folder).fraction or 0) < SHOWN_AT and time.monotonic() < deadline:
            time.sleep(0.2)
        terminal = Terminal("workbench", ["--checkpoints", place])
        terminal.watch(2)
        terminal.press("2")
        terminal.watch(1)
        terminal.press("\r")
        terminal.watch(3)
        draw(terminal.screen).save(PICTURE, optimize=True)
        terminal.leave()
        while not status_of(folder).state.ended and time.monotonic() < deadline:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
