"""What a key changes is on its way to the terminal before the next frame is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual._compositor import ChopsUpdate
from textual.pilot import Pilot

from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.runs_table import RunsTable
from workbench.tui.widgets.tab_line import TabLine

from .conftest import LivingRun
from .driving import drive, press, sees


def lines_sent(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> list[set[int]]:
    """The lines of each update that `act` sends while the event loop waits for it."""
    sent: list[set[int]] = []

    def display(_app: WorkbenchApp, _screen: object, update: object) -> None:
        assert isinstance(update, ChopsUpdate)
        sent.append({line for line, _, _ in update.spans})

    with monkeypatch.context() as patched:
        patched.setattr(WorkbenchApp, "_display", display)
        act()
    return sent


def test_the_line_of_tabs_answers_before_the_page_under_it(
    app: WorkbenchApp, living: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "━━ train")
        page = app.screen
        assert isinstance(page, RunScreen)
        line = page.query_one(TabLine).region.y
        assert lines_sent(monkeypatch, lambda: page.action_show_tab(2)) == [{line}]
        await sees(pilot, "last line")

    drive(app, script)


def test_the_cursor_among_the_runs_answers_with_two_lines(
    app: WorkbenchApp, record: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    record()
    record()

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "count-0002")
        table = app.screen.query_one(RunsTable)
        first = table.region.y + 1
        assert lines_sent(monkeypatch, table.action_cursor_down) == [{first, first + 1}]

    drive(app, script)
