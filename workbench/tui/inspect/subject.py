"""What is to be looked into; loads nothing, since every screen names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.runs.folder import RunFolder


@dataclass(frozen=True)
class Subject:
    """A run's checkpoint, or a recipe's untrained network.

    Attributes:
        folder: the run's; None for a recipe.
        checkpoint: its file; empty for the newest one that there is.
        recipe_file: of the recipe, where there is no run.
    """

    name: str
    folder: RunFolder | None = None
    checkpoint: str = ""
    recipe_file: str = ""
