"""`workbench runs` and `workbench rm`: what ran, and deleting it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from workbench import units
from workbench.cli import output
from workbench.cli.arguments import refuse, runs
from workbench.cli.progress import place
from workbench.errors import UsageError, nearest, unknown
from workbench.runs import filter as filters
from workbench.runs import trash
from workbench.runs.folder import RunFolder
from workbench.runs.listing import Listing, RunSummary
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import launch
from workbench.workers.living import refuse_living

_COLUMNS = ("run", "state", "progress", "best", "time", "left", "device", "created", "remark")
_STATE_COLUMN = 1


def list_runs(args: argparse.Namespace) -> int:
    """All runs, newest first, or only those that the words choose."""
    found = Listing(args.checkpoints).read()
    shown = _chosen(" ".join(args.words), found)
    if args.json:
        output.write_json([as_data(run) for run in shown])
    elif shown:
        states = [run.status.state for run in shown]
        output.write_table(
            _COLUMNS,
            [_row(run) for run in shown],
            right=[4, 5],
            paint=lambda row, column, text: (
                output.of_state(states[row], text) if column == _STATE_COLUMN else text
            ),
        )
    else:
        such = "no such runs" if found else "no runs"
        output.say_aside(f"{such} in {units.plain(str(args.checkpoints))}")
    return 0


def _chosen(words: str, found: Sequence[RunSummary]) -> Sequence[RunSummary]:
    chosen = filters.parse(words, found)
    shown = chosen.keep(found)
    if not shown:  # a state that was mistyped is read as a word, and in no run
        refuse([unknown("state", word, State) for word in chosen.words if nearest(word, State)])
    return shown


def _row(run: RunSummary) -> list[str]:
    status = run.status
    best = status.best
    return [
        f"{run.name} ★" if run.marks.starred else run.name,
        status.state.value,
        place(status) or "–",
        f"{best.metric} {units.number(best.value)}" if best else "–",
        units.duration(status.elapsed_s or None),
        units.duration(status.eta_s),
        status.device or "–",
        units.age(time.time() - run.manifest.created) if run.manifest.created else "–",
        run.fault or "; ".join(filter(None, (run.marks.note, _why(status) or status.phase))),
    ]


def _why(status: Status) -> str:
    if status.state is State.PREEMPTED:
        return f"{status.reason}; {status.remedy}"
    return status.reason


def as_data(run: RunSummary) -> dict[str, object]:
    """A run as `--json` tells it."""
    status, manifest = run.status, run.manifest
    return {
        "name": run.name,
        "path": str(run.folder.path),
        "recipe": manifest.recipe.id,
        "state": status.state.value,
        "step": status.step,
        "total": status.total,
        "epoch": status.epoch,
        "epochs": status.epochs,
        "elapsed_s": status.elapsed_s,
        "eta_s": status.eta_s,
        "best": None if status.best is None else msgspec.structs.asdict(status.best),
        "device": status.device,
        "attempt": status.attempt,
        "pid": status.pid,
        "host": status.host,
        "created": manifest.created,
        "updated": status.updated,
        "seed": manifest.seed,
        "parameters": manifest.parameters,
        "parent": None if manifest.parent is None else msgspec.structs.asdict(manifest.parent),
        "reason": status.reason,
        "remedy": status.remedy,
        "kind": status.kind,
        "fault": run.fault,
        "starred": run.marks.starred,
        "note": run.marks.note,
    }


def remove_runs(args: argparse.Namespace) -> int:
    """Delete runs that have ended, after asking; into the trash, unless it is to be for good."""
    if args.undo:
        return _restore(args)
    chosen = runs(args)
    faults = []
    for folder in chosen:
        try:
            refuse_living(folder, "be deleted")
        except UsageError as fault:
            faults.append(fault.title)
    refuse(faults, "stop them first: workbench stop RUN")
    if not args.yes and not _confirmed(chosen):
        return 1
    for folder in chosen:
        if args.now:
            launch.delete(folder)
        else:
            launch.discard(folder)
        output.say(f"deleted {folder.name}")
    if not args.now:
        names = " ".join(folder.name for folder in chosen)
        output.say_aside(f"for {trash.KEPT_DAYS} days this undoes it: workbench rm --undo {names}")
    return 0


def _restore(args: argparse.Namespace) -> int:
    for name in args.words:
        folder = trash.restore(name, args.checkpoints)
        taken = "" if folder.name == name else f" as {folder.name}: its name was taken meanwhile"
        output.say(f"brought {name} back{taken}")
    return 0


def _confirmed(chosen: Sequence[RunFolder]) -> bool:
    names = ", ".join(folder.name for folder in chosen)
    size = units.size(sum(_bytes_in(folder.path) for folder in chosen))
    if not sys.stdin.isatty():
        raise UsageError(f"would delete {names} ({size})", "say so with --yes")
    try:
        return input(f"delete {names} ({size})? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _bytes_in(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
