"""Topics and their recipes, with how many there are; what is typed narrows them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.catalog import Catalog, RecipeInfo
from workbench.tui import keys
from workbench.tui.text import BAD, MUTED, STRONG, WARNING, content, joined


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

    @property
    def chosen(self) -> RecipeInfo | None:
        """The recipe under the cursor."""
        option = self.highlighted_option
        return None if option is None else self._recipes.get(option.id or "")

    def fill(self, catalog: Catalog, wanted: str = "") -> None:
        """Show the recipes that match; the cursor stays on its recipe where that is still shown."""
        before = self.chosen
        shown = [recipe for recipe in catalog if _matches(recipe, wanted)]
        self._recipes = {recipe.id: recipe for recipe in shown}
        self.set_options(_options(Catalog(tuple(shown))))
        ids = [option.id for option in self.options]
        kept = before.id if before is not None and before.id in self._recipes else None
        first = shown[0].id if shown else None
        self.highlighted = ids.index(kept or first) if shown else None
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


def _matches(recipe: RecipeInfo, wanted: str) -> bool:
    """Every word typed is somewhere in the recipe's id or title."""
    text = f"{recipe.id} {recipe.title}".lower()
    return all(word in text for word in wanted.lower().split())


def _options(catalog: Catalog) -> Iterable[Option]:
    for index, (topic, recipes) in enumerate(catalog.topics().items()):
        if index:
            yield Option(Content(""), disabled=True)
        heading = joined(content(topic, STRONG), Content.styled(f"  {len(recipes)}", MUTED))
        yield Option(heading, disabled=True)
        for recipe in recipes:
            yield Option(_line(recipe), id=recipe.id)


def _line(recipe: RecipeInfo) -> Content:
    if recipe.error:
        return joined(Content.styled("✗ ", BAD), content(recipe.name))
    if recipe.missing:
        return joined(Content.styled("! ", WARNING), content(recipe.name))
    return joined(Content("  "), content(recipe.name))
