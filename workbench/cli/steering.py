"""`workbench stop`, `pause`, `fork` and `set`: what a person asks of a run."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Literal

from workbench import units
from workbench.cli import output, progress
from workbench.cli.arguments import assignments, refuse, runs
from workbench.cli.warming import values, warm
from workbench.errors import WorkbenchError
from workbench.runs import control, events
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.runs.state import Status, status_of
from workbench.runs.states import State
from workbench.workers import ending, launch

ANSWER_S = 5.0
POLL_S = 0.05
ENDED = {state for state in State if state.ended}
_NO_ANSWER = "asked; the worker has not come to it yet"


def stop_runs(args: argparse.Namespace) -> int:
    """Ask runs to write a checkpoint and leave, now or at the end of the epoch; or make them."""
    if args.kill:
        return _end_all(runs(args))
    when: Literal["now", "epoch"] = "epoch" if args.after_epoch else "now"
    goal = ENDED | ({State.STOPPING} if args.after_epoch else set())
    return ask_all(runs(args), lambda: control.Stop(when=when), goal)


def _end_all(asked: Sequence[RunFolder]) -> int:
    """Ask, then send SIGTERM, then SIGKILL, to all that are still there after each patience."""
    _refuse_ended(asked)
    for folder in asked:
        control.ask(folder.control_file, control.Stop())
    faults: dict[str, str] = {}
    for rung in ending.Rung:
        deadline = time.monotonic() + ending.PATIENCE_S
        for folder in [one for one in asked if one.name not in faults]:
            if not _wait_for_state(folder, ENDED, deadline).state.ended:
                faults.update(_take(folder, rung))
    deadline = time.monotonic() + ANSWER_S
    for folder in asked:
        status = _wait_for_state(folder, ENDED, deadline)
        proof = ending.free_again(folder, status) if status.state.ended else ""
        state = output.of_state(status.state.value)
        output.say(f"{folder.name}: {state}  {progress.place(status)}  {proof}".rstrip())
    refuse([units.plain(fault) for fault in faults.values()])
    return 0


def _take(folder: RunFolder, rung: ending.Rung) -> dict[str, str]:
    """Send the signal; why it could not be sent, by the run's name, unless the run has just ended."""
    try:
        offered = ending.offer(folder, rung)
        output.say_aside(f"{folder.name}: {rung} to process {offered.worker.pid}. {offered.cost}")
        ending.take(folder, offered)
    except WorkbenchError as fault:
        return {} if status_of(folder).state.ended else {folder.name: fault.title}
    return {}


def pause_runs(args: argparse.Namespace) -> int:
    """Ask runs to stand still between two steps; they keep their devices."""
    return ask_all(runs(args), control.Pause, {State.PAUSED})


def fork_run(args: argparse.Namespace) -> int:
    """Start a new run from a checkpoint of another."""
    parent = folders.find(args.run, args.checkpoints)
    recipe = launch.recipe_of(parent)
    with warm([recipe]) as standby:
        child = launch.fork(
            parent,
            checkpoints=args.checkpoints,
            values=values(args.words, args.on_nan, recipe, standby),
            checkpoint=args.checkpoint,
            partial=args.partial,
            seed=args.seed,
            device=args.device,
            standby=standby,
        )
    output.say(child.name)
    output.say_aside(f"follow it with: workbench watch {child.name}")
    return 0


def set_parameters(args: argparse.Namespace) -> int:
    """Give live parameters of a living run new values."""
    folder = folders.find(args.run, args.checkpoints)
    values = assignments(args.words)
    _refuse_ended([folder], f"resume it with: workbench resume {folder.name} name=value")
    asked = [
        control.ask(folder.control_file, control.SetParameter(name=name, value=value))
        for name, value in values.items()
    ]
    deadline = time.monotonic() + ANSWER_S
    faults = []
    for request in asked:
        answer = launch.wait_for_answer(folder, request, max(deadline - time.monotonic(), 0.0))
        if isinstance(answer, events.Answered) and answer.refused:
            faults.append(answer.refused)
        else:
            output.say(_set_text(request, answer))
    refuse([units.plain(fault) for fault in faults])
    return 0


def _set_text(
    request: control.SetParameter, answer: events.Answered | events.ParameterSet | None
) -> str:
    if isinstance(answer, events.ParameterSet):
        change = f"{output.number(answer.old)} → {output.number(answer.value)}"
        return units.plain(f"{answer.name}: {change} from step {answer.step:,}")
    return units.plain(f"{request.name}: {_NO_ANSWER}")


def ask_all(
    asked: Sequence[RunFolder], request: Callable[[], control.Request], goal: set[State]
) -> int:
    """Ask every run, then say of each what became of it: all wait at the same time."""
    _refuse_ended(asked)
    requests = [control.ask(folder.control_file, request()) for folder in asked]
    deadline = time.monotonic() + ANSWER_S
    faults = []
    for folder, sent in zip(asked, requests, strict=True):
        left_s = max(deadline - time.monotonic(), 0.0)
        answer = launch.wait_for_answer(folder, sent, left_s)
        if isinstance(answer, events.Answered) and answer.refused:
            faults.append(units.plain(f"{folder.name}: {answer.refused}"))
            continue
        status = _wait_for_state(folder, goal, deadline) if answer else status_of(folder)
        remark = "" if answer or status.state in goal else f" ({_NO_ANSWER})"
        state = output.of_state(status.state.value)
        output.say(f"{folder.name}: {state}  {progress.place(status)}{remark}")
    refuse(faults)
    return 0


def _wait_for_state(folder: RunFolder, goal: set[State], deadline: float) -> Status:
    while True:
        status = status_of(folder)
        if status.state in goal or time.monotonic() > deadline:
            return status
        time.sleep(POLL_S)


def _refuse_ended(asked: Sequence[RunFolder], remedy: str = "") -> None:
    statuses = [(folder.name, status_of(folder).state) for folder in asked]
    refuse([f"{name} has ended: it is {state}" for name, state in statuses if state.ended], remedy)
