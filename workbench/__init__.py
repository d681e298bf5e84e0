"""The training workbench: `from workbench import Recipe, number, choice, at_least, track`.

Importing this package costs nothing; a name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.mark import at_least, at_most
    from workbench.params import choice, number, path, switch, text
    from workbench.recipe import Recipe
    from workbench.tracking import track

__all__ = ["Recipe", "at_least", "at_most", "choice", "number", "path", "switch", "text", "track"]

_HOME = {
    "Recipe": "workbench.recipe",
    "at_least": "workbench.mark",
    "at_most": "workbench.mark",
    "choice": "workbench.params",
    "number": "workbench.params",
    "path": "workbench.params",
    "switch": "workbench.params",
    "text": "workbench.params",
    "track": "workbench.tracking",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def version() -> str:
    """The version of this workbench; empty where it runs from a folder that was never installed."""
    from importlib import metadata  # noqa: PLC0415 - importing this package costs nothing

    try:
        return metadata.version("training-workbench")
    except metadata.PackageNotFoundError:
        return ""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
