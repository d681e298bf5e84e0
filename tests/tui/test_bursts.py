"""Keys that come in one burst do what they would do one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from workbench.runs.folder import RunFolder, all_runs
from workbench.tui.app import WorkbenchApp

from .driving import drive, press, sees, until
from .test_launch_screen import field, open_form


def burst(app: WorkbenchApp, *keys: tuple[str, str]) -> None:
    """Hand over keys, by name and character, as a terminal does that sends them at once."""
    for key, char in keys:
        event = events.Key(key, char)
        event.set_sender(app)
        app.post_message(event)


SLASH = ("slash", "/")
ENTER = ("enter", "\r")


def test_two_enters_in_the_filter_open_the_run(
    app: WorkbenchApp, record: Callable[..., RunFolder]
) -> None:
    record()

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "count-0001")
        burst(app, SLASH, ("c", "c"), ENTER, ENTER)
        await sees(pilot, "Post-mortem")

    drive(app, script)


def test_two_enters_in_the_filter_of_recipes_open_the_form(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "count")
        burst(app, SLASH, ("c", "c"), ("o", "o"), ("u", "u"), ENTER, ENTER)
        await sees(pilot, "pause_s")

    drive(app, script)


DOWN = ("down", "")
BACKSPACE = ("backspace", "")


def test_values_typed_in_one_burst_with_arrows_reach_their_fields_and_the_run(
    warm_app: WorkbenchApp, checkpoints: Path
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        wide = [BACKSPACE] * 4
        burst(warm_app, *wide, ("7", "7"), DOWN, *wide, ("0", "0"), DOWN, DOWN, ("ctrl+l", ""))
        await sees(pilot, "1 Curves")
        (run,) = all_runs(checkpoints)
        values = run.manifest().parameters
        assert (values["steps"], values["pause_s"]) == (7, 0.0)

    drive(warm_app, script)


def test_in_the_open_list_of_a_choice_the_arrows_choose(warm_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "down down enter")
        await until(pilot, lambda: isinstance(warm_app.focused, OptionList))
        await press(pilot, "down enter")
        await until(pilot, lambda: field(pilot, "mood").value == "keen")

    drive(warm_app, script)
