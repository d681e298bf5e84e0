"""Deleted runs, and how they come back."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workbench.errors import NotFoundError, UsageError, WorkbenchError
from workbench.runs import trash
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, all_runs, create, trash_dir


def make(checkpoints: Path, seed: int = 0) -> RunFolder:
    return create(Manifest(name="", recipe=RecipeReference(id="a/b", file=""), seed=seed), checkpoints)[
        0
    ]


def names(checkpoints: Path) -> list[str]:
    return sorted(folder.name for folder in all_runs(checkpoints))


def test_what_is_deleted_is_no_run_and_comes_back_whole(checkpoints: Path) -> None:
    folder = make(checkpoints, seed=7)
    trash.put(folder)
    assert names(checkpoints) == []
    assert trash.restore("a-b-0001", checkpoints) == folder
    assert folder.manifest().seed == 7
    assert list(trash_dir(checkpoints).iterdir()) == []


def test_a_new_run_does_not_get_the_number_of_a_deleted_one(checkpoints: Path) -> None:
    make(checkpoints)
    trash.put(make(checkpoints))
    assert make(checkpoints).name == "a-b-0003"
    assert trash.restore("a-b-0002", checkpoints).name == "a-b-0002"


def test_where_the_name_is_taken_it_comes_back_under_the_next_number(checkpoints: Path) -> None:
    folder = make(checkpoints, seed=7)
    trash.put(folder)
    folder.path.mkdir()
    folder.manifest_file.write_text("another's")
    back = trash.restore("a-b-0001", checkpoints)
    assert back.name == "a-b-0002"
    assert back.manifest().seed == 7
    assert folder.manifest_file.read_text() == "another's"


def test_of_two_of_one_name_the_last_deleted_comes_back_first(checkpoints: Path) -> None:
    for seed in (1, 2):
        folder = make(checkpoints, seed)
        folder.path.replace(checkpoints / "mine")
        trash.put(RunFolder(checkpoints / "mine"), when_ns=seed * 10**9)
    assert [trash.restore("mine", checkpoints).manifest().seed for _ in range(2)] == [2, 1]


def test_what_was_deleted_together_comes_back_together(checkpoints: Path) -> None:
    runs = [make(checkpoints) for _ in range(4)]
    trash.put(runs[0], when_ns=1)
    for folder in runs[1:3]:
        trash.put(folder, when_ns=2_000)
    back = trash.restore_last(checkpoints)
    assert [(name, folder.name) for name, folder in back] == [("a-b-0002",) * 2, ("a-b-0003",) * 2]
    assert [name for name, _ in trash.restore_last(checkpoints)] == ["a-b-0001"]
    with pytest.raises(NotFoundError, match="the trash is empty"):
        trash.restore_last(checkpoints)


def test_only_what_is_old_is_deleted_for_good(checkpoints: Path) -> None:
    old, new = make(checkpoints), make(checkpoints)
    long_ago_s = time.time() - trash.KEPT_S - 60
    os.utime(old.path, (1, 1))
    trash.put(new)  # what counts is since when it is in the trash, not how old the run is
    trash.put(old, when_ns=int(long_ago_s * 1e9))
    assert [path.name for path in trash.empty(checkpoints)] == ["a-b-0001"]
    assert [path.name for path in trash_dir(checkpoints).iterdir()] == ["a-b-0002"]


def test_nothing_in_no_trash(checkpoints: Path) -> None:
    assert trash.empty(checkpoints) == []
    with pytest.raises(NotFoundError, match="no run in the trash 'a-b-0001'"):
        trash.restore("a-b-0001", checkpoints)
    with pytest.raises(UsageError, match="not the name of a run"):
        trash.restore("../precious", checkpoints)
    with pytest.raises(WorkbenchError, match="cannot be deleted"):
        trash.put(RunFolder(checkpoints / "gone"))
