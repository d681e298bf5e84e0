"""Figures as data, and their renderers for the terminal.

Importing this package costs nothing; a figure is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.figures.data import (
        Bars,
        Curves,
        Figure,
        ImageGrid,
        Matrix,
        Picture,
        Scatter,
        Series,
        Table,
        Text,
        decode,
        encode,
    )

__all__ = [
    "Bars",
    "Curves",
    "Figure",
    "ImageGrid",
    "Matrix",
    "Picture",
    "Scatter",
    "Series",
    "Table",
    "Text",
    "decode",
    "encode",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module("workbench.figures.data"), name)
    globals()[name] = value
    return value
