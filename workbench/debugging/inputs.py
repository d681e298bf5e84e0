"""A sample's input as a figure: a picture, curves, numbers, tokens, or what a graph is made of."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from workbench.debugging import grey
from workbench.debugging.maps import MOST_BARS, MOST_COLUMNS, folded
from workbench.debugging.protocol import MAPS_A_PAGE
from workbench.debugging.samples import One, kind_of
from workbench.figures.data import Bars, Curves, Figure, ImageGrid, Matrix, Picture, Series, Text

MOST_CURVES = 8
MOST_TOKENS = 2_000


def drawn(one: One, span: tuple[float, float]) -> Figure:
    """The input; `span` is what the darkest and lightest of the recipe's pictures are."""
    x, title = one.input, f"Sample {one.index}"
    if x is None:
        return Text(title, "this sample holds no numbers")
    match kind_of(one):
        case "picture":
            return ImageGrid(title, [picture(one, span)])
        case "series":
            return _series(x[0].detach().cpu().float(), title)
        case "tokens":
            return Text(title, " ".join(map(str, x[0].flatten()[:MOST_TOKENS].tolist())))
        case "numbers":
            return _numbers(x.detach().cpu().float().flatten(), title)
        case _:
            return Text(title, shapes(one.batch))


def picture(one: One, span: tuple[float, float]) -> Picture:
    """The input of a sample that is a picture."""
    assert one.input is not None
    return grey.picture(one.input[0].detach(), *span)


def span_of(pictures: Tensor) -> tuple[float, float]:
    """What is black and what is white in a recipe's pictures: the bounds that their numbers keep."""
    if not pictures.is_floating_point():
        return (0.0, 255.0) if pictures.dtype == torch.uint8 else _bounds(pictures)
    low, high = _bounds(pictures)
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return (-1.0, 1.0) if low >= -1 and high <= 1 else (low, high)


def _bounds(numbers: Tensor) -> tuple[float, float]:
    known = numbers[numbers.isfinite()]
    return (float(known.min()), float(known.max())) if known.numel() else (0.0, 1.0)


def _series(steps: Tensor, title: str) -> Figure:
    """A sequence (T, F): a curve a feature, or a matrix where they are many."""
    each = -(-len(steps) // MOST_COLUMNS)
    shown = torch.stack([part.mean(0) for part in torch.split(steps, each)]) if each > 1 else steps
    if shown.shape[1] <= MOST_CURVES:
        x = list(range(0, len(steps), each))
        lines = [Series(str(i), x, column.tolist()) for i, column in enumerate(shown.T)]
        return Curves(title, lines, x_label="step")
    return Matrix(title, shown.T[:MAPS_A_PAGE].tolist(), row_label="feature", column_label="step")


def _numbers(numbers: Tensor, title: str) -> Figure:
    if numbers.numel() > MOST_BARS:
        return folded(numbers, title)
    return Bars(title, [str(i) for i in range(numbers.numel())], numbers.tolist())


def shapes(batch: Any) -> str:
    """What a batch is made of, a line a part."""
    return "\n".join(_parts(batch, "")) or "nothing"


def _parts(value: Any, name: str) -> list[str]:
    if isinstance(value, Tensor):
        size = " x ".join(map(str, value.shape)) or "one number"
        return [f"{name or 'tensor'}: {size} ({str(value.dtype).removeprefix('torch.')})"]
    if hasattr(value, "_asdict"):
        value = value._asdict()
    elif hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in _parts(part, _joined(name, str(key)))]
    if isinstance(value, tuple | list):
        return [line for i, part in enumerate(value) for line in _parts(part, _joined(name, str(i)))]
    return [f"{name}: {str(value)[:80]}"] if name else [str(value)[:80]]


def _joined(name: str, more: str) -> str:
    return f"{name}.{more}" if name else more
