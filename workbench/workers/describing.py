"""What importing a recipe tells, as data."""

from __future__ import annotations

from pathlib import Path

from workbench.schema import Schema
from workbench.workers.loading import RecipeError, load


def describe_recipe(file: Path) -> Schema:
    """The parameters of the recipe in `file`, or why it cannot be imported."""
    try:
        recipe = load(file)
    except RecipeError as fault:
        return Schema(error=fault.title, remedy=fault.remedy, traceback=fault.trace)
    mode = recipe.monitor_mode if recipe.monitor else ""
    return Schema(
        recipe.Params.parameters, recipe.monitor, mode, marks=recipe.marks, within_s=recipe.within_s
    )
