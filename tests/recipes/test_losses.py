from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from sklearn.svm import LinearSVC
from torch import Tensor
from torchmetrics.functional.classification import binary_hinge_loss

from recipes.fundamentals import _six, losses
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
    """A quarter of a run, shared by the tests that only read it."""
    order = Order(discover().find("fundamentals/losses"), {"epochs": 5}, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("short"), standby))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (losses.mse, F.mse_loss),
        (losses.mae, F.l1_loss),
        (losses.mbe, lambda p, y: (p - y).mean()),
        (losses.bce, F.binary_cross_entropy_with_logits),
        (losses.multi_label, F.multilabel_soft_margin_loss),
    ],
    ids=lambda one: one.__name__,
)
def test_losses_and_their_gradients_are_torchs(
    ours: losses.Loss, theirs: Callable[[Tensor, Tensor], Tensor]
) -> None:
    dice = torch.Generator().manual_seed(0)
    p = (4 * torch.randn(50, 3, generator=dice, dtype=torch.float64)).requires_grad_()
    y = torch.randint(0, 2, (50, 3), generator=dice).double()
    assert torch.allclose(ours(p, y), theirs(p, y))
    assert torch.allclose(*(torch.autograd.grad(loss(p, y), p)[0] for loss in (ours, theirs)))


def test_hinge_is_that_of_torchmetrics() -> None:
    scores, y = torch.tensor([-3.0, -0.5, 0.2, 0.9, 2.0]), torch.tensor([0, 1, 0, 1, 1])
    # What is not between 0 and 1 is put through the sigmoid by torchmetrics, before the hinge.
    theirs = binary_hinge_loss(scores, y)
    assert losses.hinge(scores.sigmoid(), y) == pytest.approx(float(theirs))


def test_cross_entropy_of_extreme_scores_stays_finite() -> None:
    scores = torch.tensor([-500.0, 500.0], requires_grad=True)
    loss = losses.bce(scores, torch.tensor([1.0, 0.0]))
    assert loss.item() == 500
    assert torch.autograd.grad(loss, scores)[0].tolist() == [-0.5, 0.5]


def test_what_is_called_lowest_is_lower_than_other_solvers_reach() -> None:
    train, _ = _six.load(outliers=0.1, seed=0)
    lowest = _six.lowest(train)
    cells, sick = train.cells.numpy(), train.labels[:, 0].numpy()
    machine = LinearSVC(loss="hinge", C=100, max_iter=200_000, tol=1e-6).fit(cells, sick)
    scores = torch.from_numpy(machine.decision_function(cells))
    reached = float(losses.hinge(scores, train.labels[:, 0]))
    assert lowest["hinge"] <= reached == pytest.approx(lowest["hinge"], rel=0.02)
    flat = float((train.progress - train.progress.median()).abs().mean())
    assert lowest["mae"] < flat


def test_only_patients_to_learn_from_have_outliers() -> None:
    clean, spoiled = _six.load(0, seed=1), _six.load(0.2, seed=1)
    changed = clean[0].progress != spoiled[0].progress
    assert int(changed.sum()) == round(0.2 * len(changed))
    assert torch.equal(clean[1].progress, spoiled[1].progress)
    assert float(clean[0].progress.mean()) == pytest.approx(0, abs=1e-5)


def test_each_loss_fits_what_it_is_told_to_fit(short: History) -> None:
    assert isinstance(short.ended, Finished)
    results = short.ended.results
    assert results["test/error/mae"] < 0.6 * results["test/error/mse"]
    assert results["test/bias/mse"] > 1  # the outliers draw its line upwards
    assert abs(results["train/mbe"]) < 0.05 and results["test/error/mbe"] > 1
    assert min(results["test/accuracy/bce"], results["test/accuracy/hinge"]) > 0.85
    fits = shown(short, "fits", data.Scatter)
    assert [line.name for line in fits.lines] == ["mse", "mae", "mbe"]


def test_the_table_has_all_six_with_their_slopes(short: History) -> None:
    table = {row[0]: row for row in rows(short, "six losses")}
    assert [*table] == ["mse", "mae", "mbe", "bce", "hinge", "multi_label"]
    slopes = {name: row[5:7] for name, row in table.items()}
    assert slopes["mse"] == [2, 20] and slopes["mae"] == [1, 1] and slopes["hinge"] == [-1, -1]
    for name in ("mse", "mae", "bce", "hinge", "multi_label"):
        reached, lowest = table[name][3:5]
        assert isinstance(reached, float) and isinstance(lowest, float)
        assert reached >= lowest * 0.9999, name
    by_score = shown(short, "values by score", data.Curves)
    assert [line.name for line in by_score.lines] == ["bce", "hinge", "multi_label"]
