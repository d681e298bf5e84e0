"""From Enter to the first training step: with a warm standby, beside a cold start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from benchmarks import measuring
from benchmarks.measuring import AtMost, Measured, Result
from benchmarks.terminal import Terminal
from benchmarks.warm import warm_standby
from workbench.catalog import RecipeInfo, discover
from workbench.runs import control, events, state
from workbench.runs.folder import RunFolder, all_runs
from workbench.runs.jsonl import LineReader
from workbench.workers.launch import Order, launch, schema_of
from workbench.workers.standby import Standby

MOST_S = 0.5
RECIPE = "images/cnn"
PATIENCE_S = 120.0
POLL_S = 0.001
FOCUS_S = 0.3  # the focus moves behind the key that asks for it
ESCAPE = "\x1b"
LAUNCH_KEY = "\x0c"  # ctrl+l: Enter would open the list of a field that offers choices

_decoder: msgspec.json.Decoder[events.Event] = msgspec.json.Decoder(events.Event)


def measure(repetitions: int = 7) -> Result:
    """Launch the same run warm, from the screen, and cold."""
    with measuring.own_folders() as checkpoints:
        order = Order(discover().find(RECIPE), {"epochs": 1}, device="cpu")
        schema_of(order.recipe)  # as the form has done before anyone presses Enter
        with warm_standby() as standby, _screen(order.recipe, checkpoints) as terminal:
            warm, pressed, cold = measuring.interleave(
                repetitions,
                lambda: _launched(order, checkpoints, standby),
                lambda: _pressed(terminal, checkpoints),
                lambda: _launched(order, checkpoints, None),
            )
    return _result(Measured("warm", warm), Measured("from the key", pressed), Measured("cold", cold))


def _result(warm: Measured, pressed: Measured, cold: Measured) -> Result:
    return Result(
        name="first_step",
        title="Enter to first training step",
        what=f"{RECIPE} on the CPU, until the metrics of step 1 can be read from events.jsonl. Warm: "
        "from the call of `launch` with a standby that has torch loaded; from the key: the same from "
        "ctrl+l in the form of the TUI, in a pseudo-terminal; cold: from the call of `launch` without "
        "a standby. That each run started warm or cold is read from its own record.",
        target=f"at most {MOST_S:g} s with a warm standby",
        measured=(warm, pressed, cold),
        checks=(
            AtMost("warm", warm.median, MOST_S, "s"),
            AtMost("from the key", pressed.median, MOST_S, "s"),
        ),
        notes=(f"a cold start takes {measuring.amount(cold.median / warm.median)} times as long",),
    )


def _launched(order: Order, checkpoints: Path, standby: Standby | None) -> float:
    began = time.perf_counter()
    folder = launch(order, checkpoints, standby)
    with _ended_after(folder):
        return _first_step(folder, warm=standby is not None) - began


def _pressed(terminal: Terminal, checkpoints: Path) -> float:
    """From the launch key of the form until the first step; the screen is back at the recipes after."""
    known = {folder.name for folder in all_runs(checkpoints)}
    _open_form(terminal)
    began = terminal.press(LAUNCH_KEY)
    folder = _new_run(checkpoints, known)
    with _ended_after(folder):
        at = _first_step(folder, warm=True)
    terminal.wait_for("Curves", "Checkpoints")
    terminal.press(ESCAPE)
    terminal.wait_for(f"{RECIPE} ·")
    return at - began


def _new_run(checkpoints: Path, known: set[str]) -> RunFolder:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for folder in all_runs(checkpoints):
            if folder.name not in known:
                return folder
        time.sleep(POLL_S)
    raise TimeoutError("the key launched nothing")


def _first_step(folder: RunFolder, *, warm: bool) -> float:
    """The instant when the metrics of step 1 could be read.

    Raises:
        RuntimeError: when the run failed, or was not started as it should be.
        TimeoutError: when it does not come to step 1.
    """
    lines = LineReader(folder.events_file)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for _, line in lines.read_lines():
            match _decoder.decode(line):
                case events.Metrics(step=1):
                    return time.perf_counter()
                case events.Started(warm=was_warm) if was_warm != warm:
                    raise RuntimeError(f"{folder.name} started {'warm' if was_warm else 'cold'}")
                case events.Failed(title=title):
                    raise RuntimeError(f"{folder.name} failed: {title}")
        time.sleep(POLL_S)
    raise TimeoutError(f"{folder.name} did not come to its first step")


@contextmanager
def _ended_after(folder: RunFolder) -> Iterator[None]:
    """Stop the run afterwards and wait for the end of its process: it must not disturb the next one."""
    try:
        yield
    finally:
        control.ask(folder.control_file, control.Stop())
        deadline = time.monotonic() + PATIENCE_S
        while not (status := state.status_of(folder)).state.ended and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if psutil.pid_exists(status.pid):
            psutil.Process(status.pid).wait(PATIENCE_S)


@contextmanager
def _screen(recipe: RecipeInfo, checkpoints: Path) -> Iterator[Terminal]:
    """The TUI with the recipe under the cursor and a warm standby; one run was launched already."""
    with Terminal(measuring.workbench_command()) as terminal:
        terminal.wait_for(recipe.topic, recipe.name)
        terminal.wait_until_helpers_rest()
        _find(terminal, recipe)
        _pressed(terminal, checkpoints)
        yield terminal


def _find(terminal: Terminal, recipe: RecipeInfo) -> None:
    for keys in ("/", recipe.name, "\r"):
        terminal.press(keys)
        time.sleep(FOCUS_S)
    terminal.wait_for(f"{recipe.id} ·")


def _open_form(terminal: Terminal) -> None:
    terminal.press("\r")
    terminal.wait_for(f"launch {RECIPE}", "epochs", "^l launch")
