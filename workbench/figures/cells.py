"""Text measured in terminal cells, and the pen that colours it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from workbench import units
from workbench.figures.palette import Colour

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
# Narrow in Python's tables, wide in terminals that follow Unicode 16.
_WIDE_SINCE_UNICODE_16 = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D376))
_ASCII = str.maketrans("│┤└┬─┊▾━•█▉▊▋▌▍▎▏…–·×↓↑→", "|+++-:v-o#######|~--xv^>")


def width(text: str) -> int:
    """How many cells the terminal gives `text`, which holds no escapes."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    code = ord(char)
    newly_wide = any(low <= code <= high for low, high in _WIDE_SINCE_UNICODE_16)
    return 2 if newly_wide or unicodedata.east_asian_width(char) in "WF" else 1


def clean(text: str) -> str:
    """Foreign text on one line, safe to print, every character of a width that is known."""
    shown = units.plain(text)
    # Joiners and emoji selectors change their neighbours' width, and terminals disagree how.
    return shown if shown.isascii() else shown.replace("\u200d", "").replace("\ufe0f", "")


def end_of(text: str, room: int, start: int = 0) -> int:
    """Where a line of `room` cells from `start` on ends; it holds one character at the least."""
    used = 0
    for index in range(start, len(text)):
        used += _char_width(text[index])
        if used > room and index > start:
            return index
    return len(text)


def cut(text: str, room: int) -> str:
    """`text` in at most `room` cells, an ellipsis standing for what is left out."""
    if width(text) <= room:
        return text
    if room < 2:
        return "…" * room
    head = text[: end_of(text, room - 1)]
    return head + "…" if width(head) < room else "…"


def fit(text: str, room: int, *, right: bool = False) -> str:
    """`text` cut or padded to exactly `room` cells, on the right side where asked."""
    text = cut(text, room)
    blank = " " * (room - width(text))
    return blank + text if right else text + blank


def strip(line: str) -> str:
    """`line` without its colours."""
    return _ESCAPE.sub("", line)


def to_ascii(line: str) -> str:
    """`line` for terminals without Unicode: drawing characters by their likes, others by `?`."""
    if line.isascii():
        return line
    line = line.translate(_ASCII)
    return "".join(char if char.isascii() else "?" * _char_width(char) for char in line)


@dataclass(frozen=True)
class Pen:
    """What the terminal can show: colours, and characters beyond ASCII."""

    colour: bool = True
    unicode: bool = True

    def paint(
        self,
        text: str,
        colour: Colour | None = None,
        *,
        on: Colour | None = None,
        bold: bool = False,
    ) -> str:
        """`text` in `colour` on the background `on`; as it is where the pen has no colours."""
        codes = ["1"] if bold else []
        codes += ["38;2;{};{};{}".format(*colour)] if colour else []
        codes += ["48;2;{};{};{}".format(*on)] if on else []
        if not (self.colour and codes and text):
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"

    def title(self, text: str, room: int) -> str:
        """A figure's title, cleaned, cut to `room` cells, bold."""
        return self.paint(cut(clean(text), room), bold=True)
