"""The list of runs: choosing, sorting, marking, deleting and bringing back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input

from workbench.runs import control, events, marks, trash
from workbench.runs.folder import RunFolder, trash_dir
from workbench.runs.listing import Listing, RunSummary
from workbench.tui.app import WorkbenchApp
from workbench.tui.run_line import RunLines
from workbench.tui.theme import TERMINAL
from workbench.tui.widgets.runs_table import RunsTable

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, toasts, until

Record = Callable[..., RunFolder]
FINISHED = events.Finished(time=9.0, step=60)
FAILED = events.Failed(time=9.0, step=60, title="no luck")


def table(pilot: Pilot[None]) -> RunsTable:
    return pilot.app.screen.query_one(RunsTable)


def listed(pilot: Pilot[None]) -> list[str]:
    """The numbers of the runs in the order of the table."""
    return [run.name[-1] for run in table(pilot)._runs]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_typing_chooses_and_a_fault_is_told_beside_the_line(
    app: WorkbenchApp, record: Record, size: tuple[int, int]
) -> None:
    record(FINISHED)
    record(FAILED)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0002")
        await press(pilot, "slash")
        await pilot.press(*"state:fai")
        await sees(pilot, "1 of 2")
        assert listed(pilot) == ["2"]
        await pilot.press(*"led stepz>3")
        await sees(pilot, "did you mean steps")
        assert listed(pilot) == ["2"]
        await press(pilot, "enter escape")
        await until(pilot, lambda: len(listed(pilot)) == 2)
        assert pilot.app.screen.query_one(Input).value == ""

    drive(app, script, size)


def test_letters_in_the_filter_are_no_commands(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0001")
        await press(pilot, "slash d n o asterisk space slash u")
        assert pilot.app.screen.query_one(Input).value == "dno* /u"
        assert folder.path.exists()

    drive(app, script)


def test_o_goes_through_the_columns_and_the_heading_tells(app: WorkbenchApp, record: Record) -> None:
    for end in (FINISHED, FAILED, FINISHED):
        record(end)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "started ▼")
        assert listed(pilot) == ["3", "2", "1"]
        await press(pilot, "o")
        await sees(pilot, "name ▲")
        assert listed(pilot) == ["1", "2", "3"]
        await press(pilot, "O")
        await sees(pilot, "name ▼")
        assert listed(pilot) == ["3", "2", "1"]
        await press(pilot, "o")
        await sees(pilot, "state ▲")
        assert listed(pilot) == ["1", "3", "2"]
        await press(pilot, "o o o o")
        await sees(pilot, "started ▼")

    drive(app, script)


def test_star_and_note_are_written_and_shown(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0001")
        await press(pilot, "asterisk")
        await sees(pilot, "★")
        await press(pilot, "n")
        await sees(pilot, "A note on lessons-count-0001")
        await pilot.press(*"good [b]", "enter")
        await sees(pilot, "lessons/count   good [b]")
        assert marks.read(folder) == marks.Marks(True, "good [b]")
        await press(pilot, "n x escape asterisk")
        await until(pilot, lambda: marks.read(folder) == marks.Marks(False, "good [b]"))
        await until(pilot, lambda: "★" not in screen(pilot))

    drive(app, script)


def test_marked_runs_are_deleted_with_one_question_and_come_back_together(
    app: WorkbenchApp, record: Record
) -> None:
    folders = [record(FINISHED) for _ in range(3)]

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0003")
        await press(pilot, "space space")
        assert [run.name[-1] for run in table(pilot).marked] == ["3", "2"]
        assert screen(pilot).count("┃") == 2
        await press(pilot, "d")
        await sees(pilot, "Delete 2 runs?")
        await press(pilot, "y")
        await until(pilot, lambda: listed(pilot) == ["1"])
        assert [folder.path.exists() for folder in folders] == [True, False, False]
        await until(pilot, lambda: "2 runs are deleted" in toasts(pilot))
        await press(pilot, "u")
        await until(pilot, lambda: listed(pilot) == ["3", "2", "1"])
        assert table(pilot).marked == ()
        await press(pilot, "u")
        await until(pilot, lambda: "the trash is empty" in toasts(pilot))

    drive(app, script)


def test_a_marks_all_or_none_and_only_what_can_be_deleted_is(
    app: WorkbenchApp, record: Record, living: LivingRun
) -> None:
    ended = [record(FINISHED), record(FAILED)]

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0003")
        await press(pilot, "a")
        assert len(table(pilot).marked) == 3
        await press(pilot, "a")
        assert table(pilot).marked == ()
        await press(pilot, "a s")
        await sees(pilot, f"Stop {living.folder.name}?")
        await press(pilot, "y")
        await until(pilot, living.requests)
        assert isinstance(living.requests()[0], control.Stop)
        await press(pilot, "d")
        await sees(pilot, "Delete 2 runs?")
        await press(pilot, "y")
        await until(pilot, lambda: not any(folder.path.exists() for folder in ended))
        assert living.folder.path.exists()

    drive(app, script)


def test_what_is_old_leaves_the_trash_when_the_workbench_opens(
    app: WorkbenchApp, record: Record
) -> None:
    old, new = record(FINISHED), record(FINISHED)
    trash.put(old, when_ns=1)
    trash.put(new)
    there = trash_dir(app.session.checkpoints)

    async def script(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: [path.name for path in there.iterdir()] == [new.name])

    drive(app, script)


def test_a_wide_screen_shows_the_course_of_the_watched_metric(
    app: WorkbenchApp, record: Record
) -> None:
    record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "▂▁▁▁")

    drive(app, script, LARGE)


def test_of_many_runs_only_those_in_sight_are_drawn_and_the_cursor_keeps_its_run(
    app: WorkbenchApp, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = Listing(record(FINISHED).path.parent).read()[0]
    runs = tuple(
        replace(template, folder=RunFolder(template.folder.path.parent / f"many-{number:04d}"))
        for number in range(1000)
    )
    drawn: list[str] = []
    line = RunLines.line

    def noted(lines: RunLines, run: RunSummary, **options: Any) -> Content:
        drawn.append(run.name)
        return line(lines, run, **options)

    monkeypatch.setattr(RunLines, "line", noted)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        monkeypatch.setattr(app.session.listing, "read", lambda: list(runs[::-1]))
        await sees(pilot, "many-0999")
        await press(pilot, "end up")
        assert table(pilot).chosen == runs[1]
        assert "many-0000" in screen(pilot)
        assert "name" in screen(pilot)
        drawn.clear()
        await press(pilot, "O space")
        assert table(pilot).chosen == runs[2]
        assert "┃" in screen(pilot)
        await press(pilot, "slash")
        await pilot.press(*"many-000")
        await sees(pilot, "10 of 1,000")
        assert table(pilot).chosen == runs[2]
        assert len(set(drawn)) < 100
        await pilot.click(RunsTable, offset=(5, 1))
        assert table(pilot).chosen == runs[0]
        await pilot.click(RunsTable, offset=(5, 0))
        await pilot.click(RunsTable, offset=(5, 30))
        assert table(pilot).chosen == runs[0]

    drive(app, script, (80, 40))


def test_a_run_that_goes_away_leaves_the_cursor_on_the_next_one(
    app: WorkbenchApp, record: Record
) -> None:
    for _ in range(3):
        record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0003")
        await press(pilot, "down d y")
        await until(pilot, lambda: listed(pilot) == ["3", "1"])
        chosen = table(pilot).chosen
        assert chosen is not None
        assert chosen.name == "lessons-count-0001"

    drive(app, script)


def backgrounds(pilot: Pilot[None]) -> dict[str, str]:
    """Behind the name of each run on the screen."""
    strips = pilot.app.screen._compositor.render_strips()
    pieces = [(strip.text, str(next(iter(strip.crop(6, 7))).style.bgcolor)) for strip in strips]
    return {text.split()[0]: colour for text, colour in pieces if "finished" in text}


def test_the_run_under_the_cursor_stands_out(app: WorkbenchApp, record: Record) -> None:
    first, second, third = (record(FINISHED).name for _ in range(3))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, third)
        for key, under in (("down", second), ("down", first), ("home", third)):
            await press(pilot, key)
            found = backgrounds(pilot)
            others = {colour for name, colour in found.items() if name != under}
            assert len(found) == 3
            assert len(others) == 1
            assert found[under] not in others

    drive(app, script)


def test_a_low_screen_shows_more_runs_than_parts_of_the_page(app: WorkbenchApp, record: Record) -> None:
    for _ in range(7):
        record()

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "-0007")
        shown = screen(pilot)
        assert sum(f"-000{number} " in line for line in shown.splitlines() for number in range(8)) >= 6

    drive(app, script, size=(40, 12))


def test_the_cursor_is_seen_in_the_terminals_own_colours(app: WorkbenchApp, record: Record) -> None:
    record(FINISHED)
    record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.theme = TERMINAL.name
        await press(pilot, "2 j")
        await sees(pilot, "✓ finished")
        lines = [table(pilot).render_line(row + 1) for row in range(2)]
        assert [{bool(part.style and part.style.reverse) for part in line} for line in lines] == [
            {False},
            {True},
        ]

    drive(app, script)
