"""Whether a run is alive, and that only one client at a time starts or deletes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import UsageError, WorkbenchError
from workbench.filelock import FileLock, LockHeldError
from workbench.runs import control, lock, state
from workbench.runs.folder import RunFolder
from workbench.runs.states import State

LAUNCHING_PATIENCE_S = 30.0  # another client hands its run to a worker in less


class AliveError(UsageError):
    """What was asked for is for runs that have ended."""


def refuse_living(folder: RunFolder, what: str) -> None:
    """Raise AliveError, with process and host, when the run is alive."""
    status = state.status_of(folder)
    if not status.state.ended:
        raise AliveError(
            f"{folder.name} is {status.state}{_where(folder, status)} and cannot {what}",
            f"stop it first: workbench stop {folder.name}",
        )


def _where(folder: RunFolder, status: state.Status) -> str:
    """The worker's process and host, or who asked for it where it has not come yet."""
    if status.state is not State.STARTING or lock.holder(folder.lock_file) is not None:
        return f" (pid {status.pid} on {status.host})"
    launches = control.launches(folder.control_file)
    return f" (asked for by {launches[-1].client})" if launches else ""


@contextmanager
def alone(folder: RunFolder) -> Iterator[None]:
    """Nobody else starts or deletes the run meanwhile: who comes second finds it started or gone.

    Raises:
        AliveError: when another client does not let go of it.
        WorkbenchError: when the folder cannot be written to.
    """
    taken = FileLock(folder.launching_file)
    try:
        taken.acquire(patience_s=LAUNCHING_PATIENCE_S)
    except LockHeldError:
        raise AliveError(f"{folder.name} is being started by another client", "wait for it") from None
    except OSError as fault:
        raise WorkbenchError(
            f"{folder.name} cannot be written to: {fault.strerror or fault}",
            f"{folder.path} has to be writable, on a disk with room",
        ) from None
    try:
        yield
    finally:
        taken.release()
