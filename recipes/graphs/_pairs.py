"""Pairs of nodes: edges held out of a graph, and pairs that are no edges, drawn by chance."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from recipes.graphs._message_passing import degrees
from workbench.errors import WorkbenchError

TEST_SHARE, VALIDATION_SHARE = 0.1, 0.05
MOST_DRAWINGS = 1000

# Shapes: P pairs, E edges (each direction one), N nodes.


class Pairs(NamedTuple):
    """Pairs of nodes (2, P), and whether each is an edge (P,): 1 or 0."""

    nodes: Tensor
    joined: Tensor


def split(edges: Tensor, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Edges (2, E) of both directions to train, validation and test pairs (2, P), each edge once."""
    once = edges[:, edges[0] < edges[1]]  # (2, E / 2), loops are left out
    order = torch.randperm(once.shape[1], generator=torch.Generator().manual_seed(seed))
    test, validation = (max(round(s * len(order)), 1) for s in (TEST_SHARE, VALIDATION_SHARE))
    cuts = order.split([len(order) - test - validation, validation, test])
    train, held_out, unseen = (once[:, cut] for cut in cuts)
    return train, held_out, unseen


class Negatives:
    """Draws pairs that are no edges of a graph; `edges` (2, E) are sorted, in both directions.

    `uniform` takes any two nodes. `near` goes two steps along edges from a random one: such pairs have
    a neighbour in common and are hard to tell from edges.
    """

    def __init__(self, edges: Tensor, nodes: int) -> None:
        self.edges, self.nodes = edges, nodes
        self.codes = edges[1] * nodes + edges[0]  # (E,), ascending, as the edges are sorted
        self.degrees = degrees(edges, nodes).long()  # (N,)
        self.first = self.degrees.cumsum(0) - self.degrees  # (N,): where a node's edges begin

    def draw(self, count: int, kind: str, generator: torch.Generator | None = None) -> Pairs:
        """`count` pairs, of which those that happen to be edges, or one node twice, are marked by 1."""
        pairs = self._near(count, generator) if kind == "near" else self._uniform(count, generator)
        return Pairs(pairs, self.are_joined(pairs).float())

    def are_joined(self, pairs: Tensor) -> Tensor:
        """Which pairs (2, P) are edges or one node twice: (P,)."""
        codes = pairs[1] * self.nodes + pairs[0]
        places = torch.searchsorted(self.codes, codes).clamp(max=len(self.codes) - 1)
        return (self.codes[places] == codes) | (pairs[0] == pairs[1])

    def _uniform(self, count: int, generator: torch.Generator | None) -> Tensor:
        return torch.randint(
            self.nodes, (2, count), generator=generator, device=self._place(generator)
        ).to(self.edges.device)

    def _near(self, count: int, generator: torch.Generator | None) -> Tensor:
        place = self._place(generator)
        chosen = torch.randint(self.edges.shape[1], (count,), generator=generator, device=place)
        source, middle = self.edges[:, chosen.to(self.edges.device)]  # (P,) each
        share = torch.rand(count, generator=generator, device=place).to(self.edges.device)
        step = (share * self.degrees[middle]).long().clamp(max=self.degrees[middle] - 1)
        return torch.stack([source, self.edges[0, self.first[middle] + step]])

    def _place(self, generator: torch.Generator | None) -> torch.device:
        return self.edges.device if generator is None else generator.device


def with_negatives(pairs: Tensor, negatives: Negatives, kind: str, seed: int) -> Pairs:
    """The pairs (2, P), which are edges, and as many that are none, always the same ones.

    Raises:
        WorkbenchError: when next to no pair of the graph is such a one.
    """
    wanted = pairs.shape[1]
    generator = torch.Generator().manual_seed(seed)
    found = pairs.new_zeros(2, 0)
    for _ in range(MOST_DRAWINGS):
        drawn = negatives.draw(wanted, kind, generator)
        found = torch.cat([found, drawn.nodes[:, drawn.joined == 0]], dim=1)
        if found.shape[1] >= wanted:
            break
    else:
        near = " with a neighbour in common" if kind == "near" else ""
        raise WorkbenchError(
            f"of two nodes{near} next to all are joined: {found.shape[1]} pairs are not, "
            f"of {MOST_DRAWINGS * wanted:,} that were drawn",
            "give a graph with fewer edges, or one whose ways are longer",
        )
    nodes = torch.cat([pairs, found[:, :wanted]], dim=1)  # (2, 2 P)
    return Pairs(nodes, (torch.arange(2 * wanted, device=pairs.device) < wanted).float())
