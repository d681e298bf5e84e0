"""What a recipe reports to: metrics, progress, figures, checkpoints, and whether it should stop."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from workbench.figures.data import Figure
from workbench.params import Params, Value
from workbench.runs import events
from workbench.runs.folder import RunFolder, write_atomically
from workbench.runs.progress import Goal, ProgressMeter
from workbench.runs.recorder import Recorder, finite_or_word, now
from workbench.runs.steering import NothingToSaveError, Steerable, Steering

INLINE_FIGURE_BYTES = 16_384


class CheckpointFiles(Protocol):
    """Writes and reads a checkpoint's state; the record of a run does not know how."""

    def write(self, path: Path, state: Mapping[str, Any]) -> None:
        """Write `state` to `path` atomically."""

    def read(self, path: Path) -> dict[str, Any]:
        """The state of a checkpoint, weights only."""


class Run:
    """One attempt of a run, as the recipe sees it.

    Attributes:
        step: the step that is being done, or was done last, over all attempts; 0 before the first.
        results: the last value of each metric.
        forked: it begins from another run's checkpoint, whose best value is not its own.

    A rehearsal gives `most_steps`, after which the run is asked to stop.
    """

    def __init__(
        self,
        folder: RunFolder,
        recorder: Recorder,
        *,
        recipe: Steerable | None = None,
        recipe_id: str = "",
        files: CheckpointFiles | None = None,
        device: str = "cpu",
        attempt: int = 1,
        step: int = 0,
        goal: Goal | None = None,
        most_steps: int | None = None,
        forked: bool = False,
    ) -> None:
        self.folder = folder
        self.meter = ProgressMeter(recorder, device=device, attempt=attempt, step=step, goal=goal)
        self.steering = Steering(folder.control_file, recorder, self.meter, recipe)
        self.results: dict[str, float] = {}
        self._recorder = recorder
        self._recipe_id = recipe_id
        self._files = files
        self._recipe = recipe
        self._attempt = attempt
        self._most_steps = most_steps
        self.forked = forked

    @property
    def step(self) -> int:
        return self.meter.step

    @property
    def stopping(self) -> bool:
        """Someone asked the run to stop: leave as soon as it is sensible."""
        return self.steering.stopping

    def steps(self, total: int) -> Iterator[int]:
        """The numbers of the steps still to do, 1 to `total`; ends early when asked to stop.

        Between two steps the run can be paused, steered and stopped. A resumed run goes on after the
        step whose checkpoint was written last.
        """
        self.meter.total = total
        while self.meter.step < total:
            self.steering.between_steps()
            if self.steering.stopping:
                return
            self.meter.advance(self.meter.step + 1)
            yield self.meter.step
            if self._most_steps is not None and self.meter.step >= self._most_steps:
                self.steering.stopping = True
        self.steering.between_steps()

    def log(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any
    ) -> None:
        """Record numbers at `step` (default: the current one): `run.log(loss=loss)`.

        Names that are no Python names go in a mapping: `run.log({"train/loss": loss})`. Tensors of one
        element are numbers too. The values are in the kernel's hands when this returns.

        Raises:
            TypeError: naming the metric whose value is no number.
        """
        given = named if values is None else {**values, **named}
        numbers = {name: _number(name, value) for name, value in given.items()}
        at = self.meter.step if step is None else int(step)
        self._recorder.metrics(at, numbers)
        self.results.update(numbers)
        self.meter.observe(at, numbers)

    def figure(self, name: str, figure: Figure, *, step: int | None = None) -> None:
        """Show a figure; handed over again under the same name, it becomes the next of a series."""
        at = self.meter.step if step is None else int(step)
        data = msgspec.json.encode(figure)
        if len(data) <= INLINE_FIGURE_BYTES:
            shown = events.FigureShown(time=now(), step=at, name=name, figure=msgspec.Raw(data))
        else:
            file = f"{_file_stem(name)}-{at:08d}.json"
            self.folder.figures_dir.mkdir(exist_ok=True)
            write_atomically(self.folder.figures_dir / file, data)
            shown = events.FigureShown(time=now(), step=at, name=name, file=file)
        self._recorder.record(shown)

    def message(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        """Tell the user a sentence, beside the curves and in the log."""
        self._recorder.record(events.Message(time=now(), text=text, level=level))

    def save(self, state: Mapping[str, Any], *, name: str = "last", reason: str = "last") -> Path:
        """Write a checkpoint `name.pt` of `state`: tensors, numbers, texts, lists and dicts of them.

        A resumed run hands the state of `last.pt` to the recipe's `load_state_dict`.

        Raises:
            NothingToSaveError: when `state` is empty.
        """
        if not state or self._files is None:
            raise NothingToSaveError(name)
        path = self.folder.path / f"{name}.pt"
        whole = {
            "format": 1,
            "recipe": self._recipe_id,
            "step": self.step,
            "attempt": self._attempt,
            "live": self._live_values(),
            "state": dict(state),
        }
        self._files.write(path, whole)
        results = {metric: finite_or_word(value) for metric, value in self.results.items()}
        self._recorder.record(
            events.Checkpoint(
                time=now(), step=self.step, file=path.name, reason=reason, metrics=results
            )
        )
        return path

    def load(self, path: Path) -> dict[str, Any]:
        """What `save` wrote, weights only: a dict with `step` and `state`."""
        if self._files is None:
            raise NothingToSaveError(path.name)
        return self._files.read(path)

    def _live_values(self) -> dict[str, Value]:
        params: Params | None = self._recipe.params if self._recipe else None
        live = [p.name for p in params.parameters if p.live] if params is not None else []
        return {name: getattr(params, name) for name in live}


def _file_stem(name: str) -> str:
    """`name` as part of a file's name, with a checksum where it had to be changed."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", name)[:80]
    checksum = zlib.crc32(name.encode(errors="replace"))
    return stem if stem and stem == name else f"{stem}-{checksum:08x}"


def _number(name: str, value: Any) -> float:
    if type(value) is float:  # numpy's derives from it and has no place in JSON
        return value
    try:
        return float(value)
    except (
        TypeError,
        ValueError,
        OverflowError,
        RuntimeError,
    ):  # the last from tensors of many elements
        raise TypeError(
            f"metric {name!r} is no number but {type(value).__name__}; "
            "reduce it first, or hand it over as a figure"
        ) from None
