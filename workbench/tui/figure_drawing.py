"""A run's figures, drawn for the terminal."""

from __future__ import annotations

from textual.strip import Strip

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.figures import data, terminal
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui import look
from workbench.tui.ansi import strips
from workbench.tui.run_facts import FigureView
from workbench.units import plain


def draw_figure(folder: RunFolder, record: events.FigureShown, view: FigureView) -> tuple[Strip, ...]:
    """The figure of a record; where it cannot be read, the reason stands in its place."""
    try:
        figure = data.decode(_read(folder, record))
    except WorkbenchError as fault:
        return strips(plain(line) for line in str(fault).split("\n"))
    now = look.current()
    drawn = terminal.draw(figure, view.width, view.height, colour=now.colour, unicode=now.unicode)
    return strips(drawn)


def _read(folder: RunFolder, record: events.FigureShown) -> bytes:
    if not record.file:
        return bytes(record.figure)
    try:
        return paths.inside(folder.figures_dir, record.file).read_bytes()
    except (OSError, ValueError) as fault:
        raise WorkbenchError(f"the figure cannot be read: {fault}") from None
