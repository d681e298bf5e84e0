"""What a client and a standby say to each other: one JSON object a line, answered in order."""

from __future__ import annotations

import msgspec

from workbench.params import Value


class Describe(msgspec.Struct, frozen=True, tag="describe"):
    """Import the recipe in `file` and tell its parameters; answered by a Schema."""

    file: str


class Work(msgspec.Struct, frozen=True, tag="work"):
    """Fork a worker for the run in `folder`; answered by Done."""

    folder: str


class Rehearse(msgspec.Struct, frozen=True, tag="rehearse"):
    """Do one batch of a recipe without recording a run; answered by a Report."""

    file: str
    parameters: dict[str, Value]
    seed: int
    device: str


Job = Describe | Work | Rehearse


class Done(msgspec.Struct, frozen=True):
    """The job was taken."""


class Report(msgspec.Struct, frozen=True):
    """What a rehearsal found: sentences and tables as plain text, or why it failed."""

    text: str = ""
    error: str = ""
    remedy: str = ""
    traceback: str = ""
