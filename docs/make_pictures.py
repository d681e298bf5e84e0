"""Makes the README's pictures: `make pictures` trains on real digits, forks one run, and tunes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from terminal_picture import Terminal

from workbench import paths
from workbench.catalog import discover
from workbench.runs.folder import RunFolder, all_runs
from workbench.runs.state import status_of
from workbench.workers import launch

DOCS = Path(__file__).parent
FORKED_AT, PICTURED_AT = 0.4, 0.8
FORK_LEARNING_RATE = 0.001
STUDY = (
    *("fundamentals/mlp", "lr=1e-4..1e-1", "width=16..256", "activation=relu,tanh"),
    *("epochs=5", "--trials", "24"),
)
TRAINING_PATIENCE_S = 1800  # twenty seconds where nothing else runs
ESCAPE = "\x1b"


def main() -> None:
    """Live through a sitting, and picture each screen as it comes by."""
    with tempfile.TemporaryDirectory() as place:
        checkpoints, config = Path(place) / "checkpoints", Path(place) / "no-config.toml"
        command = [sys.executable, "-m", "workbench", "--checkpoints", str(checkpoints)]
        terminal = Terminal(command, {paths.CONFIG_VARIABLE: str(config)})
        try:
            run = picture_all(terminal, checkpoints)
            picture_maps(terminal, run)
            picture_study(terminal, command, checkpoints)
        finally:
            terminal.leave()
            end_all(checkpoints)


def picture_all(terminal: Terminal, checkpoints: Path) -> RunFolder:
    """Train, fork and compare; the pictures are taken on the way. The run that was trained first."""
    run = launch.launch(launch.Order(discover().find("images/cnn")), checkpoints)
    picture_recipes_and_form(terminal)
    reach(terminal, run, FORKED_AT)
    fork = launch.fork(run, checkpoints=checkpoints, values={"lr": FORK_LEARNING_RATE})
    reach(terminal, run, PICTURED_AT)
    picture_curves(terminal, run)
    for one in (run, fork):
        reach(terminal, one, 1.0)
    picture_comparison(terminal, run, fork)
    return run


def end_all(checkpoints: Path) -> None:
    """Where a picture failed, no run of ours goes on."""
    for folder in all_runs(checkpoints):
        status = status_of(folder)
        if not status.state.ended:
            os.kill(status.pid, signal.SIGKILL)


def picture_recipes_and_form(terminal: Terminal) -> None:
    """The list with the recipe's page, then the form with what a field is for."""
    terminal.sees("1 running")
    recipes = [recipe.id for recipe in discover()]
    terminal.press("j" * recipes.index("images/cnn"))
    terminal.sees("images/cnn · Training")
    terminal.sees("o open run")
    terminal.picture(DOCS / "recipes.png")
    terminal.press("\r")
    terminal.sees(r"\^l launch")
    terminal.sees("dataset: which")
    terminal.picture(DOCS / "launch.png")
    terminal.press(ESCAPE)
    terminal.sees("2 Runs")


def picture_curves(terminal: Terminal, run: RunFolder) -> None:
    """The page of a run that trains."""
    terminal.press("2")
    terminal.sees(run.name)
    terminal.press("j")  # below its fork, which is newer
    terminal.sees(f"{run.name}   images/cnn")
    terminal.press("\r")
    terminal.sees("1 Curves")
    terminal.sees(f"{run.name} .*running")
    terminal.sees("━━ train")
    terminal.picture(DOCS / "curves.png")


def picture_comparison(terminal: Terminal, run: RunFolder, fork: RunFolder) -> None:
    """Both runs over one another."""
    terminal.press(ESCAPE)
    terminal.sees("1 Recipes")
    terminal.press("k")
    terminal.sees(f"{fork.name}   images/cnn")
    terminal.press("v")
    terminal.sees(f"a  {run.name}")
    terminal.sees("val/loss")
    terminal.picture(DOCS / "compare.png")


def picture_maps(terminal: Terminal, run: RunFolder) -> None:
    """The maps of a trained convolution, before and after its activation."""
    terminal.press(ESCAPE)
    terminal.sees("1 Recipes")
    terminal.press("g")
    terminal.press("j")  # below its fork
    terminal.sees(f"{run.name}   images/cnn")
    terminal.press("D")
    terminal.sees("samples · cpu")
    terminal.sees("nothing wrong|things? (is|are) wrong")
    terminal.press("3")
    terminal.sees(r"\(Conv2d\)")
    terminal.press(".jj")  # another sample, two layers on
    terminal.sees(r"\(ReLU\)")
    terminal.picture(DOCS / "maps.png")
    terminal.press(ESCAPE)


def picture_study(terminal: Terminal, command: list[str], checkpoints: Path) -> None:
    """All trials of a study as lines through their parameters' axes."""
    before = {run.path for run in all_runs(checkpoints)}
    subprocess.run([*command, "tune", *STUDY, "--detach"], check=True, stdout=subprocess.DEVNULL)
    study = next(run for run in all_runs(checkpoints) if run.path not in before)
    reach(terminal, study, 1.0)
    terminal.press(ESCAPE)
    terminal.sees("1 Recipes")
    terminal.press("k" * len(before))
    terminal.sees(f"{study.name}   tune/")
    terminal.press("\r")
    terminal.sees("1 History")
    terminal.press("3")
    terminal.sees("better half")
    terminal.picture(DOCS / "study.png")


def reach(terminal: Terminal, run: RunFolder, fraction: float) -> None:
    """Wait until so much of a run is done; raises TimeoutError or RuntimeError where it is not."""
    deadline = time.monotonic() + TRAINING_PATIENCE_S
    while (status := status_of(run)).state.ended is (fraction < 1) or (status.fraction or 0) < fraction:
        if status.state.ended and (status.fraction or 0) < 1:
            raise RuntimeError(f"{run.name}: {status.state} {status.reason}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{run.name} is not done in {TRAINING_PATIENCE_S} s")
        terminal.watch(0.2)  # or the program finds its link slow, and says so


if __name__ == "__main__":
    main()
