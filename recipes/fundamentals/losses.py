"""Six losses: what each makes of an error, and what a model becomes that minimises it.

Six linear models are trained side by side, one by each loss. Three predict the progress of diabetes
from the body mass index, with outliers among the training patients: the mean squared error follows
them, the mean absolute error does not, and the mean bias error only sees to it that errors cancel. Two
tell malignant tumours from benign: cross entropy ends at probabilities, hinge at a margin, beyond which
it takes no notice of a sample. The sixth answers three questions about a tumour at once, which do not
exclude each other.

Data: scikit-learn's diabetes set (353 patients train, 89 test), of which a tenth get a zero too many,
and its breast cancer set (455 tumours train, 114 test).
Result: each model ends within 1 % of the least that any line could make of its loss. With outliers the
mean error on the test patients is 0.68 spreads for the absolute error, 1.8 for the squared. Time: 3 s.
Look at: the table `six losses`; `values` and `slopes`, by the error and by the score; `fits`, three
lines through one cloud; with outliers=0 the first two lines nearly meet.
Source: A.-M. Legendre, 1805 (squares); R. Boscovich, 1757 (absolute errors); D. Cox, The regression
analysis of binary sequences, 1958; C. Cortes and V. Vapnik, Support-vector networks, 1995 (hinge).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.fundamentals import _six
from workbench import at_least, at_most, number
from workbench.figures.data import Curves, Scatter, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Training

STEPS_AN_EPOCH = 50
SEEN = 4.0  # progress up to which patients are drawn

# Shapes: N samples, M measurements, L labels. Predictions p and targets y are of one shape.


def mse(p: Tensor, y: Tensor) -> Tensor:
    """Mean squared error: twice the error counts four times. Least where p is the mean of y."""
    return ((p - y) ** 2).mean()


def mae(p: Tensor, y: Tensor) -> Tensor:
    """Mean absolute error: every error pulls alike. Least where p is the median of y."""
    return (p - y).abs().mean()


def mbe(p: Tensor, y: Tensor) -> Tensor:
    """Mean bias error: errors of both signs cancel. It has no least value, and 0 says little."""
    return (p - y).mean()


def bce(score: Tensor, y: Tensor) -> Tensor:
    """Binary cross entropy of scores (logits), for y of 0 and 1: -log of what the truth was given.

    -y log(s) - (1 - y) log(1 - s) with s = sigmoid(score), in the form that never takes log of 0.
    """
    return (F.softplus(score) - y * score).mean()


def hinge(score: Tensor, y: Tensor) -> Tensor:
    """What is missing from a score of 1 on the right side, for y of 0 and 1; 0 where nothing is."""
    return (1 - (2 * y - 1) * score).clamp(min=0).mean()


def multi_label(scores: Tensor, y: Tensor) -> Tensor:
    """Binary cross entropy of each label (N, L) by itself: any number of them may be true."""
    return bce(scores, y)


Loss = Callable[[Tensor, Tensor], Tensor]
OF_AMOUNTS: dict[str, Loss] = {"mse": mse, "mae": mae, "mbe": mbe}
OF_CLASSES: dict[str, Loss] = {"bce": bce, "hinge": hinge, "multi_label": multi_label}
WORDS = {
    "mse": ("(p - y)²", "the mean, which outliers draw"),
    "mae": ("|p - y|", "the median: half lie above, half below"),
    "mbe": ("p - y", "nothing: errors cancel on any line through the mean"),
    "bce": ("log(1 + exp(s)) - y s", "a probability"),
    "hinge": ("max(0, 1 - s) for yes, max(0, 1 + s) for no", "a side, with a margin"),
    "multi_label": ("bce of each label", "a probability for each label by itself"),
}


class SixLosses(Training):
    """Six linear models on the whole of their data at each step, with one optimizer."""

    class Params(Training.Params):
        outliers: float = number(0.1, low=0, high=0.45, help="share of patients with a zero too many")
        epochs = 20
        optimizer = "adam"
        lr = 0.3
        schedule = "cosine"

    monitor = "train/loss"
    marks = (
        at_most("test/error/mae", baseline="test/error/mse"),
        at_most("furthest from the lowest", 0.01),
        at_least("test/accuracy/bce", 0.9),
        at_least("test/accuracy/hinge", 0.9),
        at_least("test/accuracy/multi_label", 0.85),
    )

    def data(self) -> Data:
        self.train, self.test = _six.load(self.params.outliers, self.seed)
        return Data([self.train] * STEPS_AN_EPOCH, None, [self.test])

    def model(self) -> nn.Module:
        questions = {"bce": 1, "hinge": 1, "multi_label": len(_six.QUESTIONS)}
        models = {name: nn.Linear(1, 1) for name in OF_AMOUNTS}
        return nn.ModuleDict(
            models | {name: nn.Linear(len(_six.CELLS), n) for name, n in questions.items()}
        )

    def losses(self, part: _six.Samples) -> dict[str, Tensor]:
        """Each model's loss by its own measure."""
        found = {
            name: loss(self.net[name](part.index), part.progress) for name, loss in OF_AMOUNTS.items()
        }
        for name, loss in OF_CLASSES.items():
            scores = self.net[name](part.cells)  # (T, 1), or (T, L) for several labels
            found[name] = loss(scores, part.labels[:, : scores.shape[1]])
        return found

    def training_step(self, batch: _six.Samples) -> dict[str, Tensor]:
        found = self.losses(batch)
        # The mean bias error has no least value; its size has.
        total = sum(found.values()) - found["mbe"] + found["mbe"].abs()
        return {"loss": total, **found}

    def test_step(self, batch: _six.Samples) -> dict[str, Tensor]:
        values = {}
        for name in OF_AMOUNTS:
            error = self.net[name](batch.index) - batch.progress  # (N, 1)
            values |= {f"error/{name}": error.abs().mean(), f"bias/{name}": error.mean()}
        for name in OF_CLASSES:
            scores = self.net[name](batch.cells)
            right = (scores > 0) == batch.labels[:, : scores.shape[1]].bool()
            values[f"accuracy/{name}"] = right.float().mean()
        return values

    def predict_step(self, batch: _six.Samples) -> dict[str, Tensor]:
        """Progress by each loss of amounts, and scores by each of classes."""
        inputs = dict.fromkeys(OF_AMOUNTS, batch.index) | dict.fromkeys(OF_CLASSES, batch.cells)
        return {name: self.net[name](x) for name, x in inputs.items()}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        train = _six.Samples(*(part.to(self.device) for part in self.train))
        reached = {name: float(value) for name, value in self.losses(train).items()}
        lowest = _six.lowest(self.train)
        # The mean bias error is no share of 0; it is in units of the spread of the progress.
        gaps = {name: (value - lowest[name]) / (lowest[name] or 1) for name, value in reached.items()}
        run.log({"furthest from the lowest": max(abs(gap) for gap in gaps.values())})
        rows = [
            [name, *WORDS[name], reached[name], lowest[name], *_slopes(name), _score(name, run.results)]
            for name in reached
        ]
        columns = [
            "loss",
            "of one",
            "fits",
            "reached",
            "lowest",
            "slope at 1",
            "slope at 10",
            "test part",
        ]
        run.figure("six losses", Table("Six losses, and what minimises them", columns, rows))
        for label, losses in (("error", OF_AMOUNTS), ("score", OF_CLASSES)):
            values, slopes = _over(losses, label)
            run.figure(f"values by {label}", values)
            run.figure(f"slopes by {label}", slopes)
        run.figure("fits", self._fits())

    def _fits(self) -> Scatter:
        ends = torch.stack([self.train.index.min(), self.train.index.max()])[:, None]  # (2, 1)
        lines = [
            Series(name, ends[:, 0], self.net[name](ends.to(self.device))[:, 0]) for name in OF_AMOUNTS
        ]
        # What is far above is left out of the picture, for the lines to be told apart.
        seen = self.train.progress < SEEN
        groups = [
            Series("learned from", self.train.index[seen], self.train.progress[seen]),
            Series("test part", self.test.index[:, 0], self.test.progress[:, 0]),
        ]
        return Scatter(
            f"Three lines; {int((~seen).sum())} of the outliers lie above the picture",
            groups,
            lines,
            x_label="body mass index",
            y_label="progress",
        )


