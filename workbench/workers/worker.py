"""The process of a run: its session, its output, its signals, its lock."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from workbench.runs.folder import RunFolder
from workbench.runs.lock import LockHeldError, RunLock
from workbench.workers.pipes import Inbox
from workbench.workers.surroundings import Surroundings

MOST_RUNS = 200  # of a worker that stays: what a recipe leaks ends with its process


def daemonize() -> bool:
    """Leave the caller's session by a double fork; true in the worker, false in the caller.

    The worker is nobody's child, so that neither the end of a terminal nor that of the program which
    launched it reaches it, and it leaves no zombie.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    return True


@dataclass
class Worked:
    """How a run in this process ended: the exit status, the signals that came, where it computed."""

    status: int = 1
    signals: list[str] = field(default_factory=list)
    device: str = ""


def work(path: Path, *, warm: bool, device: str = "") -> Worked:
    """Be the worker of the run in `path` until it ends; on `device` where the run may be there."""
    folder = RunFolder(path)
    redirect_output(folder)
    done = Worked()
    listen(done.signals.append)  # a preemption does not wait for the imports below
    lock = RunLock(folder.lock_file)
    try:
        lock.acquire()
    except LockHeldError:
        print("another worker has this run already", file=sys.stderr)
        return done
    try:
        # Imported under the lock, so that the run is seen to be starting, not lost.
        from workbench.workers.attempt import Attempt  # noqa: PLC0415

        attempt = Attempt(folder, warm=warm, device=device)

        def terminate(name: str) -> None:
            done.signals.append(name)
            attempt.terminate(name)

        early = list(done.signals)
        listen(terminate)
        for name in early:
            attempt.terminate(name)
        done.status, done.device = attempt.execute(), attempt.device
        return done
    finally:
        lock.release()


def work_and_leave(path: Path, *, warm: bool, jobs: str = "") -> None:
    """Work in a forked process: leave without running what the parent had registered for its exit."""
    leave(lambda: _stay(path, Path(jobs), warm=warm) if jobs else work(path, warm=warm).status)


def _stay(path: Path, jobs: Path, *, warm: bool) -> int:
    try:
        inbox = Inbox(jobs)
    except OSError:  # the crew has closed meanwhile
        return work(path, warm=warm).status
    return stay(path, inbox, warm=warm)


def stay(path: Path, inbox: Inbox, *, warm: bool) -> int:
    """Work on the run in `path`, then on those that come through `inbox`, as long as all is well.

    A process in which a run failed, or that was sent a signal, is not given another one.
    """
    surroundings = Surroundings()
    done, runs = Worked(), 0
    following: Path | None = path
    while following is not None:
        done = work(following, warm=warm, device=done.device)
        runs += 1
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # between two runs there is nothing to finish
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if done.status or done.signals or runs == MOST_RUNS:
            break
        inbox.ring()
        surroundings.restore()
        following, warm = inbox.next(), True
    inbox.leave()
    inbox.ring()
    return done.status


def leave(act: Callable[[], int]) -> NoReturn:
    """Do the last act of this process, and end it with the status that it gives."""
    status = 1
    try:
        status = act()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def redirect_output(folder: RunFolder) -> None:
    """Let what this process prints go to the run's output.log, and give it nothing to read."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(folder.output_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
    sys.stdout, sys.stderr = _text(1), _text(2)
    faulthandler.enable(sys.stderr)


def _text(file: int) -> io.TextIOWrapper:
    raw = io.FileIO(file, "w", closefd=False)
    return io.TextIOWrapper(raw, "utf-8", errors="backslashreplace", write_through=True)


def listen(terminate: Callable[[str], None]) -> None:
    """Call `terminate` with the name of a signal that asks to leave; a closed terminal is none."""

    def on_signal(number: int, _frame: object) -> None:
        terminate(signal.Signals(number).name)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
