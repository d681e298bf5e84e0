"""What can be told of nodes by their features alone, and by their edges alone."""

from __future__ import annotations

import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from recipes.graphs._graphs import Graph
from recipes.graphs._message_passing import degrees, gather

ROUNDS = 50
SPREAD = 0.9  # how much of a node's answer comes from its neighbours, and not from its own label


def without_edges(graph: Graph) -> float:
    """Accuracy on the test part of logistic regression on features."""
    train, test = graph.masks["train"], graph.masks["test"]
    fitted = LogisticRegression(max_iter=1000).fit(
        graph.features[train].numpy(force=True), graph.labels[train].numpy(force=True)
    )
    guesses = fitted.predict(graph.features[test].numpy(force=True))
    return float((guesses == graph.labels[test].numpy(force=True)).mean())


def without_features(graph: Graph) -> float:
    """Accuracy on the test part of label propagation (D. Zhou et al., 2004), which learns nothing."""
    train, test = graph.masks["train"], graph.masks["test"]
    known = F.one_hot(graph.labels).float() * train[:, None]  # (N, K), zeros where nothing is known
    degree = degrees(graph.edges, len(known)).clamp(min=1)  # (N,)
    weights = (degree[graph.edges[0]] * degree[graph.edges[1]]).rsqrt()  # (E,)
    answers = known
    for _ in range(ROUNDS):
        heard = gather(answers, graph.edges, weights, "sparse")  # (N, K)
        answers = SPREAD * heard + (1 - SPREAD) * known
    return _accuracy(answers[test], graph.labels[test])


def _accuracy(scores: Tensor, labels: Tensor) -> float:
    return float((scores.argmax(1) == labels).float().mean())
