"""`workbench probe`: what the network of a living run does inside, layer by layer."""

from __future__ import annotations

import argparse
import time

from workbench import units
from workbench.cli import output
from workbench.debugging import series
from workbench.debugging.probes import InputProbe, LayerProbe, Probe
from workbench.debugging.recorded import decode
from workbench.errors import UsageError, WorkbenchError
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.shown import RecordedProbe
from workbench.runs.state import status_of

ANSWER_S = 60.0  # a step of a large network, and the first look at its data, take their time
POLL_S = 0.1

_COLUMNS = [
    "layer",
    "type",
    "output",
    "mean",
    "spread",
    "zeros",
    "dead",
    "saturated",
    "gradient",
    "weights",
    "their gradient",
    "update",
]


def probe_run(args: argparse.Namespace) -> int:
    """Ask for a probe and show it; or show the last one that was recorded."""
    folder = folders.find(args.run, args.checkpoints)
    taken = _last(folder) if args.last else _asked(folder)
    probe = decode(taken.step, taken.read())
    if args.json:
        output.write_json(probe)
        return 0
    loss = "" if probe.loss is None else f"  loss {units.number(probe.loss)}"
    output.say(f"{folder.name}: after step {taken.step:,}{loss}")
    if probe.inputs is not None:
        output.say(_inputs(probe.inputs))
    say_probed_layers(probe)
    return 0


def _last(folder: RunFolder) -> RecordedProbe:
    probes = History(folder).read_all().probes
    if not probes:
        raise UsageError(
            f"{folder.name} has recorded no probe",
            f"while it runs: workbench probe {folder.name}, or set {folder.name} probe_every=100",
        )
    return probes[-1]


def _asked(folder: RunFolder) -> RecordedProbe:
    """The answer to a request.

    Raises:
        UsageError: when the run has ended.
        WorkbenchError: when it refuses, ends, or does not answer in time.
    """
    if (state := status_of(folder).state).ended:
        raise UsageError(
            f"{folder.name} has ended: it is {state}",
            f"its last probe, if it has recorded one: workbench probe {folder.name} --last",
        )
    request = control.ask(folder.control_file, control.Probe())
    history, deadline = History(folder), time.monotonic() + ANSWER_S
    while True:
        ended = status_of(folder).state.ended  # before reading: what it answered last is then read
        history.read_all()
        answer = history.answers.get(request.id)
        if answer is not None:
            return _answered(folder, history, request.id, getattr(answer, "refused", ""))
        if ended or time.monotonic() > deadline:
            raise WorkbenchError(
                f"{folder.name} has not answered" + (": it has ended" if ended else ""),
                f"later, if it did: workbench probe {folder.name} --last",
            )
        time.sleep(POLL_S)


def _answered(folder: RunFolder, history: History, request: str, refused: str) -> RecordedProbe:
    if refused:
        raise WorkbenchError(f"{folder.name}: {refused}")
    # Of several that ask at once, the record names the first.
    return next((one for one in history.probes if one.request == request), history.probes[-1])


def _inputs(inputs: InputProbe) -> str:
    shape = "x".join(map(str, inputs.shape))
    known = {"mean": inputs.mean, "spread": inputs.spread, "from": inputs.low, "to": inputs.high}
    numbers = [f"{name} {units.number(value)}" for name, value in known.items() if value is not None]
    return f"inputs {shape}  {'  '.join(numbers)}"


def say_probed_layers(probe: Probe) -> None:
    """The table, without the columns in which no layer has anything."""
    rows = [_row(layer) for layer in probe.layers]
    kept = [i for i in range(len(_COLUMNS)) if i < 3 or any(row[i] for row in rows)]
    columns = [_COLUMNS[i] for i in kept]
    right = range(3, len(columns))
    output.say()
    output.write_table(columns, [[row[i] for i in kept] for row in rows], right=list(right))
    if probe.left_out:
        output.say(f"{probe.left_out:,} layers between them were not recorded")


def _row(layer: LayerProbe) -> list[str]:
    def number(value: float | None) -> str:
        return "" if value is None else units.number(value, 3)

    bad = f" ({layer.non_finite:,} not finite)" if layer.non_finite else ""
    return [
        series.label(layer),
        layer.kind,
        "x".join(map(str, layer.shape)) + bad,
        number(layer.mean),
        number(layer.spread),
        number(layer.zeros),
        f"{layer.dead} of {layer.units}" if layer.units else "",
        number(layer.saturated),
        number(layer.output_gradient),
        number(layer.weights),
        number(layer.weight_gradient),
        number(layer.update),
    ]
