"""Folders of the user's with a subfolder of files for each class, and all that is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from recipes import _files
from workbench.errors import Faults, WorkbenchError

LEAST_A_CLASS = 3  # of which each of the three parts gets one
SHOWN = 6
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}


class Kind(NamedTuple):
    """What the files are to be: `pictures`, and how their names end, in small letters."""

    noun: str
    suffixes: Collection[str]

    def fits(self, file: Path) -> bool:
        return file.suffix.lower() in self.suffixes


class Found(NamedTuple):
    """The files with their classes, sorted by both, and what was passed over.

    Attributes:
        faults: what is wrong so far; who has read the files tells them.
    """

    root: Path
    files: list[tuple[Path, str]]
    classes: list[str]
    notes: list[str]
    faults: Faults


def find(folder: str, kind: Kind) -> Found:
    """All files of that kind in subfolders; what lies deeper belongs to the class above it.

    Raises:
        WorkbenchError: when the folder is missing, cannot be listed, or holds none; or when its
            subfolders are parts.
    """
    holds = f"a subfolder of {kind.noun} for each class"
    if not folder:
        raise WorkbenchError("dataset=folder needs a folder", f"give folder=PATH; it holds {holds}")
    root = _files.folder(folder, holds)
    inside = _files.listed(root)
    files = {place.name: _files.below(place) for place in inside if place.is_dir()}
    fitting = {name: [one for one in all_ if kind.fits(one)] for name, all_ in files.items()}
    named = [(file, name) for name, those in fitting.items() for file in those]
    outside = [one.name for one in inside if kind.fits(one) and one.is_file()]
    if not named:
        raise _nothing(root, kind, files, outside)
    if len(fitting) > 1 and {name.lower() for name in fitting} <= _PARTS:
        raise WorkbenchError(
            f"{root}: its subfolders {', '.join(fitting)} are parts, not classes",
            f"give folder={root / max(fitting)} or another of them: the recipe makes parts of its own",
        )
    others = {f.suffix or f.name: None for those in files.values() for f in those if not kind.fits(f)}
    passed_over = {
        f"subfolders without {kind.noun}": [name for name, those in fitting.items() if not those],
        f"files that are no {kind.noun} by their names": [*others],
        f"{kind.noun} outside of subfolders": outside,
    }
    notes = [
        f"{what} are passed over: {_listed(names)}" for what, names in passed_over.items() if names
    ]
    counts, faults = Counter(name for _, name in named), Faults(folder)
    _check(counts, kind, faults)
    return Found(root, named, [*counts], notes, faults)


def _nothing(
    root: Path, kind: Kind, files: dict[str, list[Path]], outside: list[str]
) -> WorkbenchError:
    remedy = f"make a subfolder for each class; {kind.noun} end in {', '.join(sorted(kind.suffixes))}"
    if outside:
        return WorkbenchError(f"{root}: its {len(outside)} {kind.noun} lie in no subfolder", remedy)
    others = {file.suffix for inside in files.values() for file in inside if file.suffix}
    seen = f"; there are {_listed(sorted(others))}" if others else ""
    return WorkbenchError(f"there are no {kind.noun} in subfolders of {root}{seen}", remedy)


def _check(counts: Counter[str], kind: Kind, faults: Faults) -> None:
    if len(counts) == 1:
        faults.add(
            f"there is only one class: {next(iter(counts))!r}", "give a subfolder for each class"
        )
    few = [f"{name!r} has {count}" for name, count in counts.items() if count < LEAST_A_CLASS]
    if few:
        faults.add(
            f"of {len(counts)} classes {len(few)} have too few {kind.noun}: {_listed(few)}",
            f"give {LEAST_A_CLASS} of each, many more for a result that counts",
        )


def _listed(names: list[str]) -> str:
    more = f", and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
