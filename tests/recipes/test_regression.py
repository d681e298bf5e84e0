from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score

from recipes.classification import _folds, _tables
from tests.recipes.shown import rows, shown
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


def test_r2_is_that_of_scikit_learn() -> None:
    y, predicted = torch.randn(20, 3), torch.randn(20, 3)
    expected = r2_score(y, predicted, multioutput="raw_values")
    assert _folds.r2(predicted, y).tolist() == pytest.approx(expected.tolist(), abs=1e-5)


def test_each_sample_is_tested_once_and_nothing_of_it_is_known_before() -> None:
    table = _tables.measured("diabetes")
    folds = _folds.folds(table, 5, seed=0, held_out=0.2)
    tested = torch.cat([fold.tested for fold in folds])
    assert sorted(tested.tolist()) == list(range(442))
    for fold in folds:
        assert len(fold.train[0]) + len(fold.validation[0]) + len(fold.test[0]) == 442
        assert torch.allclose(fold.train[0].mean(0), torch.zeros(10), atol=1e-5)
        assert torch.allclose(fold.targets.back(fold.test[1]), table.y[fold.tested], atol=1e-3)


def test_ridge_learns_from_all_but_the_test_part() -> None:
    table = _tables.measured("diabetes")
    fold, shortened = (_folds.folds(table, 5, 0, held_out=share)[1] for share in (0, 0.3))
    x, y = fold.train
    theirs = RidgeCV(_folds.STRENGTHS).fit(x.numpy(), y.numpy()[:, 0]).predict(fold.test[0].numpy())
    assert _folds.ridge(fold)[:, 0].tolist() == pytest.approx(theirs.tolist(), abs=1e-4)
    same = fold.targets.back(_folds.ridge(fold)), shortened.targets.back(_folds.ridge(shortened))
    assert torch.allclose(*same, rtol=0.02)


def test_too_few_samples_for_the_splits_are_refused() -> None:
    with pytest.raises(WorkbenchError, match="20 samples are too few for 7 splits") as raised:
        _folds.folds(_tables.measured("linnerud"), 7, seed=0)
    assert "splits=6" in raised.value.remedy


def test_a_short_run_stands_beside_ridge_regression(train: Train) -> None:
    history = train("classification/regression", epochs=15)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert 0.4 < results["baseline/ridge"] < 0.5
    assert results["test/r2"] > 0.4
    splits = rows(history, "splits")
    assert [row[0] for row in splits] == ["1", "2", "3", "4", "5", "mean"]
    assert splits[-1][1:] == pytest.approx([results["test/r2"], results["baseline/ridge"]], abs=1e-5)
    predictions = shown(history, "predictions", data.Scatter).groups[0]
    assert len(predictions.x) == 442
    residuals = shown(history, "residuals", data.Scatter).groups[0]
    left = [x - y for x, y in zip(predictions.x, predictions.y, strict=True)]
    assert list(residuals.y) == pytest.approx(left, abs=1e-3)
    assert len(rows(history, "measurements")) == 10


def test_several_targets_by_one_network_and_by_several(train: Train) -> None:
    history = train("classification/multi_target", epochs=20)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    table = rows(history, "targets")
    assert [row[0] for row in table] == ["Weight"] * 4 + ["Waist"] * 4 + ["Pulse"] * 4
    assert [row[1] for row in table[:4]] == ["together", "apart", "ridge", "mean"]
    assert all(float(row[2]) < 0 for row in table if row[1] == "mean")  # of another part than its own
    assert 0.5 < results["baseline/ridge"] < results["baseline/mean"] < 3
    assert len(rows(history, "samples")) == 20
    together = shown(history, "together", data.Matrix)
    assert [together.values[i][i] for i in range(3)] == pytest.approx([1, 1, 1], abs=1e-5)
    truth = _tables.measured("linnerud").y
    assert together.values[0][1] == pytest.approx(float(torch.corrcoef(truth.T)[0, 1]), abs=1e-5)
    assert shown(history, "prediction: Waist", data.Scatter).groups[1].name == "apart"


def test_columns_of_a_file_are_predicted(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("a,b,c\n" + "".join(f"{i},{2 * i},{i % 5}\n" for i in range(40)))
    values = {"dataset": "csv", "file": str(file), "epochs": 2, "batch_size": 8, "held_out": 0.2}
    history = train("classification/multi_target", targets="b,c", **values)
    assert isinstance(history.ended, Finished) and "val/loss" in history.ended.results
    assert {row[0] for row in rows(history, "targets")} == {"b", "c"}
    history = train("classification/multi_target", targets="b", **values)
    assert isinstance(history.ended, Failed) and "there is one target, b" in history.ended.title
    history = train("classification/regression", target="b", **values)
    assert isinstance(history.ended, Finished)
    assert shown(history, "predictions", data.Scatter).title.startswith("b:")
