"""Scripts that are no recipes, in processes of their own where their end matters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench import paths, track
from workbench.errors import UsageError, WorkbenchError
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.runs.states import State


def _run_script(text: str) -> tuple[int, RunFolder]:
    script = f"from workbench import track\nrun = track('mine')\n{text}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    return done.returncode, RunFolder(paths.checkpoints_dir() / "track-mine-0001")


def test_a_run_is_recorded_like_any_other(checkpoints: Path) -> None:
    with track("mine", seed=4, lr=0.1, deep=True, name_of_data="x") as run:
        for step in run.steps(3):
            run.log(loss=1 / step)
        assert status_of(run.folder).state is State.RUNNING
    folder = RunFolder(checkpoints / "track-mine-0001")
    manifest = folder.manifest()

    assert (manifest.recipe.id, manifest.seed) == ("track/mine", 4)
    assert manifest.parameters == {"lr": 0.1, "deep": True, "name_of_data": "x"}
    history = History(folder).read_all()
    assert history.series["loss"].steps.tolist() == [1, 2, 3]
    assert isinstance(history.ended, events.Finished)
    assert history.ended.results == {"loss": 1 / 3}
    assert status_of(folder).step == 3


def test_without_steps_each_log_is_one(tmp_path: Path) -> None:
    with track("mine", checkpoints=tmp_path) as run:
        run.log(loss=3.0)
        run.log(loss=2.0)
        run.log(loss=1.0, step=10)
        run.log(loss=0.0)
    series = History(run.folder).read_all().series["loss"]

    assert series.steps.tolist() == [1, 2, 10, 11]


def test_a_request_to_stop_ends_the_steps() -> None:
    with track("mine") as run:
        for step in run.steps(10**9):
            if step == 1:
                control.ask(run.folder.control_file, control.Stop(client="me"))
    history = History(run.folder).read_all()

    assert isinstance(history.ended, events.Stopped)
    assert history.ended.by == "me"


def test_a_request_to_stop_is_seen_without_steps() -> None:
    with track("mine") as run:
        control.ask(run.folder.control_file, control.Stop())
        while not run.stopping:
            run.log(loss=0.0)

    assert status_of(run.folder).state is State.STOPPED


def test_an_exception_in_the_block_is_the_last_word_and_goes_on() -> None:
    with pytest.raises(ZeroDivisionError), track("mine") as run:
        run.log(loss=1 / 0)
    ended = History(run.folder).read_all().ended

    assert isinstance(ended, events.Failed)
    assert ended.title == "ZeroDivisionError: division by zero"
    assert "test_tracking.py" in ended.traceback


def test_the_interpreter_ends_a_run_that_nobody_ended() -> None:
    status, folder = _run_script("run.log(loss=2)")

    assert status == 0
    assert History(folder).read_all().series["loss"].last == 2
    assert status_of(folder).state is State.FINISHED


def test_a_script_that_dies_of_an_exception_has_failed() -> None:
    status, folder = _run_script("run.log(loss=2)\n{}['nothing']")

    assert status == 1
    ended = History(folder).read_all().ended
    assert isinstance(ended, events.Failed)
    assert ended.title == "KeyError: 'nothing'"


def test_a_killed_script_is_lost() -> None:
    status, folder = _run_script(
        "import os, signal; run.log(a=1); os.kill(os.getpid(), signal.SIGKILL)"
    )

    assert status == -9
    assert status_of(folder).state is State.LOST


def test_a_forked_child_does_not_end_the_run() -> None:
    text = "import os, sys\nif os.fork():\n    os.wait()\n    run.log(a=1)\nelse:\n    sys.exit()"
    _, folder = _run_script(text)
    history = History(folder).read_all()

    assert history.series["a"].last == 1
    assert folder.events_file.read_bytes().count(b'"finished"') == 1


@pytest.mark.parametrize(("code", "state"), [(0, State.FINISHED), (3, State.FAILED)])
def test_leaving_the_block_by_exit_counts_by_its_status(code: int, state: State) -> None:
    with pytest.raises(SystemExit), track("mine") as run:
        sys.exit(code)

    assert status_of(run.folder).state is state


def test_a_keyboard_interrupt_stops_the_run() -> None:
    with pytest.raises(KeyboardInterrupt), track("mine") as run:
        raise KeyboardInterrupt

    assert status_of(run.folder).state is State.STOPPED


def test_parameters_that_cannot_be_recorded_are_all_told(checkpoints: Path) -> None:
    with pytest.raises(UsageError) as raised:
        track("mine", lr=[1], net=object(), fine=1)

    assert "lr is list" in raised.value.title
    assert "net is object" in raised.value.title
    assert not checkpoints.exists()


def test_a_script_saves_for_itself() -> None:
    with track("mine") as run, pytest.raises(WorkbenchError, match="its own checkpoints"):
        run.save({"a": 1})


def test_importing_the_package_loads_nothing() -> None:
    probe = (
        "import sys, workbench; print([m for m in sys.modules if m.startswith('workbench.')]);"
        "from workbench import number, track; from workbench.tracking import Tracked;"
        "import workbench.params; from workbench import track as again; assert again is track;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:2] == ["[]", "False"]
