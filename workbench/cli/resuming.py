"""`workbench resume`: going on after a pause, an end, or a preemption."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from workbench import units
from workbench.cli import output, progress, waiting
from workbench.cli.main import DONE, FAILED, report
from workbench.cli.steering import ask_all
from workbench.cli.warming import values, warm
from workbench.errors import UsageError, WorkbenchError
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.runs.listing import Listing
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.workers import launch
from workbench.workers.living import AliveError


def resume(args: argparse.Namespace) -> int:
    """Go on with the run that is named, or with all that were preempted."""
    if args.preempted:
        return _resume_preempted(args)
    if not args.words:
        raise UsageError("which run?", "workbench resume RUN, or workbench resume --preempted")
    name, *words = args.words
    folder = folders.find(name, args.checkpoints)
    if status_of(folder).state is State.PAUSED:
        return _go_on(folder, args, words)
    recipe = launch.recipe_of(folder)
    with warm([recipe]) as standby:
        given = values(words, args.on_nan, recipe, standby)
        launch.resume(folder, values=given, device=args.device, standby=standby)
    _say_attempt(folder)
    if args.wait:
        return waiting.wait_for_ends([folder])
    output.say_aside(f"follow it with: workbench watch {folder.name}")
    return DONE


def _go_on(folder: RunFolder, args: argparse.Namespace, words: Sequence[str]) -> int:
    """End a pause; the run was alive all the time."""
    if words or args.device or args.on_nan:
        raise UsageError(
            f"{folder.name} is paused and goes on as it is",
            f"change it with: workbench set {folder.name} name=value",
        )
    status = ask_all([folder], control.Resume, {State.RUNNING, State.STOPPING})
    return waiting.wait_for_ends([folder]) if args.wait else status


def _resume_preempted(args: argparse.Namespace) -> int:
    """Start another attempt of every preempted run, oldest first; one that fails stops no other."""
    if args.words or args.on_nan:
        raise UsageError(
            "--preempted resumes every preempted run as it was: it takes neither names nor values",
            "one run: workbench resume RUN name=value",
        )
    runs = Listing(args.checkpoints).read()[::-1]
    preempted = [run.folder for run in runs if run.status.state is State.PREEMPTED]
    if not preempted:
        output.say_aside(f"no preempted runs in {units.plain(str(args.checkpoints))}")
    resumed, exit_status = _resume_all(preempted, args.device)
    return progress.worst(exit_status, waiting.wait_for_ends(resumed)) if args.wait else exit_status


def _resume_all(preempted: Sequence[RunFolder], device: str | None) -> tuple[list[RunFolder], int]:
    """Those that were resumed, and FAILED where one could not be."""
    resumed, exit_status = [], DONE
    with warm([launch.recipe_of(folder) for folder in preempted]) as standby:
        for folder in preempted:
            try:
                launch.resume(folder, device=device, standby=standby)
            except AliveError as fault:  # another command was faster, and that is as good
                output.say_aside(units.plain(fault.title))
            except WorkbenchError as fault:
                report(type(fault)(f"{folder.name}: {fault.title}", fault.remedy))
                exit_status = FAILED
            else:
                resumed.append(folder)
                _say_attempt(folder)
    return resumed, exit_status


def _say_attempt(folder: RunFolder) -> None:
    attempt = len(control.launches(folder.control_file))
    output.say(f"{folder.name}: attempt {attempt} starts")
