"""What can be copied from a screen: names, paths, values, and commands that go on from there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.catalog import RecipeInfo
from workbench.params import Value

if TYPE_CHECKING:
    from workbench.runs.folder import Manifest, RunFolder
    from workbench.runs.state import Status


@dataclass(frozen=True)
class Copy:
    """A text, and what it is."""

    label: str
    text: str


def of_recipe(recipe: RecipeInfo) -> list[Copy]:
    """A recipe's id, file and commands."""
    copies = [
        Copy("id", recipe.id),
        Copy("file", str(recipe.file)),
        Copy("run it", f"workbench run {shlex.quote(recipe.id)}"),
    ]
    return copies + ([Copy("install what it needs", recipe.remedy)] if recipe.missing else [])


def of_run(
    folder: RunFolder, status: Status, manifest: Manifest | None, values: Mapping[str, Value]
) -> list[Copy]:
    """A run's name, place, commands, parameters and best value."""
    return [
        Copy("name", folder.name),
        Copy("folder", str(folder.path)),
        *_commands(folder, status, manifest, values),
        *([Copy("why it ended", status.reason)] if status.reason else []),
        *([Copy(f"best {status.best.metric}", repr(status.best.value))] if status.best else []),
        *(Copy(name, _word(value)) for name, value in values.items()),
    ]


def _commands(
    folder: RunFolder, status: Status, manifest: Manifest | None, values: Mapping[str, Value]
) -> Iterator[Copy]:
    place = f"--checkpoints {shlex.quote(str(folder.path.parent))}"
    way = ("resume it", "resume") if status.state.ended else ("watch it", "watch")
    yield Copy(way[0], f"workbench {way[1]} {shlex.quote(folder.name)} {place}")
    if manifest is not None:
        given = " ".join(shlex.quote(f"{name}={_word(value)}") for name, value in values.items())
        yield Copy("run the like", f"workbench run {shlex.quote(manifest.recipe.id)} {given}".rstrip())


def _word(value: Value) -> str:
    """A value as the command line takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
