"""What only a CUDA device can show: recorded steps, no waiting, data that lies there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.training.conftest import Train
from workbench.training import Data, Tensors, Training

pytestmark = pytest.mark.gpu

SAMPLES, FEATURES, CLASSES = 640, 16, 4


class OnDevice(Training):
    """A small net whose steps are worth recording."""

    device = "cuda"
    monitor = "val/loss"

    class Params(Training.Params):
        epochs = 3
        batch_size = 32
        log_every = 1
        lr = 1e-2

    def data(self) -> Data:
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(SAMPLES, FEATURES, generator=generator)
        y = x[:, :CLASSES].argmax(1)
        return Data(Tensors(x, y), Tensors(x, y), classes=CLASSES)

    def model(self) -> nn.Module:
        return nn.Sequential(
            nn.Linear(FEATURES, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, CLASSES)
        )

    def training_step(self, batch: Any) -> Tensor:
        return F.cross_entropy(self.net(batch[0]), batch[1])


@pytest.mark.parametrize("precision", ["float32", "bf16", "fp16"])
def test_a_recorded_step_learns_what_an_eager_one_does(train: Train, precision: str) -> None:
    recorded, _, history = train(OnDevice, precision=precision)
    eager, _, plain = train(OnDevice, folder="eager", precision=precision, cuda_graphs="off")
    (told,) = [message.text for message in history.messages]
    assert told.startswith("CUDA graph:") and not plain.messages
    losses = [h.series["train/loss"].values[-1] for h in (history, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
    for one, other in zip(recorded.net.parameters(), eager.net.parameters(), strict=True):
        assert torch.allclose(one, other, atol=0.05)


class AsksEachStep(OnDevice):
    def training_step(self, batch: Any) -> Tensor:
        loss = super().training_step(batch)
        loss.item()  # the host waits, which no recording can hold
        return loss


def test_a_step_that_cannot_be_recorded_goes_on_eagerly_and_says_so(train: Train) -> None:
    _, run, history = train(AsksEachStep)
    assert run.step == 60
    assert any(message.text.startswith("no CUDA graph") for message in history.messages)


@pytest.mark.parametrize("graphs", ["auto", "off"])
def test_between_log_points_the_host_never_waits(train: Train, graphs: str) -> None:
    class Watched(OnDevice):
        def training_step(self, batch: Any) -> Tensor:
            return super().training_step(batch)

        def after_step(self) -> None:
            # From the second log interval on, torch raises where anything makes the host wait.
            step = self.run_handle.step
            torch.cuda.set_sync_debug_mode("error" if 10 < step < 19 else "default")

    try:
        train(Watched, epochs=1, log_every=1000, cuda_graphs=graphs, save_minutes=1000)
    finally:
        torch.cuda.set_sync_debug_mode("default")


class Breaking(OnDevice):
    def training_step(self, batch: Any) -> Tensor:
        loss = super().training_step(batch)
        return loss / 0 if self.run_handle.step == 7 else loss


def test_a_bad_step_is_named_at_the_next_log_point(train: Train) -> None:
    with pytest.raises(Exception, match="in step 7"):
        train(Breaking, log_every=5, cuda_graphs="off")
