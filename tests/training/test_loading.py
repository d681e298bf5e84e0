"""Batches of a data set are the same whoever loads them, and wherever an epoch begins."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data._utils import signal_handling

from workbench.training.data import Data, Split
from workbench.training.loading import BatchLoader


class Jittered(Dataset[Any]):
    """Ten samples, each drawn with all three generators, as an augmentation would."""

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Tensor:
        drawn = [float(torch.rand(())), float(np.random.rand()), random.random()]
        return torch.tensor([index, *drawn], dtype=torch.float64)


def epoch(workers: int, number: int = 0, skip: int = 0, **options: Any) -> list[Tensor]:
    loader = BatchLoader(Jittered(), 4, seed=7, shuffle=True, workers=workers, **options)
    return list(loader.batches(number, skip))


def test_neither_workers_nor_the_place_to_begin_change_what_is_drawn() -> None:
    whole = epoch(workers=0)
    assert [len(batch) for batch in whole] == [4, 4, 2]
    for other in (epoch(workers=2), epoch(workers=1, prefetch=4)):
        assert all(torch.equal(one, same) for one, same in zip(whole, other, strict=True))
    (last,) = epoch(workers=0, skip=2)
    assert torch.equal(last, whole[2])


def test_every_epoch_draws_anew_and_one_loader_serves_them_all() -> None:
    loader = BatchLoader(Jittered(), 4, seed=7, shuffle=True, workers=2)
    first, second = torch.cat(list(loader.batches(0))), torch.cat(list(loader.batches(1)))
    assert sorted(first[:, 0]) == sorted(second[:, 0]) == list(range(10))
    assert not set(first[:, 1].tolist()) & set(second[:, 1].tolist())
    again = torch.cat(list(loader.batches(0)))
    assert torch.equal(first, again)


def test_loading_leaves_the_trainings_own_generators_alone() -> None:
    def drawn() -> list[float]:
        return [float(torch.rand(())), float(np.random.rand()), random.random()]

    def seed() -> None:
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)

    seed()
    wanted = drawn()
    seed()
    epoch(workers=0)
    assert drawn() == wanted


def test_a_signal_to_every_process_of_a_job_leaves_the_batches_whole() -> None:
    loader = BatchLoader(Jittered(), 1, seed=7, shuffle=False, workers=2)
    batches = loader.batches(0)
    begun = [next(batches), next(batches)]  # one of each process, so that both are at work
    for worker in multiprocessing.active_children():
        worker.terminate()
    assert len([*begun, *batches]) == 10


@pytest.fixture
def _no_alarm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a new process, where no other loader of torch's has taken SIGCHLD."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    monkeypatch.setattr(signal_handling, "_SIGCHLD_handler_set", False)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.usefixtures("_no_alarm")
def test_a_killed_loading_process_leaves_no_other_behind() -> None:
    others = set(multiprocessing.active_children())
    loader = BatchLoader(Jittered(), 1, seed=7, shuffle=False, workers=2)
    batches = loader.batches(0)
    begun = [next(batches), next(batches)]
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL  # or it would raise anywhere
    killed, other = set(multiprocessing.active_children()) - others
    killed.kill()
    killed.join()
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        list(batches)
    loader.close()
    other.join(timeout=10)
    assert len(begun) == 2 and not other.is_alive()


UNFINISHED = """
import torch
from torch.utils.data import TensorDataset
from workbench.training.loading import BatchLoader

loader = BatchLoader(TensorDataset(torch.zeros(100, 2)), 1, seed=0, shuffle=False, workers=2)
kept = loader.batches(0)
next(kept)
print("done")
"""


def test_a_program_that_leaves_in_the_middle_of_an_epoch_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNFINISHED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "done"


class AllAtOnce(Jittered):
    def __getitems__(self, indices: list[int]) -> list[Tensor]:
        return [torch.tensor([index]) for index in indices]


def test_a_data_set_that_gives_many_at_once_is_asked_once() -> None:
    batches = list(BatchLoader(AllAtOnce(), 4, seed=0, shuffle=False).batches(0))
    assert [batch[:, 0].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_collate_of_ones_own_makes_the_batches() -> None:
    loader = BatchLoader(AllAtOnce(), 5, seed=0, shuffle=False, collate=len)
    assert list(loader.batches(0)) == [5, 5]


def test_batches_are_augmented_in_training_alone_and_transformed_everywhere() -> None:
    data = Data(augment=lambda batch: batch + 100, transform=lambda batch: batch * 2)
    device = torch.device("cpu")
    source = [torch.tensor([1.0]), torch.tensor([2.0])]
    trained = Split(source, 1, device, False, 0, data, name="train")
    evaluated = Split(source, 1, device, False, 0, data, name="val")
    assert [float(batch) for batch in trained.batches(0)] == [202.0, 204.0]
    assert [float(batch) for batch in evaluated.batches(0)] == [2.0, 4.0]


def test_torchvisions_transforms_change_the_pictures_of_a_batch() -> None:
    v2 = pytest.importorskip("torchvision.transforms.v2")
    normalise = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])])
    images = torch.full((3, 1, 4, 4), 255, dtype=torch.uint8)
    data = Data(transform=lambda batch: normalise(*batch))
    split = Split([(images, torch.arange(3))], 3, torch.device("cpu"), False, 0, data)
    ((changed, labels),) = split.batches(0)
    assert torch.allclose(changed, torch.ones(3, 1, 4, 4)) and labels.tolist() == [0, 1, 2]
