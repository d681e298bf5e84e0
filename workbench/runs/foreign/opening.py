"""The reader of any run's record, ours or another program's."""

from __future__ import annotations

from workbench.runs.folder import RunFolder
from workbench.runs.foreign.folder import ForeignFolder, Kind
from workbench.runs.foreign.lightning import LightningHistory
from workbench.runs.foreign.tensorboard import TensorBoardHistory
from workbench.runs.history import History

_READERS = {Kind.TENSORBOARD: TensorBoardHistory, Kind.LIGHTNING_CSV: LightningHistory}


def open_history(folder: RunFolder) -> History:
    """The history of a run, of which nothing has been read yet."""
    if isinstance(folder, ForeignFolder):
        return _READERS[folder.kind](folder)
    return History(folder)
