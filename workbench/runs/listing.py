"""All runs at a glance, each read from the end of its record; what has ended is read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.state import Status, status_of


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs; `fault` says why `run.json` could not be read."""

    folder: RunFolder
    manifest: Manifest
    status: Status
    fault: str = ""

    @property
    def name(self) -> str:
        return self.folder.name


class Listing:
    """Reads the runs of one place again and again; only what changed is read anew."""

    def __init__(self, checkpoints: Path) -> None:
        self.checkpoints = checkpoints
        self._manifests: dict[str, tuple[Manifest, str]] = {}
        self._ended: dict[str, tuple[tuple[int, ...], Status]] = {}

    def read(self) -> list[RunSummary]:
        """All runs, newest first."""
        runs = [self._summary(folder) for folder in folders.all_runs(self.checkpoints)]
        return sorted(runs, key=lambda run: (run.manifest.created, run.name), reverse=True)

    def _summary(self, folder: RunFolder) -> RunSummary:
        if folder.name not in self._manifests:
            self._manifests[folder.name] = _manifest(folder)
        manifest, fault = self._manifests[folder.name]
        return RunSummary(folder, manifest, self._status(folder), fault)

    def _status(self, folder: RunFolder) -> Status:
        print_now = _fingerprint(folder)
        kept = self._ended.get(folder.name)
        if kept is not None and kept[0] == print_now:
            return kept[1]
        status = status_of(folder)
        if status.state.ended:
            self._ended[folder.name] = (print_now, status)
        return status


def _manifest(folder: RunFolder) -> tuple[Manifest, str]:
    try:
        return folder.manifest(), ""
    except WorkbenchError as fault:
        nobody = Manifest(name=folder.name, recipe=RecipeReference(id="?", file=""), created=0.0)
        return nobody, fault.title


def _fingerprint(folder: RunFolder) -> tuple[int, ...]:
    """Changes whenever a record or a request is appended."""
    sizes = []
    for file in (folder.events_file, folder.control_file):
        try:
            sizes.append(file.stat().st_size)
        except FileNotFoundError:
            sizes.append(-1)
    return tuple(sizes)
