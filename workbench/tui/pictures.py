"""Pictures as a terminal's graphics protocol draws them: made in a thread, sent by a widget."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment


@dataclass(frozen=True)
class TerminalPicture:
    """A picture and its cells, counted from the upper left of the drawing.

    Attributes:
        code: what draws it (Sixel, with the cursor in its first cell), or hands it over (kitty).
        rows: the cells that show it once it is handed over; none for Sixel, which paints over cells.
        forget: what makes the terminal drop it; empty where it goes with the cells.
    """

    column: int
    line: int
    columns: int
    lines: int
    code: str
    rows: tuple[Segment, ...] = ()
    forget: str = ""
