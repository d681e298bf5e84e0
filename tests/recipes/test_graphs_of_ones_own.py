"""Graphs in files of the user's: what is refused, all of it at once, and what is handled and said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from recipes.graphs import _figures, _graph_files, _graphs, _pairs, _tu_files
from recipes.graphs._graph_files import Chosen
from recipes.graphs._graphs import Graph
from recipes.graphs._pairs import Negatives
from recipes.graphs.graph_classification import GraphClassification
from tests.recipes.conftest import Train
from tests.recipes.shown import rows
from workbench.errors import WorkbenchError
from workbench.runs.events import Failed, Finished

NODES = 40  # two rings of twenty, each of a class, with one edge between them


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Edges and nodes."""
    edges, nodes = tmp_path / "edges.csv", tmp_path / "nodes.csv"
    ring = [(first + i, first + (i + 1) % 20) for first in (0, 20) for i in range(20)]
    edges.write_text("from,to\n" + "".join(f"n{a},n{b}\n" for a, b in [*ring, (0, 20)]))
    lines = (
        f"n{i},{i % 20},{1 - 2 * (i // 20)},{'left' if i < 20 else 'right'}\n" for i in range(NODES)
    )
    nodes.write_text("id,place,side,class\n" + "".join(lines))
    return edges, nodes


def load(edges: Path | str, nodes: Path | str = "", dataset: str = "files", labels: int = 3) -> Chosen:
    params = SimpleNamespace(dataset=dataset, edges=str(edges), nodes=str(nodes), neighbours=5)
    return _graph_files.load(params, labels, seed=0)


def test_a_graph_of_ones_own_is_read(files: tuple[Path, Path]) -> None:
    graph, classes, names, notes = load(*files)
    assert classes == ["left", "right"] and names[39] == "n39" and notes == ()
    assert graph.features.shape == (NODES, 2) and graph.edges.shape == (2, 2 * 41)
    torch.testing.assert_close(graph.features.mean(0), torch.zeros(2))
    assert (torch.stack([*graph.masks.values()]).sum(0) == 1).all()
    assert [int(mask.sum()) for mask in graph.masks.values()] == [6, 6, 28]
    assert torch.equal(graph.edges, _graphs.sorted_edges(graph.edges))


def test_edges_alone_make_a_graph_of_nodes_that_are_who_they_are(files: tuple[Path, Path]) -> None:
    graph, classes, names, _ = load(files[0])
    assert torch.equal(graph.features, torch.eye(NODES))
    assert classes == ["node"] and set(names) == {f"n{i}" for i in range(NODES)}


def test_what_is_left_out_is_said(files: tuple[Path, Path]) -> None:
    with files[0].open("a") as more:
        more.write("n1,n1\nn1,n0\nn0,n1\n")
    with files[1].open("a") as more:
        more.write("alone,1,1,left\n")
    graph, *_, notes = load(*files)
    assert graph.edges.shape == (2, 2 * 41)
    said = " ".join(notes)
    assert "1 edges from a node to itself are left out" in said
    assert "2 edges are there more than once" in said and "1 nodes have no edge" in said


@pytest.mark.parametrize(
    ("which", "lines", "told"),
    [
        (0, ["n1,n99"], ["line 43: no node 'n99'; did you mean n9"]),
        (0, ["n1,", "n1"], ["line 43 lacks a node", "line 44 has 1 cells"]),
        (1, ["n1,5,5,left"], ["line 42: n1 stands in line 3 too"]),
        (1, [",5,5,left", "n50,,x,left"], ["line 42 has no id", "line 43, column place", "side: 'x'"]),
        (1, ["n50,5,5,"], ["line 42 has no class"]),
        (1, ["n50,5,5,middle"], ["of 3 classes 1 have too few nodes: 'middle' has 1"]),
    ],
)
def test_wrong_lines_are_told_at_once(
    files: tuple[Path, Path], which: int, lines: list[str], told: list[str]
) -> None:
    with files[which].open("a") as more:
        more.write("\n".join(lines))
    with pytest.raises(WorkbenchError) as raised:
        load(*files)
    assert all(part in str(raised.value) for part in told), raised.value
    assert raised.value.remedy and str(files[which]) in raised.value.title


@pytest.mark.parametrize(
    ("which", "text", "told"),
    [
        (0, "from\nn1\n", "one column"),
        (0, "from,to\nn1,n1\n", "0 edges between different nodes"),
        (0, "", "holds no edges"),
        (1, "id\nn1\n", "one column"),
        (1, "id,class\nn1,a\nn2,a\nn3,a\n", "only one class: 'a'"),
    ],
)
def test_a_wrong_file_is_a_clear_error(
    files: tuple[Path, Path], which: int, text: str, told: str
) -> None:
    files[which].write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        load(*files)
    assert told in str(raised.value) and raised.value.remedy


def test_files_that_are_not_given_or_not_read_are_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(WorkbenchError, match="needs a file of edges"):
        load("")
    with pytest.raises(WorkbenchError, match="dataset=karate does not read edges="):
        load(files[0], dataset="karate")


