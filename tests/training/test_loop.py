from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.regression import MeanSquaredError

from tests.training.line import Line
from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.training import Data, Tensors, Training

Train = Callable[..., Any]


def test_training_lowers_the_loss_and_tests_at_the_end(train: Train) -> None:
    _, run, history = train(epochs=20, lr=0.05)
    losses = history.series["val/loss"].values
    assert losses[-1] < 0.2 * losses[0]
    assert list(history.series) == ["train/loss", "lr", "val/loss", "test/loss"]
    assert run.step == 20 * 5
    assert list(history.series["val/loss"].steps) == list(range(5, 101, 5))


def test_a_step_is_the_plain_torch_step(train: Train) -> None:
    recipe, _, _ = train(epochs=1, batch_size=40, optimizer="sgd", lr=0.1)
    reference = Line(Line.Params(), seed=1)
    x, y = reference.data().train.tensors
    torch.manual_seed(0)
    net = reference.model()
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1_000_003))
    loss = ((net(x[order])[:, 0] - y[order]) ** 2).mean()
    loss.backward()
    torch.optim.SGD(net.parameters(), lr=0.1).step()
    assert torch.equal(recipe.net[1].weight, net[1].weight)


def test_metrics_cover_the_whole_split_not_its_batches(train: Train) -> None:
    class Measured(Line):
        def metrics(self) -> dict[str, Any]:
            return {"mse": MeanSquaredError()}

        def validation_step(self, batch: Any) -> Any:
            x, y = batch
            self.measure(self.net(x)[:, 0], y)
            return self.training_step(batch)

    recipe, _, history = train(Measured, batch_size=1, epochs=1)
    x, y = recipe.data().validation.tensors
    recipe.net.eval()
    with torch.no_grad():
        by_hand = float(((recipe.net(x)[:, 0] - y) ** 2).mean())
    assert history.series["val/mse"].last == pytest.approx(by_hand, rel=1e-5)
    assert history.series["val/loss"].last == pytest.approx(by_hand, rel=1e-5)


def test_a_resumed_run_ends_bit_for_bit_as_one_never_stopped(start: Train, train: Train) -> None:
    whole, _, history = train(folder="whole")
    recipe, run, _ = start(folder="cut", most_steps=13)
    recipe.run(run)
    assert run.step == 13
    state = copy.deepcopy(recipe.state_dict())
    torch.manual_seed(99)
    resumed, run, resumed_history = start(folder="resumed", state=state, step=13)
    resumed.run(run)
    weights, again = whole.net.state_dict(), resumed.net.state_dict()
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    resumed_history.read_all()
    for name in ("val/loss", "test/loss"):
        series = history.series[name].values
        resumed_series = resumed_history.series[name].values
        assert len(resumed_series)
        assert np.array_equal(resumed_series, series[-len(resumed_series) :])


def test_early_stopping_waits_for_patience_epochs(train: Train) -> None:
    class Stuck(Line):
        def training_step(self, batch: Any) -> Any:
            return 0 * super().training_step(batch) + 1

    _, run, history = train(Stuck, epochs=50, patience=3)
    assert run.step == 4 * 5  # the first epoch is the best, three more bring nothing
    assert "did not improve for 3 epochs" in history.messages[-1].text


def test_a_value_of_one_element_is_recorded_and_resumed_as_a_number(start: Train) -> None:
    class Shaped(Line):
        def training_step(self, batch: Any) -> Any:
            return {"loss": super().training_step(batch), "one": torch.ones(1)}

    recipe, run, _ = start(Shaped, epochs=1, log_every=100)
    recipe.run(run)
    sums = recipe.state_dict()["train_averages"]["sums"]
    assert sums["one"].shape == sums["loss"].shape == ()


def test_a_run_killed_after_it_stopped_early_is_only_tested_when_resumed(start: Train) -> None:
    class Stuck(Line):
        def training_step(self, batch: Any) -> Any:
            return 0 * super().training_step(batch) + 1

        def test_step(self, batch: Any) -> Any:
            if self.is_killed:
                raise KeyboardInterrupt
            return super().test_step(batch)

    Stuck.is_killed = True
    recipe, run, _ = start(Stuck, epochs=50, patience=3)
    with pytest.raises(KeyboardInterrupt):
        recipe.run(run)
    saved = run.load(run.folder.path / "last.pt")
    Stuck.is_killed = False
    resumed, again, history = start(
        Stuck, folder="resumed", state=saved["state"], step=saved["step"], epochs=50, patience=3
    )
    resumed.run(again)
    assert again.step == saved["step"] == 4 * 5
    assert list(history.read_all().series) == ["test/loss"]


