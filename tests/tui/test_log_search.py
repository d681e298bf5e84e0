"""Searching the log on a run's page."""

from __future__ import annotations

from collections.abc import Callable

from textual.pilot import Pilot
from textual.widgets import Input

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.log_page import LogPage
from workbench.tui.widgets.log_view import LogView

from .driving import LARGE, drive, press, screen, sees, until

Record = Callable[..., RunFolder]
FINISHED = events.Finished(time=9.0, step=60)


def marked(app: WorkbenchApp, kind: str = "current") -> list[str]:
    """The texts that stand out as found."""
    view = app.screen.query_one(LogView)
    style = view.get_component_rich_style(f"log-view--{kind}")
    strips = [view.render_line(y) for y in range(view.size.height)]
    return [segment.text for strip in strips for segment in strip if segment.style == style]


def test_searching_finds_goes_round_and_leaves(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)
    extra = "".join(f"step {step} [b]Loss\x1b[0m {1 / step:.3f}, loss\n" for step in range(1, 18))
    folder.output_file.write_text(extra + "last line\n" + "more\n" * 60)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "3")
        await sees(pilot, "/ search")
        await pilot.press("slash", *"[B]L")
        await sees(pilot, "not found")
        await press(pilot, "backspace backspace backspace backspace")
        await pilot.press(*"[b]loss")
        await sees(pilot, "17 of 17")
        assert marked(app) == ["[b]Loss"]
        await press(pilot, "enter n")
        await sees(pilot, "1 of 17")
        assert "step 1 [b]Loss␛[0m 1.000, loss" in screen(pilot)
        assert set(marked(app, "match")) == {"[b]Loss"}
        await press(pilot, "N N")
        await sees(pilot, "16 of 17")
        assert "n next" in screen(pilot)
        assert "esc end search" in screen(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, RunScreen)
        assert "16 of 17" not in screen(pilot)
        assert marked(app) == []
        await press(pilot, "escape")
        await until(pilot, lambda: not isinstance(app.screen, RunScreen))

    drive(app, script)


def test_what_was_not_read_of_a_long_log_is_searched_too_while_lines_come(
    app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)
    folder.output_file.write_text("the needle\n" + "".join(f"line {i}\n" for i in range(60_000)))

    def write(line: str) -> None:
        with folder.output_file.open("a") as log:
            log.write(f"{line}\n")

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "3")
        await sees(pilot, "line 59999")
        await pilot.press("slash", *"needle")
        await sees(pilot, "1 of 1")
        assert "the needle" in screen(pilot)
        write("another needle")
        await sees(pilot, "1 of 2")
        assert "the needle" in screen(pilot)
        await press(pilot, "enter n")
        await sees(pilot, "another needle")
        write("not followed")
        view = app.screen.query_one(LogView)
        await until(pilot, lambda: view.lines[-1] == "not followed")
        assert "not followed" not in screen(pilot)
        assert len(view.lines) == 60_003
        await press(pilot, "G")
        await sees(pilot, "not followed")
        write("followed")
        await sees(pilot, " followed")

    drive(app, script)


def test_a_match_far_along_a_line_is_brought_into_sight(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)
    folder.output_file.write_text("x" * 500 + "needle" + "y" * 500 + "\nneedle\n")

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "3")
        await pilot.press("slash", *"needle")
        await sees(pilot, "xneedley")
        await press(pilot, "enter n")
        await until(pilot, lambda: marked(app) == ["needle"])
        assert app.screen.query_one(LogView).scroll_offset.x == 0

    drive(app, script)


def test_an_empty_search_ends_and_one_is_kept_while_other_tabs_are_looked_at(
    app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "3 slash enter")
        assert not app.screen.query_one(LogPage).searching
        assert isinstance(app.focused, LogView)
        await press(pilot, "slash m o r e tab 3")
        await sees(pilot, " of 50")
        assert isinstance(app.focused, LogView)
        await press(pilot, "slash")
        assert isinstance(app.focused, Input)
        assert app.focused.selected_text == "more"

    drive(app, script, LARGE)
