"""`workbench inspect`: what a network does inside, drawn in the terminal, as JSON, or as PNG files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from workbench.catalog import discover
from workbench.cli import inspected, output
from workbench.cli.arguments import assignments
from workbench.cli.inspected import Shown
from workbench.cli.main import DONE
from workbench.cli.showing import is_run
from workbench.debugging import protocol
from workbench.debugging.client import Inspector
from workbench.debugging.protocol import Examined, LayerTable, Opened, SampleView, View
from workbench.errors import UsageError, WorkbenchError
from workbench.runs import folder as folders

POOLING = "Pool"  # in the name of a layer's class: what it was given is shown too

ForView = protocol.Maps | protocol.Kernels | protocol.ClassMap | protocol.Attention | protocol.Mistakes


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
        output.write_json({"network": opened, **{inspected.key(one): one for one in shown}})
        return DONE
    inspected.say_opened(opened)
    for one in shown:
        if args.png:
            inspected.write(one, args.png)
        else:
            inspected.say(one)
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
    if args.png and all(one is None or one is False for one in drawn):
        raise UsageError("a table is no picture", "add --layer, --method, --sample or --mistakes")


def _asked(args: argparse.Namespace, inspector: Inspector) -> Iterator[Shown]:
    """What the worker tells about what the call wants to see."""
    sample = args.sample or 0
    if args.image:
        own = inspector.ask(protocol.OwnPicture(path=str(Path(args.image).absolute())), SampleView)
        yield own
        sample = own.index
    request = _request(args, sample)
    if request is not None:
        view = inspector.ask(request, View)
        if isinstance(request, protocol.Maps) and POOLING in view.kind:
            view = inspector.ask(msgspec.structs.replace(request, beside=True), View)
        yield view
    elif args.sample is not None:
        yield inspector.ask(protocol.Sample(index=sample), SampleView)
    elif not args.image:
        yield inspector.ask(protocol.Layers(), LayerTable)
        yield inspector.ask(protocol.Examine(), Examined)


def _request(args: argparse.Namespace, sample: int) -> ForView | None:
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
