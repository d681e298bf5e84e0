"""Where figures and probes of a run are on the disk: thousands are kept by their places alone."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder


class ShownFigure(msgspec.Struct, frozen=True, gc=False):
    """A figure that the recipe handed over, read only when it is looked at.

    Attributes:
        file: its file under `figures/`; empty where it stands in the record itself.
        events_file: the file of that record.
        offset: the byte where the figure begins there.
        length: its bytes there; 0 where it has a file.
    """

    step: int
    time: float
    file: str
    events_file: Path
    offset: int = 0
    length: int = 0

    @property
    def figure(self) -> bytes:
        """What stands in the record, read now; empty where the figure has a file.

        Raises:
            OSError: when the record cannot be read.
        """
        return _part(self.events_file, self.offset, self.length)

    def read(self, folder: RunFolder) -> bytes:
        """The figure as it was encoded.

        Raises:
            WorkbenchError: when it cannot be read, or would lie outside of the run's folder.
        """
        try:
            if not self.file:
                return self.figure
            return paths.inside(folder.figures_dir, self.file).read_bytes()
        except (OSError, ValueError) as fault:
            raise WorkbenchError(f"the figure cannot be read: {fault}") from None


class RecordedProbe(msgspec.Struct, frozen=True, gc=False):
    """A probe, read only when it is looked at; `request` is what asked for it, empty where nothing did.

    It is `length` bytes of `events_file` from byte `offset` on.
    """

    step: int
    time: float
    request: str
    events_file: Path
    offset: int
    length: int

    def read(self) -> bytes:
        """The probe as it was encoded.

        Raises:
            WorkbenchError: when it cannot be read.
        """
        try:
            return _part(self.events_file, self.offset, self.length)
        except OSError as fault:
            raise WorkbenchError(f"the probe of step {self.step:,} cannot be read: {fault}") from None


def _part(path: Path, offset: int, length: int) -> bytes:
    if not length:
        return b""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        return file.read(length)
