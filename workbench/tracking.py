"""`track`: scripts that are no recipes are recorded, watched and steered like them."""

from __future__ import annotations

import atexit
import os
import socket
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.errors import UsageError, WorkbenchError
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder, finite_or_word, now
from workbench.runs.run import Run
from workbench.settings import in_force

TOPIC = "track"


def track(
    name: str,
    /,
    *,
    checkpoints: Path | str | None = None,
    seed: int = 0,
    **parameters: Value,
) -> Tracked:
    """Begin to record this script as a run of `track/NAME`.

    `parameters` (numbers, texts, yes or no) and `seed` are recorded, nothing is done with them. The run
    ends with the `with` block, with `end()`, or with the interpreter.

    Raises:
        UsageError: naming the parameters that are neither numbers nor texts.
        WorkbenchError: when the folder of runs cannot be written to.
    """
    refused = [
        f"parameter {key} is {type(value).__name__}, not a number or a text"
        for key, value in parameters.items()
        if not isinstance(value, int | float | str)
    ]
    if refused:
        raise UsageError("\n".join(refused))
    script = Path(sys.argv[0]).absolute() if sys.argv and sys.argv[0] else Path()
    manifest = Manifest(
        name="",
        recipe=RecipeReference(id=f"{TOPIC}/{name}", file=str(script)),
        parameters=parameters,
        seed=seed,
        device="",
        versions={"python": sys.version.partition(" ")[0]},
    )
    place = in_force().checkpoints_dir if checkpoints is None else Path(checkpoints).absolute()
    folder, _ = create(manifest, place)
    control.ask(folder.control_file, control.Launch(device=""))
    return Tracked(folder, f"{TOPIC}/{name}")


class Tracked(Run):
    """A script's run: reports as a recipe does, and ends exactly once.

    Within `steps` the run counts, pauses and stops as a recipe's. Without it every `log` that names no
    step is a step of its own, between which the run can be paused, and `stopping` says that it is time
    to leave.
    """

    def __init__(self, folder: RunFolder, recipe_id: str) -> None:
        self._lock = RunLock(folder.lock_file)
        self._lock.acquire()
        self._events = Recorder(folder.events_file)
        super().__init__(folder, self._events, recipe_id=recipe_id, device="")
        self._pid = os.getpid()
        self._in_steps = False
        self._ended = False
        self._events.record(
            events.Started(time=now(), pid=self._pid, host=socket.gethostname(), device="")
        )
        atexit.register(self._end_with_interpreter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.end(fault)

    def steps(self, total: int) -> Iterator[int]:
        """The numbers of the steps up to `total`; ends early when asked to stop."""
        self._in_steps = True
        try:
            yield from super().steps(total)
        finally:
            self._in_steps = False

    def log(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any
    ) -> None:
        """Record numbers at `step`; outside of `steps` the default is the step after the last."""
        if not self._in_steps:
            self.steering.between_steps()
            self.meter.advance(self.step + 1 if step is None else int(step))
        super().log(values, step=step, **named)

    def save(  # the signature of a recipe's run
        self,
        state: Mapping[str, Any],  # noqa: ARG002
        **how: Any,  # noqa: ARG002
    ) -> Path:
        """A script writes its own checkpoints: this raises WorkbenchError."""
        raise WorkbenchError(
            "a tracked script writes its own checkpoints",
            f"save to a file of your own in {self.folder.path}",
        )

    def end(self, fault: BaseException | None = None) -> None:
        """Write the last record and let go: finished, stopped, or failed with `fault`."""
        if self._ended or os.getpid() != self._pid:
            return
        self._ended = True
        atexit.unregister(self._end_with_interpreter)
        try:
            self.meter.record()
            self._events.record(self._last_word(fault))
        finally:
            self._events.close()
            self._lock.release()

    def _last_word(self, fault: BaseException | None) -> events.Ended:
        if isinstance(fault, SystemExit) and not fault.code:
            fault = None
        if isinstance(fault, KeyboardInterrupt):
            return events.Stopped(time=now(), step=self.step, by="SIGINT")
        if fault is not None:
            return events.Failed(
                time=now(),
                step=self.step,
                title=_title(fault),
                exception=type(fault).__name__,
                traceback="".join(traceback.format_exception(fault)),
            )
        if self.stopping and not (self.meter.total and self.step >= self.meter.total):
            return events.Stopped(time=now(), step=self.step, by=self.steering.stopped_by)
        results = {name: finite_or_word(value) for name, value in self.results.items()}
        return events.Finished(time=now(), step=self.step, results=results)

    def _end_with_interpreter(self) -> None:
        # The interpreter keeps the exception that ends a script.
        fault = getattr(sys, "last_value", None)
        self.end(fault if isinstance(fault, BaseException) else None)


def _title(fault: BaseException) -> str:
    if isinstance(fault, SystemExit):
        return f"the script left with status {fault.code}"
    text = str(fault).partition("\n")[0]
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__
