"""Perceptron: the first rule of learning. It separates two clouds; XOR it cannot, as no line can.

A perceptron answers yes where w · x + b > 0. It is shown one point after another; where it errs, the
point is added to w (yes was right) or subtracted (no was right), and so the boundary turns and moves. A
learning rate would only scale w and b, and change no answer. Where some line separates the classes, the
errors end: there are at most (R / margin)² of them. Beside the data that you choose it learns XOR: four
clouds at the corners of a square, of one class on each diagonal.

Data: two clouds of 100 points, XOR with as many, and half as many again for the test part; by choice a
CSV file of your own with two classes.
Result: no error on the test part of the clouds; on XOR never above 75 %, for whatever line. Time: 1 s.
Look at: `boundary` (in a terminal [ and ] go through its steps), how it settles for the clouds and
never does for XOR; `updates`, the arithmetic of the first ones; `why`, a point that settles the matter
of XOR.
Source: F. Rosenblatt, The perceptron, 1958; the bound: A. Novikoff, 1962; XOR: M. Minsky and S. Papert,
Perceptrons, 1969.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipes import _files
from recipes.fundamentals import _lines, _points
from recipes.fundamentals._points import Points
from workbench import Recipe, at_least, at_most, choice, number, path, text
from workbench.figures.data import Scatter, Series, Table, Text
from workbench.runs.run import Run

SHOWN_UPDATES = 12
FRAMES = 25  # updates of which each gives a figure; of later ones every fiftieth does

# Shapes: N points, M measurements. Labels are 1 for yes and -1 for no.


class _Perceptron:
    """Weights (M,) and offset (); and how often they were changed."""

    def __init__(self, measurements: int) -> None:
        self.w = torch.zeros(measurements, dtype=torch.float64)
        self.b = torch.zeros((), dtype=torch.float64)
        self.updates = 0
        self.highest = 0.0  # share of the test part that was right at the best moment

    def learn(self, x: Tensor, y: Tensor) -> bool:
        """Rosenblatt's rule for one point (M,): nothing where it is on its side; whether it was not."""
        if y * (x @ self.w + self.b) > 0:
            return False
        self.w += y * x
        self.b += y
        self.updates += 1
        return True

    def accuracy(self, x: Tensor, y: Tensor) -> float:
        return float((y * (x @ self.w + self.b) > 0).double().mean())


