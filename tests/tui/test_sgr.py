"""Styles in few bytes: how many a grid of maps takes, and that nothing is left in force."""

from __future__ import annotations

import numpy as np
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from workbench.figures import terminal
from workbench.figures.data import ImageGrid
from workbench.tui.ansi import strips
from workbench.tui.sgr import encoded

MOST_BYTES = 40_000
GREY, OTHER_GREY = Style.parse("rgb(18,18,18)"), Style.parse("rgb(19,19,19)")


def test_a_piece_says_only_what_differs() -> None:
    pieces = [
        Segment("a", Style.parse("red on blue")),
        Segment("b", Style.parse("red on green")),
        Segment(" ", Style.parse("yellow on green")),
        Segment("c", Style.parse("bold red on green")),
        Segment("d"),
    ]
    told = "\x1b[31;44ma\x1b[42mb \x1b[1mc\x1b[0md"
    assert encoded(pieces, ColorSystem.TRUECOLOR) == told


def test_a_grey_that_has_a_number_is_sent_by_it() -> None:
    assert encoded([Segment("a", GREY)], ColorSystem.TRUECOLOR) == "\x1b[38;5;233ma\x1b[0m"
    assert encoded([Segment("a", OTHER_GREY)], ColorSystem.TRUECOLOR) == "\x1b[38;2;19;19;19ma\x1b[0m"


def test_64_maps_in_a_wide_terminal_are_at_most_40_kb() -> None:
    """Maps that hardly ever repeat a grey, which no network's are."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(64, 20, 20))
    maps = sum(noise[:, i : i + 16, j : j + 16] for i in range(5) for j in range(5))  # (64, 16, 16)
    low, high = maps.min((1, 2), keepdims=True), maps.max((1, 2), keepdims=True)
    pixels = (255 * (maps - low) / (high - low)).astype(np.uint8)
    grid = ImageGrid("Maps", list(pixels), [str(number) for number in range(64)])
    drawn = strips(terminal.draw(grid, 120, 36))
    sent = sum(len(encoded(line, ColorSystem.TRUECOLOR).encode()) for line in drawn)
    assert 20_000 < sent <= MOST_BYTES
