"""The same training by five loops: ours, two that one writes oneself, Lightning's and skorch's.

All take the same step of the same recipe, the same first weights, and batches in the same order, with
AdamW and one cycle of the learning rate. Each logs the loss every tenth step, validates after each
epoch, and then writes a checkpoint of network and optimizer.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Sampler, TensorDataset

from workbench.runs.folder import RunFolder
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Data
from workbench.training.loading import shuffled
from workbench.workers.attempt import TorchFiles

LOG_EVERY = 10
EVALUATION_BATCH = 400  # as large as our own loop takes them


@dataclasses.dataclass(frozen=True)
class Done:
    """Seconds from the first batch to the last checkpoint, and the accuracy on the validation part."""

    seconds: float
    accuracy: float


class Task:
    """A recipe's training, to be done by any loop."""

    def __init__(self, recipe_class: type[Any], epochs: int, device: str, **values: Any) -> None:
        self.device = torch.device(device)
        self.epochs = epochs
        self._weights: dict[str, Tensor] = {}
        self._class = self._same_beginning(recipe_class)
        self._values = {**values, "epochs": epochs, "log_every": LOG_EVERY}

    def recipe(self) -> Any:
        """A new recipe; `model` gives it the weights that all begin with."""
        torch.manual_seed(0)
        recipe = self._class(self._class.Params(**self._values), seed=0)
        recipe.device = str(self.device)
        return recipe

    def _same_beginning(self, recipe_class: type[Any]) -> type[Any]:
        task = self

        class Begun(recipe_class):  # type: ignore[misc]
            def data(self) -> Data:
                return dataclasses.replace(super().data(), test=None)

            def model(self) -> nn.Module:
                net: nn.Module = super().model()
                task._weights = task._weights or {k: v.clone() for k, v in net.state_dict().items()}
                net.load_state_dict(task._weights)
                self.began = time.perf_counter()
                return net

        return Begun


def ours(task: Task, **values: Any) -> Done:
    """The workbench's loop in a real run's folder: records, control, progress, figures and all."""
    recipe = task.recipe()
    for name, value in values.items():
        setattr(recipe.params, name, value)
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        folder = RunFolder(Path(place))
        recorder = Recorder(folder.events_file)
        goal = Goal(recipe.monitor, recipe.monitor_mode)
        run = Run(folder, recorder, recipe=recipe, files=TorchFiles(), device=recipe.device, goal=goal)
        recipe.run(run)
        run.wait_for_checkpoints()
        took = time.perf_counter() - recipe.began
        recorder.close()
    return Done(took, run.results["val/accuracy"])


def with_loader(task: Task) -> Done:
    """A plain loop over torch's DataLoader, as tutorials have it."""

    def batches(tensors: tuple[Tensor, ...], order: EpochOrder | None) -> Any:
        size = EVALUATION_BATCH if order is None else order.batch_size
        return DataLoader(TensorDataset(*tensors), size, sampler=order)

    return _plain(task, batches)


def with_indexing(task: Task, *, resident: bool = True) -> Done:
    """A plain loop that cuts its batches from tensors on the device itself."""

    def batches(tensors: tuple[Tensor, ...], order: EpochOrder | None) -> Any:
        on_device = tuple(one.to(task.device) for one in tensors) if resident else tensors
        return _Cut(on_device, order)

    return _plain(task, batches)


class EpochOrder(Sampler[int]):
    """The order that our own loop takes the samples in, epoch after epoch."""

    def __init__(self, count: int, batch_size: int) -> None:
        self.batch_size = batch_size
        self.epoch = 0
        self._count = count

    def indices(self) -> Tensor:
        """Of the epoch at hand; the next call gives the next one's."""
        self.epoch += 1
        return shuffled(self._count, seed=0, epoch=self.epoch - 1)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices().tolist())

    def __len__(self) -> int:
        return self._count


class _Cut:
    def __init__(self, tensors: tuple[Tensor, ...], order: EpochOrder | None) -> None:
        self._tensors, self._order = tensors, order

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        if self._order is None:
            yield from zip(*(tensor.split(EVALUATION_BATCH) for tensor in self._tensors), strict=True)
            return
        device = self._tensors[0].device
        for indices in self._order.indices().to(device).split(self._order.batch_size):
            yield tuple(tensor[indices] for tensor in self._tensors)


def _plain(task: Task, make_batches: Callable[..., Any]) -> Done:
    recipe = task.recipe()
    data = recipe.data()
    recipe.net = recipe.model().to(task.device)
    order = EpochOrder(len(data.train), recipe.params.batch_size)
    training = make_batches(data.train.tensors, order)
    validation = make_batches(data.validation.tensors, None)
    optimizer, scheduler = _adamw(recipe, len(data.train), task.epochs)
    step, accuracy = 0, 0.0
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        with (Path(place) / "log.jsonl").open("w") as log:
            for _ in range(task.epochs):
                recipe.net.train()
                for batch in training:
                    moved = [one.to(task.device) for one in batch]
                    loss = recipe.training_step(moved)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
                    step += 1
                    if step % LOG_EVERY == 0:
                        log.write(json.dumps({"step": step, "loss": loss.item()}) + "\n")
                recipe.net.eval()
                accuracy = _accuracy(recipe, validation)
                log.write(json.dumps({"step": step, "accuracy": accuracy}) + "\n")
                state = {"net": recipe.net.state_dict(), "optimizer": optimizer.state_dict()}
                torch.save(state, Path(place) / "last.pt")
        return Done(time.perf_counter() - recipe.began, accuracy)


