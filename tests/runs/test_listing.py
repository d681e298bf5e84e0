"""All runs at a glance: what has ended is read once, and what changed is seen."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from workbench.runs import control, events, listing
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.listing import Listing, RunSummary
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder, now
from workbench.runs.states import State


def create(
    checkpoints: Path, recipe: str = "images/cnn", created: float = 1.0, seed: int = 0
) -> RunFolder:
    reference = RecipeReference(id=recipe, file="")
    manifest = Manifest(name="", recipe=reference, created=created, seed=seed)
    return folders.create(manifest, checkpoints)[0]


def record(folder: RunFolder, *records: events.Event) -> None:
    recorder = Recorder(folder.events_file)
    for event in records:
        recorder.record(event)
    recorder.close()


def started() -> events.Started:
    return events.Started(time=now(), pid=os.getpid(), host="box", device="cpu")


def only(runs: list[RunSummary]) -> RunSummary:
    (run,) = runs
    return run


def test_a_place_without_runs_has_an_empty_list(tmp_path: Path) -> None:
    assert Listing(tmp_path / "gone").read() == []


def test_runs_come_newest_first(checkpoints: Path) -> None:
    for recipe, created in (("a/old", 1.0), ("b/new", 3.0), ("c/middle", 2.0), ("d/middle", 2.0)):
        create(checkpoints, recipe, created)
    names = [run.name for run in Listing(checkpoints).read()]
    assert names == ["b-new-0001", "d-middle-0001", "c-middle-0001", "a-old-0001"]


def test_what_changes_is_seen_at_the_next_read(checkpoints: Path) -> None:
    runs = Listing(checkpoints)
    folder = create(checkpoints)
    control.ask(folder.control_file, control.Launch())
    own = RunLock(folder.lock_file)
    own.acquire()
    assert only(runs.read()).status.state is State.STARTING
    record(folder, started(), events.Progress(time=now(), step=4, total=8))
    assert (only(runs.read()).status.state, only(runs.read()).status.step) == (State.RUNNING, 4)
    record(folder, events.Finished(time=now(), step=8))
    own.release()
    assert (only(runs.read()).status.state, only(runs.read()).status.step) == (State.FINISHED, 8)
    time.sleep(0.005)
    control.ask(folder.control_file, control.Launch())
    assert only(runs.read()).status.state is State.STARTING


def test_what_has_ended_is_read_once(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        record(create(checkpoints), started(), events.Finished(time=now(), step=8))
    runs = Listing(checkpoints)
    first = runs.read()
    read: list[RunFolder] = []
    monkeypatch.setattr(listing, "status_of", read.append)
    assert runs.read() == first
    assert read == []


def test_a_lost_run_that_is_heard_of_again_is_seen_to_live(checkpoints: Path) -> None:
    folder = create(checkpoints)
    record(folder, started(), events.Paused(time=now(), step=3))
    runs = Listing(checkpoints)
    assert only(runs.read()).status.state is State.LOST
    own = RunLock(folder.lock_file)
    own.acquire()
    assert only(runs.read()).status.state is State.PAUSED
    own.release()


def test_a_new_run_under_the_name_of_a_deleted_one_is_a_new_run(checkpoints: Path) -> None:
    runs = Listing(checkpoints)
    first = create(checkpoints, seed=1)
    record(first, started(), events.Finished(time=now(), step=8))
    assert only(runs.read()).manifest.seed == 1
    shutil.rmtree(first.path)
    second = create(checkpoints, seed=2)
    assert second == first
    assert only(runs.read()).manifest.seed == 2
    assert only(runs.read()).status.state is State.STARTING


def test_a_deleted_run_is_gone(checkpoints: Path) -> None:
    runs = Listing(checkpoints)
    folder = create(checkpoints)
    assert only(runs.read()).name == folder.name
    shutil.rmtree(folder.path)
    assert runs.read() == []


def test_a_damaged_run_is_listed_with_its_fault_until_it_is_mended(checkpoints: Path) -> None:
    sound, broken = create(checkpoints), create(checkpoints)
    whole = broken.manifest_file.read_bytes()
    broken.manifest_file.write_bytes(whole[:-20])
    runs = Listing(checkpoints)
    faults = {run.name: run.fault for run in runs.read()}
    assert faults[sound.name] == ""
    assert "run.json cannot be read" in faults[broken.name]
    broken.manifest_file.write_bytes(whole)
    assert [run.fault for run in runs.read()] == ["", ""]


def test_a_run_whose_records_cannot_be_read_does_not_hide_the_others(checkpoints: Path) -> None:
    sound, broken = create(checkpoints), create(checkpoints)
    broken.events_file.mkdir()
    faults = {run.name: run.fault for run in Listing(checkpoints).read()}
    assert faults[sound.name] == ""
    assert "cannot be read" in faults[broken.name]
