"""The ways to search and to prune by name, and what each can do; Optuna's own are made elsewhere."""

from __future__ import annotations

import math
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
    "wilcoxon": "ends a trial whose folds are worse than the best one's (Wilcoxon's signed-rank test)",
    "none": "every trial trains to its end",
}
OVER_FOLDS = ("wilcoxon", "median", "percentile", "none")  # pruners that can compare folds
SEARCHES = {
    "grid": "GridSearchCV: every combination",
    "random": "RandomizedSearchCV: as many drawn at random as there are trials",
    "halving": "HalvingRandomSearchCV: many with few epochs, the better third with three times as many",
}
HALVING_FACTOR = 3
RESOURCE = "epochs"  # what halving gives more of to the better ones
MOST_FOLDS = 100


def faults(sampler: str, pruner: str, space: Space, metrics: int = 1, folds: int = 0) -> list[str]:
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
    if pruner == "wilcoxon" and not folds:
        found.append("pruner wilcoxon compares folds: give --folds K, or take another pruner")
    if folds and pruner in PRUNERS and pruner not in OVER_FOLDS:
        found.append(
            f"pruner {pruner} compares epochs, and a trial with folds reports one value a fold: "
            f"take one of {', '.join(OVER_FOLDS)}"
        )
    found += fold_faults(folds)
    listed = [d.name for d in space.searched if d.kind == "choice"]
    if listed and not SAMPLERS[sampler].choices:
        found.append(
            f"sampler {sampler} takes numbers alone, and {', '.join(listed)} {_is_list(listed)}: "
            "give a range, or take tpe, gp or random"
        )
    return found + (_grid_faults(space) if sampler == "grid" else [])


def change_fault(sampler: str, search: str, before: Dimension, after: Dimension | Value) -> str:
    """Why that sampler, or search, cannot take `after` in place of `before` from now on, or nothing."""
    if search:
        return "a search of scikit-learn's is laid out when its study begins: begin another one"
    if sampler == "grid":
        return "a grid is laid out when its study begins: stop it, and begin another one"
    if isinstance(after, Dimension) and after.kind != "choice" and not SAMPLERS[sampler].ranges:
        return (
            f"sampler {sampler} has its cloud of points in the range it began with: give {before.name} "
            "one value that holds from now on, or begin another study"
        )
    return ""


def search_faults(search: str, space: Space, metrics: int, folds: int) -> list[str]:
    """A sentence for everything that a search of scikit-learn's cannot do."""
    if search not in SEARCHES:
        return [unknown("search", search, SEARCHES)]
    found = fold_faults(folds)
    if metrics > 1:
        found.append(f"search {search} compares one score: name one scorer with --metric")
    if search == "halving" and any(d.name == RESOURCE for d in space.searched):
        found.append(f"halving sets {RESOURCE} itself: give it one value, the most of them")
    return found + (_grid_faults(space) if search == "grid" else [])


def fold_faults(folds: int) -> list[str]:
    """What speaks against so many folds; 0 is none."""
    if folds and not 2 <= folds <= MOST_FOLDS:
        return [f"folds={folds}: cross-validation has 2 to {MOST_FOLDS} folds"]
    return []


def rounds(candidates: int, epochs: int) -> list[tuple[int, int]]:
    """Candidates and epochs of each round of halving, as scikit-learn has them: the last is longest."""
    needed = 1 + _whole_log(candidates)
    first = max(epochs // HALVING_FACTOR ** (needed - 1), 1)
    found = []
    for index in range(min(needed, 1 + _whole_log(epochs // first))):
        found.append((candidates, min(first * HALVING_FACTOR**index, epochs)))
        candidates = -(-candidates // HALVING_FACTOR)
    return found


def _whole_log(value: int) -> int:
    return math.floor(math.log(value, HALVING_FACTOR))


def missing(sampler: str, search: str = "", folds: int = 0) -> list[str]:
    """Packages that a study needs and that are not installed; nothing is imported for it."""
    needed = ["optuna", *([] if search else [SAMPLERS[sampler].module])]
    needed += ["skorch"] if folds else []
    return [module for module in dict.fromkeys(needed) if find_spec(module) is None]


def refuse_missing(sampler: str, search: str = "", folds: int = 0) -> None:
    """Raise WorkbenchError, with the command that installs it, where a package is missing."""
    absent = missing(sampler, search, folds)
    if absent:
        what = f"the search {search}" if search else f"the sampler {sampler}"
        raise WorkbenchError(
            f"studies with {what} need {' and '.join(absent)}, which is not installed",
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
