"""How a client starts a process of this package, and what it says to a standby.

They talk in JSON objects, one a line, answered in order.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from workbench.params import Value
from workbench.rehearsal import Rehearsal


class Describe(msgspec.Struct, frozen=True, tag="describe"):
    """Import the recipe in `file` and tell its parameters; answered by a Schema."""

    file: str


class Work(msgspec.Struct, frozen=True, tag="work"):
    """Fork a worker for the run in `folder`, then those from the pipe `jobs`; answered by Done."""

    folder: str
    jobs: str = ""


class Inspect(msgspec.Struct, frozen=True, tag="inspect"):
    """Fork an inspecting worker, which connects to the socket at `address`; answered by Done."""

    address: str


class Rehearse(msgspec.Struct, frozen=True, tag="rehearse"):
    """Do one batch of a recipe without recording a run; answered by a Report."""

    file: str
    parameters: dict[str, Value]
    seed: int
    device: str


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Give up the rehearsal that goes on, which then is answered at once; no answer of its own."""


Job = Describe | Work | Inspect | Rehearse | Cancel


class Done(msgspec.Struct, frozen=True):
    """The job was taken."""


class Report(msgspec.Struct, frozen=True):
    """What a rehearsal found: as plain text, and as data where it was measured; or why it failed."""

    text: str = ""
    measured: Rehearsal | None = None
    error: str = ""
    remedy: str = ""
    traceback: str = ""


def command(*arguments: str) -> list[str]:
    """`python -m workbench.workers` with `arguments`."""
    return python_module("workbench.workers", *arguments)


def python_module(module: str, *arguments: str) -> list[str]:
    """`python -m MODULE` with `arguments`, which finds the modules that this process finds.

    Python alone would look into the working directory first, where a `queue.py` of the user's would be
    taken for the standard library's.
    """
    unsafe = str(Path.cwd()) in sys.path
    return [sys.executable, *([] if unsafe else ["-P"]), "-m", module, *arguments]
