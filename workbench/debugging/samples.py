"""What a network is looked at with: single samples of a recipe's data, and a user's own pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, default_collate

from workbench.debugging.own_pictures import PictureData, as_input, opened
from workbench.debugging.protocol import InputKind
from workbench.errors import UsageError, WorkbenchError
from workbench.training import random_state
from workbench.training.data import Data, Source, Tensors
from workbench.training.trees import mapped, tensors_in, to_device

MOST_BATCHES = 64  # of an iterable that are kept, since none of its batches can be asked for by number
LOOKED_AT = 64  # samples that tell the range of the numbers of a picture


@dataclass(frozen=True)
class One:
    """A sample as a batch of one, as the recipe's steps take it.

    Attributes:
        origin: the file of a picture of the user's own.
        notes: what was done to it.
    """

    index: int
    batch: Any
    origin: str = ""
    notes: tuple[str, ...] = ()

    @property
    def input(self) -> Tensor | None:
        """The tensor that the network is given, first dimension 1; None where there is none."""
        return next(tensors_in(self.batch), None)


class Samples:
    """Those of the validation split, else of the test or the training split, in their own order.

    Attributes:
        split: its name; empty where the recipe has no data.
        notes: what of the split cannot be looked at.
    """

    def __init__(self, data: Data, device: torch.device, seed: int) -> None:
        self._data = data
        self._device = device
        self._seed = seed
        self.notes: tuple[str, ...] = ()
        self.split, source = _chosen(data)
        self._source: _Access = self._access(source)
        self._own: list[One] = []

    def __len__(self) -> int:
        return len(self._source) + len(self._own)

    @property
    def given(self) -> int:
        """How many the recipe has; the user's own pictures come behind them."""
        return len(self._source)

    def at(self, index: int) -> One:
        """The sample of that number, from 0.

        Raises:
            UsageError: when there is none.
        """
        if not len(self):
            raise WorkbenchError(
                "this recipe has no samples: its data are a number of steps",
                "its weights can be looked at: kernels of a layer",
            )
        if not 0 <= index < len(self):
            raise UsageError(
                f"there is no sample {index}", f"there are {len(self):,}: 0 to {len(self) - 1}"
            )
        if index >= self.given:
            return self._own[index - self.given]
        return One(index, self._ready(self._source.batch(index, index + 1)))

    def batches(self, size: int) -> Iterator[tuple[int, Any]]:
        """The recipe's own samples: the number of the first, and a batch of `size` at most."""
        for first, raw in self._source.batches(size):
            yield first, self._ready(raw)

    def add(self, path: Path) -> One:
        """Make a picture a sample, as the recipe's are: its size, channels and range of numbers.

        Raises:
            WorkbenchError: when it is no picture, or the recipe's inputs are none.
        """
        raw = self._source.batch(0, 1) if self.given else None
        example = next(tensors_in(raw), None)
        if raw is None or example is None or example.dim() != 4:
            raise WorkbenchError(
                "a picture cannot be an input of this recipe: its inputs are no pictures",
                "leave out --image",
            )
        image, notes = as_input(opened(path), self._picture_data(example))
        batch = _with_input(raw, example, image)
        one = One(len(self), self._ready(batch), str(path), notes)
        self._own.append(one)
        return one

    def _picture_data(self, example: Tensor) -> PictureData:
        """What the recipe's pictures are like, told by the first of them."""
        raws = islice(self._source.batches(LOOKED_AT), 1)
        pictures = next((t for _, raw in raws for t in tensors_in(raw)), example)
        return PictureData.of(pictures)

    def _ready(self, raw: Any) -> Any:
        batch = to_device(raw, self._device)
        return batch if self._data.transform is None else self._data.transform(batch)

    def _access(self, source: Source | None) -> _Access:
        if source is None:
            return _Nothing()
        if isinstance(source, Tensors):
            return _Rows(len(source), lambda a, b: tuple(t[a:b] for t in source.tensors))
        if isinstance(source, Dataset) and not isinstance(source, IterableDataset):
            return _Rows(len(cast(Any, source)), self._collated(source))
        kept = list(islice(iter(source), MOST_BATCHES))
        if len(kept) == MOST_BATCHES:
            self.notes = (f"of the {self.split} split the first {MOST_BATCHES} batches are looked at",)
        return _Batches(kept)

    def _collated(self, dataset: Dataset[Any]) -> Callable[[int, int], Any]:
        collate = self._data.collate or default_collate

        def batch(start: int, end: int) -> Any:
            with random_state.seeded(hash((self._seed, start, end))):
                return collate([dataset[index] for index in range(start, end)])

        return batch


