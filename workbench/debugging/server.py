"""The inspecting worker: loads a network once, and answers what is asked about it as one moves.

It holds no lock and writes nothing into a run's folder. It ends when its client closes the connection,
or dies, even in the middle of an answer.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
import traceback
from collections import deque
from itertools import takewhile
from typing import BinaryIO

import msgspec
import torch

from workbench.debugging import wire
from workbench.debugging.desk import Desk
from workbench.debugging.protocol import (
    Answer,
    Answered,
    Asked,
    Examine,
    Failed,
    Hello,
    Mistakes,
    OpenRecipe,
    OpenRun,
    Superseded,
    frame,
)
from workbench.errors import UsageError, WorkbenchError
from workbench.workers.faults import is_out_of_memory
from workbench.workers.loading import RecipeError

_OPENING = (OpenRun, OpenRecipe)
_SLOW = (Examine, Mistakes)  # seconds, in which a person may move on

_decoder = msgspec.msgpack.Decoder(Asked)


class SupersededError(Exception):
    """The answer that is being made is not wanted any more."""


def serve(address: str) -> int:
    """Connect to the client at `address`, and answer it until it leaves; the exit status."""
    torch.backends.mha.set_fastpath_enabled(False)  # which passes hooks by
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(address)
        except OSError:  # the client has given up meanwhile
            return 0
        Worker(connection).run()
    return 0


class Worker:
    """Answers in one thread what another one reads."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._inbox = Inbox()
        self._desk = Desk(self._inbox.refuse_what_is_old)

    def run(self) -> None:
        """Answer until the client leaves, which ends the process from the reading thread."""
        reader = threading.Thread(target=self._read, name="requests", daemon=True)
        with contextlib.suppress(ConnectionError):
            self._send(0, Hello(pid=os.getpid()))
            reader.start()
            while True:
                asked, old = self._inbox.take()
                for number in old:
                    self._send(number, Superseded())
                self._send(asked.number, self.answer(asked))

    def answer(self, asked: Asked) -> Answer:
        """What was asked for, or why it cannot be had: nothing that a recipe does ends the worker."""
        try:
            return self._desk.answer(asked.request)
        except SupersededError:
            return Superseded()
        except (Exception, SystemExit) as fault:  # noqa: BLE001 - whatever it is, it is the answer
            failed = _failed(fault)
            fault.__traceback__ = None  # it holds on to the tensors of what failed
            return failed

    def _send(self, number: int, answer: Answer) -> None:
        try:
            message = frame(Answered(number, answer))
        except (TypeError, ValueError, OverflowError) as fault:
            message = frame(Answered(number, _failed(fault)))
        self._connection.sendall(message)

    def _read(self) -> None:
        try:
            with self._connection.makefile("rb") as stream:
                self._fill(stream)
        finally:
            os._exit(0)  # torch takes its time to be torn down, and nothing is left to be written

    def _fill(self, stream: BinaryIO) -> None:
        while (body := wire.read(stream)) is not None:
            self._inbox.put(_decoder.decode(body))


class Inbox:
    """Requests that wait, of those of one kind the newest; what takes long waits for what does not."""

    def __init__(self) -> None:
        self._waiting: deque[Asked] = deque()
        self._changed = threading.Condition()
        self._old: list[int] = []
        self._kind: type | None = None  # of the request that is being answered

    def put(self, asked: Asked) -> None:
        kind = type(asked.request)
        with self._changed:
            same = [one for one in self._waiting if type(one.request) is kind]
            for one in same:
                self._waiting.remove(one)
                self._old.append(one.number)
            self._waiting.append(asked)
            self._changed.notify()

    def take(self) -> tuple[Asked, list[int]]:
        """Wait for the next request; with it the numbers of those that it made old."""
        with self._changed:
            while not self._waiting:
                self._kind = None
                self._changed.wait()
            old, self._old = self._old, []
            asked = self._next()
            self._waiting.remove(asked)
            self._kind = type(asked.request)
            return asked, old

    def _next(self) -> Asked:
        """The first that is quick, among those about the network that is open; else the first."""
        about_it = takewhile(lambda one: not isinstance(one.request, _OPENING), self._waiting)
        quick = (one for one in about_it if not isinstance(one.request, _SLOW))
        return next(quick, self._waiting[0])

    def refuse_what_is_old(self) -> None:
        """Raise SupersededError where a newer request of the kind that is being answered waits."""
        with self._changed:
            if any(type(one.request) is self._kind for one in self._waiting):
                raise SupersededError


def _failed(fault: BaseException) -> Failed:
    if isinstance(fault, WorkbenchError):
        trace = fault.trace if isinstance(fault, RecipeError) else ""
        return Failed(
            title=fault.title, remedy=fault.remedy, trace=trace, wrong=isinstance(fault, UsageError)
        )
    trace = "".join(traceback.format_exception(fault))
    first = str(fault).partition("\n")[0]
    if is_out_of_memory(fault):
        gc.collect()
        return Failed(
            title=f"out of memory: {first or type(fault).__name__}",
            remedy="look at it on the CPU, or at a smaller batch or picture",
            trace=trace,
        )
    title = f"{type(fault).__name__}: {first}" if first else type(fault).__name__
    return Failed(title=title, remedy="the traceback names the line", trace=trace)
