"""From a CSV file to batches: Dataset, DataLoader, samplers, workers, splits, normalisation.

A Dataset says how many samples there are and gives one by its number. A DataLoader asks a sampler for
numbers, has worker processes fetch the samples, and stacks them to batches. Before that the rows are
shared among a training, a validation and a test part, each class in the same proportion. All columns
are brought to mean 0 and spread 1, as measured on the training part alone: nothing that the test part
tells may reach the training.

Data: scikit-learn's 178 wines of three cultivars, 13 measurements each, as a CSV file; or a CSV file of
your own, whose first line names the columns, by file=PATH and label=COLUMN.
Result: 96.3 % of the test wines (mean of three seeds). Time: 7 s on two CPU cores, most of it for the
table of loaders; no less on a GPU, since the network is tiny.
Look at: `loaders`, where worker processes cost more than they bring until a sample takes time to fetch;
`samplers`, the first batches of each; `normalisation`, and what would leak by the whole table's means.
Source: B. Efron and R. Tibshirani, An introduction to the bootstrap, 1993, on what a test part is for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import (
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    WeightedRandomSampler,
)
from torchmetrics.classification import MulticlassAccuracy

from recipes.classification import _tables
from recipes.data import _wine
from workbench import number, path, text
from workbench.figures.data import Cell, Table
from workbench.runs.run import Run
from workbench.training import Data, Training

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
SHOWN_COLUMNS = 13
LOADED_ROWS = 96  # that each loader of the table is timed with
LOADERS = ((1, 0), (16, 0), (64, 0), (16, 1), (16, 2))  # batch size, worker processes

# Shapes: N rows of a batch, M measurements, W width, K classes.


class _Wines(Dataset[tuple[Tensor, Tensor]]):
    """Rows by their numbers; `fetch_ms` is what reading a picture or a sound would cost for each."""

    def __init__(self, numbers: Tensor, labels: Tensor, fetch_ms: float = 0.0) -> None:
        self.numbers = numbers  # (N, M)
        self.targets = labels  # (N,)
        self.fetch_ms = fetch_ms

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        time.sleep(self.fetch_ms / 1000)
        return self.numbers[index], self.targets[index]


class Datasets(Training):
    """Cross entropy over K classes, AdamW, one hidden layer."""

    class Params(Training.Params):
        file: str = path(help="CSV file of your own; empty: scikit-learn's wines")
        label: str = text(help="the column that holds the classes; empty: the last")
        workers: int = number(0, low=0, high=64, help="processes that fetch the training's samples")
        fetch_ms: float = number(2.0, low=0, high=1000, help="time a sample, for the table of loaders")
        width: int = number(32, low=1, high=4096, log=True, help="units of the hidden layer")
        epochs = 40
        batch_size = 16
        lr = 1e-2
        weight_decay = 1e-2

    monitor = "val/loss"

    def data(self) -> Data:
        file = self.params.file or str(_wine.csv_file())
        self.rows = rows = _tables.classified("csv", file, self.params.label)  # x (N, M), y (N,)
        self.parts = split(rows.y, self.seed)  # row numbers (n,) of each part
        known = rows.x[self.parts["train"]]  # (n, M)
        # A column that is the same in all rows has no spread to divide by.
        self.mean, self.spread = known.mean(0), known.std(0).where(known.std(0) > 0, 1)  # (M,), (M,)
        scaled = (rows.x - self.mean) / self.spread  # (N, M)
        wines = {name: _Wines(scaled[part], rows.y[part]) for name, part in self.parts.items()}
        self.wines = wines["train"]
        return Data(**wines, workers=self.params.workers, classes=len(rows.classes), notes=rows.notes)

    def model(self) -> nn.Module:
        measurements, width = self.rows.x.shape[1], self.params.width
        return nn.Sequential(  # (N, M) to (N, W) to (N, K)
            nn.Linear(measurements, width), nn.ReLU(), nn.Linear(width, len(self.rows.classes))
        )

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        numbers, labels = batch  # (N, M), (N,)
        return F.cross_entropy(self.net(numbers), labels)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        self.measure(self.net(batch[0]), batch[1])
        return self.training_step(batch)

    def metrics(self) -> dict[str, Any]:
        return {"accuracy": MulticlassAccuracy(len(self.rows.classes), average="micro")}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        run.figure("splits", self._splits())
        run.figure("normalisation", self._normalisation())
        run.figure("samplers", self._samplers())
        run.figure("loaders", self._loaders())

    def _splits(self) -> Table:
        """How many rows of each class lie in each part."""
        counts = {
            name: torch.bincount(self.rows.y[part], minlength=len(self.rows.classes)).tolist()
            for name, part in self.parts.items()
        }
        rows = list(zip(self.rows.classes, *counts.values(), strict=True))
        totals = ("all", *map(sum, counts.values()))
        return Table("Rows of each class in the three parts", ["class", *counts], [*rows, totals])

    def _normalisation(self) -> Table:
        """Means and spreads before and after; the test part's are near 0 and 1, and not quite."""
        test = self.rows.x[self.parts["test"]]  # (n, M)
        scaled = (test - self.mean) / self.spread  # (n, M)
        leaked = (self.rows.x.mean(0) - self.mean) / self.spread  # (M,)
        columns = (self.mean, self.spread, scaled.mean(0), scaled.std(0), leaked)
        rows: list[list[Cell]] = [
            [name, *(float(column[index]) for column in columns)]
            for index, name in enumerate(self.rows.names[:SHOWN_COLUMNS])
        ]
        head = [
            "column",
            "training mean",
            "training spread",
            "test mean, scaled",
            "test spread, scaled",
        ]
        title = "Scaled by the training part alone"
        return Table(title, [*head, "shift if all rows' means were taken"], rows)

    def _samplers(self) -> Table:
        """Which rows three samplers put into their first batch, and what classes an epoch has."""
        labels = self.wines.targets
        dice = torch.Generator().manual_seed(self.seed)
        share = 1 / torch.bincount(labels)[labels]  # (n,): the rarer a class, the more often its rows
        samplers: dict[str, Sampler[int]] = {
            "sequential: as they lie in the file": SequentialSampler(self.wines),
            "random: each once an epoch": RandomSampler(self.wines, generator=dice),
            "weighted: classes equally often": WeightedRandomSampler(
                share, len(labels), generator=dice
            ),
        }
        rows: list[list[Cell]] = []
        for name, sampler in samplers.items():
            numbers = list(sampler)
            counts = torch.bincount(labels[numbers], minlength=len(self.rows.classes)).tolist()
            first = " ".join(map(str, numbers[: self.params.batch_size]))
            rows.append([name, first, " ".join(map(str, labels[numbers][:8].tolist())), str(counts)])
        columns = ["sampler", "rows of its first batch", "their classes", "classes in an epoch"]
        return Table("What samplers ask for", columns, rows)

    def _loaders(self) -> Table:
        """Samples a second, of rows in memory and of samples that take time to fetch."""
        rows: list[list[Cell]] = []
        for batch_size, workers in LOADERS:
            speeds = [
                speed
                for fetch_ms in (0.0, self.params.fetch_ms)
                for speed in throughput(self.wines, batch_size, workers, fetch_ms)
            ]
            rows.append([batch_size, workers, *(round(speed) for speed in speeds)])
        slow = f"{self.params.fetch_ms:g} ms to fetch"
        columns = ["batch", "workers", "in memory: first epoch", "later", f"{slow}: first", "later"]
        return Table("Samples a second that a DataLoader gives", columns, rows)


