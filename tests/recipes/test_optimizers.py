from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import optim

from recipes.fundamentals import _descents, _valleys, optimizers
from tests.recipes.shown import rows, shown
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby


@pytest.fixture(scope="module")
def short(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    order = Order(discover().find("fundamentals/optimizers"), {"steps": 60}, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("short"), standby))


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        (_descents.plain, optim.SGD),
        (_descents.momentum, partial(optim.SGD, momentum=_descents.MOMENTUM)),
        (_descents.adagrad, partial(optim.Adagrad, eps=_descents.EPSILON)),
        (_descents.rmsprop, optim.RMSprop),
        (_descents.adam, optim.Adam),
    ],
)
def test_the_rules_are_those_of_torch(
    rule: _descents.Rule, make: Callable[..., optim.Optimizer]
) -> None:
    torch.manual_seed(0)
    ours = torch.randn(4, dtype=torch.float64)
    theirs = ours.clone().requires_grad_()
    optimizer, memory = make([theirs], lr=0.03), _descents.Memory()
    for gradient in torch.randn(30, 4, dtype=torch.float64):
        ours = ours - rule(memory, gradient, 0.03)
        theirs.grad = gradient.clone()
        optimizer.step()
    assert torch.allclose(ours, theirs.detach(), rtol=1e-10, atol=1e-12)


def test_gradient_lowest_place_and_steepness_are_right() -> None:
    _, x, y = _valleys.patients(seed=0)
    valley = _valleys.Valley(x, y)
    w = torch.randn(10, dtype=torch.float64, requires_grad=True)
    by_autograd = torch.autograd.grad(valley.loss(w), w)[0]
    assert torch.allclose(valley.gradient(w.detach(), slice(None)), by_autograd)
    assert float(valley.gradient(valley.lowest(), slice(None)).abs().max()) < 1e-10
    hessian = torch.autograd.functional.hessian(valley.loss, w.detach())
    assert valley.steepest() == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]))


def test_a_contour_is_of_one_loss() -> None:
    _, x, y = _valleys.patients(seed=0)
    valley, offset = _valleys.Valley(x[:, 4:6], y), torch.tensor([2.0, 1.5], dtype=torch.float64)
    drawn = _valleys.contours(valley, offset, reach=3)
    ring = drawn[-1 - _valleys.RING_POINTS : -1]
    ring = ring[ring.isfinite().all(1)]
    assert 20 < len(ring) < _valleys.RING_POINTS  # the rest is too far away
    assert float((ring - valley.lowest()).abs().max()) <= 3
    at_start = float(valley.loss(valley.lowest() + offset))
    assert [float(valley.loss(w)) for w in ring] == pytest.approx([at_start] * len(ring))


def test_all_ways_begin_at_one_start(short: History) -> None:
    assert isinstance(short.ended, Finished)
    for name, ways in (("trajectories", optimizers.METHODS), ("learning rates", optimizers.RATES)):
        figure = shown(short, name, data.Scatter)
        walked = [line for line in figure.lines if line.name != "contours"]
        assert [line.name for line in walked] == [*ways]
        start = (figure.groups[0].x[0], figure.groups[0].y[0])
        assert {(line.x[0], line.y[0]) for line in walked} == {start}


def test_a_small_rate_is_slow_and_a_large_one_diverges(short: History) -> None:
    losses = {line.name: line.y for line in shown(short, "losses at three rates", data.Curves).lines}
    small, right, large = (losses[name] for name in ("too small", "right", "too large"))
    assert large[-1] > 5 * large[0] > right[-1]
    assert small[0] > small[-1] > 10 * right[-1]


def test_methods_are_told_with_what_they_read(short: History) -> None:
    table = {row[0]: row for row in rows(short, "methods")}
    assert [table[name][3] for name in ("BGD", "SGD", "mini-batch")] == [353 * 60, 60, 32 * 60]
    results = short.ended.results if isinstance(short.ended, Finished) else {}
    assert results["test/r2/Adam"] == pytest.approx(results["baseline/least squares"], abs=0.02)


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    def walk(recipe: optimizers.Descents, steps: int) -> None:
        for _ in range(steps):
            for walks in recipe.walks.values():
                for one in walks.values():
                    one.step(recipe.dice)

    whole, cut, resumed = (optimizers.Descents(seed=2) for _ in range(3))
    walk(whole, 20)
    walk(cut, 10)
    torch.save(cut.state_dict(), tmp_path / "state.pt")
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    walk(resumed, 10)
    for which, walks in whole.walks.items():
        for name, one in walks.items():
            assert resumed.walks[which][name].path == one.path
