"""Linear regression three times: gradients by hand, by autograd, by nn.Module.

Predicts the progress of diabetes a year ahead from ten measurements, by gradient descent that is
written three times: in plain tensors with the derivative worked out on paper, with autograd, and with
nn.Module and torch.optim. The three stay equal step by step and end at the least-squares solution.

Data: scikit-learn's diabetes set, 442 patients, 10 measurements; 353 train and 89 test. Everything is
standardised with the means and spreads of the training part.
Result: all weights equal least squares to 1e-4, and the three ways each other to 1e-12; R² on the test
patients is that of least squares. Time: 3 s on two CPU cores, no less on a GPU: the tensors are tiny.
Look at: the figure `descent`, a straight line on its logarithmic axis once only the flattest direction
is left; `weights`, the three ways side by side; then set lr above 0.25 and see why not.
Source: A.-M. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes, 1805.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor, nn

from workbench import Recipe, at_most, number
from workbench.errors import WorkbenchError
from workbench.figures.data import Curves, Scatter, Series, Table
from workbench.runs.run import Run

TEST_PATIENTS = 89

# Shapes: N patients, M = 10 measurements.


class _ByHand:
    """The gradient of the mean squared error, worked out on paper."""

    def __init__(self, measurements: int) -> None:
        self.w = torch.zeros(measurements, dtype=torch.float64)  # (M,)
        self.b = torch.zeros((), dtype=torch.float64)  # ()

    def step(self, x: Tensor, y: Tensor, lr: float) -> Tensor:
        error = x @ self.w + self.b - y  # (N,): a dot product for each patient
        loss = (error**2).mean()  # ()
        self.w -= lr * 2 * x.T @ error / len(y)  # d loss / d w, (M,)
        self.b -= lr * 2 * error.mean()  # d loss / d b, ()
        return loss


class _ByAutograd:
    """The same, with the derivative left to autograd."""

    def __init__(self, measurements: int) -> None:
        self.w = torch.zeros(measurements, dtype=torch.float64, requires_grad=True)  # (M,)
        self.b = torch.zeros((), dtype=torch.float64, requires_grad=True)  # ()

    def step(self, x: Tensor, y: Tensor, lr: float) -> Tensor:
        loss = ((x @ self.w + self.b - y) ** 2).mean()
        w_gradient, b_gradient = torch.autograd.grad(loss, (self.w, self.b))
        with torch.no_grad():
            self.w -= lr * w_gradient
            self.b -= lr * b_gradient
        return loss.detach()


class _ByModule:
    """The same, with torch's layer, loss and optimizer: the five steps that every training has."""

    def __init__(self, measurements: int) -> None:
        self.net = nn.Linear(measurements, 1, dtype=torch.float64)
        nn.init.zeros_(self.net.weight)
        nn.init.zeros_(self.net.bias)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=1.0)

    @property
    def w(self) -> Tensor:
        return self.net.weight[0]  # (M,)

    @property
    def b(self) -> Tensor:
        return self.net.bias[0]  # ()

    def step(self, x: Tensor, y: Tensor, lr: float) -> Tensor:
        self.optimizer.param_groups[0]["lr"] = lr
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.net(x)[:, 0], y)  # (N, 1) to (N,)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class LinearRegression(Recipe):
    """Minimises the mean squared error of `x @ w + b`, in three ways at once."""

    class Params(Recipe.Params):
        steps: int = number(3000, low=1, high=100_000, log=True, help="steps of gradient descent")
        lr: float = number(
            0.2, low=1e-4, high=1, log=True, live=True, help="learning rate; diverges above 0.25"
        )

    monitor = "by_hand/loss"
    marks = (
        at_most("distance to least squares", 1e-4),
        at_most("difference between the ways", 1e-12),
    )

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self.names, x, y = _patients(seed)
        self.x, self.test_x = x[TEST_PATIENTS:], x[:TEST_PATIENTS]  # (353, M), (89, M)
        self.y, self.test_y = y[TEST_PATIENTS:], y[:TEST_PATIENTS]  # (353,), (89,)
        measurements = x.shape[1]
        self.ways = {
            "by_hand": _ByHand(measurements),
            "by_autograd": _ByAutograd(measurements),
            "by_module": _ByModule(measurements),
        }

    def run(self, run: Run) -> None:
        """Descend, comparing the three ways with each other and with least squares."""
        best_w, best_b = _least_squares(self.x, self.y)  # (M,), ()
        descent: list[tuple[int, float]] = []
        for step in run.steps(self.params.steps):
            losses = {
                f"{name}/loss": way.step(self.x, self.y, self.params.lr)
                for name, way in self.ways.items()
            }
            if not all(loss.isfinite() for loss in losses.values()):
                raise WorkbenchError(
                    f"the descent diverged at step {step}: lr={self.params.lr:g} is too large",
                    "beyond 2 / (largest curvature), 0.25 here, every step overshoots more",
                )
            if step % 10 == 0 or step == 1:
                distance = self._distance(best_w, best_b)
                run.log(losses, **{"distance to least squares": distance})
                descent.append((step, distance))
        self._report(run, best_w, best_b)
        run.figure("descent", _descent(descent))

    def state_dict(self) -> dict[str, Any]:
        return {name: {"w": way.w.detach(), "b": way.b.detach()} for name, way in self.ways.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        with torch.no_grad():
            for name, way in self.ways.items():
                way.w.copy_(state[name]["w"])
                way.b.copy_(state[name]["b"])

    @torch.no_grad()
    def _distance(self, best_w: Tensor, best_b: Tensor) -> float:
        """The largest difference of any weight, in any of the ways, from least squares."""
        return max(
            float(torch.cat([way.w - best_w, (way.b - best_b)[None]]).abs().max())
            for way in self.ways.values()
        )

    @torch.no_grad()
    def _report(self, run: Run, best_w: Tensor, best_b: Tensor) -> None:
        weights = [way.w.tolist() for way in self.ways.values()]
        rows = [list(row) for row in zip(self.names, *weights, best_w.tolist(), strict=True)]
        run.figure(
            "weights",
            Table(
                title="Standardised weights: three ways and least squares",
                columns=["measurement", *self.ways, "least squares"],
                rows=rows,
            ),
        )
        hand = self.ways["by_hand"]
        predicted = self.test_x @ hand.w + hand.b  # (89,)
        run.figure(
            "predictions",
            Scatter(
                title="Progress of diabetes in 89 patients never seen, in standard deviations",
                x_label="true",
                y_label="predicted",
                groups=[Series("patients", self.test_y, predicted)],
                lines=[Series("perfect", [-2.0, 2.5], [-2.0, 2.5])],
            ),
        )
        between = max(float((way.w - hand.w).abs().max()) for way in self.ways.values())
        run.log(
            {
                "difference between the ways": between,
                "distance to least squares": self._distance(best_w, best_b),
                "test/r2": _r2(self.test_y, predicted),
                "test/r2 of least squares": _r2(self.test_y, self.test_x @ best_w + best_b),
            }
        )


def _patients(seed: int) -> tuple[list[str], Tensor, Tensor]:
    """Measurements, x (442, M) and y (442,), standardised and shuffled; the test part first."""
    bunch = load_diabetes(scaled=False)
    order = torch.randperm(len(bunch.target), generator=torch.Generator().manual_seed(seed))
    x = torch.from_numpy(bunch.data)[order]  # (442, M)
    y = torch.from_numpy(bunch.target)[order]  # (442,)
    train_x, train_y = x[TEST_PATIENTS:], y[TEST_PATIENTS:]
    x = (x - train_x.mean(0)) / train_x.std(0)
    y = (y - train_y.mean()) / train_y.std()
    return list(bunch.feature_names), x, y


def _descent(distances: list[tuple[int, float]]) -> Curves:
    """A straight line on a logarithmic axis: each step leaves the same share of the distance."""
    steps, values = zip(*distances, strict=True) if distances else ((), ())
    return Curves(
        title="Largest difference of any weight from least squares",
        lines=[Series("distance", steps, values)],
        x_label="step",
        log_y=True,
    )


def _least_squares(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (M,) and offset () that minimise the squared error, by QR decomposition."""
    with_ones = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)  # (N, M + 1)
    solution = torch.linalg.lstsq(with_ones, y[:, None]).solution[:, 0]  # (M + 1,)
    return solution[:-1], solution[-1]


def _r2(y: Tensor, predicted: Tensor) -> float:
    """Share of the variance that is explained, 1 at best."""
    return float(1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())