def test_what_fits_has_room_for_the_larger_batches_of_an_evaluation(start: Train) -> None:
    class Hungry(Line):
        def validation_step(self, batch: Any) -> Any:
            if len(batch[0]) > 8:
                raise MemoryError
            return super().validation_step(batch)

    recipe, run, _ = start(Hungry, batch_size=20)
    with pytest.raises(MemoryError):
        recipe.run(run)
    assert recipe.fitting_parameters() == {"batch_size": 2}


def test_a_stop_after_the_last_epoch_does_not_cost_the_test(start: Train) -> None:
    class Asking(Line):
        def after_step(self) -> None:
            self.run_handle.steering.stopping_after_epoch = True

    recipe, run, history = start(Asking, epochs=1)
    recipe.run(run)
    assert not run.stopping
    assert "test/loss" in history.read_all().series


def test_the_best_weights_are_tested_not_the_last(train: Train) -> None:
    class Worsening(Line):
        def validation_step(self, batch: Any) -> Any:
            return {"loss": torch.tensor(float(self.net[1].bias))}

    def worse(recipe: Training) -> None:
        with torch.no_grad():
            recipe.net[1].bias += 1

    Worsening.after_step = worse
    _, _, history = train(Worsening, epochs=3, lr=1e-7, optimizer="sgd")
    validation = history.series["val/loss"].values
    assert validation[0] < validation[1] < validation[2]
    assert history.series["test/loss"].last == validation[0]


def test_stopping_after_the_epoch_ends_on_its_border(start: Train) -> None:
    class Asking(Line):
        def training_step(self, batch: Any) -> Any:
            if self.handle.step == 7:
                control.ask(self.handle.folder.control_file, control.Stop(when="epoch"))
                self.handle.steering._due = 0.0  # look at once, without waiting for the interval
            return super().training_step(batch)

    recipe, run, history = start(Asking)
    recipe.handle = run
    recipe.run(run)
    assert run.step == 10
    assert "test/loss" not in history.read_all().series


def test_a_live_learning_rate_scales_the_schedule_from_there(start: Train) -> None:
    class Watched(Line):
        def training_step(self, batch: Any) -> Any:
            if self.handle.step == 10:
                self.params.lr = 0.5
                self.parameter_changed("lr")
            return super().training_step(batch)

    recipe, run, history = start(Watched, schedule="cosine", lr=0.1)
    recipe.handle = run
    recipe.run(run)
    rates = history.read_all().series["lr"].values
    done = np.arange(20) / 20
    wanted = (1 + np.cos(np.pi * done)) / 2 * np.where(np.arange(20) < 10, 0.1, 0.5)
    assert np.allclose(rates, wanted)


def test_two_optimizers_are_stepped_by_the_recipe(train: Train) -> None:
    class Two(Training):
        """The shape of a GAN: two networks, two optimizers, named values."""

        class Params(Training.Params):
            epochs = 2
            batch_size = 4
            log_every = 1

        def data(self) -> Data:
            return Data(Tensors(torch.randn(8, 2)))

        def model(self) -> nn.Module:
            return nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.Linear(2, 1)})

        def configure_optimizers(self) -> dict[str, torch.optim.Optimizer]:
            return {key: torch.optim.SGD(net.parameters(), lr=0.1) for key, net in self.net.items()}

        def training_step(self, batch: Any) -> dict[str, Any]:
            return {
                name: self.minimize(net(batch[0]).square().mean(), name)
                for name, net in self.net.items()
            }

    _, _, history = train(Two)
    assert list(history.series) == ["train/a", "train/b", "lr"]
    assert all(
        series.values[-1] < series.values[0] for name, series in history.series.items() if name != "lr"
    )


