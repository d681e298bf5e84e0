"""A graph, its edges and its nodes' features as figures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.graphs._graphs import Graph, optional
from workbench.figures.data import Matrix, Scatter, Series

SHOWN_NODES = 1000
DRAWN_NODES = 100  # of more, nothing could be seen
DOTS_OF_AN_EDGE = 9


def edges_between(graph: Graph, classes: list[str]) -> Matrix:
    """How many edges lead from each class to each."""
    source, target = graph.edges[:, graph.edges[0] != graph.edges[1]]  # (E,) each, without loops
    counts = torch.zeros(len(classes), len(classes), device=source.device)
    ones = torch.ones(len(source), device=source.device)
    counts.index_put_((graph.labels[source], graph.labels[target]), ones, accumulate=True)
    same = float(counts.trace() / counts.sum().clamp(min=1))
    return Matrix(
        title=f"Edges from class to class: {same:.0%} stay within one",
        values=counts.long(),
        rows=classes,
        columns=classes,
        counts=True,
    )


def embeddings(hidden: Tensor, graph: Graph, classes: list[str]) -> Scatter:
    """The test nodes' hidden features (N, W) along their two main directions, by true class."""
    chosen = graph.masks["test"].nonzero()[:SHOWN_NODES, 0]
    rows, labels = hidden[chosen].float(), graph.labels[chosen]
    centred = rows - rows.mean(0)
    directions = torch.linalg.svd(centred, full_matrices=False).Vh[:2]  # (2, W)
    places = F.pad(centred @ directions.T, (0, 2 - len(directions)))  # (N, 2)
    return Scatter(
        title="Last hidden layer of test nodes, by their true class",
        groups=[
            Series(name, places[labels == label, 0], places[labels == label, 1])
            for label, name in enumerate(classes)
        ],
        x_label="first principal component",
        y_label="second",
    )


def drawing(graph: Graph, predicted: Tensor, classes: list[str]) -> Scatter:
    """A small graph, drawn with springs for edges; nodes by predicted class (N,)."""
    networkx = optional("networkx")
    pairs = graph.edges[:, graph.edges[0] < graph.edges[1]].T.cpu()  # (E / 2, 2)
    drawn = networkx.Graph(pairs.tolist())
    drawn.add_nodes_from(range(len(predicted)))
    at = networkx.spring_layout(drawn, seed=0)
    places = torch.tensor([[float(x) for x in at[node]] for node in range(len(predicted))])  # (N, 2)
    known = graph.masks["train"].cpu()
    wrong = (predicted != graph.labels).cpu() & ~known
    groups = {name: (predicted.cpu() == label) & ~known & ~wrong for label, name in enumerate(classes)}
    nodes = [
        Series(name, places[mask, 0], places[mask, 1])
        for name, mask in {**groups, "label known": known, "wrong": wrong}.items()
    ]
    return Scatter(
        title="The graph: nodes by predicted class, those with a known label, and the mistakes",
        groups=[_dotted(places[pairs]), *nodes],  # lines would be drawn over the nodes
    )


def _dotted(ends: Tensor) -> Series:
    """Points along each of the edges, whose ends are (edges, 2, 2)."""
    share = torch.linspace(0, 1, DOTS_OF_AN_EDGE + 2)[1:-1, None]  # (dots, 1)
    first, last = ends[:, :1], ends[:, 1:]  # (edges, 1, 2)
    dots = (first + share * (last - first)).flatten(0, 1)  # (edges * dots, 2)
    return Series("edges", dots[:, 0], dots[:, 1])
