"""The recipes that `workbench new` writes; `$title` and `$class_name` are filled in."""

from __future__ import annotations

from string import Template

TRAINING = Template('''\
"""$title: a small network that tells two rings of points apart.

Say here what the recipe shows, on which data, which result to expect, and how long it takes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench import number
from workbench.training import Data, Tensors, Training


class $class_name(Training):
    class Params(Training.Params):
        width: int = number(16, low=2, high=1024, log=True, help="units of the hidden layer")
        lr: float = 0.02
        noise: float = number(0.1, low=0, high=1, help="spread of the points around their ring")

    def data(self) -> Data:
        train, validation = self._rings(800), self._rings(200)
        return Data(train=train, validation=validation)

    def model(self) -> nn.Module:
        width = self.params.width
        return nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 2))

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        points, labels = batch  # (N, 2), (N,)
        logits = self.net(points)  # (N, 2)
        accuracy = (logits.argmax(1) == labels).float().mean()
        return {"loss": F.cross_entropy(logits, labels), "accuracy": accuracy}

    def _rings(self, count: int) -> Tensors:
        labels = torch.arange(count) % 2  # (N,)
        angle = torch.rand(count) * 2 * torch.pi
        radius = 1.0 + labels + self.params.noise * torch.randn(count)
        points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # (N, 2)
        return Tensors(points, labels)
''')

RECIPE = Template('''\
"""$title: the number pi from random points in a square.

Say here what the recipe shows, on which data, which result to expect, and how long it takes.
"""

from __future__ import annotations

import math
import random

from workbench import Recipe, number
from workbench.runs.run import Run


class $class_name(Recipe):
    class Params(Recipe.Params):
        steps: int = number(200, low=1, high=1_000_000, log=True, help="rounds of points")
        points: int = number(1000, low=1, high=1_000_000, log=True, live=True, help="points a round")

    def run(self, run: Run) -> None:
        dice = random.Random(self.seed)
        inside = thrown = 0
        for _ in run.steps(self.params.steps):
            for _ in range(self.params.points):
                inside += math.hypot(dice.random(), dice.random()) <= 1
            thrown += self.params.points
            estimate = 4 * inside / thrown
            run.log(pi=estimate, error=abs(estimate - math.pi))
''')
