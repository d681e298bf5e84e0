"""`workbench queue`: who waits for a device, in which order, and changing that."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from workbench import units
from workbench.cli import output
from workbench.cli.steering import ENDED, ask_all
from workbench.errors import UsageError
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.runs.listing import Listing
from workbench.runs.state import status_of
from workbench.workers import tickets
from workbench.workers.overview import Overseer, Waiting
from workbench.workers.tickets import Claim

_COLUMNS = ("place", "run", "would take", "since", "pid", "waits for")


def show_or_change(args: argparse.Namespace) -> int:
    """List the queue, or give a run in it another place, or none."""
    if not args.change:
        return _list(args)
    if not args.run:
        raise UsageError(
            f"which run is meant by `queue {args.change}`?",
            f"workbench queue {args.change} RUN; `workbench queue` lists those that wait",
        )
    folder = folders.find(args.run, args.checkpoints)
    claim = _claim_of(folder)
    if args.change == "cancel":
        return ask_all([folder], control.Stop, ENDED)
    place = tickets.move(claim, args.change)
    output.say(f"{folder.name}: place {place} of {max(len(tickets.waiting()), place)}")
    return 0


def _list(args: argparse.Namespace) -> int:
    overview = Overseer().read(Listing(args.checkpoints).read())
    if overview.fault:
        raise UsageError(overview.fault, overview.remedy)
    if args.json:
        output.write_json([as_data(one) for one in overview.queue])
    elif overview.queue:
        output.write_table(_COLUMNS, [_row(one) for one in overview.queue], right=[0, 4])
    else:
        output.say_aside("no run waits for a device")
    return 0


def as_data(one: Waiting) -> dict[str, object]:
    """A run in the queue as `--json` tells it."""
    return {
        "place": one.place,
        "name": one.claim.run,
        "path": one.claim.folder,
        "devices": one.devices,
        "since": one.claim.since,
        "pid": one.claim.pid,
        "waits_for": one.obstacle,
    }


def _row(one: Waiting) -> list[str]:
    claim = one.claim
    since = units.age(time.time() - claim.since)
    return [str(one.place), claim.run, ", ".join(one.devices), since, str(claim.pid), one.obstacle]


def _claim_of(folder: RunFolder) -> Claim:
    """What the run's worker claims while it waits.

    Raises:
        UsageError: when it does not wait.
    """
    here = folder.path.resolve()
    for claim in tickets.waiting():
        is_there = not claim.folder or Path(claim.folder).resolve() == here
        if claim.run == folder.name and is_there:
            return claim
    raise UsageError(
        f"{folder.name} does not wait for a device: it is {status_of(folder).state}",
        "`workbench queue` lists those that wait",
    )
