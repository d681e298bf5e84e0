"""What this host has: versions, devices, optional parts, room for runs. Nothing heavy is imported."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pynvml

from workbench.catalog import DISTRIBUTION, discover, own_requirement, pip
from workbench.errors import WorkbenchError
from workbench.workers import devices, queue

_CORE = ("torch", "torchvision", "torchmetrics", "textual", "plotext", "numpy")
_NOT_FOR_USERS = {"dev", "bench"}


@dataclass(frozen=True)
class DeviceFound:
    """A place to train on; memory in bytes, `held_by` the names of runs."""

    name: str
    label: str
    memory_total: int
    memory_free: int
    held_by: list[str]


@dataclass(frozen=True)
class Extra:
    """An optional part: the packages it still misses, and the command that brings them."""

    name: str
    missing: list[str]
    install: str


@dataclass(frozen=True)
class Place:
    """Where runs are recorded."""

    path: str
    writable: bool
    free_bytes: int


@dataclass(frozen=True)
class Recipes:
    """How many are sound; why others are broken; what brings the modules that some miss."""

    found: int
    broken: dict[str, str]
    missing: dict[str, str]


@dataclass(frozen=True)
class Report:
    """All of it; `faults` keep every run from working. A version is empty where there is none."""

    python: str
    executable: str
    packages: dict[str, str]
    driver: str
    devices: list[DeviceFound]
    waiting: list[str]
    extras: list[Extra]
    checkpoints: Place
    recipes: Recipes
    faults: list[str]


def examine_host(checkpoints: Path, recipe_dirs: Sequence[Path]) -> Report:
    """Look at everything once."""
    packages = {name: version(name) for name in _CORE}
    place = place_of(checkpoints)
    faults = [f"{name} is not installed" for name, there in packages.items() if not there]
    if not place.writable:
        faults.append(f"{place.path} cannot be written to; give another with --checkpoints")
    recipes = _recipes(recipe_dirs)
    if not recipes.found:
        faults.append("no recipe was found")
    return Report(
        python=platform.python_version(),
        executable=sys.executable,
        packages=packages,
        driver=driver(),
        devices=_devices(),
        waiting=[claim.run for claim in queue.waiting()],
        extras=extras(),
        checkpoints=place,
        recipes=recipes,
        faults=faults,
    )


def version(package: str) -> str:
    """A package's version from its metadata, without importing it; empty where it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def driver() -> str:
    """The version of NVIDIA's driver; empty where there is none."""
    try:
        pynvml.nvmlInit()
        try:
            return str(pynvml.nvmlSystemGetDriverVersion())
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return ""


def extras() -> list[Extra]:
    """The optional parts of the workbench, as its own metadata declares them."""
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []  # run from a copy of the source, never installed
    missing: dict[str, list[str]] = {}
    for requirement in requirements:
        package, _, marker = requirement.partition(";")
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", marker)
        if not extra or extra[1] in _NOT_FOR_USERS:
            continue
        name = re.match(r"[A-Za-z0-9._-]+", package)
        lacks = missing.setdefault(extra[1], [])
        if name and not version(name[0]):
            lacks.append(name[0])
    return [
        Extra(extra, lacks, f"{pip()} install {own_requirement([extra])}")
        for extra, lacks in missing.items()
    ]


def place_of(checkpoints: Path) -> Place:
    """Whether runs can be recorded there; the folder itself may still have to be made."""
    there = checkpoints
    while not there.exists() and there != there.parent:
        there = there.parent
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return Place(str(checkpoints), writable, shutil.disk_usage(there).free)


def _devices() -> list[DeviceFound]:
    return [
        DeviceFound(d.name, d.label, d.memory_total, d.memory_free, queue.holders(d))
        for d in devices.devices()
    ]


def _recipes(folders: Sequence[Path]) -> Recipes:
    try:
        catalog = discover(folders)
    except WorkbenchError as fault:
        return Recipes(0, {"all": fault.title}, {})
    return Recipes(
        found=sum(not info.error for info in catalog),
        broken={info.id: info.error for info in catalog if info.error},
        missing={info.id: info.remedy for info in catalog if info.missing},
    )
