"""Speech as time series: who says a vowel, by a 1-D convolution or an LSTM, beside DTW.

An utterance is 12 numbers every 6.4 ms, as long as it lasts, 7 to 29 of them. The convolution finds
short courses of all channels at once, wherever they are; the LSTM reads moment after moment into a
state. Either takes the mean over the moments that there are: utterances are filled up with zeros to one
length, and a channel of ones and zeros tells which moments count. Training utterances are noised, and
lose a little of their ends; their labels are smoothed. `kind` says which network is trained. Nothing is
held back, so a study that compares trials needs `--folds 5` or held_out=0.2. Smoothing is what wins in
`workbench tune audio/waveform noise=0.3,0.6 smoothing=0,0.1 --search grid --folds 5`, over two seeds,
where either noise is as good.

Data: JapaneseVowels, cepstral coefficients of /ae/ by nine men, 270 utterances train, 370 test, which
comes with aeon; by choice a set of the UEA archive, downloaded, or files of your own, samples or
features: .ts, whose series may differ in length.
Result: 98.6 % of the test utterances with the convolution, 96.5 % with the LSTM (means of three seeds);
the nearest known utterance, time warped: 94.9 %. Time: 15 s on two CPU cores, less on a GPU.
Look at: `heard`, how soon the speaker is known; `confusion`; `models`, beside the nearest utterance by
DTW; `an utterance`; `channels`.
Source: data: M. Kudo, J. Toyama and M. Shimbo, Multidimensional curve classification using
passing-through regions, 1999; convolution in time: A. Waibel et al., 1989; LSTM: S. Hochreiter and
J. Schmidhuber, 1997; DTW: H. Sakoe and S. Chiba, 1978.
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
from workbench.figures.data import Curves, Matrix, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

WINDOW = 3  # moments that a convolution sees
ASKED_AT_ONCE = 32  # utterances that are compared with all known ones
SHOWN_CHANNELS = 4

# Shapes: N utterances of a batch, C channels, L moments of the longest, W width, K classes. The channel
# after the C others is 1 where an utterance lasts and 0 beyond.


def _mean(values: Tensor, lasts: Tensor) -> Tensor:
    """Over the moments that count: (N, W, L) and (N, 1, L) to (N, W)."""
    return (values * lasts).sum(2) / lasts.sum(2).clamp(min=1)


class _CNN(nn.Module):
    """Two convolutions, the mean of what they find, a linear layer."""

    def __init__(self, channels: int, width: int, dropout: float, classes: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, width, WINDOW, padding=WINDOW // 2)
        self.second = nn.Conv1d(width, width, WINDOW, padding=WINDOW // 2)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, utterances: Tensor) -> Tensor:
        values, lasts = utterances[:, :-1], utterances[:, -1:]  # (N, C, L), (N, 1, L)
        found = self.first(values).relu() * lasts  # (N, W, L)
        found = self.second(found).relu()
        return self.head(self.dropout(_mean(found, lasts)))  # (N, K)


class _Recurrent(nn.Module):
    """Reads moment after moment; the mean of the states answers."""

    def __init__(self, channels: int, width: int, dropout: float, classes: int) -> None:
        super().__init__()
        self.reader = nn.LSTM(channels, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, utterances: Tensor) -> Tensor:
        values, lasts = utterances[:, :-1], utterances[:, -1:]  # (N, C, L), (N, 1, L)
        # What follows the end changes no state before it, so the filling need not be cut off.
        states, _ = self.reader(values.mT)  # (N, L, C) to (N, L, W)
        return self.head(self.dropout(_mean(states.mT, lasts)))  # (N, K)


class Waveform(Training):
    """Cross entropy over K speakers, AdamW, one cycle of the learning rate."""

    class Params(Training.Params):
        dataset: str = choice("JapaneseVowels", "archive", "file", help="which utterances")
        name: str = text(help="for dataset=archive: a set of the UCR and UEA archive, downloaded")
        train_file: str = path(help="for dataset=file: labelled series to learn from")
        test_file: str = path(help="for dataset=file: and to be tested on")
        kind: str = choice("cnn", "lstm", help="which network")
        width: int = number(128, low=1, high=1024, log=True, help="channels or units of a layer")
        dropout: float = number(0.3, low=0, high=0.9, help="share of features left out")
        noise: float = number(0.6, low=0, high=2, live=True, help="spread of what is added to values")
        cut: float = number(0.2, low=0, high=0.9, live=True, help="share cut off the ends, at most")
        smoothing: float = number(0.1, low=0, high=0.5, live=True, help="share of a label spread out")
        held_out: float = number(0, low=0, high=0.5, help="share that validates; 0: learn from all")
        epochs = 60
        batch_size = 16
        lr = 3e-3
        weight_decay = 1e-2
        schedule = "one_cycle"
        clip_norm = 5.0

    monitor = "train/loss"
    marks = (
        at_least("test/accuracy", 0.98, baseline="baseline/dtw"),
        at_least("test/accuracy", 0.96, baseline="baseline/dtw", values={"kind": "lstm"}),
    )

    def data(self) -> Data:
        params = self.params
        self.task = task = _series.task(
            params.dataset, params.train_file, params.test_file, params.name
        )
        self.classes = task.classes
        moments = torch.cat(task.known, dim=1)  # (C, all)
        mean, spread = moments.mean(1, keepdim=True), moments.std(1, keepdim=True).clamp(min=1e-12)
        longest = max(one.shape[1] for one in (*task.known, *task.asked))
        known, asked = (
            torch.stack([_filled((one - mean) / spread, longest) for one in part])  # (N, C + 1, L)
            for part in (task.known, task.asked)
        )
        self.known, self.asked = (known, task.known_labels), (asked, task.asked_labels)
        train, validation = self.known, None
        if params.held_out:
            rest, held_out = _series.held_out(task.known_labels, params.held_out, self.seed)
            train = known[rest], task.known_labels[rest]
            validation = Tensors(known[held_out], task.known_labels[held_out])
        return Data(Tensors(*train), validation, Tensors(*self.asked), classes=len(task.classes))

    def model(self) -> nn.Module:
        net = _CNN if self.params.kind == "cnn" else _Recurrent
        channels, classes = self.known[0].shape[1] - 1, len(self.task.classes)
        return net(channels, self.params.width, self.params.dropout, classes)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        utterances, labels = batch  # (N, C + 1, L), (N,)
        cut = with_ends_cut(utterances, self.params.cut)
        lasts = cut[:, -1:]  # (N, 1, L)
        noise = self.params.noise * torch.randn_like(cut[:, :-1]) * lasts
        noisy = torch.cat([cut[:, :-1] + noise, lasts], dim=1)
        return F.cross_entropy(self.net(noisy), labels, label_smoothing=self.params.smoothing)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        utterances, labels = batch
        logits = self.net(utterances)  # (N, K)
        self.measure(logits, labels)
        return F.cross_entropy(logits, labels)

    def metrics(self) -> dict[str, Any]:
        classes = len(self.task.classes)
        return {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "confusion": MulticlassConfusionMatrix(classes),
        }

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        title = f"Confusion on the {split} part"
        run.figure("confusion", Matrix.confusion(title, results["confusion"], self.task.classes))
        if split != "test":
            return
        # As they were measured: a spread of 1 would count channels that tell little as much as others.
        run.log({"baseline/dtw": nearest_by_dtw(self.task)})
        run.figure("models", self._models(float(results["accuracy"]), run.results["baseline/dtw"]))
        run.figure("heard", self._heard())
        run.figure("an utterance", self._utterance())
        run.figure("channels", self._channels())

    def _models(self, accuracy: float, by_dtw: float) -> Table:
        weights = sum(weight.numel() for weight in self.net.parameters())
        rows: list[list[str | float]] = [
            [self.params.kind, weights, accuracy],
            ["nearest utterance, time warped (DTW)", 0, by_dtw],
        ]
        return Table(
            "Who tells speakers apart", ["model", "weights", "accuracy on the test part"], rows
        )

    def _heard(self) -> Curves:
        """Accuracy where only the first moments of each test utterance are heard."""
        utterances, labels = (part.to(self.device) for part in self.asked)  # (N, C + 1, L), (N,)
        moments, shares = range(1, utterances.shape[2] + 1), []
        for count in moments:
            begun = utterances.clone()
            begun[:, :, count:] = 0
            shares.append((self.net(begun).argmax(1) == labels).float().mean())
        lines = [Series(self.params.kind, moments, torch.stack(shares))]
        return Curves("How soon it is known", lines, x_label="moments heard", y_label="accuracy")

    def _utterance(self) -> Matrix:
        """The first test utterance, as the network reads it."""
        one = self.asked[0][0, :-1, : self.task.asked[0].shape[1]]  # (C, its moments)
        title = f"An utterance of {self.task.classes[self.asked[1][0]]}, standardised"
        return Matrix(title, one, row_label="channel", column_label="moment")

    def _channels(self) -> Curves:
        one = self.task.asked[0][:SHOWN_CHANNELS]
        lines = [Series(f"channel {index}", range(one.shape[1]), row) for index, row in enumerate(one)]
        return Curves("Its first channels, as they were measured", lines, x_label="moment")


def _filled(one: Tensor, longest: int) -> Tensor:
    """(C, its moments) to (C + 1, L): zeros after its end, and the channel that tells them."""
    return F.pad(torch.cat([one, torch.ones_like(one[:1])]), (0, longest - one.shape[1]))


def with_ends_cut(utterances: Tensor, share: float) -> Tensor:
    """Up to that share of each utterance (N, C + 1, L) silenced, at its begin and its end together."""
    n, _, length = utterances.shape
    lasting = utterances[:, -1].sum(1, keepdim=True)  # (N, 1), moments
    off = share * lasting * torch.rand(n, 1, device=utterances.device)
    begin = off * torch.rand(n, 1, device=utterances.device)
    place = torch.arange(length, device=utterances.device)  # (L,)
    stays = (place >= begin) & (place <= lasting - 1 - (off - begin))  # (N, L)
    return utterances * stays[:, None]


def nearest_by_dtw(task: _series.Task) -> float:
    """Share of the utterances asked for whose nearest known one has their label."""
    longest = max(one.shape[1] for one in (*task.known, *task.asked))
    known, asked = (
        torch.stack([F.pad(one, (0, longest - one.shape[1])) for one in part])  # (N, C, L)
        for part in (task.known, task.asked)
    )
    known_ends, asked_ends = (
        torch.tensor([one.shape[1] for one in part]) for part in (task.known, task.asked)
    )
    right = 0
    for chosen in torch.arange(len(asked)).split(ASKED_AT_ONCE):
        ends = asked_ends[chosen], known_ends
        nearest = _distances.dtw(asked[chosen], known, ends).argmin(1)  # (N,)
        right += int((task.known_labels[nearest] == task.asked_labels[chosen]).sum())
    return right / len(asked)
