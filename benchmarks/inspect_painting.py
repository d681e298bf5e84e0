"""Looking inside: from a key to the painted maps of the next layer or sample, and their bytes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyte

from benchmarks import measuring
from benchmarks.inspect_moves import LIMIT_MS, RECIPE, percentile
from benchmarks.measuring import AtMost, Measured, Result
from benchmarks.terminal import Terminal
from workbench import paths

COLUMNS, LINES = 120, 40
MOST_BYTES = 40_000
MAPS_FROM = 6  # the lines above tell where one is, which a key changes at once
LAYERS, SAMPLES = 50, 40
MAPS = 64
DOWN, NEXT_SAMPLE = "j", "."
REST_S = 0.1
TOPIC = "a_network"


def measure(layers: int = LAYERS, samples: int = SAMPLES) -> Result:
    """Open an untrained network in the program, and walk through its maps by keys."""
    with measuring.own_folders() as checkpoints:
        os.environ[paths.RECIPES_VARIABLE] = str(_alone(checkpoints.parent / "recipes"))
        with Terminal(measuring.workbench_command(), columns=COLUMNS, lines=LINES) as terminal:
            _open(terminal)
            to_sample, sizes = _walked(terminal, NEXT_SAMPLE, samples)
            to_layer, _ = _walked(terminal, DOWN, layers)
    measured = (
        Measured("to the next sample's maps", to_sample, "ms"),
        Measured("to the next layer's maps", to_layer, "ms"),
        Measured(f"a grid of {MAPS} maps", sizes, "B"),
    )
    return Result(
        name="inspect_painting",
        title="Painting what a network does",
        what="ResNet-18 on 64 x 64 pixels, untrained, on the CPU, looked into by the program in a "
        f"pseudo-terminal of {COLUMNS} x {LINES} with half blocks. From the key to the output that "
        f"changes the grid of maps: for sample after sample in the first layer, whose {MAPS} maps make "
        "one page, then for layer after layer; and the bytes that the terminal gets for a sample's "
        f"{MAPS} maps until it is quiet.",
        target=f"at most {LIMIT_MS:g} ms to the painted grid, and {MOST_BYTES:,} bytes for it",
        measured=measured,
        checks=(
            *(
                AtMost(f"{one.what}, {name}", value, LIMIT_MS, "ms")
                for one in measured[:2]
                for name, value in (("median", one.median), ("90th percentile", _late(one)))
            ),
            AtMost("most bytes of a grid", max(sizes), MOST_BYTES, "B"),
        ),
    )


def _late(one: Measured) -> float:
    return percentile(one.values, 0.9)


def _alone(folder: Path) -> Path:
    """A folder of recipes with the one that is first in the list."""
    (folder / TOPIC).mkdir(parents=True)
    shutil.copy(RECIPE, folder / TOPIC)
    return folder


def _open(terminal: Terminal) -> None:
    """From the list of recipes into the network, to the maps of its first layer."""
    terminal.wait_for(f"{TOPIC}/{RECIPE.stem}", "D inside")
    terminal.wait_until_helpers_rest()
    terminal.press("D")
    terminal.wait_for("256 samples")
    terminal.press("3")
    terminal.wait_for("· sample 0", " 63")
    terminal.wait_until_helpers_rest()


def _walked(terminal: Terminal, key: str, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds to each change of the grid, and the bytes of all that came."""
    times, sizes = [], []
    for _ in range(count):
        terminal.watch(REST_S)
        before = terminal.received
        times.append(terminal.answer_to(key, _grid) * 1e3)
        terminal.watch(REST_S)
        sizes.append(float(terminal.received - before))
    return tuple(times), tuple(sizes)


def _grid(screen: pyte.Screen) -> object:
    """The cells below what tells where one is."""
    return [
        [(cell.data, cell.fg, cell.bg) for cell in (screen.buffer[line][x] for x in range(COLUMNS))]
        for line in range(MAPS_FROM, LINES - 1)
    ]
