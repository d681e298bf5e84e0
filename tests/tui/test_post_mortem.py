"""A dead run's page opens on why it died; what is foreign in it is text."""

from __future__ import annotations

import socket
from collections.abc import Callable

import msgspec
import pytest
from textual.pilot import Pilot

from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.lock import Holder
from workbench.runs.recorder import Recorder
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.app import WorkbenchApp
from workbench.tui.post_mortem import post_mortem

from .driving import LARGE, SMALL, drive, press, screen, sees, until

Record = Callable[..., RunFolder]

FAILED = events.Failed(
    time=9.0,
    step=60,
    title="the [b]loss[/b] is NaN\x1b[2J",
    remedy="lower learning_rate",
    kind="not_finite",
    exception="NotFiniteError",
    traceback='Traceback\n  File "x.py", line 3\nNotFiniteError: [red]',
)


@pytest.fixture
def failed(record: Record) -> RunFolder:
    """A run whose loss was infinite at step 58 and NaN from 59 on, with samples of memory."""
    folder = record()
    recorder = Recorder(folder.events_file)
    recorder.metrics(58, {"grad/norm": float("inf")})
    recorder.metrics(59, {"train/loss": float("nan")})
    for gigabytes in (3.5, 2.25):
        recorder.record(events.System(time=8.0, values={"worker/RAM GB": gigabytes}))
    recorder.record(FAILED)
    recorder.close()
    return folder


def test_what_is_known_is_gathered(failed: RunFolder) -> None:
    history = History(failed).read_all()
    told = post_mortem(history, history.status(), [f"line {i}" for i in range(30)])
    assert told is not None
    assert told.non_finite == "grad/norm was infinity at step 58; 1 more metrics after it"
    assert told.memory == ("worker/RAM 2.25 GB, at most 3.5 GB",)
    assert (told.log[0], told.log[-1], told.worker) == ("line 10", "line 29", "")
    assert post_mortem(history, Status(state=State.FINISHED), []) is None
    never = post_mortem(History(RunFolder(failed.path / "none")), Status(state=State.LOST), [])
    assert never is not None
    assert (never.worker, never.non_finite) == ("none ever had this run", "")


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_failed_run_opens_on_it(app: WorkbenchApp, failed: RunFolder, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(failed)
        await sees(pilot, "What happened")
        await sees(pilot, "7 Post-mortem")
        shown = screen(pilot)
        assert shown.count("the [b]loss[/b] is NaN␛[2J") == 1, "said once"
        assert "NotFiniteError at step 60" in shown
        assert "lower learning_rate" in shown
        assert "grad/norm was infinity at step 58" in shown
        await press(pilot, "G")
        await sees(pilot, "NotFiniteError: [red]")
        await press(pilot, "1")
        await sees(pilot, "lower learning_rate")  # in the notice
        assert "What happened" not in screen(pilot)
        await press(pilot, "7 g")
        await sees(pilot, "What happened")
        await press(pilot, "tab")
        await until(pilot, lambda: "What happened" not in screen(pilot))

    drive(app, script, size)


def test_a_lost_run_names_process_host_and_silence(app: WorkbenchApp, record: Record) -> None:
    folder = record()
    folder.lock_file.write_bytes(msgspec.json.encode(Holder(pid=4711, host=socket.gethostname())))

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "Worker")
        assert f"process 4711 on {socket.gethostname()}; last record 1970-01-01" in screen(pilot)
        await press(pilot, "G")
        await sees(pilot, "last line")

    drive(app, script, LARGE)


def test_a_run_that_goes_on_has_none(app: WorkbenchApp, failed: RunFolder) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(failed)
        await sees(pilot, "What happened")
        control.ask(failed.control_file, control.Launch())
        recorder = Recorder(failed.events_file)
        recorder.record(events.Started(time=1e10, pid=1, host="elsewhere", device="cpu", attempt=2))
        recorder.record(events.Finished(time=1e10, step=60))
        recorder.close()
        await until(pilot, lambda: "Post-mortem" not in screen(pilot))
        await sees(pilot, "✓ finished")
        await press(pilot, "7")
        assert "What happened" not in screen(pilot)

    drive(app, script)
