"""A folder of one's own sounds, a subfolder a class, in three parts."""

from __future__ import annotations

import torch
from torch import Tensor

from recipes import _classes
from recipes.audio._sounds import SUFFIXES, Parts, Sounds, read_all

SOUNDS = _classes.Kind("sounds", SUFFIXES)
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1


def load(folder: str, rate_hz: int, length: int, seed: int) -> tuple[Parts, list[str]]:
    """Train, validation and test part, sounds of that many samples, and what was done to them.

    Raises:
        WorkbenchError: with all faults: few classes, few sounds of a class, files that cannot be read;
            or when the folder is missing or holds no sounds.
    """
    found = _classes.find(folder, SOUNDS)
    named = {file.relative_to(found.root).as_posix(): file for file, _ in found.files}
    read = read_all(named, rate_hz, length, found.faults)
    found.faults.tell()
    labels = torch.tensor([found.classes.index(name) for _, name in found.files])  # (N,)
    whole = Sounds(torch.stack(read.waves), labels, found.classes)
    return divided(whole, seed), [*found.notes, *read.notes()]


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
