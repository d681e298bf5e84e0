"""Imports a recipe's module and finds the one recipe in it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType

from workbench.catalog import install_command
from workbench.errors import WorkbenchError
from workbench.recipe import Recipe


class RecipeError(WorkbenchError):
    """A recipe that cannot be imported; `trace` is for its author."""

    def __init__(self, title: str, remedy: str = "", trace: str = "") -> None:
        super().__init__(title, remedy)
        self.trace = trace


def load(file: Path) -> type[Recipe]:
    """The recipe class of `file`, imported as if it were run as a script: its folder is on the path.

    Raises:
        RecipeError: naming line and fault, and the command that installs what is missing.
    """
    if not file.is_file():
        raise RecipeError(f"the recipe's file {file} is gone", "put it back, or start another run")
    module = _import(file)
    classes = [
        member
        for name, member in vars(module).items()
        if inspect.isclass(member)
        and issubclass(member, Recipe)
        and member.__module__ == module.__name__
        and not name.startswith("_")
    ]
    if len(classes) != 1:
        names = ", ".join(c.__name__ for c in classes) or "none"
        raise RecipeError(
            f"{file.name} has to define exactly one recipe; it defines: {names}",
            "start the names of helper classes with an underscore",
        )
    return classes[0]


def _import(file: Path) -> ModuleType:
    try:
        packaged = _packaged_name(file)
        return importlib.import_module(packaged) if packaged else _import_file(file)
    except ModuleNotFoundError as fault:
        missing = (fault.name or "").partition(".")[0]
        raise RecipeError(
            f"{file.name} needs the module {missing!r}, which is not installed",
            install_command([missing]),
            traceback.format_exc(),
        ) from None
    except SyntaxError as fault:
        raise RecipeError(f"{file.name}, line {fault.lineno}: {fault.msg}") from None
    except (Exception, SystemExit) as fault:
        line = next(
            (
                f.lineno
                for f in reversed(traceback.extract_tb(fault.__traceback__))
                if f.filename == str(file)
            ),
            None,
        )
        where = f"{file.name}, line {line}" if line else file.name
        raise RecipeError(
            f"{where}: {type(fault).__name__}: {fault}",
            f"`python {file}` shows its traceback",
            traceback.format_exc(),
        ) from fault


def _packaged_name(file: Path) -> str:
    """The dotted name of a recipe that comes with the workbench; empty for a user's own."""
    spec = importlib.util.find_spec("recipes")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if file.is_relative_to(place):
            return ".".join(["recipes", *file.relative_to(place).with_suffix("").parts])
    return ""


def _import_file(file: Path) -> ModuleType:
    for folder in (str(file.parent.parent), str(file.parent)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    name = f"workbench_recipe_{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
