"""A continuous output: a small network beside ridge regression, over five splits.

With few samples and noisy targets a straight line is hard to beat. The network is a line, from the
inputs to the output, and beside it a hidden layer that may bend it where the samples ask for it; half
of its units are left out at a time, and its weights are drawn to 0. One split says little: with another
the result differs by more than any two methods do. So five networks are trained at once, on five
splits, and each sample is tested once. Nothing else is held back, so a study that compares trials needs
held_out=0.2. `classification/multi_target` has several outputs.

Data: scikit-learn's diabetes set, 442 patients, 10 measurements, the progress of the disease a year
later; by choice a CSV file of your own.
Result: R² of 0.485 over five splits, ridge regression 0.479 (means of three seeds, each above ridge).
Time: 3 s on two CPU cores.
Look at: `splits`, R² of each beside ridge regression; `predictions`, which are drawn to the mean where
little is known; `residuals`; `measurements`, how little the splits agree on the weights.
Source: A. Hoerl and R. Kennard, Ridge regression, 1970; dropout: N. Srivastava et al., 2014.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.classification import _folds, _tables
from workbench import at_least, choice, number, path, text
from workbench.figures.data import Scatter, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

# Shapes: N samples of a batch, M measurements, W width.


class _Bent(nn.Module):
    """A line, and a hidden layer beside it that begins at nothing."""

    def __init__(self, measurements: int, width: int, dropout: float) -> None:
        super().__init__()
        self.straight = nn.Linear(measurements, 1)
        last = nn.Linear(width, 1)
        nn.init.zeros_(last.weight)
        self.bent = nn.Sequential(nn.Linear(measurements, width), nn.Tanh(), nn.Dropout(dropout), last)

    def forward(self, x: Tensor) -> Tensor:
        return self.straight(x) + self.bent(x)  # (N, M) to (N, 1)


class Regression(Training):
    """The mean squared error of each split's network, added up; AdamW."""

    class Params(Training.Params):
        dataset: str = choice("diabetes", "csv", help="which samples")
        file: str = path(help="for dataset=csv: names in the first line, then a line for each sample")
        target: str = text(help="for dataset=csv: the column to predict; empty: the last")
        splits: int = number(5, low=2, high=20, help="networks, each tested on its part of the samples")
        width: int = number(64, low=1, high=4096, log=True, help="hidden units")
        dropout: float = number(0.5, low=0, high=0.95, help="share of hidden units left out")
        held_out: float = number(0, low=0, high=0.5, help="share that validates; 0: learn from all")
        epochs = 60
        log_every = 36
        lr = 5e-3
        weight_decay = 1.0
        schedule = "one_cycle"

    monitor = "train/loss"
    marks = (at_least("test/r2", baseline="baseline/ridge", margin=0),)

    def data(self) -> Data:
        table = _tables.measured(self.params.dataset, self.params.file, self.params.target)
        self.table = table._replace(y=table.y[:, :1], targets=table.targets[:1])
        shares = self.params.splits, self.seed, self.device, self.params.held_out
        self.folds = _folds.folds(self.table, *shares)
        # A batch is of places in the training parts, the same in each of them.
        count = min(len(fold.train[0]) for fold in self.folds)
        validation = [self.folds] if self.params.held_out else None
        return Data(Tensors(torch.arange(count)), validation, [self.folds], notes=self.table.notes)

    def model(self) -> nn.Module:
        measurements = self.table.x.shape[1]
        nets = (_Bent(measurements, self.params.width, self.params.dropout) for _ in self.folds)
        return nn.ModuleList(nets)

    def training_step(self, batch: tuple[Tensor]) -> Tensor:
        (places,) = batch  # (N,)
        losses = []
        for net, fold in zip(self.net, self.folds, strict=True):
            x, y = (part[places] for part in fold.train)  # (N, M), (N, 1)
            losses.append(F.mse_loss(net(x), y))
        return torch.stack(losses).mean()  # they share no weight: each one's gradient is its own

    def validation_step(self, batch: list[_folds.Fold]) -> dict[str, Tensor]:
        return self._scores([fold.validation for fold in batch])

    def test_step(self, batch: list[_folds.Fold]) -> dict[str, Tensor]:
        return self._scores([fold.test for fold in batch])

    def predict_step(self, batch: list[_folds.Fold]) -> Tensor:
        """What each network answers to the samples that it never saw, (N, 1)."""
        return torch.cat([net(fold.test[0]) for net, fold in zip(self.net, batch, strict=True)])

    def _scores(self, parts: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """Means over the splits, each by its own network."""
        answers = [net(x) for net, (x, _) in zip(self.net, parts, strict=True)]  # (N, 1)
        losses = [F.mse_loss(p, y) for p, (_, y) in zip(answers, parts, strict=True)]
        scores = [_folds.r2(p, y) for p, (_, y) in zip(answers, parts, strict=True)]
        return {"loss": torch.stack(losses).mean(), "r2": torch.stack(scores).mean()}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        network = [net(fold.test[0]).cpu() for net, fold in zip(self.net, self.folds, strict=True)]
        ridge = [_folds.ridge(fold) for fold in self.folds]
        truths = [fold.test[1].cpu() for fold in self.folds]
        scores = {
            "network": [float(_folds.r2(p, y)) for p, y in zip(network, truths, strict=True)],
            "ridge": [float(_folds.r2(p, y)) for p, y in zip(ridge, truths, strict=True)],
        }
        run.log({"baseline/ridge": sum(scores["ridge"]) / len(self.folds)})
        run.figure("splits", _splits(scores))
        predicted = torch.cat([f.targets.back(p) for f, p in zip(self.folds, network, strict=True)])
        true = torch.cat([f.targets.back(y) for f, y in zip(self.folds, truths, strict=True)])
        run.log({"test/rmse": (predicted - true).square().mean().sqrt()})
        run.figure("predictions", self._predictions(predicted[:, 0], true[:, 0]))
        run.figure("residuals", self._residuals(predicted[:, 0], true[:, 0]))
        run.figure("measurements", self._measurements())

    def _predictions(self, predicted: Tensor, true: Tensor) -> Scatter:
        ends = [float(true.min()), float(true.max())]
        return Scatter(
            f"{self.table.targets[0]}: each sample by the network that never saw it",
            [Series("samples", true, predicted)],
            [Series("perfect", ends, ends)],
            x_label="true",
            y_label="predicted",
        )

    def _residuals(self, predicted: Tensor, true: Tensor) -> Scatter:
        ends = [float(predicted.min()), float(predicted.max())]
        return Scatter(
            "What is left over; a shape in it is something not learned",
            [Series("samples", predicted, true - predicted)],
            [Series("nothing left", ends, [0.0, 0.0])],
            x_label="predicted",
            y_label="true - predicted",
        )

    def _measurements(self) -> Table:
        """What a spread of each measurement adds, of the straight parts, and all else at its mean."""
        weights = torch.stack([net.straight.weight[0] for net in self.net])  # (splits, M)
        rows = []
        for index, name in enumerate(self.table.names):
            one = weights[:, index]
            rows.append([name, float(one.mean()), float(one.min()), float(one.max())])
        columns = ["measurement", "mean weight", "least of the splits", "largest"]
        return Table("The straight part of the networks, standardised", columns, rows)


def _splits(scores: Mapping[str, list[float]]) -> Table:
    rows = [[f"{number}", *pair] for number, pair in enumerate(zip(*scores.values(), strict=True), 1)]
    rows.append(["mean", *(sum(one) / len(one) for one in scores.values())])
    return Table("R² of each split's test part", ["split", *scores], rows)
