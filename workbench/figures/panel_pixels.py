"""Panels as a PNG: the same points, lines and axes as in the terminal, drawn by Pillow."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from workbench import units
from workbench.figures import palette
from workbench.figures.axes import ticks_of
from workbench.figures.cells import clean
from workbench.figures.chart import axes_of
from workbench.figures.data import Bars
from workbench.figures.lines import Frame, Line
from workbench.figures.palette import Colour
from workbench.figures.panels import LEVELS, Chart, Floats, Heat, Panel, Parallel, Spans
from workbench.figures.scale import Scale, Tick, short

SIZE = (1600, 1000)
_FINENESS = 2  # drawn so many times larger, since Pillow's lines have no smooth edges
_INK: Colour = (40, 44, 52)
_GREY: Colour = (110, 116, 126)
_RULE: Colour = (214, 217, 222)
_PAPER: Colour = (255, 255, 255)
_LEFT, _TOP, _RIGHT, _BOTTOM = 110, 64, 30, 64
_TEXT, _SMALL = 22, 18
_TICK_PIXELS = 130
_LACKED = str.maketrans({"×": "x", "→": ">", "−": "-", "–": "-", "↑": "^", "↓": "v"})
_CROWD = 400  # points, from which on they are small


@dataclass(frozen=True)
class _Box:
    """A part of the sheet, in pixels before it is made smaller."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def inside(self, left: int, top: int, right: int, bottom: int) -> _Box:
        """The box without margins; something is left of it where it is too small for them."""
        f = _FINENESS
        x, y = self.left + left * f, self.top + top * f
        return _Box(x, y, max(self.right - right * f, x + 1), max(self.bottom - bottom * f, y + 1))


def png_of(panels: Sequence[Panel], title: str = "", size: tuple[int, int] = SIZE) -> bytes:
    """A PNG of `size` pixels with all panels in a grid, dark on white."""
    width, height = (side * _FINENESS for side in size)
    image = Image.new("RGB", (width, height), _PAPER)
    pencil = _Pencil(image)
    head = 44 if title else 0
    if title:
        pencil.text(24 * _FINENESS, 12 * _FINENESS, title, _TEXT + 2, anchor="la")
    columns = math.ceil(math.sqrt(len(panels))) or 1
    rows = math.ceil(len(panels) / columns) or 1
    top = head * _FINENESS
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        box = _Box(
            column * width // columns,
            top + row * (height - top) // rows,
            (column + 1) * width // columns,
            top + (row + 1) * (height - top) // rows,
        )
        pencil.panel(panel, box)
    written = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()


