"""Makes runs of trials, all with the same recipe, versions and commit."""

from __future__ import annotations

from collections.abc import Callable

from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.params import Value, parse_all
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.state import status_of
from workbench.tuning.study import Plan, StudyFolder
from workbench.workers import launch
from workbench.workers.crew import Crew
from workbench.workers.provenance import git_commit, versions
from workbench.workers.standby import Standby


class Maker:
    """Makes the run of a trial and gives it to the crew.

    Attributes:
        parameters: those of the recipe, with their bounds.
    """

    def __init__(self, folder: StudyFolder, plan: Plan, standby: Standby, crew: Crew) -> None:
        self._folder = folder
        self._plan = plan
        self._standby = standby
        self._crew = crew
        self._info = _recipe(folder, plan)
        self.parameters = launch.schema_of(self._info, standby).parameters
        self._versions = versions()
        self._commit = git_commit(self._info.file.parent)
        folder.trials_dir.mkdir(exist_ok=True)

    def ready(self) -> bool:
        """Whether a worker would start without importing torch first.

        A recipe that is no training may do without torch, so its first trials need not wait for it.
        """
        return self._standby.ready or not self._standby.started or self._info.kind == "Recipe"

    def values(self, searched: dict[str, Value]) -> dict[str, Value]:
        """All parameters of a trial, checked."""
        return parse_all(self.parameters, {**self._plan.space.fixed, **searched})

    def start(
        self, number: int, values: dict[str, Value], forerunner: str, note: Callable[[str], None]
    ) -> RunFolder:
        """Start the run of a trial, or go on with that of the trial whose place it takes.

        `note` is told the run's name before its worker starts.
        """
        before = RunFolder(self._folder.trials_dir / forerunner) if forerunner else None
        # After a power cut the storage may have lost what the run was tried with.
        if before is not None and before.manifest().parameters == values and _has_ended(before):
            note(before.name)
            launch.resume(before, start=self._crew.start)
            return before
        plan = self._plan
        name = self._folder.trial(number).name
        manifest = Manifest(
            name=name,
            recipe=plan.recipe,
            parameters=values,
            seed=plan.seed,
            device=plan.device,
            folds=plan.folds,
            scoring=plan.metric if plan.search else "",
            versions=self._versions,
            git_commit=self._commit,
        )
        note(name)
        folder, _ = folders.create(manifest, self._folder.trials_dir, name=name)
        control.ask(folder.control_file, control.Launch(device=plan.device, client=self._folder.name))
        self._crew.start(folder)
        return folder


def _has_ended(run: RunFolder) -> bool:
    return status_of(run).state.ended


def _recipe(folder: StudyFolder, plan: Plan) -> RecipeInfo:
    info = launch.recipe_of(folder.run)
    if info.error:
        raise WorkbenchError(f"{plan.recipe.id} is no recipe: {info.error}", f"mend {info.file}")
    return info
