"""What a recipe is: any program that reports what it does to a `Run`.

`workbench.training.Training` derives from it and is what the training loop can train.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from workbench import params as parameters
from workbench.mark import Mark
from workbench.params import Value
from workbench.rehearsal import Rehearsal
from workbench.runs.run import Run


class Recipe:
    """Base of all recipes; implement `run`.

    Attributes:
        params: the checked values of the nested `Params`.
        seed: what every source of randomness was seeded with.
        device: where tensors belong, in torch's words (`cpu`, `cuda:0`, `mps`).
        monitor: the metric whose best value counts, and `monitor_mode` which way is better.
        marks: what a run with default parameters reaches, in the mean over seeds; empty: no promise.
        within_s: seconds in which such a run ends, on two CPU cores.
    """

    class Params(parameters.Params):
        """No parameters of its own."""

    params: Any
    device: str = "cpu"
    monitor: ClassVar[str] = ""
    monitor_mode: ClassVar[Literal["min", "max"]] = "min"
    marks: ClassVar[tuple[Mark, ...]] = ()
    within_s: ClassVar[float] = 60

    def __init_subclass__(cls) -> None:
        """Refuse what is no mark, and values of a mark that no parameter takes."""
        super().__init_subclass__()
        for mark in cls.marks:
            if not isinstance(mark, Mark):
                raise TypeError(f"{cls.__name__}.marks has to hold what at_least and at_most give")
            cls.Params(**mark.values)

    def __init__(self, params: parameters.Params | None = None, *, seed: int = 0) -> None:
        self.params = self.Params() if params is None else params
        self.seed = seed

    def run(self, run: Run) -> None:
        """Do the work, reporting through `run`; leave early when `run.stopping` is true."""
        raise NotImplementedError(f"{type(self).__name__} has to implement run(self, run)")

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds: tensors, numbers, texts, lists and dicts of them.

        Empty, which is the default, means that the recipe has nothing to save.
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict` gave, before `run` is called again."""

    def rehearse(self) -> str | Rehearsal:
        """A report on one batch, as plain text or measured; empty to make one step of `run` instead."""
        return ""

    def fitting_parameters(self) -> dict[str, Value]:
        """The changed parameters with which a step was made and fitted; empty where none were found.

        Called after memory ran out, in the same process, when the failing step has let go of its own.
        """
        return {}

    def parameter_changed(self, name: str) -> None:
        """A live parameter has a new value in `self.params`, set by a person between two steps."""
