"""The checkpoints that are there."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from workbench.runs import events
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder
from workbench.runs.saved import saved


def write(folder: RunFolder, file: str, size_bytes: int = 10) -> Path:
    path = folder.path / file
    path.write_bytes(bytes(size_bytes))
    return path


def record(step: int, file: str, reason: str = "last") -> events.Checkpoint:
    return events.Checkpoint(
        time=float(step), step=step, file=file, reason=reason, metrics={"loss": step / 10}
    )


def test_only_what_is_there_is_listed_the_latest_step_first(folder: RunFolder) -> None:
    records = [
        record(10, "step-00000010.pt", "kept"),
        record(10, "best.pt", "best"),
        record(20, "step-00000020.pt", "kept"),
        record(20, "last.pt"),
        record(30, "step-00000030.pt", "kept"),
        record(30, "last.pt", "stop"),
    ]
    last = write(folder, "last.pt", 2000)
    write(folder, "best.pt")
    os.link(last, folder.path / "step-00000030.pt")
    os.utime(last, (50.0, 50.0))
    there = saved(folder, records)
    assert [(one.file, one.step) for one in there] == [
        ("step-00000030.pt", 30),
        ("last.pt", 30),
        ("best.pt", 10),
    ]
    assert (there[1].reason, there[1].size_bytes, there[1].written) == ("stop", 2000, 50.0)
    assert there[2].metrics == {"loss": 1.0}


def test_a_file_without_a_record_is_listed_by_what_its_name_tells(folder: RunFolder) -> None:
    for file in ("step-00000040.pt", "mine.pt"):
        write(folder, file)
    assert [(one.file, one.step) for one in saved(folder, [])] == [
        ("step-00000040.pt", 40),
        ("mine.pt", None),
    ]


def test_a_forks_beginning_has_its_parents_step(checkpoints: Path) -> None:
    parent = Parent(run="images-cnn-0009", checkpoint="best.pt", step=400)
    manifest = Manifest(name="", recipe=RecipeReference(id="images/cnn", file=""), parent=parent)
    folder, _ = folders.create(manifest, checkpoints)
    write(folder, "start.pt")
    assert [(one.file, one.step) for one in saved(folder, [])] == [("start.pt", 400)]
    orphan = msgspec.structs.replace(manifest, name=folder.name, parent=None)
    folder.manifest_file.write_bytes(msgspec.json.encode(orphan))
    assert saved(folder, [])[0].step is None


def test_a_run_without_checkpoints_has_none(folder: RunFolder) -> None:
    assert saved(folder, [record(10, "last.pt")]) == ()
