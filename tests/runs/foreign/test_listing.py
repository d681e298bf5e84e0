"""Foreign runs in the list of all runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.runs.folder import RunFolder
from workbench.runs.foreign import listing as listings
from workbench.runs.foreign.folder import ForeignFolder
from workbench.runs.foreign.glance import last_step
from workbench.runs.foreign.listing import ForeignListing
from workbench.runs.listing import Listing
from workbench.runs.states import State

from .conftest import event, framed

Write = Callable[..., ForeignFolder]


def test_they_stand_beside_ours(write: Write, folder: RunFolder, checkpoints: Path) -> None:
    watched = write(*[event(step, "loss", step) for step in range(500)])
    runs = Listing(checkpoints, watched.path).read()

    by_kind = {run.folder.read_only: run for run in runs}
    assert by_kind[False].name == folder.name
    assert by_kind[True].name == f"{watched.path.name}/"
    assert by_kind[True].manifest.recipe.id == "TensorBoard"
    assert (by_kind[True].status.state, by_kind[True].status.step) == (State.LIVE, 499)


def test_growth_is_seen_and_silence_too(write: Write) -> None:
    folder = write(event(1, "loss", 1.0))
    listing = ForeignListing(folder.path)
    assert listing.read()[0].status.step == 1
    with folder.files()[0].open("ab") as stream:
        stream.write(framed(event(2, "loss", 1.0)))
    assert listing.read()[0].status.step == 2

    os.utime(folder.files()[0], (5.0, 5.0))
    assert listing.read()[0].status.state is State.RECORDED


def test_a_run_that_is_deleted_is_gone_at_once(write: Write) -> None:
    folder = write(event(1, "loss", 1.0))
    listing = ForeignListing(folder.path)
    assert len(listing.read()) == 1

    shutil.rmtree(folder.path)
    assert listing.read() == []


def test_new_runs_are_found_at_the_next_search(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(event(1, "loss", 1.0))
    listing = ForeignListing(folder.path)
    assert len(listing.read()) == 1
    new = folder.path / "new"
    new.mkdir()
    (new / "metrics.csv").write_text("step,loss\n1,2\n")
    assert len(listing.read()) == 1

    monkeypatch.setattr(listings, "SEARCH_INTERVAL_S", 0.0)
    listing._due = 0.0
    assert len(listing.read()) == 2


def test_a_glance_at_half_written_files(write: Write) -> None:
    folder = write(*[event(step, "loss", step) for step in range(1, 300)])
    file = folder.files()[0]
    file.write_bytes(file.read_bytes()[:-20])

    assert last_step(folder) == 298


def test_a_glance_at_rows(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,step,loss\n0,7,1\n1,15,0.5\n1,23")
    (run,) = ForeignListing(tmp_path).read()

    assert run.status.step == 15
