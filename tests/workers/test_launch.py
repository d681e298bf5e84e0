"""Cold workers of a recipe without torch, steered and broken in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workers.recipe_source import COUNT
from workbench.catalog import RecipeInfo, pip, read_recipe
from workbench.errors import UsageError
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.history import History
from workbench.runs.lock import holder
from workbench.runs.recorder import Recorder
from workbench.runs.state import Status, status_of
from workbench.runs.states import State
from workbench.workers import calling, launch, living, protocol
from workbench.workers.launch import Order

Ended = Callable[[RunFolder], Status]
Until = Callable[..., Status]


@pytest.fixture
def start(count_recipe: RecipeInfo, checkpoints: Path) -> Callable[..., RunFolder]:
    return lambda **values: launch.launch(Order(count_recipe, values), checkpoints)


def counting(status: Status) -> bool:
    return status.state is State.RUNNING and status.step >= 2


def test_a_run_is_recorded_from_its_launch_to_its_end(
    start: Callable[..., RunFolder], ended: Ended
) -> None:
    folder = start(steps=5)
    assert folder.name == "demo-count-0001"
    status = ended(folder)
    assert (status.state, status.step, status.fraction) == (State.FINISHED, 5, 1.0)
    history = History(folder).read_all()
    assert list(history.series["count"].values) == [1, 2, 3, 4, 5]
    assert folder.output_file.read_text() == "".join(f"at {step}\n" for step in range(1, 6))
    manifest = folder.manifest()
    assert manifest.parameters == {"steps": 5, "pace_s": 0.0, "fault_at": 0, "fault": ""}
    assert manifest.versions["torch"].startswith("2.")


def test_all_faults_of_an_order_come_together_and_nothing_starts(
    count_recipe: RecipeInfo, checkpoints: Path
) -> None:
    order = Order(count_recipe, {"step": 5, "steps": 0, "pace_s": "fast"}, device="cuda:77")
    with pytest.raises(UsageError) as fault:
        launch.launch(order, checkpoints)
    for words in (
        "did you mean steps",
        "steps=0 is out of bounds",
        "'fast' is not a number",
        "cuda:77",
    ):
        assert words in str(fault.value)
    assert not checkpoints.exists()


def test_a_run_is_paused_steered_and_stopped_between_steps(
    start: Callable[..., RunFolder], until: Until, ended: Ended
) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    until(folder, counting)

    def ask(request: control.Request) -> events.Answered | events.ParameterSet | None:
        return launch.wait_for_answer(folder, control.ask(folder.control_file, request), timeout_s=20)

    assert ask(control.Pause())
    paused_at = until(folder, lambda status: status.state is State.PAUSED).step
    change = ask(control.SetParameter(name="pace_s", value="0.001"))
    assert isinstance(change, events.ParameterSet) and (change.old, change.value) == (0.02, 0.001)
    refused = ask(control.SetParameter(name="steps", value=7))
    assert isinstance(refused, events.Answered) and "these can: pace_s" in refused.refused
    outside = ask(control.SetParameter(name="pace_s", value=61))
    assert isinstance(outside, events.Answered) and "out of bounds" in outside.refused
    unsaved = ask(control.SaveCheckpoint())
    assert isinstance(unsaved, events.Answered) and "nothing to save" in unsaved.refused
    assert status_of(folder).step == paused_at
    assert ask(control.Resume())
    until(folder, lambda status: status.step > paused_at)
    assert launch.parameters_at(folder)["pace_s"] == 0.001
    assert ask(control.Stop())
    status = ended(folder)
    assert status.state is State.STOPPED and "stopped by" in status.reason


def test_a_living_run_is_neither_resumed_nor_deleted_and_an_ended_one_is(
    start: Callable[..., RunFolder], until: Until, ended: Ended
) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    until(folder, counting)
    for act in (launch.resume, launch.delete):
        with pytest.raises(UsageError, match=r"running \(pid \d+ on .*\) and cannot be"):
            act(folder)
    control.ask(folder.control_file, control.Stop())
    ended(folder)
    launch.resume(folder, values={"steps": 4, "pace_s": 0})
    assert ended(folder).state is State.FINISHED
    assert status_of(folder).attempt == 2
    assert list(History(folder).read_all().series["count"].values) == [1, 2, 3, 4]
    launch.delete(folder)
    assert not folder.path.exists()


def test_a_stop_for_an_earlier_attempt_does_not_stop_the_next(
    start: Callable[..., RunFolder], ended: Ended
) -> None:
    folder = start(steps=2)
    ended(folder)
    control.ask(folder.control_file, control.Stop())
    launch.resume(folder, values={"steps": 5})
    assert ended(folder).state is State.FINISHED


def test_a_hangup_does_not_reach_the_worker_and_it_has_its_own_session(
    start: Callable[..., RunFolder], until: Until, ended: Ended
) -> None:
    folder = start(steps=60, pace_s=0.02)
    pid = until(folder, counting).pid
    assert os.getsid(pid) != os.getsid(0)
    os.kill(pid, signal.SIGHUP)
    assert ended(folder).state is State.FINISHED


def test_a_killed_worker_is_lost_and_never_running(
    start: Callable[..., RunFolder], until: Until, ended: Ended
) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    pid = until(folder, counting).pid
    os.kill(pid, signal.SIGKILL)
    while holder(folder.lock_file) is not None:
        time.sleep(0.001)
    status = status_of(folder)
    assert status.state is State.LOST
    assert f"pid {pid}" in status.reason and "last record at step" in status.reason
    assert "workbench resume" in status.remedy
    launch.resume(folder, values={"steps": 3, "pace_s": 0})
    assert ended(folder).state is State.FINISHED


@pytest.mark.parametrize(
    ("fault", "kind", "title"),
    [
        ("raise ValueError('no \\x1b[31m good')", "error", "ValueError: no \x1b[31m good"),
        ("raise MemoryError()", "out_of_memory", "out of memory: MemoryError"),
        ("raise OSError(28, 'No space left on device')", "disk_full", "the disk is full"),
        ("sys.exit(3)", "error", "SystemExit: 3"),
    ],
)
def test_an_error_is_the_runs_last_word(
    start: Callable[..., RunFolder], ended: Ended, fault: str, kind: str, title: str
) -> None:
    folder = start(fault_at=2, fault=fault)
    assert ended(folder).state is State.FAILED
    last = History(folder).read_all().ended
    assert isinstance(last, events.Failed)
    assert (last.kind, last.title, last.step) == (kind, title, 2)
    assert "Traceback" in last.traceback and "count.py" in last.traceback
    while holder(folder.lock_file) is not None:
        time.sleep(0.01)
    assert "Traceback" in folder.output_file.read_text()


def test_a_disk_too_full_for_the_log_still_gets_the_last_word(
    start: Callable[..., RunFolder], ended: Ended
) -> None:
    full = "sys.stderr = open('/dev/full', 'w', 1); raise OSError(28, 'No space left on device')"
    folder = start(fault_at=2, fault=full)
    assert ended(folder).state is State.FAILED
    assert not folder.reserve_file.exists()
    while holder(folder.lock_file) is not None:
        time.sleep(0.01)
    launch.resume(folder, values={"fault_at": 0})
    assert ended(folder).state is State.FINISHED
    assert folder.reserve_file.stat().st_size > 0


def test_parameters_are_those_said_last_by_launches_and_settings(checkpoints: Path) -> None:
    reference = RecipeReference(id="demo/count", file="count.py")
    folder, _ = create(Manifest(name="", recipe=reference, parameters={"lr": 0.1}), checkpoints)
    recorder = Recorder(folder.events_file)
    alive = {"pid": 1, "host": "here", "device": "cpu"}
    recorder.record(events.Started(time=1.0, attempt=1, **alive))
    recorder.record(events.ParameterSet(time=2.0, step=5, name="lr", old=0.1, value=0.2))
    recorder.record(events.Started(time=3.0, attempt=2, step=6, **alive))
    recorder.close()
    for parameters in ({}, {"lr": 0.3}):
        control.ask(folder.control_file, control.Launch(parameters=parameters))
    assert [launch.parameters_at(folder, step)["lr"] for step in (4, 5, 6, None)] == [
        0.1,
        0.2,
        0.3,
        0.3,
    ]


def test_a_module_in_the_working_directory_hides_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('hidden')")
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(protocol.command("answer"), input=b"{}", capture_output=True, check=False)
    assert b"msgspec.ValidationError" in done.stderr
    assert b"hidden" not in done.stderr


def test_what_a_killed_writer_left_aside_is_gone_with_the_next_attempt(
    start: Callable[..., RunFolder], ended: Ended
) -> None:
    half = "(run.folder.path / f'.last.pt.{os.getpid()}').write_text('half')"
    folder = start(fault_at=2, fault=f"{half}; os.kill(os.getpid(), signal.SIGKILL)")
    assert ended(folder).state is State.LOST
    assert len(list(folder.path.glob(".last.pt.*"))) == 1
    launch.resume(folder, values={"fault_at": 0})
    assert ended(folder).state is State.FINISHED
    assert list(folder.path.glob(".last.pt.*")) == []


def test_a_crash_of_the_interpreter_is_lost_with_its_stack_in_the_log(
    start: Callable[..., RunFolder], ended: Ended
) -> None:
    folder = start(fault_at=2, fault="os.kill(os.getpid(), signal.SIGSEGV)")
    assert ended(folder).state is State.LOST
    assert "Segmentation fault" in folder.output_file.read_text()


def test_two_launches_at_one_instant_get_two_folders(
    count_recipe: RecipeInfo, checkpoints: Path, ended: Ended
) -> None:
    launch.schema_of(count_recipe)
    barrier = threading.Barrier(4)
    folders: list[RunFolder] = []

    def go() -> None:
        barrier.wait()
        folders.append(launch.launch(Order(count_recipe), checkpoints))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(folder.name for folder in folders) == [f"demo-count-{n:04d}" for n in range(1, 5)]
    assert {ended(folder).state for folder in folders} == {State.FINISHED}


def test_a_recipe_that_is_gone_or_broken_since_its_launch_fails_with_the_reason(
    recipe_file: Callable[[str], Path], checkpoints: Path, ended: Ended
) -> None:
    file = recipe_file(COUNT)
    info = read_recipe(file, file.parent.parent)
    folder = launch.launch(Order(info), checkpoints)
    ended(folder)
    file.write_text("import nowhere_to_be_found\n" + COUNT)
    living.refuse_living(folder, "be resumed")
    control.ask(folder.control_file, control.Launch())
    calling.start_worker(folder, None)
    status = ended(folder)
    assert status.state is State.FAILED
    assert "needs the module 'nowhere_to_be_found'" in status.reason
    assert status.remedy == f"{pip()} install nowhere-to-be-found"
