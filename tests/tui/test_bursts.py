"""Keys that come in one burst do what they would do one by one."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.pilot import Pilot

from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp

from .driving import drive, press, sees


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