def test_without_data_the_step_gets_none_and_lbfgs_its_closure(train: Train) -> None:
    class Picture(Training):
        """The shape of style transfer: the picture is the parameter, there is nothing to iterate."""

        class Params(Training.Params):
            epochs = 3

        def data(self) -> Data:
            return Data(steps_per_epoch=2)

        def model(self) -> nn.Module:
            return nn.ParameterList([nn.Parameter(torch.full((2, 2), 3.0))])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.LBFGS(self.net.parameters(), lr=1.0)

        def training_step(self, batch: Any) -> dict[str, Any]:
            assert batch is None
            return {"loss": self.minimize(lambda: (self.net[0] - 1).square().sum())}

    recipe, run, _ = train(Picture)
    assert run.step == 6
    assert torch.allclose(recipe.net[0], torch.ones(2, 2), atol=1e-4)


@pytest.mark.parametrize(
    ("returned", "fault"),
    [
        ({}, "returned no loss but: nothing"),
        (None, "returned no loss but: nothing"),
        (1.5, r"returned no loss but: loss \(float\)"),
        ({"loss": torch.ones(3, requires_grad=True)}, "shape"),
        ({"loss": torch.tensor(1.0)}, "depends on no weight"),
    ],
)
def test_a_wrong_loss_is_explained(train: Train, returned: Any, fault: str) -> None:
    class Wrong(Line):
        def training_step(self, batch: Any) -> Any:
            return returned

    with pytest.raises(WorkbenchError, match=fault):
        train(Wrong)


@pytest.mark.parametrize(
    ("value", "fault"), [("high", "'v'.* str"), (torch.ones(2), r"'v'.* the shape \(2,\)")]
)
def test_a_named_value_that_is_no_number_is_named(train: Train, value: Any, fault: str) -> None:
    class Wrong(Line):
        def training_step(self, batch: Any) -> Any:
            return {"loss": super().training_step(batch), "v": value}

    with pytest.raises(WorkbenchError, match=fault):
        train(Wrong)


@pytest.mark.parametrize(("batch_size", "last_step"), [(4, 27), (40, 15), (7, 22)])
def test_another_batch_size_goes_on_where_the_data_was_and_ends_with_the_last_epoch(
    start: Train, batch_size: int, last_step: int
) -> None:
    recipe, run, _ = start(folder="cut", most_steps=13)  # 3 of 5 batches into the third of 4 epochs
    recipe.run(run)
    state = copy.deepcopy(recipe.state_dict())
    resumed, run, history = start(folder="resumed", state=state, step=13, batch_size=batch_size)
    resumed.run(run)
    assert (run.step, run.meter.total) == (last_step, last_step)
    assert len(history.read_all().series["val/loss"]) == 2


def test_another_optimizer_begins_anew_and_says_so(start: Train) -> None:
    recipe, run, _ = start(folder="cut", most_steps=3, optimizer="momentum")
    recipe.run(run)
    state = copy.deepcopy(recipe.state_dict())
    resumed, run, history = start(folder="resumed", state=state, step=3, optimizer="adamw")
    resumed.run(run)
    assert run.step == 20
    assert "holds the state of SGD" in history.read_all().messages[0].text


def test_weights_that_do_not_fit_are_named(start: Train, train: Train) -> None:
    class Wider(Line):
        def model(self) -> nn.Module:
            return nn.Sequential(nn.Dropout(0.1), nn.Linear(3, 2))

    recipe, _, _ = train()
    wider, run, _ = start(Wider, folder="wider", state=recipe.state_dict())
    with pytest.raises(WorkbenchError) as fault:
        wider.run(run)
    assert "1.weight: (1, 3) saved, (2, 3) wanted" in str(fault.value)


def test_a_metric_that_gives_several_values_is_recorded_as_several(train: Train) -> None:
    class MeanAndRootError(MeanSquaredError):
        def compute(self) -> Any:
            mse = super().compute()
            return {"mse": mse, "rmse": mse.sqrt()}

    class Measured(Line):
        def metrics(self) -> dict[str, Any]:
            return {"error": MeanAndRootError()}

        def validation_step(self, batch: Any) -> Any:
            self.measure(self.net(batch[0])[:, 0], batch[1])

    _, _, history = train(Measured, epochs=1)
    assert history.series["val/error/rmse"].last ** 2 == pytest.approx(
        history.series["val/error/mse"].last
    )
