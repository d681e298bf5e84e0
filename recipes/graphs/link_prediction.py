"""Link prediction: which nodes of a graph belong together, though no edge says so yet?

A tenth of the edges is hidden. Layers of message passing over the rest make a row of numbers of every
node, and the dot product of two rows is the logit of an edge between them. Edges alone would teach to
join everything, so each step also draws pairs that are no edges (negative sampling): any two nodes, or
with sampling=near two that share a neighbour, which are hard to tell from friends. The area under the
ROC curve is the chance that a hidden edge scores higher than such a pair.

Data: scikit-learn's 1,797 digits, each joined to the 5 whose pixels differ least (6,308 edges: 85 %
train, 5 % validation, 10 % test); by choice Zachary's karate club (78 edges), whose nodes have no
features but who they are, Cora, or a graph of your own.
Result: AUC 0.985 on the digits (mean of three seeds), 0.902 by neighbours in common, 0.996 by pixels;
against pairs that share a neighbour the same net has 0.50, which is chance. The karate club hides 8
edges, too few for a number to mean much. Time: 2 s on two CPU cores.
Look at: `baselines`: how alike the pixels of two digits are is the best answer, since the edges were
made from them, and the net comes near it; neighbours in common know nothing of pairs that have none.
`roc`: the same net beside negatives from anywhere and near ones: an AUC means nothing without how its
negatives were drawn; `missing`, the pairs that the net would join; `embeddings`.
Source: T. Kipf and M. Welling, Variational graph auto-encoders, 2016 (the one without variance);
neighbours in common: L. Adamic and E. Adar, Friends and neighbors on the web, 2003.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.classification import BinaryAUROC
from torchmetrics.functional.classification import binary_auroc, binary_roc

from recipes.graphs import _figures, _graph_files, _graphs, _pairs
from recipes.graphs._graphs import Graph
from recipes.graphs._message_passing import FORMS, GAT, GCN, SAGE, degrees
from recipes.graphs._pairs import Negatives, Pairs
from workbench import at_least, choice, number, path
from workbench.figures.data import Curves, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Training
from workbench.training.trees import to_device

SHOWN_MISSING = 12
SHOWN_POINTS = 200

# Shapes: N nodes, E edges, F features, W width, P pairs.


class _Encoder(nn.Module):
    """Layers of message passing, ReLU between them; the last makes the rows that are multiplied."""

    def __init__(self, features: int, params: Any) -> None:
        super().__init__()
        sizes = [features] + [params.width] * params.depth
        self.layers = nn.ModuleList(
            _layer(params.layer, params.form, *sizes[i : i + 2]) for i in range(params.depth)
        )
        self.dropout = nn.Dropout(params.dropout)
        self.bias = nn.Parameter(torch.zeros(()))  # edges are rare, whatever two nodes are

    def forward(self, features: Tensor, edges: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            features = layer(self.dropout(features), edges).relu()  # (N, W)
        return self.layers[-1](self.dropout(features), edges)  # (N, W)

    def logits(self, rows: Tensor, pairs: Tensor) -> Tensor:
        """Of an edge between each pair (2, P), from rows (N, W): (P,)."""
        first, second = (rows.index_select(0, nodes) for nodes in pairs)  # (P, W) each
        return (first * second).sum(1) + self.bias


def _layer(name: str, form: str, features_in: int, features_out: int) -> nn.Module:
    if name == "gat":
        return GAT(features_in, features_out, form, heads=1)
    return {"gcn": GCN, "sage": SAGE}[name](features_in, features_out, form)


class LinkPrediction(Training):
    """Binary cross entropy of edges and of as many pairs that are none, drawn anew in each step."""

    class Params(Training.Params):
        dataset: str = choice(*_graphs.DATASETS, "files", help="which graph")
        edges: str = path(help="for dataset=files: CSV, names in its first line, then two nodes a line")
        nodes: str = path(help="for dataset=files: CSV with an id, measurements, last a class; or none")
        neighbours: int = number(5, low=1, high=100, log=True, help="dataset=digits: edges a node")
        sampling: str = choice("uniform", "near", help="which pairs are drawn that are no edges")
        negatives: int = number(1, low=1, high=20, help="such pairs for each edge")
        layer: str = choice("gcn", "gat", "sage", help="how neighbours are weighed")
        form: str = choice(*FORMS, help="how the sum over neighbours is computed")
        depth: int = number(2, low=1, high=16, log=True, help="layers: how far messages travel")
        width: int = number(32, low=1, high=1024, log=True, help="numbers of a node")
        dropout: float = number(0.0, low=0, high=0.95, live=True, help="share of features left out")
        look_every: int = number(10, low=1, high=10_000, log=True, help="steps an epoch, then a look")
        epochs = 15
        lr = 0.01
        schedule = "cosine"

    monitor = "val/auc"
    monitor_mode = "max"
    marks = (at_least("test/auc", 0.9, baseline="baseline/neighbours in common"),)

    def data(self) -> Data:
        params = self.params
        graph, self.classes, self.names, notes = _graph_files.load(params, 1, self.seed)
        if params.dataset == "karate":  # what it has for features comes from all of its edges
            graph = graph._replace(features=torch.eye(len(graph.labels)))
        # Rows of only positive numbers all point the same way, and their products tell little.
        graph = graph._replace(features=graph.features - graph.features.mean(0))  # (N, F)
        nodes = len(graph.labels)
        train, validation, test = _pairs.split(graph.edges, self.seed)  # (2, P) each
        seen = _graphs.sorted_edges(train)  # (2, E), the only ones that messages travel along
        everything = Negatives(graph.edges, nodes)
        held_out = _pairs.with_negatives(validation, everything, params.sampling, self.seed)
        self.tests = {
            kind: to_device(
                _pairs.with_negatives(test, everything, kind, self.seed), torch.device(self.device)
            )
            for kind in ("uniform", "near")
        }
        if params.layer != "sage":
            seen = _graphs.with_loops(seen, nodes)
        self.graph = to_device(graph._replace(edges=seen), torch.device(self.device))
        self.all_edges = graph.edges.to(self.device)
        self.negatives = Negatives(_graphs.sorted_edges(train).to(self.device), nodes)
        asked = Pairs(train, torch.ones(train.shape[1]))
        parts = (asked, held_out, self.tests[params.sampling])
        batches = [to_device((self.graph, part), torch.device(self.device)) for part in parts]
        return Data([batches[0]] * params.look_every, [batches[1]], [batches[2]], notes=notes)

    def model(self) -> nn.Module:
        return _Encoder(self.graph.features.shape[1], self.params)

    def training_step(self, batch: tuple[Graph, Pairs]) -> Tensor:
        graph, edges = batch
        count = self.params.negatives * len(edges.joined)
        drawn = self.negatives.draw(count, self.params.sampling)
        rows = self.net(graph.features, graph.edges)  # (N, W)
        of_edges = self.net.logits(rows, edges.nodes)  # (P,)
        of_others = self.net.logits(rows, drawn.nodes)  # (negatives * P,)
        counts = 1 - drawn.joined  # leaving out keeps every shape, drawing again would not
        others = (F.softplus(of_others) * counts).sum() / counts.sum().clamp(min=1)
        return F.softplus(-of_edges).mean() + others

    def validation_step(self, batch: tuple[Graph, Pairs]) -> Tensor:
        logits = self.predict_step(batch)  # (P,)
        self.measure(logits, batch[1].joined.long())
        return F.binary_cross_entropy_with_logits(logits, batch[1].joined)

    def predict_step(self, batch: tuple[Graph, Pairs]) -> Tensor:
        graph, pairs = batch
        return self.net.logits(self.net(graph.features, graph.edges), pairs.nodes).float()

    def metrics(self) -> dict[str, Any]:
        return {"auc": BinaryAUROC()}

    def parameter_changed(self, name: str) -> None:
        super().parameter_changed(name)
        if name == "dropout":
            self.net.dropout.p = self.params.dropout

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        rows = self.net(self.graph.features, self.graph.edges).float()  # (N, W)
        run.figure("baselines", self._baselines(run, rows))
        run.figure("roc", self._roc(rows))
        run.figure("missing", self._missing(rows))
        everyone = torch.ones_like(self.graph.labels, dtype=torch.bool)
        graph = self.graph._replace(masks={"test": everyone})
        run.figure("embeddings", _figures.embeddings(rows, graph, self.classes))

    def _scores(self, rows: Tensor, pairs: Tensor) -> dict[str, Tensor]:
        """How near the nodes of each pair (2, P) are, by each way to tell: (P,) each."""
        features = F.normalize(self.graph.features, dim=1)
        return {
            "neighbours in common": in_common(self.negatives.edges, len(rows), pairs),
            "cosine of features": (features[pairs[0]] * features[pairs[1]]).sum(1),
            f"this net: {self.params.layer}": self.net.logits(rows, pairs),
        }

    def _baselines(self, run: Run, rows: Tensor) -> Table:
        """Each way to tell, beside negatives of both kinds."""
        aucs: dict[str, list[float]] = {}
        for test in self.tests.values():
            for name, scores in self._scores(rows, test.nodes).items():
                found = float(binary_auroc(scores.sigmoid(), test.joined.long()))
                aucs.setdefault(name, []).append(found)
        chosen = [*self.tests].index(self.params.sampling)
        by_neighbours, by_features, by_net = aucs.values()
        run.log(
            {
                "baseline/neighbours in common": by_neighbours[chosen],
                "baseline/features": by_features[chosen],
                "test/auc of uniform": by_net[0],
                "test/auc of near": by_net[1],
            }
        )
        return Table(
            title="AUC of hidden edges against pairs that are no edges",
            columns=["told by", "against any two nodes", "against two with a common neighbour"],
            rows=[[name, *values] for name, values in aucs.items()],
        )

    def _roc(self, rows: Tensor) -> Curves:
        lines = []
        for kind, test in self.tests.items():
            probabilities = self.net.logits(rows, test.nodes).sigmoid()
            fpr, tpr, _ = binary_roc(probabilities, test.joined.long())
            shown = torch.linspace(0, len(fpr) - 1, min(SHOWN_POINTS, len(fpr))).long().to(fpr.device)
            lines.append(Series(f"{kind} negatives", fpr[shown], tpr[shown]))
        return Curves(
            title="Hidden edges found, by the share of other pairs taken for edges",
            lines=[*lines, Series("chance", [0, 1], [0, 1])],
            x_label="false positive rate",
            y_label="true positive rate",
        )

    def _missing(self, rows: Tensor) -> Table:
        """The most probable pairs that no edge of the whole graph joins."""
        logits = rows @ rows.T + self.net.bias  # (N, N)
        logits[self.all_edges[0], self.all_edges[1]] = -torch.inf
        upper = torch.ones_like(logits, dtype=torch.bool).triu(1)
        best = logits.masked_fill(~upper, -torch.inf).flatten().topk(min(SHOWN_MISSING, len(rows)))
        labels, told = self.graph.labels, []
        for logit, place in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            first, second = divmod(place, len(rows))
            kinds = [self.classes[int(labels[node])] for node in (first, second)]
            told.append([f"{self.names[first]} and {self.names[second]}", *kinds, round(logit, 2)])
        columns = ["nodes", "class of one", "class of the other", "logit"]
        return Table("Pairs that the net would join, and that no edge joins", columns, told)


def in_common(edges: Tensor, nodes: int, pairs: Tensor) -> Tensor:
    """Adamic and Adar: the sum of 1 / ln(degree) over the neighbours that both of a pair have: (P,)."""
    adjacency = torch.zeros(nodes, nodes, device=edges.device)
    adjacency[edges[1], edges[0]] = 1
    degree = degrees(edges, nodes)  # (N,)
    weights = torch.where(degree > 1, 1 / degree.clamp(min=2).log(), 0.0)  # of 1 is in no one's common
    return ((adjacency[pairs[0]] * weights) * adjacency[pairs[1]]).sum(1)
