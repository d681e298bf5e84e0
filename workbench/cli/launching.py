"""`workbench run`, and `workbench` alone where there is no terminal."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from workbench import schema as schemas
from workbench.catalog import discover
from workbench.cli import following, output, progress
from workbench.cli.main import DONE, INTERRUPTED
from workbench.cli.views import LineView, LogView, View
from workbench.cli.waiting import Termination
from workbench.cli.warming import values, warm
from workbench.errors import UsageError
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.workers.launch import Order, launch, rehearsed, schema_of
from workbench.workers.standby import Standby

DEFAULT_RECIPE = "images/cnn"


def run_default(args: argparse.Namespace) -> int:
    """Train the default recipe with plain progress, where there is no terminal for the screen."""
    output.say(f"no terminal here: training {DEFAULT_RECIPE}")
    info = discover(args.recipes).find(DEFAULT_RECIPE)
    with warm([info]) as standby:
        return launch_and_follow(Order(info), args.checkpoints, standby, as_json=False)


def run_recipe(args: argparse.Namespace) -> int:
    """Start a run and follow it to its end."""
    order, words = _ordered(args)
    info = order.recipe
    if not info.error and schemas.cached(info) is None and output.is_terminal(sys.stderr):
        output.say_aside(f"reading the parameters of {info.id} for the first time …")
    with warm([info]) as standby:
        given = values(words, args.on_nan, info, standby)
        order = replace(order, values={**order.values, **given})
        if args.dry_run:
            return _rehearse(order, standby, as_json=args.json)
        if args.detach:
            say_name(launch(order, args.checkpoints, standby), as_json=args.json)
            return DONE
        return launch_and_follow(order, args.checkpoints, standby, as_json=args.json)


def _ordered(args: argparse.Namespace) -> tuple[Order, list[str]]:
    """What the call names, a recipe or a run whose values it takes; and the words behind it."""
    if args.origin:
        # Only this way needs a whole run's record, which takes numpy.
        from workbench.tuning.hands_on import again  # noqa: PLC0415

        order, words = again(folders.find(args.origin, args.checkpoints)), args.words
    elif args.words:
        order, words = Order(discover(args.recipes).find(args.words[0])), args.words[1:]
    else:
        raise UsageError("which recipe?", "workbench run RECIPE [name=value …]")
    order = replace(
        order,
        seed=order.seed if args.seed is None else args.seed,
        device=args.device or order.device,
        wait_for_device=not args.no_queue,
    )
    return order, words


def launch_and_follow(order: Order, checkpoints: Path, standby: Standby, *, as_json: bool) -> int:
    """Start a run and follow it; the first Ctrl-C asks it to stop, the second leaves it.

    SIGTERM is handed on to its worker, and the end that this makes is waited for.
    """
    schema_of(order.recipe, standby)  # may take seconds, and Ctrl-C during them means: never mind
    with following.Interrupts() as interrupts, Termination() as termination:
        folder = launch(order, checkpoints, standby)
        standby.close()  # the worker lives on
        if not as_json:
            output.say(f"{folder.name}: Ctrl-C stops it, twice leaves it to itself")
        view = view_for(as_json=as_json)
        history, status = following.follow(folder, view, interrupts, Interrupted(folder), termination)
    if as_json:
        output.write_json(progress.outcome(history, status))
    if not status.state.ended:
        output.say_aside(f"{folder.name} goes on; come back with: workbench watch {folder.name}")
        return INTERRUPTED
    if not as_json:
        following.say_curves(history)
        progress.say_outcome(history, status)
    return progress.EXIT_STATUS[status.state]


class Interrupted:
    """What Ctrl-C means while a run is followed that this command started."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def __call__(self, count: int, view: View) -> bool:
        if count > 1:
            return False
        control.ask(self._folder.control_file, control.Stop())
        view.say("asked it to stop after this step; Ctrl-C again leaves it to itself")
        return True


def view_for(*, as_json: bool) -> View:
    """How a run is followed here; with --json standard output is for the result alone."""
    stream = sys.stderr if as_json else sys.stdout
    return LineView(stream) if output.is_terminal(stream) else LogView(stream)


def say_name(folder: RunFolder, *, as_json: bool) -> None:
    """The name of a run that is left to itself."""
    if as_json:
        output.write_json({"name": folder.name, "path": str(folder.path)})
        return
    output.say(folder.name)
    output.say_aside(f"follow it with: workbench watch {folder.name}")


def _rehearse(order: Order, standby: Standby, *, as_json: bool) -> int:
    report = rehearsed(order, standby)
    if as_json:
        found = {"report": report.text, "measured": report.measured}
        output.write_json({"recipe": order.recipe.id, **found})
    else:
        output.say(report.text)
    return DONE