def _adamw(recipe: Any, samples: int, epochs: int) -> tuple[torch.optim.Optimizer, OneCycleLR]:
    params = recipe.params
    optimizer = torch.optim.AdamW(
        recipe.net.parameters(), lr=params.lr, weight_decay=params.weight_decay
    )
    total = epochs * -(-samples // params.batch_size)
    return optimizer, OneCycleLR(optimizer, params.lr, total, cycle_momentum=False)


@torch.no_grad()
def _accuracy(recipe: Any, validation: Any) -> float:
    right = count = 0
    for batch in validation:
        images, labels = (one.to(recipe.device) for one in batch)
        logits = recipe.predict_step((images, labels))
        F.cross_entropy(logits, labels)
        right += (logits.argmax(1) == labels).sum()
        count += len(labels)
    return float(right) / count


def with_lightning(task: Task) -> Done:
    """Lightning's Trainer, with its CSV logger and a checkpoint an epoch, and nothing else."""
    import lightning  # noqa: PLC0415 - takes seconds
    from lightning.pytorch.callbacks import ModelCheckpoint  # noqa: PLC0415
    from lightning.pytorch.loggers import CSVLogger  # noqa: PLC0415

    recipe = task.recipe()
    data = recipe.data()
    recipe.net = recipe.model().to(task.device)
    order = EpochOrder(len(data.train), recipe.params.batch_size)

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = recipe.net

        def training_step(self, batch: Any, _index: int) -> Tensor:
            loss: Tensor = recipe.training_step(batch)
            self.log("loss", loss)
            return loss

        def validation_step(self, batch: Any, _index: int) -> None:
            logits = recipe.predict_step(batch)
            self.log("val_loss", F.cross_entropy(logits, batch[1]))
            self.log("accuracy", (logits.argmax(1) == batch[1]).float().mean())

        def configure_optimizers(self) -> Any:
            optimizer, scheduler = _adamw(recipe, len(data.train), task.epochs)
            return {
                "optimizer": optimizer,
                "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
            }

    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place, _quiet():
        trainer = lightning.Trainer(
            max_epochs=task.epochs,
            accelerator="cpu" if task.device.type == "cpu" else "gpu",
            devices=1,
            logger=CSVLogger(place),
            log_every_n_steps=LOG_EVERY,
            callbacks=[ModelCheckpoint(place)],
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        train = DataLoader(TensorDataset(*data.train.tensors), order.batch_size, sampler=order)
        validation = DataLoader(TensorDataset(*data.validation.tensors), EVALUATION_BATCH)
        recipe.began = time.perf_counter()
        trainer.fit(Module(), train, validation)
        took = time.perf_counter() - recipe.began
    return Done(took, float(trainer.callback_metrics["accuracy"]))


def with_skorch(task: Task) -> Done:
    """The NeuralNet of skorch, with its own history, a checkpoint an epoch, and nothing printed."""
    from skorch import NeuralNetClassifier  # noqa: PLC0415 - takes seconds
    from skorch.callbacks import Checkpoint, LRScheduler  # noqa: PLC0415
    from skorch.dataset import Dataset  # noqa: PLC0415
    from skorch.helper import predefined_split  # noqa: PLC0415

    recipe = task.recipe()
    data = recipe.data()
    recipe.net = recipe.model().to(task.device)
    samples, size = len(data.train), recipe.params.batch_size

    class Net(NeuralNetClassifier):  # type: ignore[misc]
        def train_step_single(self, batch: Any, **_: Any) -> dict[str, Tensor]:
            self._set_training(True)
            loss = recipe.training_step([one.to(task.device) for one in batch])
            loss.backward()
            return {"loss": loss, "y_pred": loss}

        def infer(self, x: Tensor, **_: Any) -> Tensor:
            logits: Tensor = recipe.predict_step((x.to(task.device), None))
            return logits

    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place, _quiet():
        net = Net(
            recipe.net,
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=recipe.params.weight_decay,
            lr=recipe.params.lr,
            max_epochs=task.epochs,
            batch_size=size,
            iterator_train__shuffle=True,
            iterator_valid__batch_size=EVALUATION_BATCH,
            train_split=predefined_split(Dataset(*data.validation.tensors)),
            callbacks=[
                LRScheduler(
                    OneCycleLR,
                    max_lr=recipe.params.lr,
                    total_steps=task.epochs * -(-samples // size) + 1,
                    cycle_momentum=False,
                    step_every="batch",
                ),
                Checkpoint(dirname=place, monitor=None),
            ],
            verbose=0,
            device=str(task.device),
            classes=list(range(len(recipe.classes))),
        )
        recipe.began = time.perf_counter()
        net.fit(*data.train.tensors)
        took = time.perf_counter() - recipe.began
    return Done(took, float(net.history[-1, "valid_acc"]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Advice that these libraries give on every start is left out of what is printed."""
    logger = logging.getLogger("lightning.pytorch")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
