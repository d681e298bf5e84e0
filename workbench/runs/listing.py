"""All runs at a glance, each read from the end of its record; what has ended is read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.runs import folder as folders
from workbench.runs import marks
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.marks import NO_MARKS, Marks
from workbench.runs.state import Status, status_of
from workbench.runs.states import State

if TYPE_CHECKING:
    from workbench.runs.foreign.listing import ForeignListing

_Fingerprint = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs; `fault` says why one of its files could not be read."""

    folder: RunFolder
    manifest: Manifest
    status: Status
    fault: str = ""
    marks: Marks = NO_MARKS

    @property
    def name(self) -> str:
        return self.folder.name


class Listing:
    """Reads the runs of one place again and again; only what changed is read anew."""

    def __init__(self, checkpoints: Path, watched: Path | None = None) -> None:
        self.checkpoints = checkpoints
        self.watched = watched
        self._foreign: ForeignListing | None = None
        self._manifests: dict[str, tuple[_Fingerprint, Manifest, str]] = {}
        self._marks: dict[str, tuple[_Fingerprint, Marks, str]] = {}
        self._ended: dict[str, tuple[_Fingerprint, Status]] = {}

    def read(self) -> list[RunSummary]:
        """All runs, newest first; among them those that other programs recorded below `watched`."""
        runs = [self._summary(folder) for folder in folders.all_runs(self.checkpoints)]
        runs += self._foreign_runs()
        return sorted(runs, key=lambda run: (run.manifest.created, run.name), reverse=True)

    def _foreign_runs(self) -> list[RunSummary]:
        if self.watched is None:
            return []
        if self._foreign is None:
            # Here, in whichever thread reads: it brings numpy.
            from workbench.runs.foreign.listing import ForeignListing  # noqa: PLC0415

            self._foreign = ForeignListing(self.watched)
        return self._foreign.read()

    def _summary(self, folder: RunFolder) -> RunSummary:
        manifest, fault = self._manifest(folder)
        try:
            status = self._status(folder)
        except OSError as refused:
            status, fault = Status(), fault or f"{folder.path} cannot be read: {refused.strerror}"
        given, marks_fault = self._marks_of(folder)
        return RunSummary(folder, manifest, status, fault or marks_fault, given)

    def _manifest(self, folder: RunFolder) -> tuple[Manifest, str]:
        written = _fingerprint(folder.manifest_file)
        kept = self._manifests.get(folder.name)
        if kept is None or kept[0] != written:  # a deleted run's name can be given again
            kept = self._manifests[folder.name] = (written, *_read_manifest(folder))
        return kept[1:]

    def _marks_of(self, folder: RunFolder) -> tuple[Marks, str]:
        written = _fingerprint(folder.marks_file)
        kept = self._marks.get(folder.name)
        if kept is None or kept[0] != written:
            kept = self._marks[folder.name] = (written, *_read_marks(folder))
        return kept[1:]

    def _status(self, folder: RunFolder) -> Status:
        written = _fingerprint(folder.manifest_file, folder.events_file, folder.control_file)
        kept = self._ended.get(folder.name)
        if kept is not None and kept[0] == written:
            return kept[1]
        status = status_of(folder)
        if status.state.ended and status.state is not State.LOST:  # what is lost may be heard of again
            self._ended[folder.name] = (written, status)
        return status


def _read_manifest(folder: RunFolder) -> tuple[Manifest, str]:
    try:
        return folder.manifest(), ""
    except WorkbenchError as fault:
        nobody = Manifest(name=folder.name, recipe=RecipeReference(id="?", file=""), created=0.0)
        return nobody, fault.title


def _read_marks(folder: RunFolder) -> tuple[Marks, str]:
    try:
        return marks.read(folder), ""
    except WorkbenchError as fault:
        return NO_MARKS, fault.title


def _fingerprint(*files: Path) -> _Fingerprint:
    """Changes whenever one of the files is replaced or appended to."""
    return tuple(_identity(file) for file in files)


def _identity(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
