"""The themes: the only place, beside the palette of figures, where colours are named."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

from workbench.figures import palette
from workbench.figures.palette import Colour

DARK = Theme(
    name="workbench-dark",
    primary="#6cb6eb",
    secondary="#8fa3c2",
    accent="#6cb6eb",
    foreground="#d4d8df",
    background="#14171c",
    surface="#14171c",
    panel="#20252d",
    success="#4cbf8f",
    warning="#e3a83b",
    error="#ef7a68",
    dark=True,
    variables={
        "muted": "#97a0ae",
        "faint": "#4a5260",
        "interrupted": "#b99be6",
        "block-cursor-background": "#1f3444",
        "block-cursor-foreground": "#f2f5f8",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#242a33",
        "block-cursor-blurred-foreground": "#d4d8df",
        "input-selection-background": "#1f3444",
        "border": "#6cb6eb",
        "border-blurred": "#2c333e",
        "scrollbar": "#343c48",
        "scrollbar-hover": "#4a5260",
        "scrollbar-active": "#6cb6eb",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
        "scrollbar-corner-color": "#14171c",
    },
)

LIGHT = Theme(
    name="workbench-light",
    primary="#0a66a8",
    secondary="#4d6585",
    accent="#0a66a8",
    foreground="#23282f",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#eceeec",
    success="#0a6f4b",
    warning="#875700",
    error="#ad3324",
    dark=False,
    variables={
        "muted": "#5c6571",
        "faint": "#b4bac2",
        "interrupted": "#7446b0",
        "block-cursor-background": "#d6e8f6",
        "block-cursor-foreground": "#10202d",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e8ecee",
        "block-cursor-blurred-foreground": "#23282f",
        "input-selection-background": "#d6e8f6",
        "border": "#0a66a8",
        "border-blurred": "#d5d9d7",
        "scrollbar": "#cdd2d2",
        "scrollbar-hover": "#b4bac2",
        "scrollbar-active": "#0a66a8",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-background-hover": "#fbfbf9",
        "scrollbar-background-active": "#fbfbf9",
        "scrollbar-corner-color": "#fbfbf9",
    },
)

# Of the terminal's own colours only those that are read on light and on dark grounds alike: text keeps
# the terminal's, what stands back too, and a cursor is what is reversed.
TERMINAL = Theme(
    name="workbench-terminal",
    ansi=True,
    primary="ansi_magenta",
    secondary="ansi_default",
    accent="ansi_magenta",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    dark=True,
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "muted": "ansi_default",
        "faint": "ansi_bright_black",
        "interrupted": "ansi_cyan",
        "block-cursor-background": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-foreground": "ansi_default",
        "block-cursor-blurred-text-style": "bold",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "border": "ansi_magenta",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_bright_black",
        "scrollbar-active": "ansi_magenta",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)

# States in the colours of Okabe and Ito, two of them a little lighter, since they are text here.
COLOUR_BLIND = Theme(
    name="workbench-colour-blind",
    primary="#56b4e9",
    secondary="#9fb2c8",
    accent="#56b4e9",
    foreground="#e4e7ec",
    background="#0d0f12",
    surface="#0d0f12",
    panel="#1a1e24",
    success="#10ab80",
    warning="#f0e442",
    error="#ee7a2d",
    dark=True,
    variables={
        "muted": "#a3abb8",
        "faint": "#566070",
        "interrupted": "#d68fb6",
        "block-cursor-background": "#1c3040",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#20252c",
        "block-cursor-blurred-foreground": "#e4e7ec",
        "input-selection-background": "#1c3040",
        "border": "#56b4e9",
        "border-blurred": "#303844",
        "scrollbar": "#3c4552",
        "scrollbar-hover": "#566070",
        "scrollbar-active": "#56b4e9",
        "scrollbar-background": "#0d0f12",
        "scrollbar-background-hover": "#0d0f12",
        "scrollbar-background-active": "#0d0f12",
        "scrollbar-corner-color": "#0d0f12",
    },
)

# By the name that the settings give them, in the order of the key that goes through them.
THEMES: Mapping[str, Theme] = {
    "dark": DARK,
    "light": LIGHT,
    "terminal": TERMINAL,
    "colour-blind": COLOUR_BLIND,
}

_ANSI_CURVES = ("cyan", "yellow", "green", "magenta", "red", "blue", "default")


def _with_faint(bright: Mapping[Colour, str], faint: Mapping[Colour, str]) -> Mapping[Colour, str]:
    """The paint of the palette's colours, and of their faint likes behind a smoothed curve."""
    return {**bright, **{palette.faint(colour): paint for colour, paint in faint.items()}}


def _rgb(colour: Colour) -> str:
    return "rgb({},{},{})".format(*colour)


_ON_LIGHT = dict(zip(palette.PALETTE, palette.ON_LIGHT, strict=True))
_CURVES: Mapping[str, Mapping[Colour, str]] = {
    LIGHT.name: _with_faint(
        {colour: _rgb(twin) for colour, twin in _ON_LIGHT.items()},
        {colour: _rgb(palette.faint(twin)) for colour, twin in _ON_LIGHT.items()},
    ),
    TERMINAL.name: _with_faint(
        dict(zip(palette.PALETTE, _ANSI_CURVES, strict=True))
        | {palette.AXIS: "bright_black", palette.MARK: "bright_black", palette.FAULT: "bright_red"},
        dict.fromkeys(palette.PALETTE, "bright_black"),
    ),
}


def curve_colours(name: str) -> Mapping[Colour, str]:
    """What a theme paints in the place of the palette's colours; nothing where it keeps them."""
    return _CURVES.get(name, {})


def following(name: str) -> str:
    """The name of the theme after `name`."""
    names = [theme.name for theme in THEMES.values()]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
