"""The client's side of an inspecting worker: starts it, asks it, ends it. Knows no torch."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import msgspec

from workbench.debugging import protocol, wire
from workbench.debugging.protocol import Answer, Answered, Asked, Failed, Hello, Request, Superseded
from workbench.errors import UsageError, WorkbenchError
from workbench.workers import environment
from workbench.workers.protocol import Done, Inspect, python_module
from workbench.workers.standby import Standby, StandbyGoneError

START_LIMIT_S = 120.0
LOOK_S = 0.2  # between two looks whether a worker that has not come yet has died
FOLDER_PREFIX = "workbench-inspect-"

AnswerT = TypeVar("AnswerT", bound=msgspec.Struct)

_decoder = msgspec.msgpack.Decoder(Answered)


class SupersededError(WorkbenchError):
    """A newer request of the same kind was made meanwhile; nobody waits for this answer."""


class InspectionError(WorkbenchError):
    """What the worker could not answer; `trace` is for the author of the recipe."""

    def __init__(self, title: str, remedy: str = "", trace: str = "") -> None:
        super().__init__(title, remedy)
        self.trace = trace


class RefusedError(InspectionError, UsageError):
    """A request that was wrong: an unknown layer, a sample that there is not."""


class WorkerGoneError(WorkbenchError):
    """The inspecting worker ended; another one has to be started."""


class Inspector:
    """One inspecting worker, forked from a warm standby or started cold with the first request.

    It may be used from several threads. `submit` returns at once, `ask` waits. The worker ends with
    `close`, and with the process that asked it.
    """

    def __init__(self, standby: Standby | None = None) -> None:
        self._standby = standby
        self._lock = threading.Lock()
        self._number = 0
        self._waiting: dict[int, Future[Answer]] = {}
        self._unsent: list[bytes] = []  # until the worker is there
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._gone: WorkbenchError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it can be asked: it was not closed, and its worker has not ended."""
        return self._gone is None

    def submit(self, request: Request) -> Future[Answer]:
        """Ask, and return at once; the future fails as `ask` does."""
        future: Future[Answer] = Future()
        future.set_running_or_notify_cancel()  # a client that loses interest does not take it back
        with self._lock:
            if self._gone is not None:
                future.set_exception(self._gone)
                return future
            self._number += 1
            self._waiting[self._number] = future
            message = protocol.frame(Asked(self._number, request))
            if self._connection is None:
                self._unsent.append(message)
            else:
                self._send(self._connection, message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="inspector", daemon=True)
                self._thread.start()
        return future

    def ask(self, request: Request, answer: type[AnswerT]) -> AnswerT:
        """Ask, and wait for the answer.

        Raises:
            SupersededError: when a newer request of the kind came before this one was answered.
            RefusedError: when the request was wrong.
            InspectionError: when it could not be answered.
            WorkerGoneError: when the worker ended, or could not be started.
        """
        told = self.submit(request).result()
        assert isinstance(told, answer), f"{type(told).__name__} answers {type(request).__name__}"
        return told

    def close(self) -> None:
        """End the worker, whatever it does; who still waits gets a WorkerGoneError."""
        was_connected = self._connection is not None
        self._end(WorkerGoneError("the inspection was closed"))
        if self._thread is not None and was_connected:  # else it may wait for a standby, for seconds
            self._thread.join()

    def _serve(self) -> None:
        """Start the worker and hand on its answers, until it ends."""
        try:
            connection = self._started()
        except WorkbenchError as fault:
            self._end(fault)
            self._kill()  # where it was closed meanwhile
            return
        with self._lock:
            if self._gone is None:
                self._connection = connection
                for message in self._unsent:
                    self._send(connection, message)
                self._unsent.clear()
            else:
                connection.close()
        try:
            with connection.makefile("rb") as stream:
                while (body := wire.read(stream)) is not None:
                    self._take(_decoder.decode(body))
            why = ""
        except (OSError, ValueError) as cut:
            why = f": {cut}"
        self._pid = 0  # by now it may be another process's
        self._end(WorkerGoneError(f"the inspecting worker has ended{why}", "open the network again"))

    def _take(self, answered: Answered) -> None:
        answer = answered.answer
        if isinstance(answer, Hello):
            self._pid = answer.pid
            return
        with self._lock:
            future = self._waiting.pop(answered.number, None)
        if future is None:
            return
        match answer:
            case Failed():
                kind = RefusedError if answer.wrong else InspectionError
                future.set_exception(kind(answer.title, answer.remedy, answer.trace))
            case Superseded():
                future.set_exception(SupersededError("a newer request has come"))
            case _:
                future.set_result(answer)

    def _send(self, connection: socket.socket, message: bytes) -> None:
        with contextlib.suppress(OSError):  # the reader notices that the worker is gone
            connection.sendall(message)

    def _end(self, fault: WorkbenchError) -> None:
        with self._lock:
            if self._gone is not None:
                return
            self._gone = fault
            waiting, self._waiting = self._waiting, {}
            connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._kill()
        for future in waiting.values():
            future.set_exception(fault)

    def _kill(self) -> None:
        """A worker in the middle of a long answer would look at its connection only after it."""
        process, self._process = self._process, None
        pid, self._pid = self._pid, 0
        if process is not None:
            process.kill()
            process.wait()
        elif pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _started(self) -> socket.socket:
        """The connection of a worker that has been started.

        Raises:
            WorkerGoneError: when it could not be started.
        """
        folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))  # which only its owner may enter
        try:
            with socket.socket(socket.AF_UNIX) as listening, tempfile.TemporaryFile() as said:
                listening.bind(str(folder / "socket"))
                listening.listen(1)
                listening.settimeout(LOOK_S)
                self._start(folder / "socket", said)
                return self._accepted(listening, said)
        except OSError as fault:
            raise WorkerGoneError(f"no inspecting worker could be started: {fault}") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _start(self, address: Path, said: IO[bytes]) -> None:
        if self._standby is not None and self._standby.started:
            try:
                self._standby.ask(Inspect(address=str(address)), Done)
                return
            except StandbyGoneError:
                if self._gone is not None:
                    raise self._gone from None
                # Else the cold way.
        self._process = subprocess.Popen(
            python_module("workbench.debugging", str(address)),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env=environment.for_training(),
        )

    def _accepted(self, listening: socket.socket, said: IO[bytes]) -> socket.socket:
        deadline = time.monotonic() + START_LIMIT_S
        while self._gone is None and time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                connection, _ = listening.accept()
                connection.settimeout(None)
                return connection
            process = self._process
            if process is not None and process.poll() is not None:
                said.seek(0)
                last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise WorkerGoneError(f"no inspecting worker could be started: {last}")
        raise self._gone or WorkerGoneError(
            f"the inspecting worker did not start within {START_LIMIT_S:g} s"
        )
