"""The training loop: steps, evaluation after each epoch, early stopping, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.runs.run import Run
from workbench.training import random_state
from workbench.training.averages import Averages
from workbench.training.data import Data, Source, Split, batch_length
from workbench.training.optimizers import Optimizers

if TYPE_CHECKING:
    from workbench.training.recipe import Training

EVALUATION_BATCH_FACTOR = 4  # no gradients are kept, so larger batches fit


class Loop:
    """Trains one recipe once; built when the run begins, kept until it ends."""

    def __init__(self, recipe: Training, run: Run, resume_from: Mapping[str, Any]) -> None:
        self.recipe = recipe
        self.run = run
        self.device = torch.device(recipe.device)
        self._began = False
        run.meter.phase = "loading data"
        run.meter.record()
        data = recipe.data()
        recipe.net = recipe.model().to(self.device)
        made = recipe.configure_optimizers()
        self.optimizers = Optimizers(made, recipe.params.lr, recipe.params.weight_decay)
        self._splits(data)
        self._train_averages = Averages()
        self._metrics: dict[str, Any] = {}
        self._epochs_without_gain = 0
        self._batch = 0
        self.epoch = 0
        self._uncounted_steps = 0  # what steps of another batch size are more than those of this one
        if resume_from:
            self._restore(resume_from)

    def fit(self) -> None:
        """Train to the end, or until someone stops it; then test the best weights."""
        meter = self.run.meter
        meter.epochs = self.recipe.params.epochs
        meter.epoch = self.epoch + 1
        meter.phase = "training"
        batches = self.batches()
        self._began = True
        for _ in self.run.steps(self.total_steps):
            self.train_step(next(batches))
            self._batch += 1
            if self._batch == self.steps_per_epoch:
                self._end_epoch()
                if self._is_over():
                    break
                batches = self.batches()
        if not self.run.stopping:
            self._test()

    @property
    def total_steps(self) -> int:
        return self._uncounted_steps + int(self.recipe.params.epochs) * self.steps_per_epoch

    def measure(self, predictions: Tensor, targets: Tensor) -> None:
        """Feed a batch to the metrics of the split under evaluation; nothing happens while training."""
        for metric in self._metrics.values():
            metric.update(predictions, targets)

    def rehearse_evaluation(self) -> None:
        """One batch of each evaluated split, its metrics computed and forgotten."""
        for name in self._evaluated:
            self._evaluate(name, most_batches=1)

    def state_dict(self) -> dict[str, Any]:
        """All that exact resumption needs, where the last step left it."""
        if not self._began:
            return {}
        best = self.run.meter.best
        return {
            "model": self.recipe.net.state_dict(),
            "optimizers": self.optimizers.state_dict(),
            "random": random_state.capture(),
            "epoch": self.epoch,
            "batch": self._batch,
            "steps_per_epoch": self.steps_per_epoch,
            "train_averages": self._train_averages.state_dict(),
            "epochs_without_gain": self._epochs_without_gain,
            "best": None if best is None else [best.metric, best.value, best.step],
        }

    def _splits(self, data: Data) -> None:
        size = self.recipe.params.batch_size
        self._train = None if data.train is None else self._split(data, data.train, size, "train")
        larger = size * EVALUATION_BATCH_FACTOR
        self._evaluated = {
            name: self._split(data, source, larger, name)
            for name, source in (("val", data.validation), ("test", data.test))
            if source is not None
        }
        self.steps_per_epoch = data.steps_per_epoch if self._train is None else len(self._train)
        if self.steps_per_epoch < 1:
            raise WorkbenchError(
                "there is nothing to train on", "data() has to give train or steps_per_epoch"
            )
        for split in self._evaluated.values():
            len(split)  # an empty split is an error before the first step

    def _split(self, data: Data, source: Source, batch_size: int, name: str) -> Split:
        return Split(
            source, batch_size, self.device, name == "train", self.recipe.seed, data, name=name
        )

    def batches(self) -> Iterator[Any]:
        """What is left of this epoch's batches; None again and again where there is no data."""
        if self._train is None:
            return iter(lambda: None, object())
        return self._train.batches(self.epoch, skip=self._batch)

    def train_step(self, batch: Any) -> None:
        """One step: schedule, the recipe's own step, its optimizer where it left that to the loop."""
        recipe, step = self.recipe, self.run.step
        factor = recipe.learning_rate_factor(self._done_before(step))
        self.optimizers.set_learning_rate(factor, recipe.params.lr)
        self.optimizers.minimized = False
        recipe.net.train()
        values = _named(recipe.training_step(batch))
        if not self.optimizers.minimized:
            self.optimizers.minimize(_loss_of(values))
        recipe.after_step()
        self._train_averages.add(values, batch_length(batch))
        if step % recipe.params.log_every == 0 or step == 1:
            self._log_training()

    def _done_before(self, step: int) -> float:
        counted = self.total_steps - self._uncounted_steps
        return max(step - 1 - self._uncounted_steps, 0) / counted

    def _log_training(self) -> None:
        values = {f"train/{name}": value for name, value in self._train_averages.take().items()}
        self.run.log({**values, "lr": self.optimizers.lr})

    def _end_epoch(self) -> None:
        self._batch = 0
        self.epoch += 1
        meter = self.run.meter
        meter.epoch = min(self.epoch + 1, meter.epochs)
        earlier = meter.best
        if "val" in self._evaluated:
            meter.phase = "validation"
            self._evaluate("val")
            meter.phase = "training"
        better = meter.best is not None and meter.best != earlier
        self._epochs_without_gain = 0 if better else self._epochs_without_gain + 1
        self.run.steering.save_now("last")
        if better:
            self.run.steering.save_now("best")

    def _is_over(self) -> bool:
        if self.run.steering.stopping_after_epoch:
            self.run.steering.stopping = True
            return True
        patience = self.recipe.params.patience
        if patience and self._epochs_without_gain >= patience:
            self.run.message(
                f"stopped early: {self.recipe.monitor} did not improve for {patience} epochs"
            )
            return True
        return False

    def _evaluate(self, name: str, most_batches: int | None = None) -> None:
        """Average the step's values and compute the metrics over a whole split."""
        recipe, split = self.recipe, self._evaluated[name]
        step = recipe.validation_step if name == "val" else recipe.test_step
        averages = Averages()
        self._metrics = {key: m.to(self.device) for key, m in recipe.metrics().items()}
        recipe.net.eval()
        with torch.no_grad():
            for batch in islice(split.batches(epoch=0), most_batches):
                averages.add(_named(step(batch)), batch_length(batch))
        results = flattened({key: metric.compute() for key, metric in self._metrics.items()})
        self._metrics = {}
        numbers = averages.take() | {
            key: float(value) for key, value in results.items() if value.numel() == 1
        }
        self.run.log({f"{name}/{key}": value for key, value in numbers.items()})
        with torch.no_grad():
            recipe.on_evaluation_end(self.run, name, results)

    def _test(self) -> None:
        if "test" not in self._evaluated:
            return
        self.run.meter.phase = "test"
        best = self.run.folder.path / "best.pt"
        last = {key: value.clone() for key, value in self.recipe.net.state_dict().items()}
        if best.exists() and self.run.meter.best is not None:
            whole = self.run.load(best)
            self.recipe.net.load_state_dict(whole["state"]["model"])
        self._evaluate("test")
        self.recipe.net.load_state_dict(last)

    def _restore(self, state: Mapping[str, Any]) -> None:
        load_weights(self.recipe.net, state["model"])
        for replaced in self.optimizers.load_state_dict(state["optimizers"]):
            self.run.message(f"the optimizer begins anew: the checkpoint holds the state of {replaced}")
        random_state.restore(state["random"])
        self.epoch = state["epoch"]
        self._batch = state["batch"] * self.steps_per_epoch // state["steps_per_epoch"]
        self._uncounted_steps = self.run.step - self.epoch * self.steps_per_epoch - self._batch
        self._train_averages.load_state_dict(state["train_averages"])
        if self.run.forked:  # neither the best value nor the patience spent on it are its own
            return
        self._epochs_without_gain = state["epochs_without_gain"]
        if state["best"] is not None and state["best"][0] == self.recipe.monitor:
            metric, value, step = state["best"]
            self.run.meter.best = events.Best(metric=metric, value=value, step=step)


