"""What a recipe's `data` gives: tensors, data sets, loaders, or anything iterable, for each split."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from workbench.errors import WorkbenchError
from workbench.training.loading import BatchLoader, shuffled
from workbench.training.trees import leaves, to_device

AHEAD_WORKERS = 2  # processes that cut batches of tensors which do not fit on the device
RESIDENT_SHARE = 0.5  # of a device's free memory; the rest is for the network and its activations


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

    @property
    def size_bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors)

    def to(self, device: torch.device | str) -> Tensors:
        return Tensors(*(tensor.to(device) for tensor in self.tensors))


Source = Tensors | Dataset[Any] | Iterable[Any]


@dataclass
class Data:
    """The splits of a recipe.

    `train` may be None where there is nothing to iterate (the picture is the parameter): then an epoch
    has `steps_per_epoch` steps and `training_step` gets None for a batch.

    For data sets: `collate` makes a batch of samples; `workers` processes load them, and keep
    `prefetch` batches each in hand. Randomness in a data set is seeded for each batch anew, so that
    neither the number of workers nor a resumption changes it.

    `augment` changes training batches, and `transform` (after it) those of every split, on the device:
    functions of a batch, such as torchvision's v2 transforms, which draw once for a whole batch.

    `classes` says that the last tensor of each split holds labels from 0 to `classes` - 1, which is
    then checked before the first step.

    `notes` are what a user should know of the data, such as what had to be changed to use them; they
    stand among the messages of the run.
    """

    train: Source | None = None
    validation: Source | None = None
    test: Source | None = None
    steps_per_epoch: int = 0
    collate: Any = None
    workers: int = 0
    prefetch: int = 2
    augment: Callable[[Any], Any] | None = None
    transform: Callable[[Any], Any] | None = None
    classes: int = 0
    notes: Sequence[str] = ()


@dataclass
class Split:
    """One split, ready to be iterated again and again, in an order that the epoch alone decides.

    Attributes:
        note: what a user should know about where its data lies; mostly nothing.
    """

    source: Source
    batch_size: int
    device: torch.device
    shuffle: bool
    seed: int
    data: Data = field(default_factory=Data)
    name: str = "train"
    note: str = ""

    def __post_init__(self) -> None:
        self._loader: BatchLoader | None = None
        self._is_resident = False
        if isinstance(self.source, Tensors):
            self._place(self.source)
        elif isinstance(self.source, IterableDataset):
            raise WorkbenchError(
                f"the {self.name} split is an IterableDataset: no epoch can begin in its middle",
                "give a data set with __getitem__ and __len__, or a list of batches",
            )
        elif isinstance(self.source, Dataset) and hasattr(self.source, "__len__"):
            self._load(self.source, collate=self.data.collate, workers=self.data.workers)

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
        return -(-count // self.batch_size) if self.is_cut_here else count

    @property
    def is_cut_here(self) -> bool:
        """Whether the batches are made here, and not by whoever gave the source."""
        return isinstance(self.source, Tensors | Dataset)

    def batches(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        """The batches of an epoch, on the device, from batch number `skip` on."""
        for raw in self._raw(epoch, skip):
            yield self._ready(raw)

    def first(self, count: int, otherwise: Any) -> Any:
        """The first samples of the first epoch as one batch, drawn beside whoever is going through it.

        Where batches are not cut here, it is the first one of a list; of any other source, which may
        not be asked again while it is gone through, it is `otherwise`.
        """
        if self._loader is not None:
            return self._ready(self._loader.first(count))
        if isinstance(self.source, Tensors):
            return self._ready(next(self._cut(self.source, 0, 0, count)))
        return self._ready(self.source[0]) if isinstance(self.source, Sequence) else otherwise

    def close(self) -> None:
        """Let go of the processes that load it."""
        if self._loader is not None:
            self._loader.close()

    def _ready(self, raw: Any) -> Any:
        """The batch on the device, augmented and transformed."""
        batch = raw
        if not self._is_resident:
            batch = to_device(raw, self.device, wait=self.device.type != "cuda")
        if self.data.augment is not None and self.name == "train":
            batch = self.data.augment(batch)
        return batch if self.data.transform is None else self.data.transform(batch)

    def _raw(self, epoch: int, skip: int) -> Iterator[Any]:
        if self._loader is not None:
            return self._loader.batches(epoch, skip)
        if isinstance(self.source, Tensors):
            return self._cut(self.source, epoch, skip, self.batch_size)
        return islice(cast(Iterable[Any], self.source), skip, None)

    def _cut(self, source: Tensors, epoch: int, skip: int, size: int) -> Iterator[Any]:
        count = len(source)
        order = None
        if self.shuffle:
            order = shuffled(count, self.seed, epoch).to(source.tensors[0].device)
        for start in range(skip * size, count, size):
            end = start + size
            if order is None:
                yield tuple(tensor[start:end] for tensor in source.tensors)
            else:
                indices = order[start:end]
                yield tuple(tensor.index_select(0, indices) for tensor in source.tensors)

    def _place(self, source: Tensors) -> None:
        """Put the tensors on the device where they fit there."""
        free = free_bytes(self.device)
        if source.size_bytes > RESIDENT_SHARE * free:
            self.note = (
                f"the {self.name} split ({source.size_bytes / 1e9:.1f} GB) stays in main memory: "
                f"{free / 1e9:.1f} GB are free on {self.device}"
            )
            self._load(_Rows(source), collate=_as_it_is, workers=self.data.workers or AHEAD_WORKERS)
            return
        self.source = source.to(self.device)
        self._is_resident = True

    def _load(self, dataset: Dataset[Any], *, collate: Any, workers: int) -> None:
        self._loader = BatchLoader(
            dataset,
            self.batch_size,
            seed=self.seed,
            shuffle=self.shuffle,
            collate=collate,
            workers=workers,
            prefetch=self.data.prefetch,
            pin_memory=self.device.type == "cuda",
        )


class _Rows(Dataset[Any]):
    """Tensors whose batches are cut by index, in the order that the same tensors on a device have."""

    def __init__(self, source: Tensors) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, ...]:
        chosen = torch.tensor(indices)
        return tuple(tensor.index_select(0, chosen) for tensor in self._source.tensors)


def _as_it_is(batch: Any) -> Any:
    return batch


def free_bytes(device: torch.device) -> float:
    """Room on a CUDA device; without end on any other, whose memory is the host's."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf


def batch_length(batch: Any) -> int:
    """Samples in a batch: the length of its first tensor; 1 where there is none."""
    first = next((leaf for leaf in leaves(batch) if isinstance(leaf, Tensor)), None)
    return len(first) if first is not None and first.dim() else 1
