"""The client's side of the standby: a warm process to start workers from."""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
import threading
from typing import TypeVar

import msgspec

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.workers import protocol

CLOSE_PATIENCE_S = 5.0

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
        self._ready = threading.Event()
        self._talking = threading.Lock()

    def start(self) -> None:
        """Spawn the process; returns at once, `ready` turns true seconds later."""
        if platform.system() != "Linux" or self._process is not None:
            return
        paths.cache_dir().mkdir(parents=True, exist_ok=True)
        with (paths.cache_dir() / "standby.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "workbench.workers", "standby"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._wait_until_ready, name="standby", daemon=True).start()

    @property
    def started(self) -> bool:
        """The process lives, ready or on its way."""
        return self._process is not None and self._process.poll() is None

    @property
    def ready(self) -> bool:
        """A worker would start at once."""
        return self._ready.is_set() and self.started

    def wait(self, timeout_s: float = 60.0) -> bool:
        """Wait until it is ready; false where it is not in time."""
        return self._ready.wait(timeout_s) and self.started

    def ask(self, job: protocol.Job, answer: type[AnswerT]) -> AnswerT:
        """Do a job and wait for its answer.

        Raises:
            StandbyGoneError: when the process is not there (any more).
            WorkbenchError: when the job ended its process.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None or not self.wait():
            raise StandbyGoneError("no standby is running")
        with self._talking:
            try:
                process.stdin.write(msgspec.json.encode(job) + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except (OSError, ValueError):
                line = b""
        if not line:
            raise StandbyGoneError("the standby is gone")
        return msgspec.json.decode(line, type=answer)

    def close(self) -> None:
        """End the process; workers that it forked live on."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        if not self._ready.is_set():
            process.kill()  # still importing torch: it does not read its input, and forked nothing
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(CLOSE_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()  # a recipe that is being described hangs
            process.wait()
        process.stdout.close()

    def _wait_until_ready(self) -> None:
        process = self._process
        if process is not None and process.stdout is not None and process.stdout.readline():
            self._ready.set()
