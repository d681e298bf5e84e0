"""Figures as data: what recipes hand over, run folders store, and renderers draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from workbench.errors import WorkbenchError
from workbench.figures import intake

Number = float | None
Cell = str | int | float | None


class _Figure(msgspec.Struct, frozen=True, tag_field="kind"):
    """What every figure has: a title, and constructors that take arrays and refuse wrong shapes."""

    title: str

    def _keep(self, **fields: Any) -> None:
        for name, value in fields.items():
            force_setattr(self, name, value)


class Series(msgspec.Struct, frozen=True):
    """Named points (x, y) of equal number; the values may be lists, arrays or tensors.

    `x` left empty counts the points from 0. NaN and infinity become None, a gap.
    Raises ValueError where the lengths differ.
    """

    name: str
    x: Sequence[Number]
    y: Sequence[Number]

    def __post_init__(self) -> None:
        y = intake.numbers(self.y, f"y of {self.name!r}")
        x = intake.numbers(self.x, f"x of {self.name!r}") or [float(i) for i in range(len(y))]
        if len(x) != len(y):
            raise ValueError(f"series {self.name!r} has {len(x)} x and {len(y)} y")
        for field, value in (("name", intake.text(self.name)), ("x", x), ("y", y)):
            force_setattr(self, field, value)


class Curves(_Figure, frozen=True, tag="curves"):
    """Lines through points, one colour a series."""

    lines: Sequence[Series]
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False

    def __post_init__(self) -> None:
        self._keep(
            title=intake.text(self.title),
            lines=_series(self.lines, "lines"),
            **_axes(self),
        )


class Scatter(_Figure, frozen=True, tag="scatter"):
    """Groups of points, and lines over them, such as a fitted line or a decision boundary."""

    groups: Sequence[Series]
    lines: Sequence[Series] = ()
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False

    def __post_init__(self) -> None:
        self._keep(
            title=intake.text(self.title),
            groups=_series(self.groups, "groups"),
            lines=_series(self.lines, "lines"),
            **_axes(self),
        )


class Matrix(_Figure, frozen=True, tag="matrix"):
    """A grid of numbers with labelled rows and columns: a heat map or, with `counts`, a tally.

    `values` is rows x columns; labels left empty become indices. `counts` starts the colour
    scale at 0, as a confusion matrix needs. Raises ValueError for ragged rows or a number of
    labels that does not fit.
    """

    values: Sequence[Sequence[Number]]
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    row_label: str = ""
    column_label: str = ""
    counts: bool = False

    def __post_init__(self) -> None:
        values = intake.grid(self.values, "values")
        width = len(values[0]) if values else len(self.columns)
        self._keep(
            title=intake.text(self.title),
            values=values,
            rows=intake.labels(self.rows, len(values), "rows"),
            columns=intake.labels(self.columns, width, "columns"),
            row_label=intake.text(self.row_label),
            column_label=intake.text(self.column_label),
            counts=bool(self.counts),
        )

    @classmethod
    def confusion(
        cls, title: str, counts: Sequence[Sequence[Number]], classes: Sequence[str]
    ) -> Matrix:
        """How often what is of each class was taken for each, (K, K): a row is a true class."""
        return cls(
            title,
            counts,
            rows=classes,
            columns=classes,
            row_label="true",
            column_label="predicted",
            counts=True,
        )


class Bars(_Figure, frozen=True, tag="bars"):
    """One value a label. Raises ValueError where their numbers differ."""

    labels: Sequence[str]
    values: Sequence[Number]

    def __post_init__(self) -> None:
        values = intake.numbers(self.values, "values")
        if len(self.labels) != len(values):
            raise ValueError(f"{len(self.labels)} labels for {len(values)} values")
        self._keep(
            title=intake.text(self.title),
            labels=[intake.text(label) for label in self.labels],
            values=values,
        )


class Picture(msgspec.Struct, frozen=True):
    """Raw pixels, 0 to 255, row by row: `channels` is 1 for grey or 3 for red, green, blue."""

    height: int
    width: int
    channels: int
    pixels: bytes

    def __post_init__(self) -> None:
        if self.channels not in (1, 3) or self.height < 1 or self.width < 1:
            raise ValueError(f"no picture is {self.height} x {self.width} x {self.channels}")
        expected = self.height * self.width * self.channels
        if len(self.pixels) != expected:
            raise ValueError(f"a picture of {expected} bytes came with {len(self.pixels)}")

    @classmethod
    def of(cls, image: Any) -> Picture:
        """The picture of `image`: uint8, H x W, H x W x 1 or H x W x 3; list, array or tensor.

        Raises ValueError for other shapes, ragged rows, and values that are no whole 0..255.
        """
        height, width, channels, pixels = intake.pixels(image)
        return cls(height, width, channels, pixels)


class ImageGrid(_Figure, frozen=True, tag="images"):
    """Pictures side by side, each with a caption.

    `images` holds whatever `Picture.of` takes, or pictures; `captions` is empty or has one
    text an image. Raises ValueError where it has not, and what `Picture.of` raises.
    """

    images: Sequence[Picture]
    captions: Sequence[str] = ()

    def __post_init__(self) -> None:
        images = [one if isinstance(one, Picture) else Picture.of(one) for one in self.images]
        if len(self.captions) not in (0, len(images)):
            raise ValueError(f"{len(self.captions)} captions for {len(images)} images")
        self._keep(
            title=intake.text(self.title),
            images=images,
            captions=[intake.text(caption) for caption in self.captions],
        )


class Table(_Figure, frozen=True, tag="table"):
    """Rows of texts and numbers under column names.

    Numbers of arrays and tensors become plain ones; NaN and infinity become texts. Raises
    ValueError for a row whose length is not that of `columns`.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"row {index} has {len(row)} cells for {len(self.columns)} columns")
        self._keep(
            title=intake.text(self.title),
            columns=[intake.text(column) for column in self.columns],
            rows=[[intake.cell(value) for value in row] for row in self.rows],
        )


class Text(_Figure, frozen=True, tag="text"):
    """Text of one or many lines, such as a generated sample."""

    text: str

    def __post_init__(self) -> None:
        self._keep(title=intake.text(self.title), text=intake.text(self.text))


def _series(values: Sequence[Series], what: str) -> list[Series]:
    for value in values:
        if not isinstance(value, Series):
            raise ValueError(f"{what} must hold Series, not {type(value).__name__}")
    return list(values)


def _axes(figure: Curves | Scatter) -> dict[str, str | bool]:
    return {
        "x_label": intake.text(figure.x_label),
        "y_label": intake.text(figure.y_label),
        "log_x": bool(figure.log_x),
        "log_y": bool(figure.log_y),
    }


Figure = Curves | Scatter | Matrix | Bars | ImageGrid | Table | Text

_decoder: msgspec.json.Decoder[Figure] = msgspec.json.Decoder(Figure)


def encode(figure: Figure) -> bytes:
    """The figure as one line of JSON; its `kind` says which figure it is."""
    return msgspec.json.encode(figure)


def decode(data: bytes) -> Figure:
    """The figure that `encode` wrote.

    Raises WorkbenchError for anything else: broken JSON, an unknown kind, shapes that disagree.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise WorkbenchError(
            f"this is no figure: {fault}",
            "The file was cut short, changed by hand, or written by another version.",
        ) from fault
