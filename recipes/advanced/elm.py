"""Extreme learning machine: a hidden layer left at random, and an output layer solved in one step.

The weights of the hidden layer are drawn and never learned. What they make of the training pictures
is a matrix H, and the output weights B that bring H B nearest to the labels T have a closed form, that
of ridge regression: (HᵀH + λ I) B = HᵀT. No gradient, no epochs. The run widens the layer, from a few
units to `units`, and solves each width twice: with the ridge λ, and without.

Data: scikit-learn's digits, 1,797 pictures of 8 x 8 pixels (1,258 train, 180 validation, 359 test); by
choice the other sets of `images/cnn`, or a folder of your own with a subfolder a class.
Result: 99.0 % of the test digits (mean of three seeds), and 93.3 % by the same least squares without a
hidden layer. Time: one to two seconds for all widths on two CPU cores, less than half of one for the
widest; no less on a GPU, for matrices so small.
Look at: `width`: without a ridge, new pictures are told apart worst where there are about as many units
as training pictures, and better again beyond; `units`, which stay as they were drawn.
Source: G.-B. Huang et al., Extreme learning machine: theory and applications, 2006; the random layer is
older: W. Schmidt et al., Feedforward neural networks with random weights, 1992; the dip: M. Belkin et
al., Reconciling modern machine-learning practice and the bias-variance trade-off, 2019.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.images import _pictures
from workbench import Recipe, at_least, choice, number, path
from workbench.figures.data import Curves, ImageGrid, Matrix, Series
from workbench.runs.run import Run

SHOWN_UNITS = 16
NO_RIDGE = 1e-12  # what keeps the matrix solvable to the last digit, and nothing more

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "none": lambda sums: sums,
}

# Shapes: N pictures, C channels, S pixels a side, P = C * S * S, W units, K classes.


class ExtremeLearningMachine(Recipe):
    """Random features of the pixels, and ridge regression on them."""

    class Params(Recipe.Params):
        dataset: str = choice(*_pictures.DATASETS, default="digits", help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        units: int = number(2000, low=10, high=20_000, log=True, help="widest hidden layer")
        activation: str = choice(*ACTIVATIONS, help="non-linearity; none: the layer adds nothing")
        scale: float = number(0.3, low=1e-3, high=10, log=True, help="spread of the random weights")
        ridge: float = number(
            3.0, low=1e-9, high=1e6, log=True, help="λ: pull of the output weights to 0"
        )
        widths: int = number(16, low=1, high=200, help="how many widths are tried on the way")

    monitor = "val/accuracy"
    monitor_mode = "max"
    marks = (at_least("test/accuracy", 0.98, baseline="baseline/without a hidden layer"),)
    within_s = 10  # its own part is a second; the rest is the start of the process

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        parts = _pictures.load(self.params.dataset, self.params.folder, seed)
        self.shape = parts[0].images.shape[1:]  # (C, S, S)
        self.classes, self.notes = parts[0].classes, parts[0].notes
        mean = parts[0].images.flatten(1).double().mean(0)  # (P,)
        self.parts = [((part.images.flatten(1) - mean) / 255, part.labels) for part in parts]
        generator = torch.Generator().manual_seed(seed)
        units, scale = self.params.units, self.params.scale
        draw = {"generator": generator, "dtype": torch.float64}
        self.weights = scale * torch.randn(self.shape.numel(), units, **draw)  # (P, W), never learned
        self.offsets = torch.randn(units, **draw)  # (W,), never learned
        self.solution = torch.zeros(units, len(self.classes), dtype=torch.float64)  # (W, K)
        self.widths = sorted(
            {max(round(w), 1) for w in torch.logspace(1, _log10(units), self.params.widths).tolist()}
        )
        self.accuracies: dict[str, list[float]] = {"ridge": [], "without": [], "training": []}

    def run(self, run: Run) -> None:
        """Solve each width; the widest, solved on training and validation part together, is tested."""
        for note in self.notes:
            run.message(note)
        for step in run.steps(len(self.widths)):
            self._solve_and_judge(run, self.widths[step - 1])
        run.figure("width", self._over_width())
        run.figure("units", self._units())
        self._report(run)

    def features(self, pixels: Tensor, width: int) -> Tensor:
        """What the first `width` units of the hidden layer make of pictures (N, P): (N, W)."""
        sums = pixels @ self.weights[:, :width] + self.offsets[:width]
        return ACTIVATIONS[self.params.activation](sums)

    def _solve_and_judge(self, run: Run, width: int) -> None:
        (pixels, labels), (other_pixels, other_labels), _ = self.parts
        hidden = self.features(pixels, width)  # (N, W)
        others = self.features(other_pixels, width)
        began = time.perf_counter()
        self.solution = solve(hidden, labels, self.params.ridge, len(self.classes))  # (W, K)
        seconds = time.perf_counter() - began
        plain = solve(hidden, labels, NO_RIDGE, len(self.classes))
        found = {
            "ridge": _accuracy(others @ self.solution, other_labels),
            "without": _accuracy(others @ plain, other_labels),
            "training": _accuracy(hidden @ self.solution, labels),
        }
        for name, value in found.items():
            self.accuracies[name].append(value)
        run.log(
            {
                "val/accuracy": found["ridge"],
                "val/accuracy without a ridge": found["without"],
                "train/accuracy": found["training"],
                "units": width,
                "solved in_s": seconds,
            }
        )

    def _report(self, run: Run) -> None:
        *known, (pixels, labels) = self.parts
        learned, names = (torch.cat(parts) for parts in zip(*known, strict=True))  # (N, P), (N,)
        units, ridge, classes = self.params.units, self.params.ridge, len(self.classes)
        self.solution = solve(self.features(learned, units), names, ridge, classes)  # (W, K)
        scores = self.features(pixels, units) @ self.solution  # (N, K)
        without = _with_ones(pixels) @ solve(_with_ones(learned), names, ridge, classes)  # (N, K)
        run.log(
            {
                "test/accuracy": _accuracy(scores, labels),
                "baseline/without a hidden layer": _accuracy(without, labels),
            }
        )
        guesses = scores.argmax(1)  # (N,)
        counts = torch.zeros(classes, classes, dtype=torch.long)
        counts.index_put_((labels, guesses), torch.ones_like(labels), accumulate=True)
        figure = Matrix.confusion("Confusion on the test part", counts, self.classes)
        run.figure("confusion", figure)

    def _over_width(self) -> Curves:
        done = self.widths[: len(self.accuracies["ridge"])]
        names = {"training": "training part", "ridge": "validation part", "without": "without a ridge"}
        return Curves(
            title="Pictures told apart, by the width of the random layer",
            lines=[Series(text, done, self.accuracies[name]) for name, text in names.items()],
            x_label=f"units (there are {len(self.parts[0][1]):,} training pictures)",
            y_label="accuracy",
            log_x=True,
        )

    def _units(self) -> ImageGrid:
        """The weights of the first units as pictures, each from its own least to its own most."""
        images = []
        for row in self.weights.T[:SHOWN_UNITS]:
            picture = row.reshape(self.shape).permute(1, 2, 0)  # (S, S, C)
            span = (picture.max() - picture.min()).clamp(min=1e-12)
            images.append((255 * (picture - picture.min()) / span).to(torch.uint8))
        captions = [f"unit {i}" for i in range(len(images))]
        return ImageGrid("Random units: what each of them looks for", images, captions)

    def state_dict(self) -> dict[str, Any]:
        return {"solution": self.solution, "accuracies": self.accuracies}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.solution, self.accuracies = state["solution"], state["accuracies"]


def solve(hidden: Tensor, labels: Tensor, ridge: float, classes: int) -> Tensor:
    """Output weights (W, K) that bring `hidden` (N, W) nearest to labels (N,), kept small by a ridge.

    Of the two forms that are the same, the smaller is solved: W x W, or N x N where units are many.
    """
    targets = F.one_hot(labels, classes).to(hidden.dtype)  # (N, K)
    samples, units = hidden.shape
    if units <= samples:
        return _solved(hidden.T @ hidden, hidden.T @ targets, ridge)
    return hidden.T @ _solved(hidden @ hidden.T, targets, ridge)  # (W, N) @ (N, K)


def _solved(matrix: Tensor, right: Tensor, ridge: float) -> Tensor:
    """(M + λ I)⁻¹ R; λ is at least what rounding can tell from 0 beside the mean of the diagonal."""
    least = NO_RIDGE * matrix.diagonal().mean()
    eye = torch.eye(len(matrix), dtype=matrix.dtype)
    return torch.linalg.solve(
        matrix + torch.clamp(torch.as_tensor(ridge), min=float(least)) * eye, right
    )


def _accuracy(scores: Tensor, labels: Tensor) -> float:
    return float((scores.argmax(1) == labels).double().mean())


def _with_ones(pixels: Tensor) -> Tensor:
    return torch.cat([pixels, torch.ones(len(pixels), 1, dtype=pixels.dtype)], dim=1)  # (N, P + 1)


def _log10(value: int) -> float:
    return float(torch.tensor(float(value)).log10())
