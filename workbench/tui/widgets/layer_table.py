"""A network's layers as a table that fits the width there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from workbench.rehearsal import Layer, Rehearsal
from workbench.tui.text import ACCENT, FAINT, MUTED, STRONG, content, cut_middle, joined, stacked

_GAP = "  "
_WIDEST_KIND = 20
_WIDEST_OUTPUT = 28
_NARROWEST_NAME = 10
_NARROW = 60  # below it a layer's type has no room
_WHOLE = "total"


def layer_table(measured: Rehearsal, width: int) -> Content:
    """One line a layer: name, type, shape of its output, weights; the sum at the end."""
    layers = measured.layers
    kinds = _widest("type", [layer.kind for layer in layers], _WIDEST_KIND) if width >= _NARROW else 0
    outputs = _widest("output", [layer.output for layer in layers], _WIDEST_OUTPUT)
    counts = len(f"{measured.weights:,}".rjust(len("weights")))
    room = width - outputs - counts - 2 * len(_GAP) - (kinds + len(_GAP) if kinds else 0)
    names = _widest(_WHOLE, [layer.name for layer in layers], max(room, _NARROWEST_NAME))
    columns = (names, kinds, outputs, counts)
    return stacked(*_lines(measured, columns))


def _lines(measured: Rehearsal, columns: tuple[int, int, int, int]) -> Iterator[Content]:
    names, kinds, outputs, counts = columns
    head = f"{'layer':<{names}}{_GAP}"
    head += f"{'type':<{kinds}}{_GAP}" if kinds else ""
    yield Content.styled(f"{head}{'output':<{outputs}}{_GAP}{'weights':>{counts}}", MUTED)
    for layer in measured.layers:
        yield _line(layer, columns)
    before = names + outputs + 2 * len(_GAP) + (kinds + len(_GAP) if kinds else 0)
    yield joined(
        Content.styled(f"{_WHOLE:<{before}}", MUTED),
        Content.styled(f"{measured.weights:>{counts},}", STRONG),
    )


def _line(layer: Layer, columns: tuple[int, int, int, int]) -> Content:
    names, kinds, outputs, counts = columns
    kind = f"{cut_middle(layer.kind, kinds):<{kinds}}{_GAP}" if kinds else ""
    return joined(
        content(f"{cut_middle(layer.name, names):<{names}}{_GAP}"),
        content(kind, MUTED),
        content(f"{cut_middle(layer.output, outputs):<{outputs}}{_GAP}", ACCENT),
        Content.styled(f"{layer.weights:>{counts},}", "" if layer.weights else FAINT),
    )


def _widest(heading: str, texts: Sequence[str], most: int) -> int:
    return min(max(map(len, [heading, *texts])), most)
