"""Copying names, paths and values out of the workbench."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.app import WorkbenchApp
from workbench.tui.copies import of_run
from workbench.tui.screens.copy import CopyScreen

from .driving import LARGE, drive, press, screen, sees, until


def test_commands_hold_with_any_name_and_value() -> None:
    folder = RunFolder(Path("/a place/lessons-count-0001"))
    manifest = Manifest(name="", recipe=RecipeReference("lessons/count", ""))
    values = {"mood": "so so", "loud": True, "lr": 1e-05}
    copies = {
        copy.label: copy.text for copy in of_run(folder, Status(state=State.FAILED), manifest, values)
    }
    assert copies["resume it"] == "workbench resume lessons-count-0001 --checkpoints '/a place'"
    assert copies["run the like"] == "workbench run lessons/count 'mood=so so' loud=true lr=1e-05"
    assert copies["loud"] == "true"
    living = {copy.label for copy in of_run(folder, Status(state=State.RUNNING), None, {})}
    assert "watch it" in living
    assert not living & {"resume it", "run the like"}


def test_from_the_recipes_a_recipe(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons")
        await press(pilot, "slash c o u n t enter Y")
        await sees(pilot, "workbench run lessons/count")
        await press(pilot, "enter")
        assert app.clipboard == "lessons/count"

    drive(app, script)


def test_from_the_list_and_from_the_page_of_a_run(
    app: WorkbenchApp,
    record: Callable[..., RunFolder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "✓ finished")
        await press(pilot, "Y j enter")
        assert app.clipboard == str(folder.path)
        assert screen(pilot).count("take it from here") == 1
        await press(pilot, "escape enter")
        await sees(pilot, "━━ train")
        await press(pilot, "Y G k enter")
        assert app.clipboard == "0.5"  # the last parameter but one
        await save(pilot, "value.txt")
        await sees(pilot, "saved to")
        await save(pilot, "value.txt")
        await sees(pilot, "is there already")
        await press(pilot, "escape escape")
        await until(pilot, lambda: not isinstance(app.screen, CopyScreen))

    drive(app, script, size=LARGE)
    assert (tmp_path / "value.txt").read_text() == "0.5\n"


async def save(pilot: Pilot[None], file: str) -> None:
    await press(pilot, "s")
    for char in ("ctrl+u", *file):
        await pilot.press(char)
    await press(pilot, "enter")


def test_foreign_text_is_shown_and_not_obeyed_and_fits_the_smallest_screen(
    app: WorkbenchApp, record: Callable[..., RunFolder]
) -> None:
    record(events.Failed(time=9.0, step=60, kind="error", title="the [b]data\x1b[2J", remedy=""))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "✗ failed")
        await press(pilot, "Y j j j j enter")
        assert app.clipboard == "the [b]data\x1b[2J"
        await sees(pilot, "the [b]data␛[2J")
        assert app.screen.query_one(OptionList).size.height >= 3
        assert "esc back" in screen(pilot)

    drive(app, script, size=(40, 12))


def test_there_is_nothing_to_copy_where_there_is_no_run(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "no runs yet")
        await press(pilot, "Y")
        assert not isinstance(app.screen, CopyScreen)

    drive(app, script)
