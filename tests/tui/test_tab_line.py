"""The tabs of a page keep their numbers where there is no room for all names."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.tab_line import TabLine

from .conftest import LivingRun
from .driving import drive, press, screen, sees


@pytest.mark.parametrize("columns", [40, 80])
def test_every_tab_is_told_at_any_width(app: WorkbenchApp, living: LivingRun, columns: int) -> None:
    whole = "1 Curves   2 Figures   3 Log   4 Parameters   5 Checkpoints   6 System"

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "1 Curves")
        await press(pilot, "4")
        line = app.screen.query_one(TabLine).region.y
        told = screen(pilot).splitlines()[line].strip()
        assert told == (whole if columns == 80 else "1 2 3 Log 4 Parameters 5 Checkpoints 6")
        assert isinstance(app.screen, RunScreen)

    drive(app, script, size=(columns, 12))
