"""A rehearsal of a recipe that the loop does not train: one step, in a folder that goes away."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from workbench.workers.protocol import Rehearse, Report
from workbench.workers.rehearsing import rehearse

SAVING = '''\
"""Saves what takes a while to write, and goes on."""
import torch

from workbench import Recipe


class Saving(Recipe):
    def run(self, run):
        for step in run.steps(3):
            run.save({"weights": torch.zeros(16_000_000)}, wait=False)
            THEN
'''


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that a rehearsal's folder held when it went away."""
    names: list[str] = []

    class Watched(tempfile.TemporaryDirectory[str]):
        def cleanup(self) -> None:
            names.extend(sorted(path.name for path in Path(self.name).iterdir()))
            super().cleanup()

    monkeypatch.setattr(tempfile, "TemporaryDirectory", Watched)
    return names


def _rehearse(folder: Path, then: str) -> Report:
    file = folder / "saving.py"
    file.write_text(SAVING.replace("THEN", then))
    return rehearse(Rehearse(str(file), {}, 0, "cpu"))


def test_a_checkpoint_is_whole_before_its_folder_goes_away(tmp_path: Path, left: list[str]) -> None:
    report = _rehearse(tmp_path, "run.log(loss=1.0)")
    assert not report.error
    assert report.text.startswith("one step of 3 done")
    assert left == ["events.jsonl", "last.pt"]


def test_a_fault_is_told_when_the_checkpoint_is_written(tmp_path: Path, left: list[str]) -> None:
    report = _rehearse(tmp_path, "raise ValueError('the lesson is over')")
    assert "the lesson is over" in report.error
    assert "last.pt" in left
