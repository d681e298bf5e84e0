"""A hundred labels: no method looks at the labels of the others, and each learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recipes.semi_supervised.digits import METHODS, SemiSupervisedDigits, _holes, _of_each_class
from tests.recipes.conftest import Train
from workbench.errors import WorkbenchError
from workbench.runs.events import Finished

SMALL = {"epochs": 1, "width": 4, "batch_size": 50, "labelled": 20}


def test_each_class_has_as_many_labels() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    chosen = _of_each_class(labels, 30, 3, seed=0)
    assert labels[chosen].bincount().tolist() == [10, 10, 10]
    assert len(set(chosen.tolist())) == 30


@pytest.mark.parametrize("count", [2, 300])
def test_too_few_and_too_many_labels_are_refused(count: int) -> None:
    with pytest.raises(WorkbenchError, match="leaves nothing to learn from"):
        _of_each_class(torch.arange(90) % 3, count, 3, seed=0)


def test_a_hole_is_a_square_of_a_quarter_of_the_side_at_most() -> None:
    torch.manual_seed(0)
    masks = _holes(torch.zeros(100, 1, 28, 28))
    assert masks.shape == (100, 1, 28, 28)
    dark = (masks == 0).sum((1, 2, 3))
    assert dark.min() >= 9 and dark.max() <= 64  # cut off at an edge, or 7 or 8 pixels wide


@pytest.mark.parametrize("method", METHODS)
def test_the_labels_of_the_others_are_not_looked_at(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    recipe = SemiSupervisedDigits(SemiSupervisedDigits.Params(method=method, width=4))
    recipe.data()
    recipe.net = recipe.model()
    losses: list[float] = []
    monkeypatch.setattr(recipe, "minimize", lambda loss: losses.append(float(loss.detach())))
    images = recipe.unseen.images[:40]
    for hidden in (torch.zeros(40, dtype=torch.long), torch.ones(40, dtype=torch.long)):
        torch.manual_seed(1)
        recipe.training_step((images, hidden))
    assert losses[0] == losses[1] > 0


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_trained_beside_the_labels_alone(train: Train, method: str) -> None:
    values: dict[str, Any] = {**SMALL, "method": method}
    history = train("semi_supervised/digits", **values)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert {f"test/accuracy{one}" for one in ("", "/supervised", "/distorted")} <= set(results)
    assert float(results["train/sure"]) >= 0
    assert [*history.figures] == ["examples"]
