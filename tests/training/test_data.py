from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator

import pytest
import torch
from torch.utils.data import IterableDataset, TensorDataset

from workbench.errors import WorkbenchError
from workbench.training import data
from workbench.training.data import Data, Source, Split, Tensors, batch_length, to_device

CPU = torch.device("cpu")


def split(source: Source, *, batch_size: int = 4, shuffle: bool = True, seed: int = 3) -> Split:
    return Split(source, batch_size, CPU, shuffle, seed, Data())


def test_tensors_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Tensors(torch.zeros(3), torch.zeros(4))


@pytest.mark.parametrize("kind", [Tensors, TensorDataset])
def test_an_epoch_holds_every_sample_once_and_the_rest_batch_is_kept(kind: type) -> None:
    x = torch.arange(10)
    s = split(kind(x, 2 * x))
    batches = list(s.batches(epoch=0))
    assert len(batches) == len(s) == 3
    assert sorted(torch.cat([b[0] for b in batches]).tolist()) == list(range(10))
    assert all(torch.equal(b[1], 2 * b[0]) for b in batches)


def test_tensors_too_large_for_the_device_are_cut_ahead_in_the_same_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tensors = Tensors(torch.arange(10), torch.arange(10.0).reshape(10, 1))
    resident = split(tensors)
    monkeypatch.setattr(data, "free_bytes", lambda _device: 100.0)
    loaded = split(tensors)
    assert "stays in main memory" in loaded.note and not resident.note
    for one, other in zip(resident.batches(2, skip=1), loaded.batches(2, skip=1), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    loaded.close()


@pytest.mark.parametrize("kind", [Tensors, TensorDataset])
def test_the_order_depends_on_seed_and_epoch_alone(kind: type) -> None:
    def order(seed: int, epoch: int) -> list[int]:
        torch.manual_seed(0)
        torch.rand(seed + epoch)  # the global generator's state does not matter
        batches = split(kind(torch.arange(50)), seed=seed).batches(epoch)
        return [int(v) for b in batches for v in b[0]]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


@pytest.mark.parametrize("kind", [Tensors, TensorDataset])
def test_skipped_batches_leave_the_rest_as_it_was(kind: type) -> None:
    s = split(kind(torch.arange(10)))
    whole = [b[0].tolist() for b in s.batches(epoch=5)]
    assert [b[0].tolist() for b in s.batches(epoch=5, skip=2)] == whole[2:]


def test_evaluation_keeps_the_order() -> None:
    batches = split(Tensors(torch.arange(6)), shuffle=False).batches(epoch=9)
    assert [b[0].tolist() for b in batches] == [[0, 1, 2, 3], [4, 5]]


def test_any_iterable_is_iterated_as_it_is() -> None:
    graph = {"x": torch.zeros(3), "name": "karate"}
    assert next(iter(split([graph]).batches(0)))["name"] == "karate"


def test_an_empty_split_is_named() -> None:
    with pytest.raises(WorkbenchError, match="the train split of the data is empty"):
        len(split(Tensors(torch.zeros(0))))


def test_a_generator_which_only_one_epoch_could_go_through_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="no length: it is a generator"):
        len(split(batch for batch in [torch.zeros(2)]))


class Endless(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(10))


def test_a_data_set_without_places_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="no epoch can begin in its middle"):
        split(Endless())


def test_nested_batches_move_whole() -> None:
    Pair = namedtuple("Pair", "a b")
    moved = to_device({"p": Pair(torch.zeros(1), [torch.ones(2), "x"])}, torch.device("meta"))
    assert moved["p"].a.is_meta
    assert moved["p"].b[0].is_meta
    assert moved["p"].b[1] == "x"


def test_the_length_of_a_batch_is_that_of_its_first_tensor() -> None:
    assert batch_length((torch.zeros(5, 2), torch.zeros(5))) == 5
    assert batch_length({"x": [torch.zeros(7)]}) == 7
    assert batch_length(torch.tensor(1.0)) == 1
    assert batch_length(None) == 1


@pytest.mark.parametrize("kind", [Tensors, TensorDataset])
@pytest.mark.parametrize("shuffle", [True, False])
def test_the_first_samples_are_always_the_same_and_disturb_no_epoch(kind: type, shuffle: bool) -> None:
    s = split(kind(torch.arange(10)), shuffle=shuffle)
    beginning = torch.cat([batch[0] for batch in s.batches(0)])[:6]
    undisturbed = [batch[0].tolist() for batch in s.batches(1)]
    going = s.batches(1)
    batches = [next(going)[0].tolist()]
    first = s.first(6, otherwise=None)[0]
    batches += [batch[0].tolist() for batch in going]
    assert first.tolist() == beginning.tolist() == s.first(6, otherwise=None)[0].tolist()
    assert batches == undisturbed


def test_batches_that_others_make_are_asked_for_only_where_that_cannot_disturb() -> None:
    batches = [torch.arange(3), torch.arange(2)]
    assert split(batches).first(2, otherwise=None) is batches[0]
    once = split(zip(*[batches], strict=True))
    assert once.first(2, otherwise="the step's") == "the step's"
    assert len(list(once.batches(0))) == 2
