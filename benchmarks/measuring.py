"""What all benchmarks share: interleaved timing, results with their checks, folders of their own."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workbench import paths

ROOT = Path(__file__).parent.parent
DECIMALS_BELOW = ((1, 3), (10, 2), (100, 1))


@dataclass(frozen=True)
class Measured:
    """Repetitions of one measurement, in `unit`."""

    what: str
    values: tuple[float, ...]
    unit: str = "s"

    @property
    def median(self) -> float:
        """NaN where nothing was measured, so that no check can pass on it."""
        return statistics.median(self.values) if self.values else math.nan


@dataclass(frozen=True)
class AtMost:
    """A number and the limit it has to keep; only what is finite and above zero was measured."""

    what: str
    value: float
    limit: float
    unit: str = ""

    @property
    def ok(self) -> bool:
        return math.isfinite(self.value) and 0 < self.value <= self.limit

    @property
    def found(self) -> str:
        return f"{self.what} {amount(self.value, self.unit)}"

    @property
    def text(self) -> str:
        return f"{self.found}, at most {self.limit:g} {self.unit}".strip()


@dataclass(frozen=True)
class AtLeast:
    """A number and what it has to reach; only what is finite was measured."""

    what: str
    value: float
    limit: float

    @property
    def ok(self) -> bool:
        return math.isfinite(self.value) and self.value >= self.limit

    @property
    def found(self) -> str:
        return f"{self.what} {amount(self.value)}"

    @property
    def text(self) -> str:
        return f"{self.found}, at least {self.limit:g}"


@dataclass(frozen=True)
class Holds:
    """Something that is so or is not; `found` says what was seen."""

    found: str
    ok: bool

    @property
    def text(self) -> str:
        return self.found


Check = AtMost | AtLeast | Holds


@dataclass(frozen=True)
class Result:
    """What one benchmark found.

    Attributes:
        name: its module, which is also its name on the command line.
        what: how it was measured.
        target: what was promised.
        notes: measured beside, without a promise.
    """

    name: str
    title: str
    what: str
    target: str
    measured: tuple[Measured, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """All checks hold, and there is one at least."""
        return bool(self.checks) and all(check.ok for check in self.checks)


def amount(value: float, unit: str = "") -> str:
    """Three digits and the unit: `0.254 s`, `8.13 µs`, `1,240 MB`."""
    decimals = next((digits for bound, digits in DECIMALS_BELOW if abs(value) < bound), 0)
    return f"{value:,.{decimals}f} {unit}".strip()


def ratio(what: str, ours: Measured, theirs: Measured, limit: float) -> AtMost:
    """How often the median of `theirs` fits into that of `ours`."""
    return AtMost(what, ours.median / theirs.median, limit)


def interleave(repetitions: int, *measure: Callable[[], float]) -> list[tuple[float, ...]]:
    """The values of each function, measured A B A B, so that all of them meet the same disturbances."""
    rounds = [[one() for one in measure] for _ in range(repetitions)]
    return [tuple(values) for values in zip(*rounds, strict=True)]


def seconds_of(command: Sequence[str]) -> float:
    """How long a program takes from its start to its end.

    Raises:
        RuntimeError: when it fails, with what it said.
    """
    began = time.perf_counter()
    output_of(command)
    return time.perf_counter() - began


def output_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Standard output and standard error of a program.

    Raises:
        RuntimeError: when it fails, with what it said.
    """
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} left with {done.returncode}:\n{done.stderr}")
    return done.stdout, done.stderr


def answer_of(module: str, *words: str) -> dict[str, float]:
    """The numbers that `python -m module words…` prints as JSON, measured in that fresh process."""
    output, _ = output_of([sys.executable, "-m", module, *words])
    return msgspec.json.decode(output, type=dict[str, float])


def workbench_command() -> list[str]:
    """The installed console command; `python -m workbench` where there is none."""
    script = Path(sysconfig.get_path("scripts")) / "workbench"
    return [str(script)] if script.exists() else [sys.executable, "-m", "workbench"]


@contextmanager
def own_folders() -> Iterator[Path]:
    """A folder for checkpoints, with cache and device leases apart from the user's; all gone after."""
    names = (paths.CHECKPOINTS_VARIABLE, paths.CACHE_VARIABLE, paths.LEASES_VARIABLE)
    before = {name: os.environ.pop(name, None) for name in (*names, paths.RECIPES_VARIABLE)}
    # A run's last helper threads may still write while the folder goes.
    with tempfile.TemporaryDirectory(prefix="workbench-bench-", ignore_cleanup_errors=True) as home:
        os.environ.update({name: str(Path(home) / name.lower()) for name in names})
        try:
            yield paths.checkpoints_dir()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
