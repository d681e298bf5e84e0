"""Every recipe that comes with the workbench rehearses, and its page tells what it has to.

That none is missing is looked at in tests/docs/test_catalogue_page.py.
"""

from __future__ import annotations

import pytest

from tests.recipes.quick import QUICK
from workbench.catalog import RecipeInfo, discover
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

RECIPES = list(discover())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
def test_a_recipe_is_sound_and_rehearses(recipe: RecipeInfo, standby: Standby) -> None:
    assert not recipe.error and not recipe.missing
    report = launch.rehearse(Order(recipe, QUICK.get(recipe.id, {}), device="cpu"), standby)
    assert "step" in report


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
def test_a_recipe_says_what_a_reader_needs(recipe: RecipeInfo) -> None:
    for heading in ("Data:", "Result:", "Time:", "Look at:", "Source:"):
        assert heading in recipe.doc or heading.lower() in recipe.doc, heading
