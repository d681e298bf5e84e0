"""The checkpoints of a run that are there now; what was pruned is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.runs.folder import RunFolder, step_in


@dataclass(frozen=True)
class Saved:
    """One file that a run can be continued or forked from.

    Attributes:
        step: the step it holds; None where neither record nor name tell.
        written: seconds since 1970.
        reason: why it was written; empty where no record tells.
        metrics: the last value of each metric by then.
    """

    file: str
    step: int | None
    size_bytes: int
    written: float
    reason: str = ""
    metrics: Mapping[str, float | str] = field(default_factory=dict)


def saved(folder: RunFolder, records: Sequence[events.Checkpoint]) -> tuple[Saved, ...]:
    """Every checkpoint in the folder, the latest step first; `records` are the run's, oldest first."""
    found = []
    for path in folder.path.glob("*.pt"):
        with suppress(FileNotFoundError):  # pruned a moment ago
            told = path.stat()
            found.append(_saved(folder, path.name, told.st_size, told.st_mtime, records))
    return tuple(sorted(found, key=lambda one: (-1 if one.step is None else one.step, one.file))[::-1])


def _saved(
    folder: RunFolder,
    file: str,
    size_bytes: int,
    written: float,
    records: Sequence[events.Checkpoint],
) -> Saved:
    record = next((one for one in reversed(records) if one.file == file), None)
    if record is None:
        return Saved(file, _unrecorded_step(folder, file), size_bytes, written)
    return Saved(file, record.step, size_bytes, written, record.reason, record.metrics)


def _unrecorded_step(folder: RunFolder, file: str) -> int | None:
    if file != folder.start_file.name:
        return step_in(file)
    with suppress(WorkbenchError):
        parent = folder.manifest().parent
        return None if parent is None else parent.step
    return None
