"""A folder of one's own sounds, a subfolder a class, in three parts."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from recipes.audio._sounds import SUFFIXES, Parts, Sounds, read_all
from workbench.errors import WorkbenchError

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
LEAST_FILES = 3  # of a class: one for each part


def load(folder: str, rate_hz: int, length: int, seed: int) -> tuple[Parts, str]:
    """Train, validation and test part, sounds of that many samples, and what was done to them.

    Raises:
        WorkbenchError: with all faults: few classes, few sounds of a class, files that cannot be read.
    """
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        raise WorkbenchError(
            f"{folder!r} is no folder" if folder else "dataset=folder needs a folder",
            "give one with folder=PATH; it holds a subfolder of sounds for each class",
        )
    files = {place.name: _files(place) for place in sorted(root.iterdir()) if place.is_dir()}
    if not any(files.values()):
        raise WorkbenchError(
            f"there are no sounds in subfolders of {root}",
            f"one subfolder a class; of these kinds: {', '.join(sorted(SUFFIXES))}",
        )
    named = [(file, index) for index, of_class in enumerate(files.values()) for file in of_class]
    read = read_all([file for file, _ in named], rate_hz, length, also=_too_few(files))
    whole = Sounds(torch.stack(read.waves), torch.tensor([index for _, index in named]), [*files])
    return divided(whole, seed), read.notes()


def _files(place: Path) -> list[Path]:
    """Sounds in a folder and below, but hidden ones, which file managers leave behind."""
    return sorted(
        file
        for file in place.rglob("*")
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )


def _too_few(files: dict[str, list[Path]]) -> list[str]:
    faults = [
        f"class {name!r} has {len(of_class)} sounds, and needs {LEAST_FILES}"
        for name, of_class in files.items()
        if len(of_class) < LEAST_FILES
    ]
    if len(files) < 2:
        faults.append(f"there is only one class, {next(iter(files))!r}: it needs two")
    return faults


def divided(whole: Sounds, seed: int) -> Parts:
    """Of each class a share for testing and one for validation, at least one sound; the rest trains."""
    dice = torch.Generator().manual_seed(seed)
    parts: list[list[Tensor]] = [[], [], []]
    for label in range(len(whole.classes)):
        places = (whole.labels == label).nonzero()[:, 0]  # (n,)
        order = places[torch.randperm(len(places), generator=dice)]
        test, validation = (
            max(1, round(share * len(order))) for share in (TEST_SHARE, VALIDATION_SHARE)
        )
        cut = order.split([len(order) - test - validation, validation, test])
        for part, indices in zip(parts, cut, strict=True):
            part.append(indices)
    train, validation_part, test_part = (whole.part(torch.cat(part)) for part in parts)
    return train, validation_part, test_part
