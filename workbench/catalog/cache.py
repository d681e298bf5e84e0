"""What was read in recipes' files and packages' entry points, kept from one start to the next.

Whatever is wrong with the cache, it is read anew: nobody ever sees an error of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from workbench import paths
from workbench.catalog import source
from workbench.catalog.source import Source

MOST_FILES = 2000
# A file that has just changed may change once more without any of its numbers telling: clocks of
# file systems tick every 4 ms, of some every 2 s.
SETTLED_NS = 2_000_000_000

_WRITING = threading.Lock()  # threads of one process write aside under the same name

Stamp = tuple[int, int, int, int]
Offer = tuple[str, str]


class Stamped(msgspec.Struct, frozen=True):
    """What a file told when it was as the stamp says."""

    stamp: Stamp
    source: Source


class Offers(msgspec.Struct, frozen=True):
    """Names and values of entry points while installed packages were as the state says."""

    state: str = ""
    entries: tuple[Offer, ...] = ()


class Kept(msgspec.Struct):
    """All that is in the cache; of another `maker` nothing holds."""

    maker: str = ""
    files: dict[str, Stamped] = msgspec.field(default_factory=dict)
    offers: Offers = msgspec.field(default_factory=Offers)


class Sources:
    """What files tell, each parsed once and only if it is not as it was when it was last read."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or Kept()
        self._seen: dict[Path, Source] = {}
        self._changed = False

    def of(self, file: Path) -> Source:
        """What `file` tells.

        Raises:
            OSError: when it cannot be read.
            RecursionError, MemoryError: when there is no room to parse it.
        """
        if file not in self._seen:
            self._seen[file] = self._look(file)
        return self._seen[file]

    def _look(self, file: Path) -> Source:
        stamp = stamp_of(file)  # before it is read: what changes meanwhile is read again next time
        known = self._kept.files.get(str(file))
        if known is not None and known.stamp == stamp:
            return known.source
        found = source.read(file)
        if time.time_ns() - max(stamp[:2]) > SETTLED_NS and _is_unicode(file, found):
            self._kept.files[str(file)] = Stamped(stamp, found)
            self._changed = True
        return found

    def offers(self, state: str, read: Callable[[], tuple[Offer, ...]]) -> tuple[Offer, ...]:
        """The entry points as they are in this state of what is installed; an empty one is not kept."""
        if not state or self._kept.offers.state != state:
            offers = Offers(state, read())
            self._changed |= bool(state)
            self._kept.offers = offers if state else self._kept.offers
            return offers.entries
        return self._kept.offers.entries

    def keep(self) -> None:
        """Write down what is new."""
        if self._changed:
            if len(self._kept.files) > MOST_FILES:
                seen = {str(file) for file in self._seen}
                self._kept.files = {k: v for k, v in self._kept.files.items() if k in seen}
            _write(self._kept)
            self._changed = False


def remembered() -> Sources:
    """With what an earlier start has kept."""
    try:
        kept = msgspec.json.decode(_cache_file().read_bytes(), type=Kept)
    except (OSError, ValueError, RecursionError):
        kept = Kept()
    return Sources(kept if kept.maker == _maker() else None)


def _write(kept: Kept) -> None:
    from workbench.runs.folder import write_atomically  # noqa: PLC0415 - most starts write nothing

    kept.maker = _maker()
    with _WRITING, contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        file = _cache_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, msgspec.json.encode(kept))


def _cache_file() -> Path:
    """One for each installation of the workbench and of Python, which else would undo each other's."""
    ours = f"{__file__}\n{sys.prefix}\n{sys.version}"
    return paths.cache_dir() / "catalogs" / f"{zlib.crc32(os.fsencode(ours)):08x}.json"


def _maker() -> str:
    """Changes with the program that reads the files: each Python finds its own faults in a text."""
    ours = [stamp_of(Path(file)) for file in (__file__, source.__file__)]
    return f"{sys.version} {sys.prefix} {ours}"


def _is_unicode(file: Path, found: Source) -> bool:
    """Whether it can be written down: a file's name and a text's escapes can hold half characters."""
    try:
        f"{file}{found.doc}{found.fault}".encode()
    except UnicodeEncodeError:
        return False
    return True


def stamp_of(file: Path) -> Stamp:
    """Changes with a file's content, also where it was replaced by one of the same time and size."""
    found = file.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
