"""Graphs of the user's: a CSV file of edges, and one of nodes with their measurements and classes."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes import _csv, _files
from recipes.graphs import _graphs
from recipes.graphs._graphs import Graph, sorted_edges
from workbench.errors import Faults, WorkbenchError, unknown

LEAST_A_CLASS = 3  # nodes, of which each part gets one
LEAST_EDGES = 5  # of which some can be hidden
MOST_WITHOUT = 5000  # nodes without measurements: each gets a column of its own
VALIDATION_SHARE = 0.2  # of the nodes whose class is not known in training


class Chosen(NamedTuple):
    """A graph, the names of its classes and of its nodes, and what a user should know of it."""

    graph: Graph
    classes: list[str]
    names: list[str]
    notes: tuple[str, ...] = ()


class _Nodes(NamedTuple):
    """Ids of nodes (N), measurements (N, F), a class for each."""

    ids: list[str]
    features: Tensor
    labels: list[str]


def load(params: Any, labels_per_class: int, seed: int) -> Chosen:
    """The graph that a recipe's parameters choose: one of `_graphs`, or with `files` the user's.

    `params.edges` names two nodes a line, `params.nodes` an id, measurements, and last the class of
    each node. Without nodes those of the edges are taken, all of one class. Of each class that many
    nodes, or half of them where there are fewer, are known in training.

    Raises:
        WorkbenchError: when a graph is not to be had; or with all that is wrong with the files.
    """
    _files.refuse_unread(params.dataset, "files", edges=params.edges, nodes=params.nodes)
    if params.dataset != "files":
        chosen = _graphs.load(params.dataset, params.neighbours, labels_per_class, seed)
        return Chosen(*chosen, [str(node) for node in range(len(chosen[0].labels))])
    if not params.edges:
        raise WorkbenchError(
            "dataset=files needs a file of edges", "give edges=PATH: names first, then two nodes a line"
        )
    nodes = _nodes(params.nodes) if params.nodes else None
    edges, ids, notes = _edges(params.edges, nodes.ids if nodes else None)
    nodes = nodes or _Nodes(ids, _one_column_each(len(ids), params.edges), ["node"] * len(ids))
    classes = sorted(set(nodes.labels))
    labels = torch.tensor([classes.index(label) for label in nodes.labels])  # (N,)
    alone = len(labels) - len(edges.unique())
    if alone:
        notes.append(f"{alone:,} nodes have no edge: nothing is heard of them, or by them")
    masks = _masks(labels, labels_per_class, seed)
    graph = Graph(nodes.features, sorted_edges(edges), labels, masks)
    return Chosen(graph, classes, nodes.ids, tuple(notes))


def _nodes(file: str) -> _Nodes:
    sheet = _csv.read(file, what="nodes", each="node")
    if len(sheet.header) < 2:
        sheet.faults.add("there is one column", "give an id first, then measurements, last the class")
        sheet.faults.tell()
    rows = sheet.numbers(range(1, len(sheet.header) - 1))
    ids = [cells[0].strip() for _, cells in sheet.lines]
    labels = [cells[-1].strip() for _, cells in sheet.lines]
    seen = dict[str, int]()
    for (number, _), one, label in zip(sheet.lines, ids, labels, strict=True):
        if not one:
            sheet.faults.add(f"line {number} has no id", "give each node one in the first column")
        elif one in seen:
            sheet.faults.add(f"line {number}: {one} stands in line {seen[one]} too", "keep one of them")
        if not label:
            sheet.faults.add(f"line {number} has no class", "give each node one in the last column")
        seen.setdefault(one, number)
    _check_classes(Counter(filter(None, labels)), sheet.faults)
    sheet.faults.tell()
    x = torch.tensor(rows)  # (N, F)
    if not x.shape[1]:
        return _Nodes(ids, _one_column_each(len(ids), file), labels)
    spread = x.std(0, correction=0)
    return _Nodes(ids, (x - x.mean(0)) / torch.where(spread > 0, spread, 1.0), labels)


def _check_classes(counts: Counter[str], faults: Faults) -> None:
    few = [f"{name!r} has {count}" for name, count in counts.items() if count < LEAST_A_CLASS]
    if len(counts) == 1:
        faults.add(f"there is only one class: {next(iter(counts))!r}", "give nodes of two or more")
    elif few:
        more = f", and {len(few) - 6:,} more" if len(few) > 6 else ""
        faults.add(
            f"of {len(counts):,} classes {len(few):,} have too few nodes: {', '.join(few[:6])}{more}",
            f"give {LEAST_A_CLASS} of each; the class stands in the last column",
        )


def _one_column_each(count: int, file: str) -> Tensor:
    """Features (N, N) of nodes that have none but who they are."""
    if count > MOST_WITHOUT:
        raise WorkbenchError(
            f"{file}: {count:,} nodes have no measurements; without, {MOST_WITHOUT:,} are the most",
            "give measurements of the nodes between their ids and their classes",
        )
    return torch.eye(count)


def _edges(file: str, known: list[str] | None) -> tuple[Tensor, list[str], list[str]]:
    """Edges (2, E), ids of the nodes, and what was left out."""
    sheet = _csv.read(file, what="edges", each="edge")
    if len(sheet.header) < 2:
        sheet.faults.add("there is one column", "give two nodes a line, with a comma between them")
        sheet.faults.tell()
    places = {one: place for place, one in enumerate(known or [])}
    pairs = list[tuple[int, int]]()
    for number, cells in sheet.lines:
        ends = [cell.strip() for cell in cells[:2]]
        for end in ends:
            if not end:
                sheet.faults.add(f"line {number} lacks a node", "give two nodes a line")
            elif known is not None and end not in places:
                sheet.faults.add(
                    f"line {number}: {unknown('node', end, places)}",
                    "give it a line in the file of nodes",
                )
            else:
                places.setdefault(end, len(places))
        if all(end in places for end in ends):
            pairs.append((places[ends[0]], places[ends[1]]))
    joined = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    if len(joined) < LEAST_EDGES:
        sheet.faults.add(
            f"there are {len(joined)} edges between different nodes", f"give {LEAST_EDGES} or more"
        )
    sheet.faults.tell()
    loops = sum(first == second for first, second in pairs)
    notes = [f"{loops:,} edges from a node to itself are left out"] if loops else []
    again = len(pairs) - loops - len(joined)
    notes += [f"{again:,} edges are there more than once, and count once"] if again else []
    return torch.tensor(sorted(joined)).T, [*places], notes  # (2, E)


def _masks(labels: Tensor, each: int, seed: int) -> dict[str, Tensor]:
    """Of each class `each` nodes to learn from, or half of them; of the rest a share validates."""
    dice = np.random.default_rng(seed)
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for label in labels.unique():
        places = dice.permutation((labels == label).nonzero()[:, 0].numpy()).tolist()
        known = min(each, len(places) // 2)
        validation = max(round(VALIDATION_SHARE * (len(places) - known)), 1)
        parts["train"] += places[:known]
        parts["validation"] += places[known : known + validation]
        parts["test"] += places[known + validation :]
    masks = {name: torch.zeros(len(labels), dtype=torch.bool) for name in parts}
    for name, chosen in parts.items():
        masks[name][chosen] = True
    return masks
