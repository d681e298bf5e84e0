"""What people say of a run: a star and a note, in a small file of their own in its folder."""

from __future__ import annotations

import threading

import msgspec

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder, write_atomically

# One process writes aside under one name: two of its threads must not do so at once.
_one_at_a_time = threading.Lock()


class Marks(msgspec.Struct, frozen=True):
    """What `marks.json` says; a run without that file has neither star nor note."""

    starred: bool = False
    note: str = ""


NO_MARKS = Marks()


def read(folder: RunFolder) -> Marks:
    """The marks of a run.

    Raises:
        WorkbenchError: when the file is there but cannot be read.
    """
    try:
        return msgspec.json.decode(folder.marks_file.read_bytes(), type=Marks)
    except FileNotFoundError:
        return NO_MARKS
    except (OSError, ValueError, RecursionError) as fault:
        raise WorkbenchError(
            f"{folder.marks_file} cannot be read: {fault}", "delete it; star and note are lost"
        ) from None


def star(folder: RunFolder, starred: bool) -> None:
    """Give a run a star, or take it away.

    Raises:
        WorkbenchError: when the folder cannot be written to.
    """
    with _one_at_a_time:
        _write(folder, msgspec.structs.replace(read(folder), starred=starred))


def annotate(folder: RunFolder, note: str) -> None:
    """Give a run a note; an empty one takes it away.

    Raises:
        WorkbenchError: when the folder cannot be written to.
    """
    with _one_at_a_time:
        _write(folder, msgspec.structs.replace(read(folder), note=note.strip()))


def _write(folder: RunFolder, marks: Marks) -> None:
    try:
        write_atomically(folder.marks_file, msgspec.json.encode(marks))
    except OSError as fault:
        raise WorkbenchError(f"{folder.name} cannot be marked: {fault.strerror or fault}") from None