def of_one(loss: Loss, at: Tensor) -> tuple[Tensor, Tensor]:
    """A loss of each error or score by itself, and its derivative by autograd; y is 0, or yes."""
    truth = torch.ones_like(at) if loss in OF_CLASSES.values() else torch.zeros_like(at)
    with torch.enable_grad():
        at = at.clone().requires_grad_()
        values = torch.stack([loss(one[None], y[None]) for one, y in zip(at, truth, strict=True)])
        return values.detach(), torch.autograd.grad(values.sum(), at)[0]


def _over(losses: Mapping[str, Loss], label: str) -> list[Curves]:
    """Values of the losses, and their slopes."""
    at = torch.linspace(-4, 4, 81)
    both = {name: of_one(loss, at) for name, loss in losses.items()}
    words = "error p - y" if label == "error" else "score of what is true"
    return [
        Curves(title, [Series(name, at, found[which]) for name, found in both.items()], x_label=words)
        for which, title in enumerate(("Loss of one sample", "Slope of the loss of one sample"))
    ]


def _slopes(name: str) -> list[float]:
    """At an error of 1 and of 10; for classes at a score that is wrong by as much."""
    if name in OF_AMOUNTS:
        return of_one(OF_AMOUNTS[name], torch.tensor([1.0, 10.0]))[1].tolist()
    return of_one(OF_CLASSES[name], torch.tensor([-1.0, -10.0]))[1].tolist()


def _score(name: str, results: Mapping[str, float]) -> str:
    if name in OF_AMOUNTS:
        return f"mean error {results[f'test/error/{name}']:.3f} spreads"
    return f"{results[f'test/accuracy/{name}']:.1%} right"
