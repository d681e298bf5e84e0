from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from recipes.fundamentals import mlp
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]


@pytest.fixture(scope="module")
def quick(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A small network after two epochs, shared by the tests that only read it."""
    order = Order(discover().find("fundamentals/mlp"), {"epochs": 2, "width": 32}, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("quick"), standby))


def figure(history: History, name: str) -> data.Figure:
    shown = history.figures[name][-1]
    raw = (history.folder.figures_dir / shown.file).read_bytes() if shown.file else bytes(shown.figure)
    return data.decode(raw)


def curves(history: History, name: str) -> dict[str, list[float]]:
    """The y of each line."""
    found = figure(history, name)
    assert isinstance(found, data.Curves)
    return {line.name: [y for y in line.y if y is not None] for line in found.lines}


def table(history: History, name: str) -> list[list[data.Cell]]:
    found = figure(history, name)
    assert isinstance(found, data.Table)
    return [list(row) for row in found.rows]


@pytest.mark.slow
@pytest.mark.timeout(330)  # 5 s on two free cores, ten times that and more on busy ones
def test_it_reaches_its_mark(train: Train) -> None:
    history = train("fundamentals/mlp")
    assert isinstance(history.ended, Finished)
    # The mark is 95 % in the mean of three seeds; one seed of 1,000 digits spreads by 0.7 points.
    assert history.series["test/accuracy"].last >= 0.94


def test_two_epochs_learn_most(quick: History) -> None:
    assert isinstance(quick.ended, Finished)
    assert quick.series["test/accuracy"].last >= 0.7


def test_the_activations_and_their_slopes_are_drawn(quick: History) -> None:
    values, slopes = curves(quick, "activations"), curves(quick, "slopes")
    softmax = "softmax beside 9 zeros"
    assert [*values] == [*slopes] == ["relu", "leaky_relu", "tanh", "sigmoid", softmax]
    assert values[softmax][80] == pytest.approx(0.1)  # ten units alike
    assert max(slopes[softmax]) == pytest.approx(0.25, abs=1e-3)  # p (1 - p)
    assert (values["relu"][0], values["relu"][-1]) == (0, 4)
    assert (slopes["relu"][0], slopes["relu"][-1]) == (0, 1)
    assert slopes["leaky_relu"][0] == pytest.approx(0.1)
    assert max(slopes["tanh"]) == pytest.approx(1)
    assert max(slopes["sigmoid"]) == pytest.approx(0.25)


def test_softmax_is_shown_from_outputs_to_probabilities(quick: History) -> None:
    rows = table(quick, "softmax")
    assert [row[0] for row in rows] == [str(digit) for digit in range(10)]
    outputs = torch.tensor([row[1] for row in rows], dtype=torch.float64)
    probabilities = torch.tensor([row[3] for row in rows], dtype=torch.float64)
    assert torch.allclose(probabilities, outputs.softmax(0), atol=1e-6)
    picture = figure(quick, "most doubtful")
    assert isinstance(picture, data.ImageGrid)
    assert (picture.images[0].height, picture.images[0].width) == (28, 28)


def test_each_hidden_layer_has_its_units_and_each_dense_layer_its_gradient(quick: History) -> None:
    assert [row[:2] for row in table(quick, "units")] == [["relu", "relu_1"], ["relu", "relu_2"]]
    assert [len(sizes) for sizes in curves(quick, "gradients").values()] == [3]


def test_the_activations_are_compared_on_the_same_batches(train: Train) -> None:
    history = train(
        "fundamentals/mlp", compare="activations", activation="tanh", epochs=1, width=8, hidden_layers=1
    )
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    for name in ("relu", "leaky_relu", "tanh", "sigmoid"):
        assert f"train/loss/{name}" in results and f"val/accuracy/{name}" in results
    assert results["test/accuracy"] == results["test/accuracy/tanh"]
    assert [row[0] for row in table(history, "units")] == ["relu", "leaky_relu", "tanh", "sigmoid"]


def test_depths_are_compared_from_none_to_eight_with_the_chosen_one_among_them(train: Train) -> None:
    history = train("fundamentals/mlp", compare="depths", hidden_layers=3, epochs=1, width=8)
    assert isinstance(history.ended, Finished)
    names = [f"{depth}_hidden" for depth in (0, 1, 2, 3, 4, 8)]
    layers = {name: len(sizes) for name, sizes in curves(history, "gradients").items()}
    assert layers == dict(zip(names, (1, 2, 3, 4, 5, 9), strict=True))
    assert history.ended.results["test/accuracy"] == history.ended.results["test/accuracy/3_hidden"]


def test_no_hidden_layer_is_softmax_regression(train: Train) -> None:
    history = train("fundamentals/mlp", hidden_layers=0, epochs=1)
    assert isinstance(history.ended, Finished)
    assert table(history, "units") == []


def test_a_comparison_trains_each_net_as_if_it_were_alone(train: Train) -> None:
    # The loss is the sum over all nets; without dropout and smoothing nothing else connects them.
    values = {"hidden_layers": 0, "epochs": 1, "dropout": 0, "optimizer": "sgd", "lr": 0.1}
    alone = train("fundamentals/mlp", **values)
    beside = train("fundamentals/mlp", compare="activations", **values)
    # Without a hidden layer the four nets differ in their first weights only.
    assert isinstance(alone.ended, Finished) and isinstance(beside.ended, Finished)
    # The chosen net is the first made, so it starts from the weights of the one alone.
    assert beside.ended.results["val/loss/relu"] == pytest.approx(alone.ended.results["val/loss"])


def test_units_that_are_flat_for_every_picture_are_dead() -> None:
    images = torch.rand(20, 1, 4, 4) * 255
    dense = nn.Linear(16, 5)
    nn.init.zeros_(dense.weight)
    dense.bias.data = torch.tensor([-9.0, -9, 1, 1, 1])  # two are far below 0 for any picture
    for activation, dead in ((nn.ReLU(), 0.4), (nn.LeakyReLU(mlp.LEAK), 0), (nn.Sigmoid(), 0.4)):
        shown = mlp._units({"net": nn.Sequential(mlp._Input(), dense, activation)}, images)
        assert shown.rows[0][3] == pytest.approx(dead), activation


def test_relu_is_flat_where_it_is_not_steep() -> None:
    net = nn.Sequential(mlp._Input(), nn.Linear(16, 5), nn.ReLU())
    _, _, flat, _, mean_slope = mlp._units({"net": net}, torch.rand(20, 1, 4, 4) * 255).rows[0]
    assert flat + mean_slope == pytest.approx(1, abs=1e-3)
