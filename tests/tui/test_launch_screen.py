"""The form that launches a recipe, over a real worker."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from workbench.runs import control
from workbench.runs.folder import RunFolder, all_runs
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.launch import LaunchScreen
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.parameter_field import ParameterField
from workbench.tui.widgets.parameter_form import ParameterForm

from .driving import LARGE, PATIENCE_S, SMALL, drive, press, screen, sees, until
from .test_recipes_screen import choose


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_every_parameter_has_a_field_with_its_bounds(
    warm_app: WorkbenchApp, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        shown = screen(pilot)
        assert "steps" in shown
        assert "1 to 100,000, log" in shown
        assert "pause_s live" in shown
        assert "calm, keen" in shown
        assert "● yes" in shown
        assert "seed" in shown
        assert "auto, cpu" in shown
        assert "how far it counts" in shown
        assert "^l launch" in shown

    drive(warm_app, script, size)


def test_it_says_that_it_reads_the_recipe_until_all_fields_are_made(
    warm_app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def made(form: ParameterForm) -> None:
        seen.append(bool(form.screen.query("#reading")))

    monkeypatch.setattr(ParameterForm, "on_mount", made, raising=False)

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        assert seen == [True]
        assert "reading the recipe" not in screen(pilot)

    drive(warm_app, script)


def test_a_fault_stands_beside_its_field_and_nothing_is_launched(
    warm_app: WorkbenchApp, checkpoints: Path
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "0")
        await sees(pilot, "steps=0 is out of bounds")
        await press(pilot, "down w")
        await sees(pilot, "is not a number")
        await sees(pilot, "2 to mend before this can be launched")
        await press(pilot, "enter")
        await press(pilot, "ctrl+l")
        assert isinstance(warm_app.screen, LaunchScreen)
        assert warm_app.focused is field(pilot, "steps").query_one(Input)
        assert list(all_runs(checkpoints)) == []
        await press(pilot, "7")
        await sees(pilot, "1 to mend")

    drive(warm_app, script)


def test_choices_and_switches_turn_by_key(warm_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "down down right")
        assert field(pilot, "mood").value == "keen"
        await press(pilot, "down space")
        assert field(pilot, "loud").value is False
        await sees(pilot, "○ no")
        await press(pilot, "up enter up enter")
        assert field(pilot, "mood").value == "calm"

    drive(warm_app, script)


def test_a_recipe_that_cannot_be_imported_says_why(warm_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "raises")
        await press(pilot, "enter")
        await sees(pilot, "no [b]luck")
        await press(pilot, "escape")
        await sees(pilot, "1 Recipes")

    drive(warm_app, script)


def test_a_launch_that_is_refused_shows_the_reason_above_the_form(
    warm_app: WorkbenchApp, checkpoints: Path
) -> None:
    checkpoints.write_text("in the way")

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "enter")
        await sees(pilot, "no run can be recorded in")
        assert isinstance(warm_app.screen, LaunchScreen)

    drive(warm_app, script)


def test_a_launched_run_is_followed_steered_stopped_and_continued(
    warm_app: WorkbenchApp, checkpoints: Path
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "3 0 0 enter")
        await until(pilot, lambda: isinstance(warm_app.screen, RunScreen))
        await sees(pilot, "● running")
        await sees(pilot, "/300")
        await set_pause(pilot, "0.05")
        folder = only_run(checkpoints)
        await press(pilot, "4")
        await sees(pilot, "0.05    default 0.02")
        await press(pilot, "p")
        await sees(pilot, "‖ paused")
        await press(pilot, "p")
        await sees(pilot, "● running")
        await press(pilot, "s y")
        await sees(pilot, "■ stopped")
        await press(pilot, "r")
        await sees(pilot, "attempt 2")
        assert status_of(folder).attempt == 2
        kinds = [type(request) for request in control.ControlReader(folder.control_file).read()]
        assert kinds == [
            control.Launch,
            control.SetParameter,
            control.Pause,
            control.Resume,
            control.Stop,
            control.Launch,
        ]

    drive(warm_app, script)


def test_leaving_the_app_leaves_the_run_alive(warm_app: WorkbenchApp, checkpoints: Path) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "enter")
        await sees(pilot, "● running")
        await press(pilot, "q")

    drive(warm_app, script)
    assert status_of(only_run(checkpoints)).state is State.RUNNING


async def set_pause(pilot: Pilot[None], value: str) -> None:
    """Set the live parameter of the recipe, after a value that it refuses."""
    await press(pilot, "e")
    await sees(pilot, "Set while it trains")
    await press(pilot, "9 9 enter")
    await sees(pilot, "out of bounds")
    await press(pilot, "backspace backspace")
    await pilot.press(*value)
    await press(pilot, "enter")


async def open_form(pilot: Pilot[None], name: str) -> None:
    await choose(pilot, name)
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.query(ParameterField), "the form")
    await until(pilot, lambda: pilot.app.focused is not None, "a focused field")
    await pilot.pause()


def field(pilot: Pilot[None], name: str) -> ParameterField:
    return next(f for f in pilot.app.screen.query(ParameterField) if f.parameter.name == name)


def only_run(checkpoints: Path) -> RunFolder:
    (folder,) = all_runs(checkpoints)
    return folder


def test_a_launch_that_is_asked_for_while_the_recipe_is_read_follows(
    warm_app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on = LaunchScreen._read, threading.Event()

    def slowly(screen: LaunchScreen) -> LaunchScreen.FormReady:
        assert go_on.wait(PATIENCE_S)
        return read(screen)

    monkeypatch.setattr(LaunchScreen, "_read", slowly)

    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "count")
        await press(pilot, "enter")
        await sees(pilot, "reading the recipe")
        await press(pilot, "ctrl+l")
        await sees(pilot, "starting")
        go_on.set()
        await until(pilot, lambda: isinstance(warm_app.screen, RunScreen), "the run's page")
        await sees(pilot, "1 Curves")  # whole, before the app is left

    drive(warm_app, script)
