"""ResNet-50 in bf16 on a CUDA device: our loop beside a plain compiled one, and the card's peak."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet50

from benchmarks import measuring
from benchmarks.measuring import AtLeast, Measured, Result
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training
from workbench.workers.attempt import TorchFiles

LEAST_RATIO = 1.0
SIDE, CLASSES, BATCH, SAMPLES, UNTIMED, TIMED = 224, 1000, 128, 1024, 3, 10
FLOP_A_SAMPLE = (
    3 * 2 * 4.09e9
)  # forward and twice that backward; 4.09 G multiply-adds (He et al., 2016)
MATRIX_SIDE = 8192  # of the product whose rate stands for the peak


class ResNet(Training):
    """Random pictures that lie on the device; the first epochs compile and are not timed."""

    class Params(Training.Params):
        epochs = UNTIMED + TIMED
        batch_size = BATCH
        precision = "bf16"
        compile = True
        save_minutes = 10_000.0

    def data(self) -> Data:
        torch.manual_seed(0)
        images = torch.randint(0, 256, (SAMPLES, 3, SIDE, SIDE), dtype=torch.uint8)
        return Data(Tensors(images, torch.randint(CLASSES, (SAMPLES,))), classes=CLASSES)

    def model(self) -> nn.Module:
        self.began = 0.0
        return resnet50().to(memory_format=torch.channels_last)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(self.net(scaled(batch[0])), batch[1])

    def after_step(self) -> None:
        # Trials of the step belong to the first one, and count as none.
        if self.run_handle.step == UNTIMED * SAMPLES // BATCH:
            torch.cuda.synchronize()
            self.began = time.perf_counter()


def scaled(images: Tensor) -> Tensor:
    """Pictures (N, 3, S, S) as floats from 0 to 1, channels last."""
    return (images / 255).contiguous(memory_format=torch.channels_last)


def measure(repetitions: int = 3) -> Result:
    """Train with both loops in turns, and multiply two large matrices to know the peak."""
    ours, plain, peak = (
        Measured(what, values, unit)
        for what, unit, values in zip(
            ("workbench", "plain compiled loop", f"product of {MATRIX_SIDE} x {MATRIX_SIDE} in bf16"),
            ("pictures/s", "pictures/s", "TFLOP/s"),
            measuring.interleave(repetitions, _ours, _plain, _peak_tflops),
            strict=True,
        )
    )
    share = ours.median * FLOP_A_SAMPLE / (peak.median * 1e12)
    return Result(
        name="gpu_resnet",
        title="ResNet-50 on a GPU",
        what=f"Pictures of {SIDE} x {SIDE} a second in bf16, channels last, batches of {BATCH} that "
        f"lie on the device, torch.compile for both; {TIMED} epochs of {SAMPLES} pictures after "
        f"{UNTIMED} untimed ones. Ours records and writes checkpoints; the plain loop does not.",
        target=f"at least {LEAST_RATIO:g} times a plain compiled bf16 loop",
        measured=(ours, plain, peak),
        checks=(AtLeast("workbench / plain loop", ours.median / plain.median, LEAST_RATIO),),
        notes=(f"that is {share:.0%} of the rate that the card multiplies large matrices at",),
    )


def _ours() -> float:
    recipe = ResNet(seed=0)
    recipe.device = "cuda"
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        folder = RunFolder(Path(place))
        recorder = Recorder(folder.events_file)
        run = Run(folder, recorder, recipe=recipe, files=TorchFiles(), device="cuda")
        recipe.run(run)
        torch.cuda.synchronize()
        took = time.perf_counter() - recipe.began
        run.wait_for_checkpoints()
        recorder.close()
    return TIMED * SAMPLES / took


def _plain() -> float:
    recipe = ResNet(seed=0)
    images, labels = (one.cuda() for one in recipe.data().train.tensors)
    net = recipe.model().cuda()
    compiled = torch.compile(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
    began = 0.0
    for epoch in range(UNTIMED + TIMED):
        if epoch == UNTIMED:
            torch.cuda.synchronize()
            began = time.perf_counter()
        for indices in torch.randperm(SAMPLES, device="cuda").split(BATCH):
            with torch.autocast("cuda", torch.bfloat16):
                loss = F.cross_entropy(compiled(scaled(images[indices])), labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    torch.cuda.synchronize()
    return TIMED * SAMPLES / (time.perf_counter() - began)


def _peak_tflops(times: int = 20) -> float:
    a, b = (
        torch.randn(MATRIX_SIDE, MATRIX_SIDE, device="cuda", dtype=torch.bfloat16) for _ in range(2)
    )
    a @ b
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(times):
        a @ b
    torch.cuda.synchronize()
    return times * 2 * MATRIX_SIDE**3 / (time.perf_counter() - began) / 1e12
