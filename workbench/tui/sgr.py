"""A line's styles in few bytes: each piece says only in what it differs from the one before.

Rich and Textual write every piece's whole style and take it back behind it, which of a grid of
pictures, where hardly two cells are alike, makes twice as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_UNSET_INK, _UNSET_PAPER = "39", "49"
# Of the 256 colours those that no program redefines: grey 8, 18, … 238.
_FIRST_GREY, _GREY_STEP, _GREYS, _FIRST_GREY_NUMBER = 8, 10, 24, 232
_WHITE, _WHITE_NUMBER = 255, 231


class _Written(NamedTuple):
    """The codes that are in force: attributes, foreground, background."""

    attributes: str = ""
    ink: str = _UNSET_INK
    paper: str = _UNSET_PAPER


_PLAIN = _Written()


def encoded(segments: Iterable[Segment], system: ColorSystem) -> str:
    """The segments as a terminal takes them; at the end nothing is in force."""
    parts: list[str] = []
    now = _PLAIN
    for text, style, _ in segments:
        if style is not None and style._link:
            parts += [_change(now, _PLAIN), Strip.render_style(style, text, system)]
            now = _PLAIN
            continue
        wanted = _PLAIN if style is None else _codes(style, system)
        if not wanted.attributes and text.isspace():
            wanted = wanted._replace(ink=now.ink)  # which no blank shows
        parts += [_change(now, wanted), text]
        now = wanted
    return "".join([*parts, _change(now, _PLAIN)])


@lru_cache(maxsize=16_384)
def _change(now: _Written, wanted: _Written) -> str:
    """What leads from one to the other."""
    if now == wanted:
        return ""
    if wanted == _PLAIN:
        return "\x1b[0m"
    codes = []
    if now.attributes != wanted.attributes:
        if now.attributes:
            codes, now = ["0"], _PLAIN
        codes += [wanted.attributes] if wanted.attributes else []
    codes += [wanted.ink] if wanted.ink != now.ink else []
    codes += [wanted.paper] if wanted.paper != now.paper else []
    return f"\x1b[{';'.join(codes)}m" if codes else ""


@lru_cache(maxsize=16_384)
def _codes(style: Style, system: ColorSystem) -> _Written:
    attributes = style.without_color
    return _Written(
        Strip.render_ansi(attributes, system),
        ";".join(_colour(style.color, system, ink=True)) or _UNSET_INK,
        ";".join(_colour(style.bgcolor, system, ink=False)) or _UNSET_PAPER,
    )


def _colour(colour: Color | None, system: ColorSystem, *, ink: bool) -> Iterator[str]:
    if colour is None:
        return
    colour = colour.downgrade(system)
    number = None if colour.triplet is None else _grey_number(*colour.triplet)
    if number is None:
        yield from colour.get_ansi_codes(foreground=ink)
    else:
        yield from ("38" if ink else "48", "5", str(number))


def _grey_number(red: int, green: int, blue: int) -> int | None:
    """The number of a grey that has one, which is written in half of the bytes."""
    if not red == green == blue:
        return None
    if red == _WHITE:
        return _WHITE_NUMBER
    place, rest = divmod(red - _FIRST_GREY, _GREY_STEP)
    return _FIRST_GREY_NUMBER + place if not rest and 0 <= place < _GREYS else None
