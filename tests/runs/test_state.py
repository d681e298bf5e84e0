"""What a run is doing, derived from its last records, its lock and its last launch."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import msgspec
import pytest

from workbench.runs import control, events, lock, state
from workbench.runs.events import Record
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.lock import Holder, RunLock
from workbench.runs.recorder import Recorder, now
from workbench.runs.state import status_of
from workbench.runs.states import State

Append = Callable[..., None]


@pytest.fixture
def alive(folder: RunFolder) -> Iterator[RunLock]:
    """The worker lives: this process is it."""
    own = RunLock(folder.lock_file)
    own.acquire()
    yield own
    own.release()


def started(**details: object) -> events.Started:
    fields = {"time": now(), "pid": os.getpid(), "host": socket.gethostname(), "device": "cpu"}
    return events.Started(**{**fields, **details})


def progress(step: int, **details: object) -> events.Progress:
    return events.Progress(time=now(), step=step, device="cpu", total=100, **details)


def launch(folder: RunFolder, ago_s: float = 0.0) -> None:
    control.ask(folder.control_file, control.Launch(time=round(time.time() - ago_s, 3)))


LIFE: list[tuple[list[Record], State]] = [
    ([events.Queued(time=1.0, pid=1, host="h", device="auto", waiting_for="a-0001")], State.QUEUED),
    (
        [
            events.Queued(time=1.0, pid=1, host="h", device="auto", waiting_for="a-0001"),
            events.Queued(time=2.0, pid=1, host="h", device="cuda:0"),
        ],
        State.STARTING,
    ),
    ([started()], State.RUNNING),
    ([started(), progress(3)], State.RUNNING),
    ([started(), events.Paused(time=2.0, step=3)], State.PAUSED),
    ([started(), events.Paused(time=2.0, step=3), events.Resumed(time=2.0, step=3)], State.RUNNING),
    ([started(), events.Stopping(time=2.0, step=3, by="me")], State.STOPPING),
    (
        [started(), events.Stopping(time=2.0, step=3, by="me"), progress(4, stopping=True)],
        State.STOPPING,
    ),
    ([started(), events.Finished(time=2.0, step=9)], State.FINISHED),
    ([started(), events.Stopped(time=2.0, step=9, by="me")], State.STOPPED),
    ([started(), events.Stopped(time=2.0, step=9, by="SIGINT")], State.STOPPED),
    ([started(), events.Stopped(time=2.0, step=9, by="SIGTERM")], State.PREEMPTED),
    ([started(), events.Failed(time=2.0, step=9, title="out of memory")], State.FAILED),
]


@pytest.mark.usefixtures("alive")
@pytest.mark.parametrize(("records", "expected"), LIFE)
def test_the_last_records_of_a_living_worker_tell_its_state(
    folder: RunFolder, record: Append, records: list[Record], expected: State
) -> None:
    record(*records)
    assert status_of(folder).state is expected
    assert History(folder).read_all().status().state is expected


@pytest.mark.parametrize(("records", "expected"), LIFE)
def test_without_a_worker_a_run_has_ended_or_is_lost(
    folder: RunFolder, record: Append, records: list[Record], expected: State
) -> None:
    record(*records)
    assert status_of(folder).state is (expected if expected.ended else State.LOST)
    assert History(folder).read_all().status().state is (expected if expected.ended else State.LOST)


def test_a_status_tells_how_far_and_why(folder: RunFolder, record: Append, alive: RunLock) -> None:
    best = events.Best(metric="loss", value=0.5, step=20)
    record(started(attempt=2), progress(25, attempt=2, elapsed_s=5.0, eta_s=15.0, best=best, epoch=1))
    status = status_of(folder)
    assert (status.step, status.total, status.fraction, status.epoch) == (25, 100, 0.25, 1)
    assert (status.elapsed_s, status.eta_s, status.best, status.attempt) == (5.0, 15.0, best, 2)
    assert (status.pid, status.host) == (os.getpid(), socket.gethostname())
    record(events.Failed(time=now(), step=30, title="out of memory", remedy="a smaller batch"))
    alive.release()
    failed = status_of(folder)
    assert (failed.step, failed.reason, failed.remedy) == (30, "out of memory", "a smaller batch")
    assert failed.eta_s is None


def test_a_preempted_run_tells_where_and_how_it_goes_on(folder: RunFolder, record: Append) -> None:
    record(started(), progress(7), events.Stopped(time=now(), step=1234, by="SIGTERM"))
    for status in (status_of(folder), History(folder).read_all().status()):
        assert (status.state, status.step) == (State.PREEMPTED, 1234)
        assert status.reason == "preempted (SIGTERM) at step 1,234"
        assert status.remedy == f"resume it with: workbench resume {folder.name}"


def test_the_kind_of_a_failure_is_told_until_the_next_attempt(
    folder: RunFolder, record: Append, alive: RunLock
) -> None:
    launch(folder, ago_s=10)
    record(started(), events.Failed(time=now() - 5, step=3, title="NaN", kind="not_finite"))
    assert status_of(folder).kind == "not_finite"
    launch(folder)
    assert status_of(folder).kind == ""
    record(events.Queued(time=now() + 1, pid=1, host="box", device="auto"))
    assert status_of(folder).kind == ""
    alive.release()
    assert (status_of(folder).state, status_of(folder).kind) == (State.LOST, "")


def test_the_fraction_is_known_only_with_a_total() -> None:
    assert state.Status().fraction is None
    assert state.Status(step=7, total=5).fraction == 1.0
    assert state.Status(state=State.FINISHED).fraction == 1.0


WORKER = """
import os, socket, sys
from pathlib import Path
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder, now
folder = RunFolder(Path(sys.argv[1]))
RunLock(folder.lock_file).acquire()
recorder = Recorder(folder.events_file)
recorder.record(events.Started(time=now(), pid=os.getpid(), host=socket.gethostname(), device="cpu"))
recorder.record(events.Progress(time=now(), step=12, total=100))
print("running", flush=True)
sys.stdin.read()
"""


def test_a_worker_that_is_killed_is_lost_and_never_running(
    folder: RunFolder, python: Callable[..., Popen[str]]
) -> None:
    launch(folder)
    worker = python(WORKER, folder.path)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "running\n"
    assert status_of(folder).state is State.RUNNING
    history = History(folder).read_all()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    for status in (status_of(folder), history.status()):
        assert status.state is State.LOST
        assert f"pid {worker.pid}" in status.reason
        assert "step 12" in status.reason
        assert f"workbench resume {folder.name}" in status.remedy


def test_a_run_is_starting_from_its_launch_until_its_worker_is_overdue(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status_of(folder).state is State.STARTING, "between mkdir and launch"
    launch(folder)
    assert status_of(folder).state is State.STARTING
    monkeypatch.setattr(state, "LAUNCH_PATIENCE_S", -1.0)  # times are rounded
    overdue = status_of(folder)
    assert overdue.state is State.LOST
    assert "never started" in overdue.reason


def test_a_launch_before_the_clock_was_set_back_is_not_waited_for(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.ask(folder.control_file, control.Launch(device=""))
    long_before = time.time() - 1_000_000
    monkeypatch.setattr(state.time, "time", lambda: long_before)

    assert status_of(folder).state is State.LOST


def test_a_worker_that_has_recorded_nothing_yet_is_starting(folder: RunFolder, alive: RunLock) -> None:
    launch(folder, ago_s=120)
    assert status_of(folder).state is State.STARTING
    alive.release()
    died = status_of(folder)
    assert died.state is State.LOST
    assert "died before its first record" in died.reason


def test_a_worker_that_died_within_the_patience_of_its_launch_is_lost(
    folder: RunFolder, record: Append
) -> None:
    launch(folder, ago_s=5)
    record(started())
    assert status_of(folder).state is State.LOST


def test_a_resumed_run_is_starting_again_and_forgets_why_it_failed(
    folder: RunFolder, record: Append
) -> None:
    launch(folder, ago_s=100)
    record(
        started(time=now() - 90), events.Failed(time=now() - 80, step=5, title="full", remedy="room")
    )
    assert status_of(folder).state is State.FAILED
    launch(folder)
    for _ in "before its worker has the lock, and then":
        again = status_of(folder)
        assert (again.state, again.reason, again.remedy) == (State.STARTING, "", "")
    own = RunLock(folder.lock_file)
    own.acquire()
    assert (status_of(folder).state, status_of(folder).reason) == (State.STARTING, "")
    record(started(attempt=2, step=4))
    assert (status_of(folder).state, status_of(folder).attempt) == (State.RUNNING, 2)
    own.release()


def test_a_second_worker_that_never_came_is_not_blamed_on_the_first(
    folder: RunFolder, record: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = RunLock(folder.lock_file)
    own.acquire()
    own.release()
    os.utime(folder.lock_file, (time.time() - 80, time.time() - 80))
    launch(folder, ago_s=100)
    record(started(time=now() - 90), events.Finished(time=now() - 80, step=5))
    launch(folder)
    monkeypatch.setattr(state, "LAUNCH_PATIENCE_S", -1.0)  # times are rounded
    status = status_of(folder)
    assert status.state is State.LOST
    assert "never started" in status.reason


@pytest.mark.usefixtures("alive")
def test_a_lost_run_that_is_resumed_is_starting_and_no_longer_paused(
    folder: RunFolder, record: Append
) -> None:
    launch(folder, ago_s=100)
    record(started(time=now() - 90), events.Paused(time=now() - 80, step=5))
    assert status_of(folder).state is State.PAUSED
    launch(folder)
    assert status_of(folder).state is State.STARTING
    record(events.Queued(time=now(), pid=1, host="box", device="auto", waiting_for="a-0001"))
    assert status_of(folder).state is State.QUEUED


def test_a_client_whose_clock_is_ahead_does_not_make_a_run_start_again(
    folder: RunFolder, record: Append
) -> None:
    launch(folder, ago_s=-3600)
    record(started(), events.Finished(time=now(), step=9))
    assert status_of(folder).state is State.FINISHED


@pytest.mark.usefixtures("alive")
def test_a_worker_on_its_way_out_has_finished(folder: RunFolder, record: Append) -> None:
    launch(folder, ago_s=10)
    record(started(), events.Finished(time=now(), step=9))
    assert status_of(folder).state is State.FINISHED


def test_a_reader_that_looked_too_early_does_not_call_a_finished_run_lost(
    folder: RunFolder, record: Append
) -> None:
    record(started(), progress(3))
    early = History(folder).read_all()
    record(events.Finished(time=now(), step=9))
    assert early.status().state is State.FINISHED


def dead_elsewhere(folder: RunFolder, heard_ago_s: float) -> None:
    holder = Holder(pid=77, host="another-host")
    folder.lock_file.write_bytes(msgspec.json.encode(holder))
    heard = time.time() - heard_ago_s
    os.utime(folder.lock_file, (heard, heard))


def test_a_worker_on_another_host_lives_while_its_lock_beats(folder: RunFolder, record: Append) -> None:
    record(started(time=now() - 1000, host="another-host", pid=77))
    dead_elsewhere(folder, heard_ago_s=1)
    assert (status_of(folder).state, status_of(folder).pid) == (State.RUNNING, 77)
    dead_elsewhere(folder, heard_ago_s=state.REMOTE_SILENCE_S + 1)
    lost = status_of(folder)
    assert lost.state is State.LOST
    assert "pid 77 on another-host" in lost.reason


def test_a_copy_without_its_lock_is_lost_with_its_last_step(folder: RunFolder, record: Append) -> None:
    record(started(time=now() - 500), events.Paused(time=now() - 400, step=40))
    lost = status_of(folder)
    assert lost.state is State.LOST
    assert "last record at step 40, 6m ago" in lost.reason


def bytes_read() -> int:
    """Bytes that this process asked the kernel for so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(lines[0].removeprefix("rchar: "))


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the kernel does not count reads")
def test_the_state_of_a_long_run_is_read_from_its_end(folder: RunFolder, recorder: Recorder) -> None:
    recorder.record(started())
    for step in range(100_000):
        recorder.metrics(step, {"loss": 0.5})
        if step % 100 == 0:
            recorder.record(progress(step))
    recorder.record(events.Finished(time=now(), step=100_000))
    before = bytes_read()
    status = status_of(folder)
    read = bytes_read() - before
    assert (status.state, status.step, status.total) == (State.FINISHED, 100_000, 100)
    assert read < 2 * state.TAIL_BYTES < folder.events_file.stat().st_size / 50


