"""Many small graphs in a folder of the user's, in files as a TUDataset has them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes import _files
from recipes.graphs._graphs import sorted_edges
from recipes.graphs._motifs import Sample, by_degree
from workbench.errors import Faults, WorkbenchError

_HOLDS = "NAME_A.txt, NAME_graph_indicator.txt and NAME_graph_labels.txt"
_REMEDY = "write whole numbers, with commas between them"


class _Read(NamedTuple):
    """Edges (2, E) between nodes from 0, the graph of each node (N,) from 0, a class a graph (G,)."""

    edges: Tensor
    graph: Tensor
    labels: list[int]


def read(folder: str) -> tuple[list[Sample], list[str]]:
    """The graphs, and the names of their classes.

    `NAME_A.txt` has two nodes a line, which are joined; `NAME_graph_indicator.txt` the graph of each
    node, `NAME_graph_labels.txt` the class of each graph, all counted from 1. Kinds of nodes come from
    `NAME_node_labels.txt` where there is one; else a node knows how many neighbours it has.

    Raises:
        WorkbenchError: with all that is wrong.
    """
    if not folder:
        raise WorkbenchError("dataset=folder needs a folder", f"give folder=PATH; it holds {_HOLDS}")
    root = _files.folder(folder, _HOLDS)
    names = [file.name.removesuffix("_A.txt") for file in sorted(root.glob("*_A.txt"))]
    if len(names) != 1:
        listed = ", ".join(names) or "none"
        raise WorkbenchError(f"{folder} holds not one set of graphs: {listed}", f"it needs {_HOLDS}")
    faults = Faults(folder)
    found = _read(root, names[0], faults)
    kinds = _kinds(root, names[0], len(found.graph), faults)
    faults.tell()
    values = sorted(set(found.labels))
    return _samples(found, kinds, values), [f"class {value}" for value in values]


def _read(root: Path, name: str, faults: Faults) -> _Read:
    pairs = _numbers(root / f"{name}_A.txt", 2, faults)
    graph = [row[0] for row in _numbers(root / f"{name}_graph_indicator.txt", 1, faults)]
    labels = [row[0] for row in _numbers(root / f"{name}_graph_labels.txt", 1, faults)]
    faults.tell()  # what follows compares the files with each other
    _compare(name, pairs, graph, labels, faults)
    faults.tell()
    edges = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T - 1  # (2, E)
    return _Read(edges, torch.tensor(graph) - 1, labels)


def _compare(
    name: str, pairs: list[list[int]], graph: list[int], labels: list[int], faults: Faults
) -> None:
    for line, one in enumerate(graph, 1):
        if not 1 <= one <= len(labels):
            faults.add(
                f"{name}_graph_indicator.txt, line {line}: no graph {one}, but 1 to {len(labels)}",
                "give each graph a class, and count from 1",
            )
    for line, (first, second) in enumerate(pairs, 1):
        if not (1 <= first <= len(graph) and 1 <= second <= len(graph)):
            faults.add(
                f"{name}_A.txt, line {line}: {first} or {second} is no node from 1 to {len(graph)}",
                "give each node a line of the graph indicator, and count from 1",
            )
        elif graph[first - 1] != graph[second - 1]:
            faults.add(
                f"{name}_A.txt, line {line}: {first} and {second} are nodes of different graphs",
                "join only nodes of one graph",
            )
    without = sorted(set(range(1, len(labels) + 1)) - set(graph))
    if without:
        faults.add(
            f"{len(without)} graphs have no node, such as {without[0]}",
            "remove them, or add their nodes",
        )


def _numbers(file: Path, count: int, faults: Faults) -> list[list[int]]:
    """The whole numbers of each line; what is wrong becomes a fault."""
    try:
        lines = _files.text(str(file), "numbers", _REMEDY).splitlines()
    except WorkbenchError as fault:
        faults.add(fault.title, fault.remedy)
        return []
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append([int(cell) for cell in line.split(",")[:count]])
            if len(rows[-1]) < count:
                raise ValueError
        except ValueError:
            faults.add(
                f"{file.name}, line {number}: {line[:40]!r} is not {count} whole numbers", _REMEDY
            )
    if not rows:
        faults.add(f"{file.name} is empty", _REMEDY)
    return rows


def _kinds(root: Path, name: str, nodes: int, faults: Faults) -> Tensor | None:
    """Of each node, one of F numbers is 1, (N, F); None where nothing is told of nodes."""
    file = root / f"{name}_node_labels.txt"
    if not file.exists():
        return None
    kinds = torch.tensor([row[0] for row in _numbers(file, 1, faults)])
    if len(kinds) != nodes:
        faults.add(f"{file.name} has {len(kinds)} lines for {nodes} nodes", "give each node a line")
        return None
    return F.one_hot(kinds.unique(return_inverse=True)[1]).float()


def _samples(found: _Read, kinds: Tensor | None, values: list[int]) -> list[Sample]:
    samples = []
    place = torch.zeros_like(found.graph)
    owners = found.graph[found.edges[0]]  # (E,)
    for number, label in enumerate(found.labels):
        nodes = (found.graph == number).nonzero()[:, 0]  # (n,)
        place[nodes] = torch.arange(len(nodes))
        edges = sorted_edges(place[found.edges[:, owners == number]])  # (2, e)
        features = by_degree(edges, len(nodes)) if kinds is None else kinds[nodes]
        samples.append(Sample(features, edges, values.index(label)))
    return samples