class RosenblattsPerceptron(Recipe):
    """One point a step, in another order in each pass over the points."""

    class Params(Recipe.Params):
        dataset: str = choice("blobs", "xor", "csv", help="what it learns; it learns xor beside it")
        file: str = path(help="for dataset=csv: names in the first line, then a line for each point")
        target: str = text(help="for dataset=csv: the column of the two classes; empty: the last")
        distance: float = number(6.0, low=0, high=20, help="between blobs, in their spreads")
        steps: int = number(2000, low=1, high=1_000_000, log=True, help="points it is shown")

    monitor = "train/accuracy"
    monitor_mode = "max"
    marks = (
        at_least("train/accuracy", 1.0),
        at_least("test/accuracy", 0.99),
        at_most("test/highest accuracy/xor", 0.75),
    )

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self.problems = {self.params.dataset: self._chosen(), "xor": _points.xor(seed)}
        self.learners = {name: _Perceptron(points.x.shape[1]) for name, points in self.problems.items()}
        self.first_updates: dict[str, list[list[Any]]] = {name: [] for name in self.problems}

    def _chosen(self) -> Points:
        given = {"file": self.params.file, "target": self.params.target}
        _files.refuse_unread(self.params.dataset, "csv", **given)
        if self.params.dataset == "csv":
            return _points.of_file(self.params.file, self.params.target, self.seed)
        if self.params.dataset == "xor":
            return _points.xor(self.seed)
        return _points.blobs(self.seed, self.params.distance)

    def run(self, run: Run) -> None:
        for name, points in self.problems.items():
            self._foretell(run, name, points)
        for step in run.steps(self.params.steps):
            for name, points in self.problems.items():
                if self.show_one(name, points, step) and self._is_drawn(name):
                    run.figure(f"boundary: {name}", self._boundary(name, points))
            if step % 20 == 0 or step == 1:
                run.log(self._results())
        run.log(self._results())
        columns = ["update", "shown", "class", "w before", "b before", "w after", "b after"]
        for name, points in self.problems.items():
            run.figure(f"boundary: {name}", self._boundary(name, points))
            title = f"The first updates: {name}"
            run.figure(f"updates: {name}", Table(title, columns, self.first_updates[name]))

    def show_one(self, name: str, points: Points, step: int) -> bool:
        """Show a perceptron the point of that step; whether it erred and was changed."""
        learner = self.learners[name]
        around, place = divmod(step - 1, len(points.y))
        order = np.random.default_rng([self.seed, around]).permutation(len(points.y))
        x, y = points.x[order[place]], points.y[order[place]]  # (M,), ()
        before = _written(learner)
        if not learner.learn(x, y):
            return False
        learner.highest = max(learner.highest, learner.accuracy(points.test_x, points.test_y))
        if learner.updates <= SHOWN_UPDATES:
            shown = f"({', '.join(f'{v:.2f}' for v in x.tolist())})"
            row = [learner.updates, shown, "yes" if y > 0 else "no", *before, *_written(learner)]
            self.first_updates[name].append(row)
        return True

    def _is_drawn(self, name: str) -> bool:
        updates = self.learners[name].updates
        return updates <= FRAMES or updates % 50 == 0

    def _results(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, points in self.problems.items():
            learner = self.learners[name]
            prefix = "" if name == self.params.dataset else f"/{name}"
            values |= {
                f"train/accuracy{prefix}": learner.accuracy(points.x, points.y),
                f"test/accuracy{prefix}": learner.accuracy(points.test_x, points.test_y),
                f"test/highest accuracy{prefix}": learner.highest,
                f"updates{prefix}": learner.updates,
            }
        return values

    def _foretell(self, run: Run, name: str, points: Points) -> None:
        """Whether some line separates the classes, before any is learned."""
        common = _lines.common_point(points.x, points.y)
        if common is None:
            most = _lines.novikoff_bound(points.x, points.y)
            run.log({f"updates at most/{name}": most})
            run.message(f"{name}: a line separates the classes, after at most {most:,.0f} updates")
            return
        place = ", ".join(f"{value:.2f}" for value in common.tolist())
        run.figure(
            f"why: {name}",
            Text(
                f"Why no perceptron learns {name}",
                f"The point ({place}) is an average of points of one class and of the other.\n"
                "What lies between points on one side of a line lies on that side. A line with all of\n"
                "one class on this side and all of the other on that would have the point on both.\n"
                "So there is none, and the rule goes on erring for ever.\n\n"
                "A hidden layer draws several lines and combines them: see fundamentals/mlp.",
            ),
        )

    def _boundary(self, name: str, points: Points) -> Scatter:
        """The plane of the first two measurements, with the others at 0, their mean."""
        learner = self.learners[name]
        two = points.x[:, :2]  # (N, 2)
        limit = float(two.abs().max()) * 1.1
        groups = [Series(word, *two[points.y == label].T) for word, label in (("yes", 1), ("no", -1))]
        line = _lines.in_a_square(learner.w[:2], learner.b, limit)
        right = learner.accuracy(points.x, points.y)
        return Scatter(
            f"{name}: after {learner.updates} updates, {right:.0%} on their side",
            groups,
            [Series("boundary", *line)] if line else [],
            x_label=points.names[0],
            y_label=points.names[1],
        )

    def state_dict(self) -> dict[str, Any]:
        return {name: dict(vars(learner)) for name, learner in self.learners.items()} | {
            "first_updates": self.first_updates
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.first_updates = dict(state["first_updates"])
        for name, learner in self.learners.items():
            vars(learner).update(state[name])


def _written(learner: _Perceptron) -> list[str]:
    w = ", ".join(f"{value:.2f}" for value in learner.w.tolist())
    return [f"({w})", f"{float(learner.b):.0f}"]
