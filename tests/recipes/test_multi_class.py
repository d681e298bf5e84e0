from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics

from recipes.classification import multi_class
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


def test_softmax_is_torchs_also_where_exp_would_overflow() -> None:
    outputs = torch.cat([torch.randn(5, 4), torch.tensor([[1000.0, 999.0, -1000.0, 0.0]])])
    assert torch.allclose(multi_class.softmax(outputs), outputs.softmax(1))


def test_the_scores_of_each_class_are_those_of_scikit_learn() -> None:
    dice = np.random.default_rng(0)
    truths, guesses = dice.integers(0, 4, 100), dice.integers(0, 4, 100)
    guesses[guesses == 3] = 2  # a class that is never predicted
    confusion = torch.from_numpy(metrics.confusion_matrix(truths, guesses))
    expected = metrics.precision_recall_fscore_support(truths, guesses, zero_division=0)[:3]
    assert np.allclose(multi_class.scores(confusion), np.stack(expected, axis=1))


def test_a_short_run_shows_how_each_digit_fares(train: Train) -> None:
    history = train("classification/multi_class", epochs=4)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert results["test/accuracy"] > 0.85 and results["baseline/logistic regression"] > 0.93
    classes, confusion = rows(history, "classes"), shown(history, "confusion", data.Matrix)
    assert [row[0] for row in classes] == [str(digit) for digit in range(10)]
    assert [row[4] for row in classes] == [sum(row) for row in confusion.values]
    assert sum(row[3] for row in classes) / 10 == pytest.approx(results["test/macro f1"], abs=1e-3)
    losses = shown(history, "cross entropy", data.Scatter)
    right, wrong = (dict(zip(group.x, group.y, strict=True)) for group in losses.groups)
    assert len(losses.groups[0].x) == round(results["test/accuracy"] * 359)
    for given, loss in (right | wrong).items():
        assert loss == pytest.approx(-np.log(given), rel=1e-4)
    doubt = rows(history, "doubtful")[0]
    assert doubt[3] >= doubt[6] and doubt[2] >= doubt[5]
    mistakes = shown(history, "mistakes", data.ImageGrid)
    assert mistakes.images[0].height == 8 and " taken for " in mistakes.captions[0]


def test_wines_and_files_have_no_pictures(train: Train, tmp_path: Path) -> None:
    history = train("classification/multi_class", dataset="wine", epochs=3)
    assert isinstance(history.ended, Finished)
    assert "mistakes" not in history.figures
    assert [row[0] for row in rows(history, "classes")] == ["class_0", "class_1", "class_2"]
    file = tmp_path / "mine.csv"
    file.write_text("kind,x\n" + "".join(f"{'ab'[i % 2]},{i}\n" for i in range(40)))
    values = {"dataset": "csv", "file": str(file), "batch_size": 8, "epochs": 1}
    history = train("classification/multi_class", target="kind", **values)
    assert isinstance(history.ended, Finished)
    assert [row[0] for row in rows(history, "classes")] == ["a", "b"]
    history = train("classification/multi_class", **values)
    assert isinstance(history.ended, Failed) and "mine.csv has 2 faults" in history.ended.title
    assert "'a' is no number" in history.ended.remedy
