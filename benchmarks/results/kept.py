"""What was measured, kept beside each run, so that a measurement that was cut goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks import machine
from benchmarks.results.plan import Variant, fingerprint
from workbench import paths
from workbench.params import Value
from workbench.runs.folder import RunFolder, write_atomically

FILE = "measured.json"


class Measured(msgspec.Struct, frozen=True):
    """One run that came to its end: `seconds` from the launch, and its results.

    `text` is the fingerprint of the recipe's code, `device` what was asked for, `machine` in words, and
    `load` the load average when it ended.
    """

    recipe: str
    text: str
    values: dict[str, Value]
    seed: int
    device: str
    machine: str
    seconds: float
    results: dict[str, float | str]
    load: float = 0.0

    def was_disturbed(self, within_s: float) -> bool:
        """Whether it took too long while the machine had more to do than it has cores for."""
        return self.seconds > within_s and self.load > len(machine.cores()) + 1

    def value(self, metric: str) -> float | None:
        """A result as a number; None where the run had none of that name."""
        found = self.results.get(metric)
        return None if found is None else float(found)


def folder() -> Path:
    """Where the runs lie: `results` among the user's checkpoints, so that they can be looked at."""
    return paths.checkpoints_dir() / "results"


def keep(run: RunFolder, measured: Measured) -> None:
    """Write it down in the run's folder."""
    write_atomically(run.path / FILE, msgspec.json.encode(measured))


def of(variant: Variant, device: str) -> dict[int, Measured]:
    """By seed, the newest that was measured of exactly this text on that device."""
    wanted = (variant.info.id, fingerprint(variant.info), variant.values, device)
    found = (one for one in _all() if (one.recipe, one.text, one.values, one.device) == wanted)
    return {one.seed: one for one in found if one.seed in variant.seeds}


def _all() -> Iterator[Measured]:
    """Oldest first; what cannot be read was never measured."""
    for file in sorted(folder().glob(f"*/{FILE}"), key=lambda file: file.stat().st_mtime):
        try:
            yield msgspec.json.decode(file.read_bytes(), type=Measured)
        except (OSError, ValueError):
            continue
