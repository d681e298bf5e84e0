from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from recipes.graphs import _baselines, _graphs
from recipes.graphs._graphs import Graph
from recipes.graphs._message_passing import FORMS, GAT, GCN, SAGE
from recipes.graphs.node_classification import NodeClassification
from tests.recipes.waiting import wait_until_ended
from workbench import paths
from workbench.catalog import discover
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]

RECIPE = "graphs/node_classification"
TINY = {"epochs": 2, "look_every": 3, "width": 8, "heads": 2, "log_every": 1}


def figure(history: History, name: str) -> data.Figure:
    shown = history.figures[name][-1]
    raw = (history.folder.figures_dir / shown.file).read_bytes() if shown.file else bytes(shown.figure)
    return data.decode(raw)


@pytest.fixture(scope="module")
def digits(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    """The recipe as it is, shared by the tests that only read it."""
    order = Order(discover().find(RECIPE), {}, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("digits"), standby))


def test_digits_reach_their_mark_and_beat_their_pixels(digits: History) -> None:
    assert isinstance(digits.ended, Finished)
    accuracy = digits.series["test/accuracy"].last
    assert accuracy >= 0.94  # the mark is 0.88 in the mean of three seeds, which have 0.957 to 0.963
    baselines = figure(digits, "baselines")
    assert isinstance(baselines, data.Table)
    rows = {str(row[0]).partition(":")[0]: row[1] for row in baselines.rows}
    assert rows["both"] == pytest.approx(accuracy)
    assert isinstance(rows["features alone"], float) and rows["features alone"] < accuracy - 0.03
    confusion = figure(digits, "confusion")
    assert isinstance(confusion, data.Matrix)
    counts = np.array(confusion.values)
    assert counts.sum() == 1497 and counts.trace() / 1497 == pytest.approx(accuracy)


def test_an_epoch_is_some_steps_on_the_whole_graph(digits: History) -> None:
    assert digits.recorded.step == 200
    assert list(digits.series["val/accuracy"].steps) == list(range(10, 201, 10))


def test_the_three_forms_give_the_same_numbers(digits: History) -> None:
    forms = figure(digits, "forms")
    assert isinstance(forms, data.Table)
    assert [row[0] for row in forms.rows] == [*FORMS]
    sparse, edges, dense = (row[1] for row in forms.rows)
    assert sparse == edges and dense == 1797**2
    for row in forms.rows:
        assert isinstance(row[2], float) and row[2] > 0
        assert isinstance(row[3], int | float) and row[3] < 1e-4


def test_edges_join_digits_of_one_kind_and_embeddings_lie_apart(digits: History) -> None:
    edges = figure(digits, "edges")
    assert isinstance(edges, data.Matrix)
    counts = np.array(edges.values)
    assert (counts == counts.T).all()
    assert counts.trace() / counts.sum() == pytest.approx(0.97, abs=0.01)
    assert "97% stay within one" in edges.title
    embeddings = figure(digits, "embeddings")
    assert isinstance(embeddings, data.Scatter)
    assert [group.name for group in embeddings.groups] == [str(digit) for digit in range(10)]
    assert sum(len(group.x) for group in embeddings.groups) == 1000


@pytest.mark.parametrize("layer", ["gcn", "sage"])
def test_the_karate_club_is_told_from_four_labels(train: Train, layer: str) -> None:
    history = train(RECIPE, dataset="karate", layer=layer)
    assert isinstance(history.ended, Finished)
    assert round(history.series["test/accuracy"].last * 30) >= 27
    assert "val/accuracy" not in history.series
    graph = figure(history, "graph")
    assert isinstance(graph, data.Scatter)
    sizes = {group.name: len(group.x) for group in graph.groups}
    assert sizes.pop("edges") == 78 * 9
    assert sizes["label known"] == 4 and sizes["wrong"] <= 3
    assert sum(sizes.values()) == 34


@pytest.mark.parametrize("layer", ["gcn", "gat"])
def test_torch_geometric_learns_the_same(train: Train, layer: str) -> None:
    ours, theirs = (
        train(RECIPE, **TINY, layer=layer, form=form) for form in ("edges", "torch_geometric")
    )
    assert isinstance(theirs.ended, Finished) and "forms" not in theirs.figures
    for name in ("train/loss", "val/loss", "test/loss"):
        # Both draw their first weights from the same seed in the same order.
        assert theirs.series[name].values == pytest.approx(ours.series[name].values, rel=1e-4)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("layer", ["gcn", "gat", "sage"])
def test_every_form_trains_every_layer_in_bf16(train: Train, layer: str, form: str) -> None:
    history = train(RECIPE, **TINY, layer=layer, form=form, precision="bf16")
    assert isinstance(history.ended, Finished)
    assert history.series["train/loss"].values[-1] < history.series["train/loss"].values[0]


