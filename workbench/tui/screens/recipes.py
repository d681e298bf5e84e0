"""The first screen: recipes at the left, the page of the one under the cursor at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from workbench import schema as schemas
from workbench.catalog import Catalog, RecipeInfo, discover
from workbench.errors import WorkbenchError
from workbench.schema import Schema
from workbench.tui import keys
from workbench.tui.copies import Copy, of_recipe
from workbench.tui.inspect.subject import Subject
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.widgets.filter_line import FilterLine
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.recipe_list import RecipeList
from workbench.tui.widgets.recipe_page import RecipePage
from workbench.tui.widgets.recipe_reader import RecipeReader
from workbench.tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from workbench.runs.listing import RunSummary
    from workbench.tui.session import Runs
    from workbench.workers.standby import Standby


class RecipesScreen(WorkbenchScreen[None]):
    """Find a recipe, read about it, launch it."""

    DEFAULT_CSS = """
    RecipesScreen {
        #finder {
            width: 34;
            border-right: vkey $border-blurred;
            padding: 1 0 0 0;
        }
        #finder Input {
            margin: 0 1 1 1;
            background: $background;
        }
        #finder Input:focus { background: $panel; }
        RecipeReader { width: 1fr; }
        RecipePage { padding: 1 2 0 2; }
        &.-wide #finder { width: 44; }
        &.-tiny RecipeReader { display: none; }
        &.-tiny #finder { width: 1fr; border-right: none; padding: 0; }
        &.-tiny #finder Input { margin: 0 1; }
    }
    """
    BINDINGS = keys.bindings("recipes")
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (120, "-wide")]
    AUTO_FOCUS = "RecipeList"

    @dataclass
    class CatalogRead(Message):
        """The recipes that there are."""

        catalog: Catalog

    @dataclass
    class SchemaRead(Message):
        """What is known of a recipe's parameters: from the cache, or from a standby that is ready."""

        recipe: RecipeInfo
        schema: Schema | None

    def __init__(self) -> None:
        super().__init__()
        self._catalog: Catalog | None = None  # until it was read
        self._schema: Schema | None = None
        self._is_painted = False

    def compose(self) -> ComposeResult:
        yield TopLine("Recipes")
        with Horizontal():
            with Vertical(id="finder"):
                yield FilterLine(f"{keys.shown_for('recipes.filter')} to filter")
                yield RecipeList()
            yield RecipeReader()
        yield KeyLine()

    def on_mount(self) -> None:
        self.session.runs_changed.subscribe(self, self._runs_changed)
        self.session.standby_ready.subscribe(self, lambda _: self.on_screen_resume())
        self._take_discovered()
        self.workbench.call_after_refresh(self._painted)

    def _painted(self) -> None:
        """The first picture stands: threads no longer hold it up."""
        self._is_painted = True
        recipe = self.query_one(RecipeList).chosen
        if recipe is not None:
            self._read_schema(recipe)

    def _take_discovered(self) -> None:
        """The recipes that were looked for while the program loaded, at once if they are there."""
        found, self.session.discovered = self.session.discovered, None
        if found is None:
            self.action_reload()
        elif found.done() and found.exception() is None:
            self._take(found.result())
        else:
            self.in_thread(lambda: self.CatalogRead(found.result()), "catalog")

    def on_screen_resume(self) -> None:
        self._runs_changed(self.session.runs)
        recipe = self.query_one(RecipeList).chosen
        if recipe is not None:  # the form may have read its parameters meanwhile
            self._read_schema(recipe)
        self.query_one(RecipeReader).go_on()

    def on_screen_suspend(self) -> None:
        self.query_one(RecipeReader).stop()

    def action_reload(self) -> None:
        folders = self.session.recipe_dirs
        self.in_thread(lambda: self.CatalogRead(discover(folders)), "catalog")

    def on_recipes_screen_catalog_read(self, message: CatalogRead) -> None:
        self._take(message.catalog)

    def _take(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._fill()

    def on_workbench_screen_refused(self, message: WorkbenchScreen.Refused) -> None:
        """The recipes cannot be read."""
        self.query_one(RecipeReader).say(message.error)

    def on_input_changed(self) -> None:
        self._fill()

    def action_to_list(self) -> None:
        self._fill()  # the message of the last letter may still be under way
        self.set_focus(self.query_one(RecipeList))

    def _fill(self) -> None:
        if self._catalog is not None:
            self.query_one(RecipeList).fill(self._catalog, self.query_one(Input).value)

    def on_recipe_list_chosen(self, message: RecipeList.Chosen) -> None:
        self._schema = None
        self._show_page()
        if message.recipe is not None:
            self._read_schema(message.recipe)

    def _read_schema(self, recipe: RecipeInfo) -> None:
        if not self._is_painted:
            return
        standby = self.session.standby
        self.in_thread(lambda: self.SchemaRead(recipe, _known(recipe, standby)), "schema")

    def on_recipes_screen_schema_read(self, message: SchemaRead) -> None:
        if message.recipe == self.query_one(RecipeList).chosen:
            self._schema = message.schema
            self._show_page()

    def _runs_changed(self, runs: Runs) -> None:
        if not self.is_current:
            return
        self.query_one(TopLine).count(runs, self.session.fault)
        self._show_page()

    def _show_page(self) -> None:
        recipe = self.query_one(RecipeList).chosen
        if self._catalog is None:
            return
        self.query_one(RecipeReader).show(recipe, self._schema, self._runs_of(recipe))
        self.refresh_bindings()

    def _runs_of(self, recipe: RecipeInfo | None) -> list[RunSummary]:
        wanted = "" if recipe is None else recipe.id
        return [run for run in self.session.runs if run.manifest.recipe.id == wanted]

    def on_recipe_list_launch_asked(self, message: RecipeList.LaunchAsked) -> None:
        self.workbench.show_launch(message.recipe)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What there is: a page where it has room, the newest run, the filter while it is not used."""
        if action == "filter":
            return self.focused is not self.query_one(Input)
        if action == "show_all":
            return bool(self.query_one(Input).value)
        if action in {"view", "page"}:
            return self.query_one(RecipeReader).display
        if action == "along":
            return self.query_one(RecipePage).has_class("-code")
        if action == "inspect":
            recipe = self.query_one(RecipeList).chosen
            trains = recipe is not None and recipe.kind.endswith("Training")
            return trains and recipe is not None and not (recipe.error or recipe.missing)
        if action == "open_run":
            return bool(self._runs_of(self.query_one(RecipeList).chosen))
        return super().check_action(action, parameters)

    def copies(self) -> list[Copy]:
        recipe = self.query_one(RecipeList).chosen
        return [] if recipe is None else of_recipe(recipe)

    def action_open_run(self) -> None:
        runs = self._runs_of(self.query_one(RecipeList).chosen)
        if runs:
            self.workbench.show_run(runs[0].folder)

    def action_inspect(self) -> None:
        recipe = self.query_one(RecipeList).chosen
        if recipe is not None:
            self.workbench.show_inspect(Subject(recipe.id, recipe_file=str(recipe.file)))

    def action_filter(self) -> None:
        self.set_focus(self.query_one(Input))

    def action_page(self, direction: int) -> None:
        self.query_one(RecipeReader).page(direction)

    def action_along(self, direction: int) -> None:
        page = self.query_one(RecipePage)
        page.scroll_relative(x=direction * max(page.size.width // 2, 1), animate=False)

    def action_view(self) -> None:
        self.query_one(RecipeReader).turn()
        self.refresh_bindings()

    def action_show_all(self) -> None:
        self.query_one(Input).value = ""
        self.refresh_bindings()


def _known(recipe: RecipeInfo, standby: Standby | None) -> Schema | None:
    """The parameters if they can be told within a moment; None where torch would have to be loaded."""
    if recipe.error or recipe.missing:
        return None
    if standby is None or not standby.ready:
        return schemas.cached(recipe)
    from workbench.workers.launch import schema_of  # noqa: PLC0415 - after the first screen

    try:
        return schema_of(recipe, standby)
    except WorkbenchError as fault:
        return Schema(error=fault.title, remedy=fault.remedy)
