"""Topics and their recipes, with how many there are; what is typed narrows them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.catalog import Catalog, RecipeInfo
from workbench.tui import keys
from workbench.tui.recipe_search import Found, found, line
from workbench.tui.text import MUTED, STRONG, content, joined


class RecipeList(OptionList):
    """One line a recipe under the heading of its topic; broken ones are marked."""

    DEFAULT_CSS = """
    RecipeList {
        height: 1fr;
        border: none;
        padding: 0;
        background: $background;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        scrollbar-gutter: auto;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background-tint: $foreground 0%; }
        & > .option-list--option { padding: 0 1; }
        & > .option-list--option-disabled { color: $foreground; }
    }
    """
    BINDINGS = keys.bindings("recipes.launch")

    @dataclass
    class Chosen(Message):
        """The cursor stands on a recipe, or on none because none matches."""

        recipe: RecipeInfo | None

    @dataclass
    class LaunchAsked(Message):
        """The user wants to launch a recipe."""

        recipe: RecipeInfo

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._recipes: Mapping[str, RecipeInfo] = {}
        self._wanted = ""

    @property
    def chosen(self) -> RecipeInfo | None:
        """The recipe under the cursor."""
        option = self.highlighted_option
        return None if option is None else self._recipes.get(option.id or "")

    def fill(self, catalog: Catalog, wanted: str = "") -> None:
        """Show the recipes that match, the best first.

        The cursor goes to the best of what is newly wanted; else it stays on its recipe where it can.
        """
        before, is_new = self.chosen, bool(wanted.strip()) and wanted != self._wanted
        self._wanted = wanted
        by_topic = found(catalog, wanted)
        shown = [one.recipe for group in by_topic.values() for one in group]
        self._recipes = {recipe.id: recipe for recipe in shown}
        self.set_options(_options(by_topic))
        ids = [option.id for option in self.options]
        kept = before.id if before is not None and before.id in self._recipes else None
        first = shown[0].id if shown else None
        self.highlighted = ids.index(first if is_new else kept or first) if shown else None
        if not shown:
            self.post_message(self.Chosen(None))

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        message.stop()
        recipe = self._recipes.get(message.option_id or "")
        if recipe is not None and recipe == self.chosen:  # not one that was passed by meanwhile
            self.post_message(self.Chosen(recipe))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        recipe = self._recipes.get(message.option_id or "")
        if recipe is not None:
            self.post_message(self.LaunchAsked(recipe))


def _options(by_topic: Mapping[str, Sequence[Found]]) -> Iterable[Option]:
    for index, (topic, group) in enumerate(by_topic.items()):
        if index:
            yield Option(Content(""), disabled=True)
        heading = joined(content(topic, STRONG), Content.styled(f"  {len(group)}", MUTED))
        yield Option(heading, disabled=True)
        for one in group:
            yield Option(line(one), id=one.recipe.id)
