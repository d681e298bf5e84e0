"""Message passing: every node gathers what its neighbours tell, each with a weight.

GCN, GraphSAGE and GAT differ in nothing but those weights, and in what a node does with its own
features. The sum over the neighbours can be written in three forms, which give the same numbers: as
messages along edges, as a sparse adjacency matrix, and as a dense one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FORMS = ("sparse", "edges", "dense")
LEAK = 0.2

# Rows are taken with index_select where a gradient flows back: that of an index in brackets is added
# up by several threads in any order, and no run would equal another to the last bit.

# Shapes: N nodes, E edges, I features that come in, O features that go out, H heads.


def gather(features: Tensor, edges: Tensor, weights: Tensor, form: str) -> Tensor:
    """For each node (N, O), the sum of its neighbours' features (N, O), weighted by edge (E,)."""
    source, target = edges
    nodes = len(features)
    features = features.to(weights.dtype)  # as autocast does for dense matrices alone
    if form == "edges":
        messages = weights[:, None] * features.index_select(0, source)  # (E, O)
        return torch.zeros_like(features).index_add(0, target, messages)
    if form == "dense":
        return weights.new_zeros(nodes, nodes).index_put((target, source), weights) @ features
    adjacency = torch.sparse_coo_tensor(
        torch.stack([target, source]),
        weights,
        (nodes, nodes),
        is_coalesced=True,  # the edges are sorted so
        check_invariants=False,
    )
    with torch.autocast(features.device.type, enabled=False):  # the gradient of its cast fails
        return adjacency @ features


def degrees(edges: Tensor, nodes: int) -> Tensor:
    """How many edges lead to each node (N,), as real numbers."""
    return torch.zeros(nodes, device=edges.device).index_add(
        0, edges[1], torch.ones(edges.shape[1], device=edges.device)
    )


class GCN(nn.Module):
    """Weights 1 / sqrt(degree of one · degree of the other); loops make a node its own neighbour."""

    def __init__(self, features_in: int, features_out: int, form: str) -> None:
        super().__init__()
        self.form = form
        self.project = nn.Linear(features_in, features_out, bias=False)
        self.bias = nn.Parameter(torch.zeros(features_out))
        nn.init.xavier_uniform_(self.project.weight)

    def forward(self, features: Tensor, edges: Tensor) -> Tensor:
        degree = degrees(edges, len(features))  # (N,)
        weights = (degree[edges[0]] * degree[edges[1]]).rsqrt()  # (E,)
        return gather(self.project(features), edges, weights, self.form) + self.bias


class SAGE(nn.Module):
    """Weights 1 / degree, which make a mean; a node's own features have their own projection."""

    def __init__(self, features_in: int, features_out: int, form: str) -> None:
        super().__init__()
        self.form = form
        self.of_neighbours = nn.Linear(features_in, features_out)
        self.of_itself = nn.Linear(features_in, features_out, bias=False)

    def forward(self, features: Tensor, edges: Tensor) -> Tensor:
        weights = 1 / degrees(edges, len(features))[edges[1]]  # (E,)
        mean = gather(features, edges, weights, self.form)  # (N, I)
        return self.of_neighbours(mean) + self.of_itself(features)


class GAT(nn.Module):
    """Weights that are learned: attention of each node among its neighbours, by several heads."""

    def __init__(self, features_in: int, features_out: int, form: str, heads: int) -> None:
        super().__init__()
        self.form, self.heads = form, heads
        self.project = nn.Linear(features_in, features_out, bias=False)
        self.score_source = nn.Parameter(torch.empty(heads, features_out // heads))
        self.score_target = nn.Parameter(torch.empty(heads, features_out // heads))
        self.bias = nn.Parameter(torch.zeros(features_out))
        for weight in (self.project.weight, self.score_source, self.score_target):
            nn.init.xavier_uniform_(weight)

    def forward(self, features: Tensor, edges: Tensor) -> Tensor:
        source, target = edges
        by_head = self.project(features).unflatten(1, (self.heads, -1))  # (N, H, O / H)
        from_source = (by_head * self.score_source).sum(2)  # (N, H)
        from_target = (by_head * self.score_target).sum(2)  # (N, H)
        both = from_source.index_select(0, source) + from_target.index_select(0, target)  # (E, H)
        scores = F.leaky_relu(both, LEAK)
        attention = softmax_among_neighbours(scores.float(), target, len(features))  # (E, H)
        gathered = [
            gather(by_head[:, head], edges, attention[:, head], self.form) for head in range(self.heads)
        ]
        return torch.cat(gathered, dim=1) + self.bias  # (N, O)


def softmax_among_neighbours(scores: Tensor, target: Tensor, nodes: int) -> Tensor:
    """Softmax of scores (E, H) over the edges that lead to the same node."""
    rows = target[:, None].expand_as(scores)
    zeros = scores.new_zeros(nodes, scores.shape[1])  # (N, H)
    largest = zeros.scatter_reduce(0, rows, scores.detach(), "amax", include_self=False)
    powers = (scores - largest[target]).exp()  # (E, H)
    sums = zeros.index_add(0, target, powers)  # (N, H)
    return powers / sums.index_select(0, target)
