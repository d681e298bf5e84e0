from __future__ import annotations

import os
import pickle
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.training import checkpoints
from workbench.training.trees import tensors_in

STATE = {
    "format": 2,
    "recipe": "a/b",
    "step": 3,
    "state": {"w": torch.arange(4.0), "names": ["x", "y"]},
}


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("exploded",)


def test_reloaded_equals_saved_bit_for_bit(tmp_path: Path) -> None:
    checkpoints.write(tmp_path / "last.pt", STATE)
    loaded = checkpoints.read(tmp_path / "last.pt")
    assert torch.equal(loaded["state"].pop("w"), torch.arange(4.0))
    assert loaded == {**STATE, "state": {"names": ["x", "y"]}}
    assert list(tmp_path.iterdir()) == [tmp_path / "last.pt"]


def test_what_could_not_be_loaded_again_is_not_written(tmp_path: Path) -> None:
    checkpoints.write(tmp_path / "last.pt", STATE)
    with pytest.raises(WorkbenchError, match="cannot be kept"):
        checkpoints.write(tmp_path / "last.pt", {**STATE, "state": {"fine": Bomb}})
    assert checkpoints.read(tmp_path / "last.pt")["step"] == 3


def test_a_full_disk_leaves_the_earlier_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.write(tmp_path / "last.pt", STATE)

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.write(tmp_path / "last.pt", {**STATE, "step": 4})
    assert checkpoints.read(tmp_path / "last.pt")["step"] == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "last.pt"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_checkpoint_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "last.pt"
    checkpoints.write(path, STATE)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(WorkbenchError, match="damaged or no checkpoint"):
        checkpoints.read(path)


@pytest.mark.parametrize(
    "save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))]
)
def test_a_pickle_with_code_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: object
) -> None:
    monkeypatch.chdir(tmp_path)
    assert callable(save)
    save({**STATE, "state": Bomb()}, tmp_path / "last.pt")
    with pytest.raises(WorkbenchError, match="refused"):
        checkpoints.read(tmp_path / "last.pt")
    assert not (tmp_path / "exploded").exists()


def test_other_files_and_formats_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    torch.save({"w": torch.zeros(2)}, path)
    with pytest.raises(WorkbenchError, match="no checkpoint of the workbench"):
        checkpoints.read(path)
    torch.save({**STATE, "format": 3}, path)
    with pytest.raises(WorkbenchError, match="another workbench"):
        checkpoints.read(path)
    with pytest.raises(WorkbenchError, match="there is no checkpoint"):
        checkpoints.read(tmp_path / "gone.pt")


def test_copies_take_the_memory_that_earlier_ones_left_and_no_more(tmp_path: Path) -> None:
    files = checkpoints.TorchCheckpoints()
    table = torch.arange(12.0).reshape(3, 4)
    for size in range(1, 6):
        state = {"view": table.T, "wide": torch.ones(1).expand(5), "grows": torch.zeros(size)}
        files.write(tmp_path / "a.pt", files.snapshot({**STATE, "state": state}))
    kept = sum(len(tensors) for tensors in files._spare.values())
    assert kept <= len(list(tensors_in({**STATE, "state": state})))
    found = checkpoints.read(tmp_path / "a.pt")["state"]
    assert torch.equal(found["view"], table.T) and torch.equal(found["wide"], torch.ones(5))


def test_a_large_checkpoint_goes_to_the_disk_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(checkpoints, "PIECE_BYTES", 4096)
    monkeypatch.setattr(os, "fdatasync", lambda file: sent.append(os.fstat(file).st_size))
    state = {"weights": torch.arange(10_000.0), "names": ["a", "b"]}
    checkpoints.write(tmp_path / "last.pt", {**STATE, "state": state})
    found = checkpoints.read(tmp_path / "last.pt")["state"]
    assert torch.equal(found["weights"], state["weights"]) and found["names"] == state["names"]
    assert len(sent) >= 40_000 // 4096 - 1
    assert max(after - before for before, after in pairwise(sent)) <= 2 * 4096
