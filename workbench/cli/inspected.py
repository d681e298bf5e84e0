"""What an inspecting worker told, as text on the terminal or as PNG files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from workbench import units
from workbench.cli import output
from workbench.cli.probing import say_probed_layers
from workbench.debugging.protocol import Examined, LayerTable, Opened, SampleView, View
from workbench.errors import WorkbenchError
from workbench.figures.data import Figure
from workbench.figures.terminal import draw
from workbench.layer_columns import table_text

LEAST_LINES, BESIDE_TEXT = 12, 6
UNCUT = 1000  # characters of a line that goes to another program
_UNFIT = re.compile(r"[^A-Za-z0-9_.]+")
_STYLES = {"fine": "green", "warning": "yellow", "severe": "red"}

Shown = View | SampleView | LayerTable | Examined


def key(one: Shown) -> str:
    """The name under which JSON has it."""
    match one:
        case View():
            return one.request
        case SampleView():
            return "sample"
        case LayerTable():
            return "layers"
    return "examined"


def say_opened(opened: Opened) -> None:
    """Whose network it is, and with what it is looked at."""
    state = f"{opened.checkpoint} at step {opened.step:,}" if opened.checkpoint else "untrained"
    parts = [state, f"{opened.samples:,} samples of {opened.split}" if opened.samples else "no samples"]
    title = output.styled(units.plain(opened.title), "bold")
    output.say(f"{title}  {units.plain(', '.join(parts))}")
    for note in opened.notes:
        output.say_aside(units.plain(note))


def say(one: Shown) -> None:
    """An answer as text and half blocks."""
    match one:
        case View():
            _say_view(one)
        case SampleView():
            _say_sample(one)
        case LayerTable():
            _say_layers(one)
        case Examined():
            _say_examined(one)


def write(one: Shown, place: Path) -> None:
    """Write the figures of an answer as PNG files, and say where they are.

    Raises:
        WorkbenchError: when the folder cannot be written to.
    """
    from workbench.figures.figure_pixels import png_of_figure  # noqa: PLC0415 - brings numpy

    for name, figure in _named(one):
        file = place / f"{_UNFIT.sub('-', name).strip('-')}.png"
        try:
            place.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png_of_figure(figure))
        except OSError as fault:
            raise WorkbenchError(f"{file} cannot be written: {fault.strerror or fault}") from None
        output.say(units.plain(str(file)))


def _say_view(view: View) -> None:
    output.say(units.plain("  ".join(_facts(view))))
    if view.beside is not None:
        _draw(view.beside)
    _draw(view.figure)
    for note in view.notes:
        output.say(units.plain(note))


def _facts(view: View) -> Iterator[str]:
    if view.shape:
        yield "x".join(map(str, view.shape))
    if view.calls > 1:
        yield f"call {view.call} of 0 to {view.calls - 1}"
    if view.pages > 1:
        yield f"page {view.page} of 0 to {view.pages - 1}"
    if view.low is not None and view.high is not None:
        yield f"{units.number(view.low)} … {units.number(view.high)}"


def _say_sample(one: SampleView) -> None:
    output.say(units.plain(f"sample {one.index} of {one.count:,}  {one.origin}".rstrip()))
    _draw(one.figure)
    sure = "" if one.sure is None else f" ({one.sure:.1%})"
    verdicts = [
        f"true: {one.true}" if one.true else "",
        f"predicted: {one.predicted}{sure}" if one.predicted else "",
    ]
    output.say(units.plain("  ".join(filter(None, verdicts))))
    if one.probabilities is not None:
        _draw(one.probabilities)
    for note in one.notes:
        output.say(units.plain(note))


def _say_layers(table: LayerTable) -> None:
    width = output.screen_size()[0] if output.is_terminal() else UNCUT
    output.say("\n".join(table_text(table.layers, table.weights, width)))


def _say_examined(one: Examined) -> None:
    if one.probe is not None and one.probe.layers:
        say_probed_layers(one.probe)
    for finding in one.findings:
        head, _, rest = finding.text().partition("\n")
        output.say(f"\n{output.styled(units.plain(head), _STYLES[finding.severity])}")
        output.say(units.plain(rest, keep_newlines=True))
    if one.fault:
        output.say_aside(units.plain(f"the network could not be probed: {one.fault}"))


def _draw(figure: Figure) -> None:
    width, height = output.screen_size()
    lines = draw(
        figure,
        width,
        max(height - BESIDE_TEXT, LEAST_LINES),
        colour=output.colours(),
        unicode=output.unicode(),
    )
    output.say("\n".join(lines))


def _named(one: Shown) -> Iterator[tuple[str, Figure]]:
    """The figures of an answer, with the names that their files get."""
    if isinstance(one, SampleView):
        yield f"sample-{one.index}", one.figure
        if one.probabilities is not None:
            yield f"sample-{one.index}-probabilities", one.probabilities
    elif isinstance(one, View):
        of = f"-{one.sample}" if one.request in {"maps", "class_map", "attention"} else ""
        name = f"{one.layer}-{one.request}{of}"
        yield name, one.figure
        if one.beside is not None:
            yield f"{name}-before", one.beside
