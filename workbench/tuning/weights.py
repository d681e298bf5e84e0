"""How much each parameter of a study counts: weighed by Optuna in a process of its own, read here."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import IO

import msgspec

from workbench.catalog import install_command
from workbench.runs.jsonl import DAMAGED
from workbench.tuning import methods
from workbench.tuning.study import StudyFolder
from workbench.workers.protocol import python_module

LEAST_TRIALS = 4  # complete ones; with fewer, every parameter explains everything
# So many times more trials, and at least so many of them, are weighed anew.
_MORE = 1.1
_FEWEST_MORE = 2


class Weight(msgspec.Struct, frozen=True):
    """What one evaluator says of one metric: shares of 1, the largest first; or why it cannot."""

    evaluator: str
    metric: int
    importances: dict[str, float] = {}
    fault: str = ""


@dataclass(frozen=True)
class Weights:
    """What all evaluators say of so many complete trials; `fault` is why none says anything."""

    trials: int
    of: tuple[Weight, ...] = ()
    fault: str = ""


class Weigher:
    """Has the trials of a study weighed when enough new ones came; never waits."""

    def __init__(self, folder: StudyFolder) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._faults: IO[bytes] | None = None
        self._weighed = 0
        self._weights: Weights | None = None
        self._closed = False
        # A page is left while a thread reads: nothing is begun for it after that.
        self._one_at_a_time = threading.Lock()

    def look(self, complete: int) -> Weights | None:
        """The last answer, or None where the first is waited for; `complete` trials are there now."""
        if complete < LEAST_TRIALS:
            there = f"there {'is' if complete == 1 else 'are'} {complete}"
            return Weights(
                complete, fault=f"{LEAST_TRIALS} complete trials can be weighed, and {there}"
            )
        with self._one_at_a_time:
            return None if self._closed else self._look(complete)

    def _look(self, complete: int) -> Weights | None:
        if self._process is None and complete >= max(
            self._weighed * _MORE, self._weighed + _FEWEST_MORE
        ):
            self._begin(complete)
        if self._process is not None:
            self._take()
        return self._weights

    def close(self) -> None:
        """End the process, if it is still at work."""
        with self._one_at_a_time:
            self._closed = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._forget()

    def _begin(self, complete: int) -> None:
        self._weighed = complete
        if absent := methods.missing("tpe"):
            fault = f"importances need {' and '.join(absent)}: {install_command(absent)}"
            self._weights = Weights(complete, fault=fault)
            return
        self._output, self._faults = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - until it ended
        command = python_module("workbench.tuning.importances", str(self._folder.run.path))
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._faults
        )

    def _take(self) -> None:
        """What it has said so far: at first each line as it comes, later all at once."""
        assert self._process is not None and self._output is not None and self._faults is not None
        status = self._process.poll()
        if status is None and self._weights is not None and self._weights.trials != self._weighed:
            return
        said = _lines(self._output)
        if said or status is not None:
            self._weights = Weights(self._weighed, said, "" if said else _last_words(self._faults))
        if status is not None:
            self._forget()

    def _forget(self) -> None:
        for file in (self._output, self._faults):
            if file is not None:
                file.close()
        self._process = self._output = self._faults = None


def _lines(file: IO[bytes]) -> tuple[Weight, ...]:
    file.seek(0)
    found = []
    for line in file.read().split(b"\n")[:-1]:
        try:
            found.append(msgspec.json.decode(line, type=Weight))
        except DAMAGED:
            continue
    return tuple(found)


def _last_words(file: IO[bytes]) -> str:
    file.seek(0)
    said = file.read().decode(errors="replace").strip().rpartition("\n")[2]
    return f"the trials could not be weighed: {said or 'the process ended without a word'}"
