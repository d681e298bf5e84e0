"""Several classes, of which one is true: softmax, cross entropy, and how each class fares.

The network gives a number for each class; softmax makes probabilities of them, and cross entropy, the
loss, is minus the logarithm of the one that the truth was given: 0 for certainty, 2.3 for one in ten,
without end for a confident mistake. Accuracy hides which class suffers, so each has its precision,
recall and F1.

Data: scikit-learn's digits, 1,797 pictures of 8 x 8 pixels, or its wines, 178 of 3 growers by 13
measurements; 65 % train, 15 % validation, 20 % test. By choice a CSV file of your own.
Result: 97.9 % of the test digits, logistic regression 96.7 %; 100 % of the wines, 99.1 % (means of
three seeds). Time: 4 s on two CPU cores.
Look at: `classes`, the scores of each; `confusion`, which are taken for which; `cross entropy`, the
loss of each test sample over the probability of its truth; `doubtful`, from outputs to probabilities;
`mistakes`.
Source: softmax: J. Bridle, Probabilistic interpretation of feedforward classification network outputs,
1990; F1: C. van Rijsbergen, Information retrieval, 1979.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix

from recipes.classification import _tables
from workbench import at_least, choice, number, path, text
from workbench.figures.data import ImageGrid, Matrix, Scatter, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

SHOWN_DOUBTS, SHOWN_MISTAKES = 8, 12
DIGIT_SIDE = 8

# Shapes: N samples of a batch, M measurements, W width, K classes.


class MultiClass(Training):
    """A number for each class, cross entropy, AdamW."""

    class Params(Training.Params):
        dataset: str = choice("digits", "wine", "csv", help="which samples")
        file: str = path(help="for dataset=csv: names in the first line, then a line for each sample")
        target: str = text(help="for dataset=csv: the column of the classes; empty: the last")
        width: int = number(128, low=0, high=4096, help="hidden units; 0: softmax regression")
        dropout: float = number(0.4, low=0, high=0.9, help="share of hidden units left out")
        smoothing: float = number(0.05, low=0, high=0.5, live=True, help="share of a label spread out")
        epochs = 60
        batch_size = 32
        lr = 3e-3
        weight_decay = 0.1
        schedule = "one_cycle"

    monitor = "val/loss"
    marks = (
        at_least("test/accuracy", 0.97, baseline="baseline/logistic regression"),
        at_least(
            "test/accuracy", 0.97, baseline="baseline/logistic regression", values={"dataset": "wine"}
        ),
    )

    def data(self) -> Data:
        table = _tables.classified(self.params.dataset, self.params.file, self.params.target)
        self.classes = table.classes
        self.parts = _tables.split(table, self.seed)
        splits = (Tensors(part.x, part.y) for part in self.parts)
        return Data(*splits, classes=len(self.classes), notes=table.notes)

    def model(self) -> nn.Module:
        x, width = self.parts[0].x, self.params.width
        hidden = [nn.Linear(x.shape[1], width), nn.ReLU(), nn.Dropout(self.params.dropout)]
        last = nn.Linear(width or x.shape[1], len(self.classes))
        layers = [*(hidden if width else []), last]
        return nn.Sequential(_tables.Standardise(x), *layers)  # (N, M) to (N, W) to (N, K)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch  # (N, M), (N,)
        return F.cross_entropy(self.net(x), y, label_smoothing=self.params.smoothing)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch
        outputs = self.net(x)  # (N, K)
        self.measure(outputs, y)
        return F.cross_entropy(outputs, y)

    def metrics(self) -> dict[str, Any]:
        classes = len(self.classes)
        return {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "confusion": MulticlassConfusionMatrix(classes),
        }

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        run.figure("confusion", self._confusion(split, results["confusion"]))
        if split != "test":
            return
        test = self.parts[2]
        outputs = self.net(test.x.to(self.device)).cpu()  # (N, K)
        probabilities = softmax(outputs)  # (N, K)
        run.log({"baseline/logistic regression": self._logistic_regression()})
        run.log({"test/macro f1": scores(results["confusion"])[:, 2].mean()})
        run.figure("classes", self._scores(results["confusion"]))
        run.figure("cross entropy", _cross_entropy(probabilities, test.y))
        doubts = probabilities.max(1).values.argsort()[:SHOWN_DOUBTS]
        run.figure("doubtful", self._doubtful(outputs[doubts], probabilities[doubts], test.y[doubts]))
        mistaken = (probabilities.argmax(1) != test.y).nonzero()[:SHOWN_MISTAKES, 0]
        if self.params.dataset == "digits" and len(mistaken):
            run.figure("mistakes", self._mistakes(test.part(mistaken), probabilities[mistaken]))

    def _logistic_regression(self) -> float:
        """Accuracy on the test part of a model without hidden units."""
        train, _, test = self.parts
        scale = _tables.Standardise(train.x)
        fitted = LogisticRegression(max_iter=2000).fit(scale(train.x).numpy(), train.y.numpy())
        return float(fitted.score(scale(test.x).numpy(), test.y.numpy()))

    def _confusion(self, split: str, counts: Tensor) -> Matrix:
        return Matrix.confusion(f"Confusion on the {split} part", counts, self.classes)

    def _scores(self, confusion: Tensor) -> Table:
        rows = [
            [name, *(round(float(one), 4) for one in each), int(count)]
            for name, each, count in zip(self.classes, scores(confusion), confusion.sum(1), strict=True)
        ]
        columns = ["class", "precision", "recall", "F1", "samples"]
        return Table("How each class fares on the test part", columns, rows)

    def _doubtful(self, outputs: Tensor, probabilities: Tensor, truths: Tensor) -> Table:
        """The samples whose answer is least certain: the two likeliest classes of each."""
        rows = []
        for output, shares, truth in zip(outputs, probabilities, truths, strict=True):
            first, second = shares.topk(2).indices.tolist()
            told = [[self.classes[k], float(output[k]), float(shares[k])] for k in (first, second)]
            loss = -float(shares[truth].log())
            rows.append([self.classes[truth], *told[0], *told[1], loss])
        columns = ["truth"]
        columns += [
            f"{rank}{what}" for rank in ("first", "second") for what in ("", ": output", ": softmax")
        ]
        return Table("The least certain answers", [*columns, "-log(truth)"], rows)

    def _mistakes(self, part: _tables.Classified, probabilities: Tensor) -> ImageGrid:
        images = (part.x.reshape(-1, DIGIT_SIDE, DIGIT_SIDE) * 255 / 16).to(torch.uint8)
        guesses = probabilities.argmax(1)
        captions = [
            f"{self.classes[truth]} taken for {self.classes[guess]}"
            for truth, guess in zip(part.y.tolist(), guesses.tolist(), strict=True)
        ]
        return ImageGrid("Mistakes on the test part", list(images), captions)


def softmax(outputs: Tensor) -> Tensor:
    """Probabilities (N, K): above 0 by exp, and 1 in sum by division."""
    # The largest is subtracted so that exp cannot overflow; the quotient stays the same.
    powers = (outputs - outputs.max(1, keepdim=True).values).exp()
    return powers / powers.sum(1, keepdim=True)


def scores(confusion: Tensor) -> Tensor:
    """Precision, recall and F1 of each class, (K, 3), of counts (K, K) with the truth in rows."""
    right, true, called = confusion.diag(), confusion.sum(1), confusion.sum(0)  # (K,)
    parts = (
        right / called.clamp(min=1),
        right / true.clamp(min=1),
        2 * right / (true + called).clamp(min=1),
    )
    return torch.stack(parts, dim=1)


def _cross_entropy(probabilities: Tensor, truths: Tensor) -> Scatter:
    given = probabilities.gather(1, truths[:, None])[:, 0]  # (N,)
    right = probabilities.argmax(1) == truths
    curve = torch.linspace(0.01, 1, 100)
    groups = [
        Series(name, given[chosen], -given[chosen].log())
        for name, chosen in (("right", right), ("wrong", ~right))
    ]
    return Scatter(
        "Cross entropy of each test sample",
        groups,
        [Series("-log(p)", curve, -curve.log())],
        x_label="probability given to the truth",
        y_label="loss",
    )
