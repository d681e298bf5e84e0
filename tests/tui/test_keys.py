"""The table of keys, and what derives from it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from textual.pilot import Pilot

from workbench.tui import theme
from workbench.tui.app import WorkbenchApp
from workbench.tui.key_table import GROUPS, KEYS
from workbench.tui.screens.help import help_text

from .driving import drive, press, screen, sees, toasts, until


def test_ids_are_unique_and_every_group_has_a_heading() -> None:
    assert max(Counter(key.id for key in KEYS).values()) == 1
    assert {key.group for key in KEYS} == set(GROUPS)


def test_the_help_lists_every_key_and_what_is_good_here_first() -> None:
    text = help_text({"runs.open"}).plain
    assert all(key.help in text for key in KEYS)
    assert text.startswith("The list of runs")


def test_keys_that_browsers_keep_for_themselves_are_told_with_another_way() -> None:
    kept = {"ctrl+t", "ctrl+w", "ctrl+n", "ctrl+tab", "ctrl+shift+tab", "ctrl+pageup", "ctrl+pagedown"}
    ours = {key.id for key in KEYS if kept & set(key.key.split(","))}
    assert ours == {"launch.turn_values"}
    assert "`launch.turn_values`" in (Path(__file__).parents[2] / "README.md").read_text()


def test_help_opens_scrolls_and_closes(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "question_mark")
        await sees(pilot, "type to show only the recipes that match")
        await press(pilot, "G")
        await sees(pilot, "close it too")
        await press(pilot, "question_mark")
        await sees(pilot, "1 Recipes")
        assert "close it too" not in screen(pilot)

    drive(app, script)


def test_ctrl_c_tells_how_to_leave_and_q_leaves(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+c")
        await until(pilot, lambda: "q leaves the workbench" in toasts(pilot))
        assert app.is_running
        await press(pilot, "q")
        assert not app.is_running

    drive(app, script)


def test_letters_typed_into_the_filter_are_no_commands(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "slash q 2 t")
        await sees(pilot, "q2t")
        assert app.is_running

    drive(app, script)


def test_the_theme_changes(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        assert app.theme == theme.DARK.name
        for name in ("light", "terminal", "colour-blind", "dark"):
            await press(pilot, "t")
            assert app.theme == theme.THEMES[name].name

    drive(app, script)


def test_the_palette_offers_what_the_keys_do(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p")
        await pilot.press(*"look for rec")
        await sees(pilot, "Look for recipes again")

    drive(app, script)


def test_long_lines_of_the_help_go_on_below_their_beginning() -> None:
    width = 40
    lines = help_text({"runs.open"}, width).plain.splitlines()
    assert max(map(len, lines)) <= width
    at = next(index for index, line in enumerate(lines) if line.startswith("     /  show only some"))
    assert lines[at + 1].startswith(" " * 8 + "state:failed")


def test_the_help_has_a_footer_of_its_own(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "question_mark")
        await sees(pilot, "type to show only the recipes that match")
        footer = screen(pilot).splitlines()[-1]
        assert "esc back" in footer
        assert "launch" not in footer

    drive(app, script)