def test_the_end_is_read_further_back_where_it_tells_too_little(
    folder: RunFolder, recorder: Recorder, alive: RunLock
) -> None:
    recorder.record(started())
    recorder.record(progress(7))
    for step in range(3 * state.TAIL_BYTES // 70):
        recorder.metrics(step, {"loss": 0.5})
    assert (status_of(folder).state, status_of(folder).step) == (State.RUNNING, 7)
    recorder.record(
        events.Failed(time=now(), step=8, title="t", traceback="x" * (state.TAIL_BYTES - 300))
    )
    alive.release()
    failed = status_of(folder)
    assert (failed.state, failed.reason, failed.total) == (State.FAILED, "t", 100)
    recorder.record(events.Failed(time=now(), step=8, title="u", traceback="x" * 2 * state.TAIL_BYTES))
    assert status_of(folder).reason == "u"


@pytest.mark.usefixtures("alive")
@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b'{"type":"paused","time":1',
        b'{"type":"dreaming","time":1.0}',
        b'{"type":"message","time":1.0,"text":"\xff"}',
        b'{"type":"message","time":1.0,"text":"a","more":' + b"[" * 30_000 + b"}",
        b'{"type":"paused","time":1.0,"step":"many"}',
    ],
)
def test_a_damaged_or_newer_line_at_the_end_is_passed_over(
    folder: RunFolder, record: Append, line: bytes
) -> None:
    record(started(), progress(3))
    with folder.events_file.open("ab") as file:
        file.write(line + b"\n")
    record(progress(4))
    with folder.events_file.open("ab") as file:
        file.write(line)
    assert (status_of(folder).state, status_of(folder).step) == (State.RUNNING, 4)


def test_a_run_whose_lock_says_nothing_lives_without_a_name(folder: RunFolder, record: Append) -> None:
    record(started())
    own = RunLock(folder.lock_file)
    own.acquire()
    os.truncate(folder.lock_file, 0)
    status = status_of(folder)
    own.release()
    assert (status.state, status.pid, status.host) == (State.RUNNING, 0, socket.gethostname())
    assert lock.holder(folder.lock_file) is None
