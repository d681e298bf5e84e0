"""Checkpoints are written beside the steps; what goes wrong is told to who takes them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from workbench.runs.checkpoint_writer import CheckpointWriter, Job


class SlowFiles:
    """Writes plain values when it is let; keeps the names of what it wrote."""

    def __init__(self) -> None:
        self.may_write = threading.Event()
        self.may_write.set()
        self.fault: OSError | None = None

    def reserve(self, state: Mapping[str, Any]) -> Callable[[], None]:
        return lambda: None

    def snapshot(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict(state)

    def write(self, path: Path, state: Mapping[str, Any]) -> None:
        assert self.may_write.wait(timeout=10)
        path.write_text(json.dumps(state))
        if self.fault is not None:
            raise self.fault

    def read(self, path: Path) -> dict[str, Any]:
        return dict(json.loads(path.read_text()))


@pytest.fixture
def files() -> SlowFiles:
    return SlowFiles()


@pytest.fixture
def writer(files: SlowFiles) -> CheckpointWriter:
    return CheckpointWriter(files)


def job(folder: Path, *names: str, done: Callable[[], None] = lambda: None, **state: Any) -> Job:
    return Job(folder, names, state, done)


def test_the_caller_goes_on_while_a_checkpoint_is_written(
    tmp_path: Path, writer: CheckpointWriter, files: SlowFiles
) -> None:
    files.may_write.clear()
    told: list[str] = []
    writer.submit(job(tmp_path, "last.pt", done=lambda: told.append("last"), step=1))
    assert writer.is_busy and not told
    files.may_write.set()
    writer.wait()
    assert told == ["last"] and not writer.is_busy
    assert files.read(tmp_path / "last.pt") == {"step": 1}


def test_several_names_are_one_file_on_the_disk(tmp_path: Path, writer: CheckpointWriter) -> None:
    for step in (1, 2):  # the second time over files that are there
        writer.submit(job(tmp_path, f"step-{step}.pt", "best.pt", "last.pt", step=step))
        writer.wait()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "best.pt",
        "last.pt",
        "step-1.pt",
        "step-2.pt",
    ]
    assert (tmp_path / "best.pt").samefile(tmp_path / "last.pt")
    assert json.loads((tmp_path / "step-1.pt").read_text()) == {"step": 1}
    assert json.loads((tmp_path / "best.pt").read_text()) == {"step": 2}


def test_a_file_system_without_links_gets_copies(
    tmp_path: Path, writer: CheckpointWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    writer.submit(job(tmp_path, "best.pt", "last.pt", step=3))
    writer.wait()
    assert not (tmp_path / "best.pt").samefile(tmp_path / "last.pt")
    assert (tmp_path / "best.pt").read_bytes() == (tmp_path / "last.pt").read_bytes()


def test_a_full_disk_is_told_once_and_leaves_the_earlier_file(
    tmp_path: Path, writer: CheckpointWriter, files: SlowFiles
) -> None:
    writer.submit(job(tmp_path, "last.pt", step=1))
    writer.wait()
    files.fault = OSError(28, "No space left on device")
    writer.submit(job(tmp_path, "best.pt", "last.pt", step=2))
    with pytest.raises(OSError, match="No space left"):
        writer.wait()
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]
    assert files.read(tmp_path / "last.pt") == {"step": 1}
    files.fault = None
    writer.submit(job(tmp_path, "last.pt", step=3))
    writer.wait()
    assert files.read(tmp_path / "last.pt") == {"step": 3}
