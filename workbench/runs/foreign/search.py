"""Finds runs of other programs below a folder, within bounds that no tree can exceed."""

from __future__ import annotations

import os
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path

from workbench.runs.foreign.folder import ForeignFolder, Kind, kind_of

MOST_LEVELS = 8
MOST_ENTRIES = 50_000
MOST_RUNS = 1_000
OWN_RUN_FILE = "run.json"


@dataclass(frozen=True)
class Found:
    """Foreign runs; `cut_short` says which bound ended the search, empty where none did."""

    runs: tuple[ForeignFolder, ...]
    cut_short: str = ""


def search(root: Path) -> Found:
    """Every run at or below `root` that another program recorded, those nearest to it first.

    Links to folders are not followed, hidden folders and runs of ours are not entered.
    """
    runs: list[ForeignFolder] = []
    names_given: Counter[str] = Counter()
    entries_seen = 0
    waiting = deque([(root, 0)])
    while waiting:
        folder, level = waiting.popleft()
        entries = _entries(folder)
        entries_seen += len(entries)
        names = {entry.name for entry in entries}
        if OWN_RUN_FILE in names:
            continue
        kinds = {kind_of(entry.name) for entry in entries if _is_file(entry)}
        # Where both are, event files tell more: each of their points has its time.
        kind = next((kind for kind in Kind if kind in kinds), None)
        if kind is not None:
            runs.append(ForeignFolder(folder, _unlike(names_given, _shown_name(folder, root)), kind))
        if len(runs) >= MOST_RUNS:
            return Found(tuple(runs), f"only the first {MOST_RUNS:,} runs below {root} are shown")
        if entries_seen >= MOST_ENTRIES:
            return Found(tuple(runs), f"{root} is too large to be searched whole")
        if level < MOST_LEVELS:
            waiting += [(Path(entry.path), level + 1) for entry in entries if _is_open(entry)]
    return Found(tuple(runs))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, by name; nothing where it cannot be read."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) >= MOST_ENTRIES:
                    break
    except OSError:
        return []
    return sorted(found, key=lambda entry: entry.name)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_open(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _shown_name(folder: Path, root: Path) -> str:
    """The path from the folder that is watched; its slash tells it from the name of a run of ours."""
    below = folder.relative_to(root).as_posix().removeprefix(".")
    return os.fsencode(f"{root.resolve().name}/{below}").decode(errors="replace")


def _unlike(given: Counter[str], name: str) -> str:
    """The name, numbered where another was given it: bytes that are no text all look alike."""
    given[name] += 1
    return name if given[name] == 1 else f"{name}#{given[name]}"
