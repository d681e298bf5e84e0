from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import Perceptron

from recipes.fundamentals import _lines, _points, perceptron
from tests.recipes.shown import rows, shown
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]


@pytest.fixture(scope="module")
def whole(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A run with the defaults, shared by the tests that only read it."""
    order = Order(discover().find("fundamentals/perceptron"), {}, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("whole"), standby))


def test_the_clouds_are_separated_and_xor_is_not(whole: History) -> None:
    assert isinstance(whole.ended, Finished)
    results = whole.ended.results
    assert results["train/accuracy"] == 1
    assert results["test/accuracy"] >= 0.99
    assert results["test/highest accuracy/xor"] <= 0.75
    assert results["updates"] <= results["updates at most/blobs"]
    assert "updates at most/xor" not in results
    why = shown(whole, "why: xor", data.Text)
    assert "on both" in why.text
    assert "why: blobs" not in whole.figures


def test_the_boundary_moves_with_each_update_and_the_arithmetic_is_shown(whole: History) -> None:
    updates = int(whole.series["updates"].last)
    frames = [shown(whole, "boundary: blobs", data.Scatter, i) for i in range(updates + 1)]
    lines = {tuple(frame.lines[0].x + frame.lines[0].y) for frame in frames if frame.lines}
    assert len(lines) > updates // 2
    first = rows(whole, "updates: blobs")[0]
    assert first[3:5] == ["(0.00, 0.00)", "0"]
    sign = {"yes": "", "no": "-"}[str(first[2])]
    assert first[6] == f"{sign}1"
    assert len(rows(whole, "updates: xor")) == perceptron.SHOWN_UPDATES


def test_the_rule_is_that_of_scikit_learn() -> None:
    points = _points.xor(seed=1)
    passes = 3
    theirs = Perceptron(shuffle=False, max_iter=passes, tol=None).fit(
        points.x.numpy(), points.y.numpy()
    )
    ours = perceptron._Perceptron(2)
    for _ in range(passes):
        for x, y in zip(points.x, points.y, strict=True):
            ours.learn(x, y)
    assert ours.updates > 0
    assert np.allclose(ours.w.numpy(), theirs.coef_[0])
    assert float(ours.b) == pytest.approx(theirs.intercept_[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_common_point_is_found_where_there_is_one_and_only_there(seed: int) -> None:
    assert _lines.common_point(*_points.blobs(seed, distance=6)[:2]) is None
    near = _points.blobs(seed, distance=1)
    common = _lines.common_point(near.x, near.y)
    assert common is not None
    for label in (1, -1):  # whatever direction one looks in, the class reaches as far as the point
        cloud = near.x[near.y == label]
        for angle in torch.linspace(0, 2 * np.pi, 60, dtype=torch.float64):
            direction = torch.stack([angle.cos(), angle.sin()])
            assert (cloud @ direction).max() >= common @ direction - 1e-6


def test_the_drawn_line_is_where_the_answer_changes() -> None:
    w, b = torch.tensor([1.0, -2.0]), torch.tensor(0.5)
    line = _lines.in_a_square(w, b, limit=3)
    assert line is not None
    for x, y in zip(*line, strict=True):
        assert x - 2 * y + 0.5 == pytest.approx(0, abs=1e-6)
        assert max(abs(x), abs(y)) == pytest.approx(3)
    assert _lines.in_a_square(w, torch.tensor(100.0), limit=3) is None
    assert _lines.in_a_square(torch.zeros(2), b, limit=3) is None
    upright = _lines.in_a_square(torch.tensor([1.0, 0.0]), b, limit=3)
    assert upright is not None and upright[0] == pytest.approx([-0.5, -0.5])


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    def shown_to(recipe: perceptron.RosenblattsPerceptron, first: int, last: int) -> None:
        for step in range(first, last):
            for name, points in recipe.problems.items():
                recipe.show_one(name, points, step)

    whole, cut = perceptron.RosenblattsPerceptron(seed=3), perceptron.RosenblattsPerceptron(seed=3)
    shown_to(whole, 1, 300)
    shown_to(cut, 1, 150)
    torch.save(cut.state_dict(), tmp_path / "state.pt")
    resumed = perceptron.RosenblattsPerceptron(seed=3)
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    shown_to(resumed, 150, 300)
    for name, learner in whole.learners.items():
        assert torch.equal(resumed.learners[name].w, learner.w)
        assert resumed.learners[name].updates == learner.updates
    assert resumed.first_updates == whole.first_updates


def test_points_of_ones_own_are_learned(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    lines = [f"{i},{i % 7},{'big' if i > 20 else 'small'}" for i in range(40)]
    file.write_text("\n".join(["size,rest,kind", *lines]))
    history = train("fundamentals/perceptron", dataset="csv", file=str(file), steps=4000)
    assert isinstance(history.ended, Finished)
    assert history.ended.results["train/accuracy"] >= 0.9
    assert shown(history, "boundary: csv", data.Scatter).x_label == "size"


def test_three_classes_are_refused(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "three.csv"
    file.write_text("a,b,kind\n" + "".join(f"{i},{i},{i % 3}\n" for i in range(30)))
    history = train("fundamentals/perceptron", dataset="csv", file=str(file))
    assert isinstance(history.ended, Failed)
    assert "3 classes: 0, 1, 2" in history.ended.title and history.ended.remedy
    params = perceptron.RosenblattsPerceptron.Params(file=str(file))
    with pytest.raises(WorkbenchError, match="dataset=blobs does not read file="):
        perceptron.RosenblattsPerceptron(params)
