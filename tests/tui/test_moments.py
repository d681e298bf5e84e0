"""What the curves of a run are marked with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.forks import Child
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.tui.app import WorkbenchApp
from workbench.tui.moments import moments
from workbench.tui.run_facts import Axis, PlotView, View
from workbench.tui.run_reader import RunReader

from .driving import SMALL, drive, press, screen, sees
from .test_compare_screen import fork_of

Record = Callable[..., RunFolder]
FINISHED = events.Finished(time=9.0, step=60)


@pytest.fixture
def eventful(record: Record) -> RunFolder:
    """A run with everything that curves are marked with."""
    folder = record()
    recorder = Recorder(folder.events_file)
    changed = events.ParameterSet(time=5.0, step=20, name="lr", old=0.1, value=0.05)
    for happened in (
        changed,
        events.Checkpoint(time=6.0, step=30, file="last.pt", reason="asked"),
        events.Checkpoint(time=7.0, step=50, file="step-00000050.pt", reason="kept"),
        FINISHED,
    ):
        recorder.record(happened)
    recorder.close()
    return folder


def history_of(folder: RunFolder) -> History:
    history = History(folder)
    history.read()
    return history


def test_checkpoints_changed_parameters_and_forks_are_told(eventful: RunFolder) -> None:
    forks = [Child(50, "b"), Child(60, "c"), Child(60, "d"), Child(60, "e"), Child(60, "f")]
    history = history_of(eventful)
    told = {one.label: (one.step, one.time) for one in moments(history, forks)}
    assert told == {
        "best": (40, 2.5),
        "last": (30, 6.0),
        "lr=0.05": (20, 5.0),
        "fork b": (50, 7.0),
        "forks c, d and 2 more": (60, history.series["train/loss"].times[-1]),
    }


@pytest.mark.parametrize("width", [78, 198])
@pytest.mark.parametrize(
    ("x", "label"), [(20, "lr=0.05"), (30, "last"), (40, "best"), (59, "fork child")]
)
def test_the_crosshair_names_each_of_them_where_the_plots_are_too_low_for_names(
    eventful: RunFolder, width: int, x: float, label: str
) -> None:
    # Forked after the last point that is drawn, as from a run's end.
    view = View(plots=PlotView(width, 9, crosshair=float(x)), children=(Child(70, "child"),))
    snapshot = RunReader(eventful).read(view)
    assert snapshot is not None
    assert f"▾{label}" in snapshot.drawing[0].text
    assert sum("┊" in strip.text for strip in snapshot.drawing) >= 3


@pytest.mark.parametrize("axis", ["step", "time", "clock"])
def test_a_fork_has_its_place_on_every_axis(eventful: RunFolder, axis: Axis) -> None:
    view = View(plots=PlotView(198, 30, axis=axis), children=(Child(45, "child"),))
    snapshot = RunReader(eventful).read(view)
    assert snapshot is not None
    assert "fork child" in "\n".join(strip.text for strip in snapshot.drawing)


def test_a_fork_is_marked_and_named_on_its_parents_page_as_soon_as_it_is_there(
    app: WorkbenchApp, record: Record
) -> None:
    parent, later = record(FINISHED), record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(parent)
        await sees(pilot, "▾best")
        assert "fork " not in screen(pilot)
        fork_of(parent, later, step=20)
        await sees(pilot, "▾fork 0002")
        await press(pilot, "4")
        await sees(pilot, f"forked into  {later.name} at step 20")
        await press(pilot, "escape")
        app.show_run(later)
        await press(pilot, "4")
        await sees(pilot, f"forked from  {parent.name} at step 20")

    drive(app, script, SMALL)
