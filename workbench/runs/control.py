"""What users asked of a run: the requests of `control.jsonl`, appended by any client."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from workbench.errors import WorkbenchError
from workbench.params import Value
from workbench.runs.jsonl import DAMAGED, LineReader, append_line


def _client() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())  # a container may run as a number without a name
    return f"{user}@{socket.gethostname()}:{os.getpid()}"


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What all requests share: the worker's `answered` record names the `id`."""

    id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex[:12])
    time: float = msgspec.field(default_factory=lambda: round(time.time(), 3))
    client: str = msgspec.field(default_factory=_client)


class Launch(Request, frozen=True, tag="launch"):
    """A worker is being started: the first attempt, or another one that resumes.

    A worker obeys what stands after the last launch; what stands before was for its forerunner.
    `parameters` override those of run.json from this attempt on. `partial` lets a fork begin with those
    weights of its parent's that fit.
    """

    device: str = "auto"
    parameters: dict[str, Value] = {}
    wait_for_device: bool = True
    partial: bool = False


class Stop(Request, frozen=True, tag="stop"):
    """Finish this step (or this epoch), write a checkpoint, leave."""

    when: Literal["now", "epoch"] = "now"


class Pause(Request, frozen=True, tag="pause"):
    """Stand still between two steps."""


class Resume(Request, frozen=True, tag="resume"):
    """Go on after a pause."""


class SaveCheckpoint(Request, frozen=True, tag="checkpoint"):
    """Write a checkpoint now."""


class Probe(Request, frozen=True, tag="probe"):
    """Measure what the network does inside, after the next step."""


class SetParameter(Request, frozen=True, tag="set"):
    """Give a live parameter a new value."""

    name: str
    value: Value


class Enqueue(Request, frozen=True, tag="enqueue"):
    """Of a study: try these values next; what is not among them is drawn."""

    values: dict[str, Value]


class Prune(Request, frozen=True, tag="prune"):
    """Of a study: end the trial whose run has this name; it counts as pruned."""

    run: str


AnyRequest = Launch | Stop | Pause | Resume | SaveCheckpoint | Probe | SetParameter | Enqueue | Prune
RequestT = TypeVar("RequestT", bound=Request)

_decoder: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_encoder = msgspec.json.Encoder()


def ask(control_file: Path, request: RequestT) -> RequestT:
    """Append one request; it is in the kernel's hands when this returns.

    Raises:
        WorkbenchError: when the run's folder cannot be written to.
    """
    try:
        append_line(control_file, _encoder.encode(request))
    except OSError as fault:
        raise WorkbenchError(
            f"{control_file.parent.name} cannot be asked for anything: {fault.strerror}",
            f"{control_file} has to be writable, on a disk with room",
        ) from None
    return request


class ControlReader:
    """Requests in the order they were asked; what is no request is skipped and kept in `faults`."""

    def __init__(self, control_file: Path) -> None:
        self._lines = LineReader(control_file)
        self.faults: list[str] = []

    def read(self) -> list[AnyRequest]:
        """What came since the last call; costs one `stat` where nothing did."""
        requests = []
        for number, line in self._lines.read_lines():
            try:
                requests.append(_decoder.decode(line))
            except DAMAGED as fault:
                self.faults.append(f"{self._lines.path.name}, line {number}: {fault}")
        return requests


def launches(control_file: Path) -> list[Launch]:
    """All launches so far, oldest first; there are as many attempts."""
    return [r for r in ControlReader(control_file).read() if isinstance(r, Launch)]
