"""The weights of a layer as a figure: kernels as pictures, a linear layer's as a matrix."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbench.debugging import grey
from workbench.debugging.maps import MOST_COLUMNS, Page, first_of, paged
from workbench.debugging.protocol import MAPS_A_PAGE
from workbench.errors import UsageError
from workbench.figures.data import ImageGrid, Matrix

COLOURS = 3


def drawn(module: nn.Module, layer: str, page: int) -> Page:
    """A page of the kernels of a convolution; the rows of weights of any other layer.

    Kernels over three channels are in colours where the layer is the first that could be given a
    picture; of others each channel is a picture of its own, in the order of the outputs.

    Raises:
        UsageError: when the layer has no weights, or there is no such page.
    """
    name, weight = _weight(module)
    if weight is None:
        raise UsageError(
            f"{layer or 'the network'} ({type(module).__name__}) has no kernels",
            "choose a convolution or a linear layer",
        )
    numbers = weight.detach().cpu().float()
    title = f"{name} of {layer or 'the network'} ({type(module).__name__})"
    if numbers.dim() == 4:
        return (
            _colours(numbers, title, page)
            if numbers.shape[1] == COLOURS
            else _each(numbers, title, page)
        )
    return _rows(numbers.flatten(1), title, page)


def _weight(module: nn.Module) -> tuple[str, Tensor | None]:
    """The module's own `weight`, else the first of its own parameters that has rows; with its name."""
    weight = getattr(module, "weight", None)  # also one that is computed from others
    if isinstance(weight, Tensor) and weight.dim() >= 2:
        return "weight", weight
    own = module.named_parameters(recurse=False)
    return next(((name, one) for name, one in own if one.dim() >= 2), ("", None))


def _colours(kernels: Tensor, title: str, page: int) -> Page:
    """Kernels (O, 3, H, W) as coloured pictures, each from its lowest to its highest weight."""
    count = len(kernels)
    first = first_of(page, count)
    shown = kernels[first : first + MAPS_A_PAGE]
    ranges = [(float(one.min()), float(one.max())) for one in shown]
    images = [grey.picture(one, *span) for one, span in zip(shown, ranges, strict=True)]
    captions = [str(first + i) for i in range(len(images))]
    figure = ImageGrid(title, images, captions)
    return Page(figure, tuple(kernels.shape), tuple(ranges), page, paged(count), first, count)


def _each(kernels: Tensor, title: str, page: int) -> Page:
    """Kernels (O, I, H, W) as O x I grey pictures, `output·input`."""
    inputs, count = kernels.shape[1], kernels.shape[0] * kernels.shape[1]
    first = first_of(page, count)
    shown, ranges = grey.stretched(kernels.flatten(0, 1)[first : first + MAPS_A_PAGE])
    numbers = range(first, first + len(shown))
    captions = [str(n) if inputs == 1 else f"{n // inputs}·{n % inputs}" for n in numbers]
    figure = ImageGrid(title, grey.pictures(shown), captions)
    notes = () if inputs == 1 else (f"output·input, of {kernels.shape[0]} outputs and {inputs} inputs",)
    shape = tuple(kernels.shape)
    return Page(figure, shape, tuple(ranges), page, paged(count), first, count, notes)


def _rows(weights: Tensor, title: str, page: int) -> Page:
    """Weights (outputs, inputs) as a matrix, a page of outputs."""
    count = len(weights)
    first = first_of(page, count)
    rows = weights[first : first + MAPS_A_PAGE]
    span = (float(rows.min()), float(rows.max()))
    notes: tuple[str, ...] = ()
    if rows.shape[1] > MOST_COLUMNS:
        each = -(-rows.shape[1] // MOST_COLUMNS)
        rows = torch.stack([part.mean(1) for part in torch.split(rows, each, dim=1)], dim=1)
        notes = (f"a column is the mean of {each} inputs",)
    names = [str(first + i) for i in range(len(rows))]
    figure = Matrix(title, rows.tolist(), rows=names, row_label="output", column_label="input")
    shape = tuple(weights.shape)
    return Page(figure, shape, (span,), page, paged(count), first, count, notes)
