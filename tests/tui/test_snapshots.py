"""The main screens in 80x24, character by character; `pytest --renew-snapshots` writes them anew."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.workers.standby import Standby

from .driving import SMALL, drive, press, screen, sees, until

Record = Callable[..., RunFolder]
SNAPSHOTS = Path(__file__).parent / "snapshots"
NOW_S = 3 * 3600.0  # the records of `record` begin at 1.0
FINISHED = events.Finished(time=9.0, step=60)
FAILED = events.Failed(time=9.0, step=60, title="memory ran out", remedy="take a smaller batch")
NET = '''
"""A net of dense layers, told from its form."""
from workbench import Recipe, choice, number, switch


class Net(Recipe):
    class Params(Recipe.Params):
        width: int = number(16, low=1, high=256, log=True, help="neurons of a layer")
        depth: int = number(2, low=0, high=8, help="hidden layers")
        activation: str = choice("relu", "tanh", help="non-linearity after each layer")
        dropout: float = number(0.2, low=0, high=0.9, live=True, help="share that is left out")
        smoothing: float = number(0.0, low=0, high=0.5, live=True, help="of the labels")
        norm: bool = switch(True, help="whether batches are normalised")
        epochs: int = number(20, low=1, high=100_000, log=True, help="how often all is seen")
        batch_size: int = number(100, low=1, high=65_536, log=True, help="examples a step")
        optimizer: str = choice("adamw", "adam", "sgd", help="which steps are taken")
        lr: float = number(0.006, low=1e-7, high=10, log=True, live=True, help="how far")
        weight_decay: float = number(0.01, low=0, high=1, live=True, help="pull towards nought")
        schedule: str = choice("constant", "cosine", help="course of the learning rate")
        warm_up: float = number(0.0, low=0, high=0.9, help="share of the steps")
        patience: int = number(0, low=0, help="epochs without a better one")
        clip: float = number(0.0, low=0, help="longest gradient")
        keep: int = number(1, low=1, high=100, help="checkpoints")
        log_every: int = number(10, low=1, high=1000, help="steps")

    def run(self, run):
        pass
'''


@pytest.fixture(autouse=True)
def _the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW_S)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # each device is a line of the form


@pytest.fixture
def same(request: pytest.FixtureRequest) -> Callable[[Pilot[None], str], None]:
    """Compares the screen with what is kept of it, or keeps it."""

    def compare(pilot: Pilot[None], name: str) -> None:
        file, shown = SNAPSHOTS / f"{name}.txt", screen(pilot) + "\n"
        if request.config.getoption("--renew-snapshots"):
            file.write_text(shown)
        kept = file.read_text().splitlines()
        changes = difflib.unified_diff(kept, shown.splitlines(), "kept", "shown", lineterm="")
        assert shown.splitlines() == kept, "\n".join([f"{file.name} has changed", *changes])

    return compare


Same = Callable[[Pilot[None], str], None]


def test_recipes(app: WorkbenchApp, same: Same) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await only(pilot, "lessons/")
        await sees(pilot, "Counts [b]slowly[/b]")
        await settled(pilot)
        same(pilot, "recipes")

    drive(app, script)


def test_launch_form(checkpoints: Path, tmp_path: Path, same: Same) -> None:
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "net.py").write_text(NET)

    async def script(pilot: Pilot[None]) -> None:
        await only(pilot, "lessons/net")
        await sees(pilot, "A net of dense layers")
        await press(pilot, "enter")
        await sees(pilot, "^r rehearse")  # as soon as the form is there
        await settled(pilot)
        same(pilot, "launch")

    drive(WorkbenchApp(checkpoints, [tmp_path], standby=Standby()), script, SMALL)


def test_runs(app: WorkbenchApp, record: Record, same: Same) -> None:
    for end in (FINISHED, FAILED, None, events.Stopped(time=9.0, step=60, by="asked")):
        record(end)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0004")
        await press(pilot, "j j")
        await sees(pilot, "memory ran out")
        await settled(pilot)
        same(pilot, "runs")

    drive(app, script)


def test_curves(app: WorkbenchApp, record: Record, same: Same) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "━━ train")
        await settled(pilot)
        same(pilot, "curves")

    drive(app, script)


def test_comparison(app: WorkbenchApp, record: Record, same: Same) -> None:
    first, second = record(FINISHED), record(FAILED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_compare([first, second])
        await sees(pilot, "━━ a  ━━ b")
        await settled(pilot)
        same(pilot, "compare")

    drive(app, script)


async def only(pilot: Pilot[None], wanted: str) -> None:
    """Leave the recipes that come with the workbench out of the list: there will be others."""
    await sees(pilot, "from_scratch")
    await press(pilot, "slash")
    await pilot.press(*wanted, "enter")
    await sees(pilot, "esc show all")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the screen stays as it is."""
    seen: list[str] = []

    def still() -> bool:
        seen.append(screen(pilot))
        return len(seen) > 15 and len(set(seen[-15:])) == 1

    await until(pilot, still, "a screen that stays")