def flattened(results: Mapping[str, Any]) -> dict[str, Tensor]:
    """Metrics by name; one that gives several by name (mean average precision) becomes several."""
    flat: dict[str, Tensor] = {}
    for name, value in results.items():
        several = value.items() if isinstance(value, Mapping) else [("", value)]
        flat |= {f"{name}/{key}" if key else name: torch.as_tensor(one) for key, one in several}
    return flat


def load_weights(net: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load weights that have to fit the network.

    Raises:
        WorkbenchError: naming the keys that are missing, unknown, or of another shape.
    """
    own = net.state_dict()
    differing = [
        f"{key}: {tuple(weights[key].shape)} saved, {tuple(own[key].shape)} wanted"
        for key in own
        if key in weights and weights[key].shape != own[key].shape
    ]
    differing += [f"{key}: not in the checkpoint" for key in own if key not in weights]
    differing += [f"{key}: not in the network" for key in weights if key not in own]
    if differing:
        shown = "\n".join(differing[:12]) + (
            f"\nand {len(differing) - 12} more" if len(differing) > 12 else ""
        )
        raise WorkbenchError(
            "the checkpoint does not fit the network",
            f"{shown}\nparameters that change the network's shape need a new run",
        )
    net.load_state_dict(dict(weights))


def _named(values: Tensor | Mapping[str, Any] | None) -> dict[str, Any]:
    if values is None:
        return {}
    return dict(values) if isinstance(values, Mapping) else {"loss": values}


def _loss_of(values: Mapping[str, Any]) -> Tensor:
    loss = values.get("loss")
    if not isinstance(loss, Tensor):
        raise WorkbenchError(
            f"training_step returned no loss but: {_kinds(values) or 'nothing'}",
            "return the loss, or {'loss': loss, …}, or call self.minimize(loss) in the step",
        )
    if loss.numel() != 1:
        raise WorkbenchError(
            f"the loss has the shape {tuple(loss.shape)}", "reduce it to one number, as with .mean()"
        )
    if not loss.requires_grad:
        raise WorkbenchError(
            "the loss depends on no weight that could be trained",
            "compute it from self.net, without .detach() and .item()",
        )
    return loss


def _kinds(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} ({type(value).__name__})" for name, value in values.items())
