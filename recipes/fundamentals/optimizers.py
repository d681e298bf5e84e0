"""Gradient descent seven times from one start: which way down a loss surface, how fast, at what price.

The loss of a linear regression over two weights is a valley, long and narrow where two measurements
tell nearly the same. Batch gradient descent (BGD) reads all patients for a step, stochastic (SGD) one,
mini-batch 32; momentum, Adagrad, RMSprop and Adam make other steps of the same gradients. All of them
also descend on all ten weights. Beside it BGD is shown at three learning rates: too small, right, too
large.

Data: scikit-learn's diabetes set, 353 patients train, 89 test, standardised. The surface is over two of
its ten measurements: `narrow` two kinds of cholesterol, which rise together (0.9), `round` mass index
and blood pressure.
Result: R² of 0.468 on the test patients with Adam (mean of three seeds), as least squares: 0.469. All
but SGD and mini-batch end within 1 % of the way to the least loss, those two within 7 %. Time: 1 s.
Look at: `trajectories`, all from one start; `learning rates`; `descent` over steps and over patients
read, where SGD is ahead at first and never comes to rest; the table `methods`.
Source: A.-L. Cauchy, 1847; SGD: H. Robbins and S. Monro, 1951; the others beside their rules,
_descents.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from recipes.fundamentals import _descents, _valleys
from recipes.fundamentals._descents import Memory, Rule
from recipes.fundamentals._valleys import TEST_PATIENTS, Valley
from workbench import Recipe, at_least, at_most, choice, number
from workbench.figures.data import Curves, Scatter, Series, Table
from workbench.runs.run import Run

SURFACES = {"narrow": ("s1", "s2"), "round": ("bmi", "bp")}
START = (2.0, 1.5)  # from the lowest place, in both weights


class Method(NamedTuple):
    """A rule, how many patients it reads for a step (0: all), and its learning rate in parts of `lr`.

    One sample's gradient is noise for the most part, so SGD needs small steps; rules that divide by the
    size of the gradients measure their steps in weights.
    """

    rule: Rule
    batch: int
    share: float


METHODS = {
    "BGD": Method(_descents.plain, 0, 1.0),
    "SGD": Method(_descents.plain, 1, 0.05),
    "mini-batch": Method(_descents.plain, 32, 0.5),
    "momentum": Method(_descents.momentum, 0, 0.3),
    "Adagrad": Method(_descents.adagrad, 0, 3.0),
    "RMSprop": Method(_descents.rmsprop, 0, 0.1),
    "Adam": Method(_descents.adam, 0, 0.5),
}
RATES = {"too small": 0.02, "right": 1.0, "too large": 2.04}  # in parts of 1 / (largest curvature)


class _Walk:
    """One method on its way down a valley."""

    def __init__(self, method: Method, valley: Valley, start: Tensor, lr: float) -> None:
        self.method, self.valley, self.lr = method, valley, lr * method.share
        self.w, self.memory, self.read = start.clone(), Memory(), 0
        self.path = [start.tolist()]
        self.losses = [float(valley.loss(start))]

    def step(self, dice: torch.Generator) -> None:
        count = len(self.valley.y)
        batch = self.method.batch
        rows = torch.randint(count, (batch,), generator=dice) if batch else slice(None)
        gradient = self.valley.gradient(self.w, rows)  # (M,)
        self.w = self.w - self.method.rule(self.memory, gradient, self.lr)
        self.read += batch or count
        self.path.append(self.w.tolist())
        self.losses.append(float(self.valley.loss(self.w)))


class Descents(Recipe):
    """Every method makes one step at a time, on the surface and on all ten weights."""

    class Params(Recipe.Params):
        surface: str = choice(*SURFACES, help="which two measurements: how narrow the valley is")
        lr: float = number(0.1, low=1e-4, high=1, log=True, help="rate of BGD; others take parts of it")
        steps: int = number(400, low=1, high=100_000, log=True, help="steps of each method")

    monitor = "furthest from the lowest loss"
    marks = (
        at_most("furthest from the lowest loss", 0.1),
        at_most("above the lowest/Adam", 0.001),
        at_least("test/r2/Adam", 0.44, baseline="baseline/least squares"),
    )

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        names, x, y = _valleys.patients(seed)
        self.test = Valley(x[:TEST_PATIENTS], y[:TEST_PATIENTS])
        self.whole = Valley(x[TEST_PATIENTS:], y[TEST_PATIENTS:])
        columns = [names.index(name) for name in SURFACES[self.params.surface]]
        self.surface = Valley(self.whole.x[:, columns], self.whole.y)
        self.start = self.surface.lowest() + torch.tensor(START, dtype=torch.float64)  # (2,)
        self.dice = torch.Generator().manual_seed(seed)
        lr, zeros = self.params.lr, torch.zeros(len(names), dtype=torch.float64)
        plain = METHODS["BGD"]
        self.walks = {
            "surface": {n: _Walk(m, self.surface, self.start, lr) for n, m in METHODS.items()},
            "rates": {
                name: _Walk(plain, self.surface, self.start, part / self.surface.steepest())
                for name, part in RATES.items()
            },
            "diabetes": {n: _Walk(m, self.whole, zeros, lr) for n, m in METHODS.items()},
        }

    def run(self, run: Run) -> None:
        for step in run.steps(self.params.steps):
            for walks in self.walks.values():
                for walk in walks.values():
                    walk.step(self.dice)
            if step % 10 == 0 or step == 1:
                walks = self.walks["diabetes"]
                run.log({f"loss/{name}": walk.losses[-1] for name, walk in walks.items()})
                run.log({"furthest from the lowest loss": max(self._above().values())})
        self._report(run)

    def _above(self) -> dict[str, float]:
        """How far above the least loss each method is on ten weights, 1 at the start."""
        lowest = float(self.whole.loss(self.whole.lowest()))
        walks = self.walks["diabetes"].items()
        return {name: (walk.losses[-1] - lowest) / (walk.losses[0] - lowest) for name, walk in walks}

    def _report(self, run: Run) -> None:
        least = self.whole.lowest()
        scores = {name: self._r2(walk.w) for name, walk in self.walks["diabetes"].items()}
        run.log({f"test/r2/{name}": score for name, score in scores.items()})
        run.log({"baseline/least squares": self._r2(least)})
        above = self._above()
        run.log({f"above the lowest/{name}": value for name, value in above.items()})
        run.log({"furthest from the lowest loss": max(above.values())})
        rows = [
            [name, METHODS[name].batch or "all", walk.lr, walk.read, above[name], scores[name]]
            for name, walk in self.walks["diabetes"].items()
        ]
        columns = ["method", "patients a step", "rate", "patients read", "loss above least", "test R²"]
        run.figure("methods", Table("Ten weights; the start is 1 above the least", columns, rows))
        run.figure("trajectories", self._trajectories("surface", "Seven ways from one start"))
        run.figure("learning rates", self._trajectories("rates", "BGD at three learning rates"))
        run.figure("surface", _valleys.landscape(self.surface, SURFACES[self.params.surface]))
        lowest = float(self.surface.loss(self.surface.lowest()))
        run.figure("losses at three rates", _curves(self.walks["rates"], lowest))
        lowest = float(self.whole.loss(least))
        run.figure("descent by steps", _curves(self.walks["diabetes"], lowest))
        run.figure(
            "descent by patients read", _curves(self.walks["diabetes"], lowest, by_patients=True)
        )

    def _r2(self, w: Tensor) -> float:
        y = self.test.y
        return float(1 - self.test.loss(w) / ((y - y.mean()) ** 2).mean())

    def _trajectories(self, which: str, title: str) -> Scatter:
        lowest = self.surface.lowest()
        offset = torch.tensor(START, dtype=torch.float64)
        reach = 1.6 * float(offset.abs().max())
        # First, so that the ways are drawn over them.
        lines = [Series("contours", *_valleys.contours(self.surface, offset, reach).T)]
        for name, walk in self.walks[which].items():
            path = torch.tensor(walk.path, dtype=torch.float64)  # (steps + 1, 2)
            left = ((path - lowest).abs() > reach).any(1, keepdim=True)  # not drawn out there
            lines.append(Series(name, *path.masked_fill(left, torch.nan).T))
        points = [Series("start", *self.start[:, None]), Series("lowest", *lowest[:, None])]
        x_label, y_label = (f"weight of {name}" for name in SURFACES[self.params.surface])
        return Scatter(title, points, lines, x_label=x_label, y_label=y_label)

    def state_dict(self) -> dict[str, Any]:
        kept = ("w", "memory", "read", "path", "losses")
        walks = {
            which: {name: {key: getattr(walk, key) for key in kept} for name, walk in walks.items()}
            for which, walks in self.walks.items()
        }
        return {"walks": walks, "dice": self.dice.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.dice.set_state(state["dice"])
        for which, walks in self.walks.items():
            for name, walk in walks.items():
                vars(walk).update(state["walks"][which][name])


def _curves(walks: Mapping[str, _Walk], lowest: float, by_patients: bool = False) -> Curves:
    """Loss above the least, over steps or over patients read; the first is left out of a log axis."""
    lines = []
    for name, walk in walks.items():
        above = [loss - lowest for loss in walk.losses[1:]]
        each = walk.read // max(len(above), 1) if by_patients else 1
        lines.append(Series(name, [each * (step + 1) for step in range(len(above))], above))
    label = "patients read" if by_patients else "step"
    return Curves("Loss above the least", lines, x_label=label, log_x=by_patients, log_y=True)
