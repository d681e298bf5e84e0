"""Points of two classes in a plane, and from a file."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes.classification import _tables
from workbench.errors import WorkbenchError

CLOUD = 50  # points of a cloud of XOR; of a blob twice as many
MIDDLE = (3.0, 1.0)  # between the blobs: not at 0, so that the offset has to be learned too

# Shapes: N points, M measurements. Labels are 1 for yes and -1 for no.


class Points(NamedTuple):
    """x (N, M) and labels (N,) of the training part, and of the test part."""

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor
    names: list[str]


def blobs(seed: int, distance: float) -> Points:
    """Two clouds of spread 1 whose centres are `distance` apart; from 6 on a line separates them."""
    half = distance / np.sqrt(8)  # along each axis
    x, y = MIDDLE
    centres = [(x + half, y + half, 1), (x - half, y - half, -1)]
    return _clouds(seed, centres, spread=1.0, size=2 * CLOUD)


def xor(seed: int) -> Points:
    """A cloud at each corner of a square, so narrow that four points, one of each, lie as corners do.

    So no line has all four on their sides, of whichever four; and none has more than 3/4 of all points.
    """
    corners = [(1, 1, -1), (-1, -1, -1), (1, -1, 1), (-1, 1, 1)]
    return _clouds(seed, corners, spread=0.2, size=CLOUD)


def of_file(file: str, target: str, seed: int) -> Points:
    """Standardised measurements of the two classes in a CSV file.

    Raises:
        WorkbenchError: when there are other than two classes, or there is only one measurement.
    """
    table = _tables.classified("csv", file, target)
    if len(table.classes) != 2:
        raise WorkbenchError(
            f"{file} has {len(table.classes)} classes: {', '.join(table.classes[:8])}",
            "a perceptron tells two apart; give target=COLUMN where they are not in the last column",
        )
    if len(table.names) < 2:
        raise WorkbenchError(f"{file} has one measurement", "give two or more, for a line among them")
    *known, test = _tables.split(table, seed)
    x = torch.cat([part.x for part in known]).double()  # (N, M)
    y = torch.cat([part.y for part in known])  # (N,)
    scale = _tables.Standardise(x)
    return Points(scale(x), 2 * y - 1, scale(test.x.double()), 2 * test.y - 1, table.names)


def _clouds(seed: int, centres: list[tuple[float, float, int]], spread: float, size: int) -> Points:
    """Around each centre `size` points to learn from and half as many to be tested on."""
    dice = np.random.default_rng(seed)
    parts = []
    for count in (size, size // 2):
        noise = spread * dice.normal(size=(len(centres), count, 2)).clip(-2, 2)
        x = noise + np.array(centres)[:, None, :2]  # (centres, count, 2)
        labels = torch.tensor([label for *_, label in centres])
        parts += [torch.from_numpy(x.reshape(-1, 2)), labels.repeat_interleave(count)]
    return Points(*parts, ["x", "y"])
