from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.calibration import calibration_curve
from torchmetrics.functional.classification import binary_calibration_error

from recipes.classification import _scores, binary
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


@pytest.fixture(params=["distinct", "ties"])
def scored(request: pytest.FixtureRequest) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities and truths that have something to do with each other."""
    dice = torch.Generator().manual_seed(1)
    truths = (torch.rand(200, generator=dice) < 0.3).long()
    scores = (truths + torch.randn(200, generator=dice)).sigmoid()
    return (scores if request.param == "distinct" else scores.mul(12).round() / 12), truths


Scored = tuple[torch.Tensor, torch.Tensor]


def test_the_curves_are_those_of_scikit_learn(scored: Scored) -> None:
    scores, truths = scored
    thresholds, counts = _scores.curve(scores, truths)
    fpr, tpr, theirs = metrics.roc_curve(truths, scores, drop_intermediate=False)
    assert np.allclose(counts.fpr, fpr) and np.allclose(counts.tpr, tpr)
    assert np.allclose(thresholds[1:], theirs[1:])
    assert _scores.area(counts) == pytest.approx(metrics.roc_auc_score(truths, scores))
    precision, recall, _ = metrics.precision_recall_curve(truths, scores)
    assert np.allclose(counts.precision, precision[::-1])
    assert np.allclose(counts.tpr, recall[::-1])


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.75, 1.0])
def test_what_a_threshold_costs_is_as_scikit_learn_counts(scored: Scored, threshold: float) -> None:
    scores, truths = scored
    found, called = _scores.at(threshold, scores, truths), (scores >= threshold).long()
    tn, fp, fn, tp = metrics.confusion_matrix(truths, called, labels=[0, 1]).ravel()
    assert [int(count) for count in found] == [tp, fp, fn, tn]
    assert float(found.accuracy) == pytest.approx(metrics.accuracy_score(truths, called))
    assert float(found.tpr) == pytest.approx(metrics.recall_score(truths, called))
    assert float(found.f1) == pytest.approx(metrics.f1_score(truths, called, zero_division=0))
    expected = metrics.precision_score(truths, called, zero_division=1)
    assert float(found.precision) == pytest.approx(expected)


def test_the_chosen_threshold_has_the_largest_difference_of_rates(scored: Scored) -> None:
    scores, truths = scored
    chosen = _scores.at(_scores.best_threshold(scores, truths), scores, truths)
    fpr, tpr, _ = metrics.roc_curve(truths, scores)
    assert float(chosen.tpr - chosen.fpr) == pytest.approx((tpr - fpr).max())


def test_calibration_is_that_of_scikit_learn_and_torchmetrics() -> None:
    dice = torch.Generator().manual_seed(2)
    probabilities = torch.rand(500, generator=dice)
    truths = (torch.rand(500, generator=dice) < probabilities**2).long()
    found = _scores.calibration(probabilities, truths)
    true, said = calibration_curve(truths, probabilities, n_bins=10)
    assert np.allclose(found.true, true) and np.allclose(found.said, said)
    # torchmetrics takes the distance from the confidence in whichever answer: the same beyond 0.5.
    above = probabilities > 0.5
    theirs = binary_calibration_error(probabilities[above], truths[above], n_bins=10)
    ours = _scores.calibration(probabilities[above], truths[above])
    assert ours.error == pytest.approx(float(theirs), abs=1e-5)


def test_a_short_run_has_its_figures(train: Train) -> None:
    history = train("classification/binary", epochs=8, threshold=0.3)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert results["test/auc"] > 0.95 and results["baseline/logistic regression"] > 0.95
    table = {row[0]: row for row in rows(history, "thresholds")}
    confusion = shown(history, "confusion", data.Matrix)
    assert [*confusion.rows] == ["benign", "malignant"]
    assert [n for row in confusion.values for n in row] == [table[0.3][i] for i in (4, 2, 3, 1)]
    assert results["test/tpr"] == pytest.approx(table[0.3][5], abs=1e-4)
    roc = shown(history, "roc", data.Scatter)
    assert roc.groups[0].name.startswith("your threshold")
    assert f"{results['test/auc']:.4f}" in roc.lines[0].name
    naive = [row[2] for row in rows(history, "logits")]
    assert naive[-1] == "∞" and rows(history, "logits")[-1][3] == 100
    assert isinstance(shown(history, "calibration", data.Scatter), data.Scatter)
    assert isinstance(shown(history, "precision and recall", data.Scatter), data.Scatter)


def test_a_file_and_the_class_that_is_yes(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("size,kind\n" + "".join(f"{i},{'big' if i > 30 else 'small'}\n" for i in range(60)))
    values = {"dataset": "csv", "file": str(file), "epochs": 2, "batch_size": 8, "width": 0}
    history = train("classification/binary", **values, positive="small")
    assert isinstance(history.ended, Finished)
    assert [*shown(history, "confusion", data.Matrix).rows] == ["big", "small"]
    history = train("classification/binary", **values, positive="smal")
    assert isinstance(history.ended, Failed) and "did you mean small" in history.ended.title


def test_the_rarer_class_is_yes_unless_said_otherwise() -> None:
    recipe = binary.Binary()
    recipe.data()
    assert recipe.names == ["benign", "malignant"]
    assert float(recipe.parts[0].y.float().mean()) == pytest.approx(212 / 569, abs=0.01)