def split(labels: Tensor, seed: int) -> dict[str, Tensor]:
    """Row numbers of each part, at random, each class in the same shares."""
    dice = torch.Generator().manual_seed(seed)
    parts: dict[str, list[Tensor]] = {name: [] for name in SHARES}
    for kind in labels.unique():
        rows = (labels == kind).nonzero()[:, 0]  # (n,)
        rows = rows[torch.randperm(len(rows), generator=dice)]
        held_back = [max(round(SHARES[name] * len(rows)), 1) for name in ("validation", "test")]
        cut = rows.split([len(rows) - sum(held_back), *held_back])
        for name, part in zip(SHARES, cut, strict=True):
            parts[name].append(part)
    return {name: torch.cat(chosen).sort().values for name, chosen in parts.items()}


def throughput(wines: _Wines, batch_size: int, workers: int, fetch_ms: float) -> tuple[float, float]:
    """Samples a second in the first epoch, which has to start the workers, and in the second."""
    timed = _Wines(wines.numbers, wines.targets, fetch_ms)
    loader = DataLoader(
        Subset(timed, range(min(LOADED_ROWS, len(timed)))),
        batch_size=batch_size,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    speeds = []
    for _ in range(2):
        began, count = time.perf_counter(), 0
        for numbers, _labels in loader:
            count += len(numbers)
        speeds.append(count / (time.perf_counter() - began))
    return speeds[0], speeds[1]
