"""What can be seen wrong in a recipe's data before the first step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from workbench.errors import WorkbenchError
from workbench.training.data import Data, Split, Tensors


def check(train: Split | None, evaluated: dict[str, Split], data: Data) -> None:
    """Look at every split once.

    Raises:
        WorkbenchError: when one is empty, a batch larger than the training data, or a label wrong.
    """
    for split in (train, *evaluated.values()):
        if split is None:
            continue
        len(split)  # raises where it is empty
        if data.classes:
            _check_labels(split, data.classes)
    if train is not None:
        _check_batch_size(train)


def _check_batch_size(train: Split) -> None:
    if not train.is_cut_here:
        return
    count = len(train.source)  # type: ignore[arg-type]  # its length has been asked for before
    if train.batch_size > count:
        raise WorkbenchError(
            f"a batch of {train.batch_size} is larger than the training data of {count} samples",
            f"set batch_size={count} or less",
        )


def _check_labels(split: Split, classes: int) -> None:
    labels = _labels(split.source)
    if labels is None:
        return
    if labels.is_floating_point():
        raise WorkbenchError(
            f"the labels of the {split.name} split are {labels.dtype}, not whole numbers",
            "convert them with .long()",
        )
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= classes:
        raise WorkbenchError(
            f"the labels of the {split.name} split go from {lowest} to {highest}; "
            f"{classes} classes have the labels 0 to {classes - 1}",
            "number the classes from 0, or give the right number of them",
        )
    if split.name == "train" and lowest == highest:
        raise WorkbenchError(
            f"all {len(labels)} samples of the training split are of one class, {lowest}",
            "give samples of at least two classes: there is nothing to tell apart",
        )


def _labels(source: Any) -> Tensor | None:
    """The labels where they can be had without loading every sample."""
    if isinstance(source, Tensors):
        return source.tensors[-1]
    targets = getattr(source, "targets", None) if isinstance(source, Dataset) else None
    return None if targets is None else torch.as_tensor(targets)
