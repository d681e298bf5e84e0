"""The ways to search and to prune by name, and what each can do; Optuna's own are made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

from workbench.catalog import install_command
from workbench.errors import WorkbenchError, unknown
from workbench.params import Value
from workbench.tuning.space import Dimension, Space

MOST_GRID_POINTS = 10_000


class Sampler(NamedTuple):
    """A way to choose the next trial: what it does, what it takes, what it needs.

    Attributes:
        choices: it takes lists, not only ranges.
        several: it can search for the best of several metrics.
        ranges: a range may be narrowed or widened while it is at work.
    """

    text: str
    choices: bool = True
    several: bool = True
    module: str = "optuna"
    ranges: bool = True


SAMPLERS = {
    "tpe": Sampler("learns which regions are good (tree-structured Parzen estimator)"),
    "gp": Sampler("learns a Gaussian process; for few, costly trials"),
    "cmaes": Sampler(
        "moves a cloud of points downhill; for numbers alone", False, False, "cmaes", ranges=False
    ),
    "random": Sampler("draws at random"),
    "qmc": Sampler("spreads evenly, better than at random; for numbers alone", False),
    "grid": Sampler("tries every combination", ranges=False),
    "nsga2": Sampler("crosses and mutates the best; for several metrics and many trials"),
}
PRUNERS = {
    "median": "ends a trial that is worse than half of the others were at that epoch",
    "percentile": "ends a trial that is not among the best quarter at that epoch",
    "halving": "lets the better ones train on, in rounds",
    "hyperband": "as halving, with several lengths of the first round",
    "none": "every trial trains to its end",
}


def faults(sampler: str, pruner: str, space: Space, metrics: int = 1) -> list[str]:
    """A sentence for everything that the two cannot do."""
    found = []
    if pruner not in PRUNERS:
        found.append(unknown("pruner", pruner, PRUNERS))
    elif pruner != "none" and metrics > 1:
        found.append(f"pruner {pruner} compares one metric: with several, leave it out")
    if sampler not in SAMPLERS:
        return [*found, unknown("sampler", sampler, SAMPLERS)]
    if metrics > 1 and not SAMPLERS[sampler].several:
        able = ", ".join(name for name, other in SAMPLERS.items() if other.several)
        found.append(f"sampler {sampler} searches for one metric: with several take one of {able}")
    listed = [d.name for d in space.searched if d.kind == "choice"]
    if listed and not SAMPLERS[sampler].choices:
        found.append(
            f"sampler {sampler} takes numbers alone, and {', '.join(listed)} {_is_list(listed)}: "
            "give a range, or take tpe, gp or random"
        )
    return found + (_grid_faults(space) if sampler == "grid" else [])


def change_fault(sampler: str, before: Dimension, after: Dimension | Value) -> str:
    """Why that sampler cannot search `after` in place of `before` from now on, or nothing."""
    if sampler == "grid":
        return "a grid is laid out when its study begins: stop it, and begin another one"
    if isinstance(after, Dimension) and after.kind != "choice" and not SAMPLERS[sampler].ranges:
        return (
            f"sampler {sampler} has its cloud of points in the range it began with: give {before.name} "
            "one value that holds from now on, or begin another study"
        )
    return ""


def missing(sampler: str) -> list[str]:
    """Packages that the sampler needs and that are not installed; nothing is imported for it."""
    needed = dict.fromkeys(("optuna", SAMPLERS[sampler].module))
    return [module for module in needed if find_spec(module) is None]


def refuse_missing(sampler: str) -> None:
    """Raise WorkbenchError, with the command that installs it, where a package is missing."""
    absent = missing(sampler)
    if absent:
        raise WorkbenchError(
            f"studies with the sampler {sampler} need {' and '.join(absent)}, which is not installed",
            install_command(absent),
        )


def _grid_faults(space: Space) -> list[str]:
    continuous = [d.name for d in space.searched if d.size is None]
    if continuous:
        names = ", ".join(continuous)
        return [
            f"a grid cannot be laid over the continuous {_ranges(continuous)} of {names}: "
            f"list values ({continuous[0]}=a,b,c) or take another sampler"
        ]
    size = space.size or 0
    if size > MOST_GRID_POINTS:
        return [
            f"this grid has {size:,} points, and at most {MOST_GRID_POINTS:,} are tried: "
            "list fewer values or take another sampler"
        ]
    return []


def _is_list(names: Sequence[str]) -> str:
    return "is a list" if len(names) == 1 else "are lists"


def _ranges(names: Sequence[str]) -> str:
    return "range" if len(names) == 1 else "ranges"
