"""A worker that has torch loaded, for commands that may have to import a recipe first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from workbench import schema as schemas
from workbench.catalog import RecipeInfo
from workbench.cli.arguments import assignments
from workbench.errors import UsageError
from workbench.workers.launch import NAN_POLICY, nan_policy
from workbench.workers.standby import Standby


@contextmanager
def warm(recipes: Sequence[RecipeInfo]) -> Iterator[Standby]:
    """A standby where a recipe has to be imported first, so that torch is loaded once and not twice.

    Where their parameters are known already it stays unstarted, and workers start cold.
    """
    standby = Standby()
    if any(not recipe.error and schemas.cached(recipe) is None for recipe in recipes):
        standby.start()
    try:
        yield standby
    finally:
        standby.close()


def values(
    words: Sequence[str], on_nan: str | None, recipe: RecipeInfo, standby: Standby
) -> dict[str, str]:
    """The values of a call: its `name=value` words, and what `--on-nan` says.

    Raises:
        UsageError: naming every word that is none, and what is given twice.
    """
    given = assignments(words)
    if on_nan is None:
        return given
    if NAN_POLICY in given:
        raise UsageError(f"{NAN_POLICY} is given twice: as a parameter and with --on-nan")
    return {**given, **nan_policy(recipe, on_nan, standby)}
