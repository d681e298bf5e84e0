"""Labelled pictures from a folder of the user's: a subfolder of them for each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes import _classes, _photo

SIDE = 64  # pixels that every picture is brought to
PICTURES = _classes.Kind("pictures", _photo.SUFFIXES)


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
    found = _classes.find(folder, PICTURES)
    images, told = _read(found)
    found.faults.tell()
    labels = torch.tensor([found.classes.index(name) for _, name in found.files])  # (N,)
    return Labelled(torch.stack(images), labels, found.classes, (*found.notes, *told))


def _read(found: _classes.Found) -> tuple[list[Tensor], list[str]]:
    """Pictures (3, SIDE, SIDE), and in words what was made of them."""
    images, sizes, kinds = [], Counter[tuple[int, int]](), Counter[str]()
    for file, _ in found.files:
        try:
            picture, changed = _photo.read(file, SIDE)
        except _photo.UnreadableError as fault:
            name = file.relative_to(found.root)
            found.faults.add(
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
