"""Figures as data, and their renderers for the terminal."""

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
