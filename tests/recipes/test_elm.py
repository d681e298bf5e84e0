"""The extreme learning machine: its closed form, and that its hidden layer is never learned."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
from sklearn.linear_model import Ridge

from recipes.advanced import elm
from tests.recipes.conftest import Train
from workbench.figures import data
from workbench.runs.events import Finished


@pytest.mark.parametrize("units", [12, 60])  # fewer and more than samples: both forms
def test_the_solution_is_that_of_ridge_regression(units: int) -> None:
    source = torch.Generator().manual_seed(0)
    hidden = torch.randn(30, units, generator=source, dtype=torch.float64)
    labels = torch.randint(0, 10, (30,), generator=source)
    ours = elm.solve(hidden, labels, ridge=0.7, classes=10)
    targets = torch.eye(10, dtype=torch.float64)[labels]
    theirs = Ridge(alpha=0.7, fit_intercept=False).fit(hidden.numpy(), targets.numpy()).coef_.T
    assert torch.allclose(ours, torch.from_numpy(theirs), atol=1e-9)


def test_the_hidden_layer_is_drawn_by_the_seed() -> None:
    first, again, other = (_machine(seed) for seed in (0, 0, 1))
    assert torch.equal(first.weights, again.weights)
    assert not torch.equal(first.weights, other.weights)


def test_a_run_tells_digits_apart_and_shows_what_a_ridge_is_for(train: Train) -> None:
    history = train("advanced/elm", units=1300, widths=8)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert float(results["test/accuracy"]) >= 0.97
    assert float(results["test/accuracy"]) > float(results["baseline/without a hidden layer"]) + 0.02
    assert [*history.figures] == ["width", "units", "confusion"]
    shown = data.decode(bytes(history.figures["width"][-1].figure))
    assert isinstance(shown, data.Curves)
    lines = {line.name: line.y for line in shown.lines}
    # With about as many units as training pictures, what is solved exactly fits nothing else.
    assert min(_numbers(lines["without a ridge"])[4:]) < min(_numbers(lines["validation part"])[4:])


def _machine(seed: int) -> elm.ExtremeLearningMachine:
    return elm.ExtremeLearningMachine(elm.ExtremeLearningMachine.Params(units=20), seed=seed)


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [float(value) for value in values if value is not None]
