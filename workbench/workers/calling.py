"""Hands jobs to a process that knows torch: the standby where there is one, else a new process."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TypeVar

import msgspec

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.tuning import address, study
from workbench.workers import environment, protocol
from workbench.workers.standby import Standby, StandbyGoneError

AnswerT = TypeVar("AnswerT", bound=msgspec.Struct)


def start_worker(
    folder: RunFolder, standby: Standby | None, *, jobs: Path | None = None, storage: str = ""
) -> None:
    """Let a worker begin with the run, or a driver with the study; it lives on when this process ends.

    A worker that is given the pipe `jobs` stays for further runs. `storage` is what only a driver is
    told: the address of its storage with the password, which goes through its environment because
    arguments and files can be read by others.

    Raises:
        WorkbenchError: when no process could be started.
    """
    is_study = study.is_study(folder)
    if standby is not None and standby.started and not is_study:
        try:
            standby.ask(protocol.Work(folder=str(folder.path), jobs=_text(jobs)), protocol.Done)
            return
        except StandbyGoneError:
            pass  # then the cold way
    command = (
        protocol.python_module("workbench.tuning", str(folder.path))
        if is_study
        else protocol.command("work", str(folder.path), *filter(None, [_text(jobs)]))
    )
    told = {address.STORAGE_VARIABLE: storage} if storage else {}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=environment.for_training(told),
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise WorkbenchError(f"no worker could be started: {said}", f"see {folder.output_file}")


def _text(jobs: Path | None) -> str:
    return "" if jobs is None else str(jobs)


def ask(
    job: protocol.Describe | protocol.Rehearse, answer: type[AnswerT], standby: Standby | None
) -> AnswerT:
    """What the job's process answers.

    Raises:
        WorkbenchError: when it ended without an answer.
    """
    if standby is not None and (standby.started or standby.closed):
        try:
            return standby.ask(job, answer)
        except StandbyGoneError:
            if standby.closed:
                raise
            # Else the cold way.
    done = subprocess.run(
        protocol.command("answer"),
        input=msgspec.json.encode(job),
        capture_output=True,
        check=False,
        start_new_session=True,
        env=environment.for_training(),
    )
    last_line = done.stdout.rpartition(b"\n")[2]
    if done.returncode or not last_line:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise WorkbenchError("importing the recipe ended its process", said)
    return msgspec.json.decode(last_line, type=answer)
