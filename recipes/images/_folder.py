"""Labelled pictures from a folder of the user's: a subfolder of them for each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes import _files, _photo
from workbench.errors import Faults, WorkbenchError

SIDE = 64  # pixels that every picture is brought to
LEAST_A_CLASS = 3  # of which each of the three parts gets one
SHOWN = 6
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}

Found = list[tuple[Path, str]]  # a picture's file, and its class


class Labelled(NamedTuple):
    """Pictures (N, 3, SIDE, SIDE) as uint8, labels (N,), names of the classes, and what was changed."""

    images: Tensor
    labels: Tensor
    classes: list[str]
    notes: tuple[str, ...]


def load(folder: str) -> Labelled:
    """All pictures of the folder, whatever their sizes and channels.

    Raises:
        WorkbenchError: when it is missing, holds no two classes of three pictures, or unreadable ones.
    """
    holds = "a subfolder of pictures for each class"
    if not folder:
        raise WorkbenchError("dataset=folder needs a folder", f"give folder=PATH; it holds {holds}")
    root = _files.folder(folder, holds)
    try:
        found, notes = _found(root)
    except OSError as fault:
        raise WorkbenchError(f"{folder} cannot be listed: {fault}", "make it readable") from None
    classes = sorted({name for _, name in found})
    faults = Faults(folder)
    _check_classes(Counter(name for _, name in found), faults)
    images, told = _read(root, found, faults)
    faults.tell()
    labels = torch.tensor([classes.index(name) for _, name in found])  # (N,)
    return Labelled(torch.stack(images), labels, classes, (*notes, *told))


def _found(root: Path) -> tuple[Found, list[str]]:
    """The pictures by class, and what was passed over."""
    places = [place for place in sorted(root.iterdir()) if place.is_dir() and _is_shown(place)]
    files = {place.name: [*_files_in(place)] for place in places}
    pictures = {name: [f for f in inside if _is_picture(f)] for name, inside in files.items()}
    found = [(file, name) for name, inside in pictures.items() for file in inside]
    outside = [one for one in root.iterdir() if _is_picture(one) and one.is_file()]
    if not found:
        raise _nothing(root, files, outside)
    if len(pictures) > 1 and {name.lower() for name in pictures} <= _PARTS:
        raise WorkbenchError(
            f"{root}: its subfolders {', '.join(pictures)} are parts, not classes",
            f"give folder={places[-1]} or another of them: the recipe makes parts of its own",
        )
    others = Counter(
        f.suffix or f.name for inside in files.values() for f in inside if not _is_picture(f)
    )
    passed_over = {
        "subfolders without pictures": [name for name, inside in pictures.items() if not inside],
        "files that are no pictures by their names": [*others],
        "pictures outside of subfolders": [one.name for one in outside],
    }
    return found, [
        f"{what} are passed over: {_listed(names)}" for what, names in passed_over.items() if names
    ]


def _files_in(place: Path) -> Iterator[Path]:
    """Those of a folder and its subfolders; hidden ones are other programs' own."""
    for one in sorted(place.iterdir()):
        if _is_shown(one):
            yield from _files_in(one) if one.is_dir() and not one.is_symlink() else [one]


def _is_shown(place: Path) -> bool:
    return not place.name.startswith(".")


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in _photo.SUFFIXES and _is_shown(file)


def _nothing(root: Path, files: dict[str, list[Path]], outside: list[Path]) -> WorkbenchError:
    remedy = f"make a subfolder for each class; pictures end in {', '.join(sorted(_photo.SUFFIXES))}"
    if outside:
        return WorkbenchError(f"{root}: its {len(outside)} pictures lie in no subfolder", remedy)
    others = {file.suffix for inside in files.values() for file in inside if file.suffix}
    seen = f"; there are {_listed(sorted(others))}" if others else ""
    return WorkbenchError(f"there are no pictures in subfolders of {root}{seen}", remedy)


def _check_classes(counts: Counter[str], faults: Faults) -> None:
    if len(counts) == 1:
        faults.add(
            f"there is only one class: {next(iter(counts))!r}", "give a subfolder for each class"
        )
    few = [f"{name!r} has {count}" for name, count in counts.items() if count < LEAST_A_CLASS]
    if few:
        faults.add(
            f"of {len(counts)} classes {len(few)} have too few pictures: {_listed(few)}",
            f"give {LEAST_A_CLASS} of each, many more for a result that counts",
        )


def _read(root: Path, found: Found, faults: Faults) -> tuple[list[Tensor], list[str]]:
    """Pictures (3, SIDE, SIDE), and in words what was made of them."""
    images, sizes, kinds = [], Counter[tuple[int, int]](), Counter[str]()
    for file, _ in found:
        try:
            picture, changed = _photo.read(file, SIDE)
        except _photo.UnreadableError as fault:
            name = file.relative_to(root)
            faults.add(
                f"{name} cannot be read as a picture: {fault}", "mend or remove what cannot be read"
            )
            continue
        sizes[picture.size] += 1
        kinds.update(changed)
        pixels = np.asarray(picture.resize((SIDE, SIDE)))  # (S, S, 3)
        images.append(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    return images, [*_told(sizes, kinds)]


def _told(sizes: Counter[tuple[int, int]], kinds: Counter[str]) -> Iterator[str]:
    others = sizes.total() - sizes[SIDE, SIDE]
    if others:
        narrow = any(width != height for width, height in sizes)
        how = ", whatever their proportions" if narrow else ""
        yield f"{others:,} pictures of other sizes are scaled to {SIDE} x {SIDE} pixels{how}"
    if kinds:
        counted = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        white = "; what is transparent is laid on white" if kinds["transparent"] else ""
        yield f"all pictures become coloured ({counted}){white}"


def _listed(names: list[str]) -> str:
    more = f", and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
