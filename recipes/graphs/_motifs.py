"""Small graphs: random trees with motifs hung on them, or those of a TUDataset."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from recipes.graphs._graphs import optional, sorted_edges
from workbench.errors import WorkbenchError
from workbench.paths import data_dir

MOTIFS = {
    "house": [(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (1, 4)],
    "clique": [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
}
CLASSES = {
    "no motif": [],
    "one house": ["house"],
    "two houses": ["house", "house"],
    "one clique": ["clique"],
    "two cliques": ["clique", "clique"],
}
FEWEST_NODES, MOST_NODES = 20, 40
MOST_DEGREE = 15  # nodes with more neighbours look like those with so many

# Shapes: N nodes, E edges (each direction one), F features, G graphs of a batch.


class Sample(NamedTuple):
    """One graph: features (N, F), edges (2, E) as `_graphs.Graph` has them, its class from 0."""

    features: Tensor
    edges: Tensor
    label: int


class Batch(NamedTuple):
    """Several graphs as one that is not connected.

    Attributes:
        labels: (G,); they stand first, since means over batches are weighted by the first tensor.
        features: (N, F) of all nodes.
        edges: (2, E), sorted.
        graph: (N,), which of the graphs a node is part of.
    """

    labels: Tensor
    features: Tensor
    edges: Tensor
    graph: Tensor


class Graphs(Dataset[Sample]):
    """A list of graphs; `targets` are their classes."""

    def __init__(self, samples: list[Sample]) -> None:
        self.samples = samples
        self.targets = [sample.label for sample in samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]


def collated(samples: list[Sample]) -> Batch:
    """Graphs side by side: the nodes of each are numbered on from those before it."""
    sizes = torch.tensor([len(sample.features) for sample in samples])  # (G,)
    firsts = (sizes.cumsum(0) - sizes).tolist()
    edges = [sample.edges + first for sample, first in zip(samples, firsts, strict=True)]
    return Batch(
        torch.tensor([sample.label for sample in samples]),
        torch.cat([sample.features for sample in samples]),
        torch.cat(edges, dim=1),
        torch.arange(len(samples)).repeat_interleave(sizes),
    )


def made(count: int, seed: int) -> list[Sample]:
    """Random trees with the motifs of each class in turn, all of 20 to 40 nodes."""
    generator = torch.Generator().manual_seed(seed)
    kinds = list(CLASSES.values())
    return [_made(kinds[i % len(kinds)], i % len(kinds), generator) for i in range(count)]


def _made(motifs: list[str], label: int, generator: torch.Generator) -> Sample:
    nodes = _between(FEWEST_NODES, MOST_NODES + 1, generator)
    tree = nodes - sum(_size(motif) for motif in motifs)
    pairs = [(_between(0, node, generator), node) for node in range(1, tree)]
    first = tree
    for motif in motifs:
        pairs += [(first + a, first + b) for a, b in MOTIFS[motif]]
        pairs.append((_between(0, tree, generator), first + _between(0, _size(motif), generator)))
        first += _size(motif)
    mixed = torch.randperm(nodes, generator=generator)  # a node's number tells nothing
    edges = sorted_edges(mixed[torch.tensor(pairs).T])  # (2, E)
    return Sample(by_degree(edges, nodes), edges, label)


def _size(motif: str) -> int:
    return 1 + max(node for pair in MOTIFS[motif] for node in pair)


def _between(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high, (), generator=generator))


def by_degree(edges: Tensor, nodes: int) -> Tensor:
    """Features (N, F) of nodes without: of F = 16 numbers the one that counts neighbours is 1."""
    degrees = torch.bincount(edges[1], minlength=nodes).clamp(max=MOST_DEGREE)  # (N,)
    return F.one_hot(degrees, MOST_DEGREE + 1).float()


def tu_dataset(name: str) -> tuple[list[Sample], list[str]]:
    """The graphs of a TUDataset (MUTAG, PROTEINS, …) and the names of their classes.

    Nodes without features get those of their degree.

    Raises:
        WorkbenchError: when torch-geometric is missing, or the graphs are neither on this disk nor to
            be had, or are not of two classes at least.
    """
    root = data_dir() / "tu"
    try:
        found = optional("torch_geometric.datasets").TUDataset(str(root), name)
    except OSError as fault:  # aiohttp's errors without a network are of this kind
        raise WorkbenchError(
            f"{name} is not in {root} and cannot be downloaded: {fault}",
            "train once where there is a network, or use dataset=motifs, which the recipe makes",
        ) from None
    except (EOFError, ValueError, RuntimeError, IndexError) as fault:
        raise WorkbenchError(
            f"what is in {root / name} is not a TUDataset: {fault}",
            "remove that folder, or look for the name's spelling, then try again",
        ) from None
    samples = []
    for graph in found:
        edges = sorted_edges(graph.edge_index)
        features = by_degree(edges, graph.num_nodes) if graph.x is None else graph.x.float()
        samples.append(Sample(features, edges, int(graph.y)))
    classes = sorted({sample.label for sample in samples})
    if len(classes) < 2:
        raise WorkbenchError(f"all graphs of {name} are of one class", "choose another TUDataset")
    return samples, [f"class {label}" for label in range(max(classes) + 1)]
