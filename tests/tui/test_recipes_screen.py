"""Finding recipes and reading about them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from rich.console import RenderableType
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from workbench.catalog import Catalog, discover
from workbench.errors import UsageError
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.recipe_list import RecipeList
from workbench.tui.widgets.recipe_page import reflowed
from workbench.tui.widgets.recipe_reader import RecipeReader
from workbench.workers.standby import Standby

from .driving import LARGE, SMALL, drive, press, screen, sees, until


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_topics_and_recipes_are_listed_with_their_number(
    app: WorkbenchApp, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  4")
        assert "✗ broken" in screen(pilot)
        assert "! needs" in screen(pilot)
        assert "? help" in screen(pilot)
        assert "q leave" in screen(pilot)

    drive(app, script, size)


def test_typing_narrows_the_list_and_escape_gives_all_back(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  4")
        await press(pilot, "slash l e s s space c o u")
        await sees(pilot, "lessons  1")
        assert "broken" not in screen(pilot)
        await press(pilot, "enter")
        assert isinstance(app.focused, RecipeList)
        await press(pilot, "slash escape")
        assert app.screen.query_one(Input).value == "less cou"
        await press(pilot, "escape")
        await sees(pilot, "lessons  4")

    drive(app, script)


def test_a_filter_that_matches_nothing_says_so(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  4")
        await press(pilot, "slash z z z")
        await sees(pilot, "no recipe matches")
        await press(pilot, "enter enter")  # nothing to launch: nothing happens
        assert "no recipe matches" in screen(pilot)

    drive(app, script)


def test_a_page_shows_text_and_title_without_obeying_markup(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "count")
        await sees(pilot, "Counts [b]slowly[/b].")
        assert "Goes from one to the end and logs what it" in screen(pilot)

    drive(app, script)


def test_a_broken_recipe_shows_its_error_and_the_others_work(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "broken")
        await sees(pilot, "broken: line 1: expected ':'")
        await press(pilot, "enter")
        await sees(pilot, "lessons/broken is no recipe: line 1")
        await press(pilot, "escape")
        await choose(pilot, "count")
        await sees(pilot, "Counts")

    drive(app, script)


def test_a_missing_module_comes_with_the_command_that_installs_it(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "needs")
        await sees(pilot, "not installed: no_such_module")
        assert "pip install no-such-module" in screen(pilot)
        assert "Needs ␛[31mwhat nobody has." in screen(pilot)

    drive(app, script, LARGE)


def test_past_runs_stand_on_the_page_and_the_newest_opens(
    app: WorkbenchApp, record: Callable[..., RunFolder]
) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "count")
        await until(pilot, lambda: app.session.runs)
        await press(pilot, "space")
        await sees(pilot, "✓ lessons-count-0001")
        await press(pilot, "o")
        await sees(pilot, "1 Curves")

    drive(app, script)


def test_a_recipe_that_appears_is_found_on_reload(tmp_path: Path, checkpoints: Path) -> None:
    app = WorkbenchApp(checkpoints, [tmp_path], standby=Standby())

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "images")
        (tmp_path / "mine.py").write_text('"""Mine."""\nclass Mine(Recipe): ...\n')
        await press(pilot, "R")
        await sees(pilot, "  mine")

    drive(app, script, size=LARGE)  # the list of recipes goes on growing


def test_a_folder_that_is_none_is_told_and_the_app_lives(checkpoints: Path) -> None:
    app = WorkbenchApp(checkpoints, [Path("/nowhere/at/all")], standby=Standby())

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "is no folder of recipes")
        await press(pilot, "2")
        await sees(pilot, "no runs yet")

    drive(app, script)


def discovered(checkpoints: Path, recipes: Path, found: Future[Catalog]) -> WorkbenchApp:
    return WorkbenchApp(checkpoints, [recipes], standby=Standby(), discovered=found)


def test_recipes_that_are_known_already_stand_in_the_first_picture(
    checkpoints: Path, recipes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: Future[Catalog] = Future()
    found.set_result(Catalog(tuple(r for r in discover([recipes]) if r.name == "count")))
    app = discovered(checkpoints, recipes, found)
    pictures: list[int] = []
    draw = WorkbenchApp._display

    def noting(self: WorkbenchApp, shown: Screen[object], update: RenderableType | None) -> None:
        if update is not None and not self._batch_count:
            pictures.append(shown.query_one(RecipeList).option_count)
        draw(self, shown, update)

    monkeypatch.setattr(WorkbenchApp, "_display", noting)
    gc.disable()

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  1")
        await sees(pilot, "Counts [b]slowly[/b]")
        await until(pilot, gc.isenabled, "the collector of garbage")
        await press(pilot, "R")  # and later they are looked for again
        await sees(pilot, "lessons  4")

    try:
        drive(app, script)
    finally:
        gc.enable()
        gc.unfreeze()
    assert pictures[0] == 2


def test_recipes_that_are_still_looked_for_come_later_and_so_does_a_fault(
    checkpoints: Path, recipes: Path
) -> None:
    found: Future[Catalog] = Future()

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "? help")
        assert "lessons" not in screen(pilot)
        found.set_exception(UsageError("there is no folder of recipes", "give another"))
        await sees(pilot, "there is no folder of recipes")

    drive(discovered(checkpoints, recipes, found), script)


def test_paragraphs_are_joined_but_lists_blocks_and_headings_stay_lines() -> None:
    text = "One\ntwo.\n\n- a\n- b\n\nData: x\ny.\nResult: z\n\n    code\n    more"
    assert reflowed(text) == "One two.\n\n- a\n- b\n\nData: x y.\nResult: z\n\n    code\n    more"


async def choose(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on a recipe by filtering for it."""
    await until(pilot, lambda: pilot.app.screen.query_one(RecipeList).chosen, "the recipes")
    pilot.app.screen.query_one(Input).value = f"lessons/{name}"
    await sees(pilot, "lessons  1")
    pilot.app.screen.query_one(RecipeList).focus()
    await pilot.pause()


def test_a_tiny_terminal_has_the_list_alone(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  4")
        assert not app.screen.query_one(RecipeReader).display
        assert app.screen.query_one(RecipeList).size.width > 36
        assert not app.screen.check_action("view", ())

    drive(app, script, size=(40, 12))


def test_letters_in_one_burst_with_the_slash_reach_the_filter(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  4")
        for key in ("slash", "b", "r", "o", "slash"):
            app.post_message(Key(key, "/" if key == "slash" else key))
        await until(pilot, lambda: app.screen.query_one(Input).value == "bro/")

    drive(app, script)
