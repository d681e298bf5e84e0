"""Batches of a data set: loaded ahead by worker processes, the same whoever loads them and when."""

from __future__ import annotations

import atexit
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakSet

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from workbench.training import random_state

Place = tuple[int, int]  # epoch and number of a batch


class BatchLoader:
    """A torch DataLoader whose items are whole batches, so that one can begin anywhere in an epoch.

    Each batch is loaded with generators seeded by its place alone: what a data set draws at random is
    the same with any number of workers, and after a resumption. Worker processes live as long as the
    loader.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        batch_size: int,
        *,
        seed: int,
        shuffle: bool,
        collate: Any = None,
        workers: int = 0,
        prefetch: int = 2,
        pin_memory: bool = False,
    ) -> None:
        self._batches = _Batches(dataset, batch_size, seed, shuffle, collate or default_collate)
        self._places = _Places(-(-len(cast(Any, dataset)) // batch_size))
        self._loader: DataLoader[Any] = DataLoader(
            self._batches,
            batch_size=None,
            sampler=self._places,
            num_workers=workers,
            prefetch_factor=prefetch if workers else None,
            persistent_workers=workers > 0,
            pin_memory=pin_memory,
            worker_init_fn=_outlast,
            generator=torch.Generator().manual_seed(seed),  # or each epoch would draw from torch's own
        )
        _open_loaders.add(self)

    def batches(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        """The batches of an epoch from number `skip` on; those before are not loaded."""
        self._places.epoch, self._places.first = epoch, skip
        with _without_torchs_alarm():
            return iter(self._loader)

    def first(self, count: int) -> Any:
        """The first samples of the first epoch as one batch, loaded in this process."""
        return self._batches.first(count)

    def close(self) -> None:
        """Let the worker processes go; nothing can be loaded any more."""
        loading: Any = self._loader._iterator
        if loading is not None and hasattr(loading, "_workers"):
            workers = list(loading._workers)
            loading._shutdown_workers()
            for worker in workers:
                if worker.is_alive():  # it waits for what another one held that was killed
                    worker.kill()
            self._loader._iterator = None  # who asks again gets new processes


class _Places(Sampler[Place]):
    """The places of an epoch's batches, in order."""

    def __init__(self, count: int) -> None:
        self.epoch = self.first = 0
        self._count = count

    def __iter__(self) -> Iterator[Place]:
        return ((self.epoch, number) for number in range(self.first, self._count))

    def __len__(self) -> int:
        return self._count - self.first


class _Batches(Dataset[Any]):
    """A data set of batches; each is found by its place."""

    def __init__(
        self, dataset: Dataset[Any], batch_size: int, seed: int, shuffle: bool, collate: Any
    ) -> None:
        self._dataset: Any = dataset
        self._batch_size = batch_size
        self._seed = seed
        self._shuffle = shuffle
        self._collate = collate
        self._order: tuple[int, Tensor] | None = None

    def __getitem__(self, place: Place) -> Any:
        epoch, number = place
        start = number * self._batch_size
        return self._collated(self._in_order(epoch)[start : start + self._batch_size].tolist(), place)

    def first(self, count: int) -> Any:
        """A batch of the first samples of the first epoch."""
        order = _order(len(self._dataset), self._seed, 0, shuffle=self._shuffle)
        return self._collated(order[:count].tolist(), (0, 0))

    def _collated(self, indices: list[int], place: Place) -> Any:
        with random_state.seeded(hash((self._seed, *place))):
            if hasattr(self._dataset, "__getitems__"):
                return self._collate(self._dataset.__getitems__(indices))
            return self._collate([self._dataset[index] for index in indices])

    def _in_order(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            order = _order(len(self._dataset), self._seed, epoch, shuffle=self._shuffle)
            self._order = (epoch, order)
        return self._order[1]


@contextmanager
def _without_torchs_alarm() -> Iterator[None]:
    """Leave SIGCHLD as it is: torch's handler raises wherever the training is, even within a record.

    A process that died is noticed all the same, within seconds, when its next batch is asked for.
    """
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGCHLD) is not before:
            signal.signal(signal.SIGCHLD, before)


def _outlast(_number: int) -> None:
    """A cluster's SIGTERM reaches every process of a job; the training needs these to end well."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


_open_loaders: WeakSet[BatchLoader] = WeakSet()


# Before multiprocessing's own way, a SIGTERM, which they do not heed.
@atexit.register
def _close_all() -> None:
    for loader in list(_open_loaders):
        loader.close()


def _order(count: int, seed: int, epoch: int, *, shuffle: bool) -> Tensor:
    return shuffled(count, seed, epoch) if shuffle else torch.arange(count)


def shuffled(count: int, seed: int, epoch: int) -> Tensor:
    """The order (count,) of an epoch's samples, which nothing but seed and epoch decides."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(count, generator=generator)
