"""One attempt of a run, from taking its lock to its last record."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from workbench.errors import UsageError, WorkbenchError
from workbench.params import Value
from workbench.recipe import Recipe
from workbench.runs import control, events
from workbench.runs.checkpoint_writer import CheckpointFiles
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder, finite_or_word, now
from workbench.runs.run import Run
from workbench.runs.state import status_of
from workbench.runs.steering import NothingToSaveError
from workbench.workers import devices, queue
from workbench.workers.faults import describe
from workbench.workers.fitting import let_go, what_fits
from workbench.workers.loading import load
from workbench.workers.sampling import Sampler


class Attempt:
    """Runs the recipe of a run's folder once; whatever happens is recorded.

    The lock is held and output goes to output.log already.
    """

    def __init__(self, folder: RunFolder, *, warm: bool, device: str = "") -> None:
        self.folder = folder
        self.device = device  # where it computes; before that, where it would rather than elsewhere
        self.manifest: Manifest = folder.manifest()
        self.recorder = Recorder(folder.events_file)
        launched = control.launches(folder.control_file)
        self.launches = launched or [control.Launch(device=self.manifest.device)]
        self.launch = self.launches[-1]
        self.number = len(self.launches)
        self._overrides = self._overrides_since(0)
        self._warm = warm
        self._signal = ""
        self._waited = False
        self._made: Recipe | None = None
        self._run: Run | None = None
        self._sampler: Sampler | None = None

    def terminate(self, signal_name: str) -> None:
        """SIGTERM and its like: finish the step, write a checkpoint, leave."""
        self._signal = signal_name
        if self._run is not None:
            self._run.steering.signal(signal_name)

    def execute(self) -> int:
        """Do it all; 0 when the recipe finished or was stopped, 1 when it failed."""
        with contextlib.ExitStack() as held:
            held.callback(self.recorder.close)
            try:
                self._execute(held)
            except queue.GaveUpError:
                step = status_of(self.folder).step  # where an earlier attempt left it
                self.recorder.record(events.Stopped(time=now(), step=step, by=self._who_gave_up()))
            except BaseException as fault:  # noqa: BLE001 - whatever it is, it is this run's last word
                self._fail(fault)
                return 1
            return 0

    def _execute(self, held: contextlib.ExitStack) -> None:
        """Do the work; the device is `held` on, so that what would fit into it can be found out."""
        self.folder.remove_leftovers()
        self.folder.keep_reserve()  # an attempt before this one may have used it up
        lease = self._lease()
        held.callback(lease.release)
        self.device = lease.device.name
        self._made = self._recipe(lease.device.name)
        run = self._begin(self._made, lease.device.name)
        self._sampler = Sampler(self.recorder, lease.device.name, lambda: run.step)
        self._sampler.start()
        self._made.run(run)
        self._end(run)

    def _lease(self) -> queue.Lease:
        wanted = devices.candidates(self.launch.device)
        # A process that has computed on a graphics processor keeps some of its memory for good.
        wanted = [device for device in wanted if device.name == self.device] or wanted
        lease = queue.acquire(
            wanted,
            self.folder.name,
            on_wait=self._wait_for,
            give_up=self._gives_up,
            folder=self.folder.path,
        )
        if self._waited:  # no more, though its recipe may take long to load
            self._record_queued(lease.device.name, "")
        return lease

    def _wait_for(self, obstacle: str) -> None:
        if not self.launch.wait_for_device:
            raise UsageError(f"the device is taken: {obstacle}", "leave out --no-queue to wait for it")
        self._waited = True
        self._record_queued(self.launch.device, f"waits for {obstacle}")

    def _record_queued(self, device: str, waiting_for: str) -> None:
        self.recorder.record(
            events.Queued(
                time=now(),
                pid=os.getpid(),
                host=socket.gethostname(),
                device=device,
                waiting_for=waiting_for,
            )
        )

    def _gives_up(self) -> bool:
        return bool(self._signal) or self._stop_request() is not None

    def _who_gave_up(self) -> str:
        request = self._stop_request()
        if request is None:
            return self._signal
        self.recorder.record(events.Answered(time=now(), request=request.id))
        return request.client

    def _stop_request(self) -> control.Stop | None:
        stop = None
        for request in control.ControlReader(self.folder.control_file).read():
            if isinstance(request, control.Launch):
                stop = None
            elif isinstance(request, control.Stop):
                stop = request
        return stop

    def _recipe(self, device: str) -> Recipe:
        recipe_class = load(Path(self.manifest.recipe.file))
        values = {**self.manifest.parameters, **self._overrides}
        seed_everything(self.manifest.seed)
        recipe = recipe_class(recipe_class.Params(**values), seed=self.manifest.seed)
        if self.manifest.folds:
            recipe = self._cross_validated(recipe)
        recipe.device = device
        return recipe

    def _cross_validated(self, recipe: Recipe) -> Recipe:
        """The recipe fitted fold by fold instead of once.

        Raises:
            WorkbenchError: when it is no training.
        """
        from workbench.training import Training  # noqa: PLC0415 - costs seconds

        if not isinstance(recipe, Training):
            raise WorkbenchError(
                f"{self.manifest.recipe.id} is no Training, so it has no data that folds are cut from",
                "tune it without --folds and --search",
            )
        with _without("torch_geometric"):  # which skorch imports for graphs: 8 s more
            from workbench.training.folds import CrossValidation  # noqa: PLC0415 - brings skorch

        return CrossValidation(recipe, folds=self.manifest.folds, scoring=self.manifest.scoring)

    def _begin(self, recipe: Recipe, device: str) -> Run:
        saved = self._checkpoint()
        forked = saved == self.folder.start_file
        whole: Mapping[str, Any] = {}
        if saved is not None:
            whole = _opened(saved, self._whose)
            if not forked:
                self._keep_live_values(recipe, whole)
        step = int(whole.get("step", 0))
        self.recorder.record(
            events.Started(
                time=now(),
                pid=os.getpid(),
                host=socket.gethostname(),
                device=device,
                attempt=self.number,
                step=step,
                checkpoint="" if saved is None else saved.name,
                warm=self._warm,
            )
        )
        goal = Goal(recipe.monitor, recipe.monitor_mode) if recipe.monitor else None
        run = Run(
            self.folder,
            self.recorder,
            recipe=recipe,
            recipe_id=self._whose,
            files=TorchFiles(),
            device=device,
            attempt=self.number,
            step=step,
            goal=goal,
            forked=forked,
            partial=forked and self.launches[0].partial,
        )
        run.steering.save_now = lambda reason: _save(run, recipe, reason)
        if whole:
            recipe.load_state_dict(whole["state"])
        self._run = run
        if self._signal:
            run.steering.signal(self._signal)
        return run

    @property
    def _whose(self) -> str:
        """Whose checkpoints these are; a cross-validation's hold no weights for others."""
        folds = self.manifest.folds
        return f"{self.manifest.recipe.id}, {folds} folds" if folds else self.manifest.recipe.id

    def _checkpoint(self) -> Path | None:
        """What this attempt starts from: the last checkpoint, else a fork's beginning, or nothing."""
        last = self.folder.path / "last.pt"
        return next((path for path in (last, self.folder.start_file) if path.exists()), None)

    def _keep_live_values(self, recipe: Recipe, whole: Mapping[str, Any]) -> None:
        """What a person set while the run was alive holds on, unless a launch since says otherwise."""
        known = {p.name for p in recipe.params.parameters if p.live}
        relaunched = self._overrides_since(whole["attempt"])
        for name, value in whole["live"].items():
            if name in known and name not in relaunched:
                setattr(recipe.params, name, value)

    def _overrides_since(self, attempt: int) -> dict[str, Value]:
        """What the launches after that attempt changed; 0 for all of them."""
        overrides: dict[str, Value] = {}
        for launch in self.launches[attempt:]:
            overrides.update(launch.parameters)
        return overrides

    def _end(self, run: Run) -> None:
        self._stop_sampling()
        left_early = run.stopping and not (run.meter.total and run.step >= run.meter.total)
        if left_early:
            try:
                run.steering.save_now("stop")
            except NothingToSaveError:
                run.message("this recipe has nothing to save; resuming starts it again")
        run.wait_for_checkpoints()
        run.meter.record()
        if left_early:
            self.recorder.record(events.Stopped(time=now(), step=run.step, by=run.steering.stopped_by))
            return
        results = {name: finite_or_word(value) for name, value in run.results.items()}
        self.recorder.record(events.Finished(time=now(), step=run.step, results=results))

    def _stop_sampling(self, *, last: bool = False) -> None:
        if self._sampler is not None:
            self._sampler.stop(last=last)

    def _fail(self, fault: BaseException) -> None:
        if isinstance(fault, OSError) and fault.errno in {errno.ENOSPC, errno.EDQUOT}:
            # Room kept back for the last words of a run whose disk is full.
            self.folder.reserve_file.unlink(missing_ok=True)
        self._stop_sampling(last=True)
        step = 0 if self._run is None else self._run.step
        self._await_checkpoints()
        failed = describe(fault, step, self.folder.name, self._current_values())
        if failed.kind == "out_of_memory" and self._made is not None:
            failed = self._with_what_fits(failed, fault, self._made)
        self.recorder.record(failed)
        with contextlib.suppress(OSError):  # no room is left for output.log; the record has it all
            traceback.print_exception(fault)

    def _await_checkpoints(self) -> None:
        """Let one that is being written be finished; the next attempt begins from it."""
        if self._run is not None:
            try:
                self._run.wait_for_checkpoints()
            except Exception:  # noqa: BLE001 - the fault at hand came first, and has to be recorded
                traceback.print_exc()

    def _with_what_fits(
        self, failed: events.Failed, fault: BaseException, recipe: Recipe
    ) -> events.Failed:
        let_go(fault)
        if self._run is not None:
            self._run.meter.phase = "looking for what fits"
            with contextlib.suppress(OSError):  # the last word matters more
                self._run.meter.record()
        remedy = what_fits(recipe, f"workbench resume {self.folder.name}")
        return msgspec.structs.replace(failed, remedy=remedy or failed.remedy)

    def _current_values(self) -> dict[str, Value]:
        return {**self.manifest.parameters, **self._overrides}


