"""Starts runs: checks everything first, makes the folder, hands it to a worker. Knows no torch."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workbench import schema as schemas
from workbench.catalog import RecipeInfo, read_recipe
from workbench.errors import UsageError, WorkbenchError, refuse
from workbench.params import Value, check_all, parse_all
from workbench.runs import control, events, trash
from workbench.runs import folder as folders
from workbench.runs.comparison import parameters_held
from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder
from workbench.runs.history import History
from workbench.runs.saved import saved
from workbench.runs.state import status_of
from workbench.schema import Schema
from workbench.tuning import study
from workbench.workers import devices, protocol, queue
from workbench.workers.calling import ask, start_worker
from workbench.workers.living import alone, refuse_living
from workbench.workers.provenance import git_commit, versions
from workbench.workers.standby import Standby

ANSWER_POLL_S = 0.03
RECORD_PATIENCE_S = 2.0
CLOCK_GRAIN_S = 0.005  # records are rounded to milliseconds, files to the kernel's clock
NAN_POLICY = "on_nan"


@dataclass(frozen=True)
class Order:
    """What a person wants to be run; `values` may be texts, they are checked against the schema."""

    recipe: RecipeInfo
    values: Mapping[str, object] = field(default_factory=dict)
    seed: int = 0
    device: str = "auto"
    wait_for_device: bool = True


def schema_of(info: RecipeInfo, standby: Standby | None = None) -> Schema:
    """The recipe's parameters: from the cache, else by importing it in another process.

    Raises:
        WorkbenchError: when the recipe is broken, with what would mend it.
    """
    if info.error:
        raise WorkbenchError(f"{info.id} is no recipe: {info.error}", f"mend {info.file}")
    known = schemas.cached(info)
    if known is not None:
        return known
    schema = ask(protocol.Describe(file=str(info.file)), Schema, standby)
    if schema.error:
        raise WorkbenchError(schema.error, schema.remedy)
    schemas.keep(info, schema)
    return schema


def nan_policy(info: RecipeInfo, policy: str, standby: Standby | None = None) -> dict[str, str]:
    """The value that makes a run `stop` at NaN or infinity, `skip` the step, or `ignore` it.

    Raises:
        UsageError: when the recipe leaves no choice.
        WorkbenchError: as `schema_of` does.
    """
    if any(parameter.name == NAN_POLICY for parameter in schema_of(info, standby).parameters):
        return {NAN_POLICY: policy}
    raise UsageError(
        f"{info.id} cannot be told what to do about NaN: it has no parameter {NAN_POLICY}",
        "--on-nan is for recipes that the training loop trains; leave it out",
    )


def launch(order: Order, checkpoints: Path, standby: Standby | None = None) -> RunFolder:
    """Check the order, make its folder and start its worker.

    Raises:
        UsageError: on unknown or refused values and devices, all faults in one; nothing was started.
        WorkbenchError: when the recipe is broken or nothing can be recorded.
    """
    values = _checked(order, standby)
    return _start_new(order, values, checkpoints, standby)


def resume(
    folder: RunFolder,
    *,
    values: Mapping[str, object] | None = None,
    device: str | None = None,
    start: Callable[[RunFolder], None] | None = None,
    standby: Standby | None = None,
    storage: str = "",
) -> None:
    """Start another attempt of an ended or lost run, from its last checkpoint where it has one.

    `values` change parameters from there on: more epochs, another learning rate; of a study, how many
    trials it makes. `start` starts the worker where the standby is not to do so;
    `storage` is the whole address of a study's storage where that needs a password.

    Raises:
        AliveError: when the run is alive, or another client was faster.
        UsageError: when a value is refused.
    """
    refuse_living(folder, "be resumed")
    manifest = folder.manifest()
    if manifest.recipe.id.startswith("track/"):
        raise UsageError(f"{folder.name} was recorded by a script", "run the script again")
    info = recipe_of(folder)
    given = dict(values or {})
    known = study.CHANGEABLE if study.is_study(folder) else schema_of(info, standby).parameters
    checked = parse_all(known, given)
    asked = device or _last_device(folder, manifest)
    devices.candidates(asked)
    overrides = {name: checked[name] for name in given}
    with alone(folder):
        refuse_living(folder, "be resumed")
        control.ask(folder.control_file, control.Launch(device=asked, parameters=overrides))
        if start is None:
            start_worker(folder, standby, storage=storage)
        else:
            start(folder)


def fork(  # the keywords of launch, and where to fork from
    parent: RunFolder,
    *,
    checkpoints: Path,
    values: Mapping[str, object] | None = None,
    checkpoint: str = "last",
    partial: bool = False,
    seed: int | None = None,
    device: str | None = None,
    wait_for_device: bool = True,
    standby: Standby | None = None,
) -> RunFolder:
    """Start a child from a checkpoint of `parent`, with its parameters overlaid by `values`.

    A child whose network has another shape begins with the weights that fit where `partial` says so.

    Raises:
        UsageError: on refused values, a checkpoint that is not there, or one without weights.
    """
    manifest, info = parent.manifest(), recipe_of(parent)
    if manifest.folds:
        raise UsageError(
            f"{parent.full_name} is a cross-validation: its checkpoint says which folds are done, and "
            "has no weights to go on from",
            f"train with its values from the beginning: workbench run --from {parent.full_name}",
        )
    path = parent.checkpoint(checkpoint)
    schema_of(info, standby)  # takes seconds where it is not known yet; what follows then does not
    with _held(path, checkpoints) as start:
        step = _step_of(parent, path.name, start)
        order = Order(
            recipe=info,
            values={**parameters_at(parent, step), **(values or {})},
            seed=manifest.seed if seed is None else seed,
            device=device or manifest.device,
            wait_for_device=wait_for_device,
        )
        origin = Parent(run=parent.full_name, checkpoint=path.name, step=step)
        values_at_start = _checked(order, standby)
        beginning = _Beginning(origin, start, partial)
        return _start_new(order, values_at_start, checkpoints, standby, beginning)


@contextmanager
def _held(checkpoint: Path, checkpoints: Path) -> Iterator[Path]:
    """Another name of the checkpoint, which stays what it is when a living parent writes the next one.

    On a disk without links it is the checkpoint itself.
    """
    held = checkpoints / f".fork-{uuid.uuid4().hex}.pt"
    try:
        os.link(checkpoint, held)
    except OSError:
        yield checkpoint
        return
    try:
        yield held
    finally:
        held.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Beginning:
    """Where a fork begins."""

    parent: Parent
    checkpoint: Path
    partial: bool


def rehearse(order: Order, standby: Standby | None = None) -> str:
    """As `rehearsed`, as plain text."""
    return rehearsed(order, standby).text


def rehearsed(order: Order, standby: Standby | None = None) -> protocol.Report:
    """One batch of a recipe, with no run recorded: shapes, sizes and times.

    Raises:
        UsageError: as `launch` does.
        WorkbenchError: when the batch fails, with the reason.
    """
    values = _checked(order, standby)
    job = protocol.Rehearse(
        file=str(order.recipe.file), parameters=values, seed=order.seed, device=order.device
    )
    report = ask(job, protocol.Report, standby)
    if report.error:
        raise WorkbenchError(report.error, report.remedy)
    return report


def discard(folder: RunFolder, when_ns: int | None = None) -> None:
    """Move a run into the trash; those with the same `when_ns` come back together.

    Raises:
        AliveError: when the run is alive.
    """
    with alone(folder):
        refuse_living(folder, "be deleted")
        trash.put(folder, when_ns)


def delete(folder: RunFolder) -> None:
    """Remove a run's folder for good.

    Raises:
        AliveError: when the run is alive.
    """
    with alone(folder):
        refuse_living(folder, "be deleted")
        try:
            shutil.rmtree(folder.path)
        except OSError as fault:
            raise WorkbenchError(f"{folder.name} cannot be deleted: {fault}") from None


def wait_for_answer(
    folder: RunFolder, request: control.Request, timeout_s: float = 5.0
) -> events.Answered | events.ParameterSet | None:
    """What became of a request; None where the worker has not come to it in time."""
    history = History(folder)
    deadline = time.monotonic() + timeout_s
    while True:
        history.read_all()
        answer = history.answers.get(request.id)
        if answer is not None or time.monotonic() > deadline:
            return answer
        time.sleep(ANSWER_POLL_S)


def parameters_at(folder: RunFolder, step: int | None = None) -> dict[str, Value]:
    """The parameters that held at a step (default: the last): declared, relaunched, set while alive."""
    launches = control.launches(folder.control_file)
    return parameters_held(folder.manifest(), launches, History(folder).read_all(), step)


def _checked(order: Order, standby: Standby | None) -> dict[str, Value]:
    """All values, or one UsageError that holds every fault of values and device."""
    values, faults = check_all(schema_of(order.recipe, standby).parameters, order.values)
    try:
        wanted = devices.candidates(order.device)
    except UsageError as fault:
        faults.append(f"{fault.title}; {fault.remedy}")
    else:
        if not order.wait_for_device and (held := _who_holds(wanted)):
            faults.append(f"the device is taken: {held}; let it wait (leave out --no-queue)")
    refuse(faults)
    return values


def _who_holds(wanted: list[devices.Device]) -> str:
    """Devices with their holders where all are taken; empty where one is free."""
    held = {device: queue.holders(device) for device in wanted}
    if any(not device.slots or len(runs) < device.slots for device, runs in held.items()):
        return ""
    return ", ".join(f"{device.name} by {' and '.join(runs)}" for device, runs in held.items())


def _start_new(
    order: Order,
    values: dict[str, Value],
    checkpoints: Path,
    standby: Standby | None,
    beginning: _Beginning | None = None,
) -> RunFolder:
    info = order.recipe
    manifest = Manifest(
        name="",
        recipe=RecipeReference(id=info.id, file=str(info.file), sha256=info.sha256()),
        parameters=values,
        seed=order.seed,
        device=order.device,
        parent=None if beginning is None else beginning.parent,
        versions=versions(),
        git_commit=git_commit(info.file.parent),
    )
    folder, _ = folders.create(manifest, checkpoints)
    if beginning is not None:
        _take_along(beginning.checkpoint, folder)
    request = control.Launch(
        device=order.device,
        wait_for_device=order.wait_for_device,
        partial=beginning is not None and beginning.partial,
    )
    control.ask(folder.control_file, request)
    start_worker(folder, standby)
    return folder


def _take_along(checkpoint: Path, folder: RunFolder) -> None:
    """Keep a fork's beginning in its own folder: its parent goes on to write, or is deleted.

    A link costs no room and lasts, since checkpoints are replaced and never written into.
    """
    try:
        os.link(checkpoint, folder.start_file)
    except OSError:  # another file system, or one without links
        try:
            copy = folders.aside(folder.start_file)
            shutil.copyfile(checkpoint, copy)
            copy.replace(folder.start_file)
        except OSError as fault:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise WorkbenchError(f"{checkpoint} cannot be copied: {fault.strerror or fault}") from None


def recipe_of(folder: RunFolder) -> RecipeInfo:
    """The recipe of a run as its file is now; with its error where it is broken or gone."""
    manifest = folder.manifest()
    file = Path(manifest.recipe.file)
    info = read_recipe(file, file.parent.parent)
    return (
        info
        if info.id == manifest.recipe.id.removeprefix(study.RECIPE_PREFIX)
        else RecipeInfo(manifest.recipe.id, file, file.parent, error=info.error)
    )


def _last_device(folder: RunFolder, manifest: Manifest) -> str:
    started = control.launches(folder.control_file)
    return started[-1].device if started else manifest.device


def _step_of(folder: RunFolder, file: str, held: Path) -> int:
    """The step that the `held` file holds, which is or was the run's checkpoint `file`.

    Its record is written after it, so a living parent is given a moment to do so.
    """
    written = held.stat().st_mtime - CLOCK_GRAIN_S
    deadline = time.monotonic() + RECORD_PATIENCE_S
    while not status_of(folder).state.ended and time.monotonic() < deadline:
        for record in History(folder).read_all().checkpoints:
            if record.file == file and record.time >= written:
                return record.step
        time.sleep(ANSWER_POLL_S)
    there = saved(folder, History(folder).read_all().checkpoints)
    return next((one.step for one in there if one.file == file), None) or 0
