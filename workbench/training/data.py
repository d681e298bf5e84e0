"""Where batches come from: tensors on the device, data sets, loaders, or anything iterable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from workbench.errors import WorkbenchError


class Tensors:
    """Tensors of one length that fit on the device: batches are cut by indexing, with no loader.

    A batch is a tuple with one tensor for each given one, even where there is only one.
    """

    def __init__(self, *tensors: Tensor) -> None:
        lengths = {len(tensor) for tensor in tensors}
        if len(lengths) != 1:
            raise ValueError(f"tensors of one length are needed, not of {sorted(lengths)}")
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def to(self, device: torch.device | str) -> Tensors:
        return Tensors(*(tensor.to(device) for tensor in self.tensors))


Source = Tensors | Dataset[Any] | Iterable[Any]


@dataclass
class Data:
    """The splits of a recipe.

    `train` may be None where there is nothing to iterate (the picture is the parameter): then an epoch
    has `steps_per_epoch` steps and `training_step` gets None for a batch. `collate` makes a batch of a
    data set's samples; `workers` processes load them.
    """

    train: Source | None = None
    validation: Source | None = None
    test: Source | None = None
    steps_per_epoch: int = 0
    collate: Any = None
    workers: int = 0


@dataclass
class Split:
    """One split, ready to be iterated again and again, in an order that the epoch alone decides."""

    source: Source
    batch_size: int
    device: torch.device
    shuffle: bool
    seed: int
    data: Data = field(default_factory=Data)
    name: str = "train"

    def __post_init__(self) -> None:
        if isinstance(self.source, Tensors):
            self.source = self.source.to(self.device)

    def __len__(self) -> int:
        """Batches an epoch.

        Raises:
            WorkbenchError: when the split is empty, or cannot tell its length.
        """
        if not hasattr(self.source, "__len__"):
            raise WorkbenchError(
                f"the {self.name} split has no length: it is a {type(self.source).__name__}",
                "give tensors, a data set or a list of batches, which every epoch can go through again",
            )
        count = len(cast(Sized, self.source))
        if not count:
            raise WorkbenchError(
                f"the {self.name} split of the data is empty", "give more data, or other shares"
            )
        cut_here = isinstance(self.source, Tensors) or _is_dataset(self.source)
        return -(-count // self.batch_size) if cut_here else count

    def batches(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        """The batches of an epoch from batch number `skip` on."""
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + epoch) % 2**63)
        if isinstance(self.source, Tensors):
            yield from self._cut(self.source, generator, skip)
            return
        loader = self._loader(generator) if _is_dataset(self.source) else self.source
        for batch in islice(cast(Iterable[Any], loader), skip, None):
            yield to_device(batch, self.device)

    def _cut(self, source: Tensors, generator: torch.Generator, skip: int) -> Iterator[Any]:
        count = len(source)
        order = None
        if self.shuffle:
            order = torch.randperm(count, generator=generator).to(self.device)
        for start in range(skip * self.batch_size, count, self.batch_size):
            end = start + self.batch_size
            if order is None:
                yield tuple(tensor[start:end] for tensor in source.tensors)
            else:
                yield tuple(tensor[order[start:end]] for tensor in source.tensors)

    def _loader(self, generator: torch.Generator) -> DataLoader[Any]:
        return DataLoader(
            cast("Dataset[Any]", self.source),
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            generator=generator,
            num_workers=self.data.workers,
            collate_fn=self.data.collate,
            pin_memory=self.device.type == "cuda",
        )


def to_device(batch: Any, device: torch.device) -> Any:
    """A batch moved: whatever has `.to`, and tuples, lists and dicts of it."""
    if hasattr(batch, "to"):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(to_device(value, device) for value in batch))
    if isinstance(batch, tuple | list):
        return type(batch)(to_device(value, device) for value in batch)
    return batch


def batch_length(batch: Any) -> int:
    """Samples in a batch: the length of its first tensor; 1 where there is none."""
    if isinstance(batch, Tensor):
        return len(batch) if batch.dim() else 1
    if isinstance(batch, dict):
        batch = tuple(batch.values())
    if isinstance(batch, tuple | list) and batch:
        return batch_length(batch[0])
    return 1


def _is_dataset(source: object) -> bool:
    return isinstance(source, Dataset)
