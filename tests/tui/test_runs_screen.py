"""The list of runs, and steering from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.runs_table import RunsTable

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, toasts, until

Record = Callable[..., RunFolder]
FAILED = events.Failed(
    time=9.0, step=60, title="out of [b]memory[/b]", remedy="lower batch_size\nor width"
)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_runs_show_state_progress_best_and_device(
    app: WorkbenchApp, record: Record, living: LivingRun, size: tuple[int, int]
) -> None:
    record(events.Finished(time=9.0, step=60))
    record(FAILED)
    record()

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0004")
        table = [line for line in screen(pilot).split("\n") if " cpu " in line]
        lines = {line.split()[0]: line for line in table}
        assert "● running" in lines[living.folder.name]
        assert "60%" in lines[living.folder.name]
        assert "3.0s" in lines[living.folder.name]
        assert "0.033" in lines[living.folder.name]
        assert "cpu" in lines[living.folder.name]
        assert "✓ finished" in lines["lessons-count-0002"]
        assert "✗ failed" in lines["lessons-count-0003"]
        assert "? lost" in lines["lessons-count-0004"]
        assert "● 1 running" in screen(pilot)

    drive(app, script, size)


@pytest.mark.parametrize("theme", ["workbench-dark", "workbench-light"])
def test_a_preempted_run_has_its_own_sign_and_colour_and_can_be_continued(
    app: WorkbenchApp, record: Record, theme: str
) -> None:
    record(events.Stopped(time=9.0, step=1234, by="SIGTERM"))

    async def script(pilot: Pilot[None]) -> None:
        app.theme = theme
        await press(pilot, "2")
        await sees(pilot, "↻ preempted ")
        await sees(pilot, "preempted (SIGTERM) at step 1,234")
        shown = screen(pilot)
        assert "resume it with: workbench resume lessons-count-0001" in shown
        assert "r continue" in shown
        assert "d delete" in shown
        variables = app.get_css_variables()
        others = {variables[name] for name in ("accent", "warning", "error", "success", "muted")}
        assert variables["interrupted"] not in others

    drive(app, script)


def test_vim_keys_move_and_the_reason_of_a_failure_is_shown(app: WorkbenchApp, record: Record) -> None:
    record(FAILED)
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0002")
        await go_to(pilot, "lessons-count-0001")
        await sees(pilot, "out of [b]memory[/b]")
        assert "lower batch_size · or width" in screen(pilot)

    drive(app, script)


def test_a_run_that_begins_elsewhere_appears_and_the_cursor_stays(
    app: WorkbenchApp, record: Record
) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0001")
        record(FAILED)
        await sees(pilot, "lessons-count-0002")
        chosen = app.screen.query_one(RunsTable).chosen
        assert chosen is not None
        assert chosen.name == "lessons-count-0001"

    drive(app, script)


def test_stop_asks_first_and_then_reaches_the_control_file(
    app: WorkbenchApp, living: LivingRun
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "● running")
        await press(pilot, "s")
        await sees(pilot, f"Stop {living.folder.name}?")
        await press(pilot, "n")
        assert living.requests() == []
        await press(pilot, "s y")
        await until(pilot, living.requests)
        assert [type(request) for request in living.requests()] == [control.Stop]
        assert living.requests()[0].when == "now"
        await until(pilot, lambda: "is asked to stop" in toasts(pilot))

    drive(app, script)


def test_stop_after_the_epoch(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "● running")
        await press(pilot, "s e")
        await until(pilot, living.requests)
        assert living.requests()[0].when == "epoch"

    drive(app, script)


def test_an_ended_run_is_deleted_only_after_a_yes(app: WorkbenchApp, record: Record) -> None:
    folder = record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "✓ finished")
        await press(pilot, "d escape")
        assert folder.path.exists()
        await press(pilot, "d y")
        await until(pilot, lambda: not folder.path.exists())
        await sees(pilot, "no runs yet")

    drive(app, script)


def test_what_a_state_does_not_allow_is_not_offered(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "● running")
        await sees(pilot, "p pause")
        assert "d delete" not in screen(pilot)
        assert "r continue" not in screen(pilot)
        await press(pilot, "d")
        assert "Delete" not in screen(pilot)
        assert living.folder.path.exists()

    drive(app, script)


def test_a_run_whose_manifest_is_damaged_is_listed_with_the_reason(
    app: WorkbenchApp, record: Record
) -> None:
    record().manifest_file.write_text("{")

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "Input data was truncated")
        await press(pilot, "enter")
        await sees(pilot, "1 Curves")
        await sees(pilot, "Input data was truncated")

    drive(app, script, LARGE)


async def go_to(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on a run with the letter keys."""
    table = pilot.app.screen.query_one(RunsTable)
    await press(pilot, "k k k k")
    for _ in range(table.row_count):
        if table.chosen is not None and table.chosen.name == name:
            return
        await press(pilot, "j")
    raise AssertionError(f"{name} is not reached")
