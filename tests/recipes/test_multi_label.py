from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from sklearn import metrics
from torchmetrics.functional.classification import multilabel_f1_score

from recipes.classification import multi_label
from recipes.images import _pictures
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History

Train = Callable[..., History]


@pytest.fixture
def guessed() -> tuple[torch.Tensor, torch.Tensor]:
    """How sure (N, L), and truths that have to do with it."""
    dice = torch.Generator().manual_seed(0)
    truths = (torch.rand(300, 4, generator=dice) < 0.3).float()
    ease = torch.tensor([0.1, 0.3, 0.5, 0.7])
    return (ease * truths + torch.rand(300, 4, generator=dice) * (1 - ease)), truths


Guessed = tuple[torch.Tensor, torch.Tensor]


def test_f1_is_that_of_scikit_learn_and_torchmetrics(guessed: Guessed) -> None:
    sure, truths = guessed
    found = (sure >= 0.5).float()
    expected = metrics.f1_score(truths, found, average=None)
    assert multi_label.f1(found, truths).tolist() == pytest.approx(expected.tolist())
    micro = multilabel_f1_score(sure, truths.long(), num_labels=4, average="micro")
    assert float(multi_label.micro_f1(found, truths)) == pytest.approx(float(micro))


def test_no_threshold_of_the_grid_is_better_for_a_label_than_the_chosen_one(guessed: Guessed) -> None:
    sure, truths = guessed
    chosen = multi_label.best_thresholds(sure, truths)
    best = multi_label.f1((sure >= chosen).float(), truths)
    assert len(set(chosen.tolist())) > 1
    for one in multi_label.GRID:
        assert bool((multi_label.f1((sure >= one).float(), truths) <= best + 1e-6).all())


def test_a_canvas_holds_two_whole_pictures_and_their_labels() -> None:
    pictures = torch.arange(1, 7, dtype=torch.uint8)[:, None, None, None].expand(6, 1, 5, 5)
    labels = torch.arange(6)
    drawn, there = multi_label.canvases(pictures, labels, 6, torch.Generator().manual_seed(0))
    height = 5 + multi_label.MARGIN
    assert drawn.shape == (6, 1, height, 2 * height) and drawn.dtype == torch.uint8
    for i in range(6):
        halves = drawn[i, 0, :, :height], drawn[i, 0, :, height:]
        values = [int(half.max()) for half in halves]
        assert [int((half == value).sum()) for half, value in zip(halves, values, strict=True)] == [
            25,
            25,
        ]
        assert i + 1 in values
        assert there[i].nonzero()[:, 0].tolist() == sorted({value - 1 for value in values})
    places = {tuple(one[0].nonzero()[0].tolist()) for one in drawn}
    assert len(places) > 1


def test_canvases_follow_from_the_seed() -> None:
    part = _pictures.load("mnist_5k", "", seed=0)[2].part(slice(20))
    first, second = (
        multi_label.canvases(part.images, part.labels, 10, torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])


def test_a_short_run_has_its_figures(train: Train) -> None:
    history = train("classification/multi_label", epochs=1, width=4, batch_size=175)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    # One epoch finds little; each label's threshold then asks for so little that most are found.
    assert results["test/f1 with thresholds"] > results["test/f1"]
    table = rows(history, "labels")
    assert [row[0] for row in table] == [str(digit) for digit in range(10)]
    assert all(0.05 <= float(row[2]) <= 0.95 for row in table)
    curves = shown(history, "thresholds", data.Curves)
    assert len(curves.lines) == 10 and len(curves.lines[0].x) == len(multi_label.GRID)
    grid = shown(history, "canvases", data.ImageGrid)
    assert (grid.images[0].height, grid.images[0].width) == (32, 64)
    assert "found" in grid.captions[0]
    together = shown(history, "together", data.Matrix)
    # What was found by mistake was not there.
    assert [together.values[i][i] for i in range(10)] == [0] * 10
