"""The figures of a run: which one, which step of it, how large."""

from __future__ import annotations

import numpy as np
from msgspec import Raw
from textual.pilot import Pilot

from workbench.figures.data import Figure, ImageGrid, Text, encode
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen

from .conftest import LivingRun
from .driving import drive, press, screen, sees


def show(run: LivingRun, step: int, figure: Figure) -> None:
    """The recipe hands a figure over."""
    shown = events.FigureShown(time=4.0, step=step, name=figure.title, figure=Raw(encode(figure)))
    run.recorder.record(shown)


async def open_figures(pilot: Pilot[None], folder: RunFolder) -> None:
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    app.show_run(folder)
    await sees(pilot, "● running")
    await press(pilot, "2")
    await sees(pilot, "1/3 Tally")


def test_one_goes_back_over_the_steps_and_stays_there_while_newer_ones_come(
    app: WorkbenchApp, living: LivingRun
) -> None:
    for step in range(60, 90):
        show(living, step, Text("Poem", f"verse {step}"))

    async def script(pilot: Pilot[None]) -> None:
        await open_figures(pilot, living.folder)
        await press(pilot, "down down")
        await sees(pilot, "verse 89")
        assert "30/30 · step 89 · newest" in screen(pilot)
        await press(pilot, "comma comma")
        await sees(pilot, "verse 87")
        show(living, 90, Text("Poem", "verse 90"))
        await sees(pilot, "28/31 · step 87 · 3 newer")
        assert "verse 87" in screen(pilot)
        await press(pilot, "g")
        await sees(pilot, "verse 60")
        await press(pilot, "right_square_bracket full_stop")
        await sees(pilot, "verse 64")
        await press(pilot, "G")
        await sees(pilot, "verse 90")
        show(living, 91, Text("Poem", "verse 91"))
        await sees(pilot, "verse 91")

    drive(app, script)


def test_a_figure_takes_the_whole_screen_and_gives_it_back(
    app: WorkbenchApp, living: LivingRun
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_figures(pilot, living.folder)
        await press(pilot, "z")
        await sees(pilot, "esc back")
        shown = screen(pilot)
        assert "1 Curves" not in shown
        assert "● running" not in shown
        await press(pilot, "down")
        await sees(pilot, "2/3 Sample")
        await press(pilot, "escape")
        await sees(pilot, "1 Curves")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "z 1")
        await sees(pilot, "━━ train")
        assert "1 Curves" in screen(pilot)

    # The list has a third entry, so that its place is told.
    show(living, 60, Text("Poem", "verse"))
    drive(app, script)


def test_one_image_of_a_grid_is_seen_alone(app: WorkbenchApp, living: LivingRun) -> None:
    grid = ImageGrid("Digits", np.zeros((3, 8, 8), dtype=np.uint8), ["one", "two", "three"])
    show(living, 60, grid)

    async def script(pilot: Pilot[None]) -> None:
        await open_figures(pilot, living.folder)
        await press(pilot, "up")
        await sees(pilot, "two")
        await press(pilot, "i i")
        await sees(pilot, "Digits · image 2 of 3")
        assert "three" not in screen(pilot)
        await press(pilot, "I I")
        await sees(pilot, "image 3 of 3")
        await press(pilot, "escape")
        await sees(pilot, "two")
        assert isinstance(app.screen, RunScreen)

    drive(app, script)


def test_a_figure_that_comes_while_one_looks_is_shown(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "● running")
        await press(pilot, "2")
        await sees(pilot, "1/2 Tally")
        show(living, 60, Text("Poem", "verse 60"))
        await sees(pilot, "Poem  60")
        await press(pilot, "up")
        await sees(pilot, "verse 60")

    drive(app, script)
