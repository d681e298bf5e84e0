"""Hidden edges: none leaks into what is trained on, negatives are none, and they are told apart."""

from __future__ import annotations

import networkx
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from recipes.graphs import _graphs, _pairs
from recipes.graphs._pairs import Negatives
from recipes.graphs.link_prediction import LinkPrediction, in_common
from tests.recipes.conftest import Train
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Finished

RECIPE = "graphs/link_prediction"
NODES = 20


@pytest.fixture
def edges() -> Tensor:
    pairs = torch.randint(0, NODES, (2, 40), generator=torch.Generator().manual_seed(1))
    sorted_edges = _graphs.sorted_edges(pairs)
    return sorted_edges[:, sorted_edges[0] != sorted_edges[1]]


def as_set(pairs: Tensor) -> set[tuple[int, int]]:
    return {(min(a, b), max(a, b)) for a, b in pairs.T.tolist()}


def test_each_edge_is_in_one_part_once(edges: Tensor) -> None:
    parts = _pairs.split(edges, seed=3)
    assert sum(part.shape[1] for part in parts) == edges.shape[1] // 2
    assert set.union(*map(as_set, parts)) == as_set(edges)
    assert not torch.equal(parts[2], _pairs.split(edges, seed=4)[2])


def test_hidden_edges_carry_no_message() -> None:
    recipe = LinkPrediction(LinkPrediction.Params(), seed=0)
    parts = recipe.data()
    seen = as_set(recipe.graph.edges)
    for batches in (parts.validation, parts.test):
        pairs = batches[0][1]
        assert not seen & as_set(pairs.nodes[:, pairs.joined == 1])
    assert not seen & as_set(recipe.tests["near"].nodes)


@pytest.mark.parametrize("kind", ["uniform", "near"])
def test_negatives_are_no_edges_and_near_ones_share_a_neighbour(kind: str, edges: Tensor) -> None:
    negatives = Negatives(edges, NODES)
    drawn = negatives.draw(2000, kind)
    known = as_set(edges) | {(node, node) for node in range(NODES)}
    told = [(min(a, b), max(a, b)) in known for a, b in zip(*drawn.nodes.tolist(), strict=True)]
    assert drawn.joined.tolist() == [float(value) for value in told]
    assert 0 < drawn.joined.sum() < 2000
    if kind == "near":
        free = drawn.nodes[:, drawn.joined == 0]
        graph = networkx.Graph(edges.T.tolist())
        assert all(set(graph[a]) & set(graph[b]) for a, b in as_set(free))
    else:
        every = {(a, b) for a in range(NODES) for b in range(a + 1)} - {(b, a) for a, b in known}
        assert len(as_set(drawn.nodes[:, drawn.joined == 0])) > 0.95 * len(every)


def test_a_part_has_as_many_of_both_and_is_always_the_same(edges: Tensor) -> None:
    pairs = edges[:, edges[0] < edges[1]]
    part, again = (_pairs.with_negatives(pairs, Negatives(edges, NODES), "near", 5) for _ in range(2))
    assert part.joined.tolist() == [1.0] * pairs.shape[1] + [0.0] * pairs.shape[1]
    assert not as_set(part.nodes[:, part.joined == 0]) & as_set(edges)
    assert torch.equal(part.nodes, again.nodes)


def test_neighbours_in_common_are_counted_as_networkx_does(edges: Tensor) -> None:
    pairs = torch.triu_indices(NODES, NODES, 1)
    graph = networkx.Graph(edges.T.tolist())
    graph.add_nodes_from(range(NODES))
    told = networkx.adamic_adar_index(graph, [(a, b) for a, b in pairs.T.tolist()])
    expected = torch.tensor([value for _, _, value in told])
    torch.testing.assert_close(in_common(edges, NODES, pairs), expected)


def test_digits_reach_their_mark(train: Train) -> None:
    history = train(RECIPE, epochs=8)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert float(results["test/auc"]) >= 0.93
    assert float(results["test/auc"]) == pytest.approx(float(results["test/auc of uniform"]), abs=1e-5)
    assert float(results["test/auc of near"]) < float(results["test/auc of uniform"])
    table = {str(row[0]): row[1:] for row in rows(history, "baselines")}
    assert table["this net: gcn"][0] == pytest.approx(float(results["test/auc"]), abs=1e-5)
    roc = shown(history, "roc", data.Curves)
    assert [line.name for line in roc.lines] == ["uniform negatives", "near negatives", "chance"]
    missing = rows(history, "missing")
    assert len(missing) == 12 and sum(row[1] == row[2] for row in missing) >= 10


@pytest.mark.parametrize("layer", ["gat", "sage"])
def test_other_layers_and_near_negatives_train_on_the_karate_club(train: Train, layer: str) -> None:
    history = train(RECIPE, dataset="karate", layer=layer, sampling="near", epochs=3)
    assert isinstance(history.ended, Finished)
    assert history.series["train/loss"].values[-1] < history.series["train/loss"].values[0]


def test_the_auc_is_scikit_learns() -> None:
    recipe = LinkPrediction(LinkPrediction.Params(dataset="karate"), seed=1)
    _, pairs = recipe.data().test[0]
    recipe.net = recipe.model()
    logits = recipe.predict_step((recipe.graph, pairs)).detach()
    auc = recipe.metrics()["auc"]
    auc.update(logits, pairs.joined.long())
    assert float(auc.compute()) == pytest.approx(roc_auc_score(pairs.joined, logits), abs=1e-6)
