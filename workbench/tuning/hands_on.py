"""What a person does with a study's trials: asks for one, ends one, notes, trains on. No Optuna."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.errors import UsageError
from workbench.params import Value
from workbench.runs import control, marks
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.tuning.study import StudyFolder, is_study
from workbench.tuning.trials import TrialReader, TrialRecord, pareto, winner
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby


def change(study: StudyFolder, name: str, value: Value) -> control.SetParameter:
    """Ask for another limit (`trials`, `minutes`, `jobs`), or another space.

    Of a searched parameter `value` is another range (`1e-4..1e-2`), a part of its list (`relu,tanh`),
    or one value, which holds in every trial from then on. A `ParameterSet` is the answer, or a refusal.
    """
    return _ask(study, control.SetParameter(name=name, value=value))


def enqueue(study: StudyFolder, values: Mapping[str, Value]) -> control.Enqueue:
    """Ask for a trial with these values of searched parameters, to begin next; the others are drawn."""
    return _ask(study, control.Enqueue(values=dict(values)))


def prune(study: StudyFolder, run: str) -> control.Prune:
    """Ask for the end of a trial that is at work, `trial-0003`; it counts as pruned."""
    return _ask(study, control.Prune(run=run))


def note(study: StudyFolder, run: str, text: str) -> None:
    """Give a trial a note, as any run has one; an empty one takes it away.

    Raises:
        NotFoundError: when there is no such trial.
    """
    marks.annotate(trial(study, run), text)


def train_on(
    study: StudyFolder,
    run: str,
    values: Mapping[str, object],
    standby: Standby | None = None,
    checkpoint: str = "last",
) -> RunFolder:
    """Continue a trial with other values, `epochs=20`: a run of its own, beside the study.

    The trial and what the study knows of it stay as they are.

    Raises:
        NotFoundError: when there is no such trial, or it has no checkpoint.
        UsageError: when a value is refused.
    """
    place = study.run.path.parent
    return launch.fork(
        trial(study, run), checkpoints=place, values=values, checkpoint=checkpoint, standby=standby
    )


def again(folder: RunFolder) -> Order:
    """The order that runs once more what the run ran; of a study what its best trial ran.

    Raises:
        UsageError: when the study has no complete trial, or a front of several.
    """
    if not is_study(folder):
        manifest = folder.manifest()
        return Order(
            recipe=launch.recipe_of(folder),
            values=launch.parameters_at(folder),
            seed=manifest.seed,
            device=manifest.device,
        )
    study = StudyFolder(folder)
    plan = study.plan()
    won = _best(study)
    return Order(
        recipe=launch.recipe_of(folder), values=won.parameters, seed=plan.seed, device=plan.device
    )


def trial(study: StudyFolder, run: str) -> RunFolder:
    """The run of a trial, by its name or its number.

    Raises:
        NotFoundError: when there is none.
    """
    return folders.find(run, study.trials_dir)


def _best(study: StudyFolder) -> TrialRecord:
    plan, trials = study.plan(), TrialReader(study).read().values()
    if not plan.has_several:
        won = winner(trials, plan)
        if won is None:
            raise UsageError(f"{study.name} has no complete trial yet")
        return won
    front = pareto(trials, [one.direction for one in plan.objectives])
    names = ", ".join(f"{study.name}/{one.run}" for one in front)
    raise UsageError(
        f"{study.name} has several metrics, and so no best trial but a front",
        f"name one of it: {names}" if front else "no trial is complete yet",
    )


def _ask(study: StudyFolder, request: control.RequestT) -> control.RequestT:
    """Append the request to what the study's driver reads.

    Raises:
        UsageError: when the study has ended, so that nobody would read it.
    """
    status = status_of(study.run)
    if status.state.ended:
        raise UsageError(
            f"{study.name} has ended: it is {status.state}",
            f"go on with it: workbench tune --resume {study.name}",
        )
    return control.ask(study.run.control_file, request)
