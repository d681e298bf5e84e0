"""Lines with ANSI colours, as our own renderers write them, made into strips for widgets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from workbench.tui.theme import curve_colours

_COLOUR_CHANGE = re.compile(r"\x1b\[([0-9;]*)m")
_PLAIN = Style()


def strips(lines: Iterable[str]) -> tuple[Strip, ...]:
    """One strip a line."""
    return tuple(strip(line) for line in lines)


def strip(line: str) -> Strip:
    """A line whose escapes only change colours; other escapes must not be in it."""
    parts = _COLOUR_CHANGE.split(line)
    segments = [Segment(parts[0])] if parts[0] else []
    style = _PLAIN
    for codes, text in zip(parts[1::2], parts[2::2], strict=True):
        style = _after(style, codes)
        if text:
            segments.append(Segment(text, style))
    return Strip(segments)


def in_theme(drawn: Strip, theme: str) -> Strip:
    """The strip with the palette's colours as the theme paints them."""
    if not curve_colours(theme):
        return drawn
    segments = [
        Segment(text, style and _style_in_theme(style, theme), control)
        for text, style, control in drawn
    ]
    return Strip(segments, drawn.cell_length)


@lru_cache(maxsize=4096)
def _style_in_theme(style: Style, theme: str) -> Style:
    if style.color is None or style.color.triplet is None:
        return style
    red, green, blue = style.color.triplet
    painted = curve_colours(theme).get((red, green, blue))
    return style + Style(color=painted) if painted else style


@lru_cache(maxsize=4096)
def _after(style: Style, codes: str) -> Style:
    numbers = [int(code or 0) for code in codes.split(";")]
    while numbers:
        match numbers:
            case [38, 2, red, green, blue, *numbers]:
                style += Style(color=f"rgb({red},{green},{blue})")
            case [48, 2, red, green, blue, *numbers]:
                style += Style(bgcolor=f"rgb({red},{green},{blue})")
            case [38, 5, colour, *numbers]:
                style += Style(color=f"color({colour})")
            case [48, 5, colour, *numbers]:
                style += Style(bgcolor=f"color({colour})")
            case [1, *numbers]:
                style += Style(bold=True)
            case [_, *numbers]:
                style = _PLAIN
    return style
