"""Every path that the workbench reads or writes on its own account."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

CHECKPOINTS_VARIABLE = "WORKBENCH_CHECKPOINTS"
RECIPES_VARIABLE = "WORKBENCH_RECIPES"
CACHE_VARIABLE = "WORKBENCH_CACHE"
LEASES_VARIABLE = "WORKBENCH_LEASES"
CONFIG_VARIABLE = "WORKBENCH_CONFIG"


def config_file() -> Path:
    """The user's settings: `$WORKBENCH_CONFIG`, else `config.toml` in the platform's config folder."""
    override = os.environ.get(CONFIG_VARIABLE)
    return Path(override or Path(platformdirs.user_config_dir("workbench")) / "config.toml").absolute()


def setting_variable(name: str) -> str:
    """The variable of the environment that overrides a setting of the file."""
    return f"WORKBENCH_{name.upper()}"


def checkpoints_dir() -> Path:
    """Where runs are kept: `$WORKBENCH_CHECKPOINTS`, else `checkpoints` in the working directory."""
    return Path(os.environ.get(CHECKPOINTS_VARIABLE) or "checkpoints").absolute()


def recipe_dirs() -> list[Path]:
    """The user's own recipe folders: `$WORKBENCH_RECIPES`, separated as in `$PATH`."""
    listed = os.environ.get(RECIPES_VARIABLE, "")
    return [Path(part).absolute() for part in listed.split(os.pathsep) if part]


def cache_dir() -> Path:
    """Where what can be made again is kept: recipes' parameters, downloaded data."""
    override = os.environ.get(CACHE_VARIABLE)
    return Path(override) if override else Path(platformdirs.user_cache_dir("workbench"))


def data_dir() -> Path:
    """Where downloaded data sets lie, shared by all runs of this user."""
    return cache_dir() / "data"


def leases_dir() -> Path:
    """Where the locks on this host's devices lie; on a local disk, since devices are local too.

    Not in the user's runtime folder: that is another one in a job without a login, and goes at logout.
    """
    override = os.environ.get(LEASES_VARIABLE)
    return Path(override or Path(tempfile.gettempdir()) / f"workbench-leases-{os.getuid()}")


def inside(folder: Path, name: str) -> Path:
    """`folder/name`, where `name` is one plain path component.

    Raises:
        ValueError: when the name is empty, has a separator, or climbs out (`..`).
    """
    if not name or name in {".", ".."} or "/" in name or "\\" in name or "\0" in name:
        raise ValueError(f"{name!r} is not a plain name")
    return folder / name
