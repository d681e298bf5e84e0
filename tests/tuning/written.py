"""Studies as their drivers leave them, written in a moment: no driver and no Optuna is needed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, create, write_atomically
from workbench.runs.recorder import Recorder
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Objective, Plan, StudyFolder
from workbench.tuning.trials import TrialRecord, TrialState

SPACE = Space(
    (
        Dimension("lr", "float", 1e-4, 1e-1, log=True),
        Dimension("width", "int", 4, 64),
        Dimension("activation", "choice", values=("relu", "[b]tanh[/b]", "gelu")),
        Dimension("norm", "choice", values=(False, True)),
    ),
    {"epochs": 3},
)
BEGAN = 1_700_000_000.0


def plan_of(*metrics: Objective, space: Space = SPACE, **more: object) -> Plan:
    """A plan of a study of `images/cnn`, for accuracy unless `metrics` are given."""
    reference = RecipeReference(id="images/cnn", file=__file__)
    objectives = metrics or (Objective("val/accuracy", "max"),)
    return Plan(recipe=reference, space=space, objectives=objectives, name="demo", **more)  # type: ignore[arg-type]


def trials_of(plan: Plan, count: int, jobs: int = 3) -> Iterator[TrialRecord]:
    """Ended trials, the better the nearer lr is to 0.01; each eighth pruned, each eleventh failed."""
    dice = random.Random(1)
    for number in range(count):
        lr, width = 10 ** dice.uniform(-4, -1), dice.randint(4, 64)
        activation = dice.choice(("relu", "[b]tanh[/b]", "gelu"))
        state: TrialState = "complete"
        if number % 11 == 10:
            state = "failed"
        elif number % 8 == 7:
            state = "pruned"
        good = 0.9 - 0.2 * abs(math.log10(lr) + 2) + 0.001 * width + 0.01 * dice.random()
        values = (good, width * 10.0)[: len(plan.objectives)]
        began = BEGAN + number // jobs * 10.0 + number % jobs
        yield TrialRecord(
            number=number,
            state=state,
            run=f"trial-{number:04d}",
            parameters={
                "lr": lr,
                "width": width,
                "activation": activation,
                "norm": bool(number % 2),
                "epochs": 3,
            },
            value=None if state == "failed" else good,
            values=() if state == "failed" or len(values) == 1 else values,
            began=began,
            ended=began + 8.0,
            reason="ValueError: no [b]luck" if state == "failed" else "",
        )


def write_study(
    checkpoints: Path, plan: Plan, records: list[TrialRecord], *, ends: bool = True
) -> StudyFolder:
    """The study's folder with these trials, and the runs of none; without an end it is lost."""
    reference = msgspec.structs.replace(plan.recipe, id=f"tune/{plan.recipe.id}")
    manifest = Manifest(
        name="", recipe=reference, parameters=plan.as_parameters(), created=BEGAN, seed=plan.seed
    )
    run, _ = create(manifest, checkpoints)
    folder = StudyFolder(run)
    write_atomically(folder.plan_file, msgspec.json.encode(plan))
    append(folder, records)
    recorder = Recorder(run.events_file)
    recorder.record(events.Started(time=BEGAN, pid=1, host="elsewhere", device="cpu"))
    step = len(records)
    recorder.record(events.Progress(time=BEGAN + 10, step=step, total=max(step, 1), elapsed_s=9.0))
    if ends:
        recorder.record(events.Finished(time=BEGAN + 20, step=step))
    recorder.close()
    run.output_file.write_text("trial-0000 complete\n[b]not bold[/b]\n")
    return folder


def append(folder: StudyFolder, records: list[TrialRecord]) -> None:
    """As a driver notes what became of trials."""
    with folder.trials_file.open("ab") as file:
        file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
