"""A run has one worker at a time, whoever asks for another, and at whatever moment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from workbench.catalog import RecipeInfo
from workbench.filelock import FileLock
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.history import History
from workbench.runs.lock import Holder
from workbench.runs.recorder import Recorder, now
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import launch, living
from workbench.workers.launch import Order
from workbench.workers.living import AliveError

Ended = Callable[[RunFolder], Status]
Start = Callable[..., RunFolder]
Until = Callable[..., Status]


@pytest.fixture
def start(count_recipe: RecipeInfo, checkpoints: Path) -> Start:
    return lambda **values: launch.launch(Order(count_recipe, values), checkpoints)


def test_a_living_run_is_neither_resumed_nor_deleted_naming_its_process(
    start: Start, until: Until, ended: Ended
) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    pid = until(folder, lambda status: status.state is State.RUNNING).pid
    for act, what in ((launch.resume, "resumed"), (launch.delete, "deleted")):
        with pytest.raises(AliveError) as refused:
            act(folder)
        where = f"(pid {pid} on {socket.gethostname()})"
        assert refused.value.title == f"{folder.name} is running {where} and cannot be {what}"
    control.ask(folder.control_file, control.Stop())
    ended(folder)
    assert len(control.launches(folder.control_file)) == 1


def test_a_run_that_lives_on_another_host_is_refused_naming_that_host(checkpoints: Path) -> None:
    reference = RecipeReference(id="demo/count", file="count.py")
    folder, _ = create(Manifest(name="", recipe=reference), checkpoints)
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=now(), pid=77, host="far-away", device="cpu"))
    recorder.close()
    folder.lock_file.write_bytes(msgspec.json.encode(Holder(pid=77, host="far-away")))
    with pytest.raises(AliveError, match=r"is running \(pid 77 on far-away\) and cannot be resumed"):
        launch.resume(folder)


def test_a_run_whose_worker_has_not_come_yet_is_refused_naming_who_asked_for_it(
    start: Start, ended: Ended
) -> None:
    folder = start(steps=1)
    ended(folder)
    control.ask(folder.control_file, control.Launch(client="ada@laptop:812"))
    with pytest.raises(AliveError, match=r"is starting \(asked for by ada@laptop:812\)"):
        launch.resume(folder)


RESUME = """
import sys
from pathlib import Path
from workbench.runs.folder import RunFolder
from workbench.workers import launch
from workbench.workers.living import AliveError
folder = RunFolder(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    launch.resume(folder)
except AliveError as fault:
    print("refused:", fault.title)
else:
    print("resumed")
"""


def test_of_several_clients_that_resume_at_one_instant_one_does(start: Start, ended: Ended) -> None:
    folder = start(steps=50, pace_s=0.02)
    control.ask(folder.control_file, control.Stop())
    ended(folder)
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", RESUME, str(folder.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
    for client in clients:
        assert client.stdin is not None
        client.stdin.write("\n")
        client.stdin.flush()
    said = sorted(client.communicate()[0].strip() for client in clients)
    assert said[3] == "resumed"
    for refused in said[:3]:
        assert refused.startswith(f"refused: {folder.name} is ")
        assert "cannot be resumed" in refused
    assert ended(folder).state is State.FINISHED
    assert len(control.launches(folder.control_file)) == 2
    assert len(History(folder).read_all().started) <= 2
    assert "another worker" not in folder.output_file.read_text()


def test_of_two_threads_one_deletes_and_the_other_finds_nothing(start: Start, ended: Ended) -> None:
    folder = start(steps=1)
    ended(folder)
    barrier, said = threading.Barrier(2), []

    def delete() -> None:
        barrier.wait()
        try:
            launch.delete(folder)
        except Exception as fault:  # noqa: BLE001 - what it is is the point
            said.append(fault)

    threads = [threading.Thread(target=delete) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not folder.path.exists()
    assert all("cannot be" in str(fault) for fault in said)


def test_a_client_that_does_not_let_go_is_named_after_some_patience(
    start: Start, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = start(steps=1)
    ended(folder)
    monkeypatch.setattr(living, "LAUNCHING_PATIENCE_S", 0.1)
    other = FileLock(folder.launching_file)
    other.acquire()
    with pytest.raises(AliveError, match="is being started by another client"):
        launch.resume(folder)
    other.release()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_named(start: Start, ended: Ended) -> None:
    folder = start(steps=1)
    ended(folder)
    folder.path.chmod(0o500)
    try:
        with pytest.raises(Exception, match="cannot be written to"):
            launch.resume(folder)
    finally:
        folder.path.chmod(0o700)
