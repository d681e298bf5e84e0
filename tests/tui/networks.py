"""Recipes whose networks are loaded in a moment: one that learns, and one that died on its way."""

from __future__ import annotations

from tests.debugging.recipe_source import NO_SAMPLES, TOKENS

HALVES = '''\
"""Tells which half of a small picture is bright."""
import torch
import torch.nn.functional as F
from torch import nn

from workbench import number
from workbench.training import Data, Tensors, Training


class Halves(Training):
    class Params(Training.Params):
        maps: int = number(4, low=1, high=10_000)
        epochs = 1

    def data(self):
        source = torch.Generator().manual_seed(self.seed)
        labels = torch.arange(96) % 2  # (96,)
        images = torch.rand(96, 3, 12, 16, generator=source)  # (96, 3, 12, 16)
        images[labels == 0, :, :, :8] /= 4
        images[labels == 1, :, :, 8:] /= 4
        self.classes = ["left", "right"]
        part = Tensors(images, labels)
        return Data(part, Tensors(images[:40], labels[:40]), classes=2)

    def model(self):
        return nn.Sequential(
            nn.Conv2d(3, self.params.maps, 3, padding=1),  # (N, M, 12, 16)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),  # (N, M, 6, 8)
            nn.Flatten(),
            nn.Linear(48 * self.params.maps, 2),  # (N, 2)
        )

    def training_step(self, batch):
        return F.cross_entropy(self.net(batch[0]), batch[1])
'''

# The first ReLU that gives nothing is the second one, which a bias far below nought has put to death.
DIED = '''\
"""A network of which a layer has died."""
import torch
import torch.nn.functional as F
from torch import nn

from workbench.training import Data, Tensors, Training


class Died(Training):
    class Params(Training.Params):
        epochs = 4
        log_every = 1

    def data(self):
        source = torch.Generator().manual_seed(self.seed)
        images = torch.randn(128, 1, 12, 12, generator=source)  # (128, 1, 12, 12)
        labels = (images.mean((1, 2, 3)) > 0).long()  # (128,)
        return Data(Tensors(images, labels), Tensors(images[:40], labels[:40]), classes=2)

    def model(self):
        net = nn.Sequential()
        net.add_module("first", nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU()))
        net.add_module("second", nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()))
        net.add_module("head", nn.Sequential(nn.Flatten(), nn.Linear(8 * 144, 2)))
        nn.init.constant_(net.second[0].bias, -100.0)
        return net

    def training_step(self, batch):
        return F.cross_entropy(self.net(batch[0]), batch[1])
'''

SERIES = '''\
"""A recurrent network on series: the next value."""
import torch
import torch.nn.functional as F
from torch import nn

from workbench.training import Data, Tensors, Training


class _Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 5, batch_first=True)
        self.head = nn.Linear(5, 1)

    def forward(self, series):
        return self.head(self.rnn(series)[0][:, -1])[:, 0]  # (N, T, 2) to (N,)


class Series(Training):
    class Params(Training.Params):
        batch_size = 4

    def data(self):
        series = torch.linspace(0, 6, 480).reshape(8, 30, 2).sin()  # (8, 30, 2)
        return Data(Tensors(series, torch.ones(8)))

    def model(self):
        return _Net()

    def training_step(self, batch):
        return F.mse_loss(self.net(batch[0]), batch[1])
'''

SOURCES = {
    "halves": HALVES,
    "died": DIED,
    "series": SERIES,
    "tokens": TOKENS,
    "no_samples": NO_SAMPLES,
}