class _Pencil:
    """Draws panels into boxes of one image."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._draw = ImageDraw.Draw(image)
        self._fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}

    def panel(self, panel: Panel, box: _Box) -> None:
        """A panel within its box."""
        match panel:
            case Chart():
                self._chart(panel, box)
            case Heat():
                self._heat(panel, box)
            case Spans():
                self._spans(panel, box)
            case Parallel():
                self._parallel(panel, box)
            case Bars():
                self._bars(panel, box)
            case _:
                assert_never(panel)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int = _SMALL,
        *,
        colour: Colour = _INK,
        anchor: str = "mm",
    ) -> None:
        """A text whose `anchor` (as Pillow names it) is at a place."""
        font = self._fonts.setdefault(size, ImageFont.load_default(size * _FINENESS))
        self._draw.text((x, y), printable(text), colour, font, anchor=anchor)

    def _chart(self, panel: Chart, box: _Box) -> None:
        inner = box.inside(_LEFT, _TOP, _RIGHT, _BOTTOM)
        axes = axes_of(panel.lines, panel.frame)
        self._frame(panel.frame, axes.x, axes.y, inner)
        self._legend([(line.name, _paint(line)) for line in panel.lines if not line.faint], box)
        for line in panel.lines:
            x, y = axes.x.places(line.x), axes.y.places(line.y)
            self._line(inner.left + x * inner.width, inner.bottom - y * inner.height, line)
        for fault in panel.frame.faults:
            place = float(axes.x.places(np.array([fault.x]))[0])
            self._cross(inner.left + place * inner.width, inner.bottom)

    def _heat(self, panel: Heat, box: _Box) -> None:
        inner = box.inside(_LEFT, _TOP, _RIGHT + 110, _BOTTOM)
        levels = panel.levels()[::-1]
        colours = np.array(
            [*(palette.heat(one / (LEVELS - 1)) for one in range(LEVELS)), _PAPER], np.uint8
        )
        pixels = Image.fromarray(colours[levels])
        self._image.paste(
            pixels.resize((inner.width, inner.height), Image.Resampling.NEAREST),
            (inner.left, inner.top),
        )
        axes = axes_of((), panel.frame)
        self._frame(panel.frame, axes.x, axes.y, inner, ruled=False)
        for index, line in enumerate(panel.points):
            x, y = axes.x.places(line.x), axes.y.places(line.y)
            best = index == len(panel.points) - 1 and index > 0
            for at, up in _pairs(x, y):
                where = inner.left + at * inner.width, inner.bottom - up * inner.height
                self._dot(*where, 9 if best else 4, (220, 50, 40) if best else _PAPER, rim=_INK)
        self._heat_key(panel, _Box(inner.right, inner.top, box.right, inner.bottom))

    def _heat_key(self, panel: Heat, box: _Box) -> None:
        f = _FINENESS
        left, right = box.left + 20 * f, box.left + 44 * f
        for level in range(LEVELS):
            top = box.bottom - (level + 1) * box.height // LEVELS
            bottom = box.bottom - level * box.height // LEVELS
            self._draw.rectangle((left, top, right, bottom), palette.heat(level / (LEVELS - 1)))
        low, high = panel.limits
        for value, y in ((high, box.top + 8 * f), (low, box.bottom - 8 * f)):
            self.text(right + 8 * f, y, short(value) if math.isfinite(value) else "–", anchor="lm")
        self.text(box.right - 10 * f, box.top - 20 * f, panel.value, colour=_GREY, anchor="rm")

    def _spans(self, panel: Spans, box: _Box) -> None:
        inner = box.inside(_LEFT, _TOP, _RIGHT, _BOTTOM)
        scale = Scale(0.0, panel.length or 1.0, unit="duration")
        self._frame(Frame(panel.title), scale, Scale(0.0, 1.0), inner, up=False)
        self._legend([(name, palette.ON_LIGHT[colour]) for name, colour in panel.legend if name], box)
        thick = inner.height / max(len(panel.lanes), 1)
        stride = math.ceil(len(panel.lanes) * _SMALL * _FINENESS / inner.height)
        for index, name in enumerate(panel.lanes):
            if index % stride == 0:
                y = inner.top + (index + 0.5) * thick
                self.text(inner.left - 10 * _FINENESS, y, name, colour=_GREY, anchor="rm")
        for span in panel.spans:
            left = inner.left + span.begin / scale.high * inner.width
            right = max(inner.left + span.end / scale.high * inner.width, left + 1)
            top = inner.top + span.lane * thick
            colour = palette.ON_LIGHT[panel.legend[span.colour][1]]
            area = (left, top + thick * 0.1, right, top + thick * 0.9)
            self._draw.rectangle(area, colour, _PAPER if right - left > 6 else None)

    def _parallel(self, panel: Parallel, box: _Box) -> None:
        inner = box.inside(_LEFT, _TOP + 30, _LEFT, _BOTTOM)
        self._legend([(line.name, _paint(line)) for line in panel.lines], box)
        last = max(len(panel.axes) - 1, 1)
        for line in panel.lines:
            self._line(
                inner.left + line.x / last * inner.width, inner.bottom - line.y * inner.height, line
            )
        f = _FINENESS
        for index, axis in enumerate(panel.axes):
            x = inner.left + index / last * inner.width
            self._draw.line((x, inner.top, x, inner.bottom), _INK, 2 * f)
            self.text(x, inner.top - 34 * f, axis.name, _TEXT)
            self.text(x, inner.top - 12 * f, axis.high, colour=_GREY)
            self.text(x, inner.bottom + 14 * f, axis.low, colour=_GREY)

    def _bars(self, panel: Bars, box: _Box) -> None:
        inner = box.inside(_LEFT + 90, _TOP, _RIGHT + 90, 30)
        self.text(box.left + 24 * _FINENESS, box.top + 24 * _FINENESS, panel.title, _TEXT, anchor="lm")
        values = [value or 0.0 for value in panel.values]
        most = max([*map(abs, values), 1e-300])
        thick = min(inner.height / max(len(values), 1), 70 * _FINENESS)
        for index, (name, value) in enumerate(zip(panel.labels, values, strict=True)):
            top = inner.top + index * thick
            middle = top + thick / 2
            end = inner.left + abs(value) / most * inner.width
            self._draw.rectangle(
                (inner.left, top + thick * 0.15, end, top + thick * 0.85), palette.ON_LIGHT[0]
            )
            self.text(inner.left - 10 * _FINENESS, middle, name, anchor="rm")
            self.text(end + 10 * _FINENESS, middle, units.number(value), colour=_GREY, anchor="lm")

    def _frame(
        self, frame: Frame, x: Scale, y: Scale, box: _Box, *, up: bool = True, ruled: bool = True
    ) -> None:
        """Title, rules at the ticks, the axes with their numbers and names."""
        f = _FINENESS
        self.text(box.left, box.top - 36 * f, frame.title, _TEXT, anchor="lm")
        for tick in _within(ticks_of(x, frame.x_ticks, box.width // (_TICK_PIXELS * f))):
            at = box.left + tick.place * box.width
            if ruled:
                self._draw.line((at, box.top, at, box.bottom), _RULE, f)
            self.text(at, box.bottom + 16 * f, tick.label, colour=_GREY)
        for tick in (
            _within(ticks_of(y, frame.y_ticks, box.height // (_TICK_PIXELS * f // 2))) if up else ()
        ):
            at = box.bottom - tick.place * box.height
            if ruled:
                self._draw.line((box.left, at, box.right, at), _RULE, f)
            self.text(box.left - 8 * f, at, tick.label, colour=_GREY, anchor="rm")
        self._draw.line((box.left, box.top, box.left, box.bottom, box.right, box.bottom), _GREY, f)
        self.text((box.left + box.right) / 2, box.bottom + 42 * f, frame.x_label)
        self.text(box.left, box.top - 12 * f, frame.y_label, anchor="lm")

    def _legend(self, names: Sequence[tuple[str, Colour]], box: _Box) -> None:
        """From the right edge to the left, in the line above the plot."""
        f = _FINENESS
        x, y = box.right - _RIGHT * f, box.top + 28 * f
        for name, colour in reversed([one for one in names if one[0]] if len(names) > 1 else []):
            self.text(x, y, name, anchor="rm")
            x -= round(self._fonts[_SMALL].getlength(printable(name))) + 18 * f
            self._dot(x + 6 * f, y, 6, colour)
            x -= 16 * f

    def _line(self, x: Floats, y: Floats, line: Line) -> None:
        colour = _paint(line)
        if not line.joined:
            points = list(_pairs(x, y))
            for at, up in points:
                self._dot(at, up, 3 if len(points) > _CROWD else 5, colour)
            return
        for run in _runs(x, y):
            self._draw.line(run, colour, (1 if line.faint else 2) * _FINENESS, joint="curve")

    def _dot(
        self, x: float, y: float, radius: int, colour: Colour, *, rim: Colour | None = None
    ) -> None:
        r = radius * _FINENESS
        self._draw.ellipse((x - r, y - r, x + r, y + r), colour, rim, _FINENESS)

    def _cross(self, x: float, y: float) -> None:
        r = 6 * _FINENESS
        for turn in (-1, 1):
            self._draw.line((x - r, y - r * turn, x + r, y + r * turn), palette.FAULT, 2 * _FINENESS)


def printable(text: str) -> str:
    """A text with the characters that Pillow's own font has."""
    return clean(text).translate(_LACKED)


def _paint(line: Line) -> Colour:
    """The line's colour on paper."""
    colour = palette.ON_LIGHT[line.colour % len(palette.ON_LIGHT)]
    if not line.faint:
        return colour
    red, green, blue = (round(part * 0.25 + 255 * 0.75) for part in colour)
    return red, green, blue


def _pairs(x: Floats, y: Floats) -> Iterator[tuple[float, float]]:
    known = np.isfinite(x) & np.isfinite(y)
    return zip(x[known].tolist(), y[known].tolist(), strict=True)


def _runs(x: Floats, y: Floats) -> Iterator[list[tuple[float, float]]]:
    """The points between gaps, of two at least."""
    known = np.isfinite(x) & np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start > 1:
            yield list(zip(x[start:end].tolist(), y[start:end].tolist(), strict=True))


def _within(ticks: Sequence[Tick]) -> list[Tick]:
    return [tick for tick in ticks if 0 <= tick.place <= 1]
