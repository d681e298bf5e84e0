"""Panels fit their room, obey no foreign text, and are the same points as a picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from workbench.figures import palette
from workbench.figures.cells import Pen
from workbench.figures.data import Bars
from workbench.figures.lines import Frame, Line, Mark
from workbench.figures.panel_cells import draw_panel
from workbench.figures.panel_pixels import png_of
from workbench.figures.panels import LEVELS, Chart, Heat, Panel, Parallel, Span, Spans, Upright

from .drawn import SIZES, check, dots

BAD = "[b]x\x1b[2J[/b]"
SIX = np.linspace(0, 1, 6)
LIMITS = Frame("plane", "lr", BAD, x_limits=(0, 1), y_limits=(0, 1))
NAMED = [(0.0, "relu"), (1.0, BAD)]


def line(x: object, y: object, colour: int = 0, joined: bool = False) -> Line:
    return Line(BAD, np.asarray(x, np.float64), np.asarray(y, np.float64), colour, joined)


PANELS: dict[str, Panel] = {
    "chart": Chart(
        [line(SIX, SIX), line(SIX, SIX[::-1], 1, joined=True)],
        Frame(BAD, "x", faults=[Mark(0.5, "")], x_limits=(-0.5, 1.5), x_ticks=NAMED),
    ),
    "heat": Heat(
        np.array([[0.0, np.nan, 1.0], [np.inf, 2.0, 1e308]]),
        [line([0.1, 0.9, np.nan, 7], [0.1, 0.9, 0.5, 0.5]), line([0.5], [0.5], 1)],
        LIMITS,
        BAD,
    ),
    "unknown": Heat(np.full((2, 2), np.nan), [], LIMITS),
    "spans": Spans(
        "at work",
        [BAD, *map(str, range(30))],
        [Span(0, 0, 5, 0), Span(0, 5, 9, 1), Span(30, 9, 9, 0)],
        [("complete", 0), (BAD, 1)],
        10.0,
    ),
    "nothing": Spans("", ["1"], [], [], 0.0),
    "parallel": Parallel(
        "",
        [Upright("lr", "1e-4", "0.1"), Upright(BAD, BAD, "b"), Upright("v", "0", "1")],
        [line([0, 1, 2, np.nan, 0, 1, 2], [0, 1, 0.5, np.nan, 1, np.nan, 0], joined=True)],
    ),
    "bars": Bars("PED-ANOVA", ["lr", BAD], [0.9, None]),
}


@pytest.mark.parametrize("name", PANELS)
@pytest.mark.parametrize("pen", [Pen(), Pen(colour=False), Pen(colour=False, unicode=False)])
def test_panels_fit_their_room(name: str, pen: Pen) -> None:
    for size in SIZES:
        drawn = draw_panel(PANELS[name], size, pen)
        check(drawn, *size)
        assert pen.unicode or all(row.isascii() for row in drawn)
        assert pen.colour or not any("\x1b" in row for row in drawn)
    assert draw_panel(PANELS[name], (0, 5), pen) == []


def test_named_ticks_stand_at_their_places() -> None:
    frame = Frame(
        x_limits=(-0.5, 1.5), y_limits=(-0.5, 1.5), x_ticks=NAMED, y_ticks=[(0, "low"), (1, "hi")]
    )
    drawn = check(draw_panel(Chart([line([0, 1], [0, 1])], frame), (60, 12), Pen()), 60, 12)
    assert "relu" in drawn[-1]
    assert drawn[-1].index("relu") < 30 < drawn[-1].index("[b]x")
    (low,) = [row for row, text in enumerate(drawn) if "low┤" in text]
    (high,) = [row for row, text in enumerate(drawn) if "hi┤" in text]
    assert high < low
    assert {row for _, row in dots([row[6:] for row in drawn[:-2]])} == {low, high}


def test_the_levels_of_a_heat_map_are_its_contours() -> None:
    heat = Heat(np.array([[0.0, 0.49, 1.0, np.nan]]), [], LIMITS)
    assert heat.levels().tolist() == [[0, 3, LEVELS - 1, -1]]
    assert Heat(np.full((1, 2), 3.0), [], LIMITS).levels().tolist() == [[0, 0]]
    drawn = draw_panel(heat, (40, 12), Pen())
    lowest, highest = palette.HEAT[0], palette.HEAT[-1]
    row = drawn[3]
    assert row.index("48;2;{};{};{}m".format(*lowest)) < row.index("48;2;{};{};{}m".format(*highest))


def test_without_colours_many_points_do_not_hide_the_levels() -> None:
    many = line(np.tile(np.linspace(0, 1, 50), 20), np.repeat(np.linspace(0, 1, 20), 50))
    best = line([0.5], [0.5])
    heat = Heat(np.linspace(0, 1, 64).reshape(1, 64), [many, best], LIMITS)
    drawn = "".join(draw_panel(heat, (60, 16), Pen(colour=False)))
    assert {"░", "▒", "▓", "█"} <= set(drawn)
    assert "•" not in drawn
    assert drawn.count("×") == 2, "the best one, and its key"


def test_spans_are_told_apart_without_colours_and_lanes_that_have_no_room_are_counted() -> None:
    spans = PANELS["spans"]
    drawn = check(draw_panel(spans, (60, 12), Pen(colour=False)), 60, 12)
    first = next(row for row in drawn if "│" in row)
    assert first.index("█") < first.index("▓")
    assert any("… 23 more" in row for row in drawn)


@pytest.mark.parametrize("name", PANELS)
def test_a_picture_has_its_size_and_shows_something(name: str) -> None:
    png = png_of([PANELS[name]] * 2, BAD, (400, 250))
    image = Image.open(io.BytesIO(png))
    assert image.size == (400, 250)
    assert len(image.getcolors(100_000) or ()) > 8


def test_a_picture_draws_points_where_they_are() -> None:
    frame = Frame(x_limits=(0, 1), y_limits=(0, 1))
    image = Image.open(io.BytesIO(png_of([Chart([line([1.0], [0.0])], frame)], size=(800, 500))))
    points = np.argwhere((np.asarray(image) == palette.ON_LIGHT[0]).all(axis=2))
    down, across = points.mean(axis=0)
    assert across == pytest.approx(800 - 30, abs=2)
    assert down == pytest.approx(500 - 64, abs=2)
