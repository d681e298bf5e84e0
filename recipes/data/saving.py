"""Saving and loading: state dict, whole checkpoint, safetensors, whole module; and going on from there.

A network is trained half of the way and saved in four forms, each of which is read into a new network
and compared with the first, bit for bit. Then three trainings go the other half: the one that was never
interrupted, one that was made from the whole checkpoint, and one that was given the weights alone, so
that its optimizer has forgotten what it knew of the slopes. A file that would run a program when it is
unpickled is refused, since weights-only loading takes nothing but tensors and plain values.

Data: scikit-learn's 1,797 digits of 8 x 8 pixels; by choice the other sets of `images/cnn`, or a folder
of your own with a subfolder a class.
Result: every form gives the same weights back, and the resumed training ends with the same ones as the
one that was not interrupted: the largest differences are 0. Time: 3 s on two CPU cores, as on a GPU.
Look at: `forms`, what is in each file, how large it is, and whether it can be loaded weights-only;
`going on`, where the curve of the weights alone jumps; `refused`, what weights-only loading says.
Source: D. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015: the state that is lost.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.data import _safetensors
from recipes.images import _pictures
from workbench import Recipe, at_most, choice, number, path
from workbench.figures.data import Cell, Curves, Series, Table, Text
from workbench.runs.run import Run

SHOWN_BEFORE = 20  # steps before the saving, in the figure of what follows

Reader = Callable[[Path], nn.Module]

# Shapes: N pictures of a batch, P pixels, W width, K classes.


class _Form(NamedTuple):
    """One way to keep a network: what its file holds, how it is written, how it becomes one again."""

    holds: str
    file: Path
    write: Callable[[], None]
    read: Callable[[], nn.Module]


class _Digits(nn.Sequential):
    """A class of its own: the whole module can be loaded only where this file can be imported."""

    def __init__(self, pixels: int, width: int, classes: int) -> None:
        hidden, output = nn.Linear(pixels, width), nn.Linear(width, classes)
        super().__init__(nn.Flatten(), hidden, nn.BatchNorm1d(width), nn.ReLU(), output)  # to (N, K)


class _Learner:
    """A network in training, and all that decides how it goes on: optimizer, generator of batches."""

    def __init__(self, net: nn.Module, lr: float, seed: int) -> None:
        self.net = net
        self.optimizer = torch.optim.Adam(net.parameters(), lr)
        self.dice = torch.Generator().manual_seed(seed)
        self.losses: list[float] = []

    def step(self, images: Tensor, labels: Tensor, batch_size: int) -> None:
        chosen = torch.randint(len(labels), (batch_size,), generator=self.dice)  # (N,)
        loss = F.cross_entropy(self.net(images[chosen]), labels[chosen])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())

    def state_dict(self) -> dict[str, Any]:
        """The whole checkpoint: without one of these it would go on another way."""
        return {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "dice": self.dice.get_state(),
            "losses": self.losses,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.dice.set_state(state["dice"])
        self.losses = list(state["losses"])


class _Trap:
    """What unpickles to whatever a call returns: such a file runs a program when it is loaded."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        return os.getenv, ("HOME",)


