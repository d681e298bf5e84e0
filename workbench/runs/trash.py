"""Deleted runs, kept for some days in `.trash` beside the others, so that deleting can be undone."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from workbench import paths
from workbench.errors import NotFoundError, UsageError, WorkbenchError, unknown
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder

KEPT_DAYS = 7
KEPT_S = KEPT_DAYS * 86_400.0

_NS = 1_000_000_000


def put(folder: RunFolder, when_ns: int | None = None) -> Path:
    """Move a run into the trash; those with the same `when_ns` come back together.

    Raises:
        WorkbenchError: when it cannot be moved.
    """
    try:
        # The time of the folder says since when it is here; it has to be right before it is here.
        stamp = time.time_ns() if when_ns is None else when_ns
        os.utime(folder.path, ns=(stamp, stamp))
        return _move(folder.path, folders.trash_dir(folder.path.parent))
    except OSError as fault:
        raise WorkbenchError(f"{folder.name} cannot be deleted: {fault.strerror or fault}") from None


def restore(name: str, checkpoints: Path) -> RunFolder:
    """Bring the run of that name back, the last deleted one where there are several.

    It gets the next free number where its name was taken meanwhile.

    Raises:
        NotFoundError: with the nearest names in the trash.
        WorkbenchError: when it cannot be moved.
    """
    try:
        paths.inside(checkpoints, name)
    except ValueError:
        raise UsageError(f"{name!r} is not the name of a run") from None
    held = _held(checkpoints)
    same = [path for path in held if folders.name_in_trash(path) == name]
    if not same:
        names = {folders.name_in_trash(path) for path in held}
        raise NotFoundError(unknown("run in the trash", name, names))
    return _bring_back(max(same, key=_since_ns), checkpoints)


def restore_last(checkpoints: Path) -> list[tuple[str, RunFolder]]:
    """Bring back all that was deleted last, at one time: each run's old name, and where it is now.

    Raises:
        NotFoundError: when the trash is empty.
        WorkbenchError: when one cannot be moved.
    """
    held = _held(checkpoints)
    if not held:
        raise NotFoundError("the trash is empty")
    last = max(_since_ns(path) for path in held)
    back = [path for path in held if _since_ns(path) == last]
    return [(folders.name_in_trash(path), _bring_back(path, checkpoints)) for path in sorted(back)]


def empty(checkpoints: Path, older_than_s: float = KEPT_S) -> Sequence[Path]:
    """Delete for good what has been in the trash for longer; gives what is gone.

    Raises:
        WorkbenchError: when something cannot be deleted.
    """
    before_ns = time.time_ns() - int(older_than_s * _NS)
    gone = [path for path in _held(checkpoints) if _since_ns(path) < before_ns]
    for path in gone:
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            continue  # another client was faster
        except OSError as fault:
            raise WorkbenchError(f"{path} cannot be deleted: {fault.strerror or fault}") from None
    return gone


def _held(checkpoints: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folders.trash_dir(checkpoints))]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise WorkbenchError(f"the trash cannot be read: {fault.strerror or fault}") from None


def _since_ns(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except FileNotFoundError:
        return time.time_ns()  # another client took it: it is not for emptying


def _move(path: Path, trash: Path) -> Path:
    trash.mkdir(exist_ok=True)
    count = 0
    while True:
        count += 1
        there = trash / (path.name if count == 1 else f"{path.name}{folders.COPY_SIGN}{count}")
        try:
            there.mkdir()
        except FileExistsError:
            continue
        path.replace(there)  # an empty folder gives way, so nobody else can take the name between
        return there


def _bring_back(path: Path, checkpoints: Path) -> RunFolder:
    name = folders.name_in_trash(path)
    try:
        folder = folders.take_name(name, checkpoints)
        try:
            path.replace(folder.path)
        except BaseException:
            folder.path.rmdir()
            raise
    except OSError as fault:
        raise WorkbenchError(f"{name} cannot be brought back: {fault.strerror or fault}") from None
    return folder
