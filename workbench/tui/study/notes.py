"""What people noted on a study's trials, read where it changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from workbench.errors import WorkbenchError
from workbench.runs import marks
from workbench.runs.folder import RunFolder
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialRecord, run_of

INTERVAL_S = 1.0  # between two looks: each asks for the time of a file for every trial


class Notes:
    """Reads the notes of trials; the same mapping is given as long as nothing changed."""

    def __init__(self, folder: StudyFolder) -> None:
        self._folder = folder
        self._runs: dict[int, RunFolder] = {}
        self._files: dict[int, str] = {}  # as texts: a path costs more than to ask for its time
        self._times_ns: dict[int, int] = {}
        self._notes: Mapping[int, str] = {}
        self._due = 0.0

    def read(self, trials: Iterable[TrialRecord]) -> Mapping[int, str]:
        """The notes by the trials' numbers; those without any are left out."""
        if time.monotonic() < self._due:
            return self._notes
        self._due = time.monotonic() + INTERVAL_S
        self._find(trials)
        changed = [number for number, file in self._files.items() if self._is_changed(number, file)]
        if changed:
            known = {**self._notes, **{number: self._note(number) for number in changed}}
            self._notes = {number: note for number, note in known.items() if note}
        return self._notes

    def _find(self, trials: Iterable[TrialRecord]) -> None:
        """The files of trials that came; one whose run is not there has none."""
        for trial in trials:
            if trial.number not in self._files:
                with suppress(WorkbenchError):
                    run = run_of(self._folder, trial)
                    self._runs[trial.number], self._files[trial.number] = run, str(run.marks_file)

    def _is_changed(self, number: int, file: str) -> bool:
        try:
            time_ns = os.stat(file).st_mtime_ns  # noqa: PTH116 - as above
        except OSError:
            time_ns = 0
        before = self._times_ns.get(number, 0)
        self._times_ns[number] = time_ns
        return time_ns != before

    def _note(self, number: int) -> str:
        try:
            return marks.read(self._runs[number]).note
        except WorkbenchError:  # damaged: it has no note that could be shown
            return ""
