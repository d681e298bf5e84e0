"""Where a figure of a run is on the disk: thousands of them are kept by their places alone."""

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
        if not self.length:
            return b""
        with self.events_file.open("rb", buffering=0) as file:
            file.seek(self.offset)
            return file.read(self.length)

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
