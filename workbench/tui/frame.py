"""Sends the terminal only the cells that are no longer as they stand there.

Textual sends whole lines of a widget. Over a slow link that is ten times of what changed: a curve that
grows by a point, a number that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from workbench.tui.sgr import encoded

# A character and its style; the second half of a wide one is an empty text.
Cell = tuple[str, Style | None]

# To jump over fewer cells and set the style again takes as many bytes as to send them.
_LEAST_GAP = 6
_UNKNOWN: Cell = ("\0", None)


class Frame:
    """What stands on the terminal, learnt from all that was sent."""

    def __init__(self) -> None:
        self._lines: list[list[Cell]] = []

    def through(self, update: RenderableType | CompositorUpdate | None) -> Any:
        """`update`, or what sends the same in fewer bytes."""
        if isinstance(update, LayoutUpdate | ChopsUpdate):
            return _Sent(self, update)
        return update

    def learn(self, update: LayoutUpdate) -> None:
        """The whole screen is sent: whatever stood there is gone."""
        self._lines = [[cell for strip in line for cell in _cells(strip)] for line in update.strips]

    def changes(self, update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
        """Line, column and cells of all that differs from what stands there."""
        for y, first, end in update.spans:
            chops = zip(update.chops[y].items(), update.chop_ends[y], strict=True)
            for (x, strip), chop_end in chops:
                left, right = max(x, first), min(chop_end, end)
                if strip is not None and left < right:
                    for start, cells in self._changed(y, left, _cells(strip)[left - x : right - x]):
                        yield y, start, _strip(cells)

    def _changed(self, y: int, x: int, new: list[Cell]) -> list[tuple[int, list[Cell]]]:
        """The runs of cells that differ, and from now on stand there."""
        old = self._line(y, x + len(new))
        runs: list[list[int]] = []
        for place, (is_now, was) in enumerate(zip(new, old[x : x + len(new)], strict=True)):
            if is_now != was:
                if runs and place - runs[-1][1] < _LEAST_GAP:
                    runs[-1][1] = place + 1
                else:
                    runs.append([place, place + 1])
        whole = [_around_wide(new, old[x : x + len(new)], start, end) for start, end in runs]
        old[x : x + len(new)] = new
        return [(x + start, new[start:end]) for start, end in whole]

    def _line(self, y: int, length: int) -> list[Cell]:
        while len(self._lines) <= y:
            self._lines.append([])
        line = self._lines[y]
        line += [_UNKNOWN] * (length - len(line))
        return line


class _Sent(CompositorUpdate):
    """An update that a frame learns from in the moment in which it is sent, and in no other."""

    def __init__(self, frame: Frame, update: LayoutUpdate | ChopsUpdate) -> None:
        self._frame = frame
        self._update = update

    def render_segments(self, console: Console) -> str:
        """What goes to the terminal."""
        if isinstance(self._update, LayoutUpdate):
            self._frame.learn(self._update)
            return self._update.render_segments(console)
        system = console._color_system or ColorSystem.TRUECOLOR
        return "".join(
            Control.move_to(x, y).segment.text + encoded(strip, system)
            for y, x, strip in self._frame.changes(self._update)
        )


def _around_wide(new: list[Cell], old: list[Cell], start: int, end: int) -> tuple[int, int]:
    """No half of a wide character, neither of those that come nor of those that go."""
    while start > 0 and "" in (new[start][0], old[start][0]):
        start -= 1
    while end < len(new) and "" in (new[end][0], old[end][0]):
        end += 1
    return start, end


def _cells(strip: Strip) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if text.isascii():
            cells += [(char, style) for char in text]
        else:
            cells += _wide_cells(text, style)
    return cells


def _wide_cells(text: str, style: Style | None) -> Iterator[Cell]:
    """A character without width belongs to the cell before it."""
    cell = ""
    for char in text:
        size = get_character_cell_size(char)
        if size:
            yield from _cell(cell, style)
            cell = char
        else:
            cell += char
    yield from _cell(cell, style)


def _cell(text: str, style: Style | None) -> Iterable[Cell]:
    if not text:
        return ()
    wide = get_character_cell_size(text[0]) > 1
    return ((text, style), ("", style)) if wide else ((text, style),)


def _strip(cells: list[Cell]) -> Strip:
    """The cells as segments of one style each."""
    segments: list[Segment] = []
    text, style = "", cells[0][1]
    for char, its in cells:
        if its is not style and its != style:
            segments.append(Segment(text, style))
            text, style = "", its
        text += char
    return Strip([*segments, Segment(text, style)])
