"""Whole graphs: motifs are where they should be, pooling is right, TUDatasets are read."""

from __future__ import annotations

from pathlib import Path

import networkx
import pytest
import torch

from recipes.graphs import _graphs, _motifs
from recipes.graphs.graph_classification import GraphClassification, _Layer, pooled
from tests.recipes.conftest import Train
from tests.recipes.shown import rows, shown
from workbench import paths
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Finished

RECIPE = "graphs/graph_classification"


def test_graphs_have_the_motifs_of_their_class_and_nothing_else() -> None:
    cycles = {"no motif": 0, "one house": 2, "two houses": 4, "one clique": 3, "two cliques": 6}
    triangles = {"no motif": 0, "one house": 1, "two houses": 2, "one clique": 4, "two cliques": 8}
    samples = _motifs.made(25, seed=0)
    assert [sample.label for sample in samples] == [*range(5)] * 5
    for sample in samples:
        graph = networkx.Graph(sample.edges.T.tolist())
        nodes = len(sample.features)
        assert 20 <= nodes == graph.number_of_nodes() <= 40 and networkx.is_connected(graph)
        kind = list(_motifs.CLASSES)[sample.label]
        assert graph.number_of_edges() - nodes + 1 == cycles[kind]
        assert sum(networkx.triangles(graph).values()) / 3 == triangles[kind]
        degrees = [min(graph.degree[node], 15) for node in range(nodes)]
        assert sample.features.argmax(1).tolist() == degrees
    assert not torch.equal(samples[0].edges, _motifs.made(1, seed=1)[0].edges)


def test_a_batch_is_its_graphs_side_by_side() -> None:
    samples = _motifs.made(3, seed=0)
    batch = _motifs.collated(samples)
    assert batch.labels.tolist() == [0, 1, 2]
    assert torch.equal(batch.edges, _graphs.sorted_edges(batch.edges))
    for index, sample in enumerate(samples):
        nodes = (batch.graph == index).nonzero()[:, 0]
        assert torch.equal(batch.features[nodes], sample.features)
        own = batch.graph[batch.edges[0]] == index
        assert torch.equal(batch.edges[:, own] - nodes[0], sample.edges)


@pytest.mark.parametrize("pooling", ["sum", "mean", "max"])
def test_pooling_equals_torch_geometrics(pooling: str) -> None:
    layers = _graphs.optional("torch_geometric.nn")
    theirs = {
        "sum": layers.global_add_pool,
        "mean": layers.global_mean_pool,
        "max": layers.global_max_pool,
    }[pooling]
    features = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    graph = torch.tensor([0] * 5 + [1] * 6 + [2])
    torch.testing.assert_close(pooled(features, graph, 3, pooling), theirs(features, graph, 3))


def test_the_layer_equals_torch_geometrics_gin() -> None:
    batch = _motifs.collated(_motifs.made(3, seed=0))
    ours = _Layer(batch.features.shape[1], 8)
    with torch.no_grad():
        ours.own.fill_(0.3)
    theirs = _graphs.optional("torch_geometric.nn").GINConv(ours.network, eps=0.3)
    expected = theirs(batch.features, batch.edges).relu()
    torch.testing.assert_close(ours(batch.features, batch.edges), expected)


def test_an_answer_does_not_depend_on_the_other_graphs_of_a_batch() -> None:
    recipe = GraphClassification(GraphClassification.Params(graphs=50), seed=0)
    recipe.data()
    recipe.net = recipe.model().eval()
    samples = recipe.parts[0][:6]
    together = recipe.predict_step(_motifs.collated(samples))
    alone = torch.cat([recipe.predict_step(_motifs.collated([sample])) for sample in samples])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_motifs_are_told_and_poolings_are_compared(train: Train) -> None:
    history = train(RECIPE, graphs=800, epochs=5, batch_size=20)  # tested in batches of 80, 80, 40
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert float(results["test/accuracy"]) >= 0.85
    assert float(results["test/accuracy"]) == float(results["test/accuracy/sum"])
    assert float(results["test/accuracy/max"]) < float(results["test/accuracy/sum"])
    told = rows(history, "pooling")
    assert [row[0] for row in told[1:]] == [f"messages, then {kind}" for kind in ("sum", "mean", "max")]
    assert told[0][1] == pytest.approx(float(results["baseline/degrees"]))
    counts = torch.tensor(shown(history, "confusion with sum", data.Matrix).values)
    assert counts.sum() == 200
    right = float(counts.diagonal().sum() / 200)
    assert right == pytest.approx(float(results["test/accuracy/sum"]), abs=1e-5)
    assert len(shown(history, "sizes", data.Curves).lines) == 3


GRAPHS = 60


@pytest.fixture
def rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files as a TUDataset's: rings of 5 nodes, of class -1, and paths of 5, of class 1."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    raw = paths.data_dir() / "tu" / "RINGS" / "raw"
    raw.mkdir(parents=True)
    pairs = []
    for graph in range(GRAPHS):
        steps = range(5) if graph % 2 == 0 else range(4)
        for step in steps:
            ends = (5 * graph + step + 1, 5 * graph + (step + 1) % 5 + 1)
            pairs += [ends, ends[::-1]]
    files = {
        "A": "".join(f"{first}, {second}\n" for first, second in pairs),
        "graph_indicator": "".join(f"{node // 5 + 1}\n" for node in range(5 * GRAPHS)),
        "graph_labels": "".join(f"{-1 if graph % 2 == 0 else 1}\n" for graph in range(GRAPHS)),
    }
    for name, content in files.items():
        (raw / f"RINGS_{name}.txt").write_text(content)
    return raw


@pytest.mark.usefixtures("rings")
def test_a_tu_dataset_is_read_and_told_apart() -> None:
    samples, classes = _motifs.tu_dataset("RINGS")
    assert len(samples) == GRAPHS and classes == ["class 0", "class 1"]
    assert [sample.label for sample in samples[:4]] == [0, 1, 0, 1]
    assert samples[0].features.argmax(1).tolist() == [2] * 5
    assert samples[1].features.argmax(1).tolist() == [1, 2, 2, 2, 1]
    params = GraphClassification.Params(dataset="tu", name="RINGS")
    recipe = GraphClassification(params, seed=0)
    parts = recipe.data()
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [36, 9, 15]


def test_a_tu_dataset_that_cannot_be_had_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "file"))  # no folder can be made in it
    with pytest.raises(WorkbenchError, match="cannot be downloaded") as raised:
        _motifs.tu_dataset("MUTAG")
    assert "dataset=motifs" in raised.value.remedy
