"""What `workbench watch` is to follow: a run of ours, or what another program recorded in a folder."""

from __future__ import annotations

import time
from pathlib import Path

from workbench import units
from workbench.cli import output
from workbench.errors import UsageError, WorkbenchError
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.runs.foreign.folder import ForeignFolder
from workbench.runs.foreign.search import Found, search

OTHERS_LISTED = 8
_WANTED = "a folder to watch holds TensorBoard's event files or Lightning's metrics.csv"


def find_watched(word: str, checkpoints: Path) -> RunFolder:
    """The run of that name; else the newest that another program recorded below the folder `word`.

    Raises:
        UsageError: when it is neither a plain name nor a folder that holds such runs.
        NotFoundError: with the nearest names.
    """
    try:
        return folders.find(word, checkpoints)
    except WorkbenchError as fault:
        place = _folder(word)
        if place is None:
            raise
        found = search(place)
        if not found.runs:
            raise _nothing(fault, place) from None
    newest = sorted(found.runs, key=ForeignFolder.written, reverse=True)
    _say_others(newest[1:], found)
    return newest[0]


def _folder(word: str) -> Path | None:
    """The existing folder that the word means."""
    try:
        place = Path(word).expanduser()
        return place.absolute() if word and place.is_dir() else None
    except (OSError, ValueError, RuntimeError):
        return None  # no name that a file could have, or no such home


def _nothing(fault: WorkbenchError, place: Path) -> WorkbenchError:
    if (place / "run.json").is_file():
        call = f"workbench --checkpoints {place.parent} watch {place.name}"
        return UsageError(f"{place} is a run of the workbench", f"watch it with: {call}")
    return UsageError(fault.title, f"nothing to watch below {place}: {_WANTED}")


def _say_others(others: list[ForeignFolder], found: Found) -> None:
    """Which runs there are beside the one that is shown."""
    if others:
        output.say_aside(f"the newest of {len(others) + 1:,} runs is shown; the others:")
    for other in others[:OTHERS_LISTED]:
        age = units.age(time.time() - other.written())
        output.say_aside(units.plain(f"  {age:>9}  workbench watch {other.path}"))
    if len(others) > OTHERS_LISTED:
        output.say_aside(f"  and {len(others) - OTHERS_LISTED:,} more")
    if found.cut_short:
        output.say_aside(units.plain(found.cut_short))
