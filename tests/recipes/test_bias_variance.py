from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from recipes.fundamentals import _tasks, bias_variance
from recipes.fundamentals._crowd import Crowd, Group
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History

Train = Callable[..., History]

GROUPS = [Group("few", 2), Group("many", 5, decay=0.1), Group("dropped", 5, dropout=0.5)]


def test_a_crowd_is_so_many_networks_of_their_own() -> None:
    crowd = Crowd(GROUPS, networks=3, inputs=2, outputs=4).eval()
    x = torch.randn(3, 7, 2)
    together = crowd(x)
    assert together.shape == (3, 3, 7, 4)
    for g, group in enumerate(GROUPS):
        for r in range(3):
            inward, outward = crowd.inward[g, r, :, : group.units], crowd.outward[g, r, : group.units]
            hidden = torch.tanh(x[r] @ inward + crowd.offset[g, r, :, : group.units])
            assert torch.allclose(together[g, r], hidden @ outward + crowd.shift[g, r], atol=1e-5)
    expected = 0.1 * (crowd.inward[1].square().sum() + crowd.outward[1].square().sum())
    assert torch.allclose(crowd.penalty(), expected)


def test_units_are_left_out_only_in_training_and_only_where_asked() -> None:
    crowd = Crowd(GROUPS, networks=1, inputs=2, outputs=1)
    x = torch.randn(1, 500, 2)
    changed = [not torch.allclose(a, b) for a, b in zip(crowd.train()(x), crowd.eval()(x), strict=True)]
    assert changed == [False, False, True]
    mean = torch.stack([crowd.train()(x)[2] for _ in range(300)]).mean(0)
    assert torch.allclose(mean, crowd.eval()(x)[2], atol=0.6)


def test_a_network_learns_nothing_from_the_others() -> None:
    crowd = Crowd(GROUPS, networks=2, inputs=1, outputs=1).eval()
    crowd(torch.randn(2, 5, 1))[1, 0].square().sum().backward()
    touched = crowd.inward.grad.abs().sum((2, 3)) > 0
    assert touched.tolist() == [[False, False], [True, False], [False, False]]


def test_the_weights_of_the_best_moment_are_kept_for_each_network() -> None:
    recipe = bias_variance.BiasVariance(bias_variance.BiasVariance.Params(sets=2))
    recipe.data()
    recipe.net = recipe.model()
    usual, stopped = recipe.net["usual"], recipe.net["stopped"]
    kept, widest = stopped.inward[0], usual.inward[bias_variance.WIDEST_AT]
    with torch.no_grad():
        recipe._keep_where_better(torch.tensor([1.0, 1.0]))
        assert torch.equal(kept, widest)
        widest.add_(1)
        recipe._keep_where_better(torch.tensor([0.5, 2.0]))
        assert torch.equal(kept[0], widest[0]) and torch.allclose(kept[1], widest[1] - 1)
    assert stopped.best.tolist() == [0.5, 1.0]


def test_losses_are_torchs() -> None:
    recipe = bias_variance.BiasVariance()
    recipe.drawn = _tasks.curve(sets=2, samples=6, noise=0.1)
    answers, y = torch.randn(3, 2, 6, 1), torch.randn(2, 6)
    expected = torch.stack([F.mse_loss(a[..., 0], y) for a in answers])
    assert torch.allclose(recipe._losses(answers, y), expected)
    recipe.drawn = recipe.drawn._replace(outputs=4)
    answers, y = torch.randn(3, 2, 6, 4), torch.randint(4, (2, 6))
    expected = torch.stack([F.cross_entropy(a.flatten(0, 1), y.flatten()) for a in answers])
    assert torch.allclose(recipe._losses(answers, y), expected)


def test_a_short_run_splits_the_error_into_its_parts(train: Train) -> None:
    history = train("fundamentals/bias_variance", sets=4, epochs=3)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    parts = {line.name: line.y for line in shown(history, "bias and variance", data.Curves).lines}
    errors = {line.name: line.y for line in shown(history, "errors", data.Curves).lines}
    assert [*parts] == ["bias²", "variance", "noise²", "sum"]
    # Both are means over new points, one of them over 1,000 noisy ones.
    assert parts["sum"] == pytest.approx(errors["on the test part"], rel=0.25)
    assert parts["bias²"][0] > 2 * parts["bias²"][-1]
    assert errors["on its own samples"][0] > 2 * errors["on its own samples"][-1]
    table = {row[0]: row for row in rows(history, "remedies")}
    assert {"weight decay", "dropout", "early stopping", "more data", "none: 64 units"} <= set(table)
    assert table["more data"][2] == results["test/error/more data"] < results["test/error/64_units"]
    for name in ("underfits", "fits", "overfits"):
        assert shown(history, name, data.Curves).lines[-1].name == "truth"


def test_digits_are_told_by_the_share_that_is_wrong(train: Train) -> None:
    values = {"dataset": "mnist", "samples": 20, "sets": 2, "epochs": 1, "look_every": 3}
    history = train("fundamentals/bias_variance", **values)
    assert isinstance(history.ended, Finished)
    assert 0.3 < history.ended.results["test/error/64_units"] < 1
    assert "bias and variance" not in history.figures
    assert [len(row) for row in rows(history, "remedies")] == [3] * 6


def test_only_known_labels_are_wrong() -> None:
    torch.manual_seed(0)
    clean, spoiled = (_tasks.digits(1, 100, noise, seed=0) for noise in (0.0, 1.0))
    assert clean.train[0].shape == (1, 500, 14 * 14)
    counts = torch.bincount(spoiled.train[1][0], minlength=10)
    assert counts.min() > 0
    assert clean.test[1].shape == spoiled.test[1].shape == (1, 1000)
