"""`python -m workbench.tuning FOLDER`: the driver of a study, started by who launches or resumes it."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.runs.folder import RunFolder
from workbench.runs.lock import LockHeldError, RunLock
from workbench.tuning.study import StudyFolder
from workbench.workers.worker import daemonize, leave, listen, redirect_output


def main(arguments: list[str]) -> int:
    """Leave the caller's session and drive the study; the caller gets its status at once."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    if daemonize():
        leave(lambda: drive(Path(arguments[0])))
    return 0


def drive(path: Path) -> int:
    """Be the driver of the study in `path` until it ends; the exit status for this process."""
    folder = RunFolder(path)
    redirect_output(folder)
    early: list[str] = []
    listen(early.append)
    lock = RunLock(folder.lock_file)
    try:
        lock.acquire()
    except LockHeldError:
        print("another driver has this study already", file=sys.stderr)
        return 1
    try:
        return _drive(StudyFolder(folder), early)
    finally:
        lock.release()


def _drive(folder: StudyFolder, early: list[str]) -> int:
    # Imported under the lock, so that the study is seen to be starting, not lost.
    from workbench.tuning.beginning import begin  # noqa: PLC0415 - Optuna takes a second

    return begin(folder, early, listen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
