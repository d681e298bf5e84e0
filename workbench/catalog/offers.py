"""Which folders of recipes other packages offer by their entry points."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from workbench.catalog.cache import Offer, Sources, stamp_of

ENTRY_POINTS = "workbench.recipes"

_METADATA_FOLDERS = (".dist-info", ".egg-info", "egg-info")
_METADATA_FILE = "entry_points.txt"


def offered(sources: Sources) -> tuple[Offer, ...]:
    """Names and values of the entry points of all packages that are installed."""
    return sources.offers(_state(), _entries)


def folder_of(package: str) -> Path | None:
    """Where a package lies; found without importing its parents, as `find_spec` would."""
    top, *inner = package.split(".")
    spec = importlib.util.find_spec(top)
    places = spec.submodule_search_locations if spec is not None else None
    folders = [Path(place, *inner) for place in places or ()]
    return next((folder for folder in folders if folder.is_dir()), None)


def _entries() -> tuple[Offer, ...]:
    # It brings the readers of mail and of archives along, which most starts do without.
    import importlib.metadata  # noqa: PLC0415

    found = importlib.metadata.entry_points(group=ENTRY_POINTS)
    return tuple((entry.name, entry.value) for entry in found)


def _state() -> str:
    """Changes with every file of entry points; empty where packages may lie elsewhere than in files.

    Looking at a hundred of them takes a tenth of the time that it takes to read them.
    """
    if any(_is_foreign(finder) for finder in sys.meta_path):
        return ""
    lines = "\n".join(line for place in sys.path for line in _files_in(place or os.curdir))
    return lines.encode(errors="backslashreplace").decode()  # names of folders that are in no encoding


def _is_foreign(finder: object) -> bool:
    return finder is not importlib.machinery.PathFinder and hasattr(finder, "find_distributions")


def _files_in(place: str) -> Iterator[str]:
    """One line for each package in a folder of `sys.path`, or for the archive that it is."""
    try:
        with os.scandir(place) as entries:
            names = sorted(one.name for one in entries)
    except OSError:
        names = []
        yield _line(Path(place))
    for name in names:
        if name.lower().endswith(_METADATA_FOLDERS):
            yield _line(Path(place, name, _METADATA_FILE))


def _line(file: Path) -> str:
    """A file that is not there counts as well: its package hides one of the same name."""
    try:
        return f"{file} {stamp_of(file)}"
    except OSError:
        return str(file)