@pytest.mark.parametrize("kind", ["uniform", "near"])
def test_a_graph_without_unjoined_pairs_is_refused_and_does_not_hang(kind: str) -> None:
    everyone = _graphs.sorted_edges(torch.combinations(torch.arange(6)).T)
    with pytest.raises(WorkbenchError, match="0 pairs are not"):
        _pairs.with_negatives(everyone[:, :3], Negatives(everyone, 6), kind, seed=0)


def test_a_single_feature_is_drawn_along_a_line() -> None:
    nothing = torch.zeros(2, 0, dtype=torch.long)
    masks = {"test": torch.ones(3, dtype=torch.bool)}
    graph = Graph(torch.zeros(3, 1), nothing, torch.zeros(3, dtype=torch.long), masks)
    (group,) = _figures.embeddings(torch.tensor([[1.0], [2.0], [4.0]]), graph, ["one"]).groups
    assert [float(y) for y in group.y] == [0, 0, 0]


def test_both_recipes_learn_a_graph_of_ones_own(train: Train, files: tuple[Path, Path]) -> None:
    values = {"dataset": "files", "edges": str(files[0]), "look_every": 5}
    history = train("graphs/node_classification", epochs=6, nodes=str(files[1]), labels=3, **values)
    assert isinstance(history.ended, Finished)
    assert history.ended.results["test/accuracy"] > 0.9
    history = train("graphs/link_prediction", epochs=2, **values)
    assert isinstance(history.ended, Finished)
    assert all(str(row[0]).startswith("n") for row in rows(history, "missing"))
    history = train("graphs/node_classification", **values)
    assert isinstance(history.ended, Failed) and "needs a file of nodes" in history.ended.title


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Ten graphs in one folder: triangles of class 1, and paths of three nodes of class -1."""
    pairs = [
        (3 * g + a, 3 * g + b) for g in range(10) for a, b in ((1, 2), (2, 3), (3, 1))[: 2 + g % 2]
    ]
    (tmp_path / "MINE_A.txt").write_text("".join(f"{a}, {b}\n" for a, b in pairs))
    (tmp_path / "MINE_graph_indicator.txt").write_text("".join(f"{n // 3 + 1}\n" for n in range(30)))
    (tmp_path / "MINE_graph_labels.txt").write_text("-1\n1\n" * 5)
    return tmp_path


def test_small_graphs_of_ones_own_are_read_and_learned(small: Path, train: Train) -> None:
    samples, classes = _tu_files.read(str(small))
    assert classes == ["class -1", "class 1"] and [one.label for one in samples] == [0, 1] * 5
    assert samples[1].edges.shape == (2, 6) and samples[1].features.argmax(1).tolist() == [2, 2, 2]
    (small / "MINE_node_labels.txt").write_text("7\n9\n7\n" * 10)
    assert _tu_files.read(str(small))[0][4].features.tolist() == [[1, 0], [0, 1], [1, 0]]
    values = {"dataset": "folder", "folder": str(small), "batch_size": 2, "epochs": 1}
    assert isinstance(train("graphs/graph_classification", **values).ended, Finished)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("A", "1, 2\n3\nx, y\n", ["line 2: '3' is not 2", "line 3: 'x, y' is not 2"]),
        ("A", "1, 99\n1, 4\n", ["line 1: 1 or 99 is no node", "line 2: 1 and 4 are nodes of"]),
        ("graph_labels", "1\n1\n", ["has 24 faults", "no graph 3, but 1 to 2"]),
        ("graph_labels", "1\n" * 11, ["1 graphs have no node, such as 11"]),
        ("graph_labels", "", ["MINE_graph_labels.txt is empty"]),
        ("graph_indicator", None, ["there is no file"]),
        ("node_labels", "1\n2\n", ["has 2 lines for 30 nodes"]),
    ],
)
def test_wrong_files_of_small_graphs_are_told(
    small: Path, file: str, text: str | None, told: list[str]
) -> None:
    place = small / f"MINE_{file}.txt"
    if text is None:
        place.unlink()
    else:
        place.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _tu_files.read(str(small))
    assert all(part in str(raised.value) for part in told), raised.value


def test_folders_without_small_graphs_and_rare_classes_are_refused(small: Path) -> None:
    def data(**values: str) -> None:
        GraphClassification(GraphClassification.Params(**values), seed=0).data()

    with pytest.raises(WorkbenchError, match="does not read folder="):
        data(dataset="motifs", folder=str(small))
    with pytest.raises(WorkbenchError, match="needs a folder"):
        data(dataset="folder")
    (small / "MINE_graph_labels.txt").write_text("1\n" * 9 + "2\n")
    with pytest.raises(WorkbenchError, match="of 2 classes 1 have fewer than 3 graphs"):
        data(dataset="folder", folder=str(small))
    (small / "MINE_A.txt").unlink()
    with pytest.raises(WorkbenchError, match="holds not one set of graphs: none"):
        data(dataset="folder", folder=str(small))
