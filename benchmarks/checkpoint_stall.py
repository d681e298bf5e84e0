"""What a checkpoint costs the steps: a training of 100 MB of weights that writes one on its way."""

from __future__ import annotations

import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.measuring import AtMost, Measured, Result
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training
from workbench.workers.attempt import TorchFiles

MOST_STEPS = 2.0
STEPS, SAVED_AFTER, WINDOW = 54, 24, 12
SIDE = 5000  # 5000 x 5000 weights in float32 are 100 MB; AdamW keeps twice that besides
BATCH = 64


class Wide(Training):
    """One square layer of weights; it begins a checkpoint, as the loop does, after one of its steps."""

    class Params(Training.Params):
        epochs = 1
        batch_size = BATCH
        save_minutes = 10_000.0

    def data(self) -> Data:
        return Data(Tensors(torch.randn(STEPS * BATCH, SIDE)))

    def model(self) -> nn.Module:
        self.moments: list[float] = []
        return nn.Linear(SIDE, SIDE, bias=False)

    def training_step(self, batch: tuple[Tensor]) -> Tensor:
        self.moments.append(time.perf_counter())
        loss: Tensor = self.net(batch[0]).square().mean()
        return loss

    def after_step(self) -> None:
        if len(self.moments) == SAVED_AFTER:
            self.run_handle.save(self.state_dict(), wait=False)


def measure(repetitions: int = 9) -> Result:
    """Train some times over; each training is compared with its own undisturbed steps."""
    trainings = [_seconds_of_steps() for _ in range(repetitions)]
    undisturbed = [statistics.median(steps[WINDOW:]) for steps in trainings]
    stalls = [
        sum(steps[:WINDOW]) / step - WINDOW for steps, step in zip(trainings, undisturbed, strict=True)
    ]
    longest = [max(steps[:WINDOW]) / step for steps, step in zip(trainings, undisturbed, strict=True)]
    stall = Measured("stall", tuple(stalls), "steps")
    return Result(
        name="checkpoint_stall",
        title="Checkpoint of a 100 MB model",
        what=f"A layer of {SIDE} x {SIDE} weights (100 MB; with AdamW's moments the file has 300 MB), "
        f"batches of {BATCH}. After {SAVED_AFTER} steps a checkpoint is begun as the loop does; the "
        "memory that it is copied into was set aside when the training began. The stall is by "
        f"how much longer the next {WINDOW} steps take than as many of the others, in steps: that of "
        "the copy, and that of the thread which writes beside them.",
        target=f"stalls the steps by at most {MOST_STEPS:g} steps' time",
        measured=(
            stall,
            Measured(f"longest of {WINDOW} steps", tuple(longest), "steps"),
            Measured("a step", tuple(undisturbed)),
        ),
        # A stall lost in the noise may come out below zero; it is then as good as none.
        checks=(AtMost("stall", max(stall.median, 0.001), MOST_STEPS, "steps"),),
    )


def _seconds_of_steps() -> list[float]:
    """Of every step from the one that begins a checkpoint on."""
    torch.manual_seed(0)
    recipe = Wide(seed=0)
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        folder = RunFolder(Path(place))
        recorder = Recorder(folder.events_file)
        run = Run(folder, recorder, recipe=recipe, files=TorchFiles())
        recipe.run(run)
        run.wait_for_checkpoints()
        recorder.close()
    moments = recipe.moments[SAVED_AFTER - 1 :]
    return [after - before for before, after in pairwise(moments)]
