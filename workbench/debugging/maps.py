"""What a layer gives for one sample as a figure: maps as pictures, sequences and vectors as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor, nn

from workbench.debugging import grey
from workbench.debugging.grey import Range
from workbench.debugging.protocol import MAPS_A_PAGE
from workbench.errors import UsageError
from workbench.figures.data import Bars, Figure, ImageGrid, Matrix

MOST_BARS = 40
MOST_COLUMNS = 512  # of a matrix: no screen has more, and each number travels as text


@dataclass(frozen=True)
class Arranged:
    """A layer's output for one sample, with its dimensions told apart.

    Attributes:
        numbers: (maps, height, width), (units, steps), (rows, features) or (features,).
        parts: what the first dimension counts: `map`, `unit`, `row`, `feature`.
        across: what the last one counts where there are two: `step`, `feature`.
    """

    numbers: Tensor
    parts: str
    across: str = ""
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.numbers.shape)


@dataclass(frozen=True)
class Page:
    """A part of some numbers of one shape, as a figure; the fields are those of a View."""

    figure: Figure
    shape: tuple[int, ...]
    ranges: tuple[Range, ...]
    page: int
    pages: int
    first: int
    count: int
    notes: tuple[str, ...] = ()


def arranged(output: Tensor, module: nn.Module, *, along_steps: bool = True) -> Arranged:
    """What a module gave for one sample, without the dimension of the samples.

    `along_steps` says that three dimensions are samples, steps and features, not samples, channels and
    places, as a convolution over one dimension gives them.
    """
    numbers = output.detach().cpu()
    if numbers.is_complex():
        numbers = numbers.abs()
    numbers = numbers.float()
    if numbers.dim() >= 4:
        return _of_maps(numbers, module)
    if numbers.dim() == 3:
        return _of_sequence(numbers, module, along_steps)
    if numbers.dim() == 2 and len(numbers) > 1:  # nodes of a graph, steps of a sequence
        return Arranged(numbers, "row", "feature")
    return Arranged(numbers.flatten(), "feature")


def _of_maps(numbers: Tensor, module: nn.Module) -> Arranged:
    notes: tuple[str, ...] = ()
    one = numbers[0]  # (C, …, H, W)
    if isinstance(module, nn.Linear | nn.LayerNorm):
        one = one.movedim(-1, 0)
        notes = ("its channels come last",)
    while one.dim() > 3:
        middle = one.shape[1] // 2
        notes = (*notes, f"slice {middle} of {one.shape[1]}")
        one = one[:, middle]
    return Arranged(one, "map", notes=notes)


def _of_sequence(numbers: Tensor, module: nn.Module, along_steps: bool) -> Arranged:
    batch_first = getattr(module, "batch_first", None)
    by_shape = 1 if numbers.shape[0] != 1 and numbers.shape[1] == 1 else 0
    batch = by_shape if batch_first is None else int(not batch_first)
    one = numbers.select(batch, 0)  # (T, F) or (C, L)
    return Arranged(one.T, "unit", "step") if along_steps else Arranged(one, "unit", "place")


def drawn(what: Arranged, title: str, *, page: int, number: int = -1, common: bool = False) -> Page:
    """A page of the parts, or the one of that `number`, large.

    Raises:
        UsageError: when there is no such page or part.
    """
    count = what.numbers.shape[0] if what.numbers.dim() else 1
    if number >= count or number < -1:
        raise UsageError(f"there is no {what.parts} {number}", f"there are {count:,}: 0 to {count - 1}")
    if what.numbers.dim() == 3:
        return _of_pictures(what, title, page, number, common)
    if what.numbers.dim() == 2:
        return _of_rows(what, title, page, number)
    return _of_vector(what, title)


def _of_pictures(what: Arranged, title: str, page: int, number: int, common: bool) -> Page:
    count = len(what.numbers)
    if number >= 0:
        alone, ranges = grey.stretched(what.numbers[number : number + 1])
        figure = ImageGrid(f"{title}, map {number}", grey.pictures(alone), [f"map {number}"])
        at = number // MAPS_A_PAGE
        return Page(figure, what.shape, tuple(ranges), at, paged(count), number, count, what.notes)
    first, pages = first_of(page, count), paged(count)
    maps = what.numbers[first : first + MAPS_A_PAGE]
    shown, ranges = grey.stretched(grey.smaller(maps), common=common)
    captions = [_caption(first + i, one) for i, one in enumerate(maps)]
    where = f", {first} to {first + len(maps) - 1} of {count}" if pages > 1 else ""
    figure = ImageGrid(f"{title}{where}", grey.pictures(shown), captions)
    notes = (*what.notes, *_not_finite(maps))
    return Page(figure, what.shape, tuple(ranges), page, pages, first, count, notes)


def _caption(number: int, one: Tensor) -> str:
    return f"{number} off" if not one.any() else str(number)


def _of_rows(what: Arranged, title: str, page: int, number: int) -> Page:
    count = len(what.numbers)
    first = number if number >= 0 else first_of(page, count)
    rows = what.numbers[first : first + (1 if number >= 0 else MAPS_A_PAGE)]  # (R, T)
    notes = [*what.notes, *_not_finite(rows)]
    shown = rows
    if rows.shape[1] > MOST_COLUMNS:
        each = ceil(rows.shape[1] / MOST_COLUMNS)
        shown = torch.stack([part.mean(1) for part in torch.split(rows, each, dim=1)], dim=1)
        notes.append(f"a column is the mean of {each} {what.across}s")
    figure = Matrix(
        title,
        shown.tolist(),
        rows=[str(first + i) for i in range(len(rows))],
        row_label=what.parts,
        column_label=what.across,
    )
    ranges = (_range(rows),)
    at = page if number < 0 else number // MAPS_A_PAGE
    return Page(figure, what.shape, ranges, at, paged(count), first, count, tuple(notes))


def _of_vector(what: Arranged, title: str) -> Page:
    numbers, count = what.numbers, what.numbers.numel()
    figure: Figure
    if count <= MOST_BARS:
        figure = Bars(title, [str(i) for i in range(count)], numbers.tolist())
    else:
        figure = folded(numbers, title)
    notes = (*what.notes, *_not_finite(numbers))
    return Page(figure, what.shape, (_range(numbers),), 0, 1, 0, count, notes)


def folded(numbers: Tensor, title: str) -> Matrix:
    """Many numbers (F,) as rows of a matrix, read like a text; its rows are named by their first."""
    across = min(max(ceil(numbers.numel() ** 0.5), MAPS_A_PAGE), MOST_COLUMNS)
    values: list[float | None] = numbers.tolist()
    lack = -len(values) % across
    values += [None] * lack
    rows = [values[start : start + across] for start in range(0, len(values), across)]
    names = [str(start) for start in range(0, len(values), across)]
    return Matrix(title, rows, rows=names, row_label="from feature", column_label="further")


def first_of(page: int, count: int) -> int:
    """The number of the first part on a page.

    Raises:
        UsageError: when there is no such page.
    """
    if not 0 <= page < paged(count):
        pages = paged(count)
        raise UsageError(f"there is no page {page}", f"there are {pages:,}: 0 to {pages - 1}")
    return page * MAPS_A_PAGE


def paged(count: int) -> int:
    """How many pages so many parts fill, one at the least."""
    return max(ceil(count / MAPS_A_PAGE), 1)


def _range(numbers: Tensor) -> Range:
    known = numbers[numbers.isfinite()]
    return (float(known.min()), float(known.max())) if known.numel() else (0.0, 0.0)


def _not_finite(numbers: Tensor) -> Sequence[str]:
    bad = int((~numbers.isfinite()).sum())
    return (f"{bad:,} of its numbers are NaN or infinite",) if bad else ()
