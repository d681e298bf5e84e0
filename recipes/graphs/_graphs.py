"""Graphs for the recipes of this topic: digits joined to their nearest, the karate club, Cora."""

from __future__ import annotations

import pickle
import warnings
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import kneighbors_graph
from torch import Tensor

from workbench.catalog import install_command
from workbench.errors import WorkbenchError
from workbench.paths import data_dir

DATASETS = ("digits", "karate", "cora")
VALIDATION_DIGITS = 200
KARATE_FEATURES = 4
LEAST_SUM = 1e-12

# Shapes: N nodes, E edges (each direction one), F features.


class Graph(NamedTuple):
    """A whole graph, which is one batch; its parts are masks of its nodes.

    Attributes:
        features: (N, F).
        edges: (2, E): where each edge comes from and where it leads; both directions are there, each
            once, sorted by where they lead, and then by where they come from.
        labels: (N,), classes from 0.
        masks: (N,) each, by the name of the part: train, test, and where there is one validation.
    """

    features: Tensor
    edges: Tensor
    labels: Tensor
    masks: dict[str, Tensor]


def load(dataset: str, neighbours: int, labels_per_class: int, seed: int) -> tuple[Graph, list[str]]:
    """The graph of that name, and the names of its classes; the counts and the seed are for the digits.

    Raises:
        WorkbenchError: when torch-geometric is missing, or Cora is neither on this disk nor to be had.
    """
    if dataset == "digits":
        return _digits(neighbours, labels_per_class, seed), [str(digit) for digit in range(10)]
    if dataset == "karate":
        return _karate(), [f"group {group}" for group in range(1, 5)]
    return _cora()


def sorted_edges(edges: Tensor) -> Tensor:
    """Edges (2, E) in both directions, each once, as `Graph` has them."""
    both = torch.cat([edges, edges.flip(0)], dim=1)
    return both.flip(0).unique(dim=1).flip(0)  # unique sorts by the first row: where they lead


def with_loops(edges: Tensor, nodes: int) -> Tensor:
    """The same edges, and one from each node to itself."""
    return sorted_edges(torch.cat([edges, torch.arange(nodes).expand(2, nodes)], dim=1))


def optional(module: str) -> Any:
    """A module that the digits do without; any of torch_geometric takes a second to import.

    Raises:
        WorkbenchError: with the command that installs it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch_geometric uses torch.jit.script
            return import_module(module)
    except ModuleNotFoundError as fault:
        package = (fault.name or module).partition(".")[0]
        raise WorkbenchError(
            f"the module {package} is not installed", install_command([package])
        ) from None


def _digits(neighbours: int, labels_per_class: int, seed: int) -> Graph:
    """Each digit joined to those whose pixels differ least."""
    pixels, labels = load_digits(return_X_y=True)
    joined = kneighbors_graph(pixels, neighbours).tocoo()
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    places = [order[labels[order] == digit] for digit in range(10)]
    known = np.concatenate([place[:labels_per_class] for place in places])
    rest = order[~np.isin(order, known)]
    parts = {"train": known, "validation": rest[:VALIDATION_DIGITS], "test": rest[VALIDATION_DIGITS:]}
    masks = {name: torch.zeros(len(labels), dtype=torch.bool) for name in parts}
    for name, nodes in parts.items():
        masks[name][torch.from_numpy(nodes)] = True
    edges = torch.from_numpy(np.stack([joined.row, joined.col])).long()
    features = torch.from_numpy(pixels / 16).float()  # (1797, 64)
    return Graph(features, sorted_edges(edges), torch.from_numpy(labels).long(), masks)


def _karate() -> Graph:
    """34 members of a club in four groups; known is the group of the best connected of each.

    With the first member of each, as torch-geometric has it, a fifth is mistaken.
    They have no features but where they are in the graph: its smoothest patterns, the eigenvectors of
    the normalised adjacency matrix with the largest eigenvalues.
    """
    optional("networkx")  # which draws it at the end
    found = optional("torch_geometric.datasets").KarateClub()[0]
    edges, labels = sorted_edges(found.edge_index), found.y
    friends = torch.bincount(edges[1])  # (34,)
    train = torch.zeros(len(labels), dtype=torch.bool)
    for group in range(4):
        members = (labels == group).nonzero()[:, 0]
        train[members[friends[members].argmax()]] = True
    matrix = torch.zeros(len(labels), len(labels))
    matrix[edges[1], edges[0]] = (friends[edges[1]] * friends[edges[0]]).rsqrt()
    patterns = torch.linalg.eigh(matrix).eigenvectors[:, -KARATE_FEATURES:]  # (34, 4), ascending
    features = patterns * len(labels) ** 0.5  # of mean square 1
    return Graph(features, edges, labels, {"train": train, "test": ~train})


def _cora() -> tuple[Graph, list[str]]:
    """2,708 papers, the words in them, and who cites whom; the parts are those that everyone uses."""
    root = data_dir() / "planetoid"
    try:
        found = optional("torch_geometric.datasets").Planetoid(str(root), "Cora")[0]
    except OSError as fault:  # aiohttp's errors without a network are of this kind
        raise WorkbenchError(
            f"Cora is not in {root} and cannot be downloaded: {fault}",
            "train once where there is a network, or use dataset=digits, which comes installed",
        ) from None
    except (EOFError, ValueError, RuntimeError, pickle.UnpicklingError) as fault:
        raise WorkbenchError(
            f"what is in {root / 'Cora'} is not Cora: {fault}", "remove that folder, then try again"
        ) from None
    words = found.x / found.x.sum(1, keepdim=True).clamp(min=LEAST_SUM)  # (2708, 1433)
    masks = {"train": found.train_mask, "validation": found.val_mask, "test": found.test_mask}
    classes = [f"topic {topic}" for topic in range(1, int(found.y.max()) + 2)]
    return Graph(words, sorted_edges(found.edge_index), found.y, masks), classes
