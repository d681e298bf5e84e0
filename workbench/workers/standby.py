"""The client's side of the standby: a warm process to start workers from."""

from __future__ import annotations

import contextlib
import os
import platform
import queue
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

import msgspec

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.workers import environment, protocol

CLOSE_PATIENCE_S = 5.0

READY = b'{"ready":true}\n'
GONE = b""

AnswerT = TypeVar("AnswerT", bound=msgspec.Struct)


class StandbyGoneError(WorkbenchError):
    """The standby died; its client starts workers the cold way."""


class Standby:
    """A process that imports torch in the background and then forks workers at once.

    It may be used from several threads. Where forking is not safe (macOS), it never starts, and its
    users start workers the cold way.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._is_closed = False
        self._settled = threading.Event()  # it became ready, or it ended
        self._talking = threading.Lock()
        self._writing = threading.Lock()
        self._job: protocol.Job | None = None  # that is not answered yet
        self._answers: queue.Queue[bytes] = queue.Queue()

    def start(self) -> None:
        """Spawn the process; returns at once, `ready` turns true seconds later."""
        if platform.system() != "Linux" or self._process is not None:
            return
        with _log() as log:
            self._process = subprocess.Popen(
                protocol.command("standby"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=environment.for_training(),
            )
        self._listener = threading.Thread(
            target=self._listen, args=(self._process,), name="standby", daemon=True
        )
        self._listener.start()

    @property
    def started(self) -> bool:
        """The process lives, ready or on its way."""
        return self._process is not None and self._process.poll() is None

    @property
    def ready(self) -> bool:
        """A worker would start at once; before that, one starts as soon as torch is there."""
        return self._is_ready and self.started

    @property
    def closed(self) -> bool:
        """Its client is leaving and wants no more answers."""
        return self._is_closed

    def wait(self, timeout_s: float = 60.0) -> bool:
        """Wait until it is ready; false where it is not in time, or ended instead."""
        return self._settled.wait(timeout_s) and self.ready

    def ask(self, job: protocol.Job, answer: type[AnswerT]) -> AnswerT:
        """Do a job and wait for its answer.

        Raises:
            StandbyGoneError: when the process is not there (any more).
            WorkbenchError: when the job ended its process.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise StandbyGoneError("no standby is running")
        with self._talking:
            self._write(process.stdin, job)
            line = self._answers.get()
            with self._writing:
                self._job = None
        if not line:
            self._answers.put(GONE)  # for whoever asks next
            raise StandbyGoneError("the standby is gone")
        return msgspec.json.decode(line, type=answer)

    def cancel_rehearsal(self) -> None:
        """Have the rehearsal that goes on, if one does, answered at once; its process is ended."""
        process = self._process
        if process is None or process.stdin is None or not isinstance(self._job, protocol.Rehearse):
            return
        with contextlib.suppress(StandbyGoneError):
            self._write(process.stdin, protocol.Cancel())

    def _write(self, pipe: IO[bytes], job: protocol.Job) -> None:
        """Hand a job over; a `Cancel` only as long as what it is about was not answered."""
        with self._writing:
            if isinstance(job, protocol.Cancel) and not isinstance(self._job, protocol.Rehearse):
                return
            try:
                pipe.write(msgspec.json.encode(job) + b"\n")
                pipe.flush()
            except (OSError, ValueError):
                raise StandbyGoneError("the standby is gone") from None
            if not isinstance(job, protocol.Cancel):
                self._job = job

    def close(self) -> None:
        """End the process; workers that it forked live on."""
        self._is_closed = True
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        if not self._is_ready:
            _kill(process)  # it may be importing torch, and not look at its input for seconds
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(CLOSE_PATIENCE_S)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
        self._listener.join(CLOSE_PATIENCE_S)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Hand answers on; the empty one says that the process has ended."""
        assert process.stdout is not None
        with process.stdout as answers:
            for line in answers:
                if line == READY:
                    self._is_ready = True
                    self._settled.set()
                else:
                    self._answers.put(line)
        self._settled.set()
        self._answers.put(GONE)


def _log() -> BinaryIO:
    """Where it says what it has to; nowhere where the cache cannot be written to."""
    try:
        paths.cache_dir().mkdir(parents=True, exist_ok=True)
        return (paths.cache_dir() / "standby.log").open("wb")
    except OSError:
        return Path(os.devnull).open("wb")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it and the child that describes a recipe; workers have sessions of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
