"""How soon the page of a study of two thousand trials is open, and how soon it answers keys."""

from __future__ import annotations

import math
import random
from pathlib import Path

import msgspec
import pyte

from benchmarks import measuring
from benchmarks.measuring import AtMost, Measured, Result
from benchmarks.terminal import Terminal
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, create, write_atomically
from workbench.runs.recorder import Recorder
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Objective, Plan, StudyFolder
from workbench.tuning.trials import TrialRecord, TrialState

TRIALS = 2_000
MOST_OPEN_S = 1.0
MOST_KEY_S = 0.1
MOST_PLOT_S = 1.0
COLUMNS, LINES = 120, 40
BEGAN = 1_700_000_000.0
JOBS = 4
SPACE = Space(
    (
        Dimension("lr", "float", 1e-4, 1e-1, log=True),
        Dimension("width", "int", 4, 64),
        Dimension("activation", "choice", values=("relu", "tanh", "gelu")),
        Dimension("dropout", "float", 0.0, 0.5),
    )
)


def measure(repetitions: int = 3, trials: int = TRIALS) -> Result:
    """Open the page in fresh programs, and press keys in each."""
    opened, answers = [], list[dict[str, float]]()
    with measuring.own_folders() as checkpoints:
        name = write_study(checkpoints, trials).name
        for _ in range(repetitions):
            seconds, found = _opened(name, trials)
            opened.append(seconds)
            answers.append(found)
    measured = [Measured(what, tuple(one[what] for one in answers)) for what in answers[0]]
    whole = Measured("the history is drawn", tuple(opened))
    limits = {one.what: MOST_PLOT_S if "drawn" in one.what else MOST_KEY_S for one in measured}
    return Result(
        name="study_page",
        title=f"A study of {trials:,} trials",
        what=f"From the key that opens a study in the list of runs, in a pseudo-terminal of {COLUMNS} "
        f"x {LINES}, until the history of its {trials:,} trials is drawn, in a program that has "
        "loaded what it draws with. Then, until the screen shows it: moving in the table of trials, "
        "sorting it, going to another tab, and until the plot there is drawn.",
        target=f"open in at most {MOST_OPEN_S:g} s; a key answered in at most {MOST_KEY_S:g} s",
        measured=(whole, *measured),
        checks=(
            AtMost("open", whole.median, MOST_OPEN_S, "s"),
            *(AtMost(one.what, one.median, limits[one.what], "s") for one in measured),
        ),
    )


def write_study(checkpoints: Path, count: int) -> StudyFolder:
    """An ended study of so many trials, four at a time, with pruned and failed ones."""
    reference = RecipeReference(id="tune/images/cnn", file=__file__)
    plan = Plan(
        recipe=RecipeReference(id="images/cnn", file=__file__),
        space=SPACE,
        objectives=(Objective("val/accuracy", "max"),),
        trials=count,
        jobs=JOBS,
    )
    run, _ = create(
        Manifest(name="", recipe=reference, parameters=plan.as_parameters(), created=BEGAN), checkpoints
    )
    folder = StudyFolder(run)
    write_atomically(folder.plan_file, msgspec.json.encode(plan))
    recorder = Recorder(run.events_file)
    recorder.record(events.Started(time=BEGAN, pid=1, host="benchmark", device="cpu"))
    records = [trial(number, dice) for dice in [random.Random(0)] for number in range(count)]
    folder.trials_file.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in records))
    best = 0.0
    for step, record in enumerate(records, 1):
        best = max(best, record.value or 0.0)
        recorder.metrics(step, {"trial/accuracy": record.value or 0.0, "best/accuracy": best})
    recorder.record(events.Progress(time=BEGAN + 1, step=count, total=count, elapsed_s=9.0))
    recorder.record(events.Finished(time=BEGAN + 1, step=count))
    recorder.close()
    return folder


def trial(number: int, dice: random.Random) -> TrialRecord:
    """One that has ended."""
    lr, width = 10 ** dice.uniform(-4, -1), dice.randint(4, 64)
    state: TrialState = "failed" if number % 11 == 10 else "pruned" if number % 8 == 7 else "complete"
    value = 0.9 - 0.2 * abs(math.log10(lr) + 2) + 0.001 * width + 0.02 * dice.random()
    began = BEGAN + number // JOBS * 10.0 + number % JOBS
    return TrialRecord(
        number=number,
        state=state,
        run=f"trial-{number:04d}",
        parameters={
            "lr": lr,
            "width": width,
            "activation": dice.choice(("relu", "tanh", "gelu")),
            "dropout": dice.uniform(0, 0.5),
        },
        value=None if state == "failed" else value,
        began=began,
        ended=began + 9.0,
    )


def _opened(name: str, trials: int) -> tuple[float, dict[str, float]]:
    with Terminal(measuring.workbench_command(), columns=COLUMNS, lines=LINES) as terminal:
        terminal.wait_for("images", "cnn")
        terminal.press("2")
        terminal.wait_for(name)
        terminal.wait_until_helpers_rest()
        pressed = terminal.press("\r")
        opened = terminal.wait_for(f"{trials:,}/{trials:,}", "best so far") - pressed
        pressed = terminal.press("4")
        answers = {"slices drawn": terminal.wait_for("dropout", "activation") - pressed}
        pressed = terminal.press("3")
        answers["parallel axes drawn"] = terminal.wait_for("best tenth") - pressed
        pressed = terminal.press("7")
        terminal.wait_for("trial ▲", "✗ failed")
        terminal.wait_until_helpers_rest()
        answers["down in the table"] = terminal.answer_to("j", _cursor)
        answers["sort the table"] = terminal.answer_to("o", _heading)
        answers["to another tab"] = terminal.answer_to("9", _body)
    return opened, answers


def _cursor(screen: pyte.Screen) -> object:
    """The grounds of the lines, of which one has the cursor."""
    return [screen.buffer[line][10].bg for line in range(6, LINES - 2)]


def _heading(screen: pyte.Screen) -> object:
    return "".join(screen.display[5:8])


def _body(screen: pyte.Screen) -> object:
    return "".join(screen.display[8:20])
