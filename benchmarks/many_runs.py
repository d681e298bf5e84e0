"""How soon a thousand runs are listed, sorted, filtered and marked on the screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pyte

from benchmarks import measuring
from benchmarks.measuring import AtMost, Measured, Result
from benchmarks.terminal import Terminal
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, create
from workbench.runs.recorder import Recorder

RUNS = 1_000
MOST_LIST_S = 1.0
MOST_KEY_S = 0.1
COLUMNS, LINES = 120, 40
SETTLED_S = 0.5
RECIPES = ("images/cnn", "fundamentals/mlp")


def measure(repetitions: int = 3, runs: int = RUNS) -> Result:
    """Open the list in fresh programs, and press keys in each."""
    listed, keys = [], list[dict[str, float]]()
    with measuring.own_folders() as checkpoints:
        write_runs(checkpoints, runs)
        for _ in range(repetitions):
            seconds, answers = _opened(runs)
            listed.append(seconds)
            keys.append(answers)
    measured = [Measured(what, tuple(one[what] for one in keys)) for what in keys[0]]
    whole = Measured("the list stands", tuple(listed))
    return Result(
        name="many_runs",
        title=f"{runs:,} runs",
        what=f"From the key that opens the list, in a pseudo-terminal of {COLUMNS} x {LINES}, until "
        f"its lines stand and a filter that all runs pass counts {runs:,}: read from their folders "
        "by a program that has just started. Then, until the screen shows it: sorting by the next "
        "column, marking the run under the cursor, a letter of a filter.",
        target=f"listed in at most {MOST_LIST_S:g} s; a key answered in at most {MOST_KEY_S:g} s",
        measured=(whole, *measured),
        checks=(
            AtMost("listed", whole.median, MOST_LIST_S, "s"),
            *(AtMost(one.what, one.median, MOST_KEY_S, "s") for one in measured),
        ),
    )


def write_runs(checkpoints: Path, count: int) -> None:
    """Ended runs of two recipes, a minute apart, the newest last."""
    began = time.time() - 60 * count
    for number in range(count):
        created = began + 60 * number
        reference = RecipeReference(id=RECIPES[number % 2], file=__file__)
        folder, _ = create(
            Manifest(name="", recipe=reference, parameters={"lr": 1e-3}, created=created), checkpoints
        )
        recorder = Recorder(folder.events_file)
        recorder.record(events.Started(time=created, pid=1, host="benchmark", device="cpu"))
        for step in range(1, 31):
            recorder.metrics(step, {"train/loss": 1 / step, "val/loss": 2 / step})
        best = events.Best(metric="val/loss", value=number / count, step=30)
        recorder.record(events.Progress(time=created + 9, step=30, total=60, elapsed_s=9.0, best=best))
        end = events.Finished(time=created + 9, step=30)
        recorder.record(
            end if number % 3 else events.Failed(time=created + 9, step=30, title="no luck")
        )
        recorder.close()


def _opened(runs: int) -> tuple[float, dict[str, float]]:
    with Terminal(measuring.workbench_command(), columns=COLUMNS, lines=LINES) as terminal:
        terminal.wait_for("images", "cnn")
        newest = f"{RECIPES[(runs - 1) % 2].replace('/', '-')}-{(runs + 1) // 2:04d}"
        # All have a learning rate: the count is that of the runs that are listed.
        pressed = terminal.press("2")
        terminal.wait_for(newest)
        terminal.press("/lr>0")
        listed = terminal.wait_for(f"{runs:,} of {runs:,}") - pressed
        terminal.press("\x1b\x1b")
        terminal.wait_for("space mark")
        terminal.wait_until_helpers_rest()
        answers = {
            "sort": terminal.answer_to("o", _heading),
            "mark": terminal.answer_to(" ", _marks),
        }
        terminal.press("/")
        terminal.watch(SETTLED_S)
        answers["a letter of the filter"] = terminal.answer_to("i", _names)
    return listed, answers


def _heading(screen: pyte.Screen) -> object:
    return "".join(screen.display[4:6])


def _marks(screen: pyte.Screen) -> object:
    return "".join(screen.display).count("┃")


def _names(screen: pyte.Screen) -> Sequence[str]:
    return screen.display[5:15]
