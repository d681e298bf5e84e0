"""`workbench inspect`: what a network does inside, drawn in the terminal, as JSON, or as PNG files."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from workbench import units
from workbench.catalog import discover
from workbench.cli import output
from workbench.cli.arguments import assignments
from workbench.cli.main import DONE
from workbench.cli.showing import is_run
from workbench.debugging import protocol
from workbench.debugging.client import Inspector
from workbench.debugging.protocol import Examined, LayerTable, Opened, SampleView, View
from workbench.errors import UsageError, WorkbenchError
from workbench.figures.data import Figure
from workbench.figures.terminal import draw
from workbench.layer_columns import table_text
from workbench.runs import folder as folders

POOLING = "Pool"  # in the name of a layer's class: what it was given is shown too
LEAST_LINES, BESIDE_TEXT = 12, 6
UNCUT = 1000  # characters of a line that goes to another program
_UNFIT = re.compile(r"[^A-Za-z0-9_.]+")


def inspect(args: argparse.Namespace) -> int:
    """Start an inspecting worker, ask it what the call wants to see, and show that."""
    subject = _subject(args)
    _refuse(args)
    if output.is_terminal(sys.stderr):
        output.say_aside("loading the network …")
    with Inspector() as inspector:
        opened = inspector.ask(subject, Opened)
        shown = list(_asked(args, inspector))
    if args.json:
        output.write_json({"network": opened, **{_key(one): one for one in shown}})
        return DONE
    _say_opened(opened)
    for one in shown:
        if args.png:
            _write(one, args.png)
        else:
            _say(one)
    return DONE


def _subject(args: argparse.Namespace) -> protocol.OpenRun | protocol.OpenRecipe:
    name, *words = args.words
    if is_run(name):
        if words:
            raise UsageError(
                f"{words[0]!r} is too much: a run has its parameters", "give one run, or a recipe"
            )
        folder = folders.find(name, args.checkpoints)
        return protocol.OpenRun(folder=str(folder.path), checkpoint=args.checkpoint, device=args.device)
    if args.checkpoint:
        raise UsageError(f"{name} is a recipe, which has no checkpoints", "name a run of it")
    info = discover(args.recipes).find(name)
    if info.error:
        raise WorkbenchError(f"{info.id} is no recipe: {info.error}", f"mend {info.file}")
    return protocol.OpenRecipe(
        file=str(info.file),
        parameters=dict(assignments(words)),
        seed=args.seed,
        device=args.device,
    )


def _refuse(args: argparse.Namespace) -> None:
    """Refuse what does not go together, before seconds are spent on loading."""
    if args.sample is not None and args.image:
        raise UsageError("--sample and --image both say what is looked at", "give one of them")
    if args.kernels and args.layer is None:
        raise UsageError("the kernels of which layer?", "add --layer; without it the layers are listed")
    drawn = (args.layer, args.method, args.attention, args.mistakes, args.sample, args.image)
    if args.png and all(one in {None, False} for one in drawn):
        raise UsageError("a table is no picture", "add --layer, --method, --sample or --mistakes")


def _asked(
    args: argparse.Namespace, inspector: Inspector
) -> Iterator[View | SampleView | LayerTable | Examined]:
    """What the worker tells about what the call wants to see."""
    sample = args.sample or 0
    if args.image:
        own = inspector.ask(protocol.OwnPicture(path=str(Path(args.image).absolute())), SampleView)
        yield own
        sample = own.index
    request = _request(args, sample)
    if request is not None:
        view = inspector.ask(request, View)
        if isinstance(request, protocol.Maps) and POOLING in view.kind and not request.beside:
            view = inspector.ask(msgspec.structs.replace(request, beside=True), View)
        yield view
    elif args.sample is not None:
        yield inspector.ask(protocol.Sample(index=sample), SampleView)
    elif not args.image:
        yield inspector.ask(protocol.Layers(), LayerTable)


def _request(
    args: argparse.Namespace, sample: int
) -> (
    protocol.Maps | protocol.Kernels | protocol.ClassMap | protocol.Attention | protocol.Mistakes | None
):
    layer = args.layer or ""
    if args.method:
        return protocol.ClassMap(sample=sample, method=args.method, layer=layer, target=args.target)
    if args.kernels:
        return protocol.Kernels(layer=layer, page=args.page)
    if args.attention:
        return protocol.Attention(
            layer=layer, call=args.call, sample=sample, page=args.page, head=args.map
        )
    if args.mistakes:
        return protocol.Mistakes(page=args.page)
    if args.layer is not None:
        return protocol.Maps(
            layer=layer, call=args.call, sample=sample, page=args.page, number=args.map
        )
    return None


def _key(one: View | SampleView | LayerTable | Examined) -> str:
    match one:
        case View():
            return one.request
        case SampleView():
            return "sample"
        case LayerTable():
            return "layers"
    return "examined"


def _say_opened(opened: Opened) -> None:
    state = f"{opened.checkpoint} at step {opened.step:,}" if opened.checkpoint else "untrained"
    parts = [state, f"{opened.samples:,} samples of {opened.split}" if opened.samples else "no samples"]
    title = output.styled(units.plain(opened.title), "bold")
    output.say(f"{title}  {units.plain(', '.join(parts))}")
    for note in opened.notes:
        output.say_aside(units.plain(note))


def _say(one: View | SampleView | LayerTable | Examined) -> None:
    match one:
        case View():
            _say_view(one)
        case SampleView():
            _say_sample(one)
        case LayerTable():
            _say_layers(one)


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
        yield f"call {view.call + 1} of {view.calls}"
    if view.pages > 1:
        yield f"page {view.page} of 0 to {view.pages - 1}"
    if view.low is not None and view.high is not None:
        yield f"{units.number(view.low)} … {units.number(view.high)}"


def _say_sample(one: SampleView) -> None:
    output.say(units.plain(f"sample {one.index} of {one.count:,}  {one.origin}".rstrip()))
    _draw(one.figure)
    sure = "" if one.sure is None else f" ({one.sure:.1%})"
    verdicts = [f"true: {one.true}" if one.true else "", f"predicted: {one.predicted}{sure}"]
    output.say(units.plain("  ".join(filter(None, verdicts))))
    if one.probabilities is not None:
        _draw(one.probabilities)
    for note in one.notes:
        output.say(units.plain(note))


def _say_layers(table: LayerTable) -> None:
    width = output.screen_size()[0] if output.is_terminal() else UNCUT
    output.say("\n".join(table_text(table.layers, table.weights, width)))


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


def _write(one: View | SampleView | LayerTable | Examined, place: Path) -> None:
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


def _named(one: View | SampleView | LayerTable | Examined) -> Iterator[tuple[str, Figure]]:
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
