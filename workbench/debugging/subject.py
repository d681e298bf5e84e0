"""What is inspected: a recipe with its network and its samples, loaded once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.debugging.protocol import OpenRecipe, OpenRun
from workbench.debugging.samples import Samples
from workbench.errors import UsageError, WorkbenchError
from workbench.params import Value, check_all
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import checkpoints
from workbench.training.loop import Loop
from workbench.training.recipe import Training, begun
from workbench.training.resuming import differences, listed
from workbench.tuning.study import is_study
from workbench.workers import devices, queue
from workbench.workers.attempt import seed_everything
from workbench.workers.launch import parameters_at
from workbench.workers.loading import load


@dataclass
class Subject:
    """A network to be looked at.

    Attributes:
        loop: has made data, network and optimizers, and makes no step.
        lease: on the device; the CPU is anyone's.
        checkpoint: the file's name; empty for an untrained network.
        folder: of the run; None for an untrained network.
        notes: what differs from the run's own beginning.
    """

    title: str
    recipe_id: str
    loop: Loop
    lease: queue.Lease
    checkpoint: str = ""
    step: int = 0
    folder: RunFolder | None = None
    notes: tuple[str, ...] = ()

    @property
    def recipe(self) -> Training:
        return self.loop.recipe

    @cached_property
    def samples(self) -> Samples:
        """What it is looked at with."""
        return Samples(self.loop.data, self.loop.device, self.recipe.seed)

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names where the recipe has them as `classes`; else empty."""
        names = getattr(self.recipe, "classes", ())
        return tuple(map(str, names)) if isinstance(names, list | tuple) else ()

    def close(self) -> None:
        """Give the device back, and let the processes go that load data."""
        self.loop.close()
        self.lease.release()


def of_run(asked: OpenRun) -> Subject:
    """The network of a run's checkpoint; nothing in the run's folder is changed.

    Raises:
        WorkbenchError: when the run has no checkpoint, its recipe is no Training or cannot be loaded,
            or the weights do not fit what the recipe's code makes now.
    """
    folder = RunFolder(Path(asked.folder))
    manifest = folder.manifest()
    _refuse_what_has_no_network(folder, manifest)
    file = _checkpoint(folder, asked.checkpoint)
    recipe_class = _training(Path(manifest.recipe.file), manifest.recipe.id)
    saved = checkpoints.read(file)
    if saved.get("recipe") != manifest.recipe.id:
        raise WorkbenchError(
            f"{file} is a checkpoint of {saved.get('recipe')!r}, not of {manifest.recipe.id!r}",
            "look at a run of the same recipe",
        )
    step = int(saved["step"])
    values = {**parameters_at(folder, step), **_live(saved)}
    values, faults = check_all(recipe_class.Params.parameters, values)
    lease = _lease(asked.device, folder.name)
    try:
        loop = _begun(recipe_class, values, manifest.seed, lease.device.name, step)
        _load_weights(loop.recipe, saved, f"{file.name} of {folder.full_name}")
    except BaseException:
        lease.release()
        raise
    notes = tuple(f"the recipe has changed since: {fault}" for fault in faults)
    return Subject(
        folder.full_name,
        manifest.recipe.id,
        loop,
        lease,
        checkpoint=file.name,
        step=step,
        folder=folder,
        notes=notes,
    )


def of_recipe(asked: OpenRecipe) -> Subject:
    """The untrained network of a recipe, as a run with this seed begins with it.

    Raises:
        UsageError: when a parameter's value is refused.
        WorkbenchError: when the recipe is no Training, or cannot be loaded.
    """
    file = Path(asked.file)
    name = f"{file.parent.name}/{file.stem}"
    recipe_class = _training(file, name)
    given: dict[str, Any] = dict(asked.parameters)
    values = recipe_class.Params(**given).as_dict()
    lease = _lease(asked.device, name)
    try:
        loop = _begun(recipe_class, values, asked.seed, lease.device.name, 0)
    except BaseException:
        lease.release()
        raise
    return Subject(name, name, loop, lease)


def _training(file: Path, name: str) -> type[Training]:
    recipe_class = load(file)
    if not issubclass(recipe_class, Training):
        raise WorkbenchError(
            f"{name} is no Training, so nobody knows its network",
            "what the training loop trains can be looked into: class … (Training)",
        )
    return recipe_class


def _refuse_what_has_no_network(folder: RunFolder, manifest: Manifest) -> None:
    if is_study(folder):
        raise UsageError(
            f"{folder.name} is a study of many networks",
            f"look at one of its trials: {folder.name}/trial-0001",
        )
    if manifest.folds:
        raise UsageError(
            f"{folder.full_name} is a cross-validation, whose networks are not kept",
            "train its parameters once: workbench run --from …",
        )


def _checkpoint(folder: RunFolder, name: str) -> Path:
    if name:
        return folder.checkpoint(name)
    there = {path.name for path in folder.path.glob("*.pt")}
    found = next((known for known in ("best", "last", "start") if f"{known}.pt" in there), "last")
    if not there:
        recipe = folder.manifest().recipe.id
        raise UsageError(
            f"{folder.full_name} has no checkpoint yet",
            f"wait for its first one, or look at the untrained network: workbench inspect {recipe}",
        )
    return folder.checkpoint(found)


def _live(saved: Mapping[str, Any]) -> dict[str, Value]:
    """What a person had set when the checkpoint was written."""
    live: dict[str, Value] = dict(saved.get("live", {}))
    return live


def _lease(device: str, name: str) -> queue.Lease:
    """The device, at once; the CPU is anyone's.

    Raises:
        UsageError: when there is no such device, or another run has it.
    """
    wanted = devices.candidates(device)

    def refuse(obstacle: str) -> None:
        raise UsageError(f"the device is taken: {obstacle}", "look at it on the CPU: --device cpu")

    if any(one.name == "cpu" for one in wanted):
        return queue.Lease(next(one for one in wanted if one.name == "cpu"))
    return queue.acquire(wanted, f"inspect {name}", on_wait=refuse, give_up=lambda: False)


def _begun(
    recipe_class: type[Training], values: Mapping[str, Value], seed: int, device: str, step: int
) -> Loop:
    """Data, network and optimizers as a run begins with them; what the loop records goes nowhere."""
    seed_everything(seed)
    given: dict[str, Any] = dict(values)
    recipe = recipe_class(recipe_class.Params(**given), seed=seed)
    recipe.device = device
    # The recorder's file stays open when its folder is gone, so nothing is left behind by a kill.
    with tempfile.TemporaryDirectory(prefix="workbench-inspect-") as place:
        folder = RunFolder(Path(place))
        recorder = Recorder(folder.events_file)
        loop = begun(recipe, Run(folder, recorder, recipe=recipe, device=device, step=step))
    recipe.net.eval()
    return loop


def _load_weights(recipe: Training, saved: Mapping[str, Any], whose: str) -> None:
    """Put the saved weights into the network.

    Raises:
        WorkbenchError: naming the keys that are missing, unknown, or of another shape.
    """
    state = saved["state"]
    weights = state.get("model") if isinstance(state, Mapping) else None
    if not isinstance(weights, Mapping):
        raise WorkbenchError(f"{whose} holds no weights of a network", "look at another checkpoint")
    differing = differences(recipe.net, weights)
    if differing:
        raise WorkbenchError(
            f"{whose} does not fit the network that the recipe's code makes now",
            f"{listed(list(differing.values()), chr(10))}\nput the recipe's file back to what it was, "
            "or look at the network untrained",
        )
    recipe.net.load_state_dict(dict(weights))
