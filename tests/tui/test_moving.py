"""j k g G ^d ^u do what arrows, Home, End and the page keys do, wherever something moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.checkpoints_table import CheckpointsTable
from workbench.tui.widgets.log_view import LogView
from workbench.tui.widgets.recipe_list import RecipeList
from workbench.tui.widgets.runs_table import RunsTable

from .driving import drive, press, sees, until

ALL = "G g j j k ctrl+d ctrl+u"


async def places(pilot: Pilot[None], place: Callable[[], float]) -> list[float]:
    """Where one stands after each of the keys."""
    found = []
    for key in ALL.split():
        await press(pilot, key)
        await pilot.pause(0.05)
        found.append(place())
    return found


def moved_as_vim_does(found: list[float]) -> None:
    bottom, top, down, down_again, up, page_down, page_up = found
    assert bottom > down_again > down > top, found
    assert up == down, found
    assert page_down > up, found
    assert page_up < page_down, found


def test_in_the_recipes(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons")
        recipes = app.screen.query_one(RecipeList)
        moved_as_vim_does(await places(pilot, lambda: recipes.highlighted or 0))

    drive(app, script)


def test_in_the_runs(app: WorkbenchApp, record: Callable[..., RunFolder]) -> None:
    for _ in range(30):
        record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "✓ finished")
        table = app.screen.query_one(RunsTable)
        moved_as_vim_does(await places(pilot, lambda: table.cursor_row))

    drive(app, script)


def test_in_the_checkpoints(app: WorkbenchApp, record: Callable[..., RunFolder]) -> None:
    folder = record(events.Finished(time=9.0, step=60))
    for step in range(1, 31):
        Path(folder.path / f"step-{step:08d}.pt").write_bytes(b"")

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "5")
        await sees(pilot, "step-00000030.pt")
        table = app.screen.query_one(CheckpointsTable)
        moved_as_vim_does(await places(pilot, lambda: table.cursor_row))

    drive(app, script)


@pytest.mark.parametrize(("tab", "query"), [("3", "LogView"), ("4", "#parameters")])
def test_on_the_page_of_a_run(
    app: WorkbenchApp, record: Callable[..., RunFolder], tab: str, query: str
) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "✓ finished")
        await press(pilot, f"enter {tab}")
        area = app.screen.query_one(query, Widget)
        await until(pilot, lambda: area.max_scroll_y > 3, "something to scroll")
        if isinstance(area, LogView):
            await until(pilot, lambda: area.is_vertical_scroll_end)
        moved_as_vim_does(await places(pilot, lambda: area.scroll_target_y))

    drive(app, script, size=(80, 14))
