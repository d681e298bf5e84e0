"""Two classes: a probability for each sample, and the threshold that makes an answer of it.

The network gives one number, a logit; the loss, binary cross entropy, takes it as it is, for the
sigmoid of a large one is 1 and its logarithm lost. Where to say yes is another question: each threshold
finds a share of the yes (TPR) and raises a share of false alarms (FPR). All of them together are the
ROC curve, and the area under it (AUC) judges the network whatever the threshold. `threshold` can be set
while it trains.

Data: scikit-learn's breast cancer set, 569 tumours, 30 measurements (370 train, 85 validation, 114
test); yes is malignant. By choice a CSV file of your own with two classes.
Result: AUC of 0.992 on the test part (mean of three seeds), logistic regression 0.993.
Time: 1 s on two CPU cores.
Look at: `roc`, with your threshold and the one that the validation part would choose; `thresholds`,
what each costs; `calibration`, whether of those it gives 80 % four in five are; `logits`, why the loss
takes them.
Source: ROC: J. Swets, Measuring the accuracy of diagnostic systems, 1988; threshold: W. Youden, 1950;
calibration: M. DeGroot and S. Fienberg, 1983; C. Guo et al., On calibration of modern networks, 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torchmetrics.classification import BinaryAUROC

from recipes.classification import _scores, _tables
from workbench import at_least, choice, number, path, text
from workbench.errors import WorkbenchError, unknown
from workbench.figures.data import Matrix, Scatter, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

SHOWN_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
SHOWN_LOGITS = (1.0, 10.0, 20.0, 100.0)

# Shapes: N samples of a batch, M measurements, W width.


class Binary(Training):
    """One logit a sample, binary cross entropy, AdamW."""

    class Params(Training.Params):
        dataset: str = choice("breast_cancer", "csv", help="which samples")
        file: str = path(help="for dataset=csv: names in the first line, then a line for each sample")
        target: str = text(help="for dataset=csv: the column of the classes; empty: the last")
        positive: str = text(help="the class that is yes; empty: the rarer one")
        threshold: float = number(
            0.5, low=0, high=1, live=True, help="probability from which it is yes"
        )
        width: int = number(16, low=0, high=4096, help="hidden units; 0: logistic regression")
        dropout: float = number(0.3, low=0, high=0.9, help="share of hidden units left out")
        epochs = 40
        batch_size = 32
        lr = 3e-3
        weight_decay = 0.1
        schedule = "one_cycle"

    monitor = "val/loss"
    marks = (at_least("test/auc", 0.99, baseline="baseline/logistic regression"),)

    def data(self) -> Data:
        table = _tables.classified(self.params.dataset, self.params.file, self.params.target)
        self.names = self._names(table)  # of no and yes
        table = table._replace(y=(table.y == table.classes.index(self.names[1])).long())
        self.parts = _tables.split(table, self.seed)
        splits = (Tensors(part.x, part.y) for part in self.parts)
        return Data(*splits, classes=2, notes=table.notes)

    def _names(self, table: _tables.Classified) -> list[str]:
        if len(table.classes) != 2:
            raise WorkbenchError(
                f"there are {len(table.classes)} classes: {', '.join(table.classes[:8])}",
                "classification/multi_class tells more than two apart",
            )
        yes = self.params.positive or table.classes[int(torch.bincount(table.y).argmin())]
        if yes not in table.classes:
            raise WorkbenchError(unknown("class", yes, table.classes), "give one of them as positive")
        return [next(name for name in table.classes if name != yes), yes]

    def model(self) -> nn.Module:
        x, width = self.parts[0].x, self.params.width
        hidden = [nn.Linear(x.shape[1], width), nn.ReLU(), nn.Dropout(self.params.dropout)]
        layers = [*(hidden if width else []), nn.Linear(width or x.shape[1], 1)]
        return nn.Sequential(_tables.Standardise(x), *layers)  # (N, M) to (N, W) to (N, 1)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch  # (N, M), (N,)
        return F.binary_cross_entropy_with_logits(self.net(x)[:, 0], y.float())

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch
        logits = self.net(x)[:, 0]  # (N,)
        self.measure(logits, y)
        return F.binary_cross_entropy_with_logits(logits, y.float())

    def metrics(self) -> dict[str, Any]:
        return {"auc": BinaryAUROC()}

    def probabilities(self, part: _tables.Classified) -> Tensor:
        """Of yes, (N,), for each sample of a part."""
        return self.net(part.x.to(self.device))[:, 0].sigmoid().cpu()

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        part = self.parts[1 if split == "val" else 2]
        probabilities = self.probabilities(part)
        counts = _scores.at(self.params.threshold, probabilities, part.y)
        rates = {"tpr": counts.tpr, "fpr": counts.fpr, "precision": counts.precision, "f1": counts.f1}
        run.log({f"{split}/{name}": value for name, value in rates.items()})
        if split == "test":
            self._report(run, probabilities, part.y)

    def _report(self, run: Run, probabilities: Tensor, truths: Tensor) -> None:
        known = self.parts[1]
        chosen = _scores.best_threshold(self.probabilities(known), known.y)
        beside = self._logistic_regression()
        calibration = _scores.calibration(probabilities, truths)
        run.log({"baseline/logistic regression": _scores.area(_scores.curve(beside, truths)[1])})
        run.log({"test/calibration error": calibration.error, "chosen threshold": chosen})
        curves = {
            "network": _scores.curve(probabilities, truths)[1],
            "logistic regression": _scores.curve(beside, truths)[1],
        }
        points = {"your threshold": self.params.threshold, "chosen on the validation part": chosen}
        marked = {
            f"{name}: {value:.3f}": _scores.at(value, probabilities, truths)
            for name, value in points.items()
        }
        run.figure("roc", _roc(curves, marked))
        run.figure("precision and recall", _precision_recall(curves, marked))
        run.figure("thresholds", _thresholds(probabilities, truths, [*points.values()]))
        run.figure("calibration", _calibration(calibration))
        run.figure(
            "confusion", self._confusion(_scores.at(self.params.threshold, probabilities, truths))
        )
        run.figure("logits", _logits())

    def _logistic_regression(self) -> Tensor:
        """Probabilities of yes on the test part, of a model without hidden units."""
        train, _, test = self.parts
        scale = _tables.Standardise(train.x)
        fitted = LogisticRegression(max_iter=2000).fit(scale(train.x).numpy(), train.y.numpy())
        return torch.from_numpy(fitted.predict_proba(scale(test.x).numpy())[:, 1])

    def _confusion(self, counts: _scores.Counts) -> Matrix:
        title = f"Confusion on the test part, yes from {self.params.threshold:g} on"
        table = [[int(counts.tn), int(counts.fp)], [int(counts.fn), int(counts.tp)]]
        return Matrix.confusion(title, table, self.names)


def _roc(curves: Mapping[str, _scores.Counts], marked: Mapping[str, _scores.Counts]) -> Scatter:
    lines = [Series(f"{name}, AUC {_scores.area(c):.4f}", c.fpr, c.tpr) for name, c in curves.items()]
    points = [Series(name, [c.fpr], [c.tpr]) for name, c in marked.items()]
    chance = Series("chance", [0, 1], [0, 1])
    return Scatter("ROC curve", points, [*lines, chance], x_label="FPR", y_label="TPR")


def _precision_recall(
    curves: Mapping[str, _scores.Counts], marked: Mapping[str, _scores.Counts]
) -> Scatter:
    lines = [Series(name, c.tpr, c.precision) for name, c in curves.items()]
    points = [Series(name, [c.tpr], [c.precision]) for name, c in marked.items()]
    title = "Precision and recall"
    return Scatter(title, points, lines, x_label="recall (TPR)", y_label="precision")


def _thresholds(probabilities: Tensor, truths: Tensor, more: list[float]) -> Table:
    rows = []
    for threshold in sorted({*SHOWN_THRESHOLDS, *(round(one, 4) for one in more)}):
        c = _scores.at(threshold, probabilities, truths)
        rates = (c.tpr, c.fpr, c.precision, c.f1, c.accuracy)
        rows.append([threshold, *map(int, c), *(round(float(rate), 4) for rate in rates)])
    columns = ["threshold", "TP", "FP", "FN", "TN", "TPR", "FPR", "precision", "F1", "accuracy"]
    return Table("What each threshold costs, on the test part", columns, rows)


def _calibration(found: _scores.Calibration) -> Scatter:
    bins = Series("bins of test samples", found.said, found.true)
    perfect = Series("perfect", [0, 1], [0, 1])
    title = f"Calibration: {found.error:.1%} apart on average"
    return Scatter(title, [bins], [perfect], x_label="probability given", y_label="share of yes")


def _logits() -> Table:
    """Binary cross entropy of a confident mistake: of the probability, and of the logit itself."""
    rows = []
    for value in SHOWN_LOGITS:
        logit, truth = torch.tensor(value), torch.tensor(0.0)
        by_probability = -(1 - logit.sigmoid()).log()
        by_logit = F.binary_cross_entropy_with_logits(logit, truth)
        rows.append([value, float(logit.sigmoid()), float(by_probability), float(by_logit)])
    columns = ["logit, where no is right", "its sigmoid", "-log(1 - sigmoid)", "from the logit"]
    return Table("Why the loss takes logits", columns, rows)
