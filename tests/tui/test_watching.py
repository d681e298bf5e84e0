"""Runs of other programs on the screens: shown as ours are, and never steered."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.run_line import _step
from workbench.workers.standby import Standby

from .driving import LARGE, SMALL, drive, press, screen, sees

Record = Callable[..., RunFolder]
STEERING = ("stop", "pause", "continue", "delete", "checkpoint", "set ")


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """A tree with one run of Lightning's that is still written to, and one long silent."""
    for name in ("version_0", "version_1"):
        folder = tmp_path / "lightning_logs" / name
        folder.mkdir(parents=True)
        (folder / "hparams.yaml").write_text("lr: 0.01\nmodel: '[b]net[/b]'\n")
        rows = [f"{step // 20},{step},{1 / (step + 1)},\n" for step in range(100)]
        (folder / "metrics.csv").write_text("epoch,step,train/loss,val/loss\n" + "".join(rows))
    os.utime(tmp_path / "lightning_logs" / "version_0" / "metrics.csv", (1000.0, 1000.0))
    return tmp_path / "lightning_logs"


@pytest.fixture
def app(checkpoints: Path, recipes: Path, watched: Path) -> WorkbenchApp:
    """The application as `workbench --watch DIR` opens it."""
    return WorkbenchApp(checkpoints, [recipes], standby=Standby(), watched=watched)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_they_are_listed_beside_ours_and_not_steered(
    app: WorkbenchApp, record: Record, size: tuple[int, int]
) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "◆ live")
        await sees(pilot, "✓ finished")
        shown = screen(pilot)
        assert "◇ recorded" in shown
        assert re.search(r"recorded  (step )?99 ", shown)
        assert "1 live" in shown.splitlines()[0]
        await sees(pilot, "read-only: Lightning CSV")
        footer = screen(pilot).splitlines()[-1]
        assert "open" in footer
        assert not [word for word in STEERING if word in footer]
        await press(pilot, "d")
        assert "Delete" not in screen(pilot)

    drive(app, script, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_page_shows_curves_and_parameters(app: WorkbenchApp, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "◆ live")
        await press(pilot, "enter")
        await sees(pilot, "lightning_logs/version_1   ◆ live")
        await sees(pilot, "Lightning CSV · read-only")
        await sees(pilot, "loss")
        shown = screen(pilot)
        assert "step 99 · epoch 4" in shown
        assert any("\u2801" <= char <= "\u28ff" for char in shown), "no curve is drawn"
        assert not [word for word in STEERING if word in shown.splitlines()[-1]]
        await press(pilot, "3")
        await sees(pilot, "no log")
        await press(pilot, "4")
        await sees(pilot, "[b]net[/b]")
        await sees(pilot, "0.01")
        await press(pilot, "5")
        await sees(pilot, "is not shown here")

    drive(app, script, size)


def test_the_page_follows_growth(app: WorkbenchApp, watched: Path) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "◆ live")
        await press(pilot, "enter")
        await sees(pilot, "step 99")
        with (watched / "version_1" / "metrics.csv").open("a") as file:
            file.write("5,123,0.5,0.25\n")
        await sees(pilot, "step 123")

    drive(app, script)


def test_without_a_folder_to_watch_nothing_is_searched(
    checkpoints: Path, recipes: Path, watched: Path
) -> None:
    assert (watched / "version_1").is_dir()
    assert WorkbenchApp(checkpoints, [recipes], standby=Standby()).session.listing.read() == []


@pytest.mark.parametrize(
    ("step", "room", "shown"),
    [
        (0, 6, ""),
        (9, 6, "step 9"),
        (99, 6, "99"),
        (24_999, 6, "24,999"),
        (249_999, 6, "250k"),
        (10**9, 6, "1,000M"),
        (249_999, 20, "step 249,999"),
    ],
)
def test_a_step_is_never_cut_into_another_number(step: int, room: int, shown: str) -> None:
    assert _step(step, room) == shown


def test_they_are_compared_with_ours_but_get_no_star(app: WorkbenchApp, record: Record) -> None:
    folder = record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "◇ recorded")
        await press(pilot, "a asterisk")
        await sees(pilot, "★")
        assert screen(pilot).count("★") == 1
        await press(pilot, "v")
        await sees(pilot, "train/loss")
        await press(pilot, "2")
        await sees(pilot, "model")
        shown = screen(pilot)
        assert folder.name in shown and "version_0" in shown and "version_1" in shown

    drive(app, script, LARGE)