def kind_of(one: One) -> InputKind:
    """What the input of a sample is."""
    held = one.batch[0] if isinstance(one.batch, tuple | list) and one.batch else one.batch
    if any(hasattr(held, name) for name in ("edge_index", "edges", "adj_t")):
        return "graph"
    x = one.input
    if x is None:
        return "none"
    if x.dim() == 4:
        return "picture"
    if x.dim() in {2, 3} and not (x.is_floating_point() or x.is_complex()) and x.shape[-1] > 1:
        return "tokens"
    if x.dim() == 3:
        return "series"
    return "numbers" if x.dim() in {1, 2} else "other"


def _chosen(data: Data) -> tuple[str, Source | None]:
    splits = {"validation": data.validation, "test": data.test, "train": data.train}
    return next(((name, one) for name, one in splits.items() if one is not None), ("", None))


def _with_input(batch: Any, old: Tensor, new: Tensor) -> Any:
    """The batch with another input; whatever else it holds becomes 0, as nobody knows its label."""

    def changed(leaf: Any) -> Any:
        if leaf is old:
            return new
        return torch.zeros_like(leaf) if isinstance(leaf, Tensor) else leaf

    return mapped(batch, changed)


class _Access:
    """Samples by number; batches before they are transformed."""

    def __len__(self) -> int:
        raise NotImplementedError

    def batch(self, start: int, end: int) -> Any:
        """The samples from `start` to before `end`."""
        raise NotImplementedError

    def batches(self, size: int) -> Iterator[tuple[int, Any]]:
        for start in range(0, len(self), size):
            yield start, self.batch(start, min(start + size, len(self)))


class _Nothing(_Access):
    def __len__(self) -> int:
        return 0


@dataclass(frozen=True)
class _Rows(_Access):
    """Samples that are there one by one."""

    count: int
    cut: Callable[[int, int], Any]

    def __len__(self) -> int:
        return self.count

    def batch(self, start: int, end: int) -> Any:
        return self.cut(start, end)


@dataclass
class _Batches(_Access):
    """Batches as they were given; one that cannot be cut into samples is a sample, as a graph is."""

    given: list[Any]
    _ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ends = list(accumulate(_length(batch) or 1 for batch in self.given))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def batch(self, start: int, end: int) -> Any:
        place = next(i for i, stop in enumerate(self._ends) if start < stop)
        batch = self.given[place]
        length = _length(batch)
        if not length:
            return batch
        first = self._ends[place] - length
        return mapped(batch, lambda leaf: leaf[start - first : end - first] if _cut(leaf) else leaf)

    def batches(self, size: int) -> Iterator[tuple[int, Any]]:  # noqa: ARG002 - they have their sizes
        for end, batch in zip(self._ends, self.given, strict=True):
            yield end - (_length(batch) or 1), batch


def _cut(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.dim() > 0


def _length(batch: Any) -> int:
    """How many samples it can be cut into; 0 where it cannot."""
    if not _is_plain(batch):
        return 0
    lengths = {len(tensor) for tensor in tensors_in(batch) if tensor.dim()}
    return lengths.pop() if len(lengths) == 1 else 0


def _is_plain(batch: Any) -> bool:
    """Whether it is made of tuples, lists, dicts and tensors alone: no graph, no object of its own."""
    if isinstance(batch, Mapping) and not hasattr(batch, "to"):
        return all(map(_is_plain, batch.values()))
    if isinstance(batch, tuple | list) and not hasattr(batch, "_fields"):
        return all(map(_is_plain, batch))
    return isinstance(batch, Tensor | str | int | float | bool | None)