class Saving(Recipe):
    """Cross entropy over K classes, Adam; half of the steps before saving, half after it."""

    class Params(Recipe.Params):
        dataset: str = choice(*_pictures.DATASETS, default="digits", help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        steps: int = number(150, low=1, high=100_000, log=True, help="steps before saving, and after")
        width: int = number(64, low=2, high=8192, log=True, help="units of the hidden layer")
        batch_size: int = number(64, low=2, high=65_536, log=True, help="pictures a batch")
        lr: float = number(1e-2, low=1e-6, high=1, log=True, help="learning rate")

    monitor = "loss"
    marks = (at_most("reloaded/largest difference", 0), at_most("resumed/largest difference", 0))

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        train, _, _ = _pictures.load(self.params.dataset, self.params.folder, seed)
        self.images, self.labels = train.images / 255, train.labels  # (N, C, S, S), (N,)
        self.classes, self.notes = len(train.classes), train.notes
        names = ("uninterrupted", "resumed", "weights alone")
        self.learners = {name: self._learner() for name in names}

    def run(self, run: Run) -> None:
        """Train, save and load in the middle, and train on in three ways."""
        for note in self.notes:
            run.message(note)
        first, *others = self.learners.values()
        for step in run.steps(2 * self.params.steps):
            going_on = [first] if step <= self.params.steps else [first, *others]
            for learner in going_on:
                learner.step(self.images, self.labels, self.params.batch_size)
            if step == self.params.steps:
                self._save_and_load(run)
            run.log(loss=first.losses[-1])
        if not run.stopping:
            for name in ("resumed", "weights alone"):
                difference = _apart(first.net, self.learners[name].net)
                run.log({f"{name}/largest difference": difference})
            run.figure("going on", self._curves())

    def _learner(self) -> _Learner:
        net = _Digits(self.images[0].numel(), self.params.width, self.classes)
        return _Learner(net, self.params.lr, self.seed)

    def _save_and_load(self, run: Run) -> None:
        """All four forms, each compared; the other learners begin from what two of them hold."""
        first, resumed, alone = self.learners.values()
        place = run.folder.path / "saved"
        place.mkdir(exist_ok=True)
        rows: list[list[Cell]] = []
        for form in self._forms(place):
            write_ms, _ = _timed(form.write)
            read_ms, net = _timed(form.read)
            safe = form.file.suffix == ".safetensors" or not _refusal(form.file)
            facts = (form.file.stat().st_size, round(write_ms, 2), round(read_ms, 2))
            rows.append([form.holds, form.file.name, *facts, "yes" if safe else "no"])
            rows[-1].append(_apart(first.net, net))
        columns = ["holds", "file", "bytes", "ms to write", "ms to read", "weights-only", "differs by"]
        run.figure("forms", Table("Four forms of the same network", columns, rows))
        run.log({"reloaded/largest difference": max(float(row[-1] or 0) for row in rows)})
        trap = place / "trap.pt"
        torch.save({"weights": _Trap()}, trap)
        run.figure("refused", Text("What would run a program is refused", _refusal(trap)))
        resumed.load_state_dict(torch.load(place / "checkpoint.pt", weights_only=True))
        alone.load_state_dict({**first.state_dict(), "optimizer": alone.optimizer.state_dict()})

    def _forms(self, place: Path) -> list[_Form]:
        first = self.learners["uninterrupted"]
        weights = first.net.state_dict()

        def filled(state: Mapping[str, Tensor]) -> nn.Module:
            net = self._learner().net
            net.load_state_dict(dict(state))
            return net

        def form(name: str, holds: str, write: Callable[[Path], None], read: Reader) -> _Form:
            return _Form(holds, place / name, lambda: write(place / name), lambda: read(place / name))

        return [
            form(
                "weights.pt",
                "state dict: weights by name",
                lambda file: torch.save(weights, file),
                lambda file: filled(torch.load(file, weights_only=True)),
            ),
            form(
                "checkpoint.pt",
                "whole checkpoint: weights, optimizer, generator, losses",
                lambda file: torch.save(first.state_dict(), file),
                lambda file: filled(torch.load(file, weights_only=True)["net"]),
            ),
            form(
                "weights.safetensors",
                "safetensors: weights by name, and nothing that could run",
                lambda file: _safetensors.write(file, weights),
                lambda file: filled(_safetensors.read(file)),
            ),
            form(
                "module.pt",
                "whole module: weights, and the names of their classes",
                lambda file: torch.save(first.net, file),
                # Written a moment ago by this program; what others wrote could run anything.
                lambda file: torch.load(file, weights_only=False),
            ),
        ]

    def _curves(self) -> Curves:
        """The losses from a little before the cut on."""
        begin = max(self.params.steps - SHOWN_BEFORE, 0)
        lines = [
            Series(name, range(begin + 1, len(one.losses) + 1), one.losses[begin:])
            for name, one in self.learners.items()
        ]
        title = f"Trained on from step {self.params.steps}; the resumed one lies on the uninterrupted"
        return Curves(title, lines, x_label="step", y_label="loss", log_y=True)

    def state_dict(self) -> dict[str, Any]:
        return {name: learner.state_dict() for name, learner in self.learners.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, learner in self.learners.items():
            learner.load_state_dict(state[name])


def _apart(one: nn.Module, other: nn.Module) -> float:
    """The largest difference of any weight or buffer; 0 where all are the same bit for bit."""
    ours, theirs = one.state_dict(), other.state_dict()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


def _refusal(file: Path) -> str:
    """Why a file cannot be loaded weights-only; empty where it can."""
    try:
        torch.load(file, weights_only=True)
    except pickle.UnpicklingError as refused:
        return str(refused)
    return ""


def _timed(do: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and the result."""
    began = time.perf_counter()
    result = do()
    return 1000 * (time.perf_counter() - began), result
