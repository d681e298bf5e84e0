"""`workbench show`: one recipe, or one run with the checkpoints that are there."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping, Sequence

from workbench import units
from workbench.cli import output, progress
from workbench.cli.recipes import show_recipe
from workbench.params import Value
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.saved import Saved

_RUN = re.compile(r"([^/]+-)?\d+(/([^/]+-)?\d+)?")  # no module, and so no recipe, has such a name


def show(args: argparse.Namespace) -> int:
    """What the name is the name of: `images/cnn` is a recipe, `images-cnn-0001` a run."""
    if not is_run(args.name):
        return show_recipe(args)
    return _show_run(folders.find(args.name, args.checkpoints), as_json=args.json)


def is_run(name: str) -> bool:
    """Whether a name is that of a run rather than of a recipe."""
    return bool(_RUN.fullmatch(name))


def _show_run(folder: RunFolder, *, as_json: bool) -> int:
    # Only this page reads a whole run, which takes numpy.
    from workbench.cli.records import as_data  # noqa: PLC0415
    from workbench.runs.history import History  # noqa: PLC0415
    from workbench.runs.saved import saved  # noqa: PLC0415
    from workbench.workers.launch import parameters_at  # noqa: PLC0415

    manifest, history = folder.manifest(), History(folder).read_all()
    there, parameters = saved(folder, history.checkpoints), parameters_at(folder)
    status = history.status()
    if as_json:
        run = as_data(RunSummary(folder, manifest, status))
        output.write_json({**run, "parameters": parameters, "checkpoints": there})
        return 0
    progress.say_end(folder.name, status)
    output.say("\n".join(_origin(manifest)))
    _say_parameters(parameters, manifest.parameters)
    _say_checkpoints(there)
    output.say(f"\nfolder: {units.plain(str(folder.path))}")
    progress.say_faults(history)
    return 0


def _origin(manifest: Manifest) -> list[str]:
    created = units.age(time.time() - manifest.created) if manifest.created else "at no known time"
    lines = [f"{manifest.recipe.id}  seed {manifest.seed}  on {manifest.host}  {created}"]
    if manifest.parent is not None:
        parent = manifest.parent
        lines.append(f"forked from {parent.run}, {parent.checkpoint} at step {parent.step:,}")
    return [units.plain(line) for line in lines]


def _say_parameters(now: Mapping[str, Value], at_launch: Mapping[str, Value]) -> None:
    if not now:
        return
    rows = [
        [
            name,
            output.number(value),
            "" if at_launch.get(name, value) == value else f"was {output.number(at_launch[name])}",
        ]
        for name, value in now.items()
    ]
    output.say()
    output.write_table(["parameter", "value", ""], rows)


def _say_checkpoints(there: Sequence[Saved]) -> None:
    output.say()
    if not there:
        output.say("no checkpoint yet")
        return
    rows = [
        [
            one.file,
            "–" if one.step is None else f"{one.step:,}",
            units.size(one.size_bytes),
            units.age(time.time() - one.written),
            one.reason,
            "  ".join(f"{name} {output.number(value)}" for name, value in one.metrics.items()),
        ]
        for one in there
    ]
    output.write_table(["checkpoint", "step", "size", "written", "why", "metrics"], rows, right=[1, 2])
