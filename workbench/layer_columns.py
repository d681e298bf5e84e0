"""A network's layers as a table: which columns a width has room for, and what stands in each line."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench import units

if TYPE_CHECKING:
    from workbench.rehearsal import Layer

GAP = "  "
_LEAST_NAME, _MOST_NAME = 10, 40  # below the first, what matters is left out for it
_FIT_NAME = 16  # a column more is not worth a name that is shorter
_WHOLE = "total"


class Role(enum.Enum):
    """What a text in the table is, for who colours it."""

    HEADING = enum.auto()
    NAME = enum.auto()
    KIND = enum.auto()
    SHAPE = enum.auto()
    NUMBER = enum.auto()
    NOTHING = enum.auto()
    SUM = enum.auto()


Piece = tuple[str, Role]


@dataclass(frozen=True)
class _Column:
    heading: str
    text: Callable[[Layer], str]
    role: Role
    most: int
    is_right: bool = False


@dataclass(frozen=True)
class _Row:
    """Calls of one module that differ in nothing, as of a cell that is unrolled over time."""

    layer: Layer
    times: int


class LayerColumns:
    """The lines of a table, each made when it is asked for: thousands of layers cost no more than few.

    `weights` is the sum over the whole network, of which some may not have been called.
    """

    def __init__(self, layers: Sequence[Layer], weights: int, width: int) -> None:
        self._rows = _folded(layers)
        self._sums = {
            _WEIGHTS.heading: f"{weights:,}",
            _PRODUCTS.heading: units.count(sum(layer.multiply_adds for layer in layers)),
            _MEMORY.heading: units.size(sum(map(_bytes, layers))),
        }
        needed = {column.heading: self._needed(column) for column in _COLUMNS}
        self._columns = _chosen(needed, width)
        others = sum(needed[column.heading] + len(GAP) for column in self._columns)
        names = max([len(_name(row)) for row in self._rows], default=0)
        room = max(width - others, _LEAST_NAME)
        self._name = min(max(names, len(_WHOLE)), room, max(_MOST_NAME, width // 3))
        self._widths = needed
        if self._columns[-1] is _FORMULA:  # the last one may be cut
            taken = self._name + others - needed[_FORMULA.heading]
            self._widths[_FORMULA.heading] = max(width - taken, len(_FORMULA.heading))

    def __len__(self) -> int:
        """How many lines there are under the heading, that of the sums included."""
        return len(self._rows) + 1

    @property
    def length(self) -> int:
        """The characters of a line."""
        return self._name + sum(len(GAP) + self._widths[c.heading] for c in self._columns)

    def layer(self, number: int) -> Layer | None:
        """Of a line; None for that of the sums."""
        return self._rows[number].layer if number < len(self._rows) else None

    def heading(self) -> list[Piece]:
        """The names of the columns."""
        pieces = [(f"{'layer':<{self._name}}", Role.HEADING)]
        return [*pieces, *((self._set(c, c.heading), Role.HEADING) for c in self._columns)]

    def line(self, number: int) -> list[Piece]:
        """One layer, or at the end the sums."""
        return self._sum() if number >= len(self._rows) else list(self._cells(self._rows[number]))

    def _cells(self, row: _Row) -> Iterator[Piece]:
        yield f"{units.cut_middle(_name(row), self._name):<{self._name}}", Role.NAME
        for column in self._columns:
            text = _text(column, row)
            role = Role.NOTHING if text in {"", "0", "0 B"} else column.role
            yield self._set(column, text), role

    def _sum(self) -> list[Piece]:
        pieces = [(f"{_WHOLE:<{self._name}}", Role.HEADING)]
        for column in self._columns:
            text = self._sums.get(column.heading, "")
            pieces.append((self._set(column, text), Role.SUM))
        return pieces

    def _set(self, column: _Column, text: str) -> str:
        width = self._widths[column.heading]
        text = units.cut_middle(text, width)
        return GAP + (f"{text:>{width}}" if column.is_right else f"{text:<{width}}")

    def _needed(self, column: _Column) -> int:
        texts = [_text(column, row) for row in self._rows]
        longest = max(map(len, [column.heading, self._sums.get(column.heading, ""), *texts]))
        return min(longest, column.most)


def table_text(layers: Sequence[Layer], weights: int, width: int) -> Iterator[str]:
    """The lines of the table as plain text."""
    columns = LayerColumns(layers, weights, width)
    for pieces in (columns.heading(), *(columns.line(number) for number in range(len(columns)))):
        yield units.plain("".join(text for text, _role in pieces).rstrip())


def details(layer: Layer) -> Iterator[str]:
    """What a table has no room for: how the shape follows, what is seen of the input, memory."""
    if layer.formula:
        yield layer.formula
    if layer.field:
        field = "x".join(map(str, layer.field))
        steps = "x".join(f"{jump:g}" for jump in layer.jump)
        moved = f", {steps} from place to place" if all(layer.jump) else ""
        yield f"receptive field {field}{moved}"
    memory = f"output {units.size(layer.output_bytes)}"
    yield f"{memory}, weights {units.size(layer.weight_bytes)}" if layer.weights else memory


def _folded(layers: Sequence[Layer]) -> list[_Row]:
    rows: dict[object, _Row] = {}
    for layer in layers:
        same = (layer.name, layer.output, layer.formula, layer.multiply_adds, layer.field, layer.jump)
        before = rows.get(same)
        rows[same] = _Row(layer, 1) if before is None else _Row(before.layer, before.times + 1)
    return list(rows.values())


def _name(row: _Row) -> str:
    name = row.layer.name or "net"
    again = f" ({row.layer.call + 1})" if row.layer.call else ""
    return f"{name}{again} ×{row.times}" if row.times > 1 else f"{name}{again}"


def _text(column: _Column, row: _Row) -> str:
    if column is _PRODUCTS:
        return units.count(row.layer.multiply_adds * row.times)
    if column is _MEMORY:
        return units.size(_bytes(row.layer) + (row.times - 1) * row.layer.output_bytes)
    return column.text(row.layer)


def _weights(layer: Layer) -> str:
    return "as above" if layer.weights and layer.shared == layer.weights else f"{layer.weights:,}"


def _field(layer: Layer) -> str:
    same = len(set(layer.field)) == 1
    return str(layer.field[0]) if same else "x".join(map(str, layer.field))


def _bytes(layer: Layer) -> int:
    own = 0 if layer.shared == layer.weights else layer.weight_bytes
    return own + layer.output_bytes


_KIND = _Column("type", lambda layer: layer.kind, Role.KIND, 20)
_OUTPUT = _Column("output", lambda layer: layer.output, Role.SHAPE, 28)
_SEEN = _Column("field", _field, Role.NUMBER, 11, is_right=True)
_PRODUCTS = _Column(
    "mul-adds", lambda layer: units.count(layer.multiply_adds), Role.NUMBER, 9, is_right=True
)
_WEIGHTS = _Column("weights", _weights, Role.NUMBER, 15, is_right=True)
_MEMORY = _Column("memory", lambda layer: units.size(_bytes(layer)), Role.NUMBER, 9, is_right=True)
_FORMULA = _Column("formula", lambda layer: layer.formula, Role.KIND, 60)

_COLUMNS = (_KIND, _OUTPUT, _SEEN, _PRODUCTS, _MEMORY, _WEIGHTS, _FORMULA)
# A table has the first two; the others come as long as the names keep a length that tells them apart.
_BY_WORTH = (_OUTPUT, _WEIGHTS, _KIND, _SEEN, _PRODUCTS, _MEMORY, _FORMULA)


def _chosen(needed: dict[str, int], width: int) -> list[_Column]:
    chosen = set(_BY_WORTH[:2])
    left = width - _FIT_NAME - sum(needed[column.heading] + len(GAP) for column in chosen)
    for column in _BY_WORTH[2:]:
        left -= needed[column.heading] + len(GAP)
        if left < 0:
            break
        chosen.add(column)
    return [column for column in _COLUMNS if column in chosen]
