"""The layers of a network as lines of a table: as many columns as fit, and a mark on what is bad."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content

from workbench import units
from workbench.debugging.probes import LayerProbe
from workbench.figures.cells import clean
from workbench.rehearsal import Layer
from workbench.tui.inspect.limits import is_bad
from workbench.tui.text import ACCENT, BAD, MUTED, content, cut_middle, joined, stacked

GAP = 2
MARK = "!"  # behind what is bad, beside its colour
_NARROWEST, _WIDEST = 10, 32
_WIDEST_KIND, _WIDEST_SHAPE, _WIDEST_FORMULA = 20, 28, 44
_UNKNOWN = "–"


@dataclass(frozen=True)
class Row:
    """One call of a layer; `sick` are the names of what was found there."""

    layer: Layer
    probe: LayerProbe | None = None
    sick: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        """What the cursor stays on."""
        return self.layer.name, self.layer.call

    @property
    def is_bad(self) -> bool:
        """Whether anything is wrong with it."""
        return bool(self.sick) or any(_is_marked(column, self) for column in COLUMNS)


@dataclass(frozen=True)
class Column:
    """One column: its text, what it is sorted by, and when it gives way.

    Attributes:
        rank: those with a low one are shown first where there is little room.
        right: whether it holds numbers, which stand at the right.
        measure: the field of the probe, where it shows one.
        most: the widest that it gets (cells).
    """

    name: str
    text: Callable[[Row], str]
    value: Callable[[Row], float | str | None]
    rank: int
    right: bool = True
    measure: str = ""
    style: str = ""
    most: int = 12


def _probed(name: str, measure: str, rank: int, *, share: bool = False) -> Column:
    def value(row: Row) -> float | None:
        number: float | None = None if row.probe is None else getattr(row.probe, measure)
        return number

    def text(row: Row) -> str:
        number = value(row)
        if number is None:
            return _UNKNOWN
        return f"{number:.0%}" if share else units.number(number, 3)

    return Column(name, text, value, rank, measure=measure)


def _dead(row: Row) -> str:
    probe = row.probe
    return f"{probe.dead:,}/{probe.units:,}" if probe is not None and probe.units else _UNKNOWN


def _dead_share(row: Row) -> float | None:
    probe = row.probe
    return probe.dead / probe.units if probe is not None and probe.units else None


def _field(row: Row) -> str:
    sides = row.layer.field
    alike = len(set(sides)) == 1
    return str(sides[0]) if alike else "x".join(map(str, sides)) if sides else _UNKNOWN


def called(layer: Layer) -> str:
    """A layer's name, with which call it is where it is not the first."""
    name = layer.name or "the network"
    return f"{name} ({layer.call + 1})" if layer.call else name


COLUMNS: tuple[Column, ...] = (
    Column(
        *("type", lambda row: row.layer.kind, lambda row: row.layer.kind, 6),
        right=False,
        style=MUTED,
        most=_WIDEST_KIND,
    ),
    Column(
        *("output", lambda row: row.layer.output, lambda row: row.layer.output, 1),
        right=False,
        style=ACCENT,
        most=_WIDEST_SHAPE,
    ),
    Column(
        *("formula", lambda row: row.layer.formula, lambda row: row.layer.formula, 15),
        right=False,
        style=MUTED,
        most=_WIDEST_FORMULA,
    ),
    Column(
        "parameters", lambda row: f"{row.layer.weights:,}", lambda row: row.layer.weights, 5, most=14
    ),
    Column(
        "mult-adds",
        lambda row: count(row.layer.multiply_adds),
        lambda row: row.layer.multiply_adds,
        9,
    ),
    Column(
        "memory",
        lambda row: units.size(row.layer.output_bytes + row.layer.weight_bytes),
        lambda row: row.layer.output_bytes + row.layer.weight_bytes,
        13,
    ),
    Column("field", _field, lambda row: max(row.layer.field, default=None), 11),
    _probed("mean", "mean", 10),
    _probed("spread", "spread", 8),
    _probed("zeros", "zeros", 7, share=True),
    Column("dead", _dead, _dead_share, 2, measure="dead", most=14),
    _probed("saturated", "saturated", 12, share=True),
    _probed("gradient", "output_gradient", 3),
    _probed("update", "update", 4),
)


@dataclass(frozen=True)
class Rows:
    """All layers, and how wide their texts are; made in a thread, since there may be thousands.

    Attributes:
        names: the width of the longest name.
    """

    rows: tuple[Row, ...] = ()
    names: int = _NARROWEST
    widths: Mapping[str, int] = field(default_factory=dict)


def rows_of(
    layers: Sequence[Layer],
    probes: Sequence[LayerProbe] = (),
    sick: Mapping[str, Sequence[str]] | None = None,
) -> Rows:
    """The calls of layers with what a probe showed of them and what was found there.

    Functions that a probe saw behind a layer (`conv/relu`) stand behind it.
    """
    seen = {(one.name, one.call): one for one in probes}
    behind = {(module_of(one.name), one.call): one for one in probes if "/" in one.name}
    found = sick or {}
    rows: list[Row] = []
    for layer in layers:
        key = layer.name, layer.call
        rows.append(Row(layer, seen.get(key), tuple(found.get(layer.name, ()))))
        if key in behind:
            function = behind[key]
            rows.append(Row(_as_layer(function), function, tuple(found.get(function.name, ()))))
    names = min(max([_NARROWEST, *(len(called(row.layer)) for row in rows)]), _WIDEST)
    return Rows(tuple(rows), names, {column.name: _width(column, rows) for column in COLUMNS})


