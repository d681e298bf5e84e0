"""Forking a run from its page, over a real worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from workbench.catalog import read_recipe
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder
from workbench.runs.saved import Saved
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.fork import ForkScreen
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.checkpoints_table import latest
from workbench.tui.widgets.parameter_field import ParameterField
from workbench.workers.launch import Order, launch
from workbench.workers.standby import Standby

from .driving import LARGE, PATIENCE_S, SMALL, drive, press, screen, sees, until

Record = Callable[..., RunFolder]
KEEP = '''
"""Counts, and keeps how far it came."""
from workbench import Recipe, number


class Keep(Recipe):
    class Params(Recipe.Params):
        steps: int = number(5, low=1)

    def run(self, run):
        for step in run.steps(self.params.steps):
            run.log(count=step)
            run.save({"count": step})
'''
FINISHED = events.Finished(time=9.0, step=60)


def test_the_last_checkpoint_is_forked_from_unless_another_is_chosen() -> None:
    some = (Saved("step-00000090.pt", 90, 1, 0.0), Saved("last.pt", 80, 1, 0.0))
    assert latest(some) is some[1]
    assert latest(some[:1]) is some[0]
    assert latest(()) is None


def test_a_run_without_checkpoints_offers_no_fork(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        assert "f fork" not in screen(pilot)
        (folder.path / "last.pt").write_bytes(b"weights")
        await press(pilot, "5")
        await sees(pilot, "last.pt")
        await sees(pilot, "f fork")

    drive(app, script, LARGE)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_form_begins_with_what_held_at_the_chosen_step(
    warm_app: WorkbenchApp, record: Record, size: tuple[int, int]
) -> None:
    folder = record(FINISHED)
    recorder = Recorder(folder.events_file)
    for step, old, new in ((10, 0.5, 0.25), (40, 0.25, 0.125)):
        recorder.record(events.ParameterSet(time=step, step=step, name="pause_s", old=old, value=new))
    recorder.close()
    for file in ("best.pt", "step-00000020.pt"):
        (folder.path / file).write_bytes(b"weights")

    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "5")
        await sees(pilot, "step-00000020.pt")
        await press(pilot, "j f")
        await until(pilot, lambda: warm_app.screen.query(ParameterField), "the form")
        await sees(pilot, f"fork of {folder.name} at step 20   step-00000020.pt")
        assert [shown(pilot, name) for name in ("steps", "pause_s", "seed")] == [100, 0.25, 7]
        assert shown(pilot, "partial") is False

    drive(warm_app, script, size)


def test_a_checkpoint_that_is_gone_is_told_above_the_form(
    warm_app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)
    (folder.path / "last.pt").write_bytes(b"weights")

    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_run(folder)
        await sees(pilot, "f fork")
        await press(pilot, "f")
        await until(pilot, lambda: warm_app.screen.query(ParameterField), "the form")
        (folder.path / "last.pt").unlink()
        await press(pilot, "enter")
        await sees(pilot, f"no checkpoint of {folder.name} 'last.pt'")
        assert isinstance(warm_app.screen, ForkScreen)

    drive(warm_app, script, LARGE)


def test_a_child_starts_with_what_was_changed_and_its_page_opens(
    warm_app: WorkbenchApp, checkpoints: Path, tmp_path: Path, standby: Standby
) -> None:
    file = tmp_path / "lessons" / "keep.py"
    file.parent.mkdir()
    file.write_text(KEEP)
    parent = launch(Order(read_recipe(file, tmp_path), {"steps": 5}, seed=3), checkpoints, standby)
    reach(parent, State.FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_run(parent)
        await sees(pilot, "f fork")
        await press(pilot, "f")
        await until(pilot, lambda: warm_app.screen.query(ParameterField), "the form")
        steps = next(
            one for one in warm_app.screen.query(ParameterField) if one.parameter.name == "steps"
        )
        steps.query_one(Input).value = "0"
        await sees(pilot, "steps=0 is out of bounds")
        await press(pilot, "enter")
        assert isinstance(warm_app.screen, ForkScreen)
        steps.query_one(Input).value = "9"
        await pilot.pause()
        await press(pilot, "down down down")
        assert warm_app.focused is field(pilot, "partial").control
        await press(pilot, "space ctrl+l")
        await until(pilot, lambda: isinstance(warm_app.screen, RunScreen), "the child's page")
        await sees(pilot, "step 9/9")

    drive(warm_app, script, LARGE)
    child = RunFolder(checkpoints / "lessons-keep-0002")
    manifest = child.manifest()
    assert manifest.parent is not None
    assert (manifest.parent.run, manifest.parent.step) == (parent.name, 5)
    assert manifest.parameters["steps"] == 9
    assert manifest.seed == 3
    assert control.launches(child.control_file)[0].partial


def reach(run: RunFolder, state: State) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while status_of(run).state is not state:
        assert time.monotonic() < deadline, status_of(run)
        time.sleep(0.02)


def field(pilot: Pilot[None], name: str) -> ParameterField:
    fields = pilot.app.screen.query(ParameterField)
    return next(one for one in fields if one.parameter.name == name)


def shown(pilot: Pilot[None], name: str) -> object:
    return field(pilot, name).value
