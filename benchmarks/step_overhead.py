"""What our loop adds to a step: recording, control and progress; and all that it does besides."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks import measuring
from benchmarks.measuring import AtMost, Measured, Result
from workbench.runs.folder import RunFolder
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training
from workbench.workers.attempt import TorchFiles

STEP_US = 5_000.0
MOST_SHARE = 0.01
STEPS = 5_000
LOG_EVERY = 10  # as `Training` has it by default
BATCH, FEATURES = 8, 4


class Tiny(Training):
    """So small a network that what surrounds its step is most of the time."""

    class Params(Training.Params):
        epochs = 1
        batch_size = BATCH
        optimizer = "sgd"

    def data(self) -> Data:
        return Data(Tensors(torch.randn(STEPS * BATCH, FEATURES)))

    def model(self) -> nn.Module:
        self.began = time.perf_counter()
        return nn.Linear(FEATURES, 1)

    def training_step(self, batch: tuple[Tensor]) -> Tensor:
        loss: Tensor = self.net(batch[0]).square().mean()
        return loss


def measure(repetitions: int = 7) -> Result:
    """Steps with nothing in them but what the record needs, and tiny ones by both loops."""
    recorded, ours, bare = (
        Measured(what, values, "µs")
        for what, values in zip(
            ("recording, control and progress", "tiny step, our loop", "tiny step, bare loop"),
            measuring.interleave(repetitions, _recorded_us, _our_us, _bare_us),
            strict=True,
        )
    )
    share = recorded.median / STEP_US
    return Result(
        name="step_overhead",
        title="Overhead of a step",
        what=f"{STEPS:,} steps of `Run.steps` with three scalars logged at every tenth, as a training "
        "does: requests are looked for, progress is recorded, real files are written. Beside it, the "
        "same number of steps of a linear layer by our loop, and by `zero_grad, backward, step` on "
        "slices of a tensor: what is between them is also the learning rate's schedule, the watch over "
        "NaN, and the means that are logged.",
        target=f"at most {MOST_SHARE:.0%} of a step of 5 ms",
        measured=(recorded, ours, bare),
        checks=(AtMost("share of 5 ms", 100 * share, 100 * MOST_SHARE, "%"),),
        notes=(
            f"all that our loop adds to a bare one is {ours.median - bare.median:.0f} µs a step, "
            f"{(ours.median - bare.median) / STEP_US:.1%} of 5 ms",
        ),
    )


@contextmanager
def _run(recipe: Training) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        folder = RunFolder(Path(place))
        recorder = Recorder(folder.events_file)
        run = Run(folder, recorder, recipe=recipe, files=TorchFiles(), goal=Goal("val/loss"))
        yield run
        run.wait_for_checkpoints()
        recorder.close()


def _recorded_us() -> float:
    with _run(Tiny()) as run:
        began = time.perf_counter()
        for step in run.steps(STEPS):
            if step % LOG_EVERY == 0:
                run.log({"train/loss": 1 / step, "train/accuracy": 0.5, "lr": 1e-3})
        return 1e6 * (time.perf_counter() - began) / STEPS


def _our_us() -> float:
    recipe = Tiny()
    with _run(recipe) as run:
        recipe.run(run)
        return 1e6 * (time.perf_counter() - recipe.began) / STEPS


def _bare_us() -> float:
    recipe = Tiny()
    (samples,) = recipe.data().train.tensors
    recipe.net = recipe.model()
    optimizer = torch.optim.SGD(recipe.net.parameters(), lr=1e-3)
    for start in range(0, len(samples), BATCH):
        optimizer.zero_grad()
        loss = recipe.training_step((samples[start : start + BATCH],))
        loss.backward()
        optimizer.step()
    return 1e6 * (time.perf_counter() - recipe.began) / STEPS