def test_heads_that_cannot_share_the_width_are_refused(train: Train) -> None:
    history = train(RECIPE, layer="gat", heads=5)
    assert isinstance(history.ended, Failed)
    assert "width=64 cannot be shared among heads=5" in history.ended.title
    assert history.ended.kind == "refused"


NODES, FEATURES, OUT = 12, 6, 8


@pytest.fixture
def edges() -> Tensor:
    """A graph with loops; the last node has no other neighbour."""
    pairs = torch.randint(0, NODES - 1, (2, 20), generator=torch.Generator().manual_seed(1))
    return _graphs.with_loops(_graphs.sorted_edges(pairs), NODES)


@pytest.fixture
def features() -> Tensor:
    return torch.randn(NODES, FEATURES, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("form", FORMS)
def test_gcn_multiplies_with_the_normalised_adjacency_matrix(
    form: str, edges: Tensor, features: Tensor
) -> None:
    layer = GCN(FEATURES, OUT, form)
    nn.init.normal_(layer.bias)
    adjacency = torch.zeros(NODES, NODES)
    adjacency[edges[1], edges[0]] = 1
    inverse_roots = torch.diag(adjacency.sum(1) ** -0.5)
    normalised = inverse_roots @ adjacency @ inverse_roots
    expected = normalised @ features @ layer.project.weight.T + layer.bias
    torch.testing.assert_close(layer(features, edges), expected)


def twins(layer: str, form: str) -> tuple[nn.Module, nn.Module, dict[str, str]]:
    """Our layer, torch-geometric's, and which weights of theirs are which of ours."""
    theirs = _graphs.optional("torch_geometric.nn")
    if layer == "gcn":
        names = {"lin.weight": "project.weight", "bias": "bias"}
        return GCN(FEATURES, OUT, form), theirs.GCNConv(FEATURES, OUT), names
    if layer == "sage":
        names = {
            "lin_l.weight": "of_neighbours.weight",
            "lin_l.bias": "of_neighbours.bias",
            "lin_r.weight": "of_itself.weight",
        }
        return SAGE(FEATURES, OUT, form), theirs.SAGEConv(FEATURES, OUT), names
    names = {
        "lin.weight": "project.weight",
        "att_src": "score_source",
        "att_dst": "score_target",
        "bias": "bias",
    }
    return GAT(FEATURES, OUT, form, heads=2), theirs.GATConv(FEATURES, OUT // 2, heads=2), names


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("layer", ["gcn", "gat", "sage"])
def test_layers_and_gradients_equal_torch_geometrics(
    layer: str, form: str, edges: Tensor, features: Tensor
) -> None:
    ours, theirs, names = twins(layer, form)
    our_weights, their_weights = dict(ours.named_parameters()), dict(theirs.named_parameters())
    assert set(names) == set(their_weights) and set(names.values()) == set(our_weights)
    with torch.no_grad():
        for their_name, our_name in names.items():
            nn.init.normal_(our_weights[our_name])
            their_weights[their_name].view(-1).copy_(our_weights[our_name].view(-1))
    outcome, expected = ours(features, edges), theirs(features, edges)
    torch.testing.assert_close(outcome, expected, rtol=1e-4, atol=1e-5)
    for result in (outcome, expected):
        result.square().sum().backward()
    for their_name, our_name in names.items():
        ours_gradient, their_gradient = our_weights[our_name].grad, their_weights[their_name].grad
        assert ours_gradient is not None and their_gradient is not None
        torch.testing.assert_close(
            ours_gradient.view(-1), their_gradient.view(-1), rtol=1e-3, atol=1e-4
        )


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_the_same_to_the_last_bit_each_time(form: str) -> None:
    graph, _ = _graphs.load("digits", 5, 10, seed=0)
    layer = GAT(64, 32, form, heads=4)
    gradients = []
    for _ in range(6):
        loss = layer(graph.features, graph.edges).square().mean()
        gradients.append(
            torch.cat([g.flatten() for g in torch.autograd.grad(loss, layer.parameters())])
        )
    assert all(torch.equal(gradients[0], gradient) for gradient in gradients)


def test_edges_go_both_ways_once_and_are_sorted_by_where_they_lead() -> None:
    edges = _graphs.sorted_edges(torch.tensor([[0, 2, 2, 1], [1, 0, 0, 0]]))
    assert edges.T.tolist() == [[1, 0], [2, 0], [0, 1], [0, 2]]
    with_loops = _graphs.with_loops(_graphs.with_loops(edges, 4), 4)
    assert with_loops.T.tolist() == [
        *([0, 0], [1, 0], [2, 0]),
        *([0, 1], [1, 1]),
        *([0, 2], [2, 2]),
        [3, 3],
    ]


def test_the_masks_of_the_digits_share_no_node_and_follow_the_seed() -> None:
    graph, other = (_graphs.load("digits", 5, 10, seed)[0] for seed in (0, 1))
    masks = torch.stack(list(graph.masks.values()))
    assert (masks.sum(0) == 1).all()
    assert masks.sum(1).tolist() == [100, 200, 1497]
    assert torch.bincount(graph.labels[graph.masks["train"]]).tolist() == [10] * 10
    assert not torch.equal(graph.masks["train"], other.masks["train"])


def test_the_loss_knows_no_label_outside_of_its_mask() -> None:
    recipe = NodeClassification(NodeClassification.Params(**TINY, dropout=0))
    recipe.data()
    recipe.net = recipe.model()
    graph = recipe.graph
    labels = torch.where(graph.masks["train"], graph.labels, 9 - graph.labels)
    loss, same = (
        recipe.training_step((graph._replace(labels=labels), "train"))
        for labels in (graph.labels, labels)
    )
    assert torch.equal(loss, same)


def test_label_propagation_follows_the_edges() -> None:
    edges = _graphs.sorted_edges(torch.tensor([[0, 1, 3, 4], [1, 2, 4, 5]]))  # two chains of three
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    known = torch.tensor([True, False, False, False, False, True])
    graph = Graph(torch.zeros(6, 1), edges, labels, {"train": known, "test": ~known})
    assert _baselines.without_features(graph) == 1.0
    crossed = graph._replace(labels=torch.tensor([0, 0, 1, 1, 1, 1]))
    assert _baselines.without_features(crossed) == 0.75


CORA_KNOWN, CORA_VALIDATION, CORA_TEST, WORDS, TOPICS = 14, 500, 30, 9, 7


@pytest.fixture
def cora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files as Cora's: 14 known papers, 500 that validate, 30 in the test part, in a ring."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    raw = paths.data_dir() / "planetoid" / "Cora" / "raw"
    raw.mkdir(parents=True)
    rest, nodes = CORA_KNOWN + CORA_VALIDATION, CORA_KNOWN + CORA_VALIDATION + CORA_TEST
    words = np.random.default_rng(0).integers(0, 2, (nodes, WORDS)).astype(np.float32)
    words[:, 0] = 1
    topics = np.eye(TOPICS, dtype=np.int32)[np.arange(nodes) % TOPICS]
    files = {
        "x": csr_matrix(words[:CORA_KNOWN]),
        "allx": csr_matrix(words[:rest]),
        "tx": csr_matrix(words[rest:]),
        "y": topics[:CORA_KNOWN],
        "ally": topics[:rest],
        "ty": topics[rest:],
        "graph": {node: [(node + 1) % nodes, (node - 1) % nodes] for node in range(nodes)},
    }
    for name, value in files.items():
        (raw / f"ind.cora.{name}").write_bytes(pickle.dumps(value, protocol=2))
    (raw / "ind.cora.test.index").write_text("".join(f"{node}\n" for node in range(rest, nodes)))
    return raw


@pytest.mark.usefixtures("cora")
def test_cora_is_read_with_its_own_parts() -> None:
    graph, classes = _graphs.load("cora", 5, 10, seed=0)
    assert classes == [f"topic {topic}" for topic in range(1, TOPICS + 1)]
    assert {name: int(mask.sum()) for name, mask in graph.masks.items()} == {
        "train": CORA_KNOWN,
        "validation": CORA_VALIDATION,
        "test": CORA_TEST,
    }
    nodes = CORA_KNOWN + CORA_VALIDATION + CORA_TEST
    assert graph.edges.shape == (2, 2 * nodes)
    torch.testing.assert_close(graph.features.sum(1), torch.ones(nodes))  # shares of a paper's words
    assert graph.labels.tolist() == [node % TOPICS for node in range(nodes)]


def test_a_damaged_cora_is_a_clear_error(cora: Path) -> None:
    file = cora / "ind.cora.allx"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(WorkbenchError, match="is not Cora") as raised:
        _graphs.load("cora", 5, 10, seed=0)
    assert "remove that folder" in raised.value.remedy


def test_a_cora_that_cannot_be_had_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "file"))  # no folder can be made in it
    with pytest.raises(WorkbenchError, match="cannot be downloaded") as raised:
        _graphs.load("cora", 5, 10, seed=0)
    assert "dataset=digits" in raised.value.remedy


@pytest.mark.parametrize("module", ["torch_geometric", "networkx"])
def test_without_an_optional_module_the_command_that_brings_it_is_told(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WorkbenchError, match=f"{module} is not installed") as raised:
        _graphs.load("karate", 5, 10, seed=0)
    assert "graphs" in raised.value.remedy
    assert _graphs.load("digits", 5, 10, seed=0)[1] == [str(digit) for digit in range(10)]
