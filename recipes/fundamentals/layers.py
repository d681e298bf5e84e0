"""Four kinds of layer on one task: dense, 1-D convolution, RNN and LSTM read the same days.

Each day is 24 numbers, the demand for electric power hour by hour; told apart are days of winter and of
summer. A dense layer has a weight for each hour and knows nothing of their order. A convolution has one
small window of weights, which slides along the day. An RNN reads hour after hour into a state that it
makes anew each time; an LSTM has gates, which decide what it keeps. All four are trained on the same
batches, with noise, for there are only 67 days; `layer` says whose result counts as the run's. None of
the days is held back, so a study that compares trials needs held_out=0.2.

Data: ItalyPowerDemand, 67 days train, 1,029 test, which comes with aeon; by choice GunPoint or
ArrowHead, a set of the UCR archive, downloaded, or files of your own: .ts, or lines of numbers with the
label first.
Result: 97.4 % of the test days with the convolution, 96.7 % dense, 96.5 % RNN, 96.2 % LSTM (means of
three seeds); the nearest known day: 95.5 % moment by moment, 95.0 % time warped.
Time: 6 s on two CPU cores.
Look at: `layers`, with their weights and shapes, beside the nearest neighbour by two distances;
`hours`, what each kind attends to; then order=mixed, which is the same to a dense layer, and not to a
convolution.
Source: RNN: J. Elman, Finding structure in time, 1990; LSTM: S. Hochreiter and J. Schmidhuber, Long
short-term memory, 1997; convolution in time: A. Waibel et al., 1989; DTW: H. Sakoe and S. Chiba, 1978.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.time_series import _distances, _series
from workbench import at_least, choice, number, path, text
from workbench.errors import WorkbenchError
from workbench.figures.data import Curves, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

WINDOW = 5  # moments that a convolution sees at once
KINDS = ("dense", "convolution", "rnn", "lstm")
SMOOTHING = 0.1  # share of a label spread out
BUNDLED = ("ItalyPowerDemand", "GunPoint", "ArrowHead")
EXAMINED = 200  # series of the test part that `hours` is made from

# Shapes: N series of a batch, C channels, L moments (hours), W width, K classes.


class _Recurrent(nn.Module):
    """Reads moment after moment; the last state answers."""

    def __init__(self, kind: type[nn.RNN | nn.LSTM], channels: int, width: int) -> None:
        super().__init__()
        self.reader = kind(channels, width, batch_first=True)

    def forward(self, series: Tensor) -> Tensor:
        states, _ = self.reader(series.mT)  # (N, C, L) to (N, L, W)
        return states[:, -1]  # (N, W)


def _layer(kind: str, channels: int, length: int, width: int) -> nn.Sequential:
    """From series (N, C, L) to features, (N, W) or for the convolution (N, W * L)."""
    if kind == "dense":
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * length, width), nn.ReLU())
    if kind == "convolution":
        return nn.Sequential(
            nn.Conv1d(channels, width, WINDOW, padding=WINDOW // 2),  # to (N, W, L)
            nn.ReLU(),
            nn.Conv1d(width, width, WINDOW, padding=WINDOW // 2),
            nn.ReLU(),
            nn.Flatten(),
        )
    return nn.Sequential(_Recurrent(nn.RNN if kind == "rnn" else nn.LSTM, channels, width))


class Layers(Training):
    """Cross entropy over K classes, one optimizer; the four nets share batches and nothing else."""

    class Params(Training.Params):
        dataset: str = choice(*BUNDLED, "archive", "file", help="which series")
        name: str = text(help="for dataset=archive: a set of the UCR and UEA archive, downloaded")
        train_file: str = path(help="for dataset=file: labelled series to learn from")
        test_file: str = path(help="for dataset=file: and to be tested on")
        layer: str = choice("convolution", "dense", "rnn", "lstm", help="whose result is the run's")
        width: int = number(32, low=1, high=1024, log=True, help="units or channels of a layer")
        dropout: float = number(0.3, low=0, high=0.9, help="share of features left out")
        noise: float = number(0.1, low=0, high=2, live=True, help="spread of what is added to series")
        order: str = choice("as_it_was", "mixed", help="mixed: moments in one and the same other order")
        held_out: float = number(0, low=0, high=0.5, help="share that validates; 0: learn from all")
        epochs = 100
        log_every = 50
        batch_size = 16
        lr = 3e-3
        weight_decay = 1e-2
        schedule = "one_cycle"
        clip_norm = 5.0

    monitor = "train/loss"
    marks = (at_least("test/accuracy", 0.955, baseline="baseline/dtw"),)

    def data(self) -> Data:
        params = self.params
        task = _series.task(params.dataset, params.train_file, params.test_file, params.name)
        self.classes, y, test_y = task.classes, task.known_labels, task.asked_labels  # (N,)
        x, test_x = _series.stacked(task.known), _series.stacked(task.asked)  # (N, C, L)
        if x.shape[1:] != test_x.shape[1:]:
            shapes = [" x ".join(map(str, one.shape[1:])) for one in (x, test_x)]
            raise WorkbenchError(
                f"series to learn from are {shapes[0]}, to be tested on {shapes[1]} channels x moments",
                "cut or fill them up to one length",
            )
        if params.order == "mixed":
            mixed = torch.randperm(x.shape[2])  # (L,)
            x, test_x = x[..., mixed], test_x[..., mixed]
        self.known, self.examined = (x, y), (test_x, test_y)
        if not params.held_out:
            return Data(Tensors(x, y), None, Tensors(test_x, test_y), classes=len(self.classes))
        rest, held_out = _series.held_out(y, params.held_out, self.seed)
        parts = ((x[rest], y[rest]), (x[held_out], y[held_out]), (test_x, test_y))
        return Data(*(Tensors(*part) for part in parts), classes=len(self.classes))

    def model(self) -> nn.Module:
        channels, length = self.known[0].shape[1:]
        nets = nn.ModuleDict()
        for kind in KINDS:
            layer = _layer(kind, channels, length, self.params.width)
            features = layer(self.known[0][:1]).shape[1]
            nets[kind] = nn.Sequential(
                layer, nn.Dropout(self.params.dropout), nn.Linear(features, len(self.classes))
            )
        return nets  # each from (N, C, L) to (N, K)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        series, labels = batch  # (N, C, L), (N,)
        noisy = series + self.params.noise * torch.randn_like(series)
        losses = {
            kind: F.cross_entropy(net(noisy), labels, label_smoothing=SMOOTHING)
            for kind, net in self.net.items()
        }
        self.minimize(sum(losses.values()))  # they share no weight: each one's gradient is its own
        return {"loss": losses[self.params.layer], **_under("loss", losses)}

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        series, labels = batch
        answers = {kind: net(series) for kind, net in self.net.items()}  # (N, K)
        losses = {kind: F.cross_entropy(answer, labels) for kind, answer in answers.items()}
        right = {kind: (answer.argmax(1) == labels).float().mean() for kind, answer in answers.items()}
        chosen = {"loss": losses[self.params.layer], "accuracy": right[self.params.layer]}
        return chosen | _under("loss", losses) | _under("accuracy", right)

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net[self.params.layer](batch[0])

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        (known, labels), (asked, truths) = self.known, self.examined
        for name, distance in (("euclidean", _distances.euclidean), ("dtw", _distances.dtw)):
            nearest = _distances.accuracy_of_nearest(distance, known, labels, asked, truths)
            run.log({f"baseline/{name}": nearest})
        run.figure("layers", self._table(run.results))
        run.figure("classes", self._classes())
        run.figure("hours", _attention(self.net, asked[:EXAMINED].to(self.device)))

    def _table(self, results: Mapping[str, float]) -> Table:
        rows: list[list[str | float]] = []
        one = self.examined[0][:1].to(self.device)
        for kind, net in self.net.items():
            layer, weights = net[0], sum(weight.numel() for weight in net.parameters())
            steps = " to ".join(str(tuple(shape)) for shape in _shapes(layer, one))
            rows.append([kind, steps, weights, results[f"test/accuracy/{kind}"]])
        for name, words in (("euclidean", "moment by moment"), ("dtw", "time warped (DTW)")):
            rows.append([f"nearest day, {words}", "", 0, results[f"baseline/{name}"]])
        columns = ["kind", "shapes, of one series", "weights", "accuracy on the test part"]
        return Table("Four kinds of layer, and no layer at all", columns, rows)

    def _classes(self) -> Curves:
        x, y = self.known
        lines = [
            Series(f"class {name}", range(x.shape[2]), x[y == index, 0].mean(0))
            for index, name in enumerate(self.classes)
        ]
        return Curves("The mean series of each class, as it is trained on", lines, x_label="moment")


def _under(name: str, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}/{key}": value for key, value in values.items()}


def _shapes(layer: nn.Sequential, series: Tensor) -> list[torch.Size]:
    """What goes in, what each part makes of it; shapes that repeat are told once."""
    shapes = [series.shape]
    for part in layer:
        series = part(series)
        if series.shape != shapes[-1]:
            shapes.append(series.shape)
    return shapes


def _attention(nets: nn.ModuleDict, series: Tensor) -> Curves:
    """How much each moment moves the answer: the mean size of the gradient of the logits' spread."""
    lines = []
    for kind, net in nets.items():
        with torch.enable_grad():
            asked = series.clone().requires_grad_()  # (N, C, L)
            spread = net(asked).std(1).sum()
            (gradient,) = torch.autograd.grad(spread, asked)
        share = gradient.abs().mean((0, 1))  # (L,)
        lines.append(Series(kind, range(len(share)), share / share.sum()))
    title = "What each kind attends to: its answer's gradient"
    return Curves(title, lines, x_label="moment", y_label="share")
