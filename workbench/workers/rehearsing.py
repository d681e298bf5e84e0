"""One batch of a recipe, with no run recorded: does it work, how large is it, how long will it take."""

from __future__ import annotations

import tempfile
import traceback
from contextlib import closing
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.params import Value
from workbench.recipe import Recipe
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.workers import devices
from workbench.workers.attempt import TorchFiles, seed_everything
from workbench.workers.faults import describe, smaller
from workbench.workers.fitting import let_go, what_fits
from workbench.workers.loading import RecipeError, load
from workbench.workers.protocol import Rehearse, Report


def rehearse(job: Rehearse) -> Report:
    """Build the recipe and make one step of it; a fault is reported as a run's would be."""
    recipe: Recipe | None = None
    try:
        recipe_class = load(Path(job.file))
        seed_everything(job.seed)
        recipe = recipe_class(recipe_class.Params(**job.parameters), seed=job.seed)
        recipe.device = devices.candidates(job.device)[0].name
        found = recipe.rehearse() or _one_step(recipe)
        return Report(text=found) if isinstance(found, str) else Report(found.text(), found)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is the rehearsal's result
        failed = describe(fault, 1, "RUN", job.parameters)
        trace = fault.trace if isinstance(fault, RecipeError) else traceback.format_exc()
        known = isinstance(fault, WorkbenchError) and not isinstance(fault, RecipeError)
        remedy = failed.remedy
        if failed.kind == "out_of_memory" and recipe is not None:
            let_go(fault)
            call = f"workbench run {Path(job.file).parent.name}/{Path(job.file).stem}"
            remedy = what_fits(recipe, call, _changed(job, recipe)) or smaller(call, job.parameters)
        return Report(error=failed.title, remedy=remedy, traceback="" if known else trace)


def _changed(job: Rehearse, recipe: Recipe) -> dict[str, Value]:
    """The values that are not the recipe's defaults."""
    defaults = {p.name: p.default for p in recipe.params.parameters}
    return {name: value for name, value in job.parameters.items() if value != defaults.get(name)}


def _one_step(recipe: Recipe) -> str:
    """A recipe that the loop does not train runs as it is, and is asked to stop after a step."""
    with (
        tempfile.TemporaryDirectory(prefix="workbench-rehearsal-") as place,
        closing(Recorder(RunFolder(Path(place)).events_file)) as recorder,
    ):
        run = Run(
            RunFolder(Path(place)),
            recorder,
            recipe=recipe,
            files=TorchFiles(),
            device=recipe.device,
            most_steps=1,
        )
        try:
            recipe.run(run)
        finally:
            run.wait_for_checkpoints()  # the folder goes away under one that is being written
        shown = ", ".join(f"{name} {value:.4g}" for name, value in run.results.items())
        return (
            f"one step of {run.meter.total or 1} done in {run.meter.elapsed_s:.2f} s\n{shown}".strip()
        )
