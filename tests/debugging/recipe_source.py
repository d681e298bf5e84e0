"""Recipes that are small enough to be loaded in a moment, one for each kind of input."""

PICTURES = '''\
"""Tells which half of a small picture is bright."""
import torch
import torch.nn.functional as F
from torch import nn

from workbench import number
from workbench.training import Data, Tensors, Training


class Halves(Training):
    class Params(Training.Params):
        maps: int = number(4, low=1, high=10_000)
        depth: int = number(1, low=1, high=10_000, help="activations behind the convolution")
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
            *(nn.ReLU(inplace=True) for _ in range(self.params.depth)),
            nn.MaxPool2d(2),  # (N, M, 6, 8)
            nn.Flatten(),
            nn.Linear(48 * self.params.maps, 2),  # (N, 2)
        )

    def training_step(self, batch):
        return F.cross_entropy(self.net(batch[0]), batch[1])
'''

TOKENS = '''\
"""Attends to tokens."""
import torch
import torch.nn.functional as F
from torch import nn

from workbench.training import Data, Tensors, Training


class _Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        return self.head(self.encoder(self.table(tokens)).mean(1))  # (N, T) to (N, 3)


class Attends(Training):
    class Params(Training.Params):
        batch_size = 5

    def data(self):
        tokens = torch.arange(60).reshape(10, 6) % 10  # (10, 6)
        return Data(Tensors(tokens, torch.arange(10) % 3), classes=3)

    def model(self):
        return _Net()

    def training_step(self, batch):
        return F.cross_entropy(self.net(batch[0]), batch[1])
'''

SERIES = '''\
"""A recurrent network on series: the next value."""
import torch
import torch.nn.functional as F
from torch import nn

from workbench.training import Data, Training


class _Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 5)
        self.head = nn.Linear(5, 1)

    def forward(self, series):
        states, _ = self.rnn(series.transpose(0, 1))  # (T, N, 5)
        return self.head(states[-1])[:, 0]  # (N,)


class Series(Training):
    def data(self):
        steps = torch.linspace(0, 6, 30)  # (30,)
        series = torch.stack([steps.sin(), steps.cos()], 1).expand(8, 30, 2)
        return Data([(series[i : i + 4], torch.ones(4)) for i in (0, 4)])

    def model(self):
        return _Net()

    def training_step(self, batch):
        return F.mse_loss(self.net(batch[0]), batch[1])
'''

GRAPH = '''\
"""Classes of the nodes of one graph."""
from typing import NamedTuple

import torch
from torch import Tensor, nn

from workbench.training import Data, Training


class _Graph(NamedTuple):
    features: Tensor
    edges: Tensor


class _Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(3, 4)

    def forward(self, features, edges):
        return self.mix(features).relu()  # (nodes, 4)


class Nodes(Training):
    def data(self):
        return Data([(_Graph(torch.rand(7, 3), torch.zeros(2, 9, dtype=torch.long)), "train")])

    def model(self):
        return _Net()

    def training_step(self, batch):
        return self.predict_step(batch).mean()

    def predict_step(self, batch):
        return self.net(*batch[0])
'''

NO_TRAINING = '''\
"""No training."""
from workbench import Recipe


class Counts(Recipe):
    def run(self, run):
        for step in run.steps(3):
            run.log(count=step)
'''

NO_SAMPLES = '''\
"""The picture is the parameter."""
import torch
from torch import nn

from workbench.training import Data, Training


class _Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 3, 5, 5))


class Picture(Training):
    def data(self):
        return Data(steps_per_epoch=2)

    def model(self):
        return _Net()

    def training_step(self, batch):
        return self.net.weight.square().mean()
'''

FAILS = '''\
"""Fails where it predicts."""
import torch
from torch import nn

from workbench.training import Data, Tensors, Training


class Fails(Training):
    class Params(Training.Params):
        batch_size = 2

    def data(self):
        return Data(Tensors(torch.rand(4, 3)))

    def model(self):
        return nn.Linear(3, 1)

    def training_step(self, batch):
        return self.net(batch[0]).mean()

    def predict_step(self, batch):
        raise RuntimeError("the lesson is over")
'''

NO_STEP = FAILS.replace("return self.net(batch[0]).mean()", "raise ValueError('no step today')")

SOURCES = {
    "pictures": PICTURES,
    "tokens": TOKENS,
    "series": SERIES,
    "graph": GRAPH,
    "no_training": NO_TRAINING,
    "no_samples": NO_SAMPLES,
    "fails": FAILS,
    "no_step": NO_STEP,
}
