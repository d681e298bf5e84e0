"""Whether a worker lives is told by a lock that the kernel releases at any death."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from workbench.runs import lock
from workbench.runs.lock import LockHeldError, RunLock

Python = Callable[..., Popen[str]]

HOLD = """
import sys
from pathlib import Path
from workbench.runs.lock import RunLock
RunLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""
HOLD_AND_FORK = """
import os, sys
from pathlib import Path
from workbench.runs.lock import RunLock
lock = RunLock(Path(sys.argv[1]))
lock.acquire()
child = os.fork()
if not child:
    print("forked", flush=True)
    sys.stdin.read()
else:
    os.waitpid(child, 0)
"""
LOOK = """
import sys
from pathlib import Path
from workbench.runs import lock
print("looking", flush=True)
while True:
    lock.holder(Path(sys.argv[1]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def held(path: Path) -> Iterator[RunLock]:
    own = RunLock(path)
    own.acquire()
    yield own
    own.release()


def start(python: Python, program: str, path: Path) -> Popen[str]:
    process = python(program, path)
    assert process.stdout is not None
    assert process.stdout.readline().strip() in {"held", "forked", "looking"}
    return process


def kill(process: Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_nobody_holds_what_was_never_taken(path: Path) -> None:
    assert lock.holder(path) is None
    assert lock.last_holder(path) is None


def test_the_holder_is_known_and_after_its_release_it_is_the_last(path: Path, held: RunLock) -> None:
    holding = lock.holder(path)
    assert holding is not None
    assert (holding.pid, holding.host) == (os.getpid(), socket.gethostname())
    held.release()
    assert lock.holder(path) is None
    last = lock.last_holder(path)
    assert last is not None
    assert last.pid == os.getpid()
    assert abs(last.seen - time.time()) < 60


def test_another_process_is_seen_to_hold_it_until_it_is_killed(path: Path, python: Python) -> None:
    process = start(python, HOLD, path)
    holding = lock.holder(path)
    assert holding is not None
    assert holding.pid == process.pid
    kill(process)
    assert lock.holder(path) is None
    last = lock.last_holder(path)
    assert last is not None
    assert last.pid == process.pid


def test_a_forked_child_does_not_keep_the_lock(path: Path, python: Python) -> None:
    process = start(python, HOLD_AND_FORK, path)
    assert lock.holder(path) is not None, "the fork must not release its parent's lock"
    kill(process)
    assert lock.holder(path) is None


def test_it_is_taken_once(path: Path, held: RunLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "ACQUIRE_PATIENCE_S", 0.05)
    with pytest.raises(LockHeldError):
        RunLock(path).acquire()
    assert lock.holder(path) is not None
    held.release()
    again = RunLock(path)
    again.acquire()
    again.release()


def test_a_new_holder_replaces_the_text_of_a_longer_one(path: Path) -> None:
    path.write_text('{"pid":123456789,"host":"a-host-with-quite-a-long-name","seen":0.0}' + " " * 99)
    own = RunLock(path)
    own.acquire()
    holding = lock.holder(path)
    own.release()
    assert holding is not None
    assert holding.pid == os.getpid()


def test_readers_do_not_keep_a_worker_from_taking_it(path: Path, python: Python) -> None:
    path.write_text("")
    start(python, LOOK, path)
    for _ in range(10):
        own = RunLock(path)
        own.acquire()
        own.release()


def test_the_lock_beats_so_that_other_hosts_see_life(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_S", 0.02)
    own = RunLock(path)
    own.acquire()
    os.utime(path, (0, 0))
    deadline = time.monotonic() + 5
    while path.stat().st_mtime == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    own.release()
    last = lock.last_holder(path)
    assert last is not None
    assert abs(last.seen - time.time()) < 60


@pytest.mark.parametrize("text", [b"", b"{", b'{"pid":1,"host":"\xff"}'])
def test_a_lock_file_of_no_meaning_names_no_last_holder(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    assert lock.last_holder(path) is None
