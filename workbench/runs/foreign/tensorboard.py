"""Reads the event files that TensorBoard shows: scalars of all files of a folder, as they grow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from workbench.runs.foreign.history import ForeignHistory
from workbench.runs.foreign.hparams import read_hparams
from workbench.runs.foreign.scalars import Points, Scalars, read_scalars
from workbench.runs.foreign.tfrecord import RecordReader
from workbench.runs.series import Series


@dataclass
class _EventFile:
    reader: RecordReader
    tags: set[str] = field(default_factory=set)


class TensorBoardHistory(ForeignHistory):
    """The scalars of one folder of event files.

    A later file that begins a curve again at an earlier step goes on from there, as does a session
    that says so: what was recorded beyond is void, so that no curve has a zigzag.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._files: dict[Path, _EventFile] = {}

    def _take_next(self) -> bool:
        if any(file.reader.has_shrunk() for file in self._files.values()):
            self._files.clear()
            self.series.clear()
            self.faults.clear()
        for path in self.folder.files():
            file = self._files.get(path)
            if file is None:
                # All readers report to this history.
                file = self._files[path] = _EventFile(RecordReader(path, faults=self.faults))
            block = file.reader.read_block()
            if block is not None:
                self._take_scalars(file, read_scalars(block, file.reader))
                return True
        return False

    def _take_scalars(self, file: _EventFile, scalars: Scalars) -> None:
        for metadata in scalars.metadata:
            self.parameters.update(read_hparams(metadata))
        for _, step in scalars.restarts:
            for series in self.series.values():
                series.truncate(step - 1)
        for tag, points in scalars.joined():
            if len(points.steps):
                self._extend_series(file, tag, points)

    def _extend_series(self, file: _EventFile, tag: str, points: Points) -> None:
        series = self.series.setdefault(tag, Series(tag))
        if tag not in file.tags:
            file.tags.add(tag)
            series.truncate(int(points.steps[0]) - 1)
        series.extend(points.steps, points.times, points.values)
