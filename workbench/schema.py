"""A recipe's parameters as data, kept in a cache so that reading them imports the recipe only once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from workbench import paths
from workbench.catalog import RecipeInfo
from workbench.mark import Mark
from workbench.params import Parameter
from workbench.runs.folder import write_atomically

# Their text decides what parameters every recipe inherits, and what is kept of them.
_BASES = ("schema.py", "params.py", "mark.py", "recipe.py", "training/recipe.py")


class Schema(msgspec.Struct, frozen=True):
    """What importing a recipe told: its parameters, or why it cannot be imported.

    `monitor_mode` is `min` or `max`, and empty where nothing is monitored. `marks` and `within_s` are
    what the recipe promises of a run with default parameters.
    """

    parameters: tuple[Parameter, ...] = ()
    monitor: str = ""
    monitor_mode: str = ""
    marks: tuple[Mark, ...] = ()
    within_s: float = 60
    error: str = ""
    remedy: str = ""
    traceback: str = ""


def cached(info: RecipeInfo) -> Schema | None:
    """The parameters of exactly this file, if they were read before."""
    try:
        return msgspec.json.decode(_cache_file(info).read_bytes(), type=Schema)
    except (OSError, ValueError):
        return None


def keep(info: RecipeInfo, schema: Schema) -> None:
    """Remember sound parameters; a fault may be mended outside of the file, so it is not kept."""
    if schema.error:
        return
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        file = _cache_file(info)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, msgspec.json.encode(schema))


def fingerprint(info: RecipeInfo) -> str:
    """Changes with the recipe's file, the shared files beside it, and the base classes.

    Raises:
        OSError: when one of them cannot be read.
    """
    import hashlib  # noqa: PLC0415 - OpenSSL, which the first picture does without

    digest = hashlib.sha256(str(info.file).encode())
    for file in [info.file, *sorted(info.file.parent.glob("_*.py")), *_base_files()]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _cache_file(info: RecipeInfo) -> Path:
    return paths.cache_dir() / "schemas" / f"{fingerprint(info)}.json"


def _base_files() -> list[Path]:
    files = [Path(__file__).parent / name for name in _BASES]
    return [file for file in files if file.exists()]
