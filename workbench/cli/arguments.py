"""Words of the command line that name runs and parameters."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from workbench.errors import UsageError
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder


def assignments(words: Sequence[str]) -> dict[str, str]:
    """`name=value` words as names and texts.

    Raises:
        UsageError: naming every word that is none, and every name that is given twice.
    """
    values: dict[str, str] = {}
    faults = []
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and name):
            faults.append(f"{word!r} is not name=value")
        elif name in values:
            faults.append(f"{name} is given twice")
        values[name] = value
    refuse(faults)
    return values


def runs(args: argparse.Namespace) -> list[RunFolder]:
    """The runs that the call names, each once.

    Raises:
        UsageError: naming every word that is no run.
    """
    found: dict[str, RunFolder] = {}
    faults = []
    for word in args.words:
        try:
            folder = folders.find(word, args.checkpoints)
        except UsageError as fault:
            faults.append(fault)
            continue
        found[folder.name] = folder
    if len(faults) == 1:
        raise faults[0]
    refuse([fault.title for fault in faults], f"runs are looked for in {args.checkpoints}")
    return list(found.values())


def refuse(faults: Sequence[str], remedy: str = "") -> None:
    """Raise one UsageError of all `faults`; do nothing where there are none."""
    if faults:
        raise UsageError("\n".join(faults), remedy)
