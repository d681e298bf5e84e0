"""What the terminal can show: colours, characters beyond ASCII, pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from workbench.figures.cells import Pen, to_ascii
from workbench.settings import Characters, Pictures
from workbench.tui.graphics import Protocol, protocol

# Python puts the first two there by itself where the locale is C (PEP 538).
_PUT_THERE = {"C.UTF-8", "C.utf8", "UTF-8"}

_TWINS = {
    **dict(zip("◌●‖◍✓■↻✗━─▸▾▲▼◆◇○", 'o*"%+#@x=->v^v&0o', strict=True)),
    **dict.fromkeys(map(chr, range(0x2500, 0x2580)), "+"),
    **dict.fromkeys("─╌┄┈╶╴", "-"),
    **dict.fromkeys("━═╍┅┉╺╸╾╼", "="),
    **dict.fromkeys("│┃║┊┆╎╵╷▏▎▕▐▌", "|"),
    **dict.fromkeys("▁▂▃▄", "_"),
    **dict.fromkeys("▅▆▇█▀▔", "#"),
}
_UPPER_DOTS, _LOWER_DOTS = 0b0001_1011, 0b1110_0100


@dataclass(frozen=True)
class Look:
    """How everything is drawn."""

    colour: bool = True
    unicode: bool = True
    pictures: Protocol = "blocks"


_now = [Look()]


def use(look: Look) -> None:
    """Draw so from now on: there is one terminal a process."""
    _now[0] = look


def current() -> Look:
    """How to draw now."""
    return _now[0]


def pen() -> Pen:
    """What figures are drawn with now."""
    return Pen(_now[0].colour, _now[0].unicode)


def found(
    characters: Characters = "auto",
    environ: Mapping[str, str] = os.environ,
    pictures: Pictures = "auto",
) -> Look:
    """What the environment says of the terminal; `characters` and `pictures` overrule it."""
    says_unicode = speaks_unicode(environ) if characters == "auto" else characters == "unicode"
    look = Look(colour=not environ.get("NO_COLOR"), unicode=says_unicode)
    # Kitty's pictures are characters in a colour; and who wants no colours wants none in pictures.
    fit = pictures == "off" or (look.colour and look.unicode)
    return replace(look, pictures=protocol(pictures, environ) if fit else "blocks")


def speaks_unicode(environ: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8; where none is set, as in a container, it is taken for one."""
    everything, letters, rest = (environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if not everything and rest in {"C", "POSIX"} and letters in _PUT_THERE:
        letters = ""
    locale = everything or letters or rest
    return not locale or "utf8" in locale.lower().replace("-", "")


class AsciiFilter(LineFilter):
    """Draws whatever the screens show without a character beyond ASCII, cell for cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's
        """The segments in ASCII."""
        return [Segment(ascii_twin(text), style, control) for text, style, control in segments]


def ascii_twin(text: str) -> str:
    """`text` in as many cells; a sign by its twin, dots of a curve by where they are."""
    if text.isascii():
        return text
    return to_ascii("".join(_twin(char) for char in text))


def _twin(char: str) -> str:
    dots = ord(char) - 0x2800
    if not 0 <= dots <= 0xFF:
        return _TWINS.get(char, char)
    upper, lower = bool(dots & _UPPER_DOTS), bool(dots & _LOWER_DOTS)
    return " '.:"[upper + 2 * lower]
