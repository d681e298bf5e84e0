from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_all_three_ways_end_at_least_squares_and_stand_side_by_side(train: Train, seed: int) -> None:
    history = train("from_scratch/linear_regression", seed=seed)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert results["distance to least squares"] <= 1e-4
    assert results["difference between the ways"] <= 1e-12
    assert results["test/r2"] == pytest.approx(results["test/r2 of least squares"], abs=1e-4)
    assert results["test/r2"] > 0.3
    table = data.decode(bytes(history.figures["weights"][-1].figure))
    assert isinstance(table, data.Table)
    assert [*table.columns] == ["measurement", "by_hand", "by_autograd", "by_module", "least squares"]
    assert len(table.rows) == 10
    assert isinstance(data.decode(bytes(history.figures["predictions"][-1].figure)), data.Scatter)


def test_too_long_steps_diverge_and_say_why(train: Train) -> None:
    history = train("from_scratch/linear_regression", lr=0.5)
    assert isinstance(history.ended, Failed)
    assert "diverged" in history.ended.title and "0.25" in history.ended.remedy
