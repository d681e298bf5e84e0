"""A loss or gradient that is no finite number: found in its step, with its layer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import Train
from tests.training.line import Line
from workbench.errors import WorkbenchError
from workbench.training import Data, Tensors
from workbench.training.averages import Averages
from workbench.training.gradients import Minimizer
from workbench.training.guard import Guard, Mode, NonFiniteError
from workbench.training.optimizers import OPTIMIZERS, Optimizers
from workbench.training.precision import Precision

BAD_STEP = 7


class Breaking(Line):
    """Goes wrong in one step, in the way that `how` says."""

    how = "output"

    class Params(Line.Params):
        epochs = 3
        clip_norm = 1.0

    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 4), _Middle(), nn.Linear(4, 1))

    def training_step(self, batch: Any) -> Tensor:
        x, y = batch
        bad = self._current().run.step == BAD_STEP and self.net.training
        self.net[1].how = self.how if bad else ""
        loss = ((self.net(x)[:, 0] - y) ** 2).mean()
        return loss * float("inf") if bad and self.how == "loss" else loss


class _Middle(nn.Module):
    how = ""

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "output":
            return x / 0
        if self.how == "gradient":
            return x + (x * 0).abs().sqrt()  # a value of 0, a slope without end
        return x


class BreakingGradient(Breaking):
    how = "gradient"


class BreakingLoss(Breaking):
    how = "loss"


class BadData(Line):
    def data(self) -> Data:
        given = super().data()
        x, y = given.train.tensors
        x[11, 1] = float("nan")
        return Data(Tensors(x, y), given.validation)


@pytest.mark.parametrize(
    ("recipe", "what", "place"),
    [
        (Breaking, "loss became", "in the output of 1 (_Middle)"),
        (BreakingGradient, "gradient became NaN", "in the gradient of 0 (Linear)"),
        (BreakingLoss, "loss became infinite", ""),
    ],
)
def test_the_first_bad_step_stops_the_run_and_is_named(
    train: Train, recipe: type[Breaking], what: str, place: str
) -> None:
    with pytest.raises(NonFiniteError) as caught:
        train(recipe)
    fault = caught.value
    assert what in fault.title and f"in step {BAD_STEP}" in fault.title and place in fault.title
    assert fault.step == BAD_STEP and fault.kind == "not_finite"
    assert "lower lr (it was 0.01)" in fault.remedy


def test_data_that_holds_nan_is_told_from_a_network_that_makes_it(train: Train) -> None:
    with pytest.raises(NonFiniteError, match="in the data: the batch itself"):
        train(BadData)


def test_weights_are_as_they_were_before_the_bad_step(start: Train) -> None:
    recipe, run, _ = start(BreakingGradient)
    with pytest.raises(NonFiniteError):
        recipe.run(run)
    assert all(bool(torch.isfinite(weight).all()) for weight in recipe.net.parameters())


@pytest.mark.parametrize("recipe", [Breaking, BreakingGradient, BreakingLoss])
def test_a_bad_step_is_skipped_where_that_was_asked(train: Train, recipe: type[Breaking]) -> None:
    trained, run, history = train(recipe, on_nan="skip")
    assert run.step == 15
    (told,) = [message.text for message in history.messages if "skipped" in message.text]
    assert told.startswith(f"steps skipped up to step {BAD_STEP}: 1,")
    assert all(bool(torch.isfinite(weight).all()) for weight in trained.net.parameters())
    assert bool(torch.isfinite(torch.tensor(history.series["train/loss"].values)).all())


def test_a_bad_step_is_ignored_where_that_was_asked(train: Train) -> None:
    trained, run, _ = train(BreakingGradient, on_nan="ignore")
    assert run.step == 15
    assert not all(bool(torch.isfinite(weight).all()) for weight in trained.net.parameters())


def test_a_gradient_as_large_as_numbers_go_is_a_number() -> None:
    guard = Guard("stop", torch.device("cpu"), scaled=False, waits=True)
    guard.begin(1)
    assert guard.allows(torch.tensor(1.0), [torch.tensor([1e30, -1e30]), torch.tensor([1e38])])
    assert guard.allows(torch.tensor(1.0), [torch.full((2,), 6e4, dtype=torch.float16)])
    with pytest.raises(NonFiniteError, match="infinite"):
        guard.allows(torch.tensor(1.0), [torch.tensor([1.0, float("inf")])])
    with pytest.raises(WorkbenchError, match="NaN"):
        guard.allows(torch.tensor(float("nan")), [])


def without_waiting(mode: Mode, optimizer: str = "momentum") -> tuple[Minimizer, Guard, nn.Parameter]:
    """What a GPU's training has, on the host's numbers: nothing is asked before `check`."""
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    guard = Guard(mode, torch.device("cpu"), scaled=False, waits=False)
    optimizers = Optimizers(OPTIMIZERS[optimizer]([weight], 0.1, 0.0), lr=0.1)
    precision = Precision("float32", torch.device("cpu"))
    return Minimizer(optimizers, precision, guard, clip_norm=0.0), guard, weight


def steps(minimizer: Minimizer, guard: Guard, weight: nn.Parameter) -> list[list[float]]:
    """Weights after each of four steps, of which the second has a loss without end."""
    seen = []
    for step in (1, 2, 3, 4):
        guard.begin(step)
        minimizer.begin()
        minimizer.minimize(weight.square().sum() * (float("inf") if step == 2 else 1.0))
        seen.append(weight.tolist())
    return seen


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "rmsprop", "adagrad"])
def test_a_device_holds_the_weights_from_the_first_bad_step_until_it_is_asked(optimizer: str) -> None:
    minimizer, guard, weight = without_waiting("stop", optimizer)
    seen = steps(minimizer, guard, weight)
    assert seen[0] != [1.0, 2.0] and seen[0] == seen[1] == seen[2] == seen[3]
    with pytest.raises(NonFiniteError, match="the loss became infinite in step 2"):
        guard.check()


def test_a_device_leaves_out_the_bad_step_alone_when_it_skips() -> None:
    minimizer, guard, weight = without_waiting("skip")
    seen = steps(minimizer, guard, weight)
    assert seen[0] == seen[1] != seen[2] != seen[3]
    guard.check()
    assert guard.take_skipped() == 1 and guard.take_skipped() == 0


@pytest.mark.parametrize("mode", ["stop", "skip"])
def test_a_device_asks_at_once_where_an_optimizer_evaluates_the_loss_itself(mode: Mode) -> None:
    minimizer, guard, weight = without_waiting(mode, "lbfgs")
    guard.begin(1)
    minimizer.begin()

    def bad() -> Tensor:
        return weight.square().sum() * float("inf")

    if mode == "stop":
        with pytest.raises(NonFiniteError, match="infinite in step 1"):
            minimizer.minimize(bad)
    else:
        assert bool(torch.isnan(minimizer.minimize(bad)))
    assert weight.tolist() == [1.0, 2.0]


class NeverFinite(BreakingGradient):
    """Its gradient is NaN in every step, which a scaler takes for an overflow."""

    def training_step(self, batch: Any) -> Tensor:
        self.net[1].how = "gradient" if self.net.training else ""
        return ((self.net(batch[0])[:, 0] - batch[1]) ** 2).mean()


def test_a_gradient_that_no_scale_of_fp16_helps_stops_the_run(train: Train) -> None:
    with pytest.raises(NonFiniteError, match="NaN at any scale of fp16 in step 17"):
        train(NeverFinite, precision="fp16", epochs=8)


def test_means_leave_out_what_a_device_will_have_skipped() -> None:
    averages = Averages()
    averages.add({"loss": torch.tensor(2.0)}, 4, torch.tensor(True))
    averages.add({"loss": torch.tensor(float("nan"))}, 4, torch.tensor(False))
    averages.add({"loss": torch.tensor(5.0)}, 2, torch.tensor(True))
    assert averages.take() == {"loss": 3.0}


class BreakingInTheFirstHalf(Line):
    """With two batches a step, the first one of step BAD_STEP has a loss without end."""

    calls = 0

    def model(self) -> nn.Module:
        return nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1))

    def training_step(self, batch: Any) -> Tensor:
        self.calls += self.net.training
        bad = self.calls == 2 * BAD_STEP - 1 and self.net.training
        return super().training_step((batch[0] * float("inf") if bad else batch[0], batch[1]))


def test_one_bad_batch_of_several_spoils_neither_means_nor_buffers(train: Train) -> None:
    values = {"batch_size": 5, "accumulate": 2, "epochs": 3}
    recipe, _, history = train(BreakingInTheFirstHalf, on_nan="skip", **values)
    assert all(bool(torch.isfinite(value).all()) for value in recipe.net.state_dict().values())
    assert bool(torch.isfinite(torch.tensor(history.series["train/loss"].values)).all())
    with pytest.raises(NonFiniteError, match=f"loss became .* in step {BAD_STEP}"):
        train(BreakingInTheFirstHalf, folder="stops", **values)


def test_a_closure_that_breaks_is_skipped_with_the_weights_it_began_with(train: Train) -> None:
    class Once(Line):
        def model(self) -> nn.Module:
            return nn.Linear(3, 1)

        def training_step(self, batch: Any) -> Tensor:
            factor = float("nan") if self.run_handle.step == 2 and self.net.training else 1.0
            return super().training_step(batch) * factor

    recipe, _, history = train(Once, optimizer="lbfgs", lr=1.0, batch_size=40, epochs=4, on_nan="skip")
    assert history.series["train/loss"].values[-1] < 1e-6
    assert bool(torch.isfinite(recipe.net.weight).all())
