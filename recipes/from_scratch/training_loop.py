"""The training loop, one of its five steps at a time: clear gradients, forward, loss, backward, update.

Whatever PyTorch trains goes through these five, again and again. Here each of them is a step of the run
of its own, and the figure `step by step` shows what it changed: outputs, loss, gradients, weights. With
`by_key=yes` the run stands still before each of them, until you press `p` on its page, or call
`workbench resume RUN`. The network is a class of its own: `__init__` makes the
layers, `forward` says how a picture goes through them.

Data: scikit-learn's 1,797 digits of 8 x 8 pixels; by choice the other sets of `images/cnn`, or a folder
of your own with a subfolder a class.
Result: 96.2 % of the test digits after 500 times the five steps (mean of three seeds). Time: 3 s on two
CPU cores, by key as long as you like; no less on a GPU.
Look at: `step by step`, with `,` and `.` from step to step: gradients are there only from `backward` to
the next `clear gradients`, and weights move only in `update`. Then set `clear=no` and see what becomes
of the loss where gradients pile up.
Source: H. Robbins and S. Monro, A stochastic approximation method, 1951.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.images import _pictures
from workbench import Recipe, choice, number, path, switch
from workbench.figures.data import Cell, Table
from workbench.runs.run import Run

FIVE = {  # and how each is written where the five stand below one another, in a loop over batches
    "clear gradients": "optimizer.zero_grad()",
    "forward": "outputs = net(images)",
    "loss": "loss = F.cross_entropy(outputs, labels)",
    "backward": "loss.backward()",
    "update": "optimizer.step()",
}
SHOWN_ROUNDS = 20  # the first rounds, of which every step is drawn; by key all are

# Shapes: N pictures of a batch, P pixels, W width, K classes.


class _DigitsNet(nn.Module):
    """A model class of one's own: it inherits from nn.Module, so that its layers' weights are found."""

    def __init__(self, pixels: int, width: int, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(pixels, width)
        self.output = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = images.flatten(1) / 255  # (N, 1, S, S) to (N, P)
        x = self.hidden(x).relu()  # (N, W)
        return self.output(x)  # (N, K)


class TrainingLoop(Recipe):
    """Cross entropy over K classes, stochastic gradient descent, written out."""

    class Params(Recipe.Params):
        dataset: str = choice(*_pictures.DATASETS, default="digits", help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        by_key: bool = switch(False, help="stand still before each of the five steps", live=True)
        rounds: int = number(500, low=1, high=1_000_000, log=True, help="times the five steps")
        clear: bool = switch(True, help="clear gradients; no: they pile up", live=True)
        width: int = number(32, low=1, high=4096, log=True, help="units of the hidden layer")
        batch_size: int = number(32, low=1, high=65_536, log=True, help="pictures a batch")
        lr: float = number(0.2, low=1e-5, high=10, log=True, live=True, help="learning rate")

    monitor = "loss"

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        parts = _pictures.load(self.params.dataset, self.params.folder, seed)
        self.train, _, self.test = parts
        pixels, classes = parts[0].images[0].numel(), len(parts[0].classes)
        self.net = _DigitsNet(pixels, self.params.width, classes)
        self.optimizer = torch.optim.SGD(self.net.parameters(), self.params.lr)
        self.outputs: Tensor | None = None  # (N, K)
        self.loss: Tensor | None = None  # ()

    def run(self, run: Run) -> None:
        """The five steps, in turns, each a step of the run."""
        self._catch_up(run.step)
        for note in self.train.notes:
            run.message(note)
        if self.params.by_key:
            run.message(f"press p for each of the five steps: {', '.join(FIVE)}")
            run.pause()
        for step in run.steps(len(FIVE) * self.params.rounds):
            index, place = divmod(step - 1, len(FIVE))
            name = [*FIVE][place]
            is_shown = self.params.by_key or index < SHOWN_ROUNDS
            before = self._numbers() if is_shown else {}
            self._make(name, *self._batch(index))
            if is_shown:
                title = f"Round {index + 1}, {name}: {FIVE[name]}"
                run.figure("step by step", _changes(title, before, self._numbers()))
            if name == "loss":
                run.log(loss=self.loss.detach())
            if self.params.by_key:
                run.pause()
        if not run.stopping:
            run.log({"test/accuracy": self._accuracy()})

    def _make(self, name: str, images: Tensor, labels: Tensor) -> None:
        """One of the five, for pictures (N, 1, S, S) and their labels (N,)."""
        if name == "clear gradients":
            self.outputs = self.loss = None
            if self.params.clear:
                self.optimizer.zero_grad()
        elif name == "forward":
            self.outputs = self.net(images)  # (N, K)
        elif name == "loss":
            self.loss = F.cross_entropy(self.outputs, labels)  # ()
        elif name == "backward":
            self.loss.backward()
        else:
            self.optimizer.param_groups[0]["lr"] = self.params.lr
            self.optimizer.step()

    def _batch(self, index: int) -> tuple[Tensor, Tensor]:
        """Pictures drawn at random, the same ones whenever that round is made."""
        dice = torch.Generator().manual_seed(1_000_003 * self.seed + index)
        size = min(self.params.batch_size, len(self.train.labels))
        chosen = torch.randperm(len(self.train.labels), generator=dice)[:size]  # (N,)
        return self.train.images[chosen], self.train.labels[chosen]

    def _numbers(self) -> dict[str, float | None]:
        """What the five steps change, as it is now; None for what is not there."""
        weights = dict(self.net.named_parameters())
        return {
            "outputs: size": _size(self.outputs),
            "loss": _size(self.loss),
            **{f"gradient of {name}: size": _size(w.grad) for name, w in weights.items()},
            **{f"{name}: size": _size(w) for name, w in weights.items()},
        }

    @torch.no_grad()
    def _accuracy(self) -> float:
        return float((self.net(self.test.images).argmax(1) == self.test.labels).float().mean())

    def state_dict(self) -> dict[str, Any]:
        gradients = {name: w.grad for name, w in self.net.named_parameters() if w.grad is not None}
        return {"net": self.net.state_dict(), "gradients": gradients}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        for name, weight in self.net.named_parameters():
            weight.grad = state["gradients"].get(name)

    def _catch_up(self, steps: int) -> None:
        """Make outputs and loss again where a resumed run was stopped between them and `backward`."""
        index, made = divmod(steps, len(FIVE))
        for name in [*FIVE][1:made] if made < 4 else ():
            self._make(name, *self._batch(index))


def _changes(
    title: str, before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> Table:
    """All numbers before and after a step; the last column says which of them it changed."""
    rows: list[list[Cell]] = [
        [name, before[name], after[name], "" if before[name] == after[name] else "changed"]
        for name in after
    ]
    return Table(title, columns=["", "before", "after", ""], rows=rows)


def _size(tensor: Tensor | None) -> float | None:
    """Its root mean square; None where there is no such tensor."""
    return None if tensor is None else float(tensor.detach().double().square().mean().sqrt())
