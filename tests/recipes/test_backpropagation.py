from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from recipes.from_scratch import _slopes
from recipes.from_scratch.backpropagation import Backpropagation, _Activation, _CrossEntropy, _Network
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    dice = torch.Generator().manual_seed(3)
    return torch.randn(7, 5, generator=dice, dtype=torch.float64), torch.arange(7) % 3


def test_it_reaches_its_mark(train: Train) -> None:
    history = train("from_scratch/backpropagation")
    assert isinstance(history.ended, Finished)
    assert history.ended.results["test/accuracy"] >= 0.95
    assert 0 < history.ended.results["largest difference"] <= 1e-12
    check = data.decode(bytes(history.figures["gradient check"][-1].figure))
    assert isinstance(check, data.Table) and len(check.rows) == 6
    assert all(float(row[3]) < 1e-12 and 1e-13 < float(row[4]) < 1e-6 for row in check.rows)
    rule = data.decode(bytes(history.figures["chain rule"][-1].figure))
    assert isinstance(rule, data.Table)
    assert [row[1] for row in rule.rows] == [row[3] for row in rule.rows]  # a slope at each entry


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("sizes", [[5, 3], [5, 8, 3], [5, 8, 4, 3]])
def test_loss_and_slopes_are_torchs(activation: str, sizes: list[int]) -> None:
    x, labels = batch()
    net = _Network(sizes, activation, seed=0)
    loss = net.loss(x, labels)
    net.backward()
    functions = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    theirs = nn.Sequential()
    for w, b in zip(net.weights[::2], net.weights[1::2], strict=True):
        linear = nn.Linear(*w.shape, dtype=torch.float64)
        linear.weight.data, linear.bias.data = w.T.clone(), b.clone()
        theirs.extend([linear, functions[activation]()])
    reference = nn.functional.cross_entropy(theirs[:-1](x), labels)
    reference.backward()
    assert torch.allclose(loss, reference, rtol=1e-12)
    slopes = [p.grad.T if p.dim() == 2 else p.grad for p in theirs.parameters()]
    for own, other in zip(net.slopes, slopes, strict=True):
        assert torch.allclose(own, other, rtol=1e-10, atol=1e-14)
    assert max(_slopes.apart_from_autograd(net, x, labels)) < 1e-14


def test_the_check_sees_a_wrong_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    x, labels = batch()
    net = _Network([5, 8, 3], "tanh", seed=0)
    monkeypatch.setattr(_Activation, "backward", lambda self, slope: slope * (1 - self.y))
    net.loss(x, labels)
    net.backward()
    apart = _slopes.apart_from_autograd(net, x, labels)
    assert apart[0] > 1e-3 and apart[2] < 1e-14  # what lies behind the fault is right
    by_nudges = [row[4] for row in _slopes.gradient_check(net, x, labels).rows]
    assert by_nudges[0] > 1e-3 and by_nudges[2] < 1e-8


def test_the_loss_stays_finite_where_a_class_is_hopeless() -> None:
    loss = _CrossEntropy().forward(torch.tensor([[0.0, 2000.0]]), torch.tensor([0]))
    assert float(loss) == 2000


def test_it_says_when_the_descent_diverges(train: Train) -> None:
    history = train("from_scratch/backpropagation", lr=10, momentum=0.99, hidden_layers=6, epochs=1)
    assert isinstance(history.ended, Failed)
    assert "infinite" in history.ended.title and "lr" in history.ended.remedy


def test_it_goes_on_from_what_it_saved() -> None:
    whole, half = (Backpropagation(Backpropagation.Params(epochs=1), seed=0) for _ in range(2))
    for recipe, positions in ((whole, (0, 1, 2)), (half, (0, 1))):
        for position in positions:
            step(recipe, position)
    resumed = Backpropagation(Backpropagation.Params(epochs=1), seed=0)
    resumed.load_state_dict(half.state_dict())
    step(resumed, 2)
    pairs = zip(whole.net.weights, resumed.net.weights, strict=True)
    assert all(torch.equal(own, other) for own, other in pairs)


def step(recipe: Backpropagation, position: int) -> None:
    recipe.net.loss(*recipe._batch(0, position))
    recipe.net.backward()
    recipe._descend()
