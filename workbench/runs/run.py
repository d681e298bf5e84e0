"""What a recipe reports to: metrics, progress, figures, checkpoints, and whether it should stop."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from workbench import version
from workbench.figures.data import Figure
from workbench.params import Params, Value
from workbench.runs import events
from workbench.runs.checkpoint_writer import CheckpointFiles, CheckpointWriter, Job
from workbench.runs.folder import RunFolder, step_file, step_in, write_atomically
from workbench.runs.progress import Goal, ProgressMeter
from workbench.runs.recorder import Recorder, finite_or_word, now
from workbench.runs.steering import NothingToSaveError, Steerable, Steering

INLINE_FIGURE_BYTES = 16_384
CHECKPOINT_FORMAT = 2


class Run:
    """One attempt of a run, as the recipe sees it.

    Attributes:
        step: the step that is being done, or was done last, over all attempts; 0 before the first.
        results: the last value of each metric.
        forked: it begins from another run's checkpoint, whose best value is not its own.
        partial: it takes what fits of that checkpoint, and begins anew what does not.
        first_step: the first step of this attempt.

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
        partial: bool = False,
    ) -> None:
        self.folder = folder
        self.meter = ProgressMeter(recorder, device=device, attempt=attempt, step=step, goal=goal)
        self.steering = Steering(folder.control_file, recorder, self.meter, recipe)
        self.results: dict[str, float] = {}
        self._recorder = recorder
        self._recipe_id = recipe_id
        self._files = files
        self._writer = None if files is None else CheckpointWriter(files)
        self._recipe = recipe
        self._attempt = attempt
        self._most_steps = most_steps
        self.forked = forked
        self.partial = partial
        self.first_step = step + 1
        self._is_heard = True

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
            if self._writer is not None:
                self._writer.raise_fault()
            self.meter.advance(self.meter.step + 1)
            yield self.meter.step
            if self._most_steps is not None and self.meter.step >= self._most_steps:
                self.steering.stopping = True
        self.steering.between_steps()

    def pause(self) -> None:
        """Stand still before the next step, until someone resumes the run: one keypress a step."""
        self.steering.pause()

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
        if not self._is_heard:
            return
        at = self.meter.step if step is None else int(step)
        self._recorder.metrics(at, numbers)
        self.results.update(numbers)
        self.meter.observe(at, numbers)

    def figure(self, name: str, figure: Figure, *, step: int | None = None) -> None:
        """Show a figure; handed over again under the same name, it becomes the next of a series."""
        if not self._is_heard:
            return
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
        if not self._is_heard:
            return
        self._recorder.record(events.Message(time=now(), text=text, level=level))

    def probed(self, probe: bytes, request: str = "") -> None:
        """Record a probe, as `debugging.recorded` encodes it, of the step that was done last."""
        self._recorder.record(
            events.ProbeTaken(time=now(), step=self.step, probe=msgspec.Raw(probe), request=request)
        )

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Within it what a step logs, shows and says is not recorded: it is only looked at."""
        self._is_heard = False
        try:
            yield
        finally:
            self._is_heard = True

    def save(
        self,
        state: Mapping[str, Any],
        *,
        name: str = "last",
        reason: str = "last",
        also: Sequence[str] = (),
        keep: int = 1,
        wait: bool = True,
    ) -> Path:
        """Write a checkpoint `name.pt` of `state`: tensors, numbers, texts, lists and dicts of them.

        A resumed run hands the state of `last.pt` to the recipe's `load_state_dict`. `also` names
        further files that become the same checkpoint (`best`). With `keep` above 1 the newest that many
        stay under the names of their steps. Without `wait` it is written while the steps go on; a fault
        is then raised between two later ones.

        Raises:
            NothingToSaveError: when `state` is empty.
            WorkbenchError: when it holds what no checkpoint could.
            OSError: when the disk is full.
        """
        if not state or self._files is None or self._writer is None:
            raise NothingToSaveError(name)
        reasons = {f"{one}.pt": one for one in also} | {f"{name}.pt": reason}
        if keep > 1 and name == "last":
            reasons = {step_file(self.step): "kept"} | reasons
        job = Job(
            self.folder.path,
            tuple(reasons),
            self._files.snapshot(self._whole(state)),
            self._when_written(reasons, keep),
        )
        self._writer.submit(job)
        if wait:
            self._writer.wait()
        return self.folder.path / f"{name}.pt"

    def expect_checkpoints_of(self, state: Mapping[str, Any]) -> None:
        """Make room in memory for copies of such a state, beside the steps."""
        if state and self._writer is not None:
            self._writer.reserve(state)

    @property
    def is_writing(self) -> bool:
        """Whether a checkpoint is on its way to the disk."""
        return self._writer is not None and self._writer.is_busy

    def wait_for_checkpoints(self) -> None:
        """Return when all checkpoints are on the disk.

        Raises:
            OSError: that met one of them.
        """
        if self._writer is not None:
            self._writer.wait()

    def load(self, path: Path) -> dict[str, Any]:
        """What `save` wrote, weights only: a dict with `step` and `state`."""
        if self._files is None:
            raise NothingToSaveError(path.name)
        return self._files.read(path)

    def _whole(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "format": CHECKPOINT_FORMAT,
            "workbench": version(),
            "recipe": self._recipe_id,
            "step": self.step,
            "attempt": self._attempt,
            "live": self._live_values(),
            "state": dict(state),
        }

    def _when_written(self, reasons: Mapping[str, str], keep: int) -> Callable[[], None]:
        """Records the files, with the numbers of now, and removes those that are no longer kept."""
        step = self.step
        results = {metric: finite_or_word(value) for metric, value in self.results.items()}

        def written() -> None:
            for file, reason in reasons.items():
                self._recorder.record(
                    events.Checkpoint(time=now(), step=step, file=file, reason=reason, metrics=results)
                )
            if keep > 1:
                self._forget_older(keep)

        return written

    def _forget_older(self, keep: int) -> None:
        """Remove all but the newest `keep` of the checkpoints that are named after their steps."""
        found = [(step_in(path.name), path) for path in self.folder.path.glob("step-*.pt")]
        named = sorted((step, path) for step, path in found if step is not None)
        for _, path in named[:-keep]:
            with suppress(OSError):  # a file too many is no reason to end a run
                path.unlink()

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