class TorchFiles:
    """Checkpoints by torch, which is imported when the first one is copied or read."""

    def reserve(self, state: Mapping[str, Any]) -> Callable[[], None]:
        return self._files.reserve(state)

    def snapshot(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._files.snapshot(state)

    def write(self, path: Path, state: Mapping[str, Any]) -> None:
        self._files.write(path, state)

    def read(self, path: Path) -> dict[str, Any]:
        return self._files.read(path)

    @cached_property
    def _files(self) -> CheckpointFiles:
        from workbench.training.checkpoints import TorchCheckpoints  # noqa: PLC0415 - costs seconds

        return TorchCheckpoints()


def seed_everything(seed: int) -> None:
    """Seed Python's generator, and NumPy's and torch's where they are in use."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Within it the module cannot be imported, unless it has been already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own word for that
    try:
        yield
    finally:
        del sys.modules[module]


def _save(run: Run, recipe: Recipe, reason: str) -> None:
    keep = getattr(recipe.params, "keep", 1)
    run.save(recipe.state_dict(), reason=reason, keep=keep)


def _opened(path: Path, recipe_id: str) -> Mapping[str, Any]:
    """All that `Run.save` wrote, if it is a checkpoint of this recipe.

    Raises:
        WorkbenchError: when it is damaged, no checkpoint, or another recipe's.
    """
    whole = TorchFiles().read(path)
    if whole.get("recipe") != recipe_id:
        raise WorkbenchError(
            f"{path} is a checkpoint of {whole.get('recipe')!r}, not of {recipe_id!r}",
            "continue or fork a run of the same recipe",
        )
    return whole
