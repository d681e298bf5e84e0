"""A small training that can be cross-validated."""

CLOUDS = '''\
"""Three clouds of points, told apart."""

import time

import torch
from torch import nn

from workbench import choice, number
from workbench.training import Data, Tensors, Training


torch.set_num_threads(1)  # several wait for each other where the machine is busy


class Clouds(Training):
    class Params(Training.Params):
        width: int = number(4, low=1, high=64, log=True)
        loss: str = choice("entropy", "none")
        pace_s: float = number(0.0, low=0, high=9)
        epochs = 2
        batch_size = 16
        lr = 1e-2

    monitor = "val/accuracy"
    monitor_mode = "max"

    def data(self):
        generator = torch.Generator().manual_seed(0)
        y = torch.arange(60) % 3
        x = y[:, None] + torch.randn(60, 2, generator=generator)
        return Data(Tensors(x[:45], y[:45]), Tensors(x[45:], y[45:]), classes=3)

    def model(self):
        width = self.params.width
        return nn.Sequential(nn.Linear(2, width), nn.Dropout(0.1), nn.ReLU(), nn.Linear(width, 3))

    def training_step(self, batch):
        x, y = batch
        time.sleep(self.params.pace_s)
        if self.params.loss == "none":
            return self.net(x).mean()
        return nn.functional.cross_entropy(self.net(x), y)

    def validation_step(self, batch):
        logits = self.net(batch[0])
        right = (logits.argmax(1) == batch[1]).float().mean()
        return {"loss": nn.functional.cross_entropy(logits, batch[1]), "accuracy": right}
'''
