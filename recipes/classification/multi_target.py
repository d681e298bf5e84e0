"""Several continuous outputs: one network for all of them, or a network for each.

Weight, waist and pulse of one person belong together. A network with three outputs shares its hidden
layer among them, so that what serves one may serve the others; three networks know nothing of each
other. Both are trained side by side, on five splits at once, beside ridge regression and the mean of
what is known. Each man is tested once; nothing else is held back, so a study that compares trials needs
held_out=0.2.

Data: scikit-learn's Linnerud set, 20 men: chin-ups, sit-ups and jumps they can do; by choice a CSV file
of your own.
Result: a squared error of 1.62 variances for both ways, ridge regression 1.61, the mean 1.81 (means of
three seeds). Twenty men are few: of the three targets only the waist can be told at all from exercises.
Time: 4 s on two CPU cores.
Look at: `targets`, R² and mean error of each by each method; `samples`, truth beside prediction;
`together`, how the targets and what is predicted of them go along.
Source: R. Caruana, Multitask learning, 1997.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.classification import _folds, _tables
from workbench import at_most, choice, number, path, text
from workbench.errors import WorkbenchError
from workbench.figures.data import Matrix, Scatter, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

SHOWN_SAMPLES = 20

# Shapes: N samples of a batch, M measurements, W width, T targets.


class _Apart(nn.Module):
    """A network for each target."""

    def __init__(self, nets: list[nn.Module]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([net(x) for net in self.nets], dim=1)  # T times (N, 1) to (N, T)


class MultiTarget(Training):
    """The mean squared error of all targets, standardised so that each counts alike; AdamW."""

    class Params(Training.Params):
        dataset: str = choice("linnerud", "csv", help="which samples")
        file: str = path(help="for dataset=csv: names in the first line, then a line for each sample")
        targets: str = text(help="for dataset=csv: columns to predict, between commas; empty: the last")
        splits: int = number(5, low=2, high=20, help="networks, each tested on its part of the samples")
        width: int = number(16, low=1, high=4096, log=True, help="hidden units")
        dropout: float = number(0.5, low=0, high=0.95, help="share of hidden units left out")
        held_out: float = number(0, low=0, high=0.5, help="share that validates; 0: learn from all")
        epochs = 100
        log_every = 20
        batch_size = 8
        lr = 3e-3
        weight_decay = 1.0
        schedule = "one_cycle"

    monitor = "train/loss"
    marks = (at_most("test/error/together", baseline="baseline/mean"),)

    def data(self) -> Data:
        self.table = _tables.measured(self.params.dataset, self.params.file, self.params.targets)
        if len(self.table.targets) == 1:
            raise WorkbenchError(
                f"there is one target, {self.table.targets[0]}",
                "name several with targets=A,B, or use classification/regression",
            )
        shares = self.params.splits, self.seed, self.device, self.params.held_out
        self.folds = _folds.folds(self.table, *shares)
        # A batch is of places in the training parts, the same in each of them.
        count = min(len(fold.train[0]) for fold in self.folds)
        validation = [self.folds] if self.params.held_out else None
        return Data(Tensors(torch.arange(count)), validation, [self.folds], notes=self.table.notes)

    def model(self) -> nn.Module:
        targets = len(self.table.targets)
        together = [self._net(targets) for _ in self.folds]
        apart = [_Apart([self._net(1) for _ in range(targets)]) for _ in self.folds]
        return nn.ModuleDict({"together": nn.ModuleList(together), "apart": nn.ModuleList(apart)})

    def _net(self, outputs: int) -> nn.Module:
        inputs, width = self.table.x.shape[1], self.params.width
        hidden = nn.Linear(inputs, width), nn.Tanh(), nn.Dropout(self.params.dropout)
        return nn.Sequential(*hidden, nn.Linear(width, outputs))  # (N, M) to (N, W) to (N, T)

    def training_step(self, batch: tuple[Tensor]) -> dict[str, Tensor]:
        (places,) = batch  # (N,)
        losses = {}
        for way, nets in self.net.items():
            each = []
            for net, fold in zip(nets, self.folds, strict=True):
                x, y = (part[places] for part in fold.train)  # (N, M), (N, T)
                each.append(F.mse_loss(net(x), y))
            losses[f"loss/{way}"] = torch.stack(each).mean()
        return {"loss": sum(losses.values()), **losses}

    def validation_step(self, batch: list[_folds.Fold]) -> dict[str, Tensor]:
        parts = [fold.validation for fold in batch]
        errors = {f"error/{way}": self._error(nets, parts) for way, nets in self.net.items()}
        return {"loss": sum(errors.values()), **errors}

    def test_step(self, batch: list[_folds.Fold]) -> dict[str, Tensor]:
        parts = [fold.test for fold in batch]
        return {f"error/{way}": self._error(nets, parts) for way, nets in self.net.items()}

    def predict_step(self, batch: list[_folds.Fold]) -> Tensor:
        """What the networks for all targets answer to the samples that they never saw, (N, T)."""
        pairs = zip(self.net["together"], batch, strict=True)
        return torch.cat([net(fold.test[0]) for net, fold in pairs])

    def _error(self, nets: nn.ModuleList, parts: list[tuple[Tensor, Tensor]]) -> Tensor:
        """The mean squared error over all splits and targets, in variances of what is known."""
        each = [F.mse_loss(net(x), y) for net, (x, y) in zip(nets, parts, strict=True)]
        return torch.stack(each).mean()

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        answers = {
            way: [net(fold.test[0]).cpu() for net, fold in zip(nets, self.folds, strict=True)]
            for way, nets in self.net.items()
        }
        answers["ridge"] = [_folds.ridge(fold) for fold in self.folds]
        # Standardised, the mean of the training part is 0.
        answers["mean"] = [torch.zeros(fold.test[1].shape) for fold in self.folds]
        for name in ("ridge", "mean"):
            pairs = zip(answers[name], self.folds, strict=True)
            errors = [F.mse_loss(p, fold.test[1].cpu()) for p, fold in pairs]
            run.log({f"baseline/{name}": torch.stack(errors).mean()})
        tested = torch.cat([fold.tested for fold in self.folds])
        true = self.table.y[tested]  # (N, T), all samples, each once
        measured = {
            name: torch.cat([f.targets.cpu().back(p) for f, p in zip(self.folds, each, strict=True)])
            for name, each in answers.items()
        }
        run.figure("targets", self._targets(measured, true))
        run.figure("samples", self._samples(measured["together"], true))
        run.figure("together", self._together(measured["together"], true))
        for place, target in enumerate(self.table.targets):
            run.figure(f"prediction: {target}", self._prediction(measured, true, place))

    def _targets(self, measured: Mapping[str, Tensor], true: Tensor) -> Table:
        rows = []
        for name, predicted in measured.items():
            scores = _folds.r2(predicted, true)
            for target, score, error in zip(
                self.table.targets, scores, (predicted - true).abs().mean(0), strict=True
            ):
                rows.append([target, name, float(score), float(error)])
        rows.sort(key=lambda row: self.table.targets.index(row[0]))
        columns = ["target", "method", "R² over all splits", "mean absolute error"]
        return Table("Each target by each method, on samples never seen", columns, rows)

    def _samples(self, predicted: Tensor, true: Tensor) -> Table:
        columns = [f"{target}{what}" for target in self.table.targets for what in ("", ", predicted")]
        pairs = torch.stack([true, predicted], dim=2).flatten(1)[:SHOWN_SAMPLES]  # (N, 2T)
        rows = [[round(value, 2) for value in row] for row in pairs.tolist()]
        return Table("Truth and prediction, by the network for all", columns, rows)

    def _together(self, predicted: Tensor, true: Tensor) -> Matrix:
        """Correlations: above the diagonal of the truth, below it of what is predicted."""
        names = self.table.targets
        of_truth, of_answers = torch.corrcoef(true.T), torch.corrcoef(predicted.T)  # (T, T)
        values = of_truth.triu() + of_answers.tril(-1)
        return Matrix("Correlations: true above, predicted below", values, rows=names, columns=names)

    def _prediction(self, measured: Mapping[str, Tensor], true: Tensor, place: int) -> Scatter:
        target = self.table.targets[place]
        ends = [float(true[:, place].min()), float(true[:, place].max())]
        groups = [
            Series(name, true[:, place], measured[name][:, place]) for name in ("together", "apart")
        ]
        perfect = Series("perfect", ends, ends)
        return Scatter(
            f"{target}, of people never seen", groups, [perfect], x_label="true", y_label="predicted"
        )
