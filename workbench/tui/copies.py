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
    from workbench.tuning.study import Plan, StudyFolder
    from workbench.tuning.trials import TrialRecord


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


def of_study(folder: StudyFolder, plan: Plan, best: TrialRecord | None) -> list[Copy]:
    """A study's name, place and commands, and the best trial's parameters as a run of their own."""
    place = shlex.quote(str(folder.run.path.parent))
    name = shlex.quote(folder.name)
    copies = [
        Copy("name", folder.name),
        Copy("folder", str(folder.run.path)),
        Copy("go on with it", f"workbench tune --resume {name} --checkpoints {place}"),
        Copy("its best trials", f"workbench tune --show {name} --checkpoints {place}"),
        Copy("list its trials", f"workbench runs --checkpoints {shlex.quote(str(folder.trials_dir))}"),
    ]
    if best is None:
        return copies
    given = _given(best.parameters)
    return [
        *copies,
        Copy("run the best", f"workbench run {shlex.quote(plan.recipe.id)} {given}".rstrip()),
        Copy(f"best {plan.metric}", repr(best.value)),
        *(Copy(name, _word(best.parameters[name])) for name in _searched(plan, best)),
    ]


def _searched(plan: Plan, best: TrialRecord) -> list[str]:
    return [one.name for one in plan.space.searched if one.name in best.parameters]


def _given(values: Mapping[str, Value]) -> str:
    return " ".join(shlex.quote(f"{name}={_word(value)}") for name, value in values.items())


def _commands(
    folder: RunFolder, status: Status, manifest: Manifest | None, values: Mapping[str, Value]
) -> Iterator[Copy]:
    place = f"--checkpoints {shlex.quote(str(folder.path.parent))}"
    way = ("resume it", "resume") if status.state.ended else ("watch it", "watch")
    yield Copy(way[0], f"workbench {way[1]} {shlex.quote(folder.name)} {place}")
    if manifest is not None:
        recipe = shlex.quote(manifest.recipe.id)
        yield Copy("run the like", f"workbench run {recipe} {_given(values)}".rstrip())


def _word(value: Value) -> str:
    """A value as the command line takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
