"""How pictures reach the terminal, by what the environment says of it: it is never asked.

An answer would come in among the keys, and over SSH would cost the start a round trip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from workbench.settings import Pictures

Protocol = Literal["kitty", "sixel", "blocks", "off"]

# Over SSH nothing but TERM comes along.
_BY_TERM: dict[str, Protocol] = {
    "xterm-kitty": "kitty",
    "xterm-ghostty": "kitty",
    "foot": "sixel",
    "foot-direct": "sixel",
    "mlterm": "sixel",
    "contour": "sixel",
    "wezterm": "sixel",
}
# WezTerm and Konsole have kitty's protocol, but not its characters that stand for parts of a picture.
_BY_PROGRAM: dict[str, Protocol] = {
    "ghostty": "kitty",
    "kitty": "kitty",
    "WezTerm": "sixel",
    "iTerm.app": "sixel",
    "mlterm": "sixel",
}
_BY_VARIABLE: dict[str, Protocol] = {
    "KITTY_WINDOW_ID": "kitty",
    "GHOSTTY_RESOURCES_DIR": "kitty",
    "KONSOLE_VERSION": "sixel",
}
# They stand between the program and a terminal that may be another at the next attaching; a browser has
# a driver of its own.
_BETWEEN = ("TMUX", "STY", "ZELLIJ", "TEXTUAL_DRIVER")
_BETWEEN_TERMS = ("screen", "tmux")


def protocol(wanted: Pictures, environ: Mapping[str, str]) -> Protocol:
    """The protocol that the user set, else the one that the terminal is known for, else half blocks."""
    if wanted != "auto":
        return wanted
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if term in {"", "dumb"} or term.startswith(_BETWEEN_TERMS) or any(map(environ.get, _BETWEEN)):
        return "blocks"
    if term in _BY_TERM:
        return _BY_TERM[term]
    if program or environ.get("LC_TERMINAL") == "iTerm2":
        # What follows is inherited by a terminal that was opened out of another.
        return _BY_PROGRAM.get(program or "iTerm.app", "blocks")
    return next((kind for name, kind in _BY_VARIABLE.items() if environ.get(name)), "blocks")
