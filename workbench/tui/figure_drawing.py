"""A run's figures, drawn for the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from textual.strip import Strip

from workbench.errors import WorkbenchError
from workbench.figures import data, terminal
from workbench.runs.folder import RunFolder
from workbench.runs.shown import ShownFigure
from workbench.tui import look
from workbench.tui.ansi import strips
from workbench.tui.pictures import TerminalPicture
from workbench.tui.run_facts import FigureView
from workbench.units import plain


@dataclass(frozen=True)
class DrawnFigure:
    """A figure as lines, how many images it is made of, and those that the terminal's graphics draw."""

    strips: tuple[Strip, ...]
    images: int = 0
    pictures: tuple[TerminalPicture, ...] = ()


def draw_figure(folder: RunFolder, shown: ShownFigure, view: FigureView) -> DrawnFigure:
    """The figure of a record; where it cannot be read, the reason stands in its place."""
    try:
        figure = data.decode(shown.read(folder))
    except WorkbenchError as fault:
        return DrawnFigure(strips(plain(line) for line in str(fault).split("\n")))
    images = len(figure.images) if isinstance(figure, data.ImageGrid) else 0
    if isinstance(figure, data.ImageGrid) and images and view.image is not None:
        figure = one_of(figure, view.image % images)
    drawn = draw_in(figure, view.width, view.height)
    return DrawnFigure(drawn.strips, images, drawn.pictures)


def draw_in(figure: data.Figure, width: int, height: int) -> DrawnFigure:
    """The figure in so many cells, as this terminal can show it."""
    now = look.current()
    pictures = _pictures(figure, width, height, now)
    if isinstance(figure, data.ImageGrid) and now.pictures == "off":
        figure = in_words(figure)
    drawn = terminal.draw(figure, width, height, colour=now.colour, unicode=now.unicode)
    images = len(figure.images) if isinstance(figure, data.ImageGrid) else 0
    return DrawnFigure(strips(drawn), images, pictures)


def _pictures(
    figure: data.Figure, width: int, height: int, now: look.Look
) -> tuple[TerminalPicture, ...]:
    if now.pictures in {"blocks", "off"} or not isinstance(figure, data.ImageGrid):
        return ()
    # With the first picture: nothing but a terminal that draws some needs it.
    from workbench.tui.picture_codes import encoded  # noqa: PLC0415

    return encoded(terminal.pictures_of(figure, width, height), now.pictures)


def one_of(grid: data.ImageGrid, place: int) -> data.ImageGrid:
    """The `place`-th image of a grid alone."""
    of = f"image {place + 1} of {len(grid.images)}"
    title = f"{grid.title} · {of}" if grid.title else of
    return data.ImageGrid(title, [grid.images[place]], grid.captions[place : place + 1])


def in_words(grid: data.ImageGrid) -> data.Table:
    """The images as a list of their captions and sizes."""
    captions = [*grid.captions, *[""] * (len(grid.images) - len(grid.captions))]
    rows = [
        (place, caption, f"{image.width} x {image.height}")
        for place, (caption, image) in enumerate(zip(captions, grid.images, strict=True), 1)
    ]
    return data.Table(grid.title, ("image", "caption", "pixels"), rows)
