"""Whole series told apart by an FCN, an LSTM and an RNN, beside the nearest neighbour by DTW.

A fully convolutional network (FCN) slides windows of weights along the series, three layers deep, and
takes each map's mean over time: where a shape stands does not matter, that it is there does. An RNN and
an LSTM read the series in pieces of 7 moments, one after another, into a state, and answer from the
mean of all states. `kind` says which network is trained. The FCN is the published one, half as wide and
at every other moment, for the sake of time. Training series may begin at any moment and go round, as
outlines do (`shift`): `workbench tune time_series/classify shift=0,1 smoothing=0,0.1 --search grid
--folds 3` finds nothing in it, so it is not the default. Nothing is held back: a study that compares
trials needs `--folds` or held_out=0.2.

Data: OSULeaf, outlines of leaves of 6 trees as series of 427 distances, 200 train, 242 test, which
comes with aeon; by choice other sets of aeon's, those of the UCR archive, downloaded, or files of your
own: .ts, or lines of numbers with the label first.
Result: 97.5 % of the test leaves with the FCN, 70 % with the LSTM, 69 % with the RNN (means of three
seeds); the nearest known leaf: 59.1 % time warped, 52.1 % moment by moment.
Time: a minute on two CPU cores, half of it for the distances; less on a GPU.
Look at: `confusion`; `models`, with what the nearest known series gives; `where`, which moments speak
for the class; `series`, one of each class.
Source: FCN, and its class activation maps: Z. Wang, W. Yan and T. Oates, Time series classification
from scratch with deep neural networks, 2017; DTW: H. Sakoe and S. Chiba, 1978.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix

from recipes.time_series import _distances, _series
from workbench import at_least, choice, number, path, text
from workbench.errors import WorkbenchError
from workbench.figures.data import Curves, Matrix, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

BUNDLED = ("OSULeaf", "GunPoint", "ArrowHead", "ItalyPowerDemand", "BasicMotions")
WINDOWS = (8, 5, 3)  # moments that each convolution sees, as published
PIECE = 7  # moments that a recurrent network reads at once

# Shapes: N series of a batch, C channels, L moments, W width, K classes.


class _FCN(nn.Module):
    """Three convolutions; the mean over time of what they find; a linear layer."""

    def __init__(self, channels: int, width: int, classes: int, stride: int) -> None:
        super().__init__()
        widths = (channels, width, 2 * width, width)
        blocks = [
            nn.Sequential(
                # Without a bias: batch norm subtracts the mean, and a bias with it.
                nn.Conv1d(enters, leaves, window, stride, padding=window // 2, bias=False),
                nn.BatchNorm1d(leaves),
                nn.ReLU(),
            )
            for enters, leaves, window, stride in zip(
                widths[:-1], widths[1:], WINDOWS, (stride, 1, 1), strict=True
            )
        ]
        self.blocks = nn.Sequential(*blocks)  # (N, C, L) to (N, W, L / stride)
        self.head = nn.Linear(width, classes)

    def forward(self, series: Tensor) -> Tensor:
        return self.head(self.blocks(series).mean(2))  # (N, K)


class _Recurrent(nn.Module):
    """Reads piece after piece; the mean of its states answers."""

    def __init__(self, kind: type[nn.RNN | nn.LSTM], channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.reader = kind(PIECE * channels, width, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, series: Tensor) -> Tensor:
        series = F.pad(series, (0, -series.shape[2] % PIECE))
        pieces = series.unfold(2, PIECE, PIECE).transpose(1, 2).flatten(2)  # (N, L / 7, 7 * C)
        states, _ = self.reader(pieces)  # (N, L / 7, W)
        return self.head(states.mean(1))  # (N, K)


class Classify(Training):
    """Cross entropy over K classes, AdamW, one cycle of the learning rate."""

    class Params(Training.Params):
        dataset: str = choice(*BUNDLED, "archive", "file", help="which series")
        name: str = text(help="for dataset=archive: a set of the UCR and UEA archive, downloaded")
        train_file: str = path(help="for dataset=file: labelled series to learn from")
        test_file: str = path(help="for dataset=file: and to be tested on")
        kind: str = choice("fcn", "lstm", "rnn", help="which network")
        width: int = number(64, low=1, high=1024, log=True, help="maps of the FCN, units of the others")
        stride: int = number(2, low=1, high=16, help="moments from one place of the FCN's to the next")
        shift: float = number(0.0, low=0, high=1, live=True, help="1: by the whole length, going round")
        smoothing: float = number(0.0, low=0, high=0.5, live=True, help="share of a label spread out")
        held_out: float = number(0, low=0, high=0.5, help="share that validates; 0: learn from all")
        epochs = 120
        batch_size = 16
        lr = 1e-2
        weight_decay = 1e-2
        schedule = "one_cycle"
        clip_norm = 5.0

    monitor = "train/loss"
    marks = (at_least("test/accuracy", 0.96, baseline="baseline/dtw"),)
    within_s = 120

    def data(self) -> Data:
        params = self.params
        self.task = _series.task(params.dataset, params.train_file, params.test_file, params.name)
        x, test_x = _series.stacked(self.task.known), _series.stacked(self.task.asked)  # (N, C, L)
        y, test_y = self.task.known_labels, self.task.asked_labels  # (N,)
        mean, spread = x.mean((0, 2), keepdim=True), x.std((0, 2), keepdim=True)  # (1, C, 1)
        x, test_x = ((part - mean) / spread.clamp(min=1e-12) for part in (x, test_x))
        if x.shape[2] != test_x.shape[2]:
            raise WorkbenchError(
                f"series to learn from have {x.shape[2]} moments, to be tested on {test_x.shape[2]}",
                "cut or fill them up to one length",
            )
        self.known, self.asked = (x, y), (test_x, test_y)
        train, validation = self.known, None
        if params.held_out:
            rest, held_out = _series.held_out(y, params.held_out, self.seed)
            train, validation = (x[rest], y[rest]), Tensors(x[held_out], y[held_out])
        return Data(Tensors(*train), validation, Tensors(*self.asked), classes=len(self.task.classes))

    def model(self) -> nn.Module:
        channels, classes, params = self.known[0].shape[1], len(self.task.classes), self.params
        if params.kind == "fcn":
            return _FCN(channels, params.width, classes, params.stride)
        kind = nn.LSTM if params.kind == "lstm" else nn.RNN
        return _Recurrent(kind, channels, params.width, classes)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        series, labels = batch  # (N, C, L), (N,)
        logits = self.net(shifted(series, self.params.shift))  # (N, K)
        return F.cross_entropy(logits, labels, label_smoothing=self.params.smoothing)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        series, labels = batch
        logits = self.net(series)  # (N, K)
        self.measure(logits, labels)
        return F.cross_entropy(logits, labels)

    def metrics(self) -> dict[str, Any]:
        classes = len(self.task.classes)
        return {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "confusion": MulticlassConfusionMatrix(classes),
        }

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        run.figure("confusion", self._confusion(split, results["confusion"]))
        if split != "test":
            return
        for name, distance in (("euclidean", _distances.euclidean), ("dtw", _distances.dtw)):
            nearest = _distances.accuracy_of_nearest(distance, *self.known, *self.asked)
            run.log({f"baseline/{name}": nearest})
        run.figure("models", self._models(float(results["accuracy"]), run.results))
        run.figure("series", self._examples())
        if self.params.kind == "fcn":
            run.figure("where", self._where())

    def _models(self, accuracy: float, results: Mapping[str, float]) -> Table:
        weights = sum(weight.numel() for weight in self.net.parameters())
        rows: list[list[str | float]] = [
            [self.params.kind, weights, accuracy],
            ["nearest, moment by moment", 0, results["baseline/euclidean"]],
            ["nearest, time warped (DTW)", 0, results["baseline/dtw"]],
        ]
        return Table("What tells series apart", ["model", "weights", "accuracy on the test part"], rows)

    def _confusion(self, split: str, counts: Tensor) -> Matrix:
        return Matrix.confusion(f"Confusion on the {split} part", counts, self.task.classes)

    def _examples(self) -> Curves:
        """The first known series of each class, one above the other."""
        x, y = self.known
        lines = []
        for index, name in enumerate(self.task.classes):
            one = x[y == index][0, 0]  # (L,)
            lines.append(Series(f"class {name}", range(len(one)), one - 5 * index))
        return Curves("A series of each class", lines, x_label="moment")

    def _where(self) -> Curves:
        """Class activation map: each moment of the maps, weighed as the head weighs their mean."""
        series, labels = (part[:1].to(self.device) for part in self.asked)  # (1, C, L), (1,)
        maps = self.net.blocks(series)[0]  # (W, L / stride)
        speaks = self.net.head.weight[labels[0]] @ maps  # (L / stride,)
        length = series.shape[2]
        places = torch.linspace(0, length - 1, len(speaks))
        lines = [
            Series("the series", range(length), series[0, 0]),
            Series("speaks for its class", places, speaks / speaks.abs().max().clamp(min=1e-12)),
        ]
        title = f"Where the first test series looks like {self.task.classes[labels[0]]}"
        return Curves(title, lines, x_label="moment")


def shifted(series: Tensor, share: float) -> Tensor:
    """Each series (N, C, L) turned round by up to that share of its length."""
    n, _, length = series.shape
    by = (share * length * torch.rand(n, 1, device=series.device)).long()  # (N, 1)
    places = (torch.arange(length, device=series.device) + by) % length  # (N, L)
    return series.gather(2, places[:, None].expand_as(series))
