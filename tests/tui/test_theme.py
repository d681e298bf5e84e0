"""The themes: every text can be read, every curve be seen, on every ground that it stands on."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot
from textual.strip import Strip

from workbench import settings
from workbench.figures import palette
from workbench.settings import Loaded, Settings
from workbench.tui import theme
from workbench.tui.ansi import in_theme
from workbench.tui.app import WorkbenchApp
from workbench.workers.standby import Standby

from .driving import drive, press, screen, sees

RGB = [one for one in theme.THEMES.values() if not one.ansi]
LEAST_FOR_TEXT = 4.5  # WCAG 2.2, 1.4.3
LEAST_FOR_GRAPHICS = 3.0  # WCAG 2.2, 1.4.11


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted(luminance(Color.parse(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_every_theme_of_the_settings_is_there() -> None:
    assert tuple(theme.THEMES) == get_args(settings.Theme)


@pytest.mark.parametrize("one", RGB, ids=lambda one: one.name)
def test_every_text_can_be_read_on_every_ground(one: theme.Theme) -> None:
    texts = {
        name: getattr(one, name) for name in ("foreground", "accent", "success", "warning", "error")
    }
    texts |= {name: one.variables[name] for name in ("muted", "interrupted")}
    grounds = [one.background, one.panel, one.variables["block-cursor-background"]]
    grounds += [one.variables["block-cursor-blurred-background"]]
    ratios = {
        (name, ground): contrast(text, str(ground))
        for name, text in texts.items()
        for ground in grounds
    }
    assert not {key: ratio for key, ratio in ratios.items() if ratio < LEAST_FOR_TEXT}


@pytest.mark.parametrize("one", RGB, ids=lambda one: one.name)
def test_every_curve_can_be_seen_and_told_from_the_others(one: theme.Theme) -> None:
    painted = theme.curve_colours(one.name)
    curves = [painted.get(colour, f"rgb{colour}").replace(" ", "") for colour in palette.PALETTE]
    ratios = [contrast(colour, str(one.background)) for colour in curves]
    assert min(ratios) >= LEAST_FOR_GRAPHICS, ratios
    assert len(set(curves)) == len(curves)


def test_the_colour_blind_theme_tells_states_apart_without_hue() -> None:
    """With red and green confused, what is left is lightness and blue against yellow."""
    one = theme.COLOUR_BLIND
    states = [one.accent, one.success, one.warning, one.error, one.variables["interrupted"]]
    for first, second in combinations([_for_a_deuteranope(str(state)) for state in states], 2):
        assert sum(abs(a - b) for a, b in zip(first, second, strict=True)) > 40


def _for_a_deuteranope(colour: str) -> tuple[float, float, float]:
    """Viénot, Brettel and Mollon (1999), without gamma: close enough to tell same from different."""
    red, green, blue = Color.parse(colour).rgb
    mixed = 0.29 * red + 0.71 * green
    return mixed, mixed, -0.02 * red + 0.02 * green + blue


def test_the_terminals_own_theme_names_no_colour_of_ours() -> None:
    one = theme.TERMINAL
    named = [
        one.primary,
        one.foreground,
        one.background,
        one.panel,
        one.success,
        one.warning,
        one.error,
    ]
    colours = [str(colour) for colour in named] + [
        value for name, value in one.variables.items() if "text-style" not in name
    ]
    assert all(colour.startswith("ansi_") for colour in colours)
    assert {one.foreground, one.variables["muted"], one.background} == {"ansi_default"}
    assert set(theme.curve_colours(one.name)) >= {*palette.PALETTE, palette.AXIS}
    assert not any("rgb" in painted for painted in theme.curve_colours(one.name).values())


def test_curves_are_painted_as_the_theme_says() -> None:
    red, green, blue = palette.PALETTE[5]
    drawn = Strip([Segment("━", Style(color=f"rgb({red},{green},{blue})")), Segment("x")])
    assert in_theme(drawn, theme.DARK.name) is drawn
    on_light = in_theme(drawn, theme.LIGHT.name)
    assert [segment.text for segment in on_light] == ["━", "x"]
    (first, _) = on_light
    assert first.style is not None
    assert first.style.color is not None
    assert tuple(first.style.color.triplet or ()) == palette.ON_LIGHT[5]


@pytest.mark.parametrize("name", theme.THEMES)
def test_each_theme_opens_every_page(
    name: str, checkpoints: Path, recipes: Path, record: object
) -> None:
    record()
    loaded = Loaded(Settings(theme=name))
    app = WorkbenchApp(checkpoints, [recipes], standby=Standby(), loaded=loaded)

    async def script(pilot: Pilot[None]) -> None:
        assert app.theme == theme.THEMES[name].name
        await sees(pilot, "lessons")
        await press(pilot, "2")
        await sees(pilot, "lost")
        await press(pilot, "enter")
        await sees(pilot, "What happened")
        await press(pilot, "1")
        await sees(pilot, "━━ train")
        app.export_screenshot()
        assert "esc back" in screen(pilot)

    drive(app, script)
