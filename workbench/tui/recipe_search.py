"""The recipes that match what is typed, best first, and their lines in the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

from workbench.catalog import RecipeInfo
from workbench.fuzzy import Hit, search
from workbench.tui.text import ACCENT, BAD, MUTED, STRONG, WARNING, content, joined

FOUND = f"{STRONG} {ACCENT}"
_BEFORE_FOUND = 8  # characters of a text that stand before what was found in it
_MOST_OF_TEXT = 60


@dataclass(frozen=True)
class Found:
    """A recipe that matches, and where: in its id, its title, its text."""

    recipe: RecipeInfo
    hit: Hit


def found(recipes: Iterable[RecipeInfo], wanted: str) -> dict[str, list[Found]]:
    """Matching recipes by topic; where something is wanted, the best topic and recipe first."""
    hits = [
        Found(recipe, hit)
        for recipe in recipes
        if (hit := search(wanted, recipe.id, (recipe.title, _body(recipe))))
    ]
    hits.sort(
        key=lambda one: -one.hit.score
    )  # stable: in the catalogue's order where all score nothing
    by_topic: dict[str, list[Found]] = {}
    for one in hits:
        by_topic.setdefault(one.recipe.topic, []).append(one)
    return by_topic


def line(one: Found) -> Content:
    """A recipe's name, what was found in it emphasised; behind it the text that was found instead."""
    recipe = one.recipe
    offset = len(recipe.id) - len(recipe.name)
    name = emphasised(recipe.name, [at - offset for at in one.hit.at[0] if at >= offset])
    return joined(_sign(recipe), name, _elsewhere(one))


def emphasised(text: str, at: Iterable[int], style: str = "") -> Content:
    """`text`, the characters at some indices set apart."""
    wanted = set(at)
    if not wanted:
        return content(text, style)
    return joined(*(content(char, FOUND if i in wanted else style) for i, char in enumerate(text)))


def _sign(recipe: RecipeInfo) -> Content:
    if recipe.error:
        return Content.styled("✗ ", BAD)
    return Content.styled("! ", WARNING) if recipe.missing else Content("  ")


def _elsewhere(one: Found) -> Content:
    """The piece of title or text in which a word was found that the id lacks."""
    for text, at in zip((one.recipe.title, _body(one.recipe)), one.hit.at[1:], strict=True):
        if at:
            return joined(Content("  "), _piece(text, at))
    return Content("")


def _piece(text: str, at: Sequence[int]) -> Content:
    begin = max(at[0] - _BEFORE_FOUND, 0)
    piece = text[begin : begin + _MOST_OF_TEXT]
    dots = Content.styled("…" if begin else "", MUTED)
    return joined(dots, emphasised(piece, [i - begin for i in at if i - begin < len(piece)], MUTED))


def _body(recipe: RecipeInfo) -> str:
    return recipe.doc.partition("\n")[2].replace("\n", " ")