def module_of(name: str) -> str:
    """The module whose output a function was given; the name itself where it is a module's."""
    return name.partition("/")[0]


def _as_layer(function: LayerProbe) -> Layer:
    shape = function.shape
    return Layer(
        function.name, function.kind, "x".join(map(str, shape)), 0, call=function.call, shape=shape
    )


@dataclass(frozen=True)
class Order:
    """By which column layers stand, from its end where `falling`; None as the network calls them."""

    column: int | None = None
    falling: bool = True


class LayerLines:
    """Draws rows in a width: the name, and of the other columns those that have room."""

    def __init__(self, rows: Rows, width: int) -> None:
        self._widths = {column: rows.widths[column.name] for column in COLUMNS if rows.widths}
        self._shown: list[Column] = []
        room = width - 2 * GAP - min(rows.names, max(width // 3, _NARROWEST))
        for column in sorted(self._widths, key=lambda one: one.rank):
            if self._widths[column] + GAP <= room:
                room -= self._widths[column] + GAP
                self._shown.append(column)
        self._shown.sort(key=COLUMNS.index)
        taken = sum(self._widths[column] + GAP for column in self._shown) + 2 * GAP
        self._name = max(min(rows.names, width - taken), 1)

    @property
    def shown(self) -> Sequence[Column]:
        """The columns that have room."""
        return self._shown

    def heading(self, order: Order) -> Content:
        """The names of the columns, and by which of them the layers stand."""
        cells = [Content(" " * GAP), Content(f"{'layer'[: self._name]:<{self._name + GAP}}")]
        for column in self._shown:
            sorted_by = order.column is not None and COLUMNS[order.column] is column
            name = f"{column.name}{('▼' if order.falling else '▲') if sorted_by else ''}"
            width = self._widths[column]
            cells.append(Content(f"{name:>{width}}" if column.right else f"{name:<{width}}"))
            cells.append(Content(" " * GAP))
        return joined(*cells)

    def line(self, row: Row) -> Content:
        """All that has room, of one layer."""
        sign = content(f"{MARK} " if row.is_bad else "  ", BAD)
        name = cut_middle(clean(called(row.layer)), self._name)
        cells = [sign, content(f"{name:<{self._name + GAP}}")]
        for column in self._shown:
            cells += [_cell(column, row, self._widths[column]), Content(" " * GAP)]
        return joined(*cells)


def in_order(rows: Sequence[Row], order: Order) -> list[Row]:
    """The rows in that order; those without a value last, either way."""
    if order.column is None:
        return list(rows)
    value = COLUMNS[order.column].value
    known = [(value(row), row) for row in rows]
    there = [(its, row) for its, row in known if its not in (None, "")]
    there.sort(key=lambda one: one[0], reverse=order.falling)
    return [*(row for _, row in there), *(row for its, row in known if its in (None, ""))]


def details(row: Row) -> Content:
    """All that is known of one layer, also what has no column here."""
    layer = row.layer
    first = joined(
        content(called(layer), "bold"),
        content(f"  {layer.kind}  ", MUTED),
        content(layer.output, ACCENT),
    )
    numbers = [
        joined(Content.styled(f"{column.name} ", MUTED), _cell(column, row, 0))
        for column in COLUMNS
        if column.name not in {"type", "output", "formula"} and column.text(row) != _UNKNOWN
    ]
    lines = [first, Content("  ").join(numbers)]
    if layer.formula:
        lines.append(joined(Content.styled("formula ", MUTED), content(layer.formula)))
    if row.sick:
        lines.append(content(f"{MARK} {', '.join(row.sick)}", BAD))
    return stacked(*lines)


def statistics(row: Row) -> Content:
    """What the probe says of a layer, on one line beside its maps."""
    probe_columns = [column for column in COLUMNS if column.measure]
    parts = [
        joined(Content.styled(f"{column.name} ", MUTED), _cell(column, row, 0))
        for column in probe_columns
        if column.text(row) != _UNKNOWN
    ]
    return Content("  ").join(parts)


def count(number: int) -> str:
    """A number of operations in few characters: `912`, `1.8 M`, `3.4 G`."""
    amount = float(number)
    for unit in ("", "k", "M", "G", "T"):
        if amount < 999.5 or unit == "T":
            return f"{amount:.0f}" if not unit else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable: the last unit has no bound")


def _is_marked(column: Column, row: Row) -> bool:
    value = column.value(row)
    return bool(column.measure) and isinstance(value, int | float) and is_bad(column.measure, value)


def _cell(column: Column, row: Row, width: int) -> Content:
    """What stands in a column; what is bad has a mark, for which every column has room."""
    marked = _is_marked(column, row)
    text = clean(column.text(row))
    if column.measure:
        text += MARK if marked else (" " if width else "")
    text = cut_middle(text, width) if width else text
    padded = f"{text:>{width}}" if column.right else f"{text:<{width}}"
    return content(padded, BAD if marked else column.style)


def _width(column: Column, rows: Sequence[Row]) -> int:
    marks = len(MARK) if column.measure else 0
    texts = max((len(column.text(row)) for row in rows), default=0)
    return min(max(len(column.name) + 1, texts + marks), column.most)
