"""Evidence read from a run's record: probes, curves, parameters, and how it ended."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest

from tests.debugging.made import probe
from workbench.debugging import reading, recorded
from workbench.debugging.probes import OddShape, TellingFeature
from workbench.debugging.reading import read_evidence
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.history import History
from workbench.runs.recorder import Recorder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run with two parameters, one of which was set while it was alive."""
    parameters = {"lr": 0.1, "clip_norm": 0.0}
    manifest = Manifest(name="", recipe=RecipeReference("t/r", "r.py"), parameters=parameters)
    made, _ = create(manifest, tmp_path)
    recorder = Recorder(made.events_file)
    recorder.record(events.Started(time=1.0, pid=1, host="here", device="cpu"))
    recorder.record(events.ParameterSet(time=2.0, step=5, name="lr", old=0.1, value=0.01))
    return made


def evidence(folder: RunFolder) -> reading.Evidence:
    return read_evidence(History(folder).read_all())


def test_probes_come_back_with_all_that_rules_look_at(folder: RunFolder) -> None:
    made = probe(20, telling=TellingFeature(3, 64, 1.0), odd_shapes=(OddShape("sub", ((4, 1), (4,))),))
    shown = events.ProbeTaken(time=3.0, step=20, probe=msgspec.Raw(recorded.encode(made)))
    Recorder(folder.events_file).record(shown)
    (read,) = evidence(folder).probes
    assert read == made


def test_of_many_probes_some_are_read_with_the_first_and_the_last(folder: RunFolder) -> None:
    recorder = Recorder(folder.events_file)
    for step in range(1, 501):
        raw = msgspec.Raw(recorded.encode(probe(step)))
        recorder.record(events.ProbeTaken(time=3.0, step=step, probe=raw))
    steps = [one.step for one in evidence(folder).probes]
    assert len(steps) == reading.MOST_PROBES
    assert (steps[0], steps[-1]) == (1, 500)
    assert steps == sorted(set(steps))


def test_parameters_are_those_that_hold_now(folder: RunFolder) -> None:
    assert evidence(folder).params == {"lr": 0.01, "clip_norm": 0.0}


def test_curves_are_read_whole_while_they_are_short(folder: RunFolder) -> None:
    recorder = Recorder(folder.events_file)
    for step, loss in ((1, 2.0), (10, math.nan), (20, 1.0)):
        recorder.metrics(step, {"train/loss": loss})
    curve = evidence(folder).curves["train/loss"]
    assert list(curve.steps) == [1, 10, 20]
    assert curve.values[0] == 2.0 and math.isnan(curve.values[1])


def test_long_curves_keep_extremes_and_the_first_that_is_no_number(folder: RunFolder) -> None:
    recorder = Recorder(folder.events_file)
    odd = {1234: 99.0, 3456: -99.0, 4567: math.inf, 4568: math.nan}
    for step in range(1, 10_001):
        recorder.metrics(step, {"train/loss": odd.get(step, 1.0)})
    curve = evidence(folder).curves["train/loss"]
    assert reading.MOST_POINTS <= len(curve.steps) <= reading.MOST_POINTS + 3
    known = dict(zip(curve.steps, curve.values, strict=True))
    assert {step: known[step] for step in (1234, 3456, 4567)} == {
        1234: 99.0,
        3456: -99.0,
        4567: math.inf,
    }
    assert {1, 10_000} <= set(known)


@pytest.mark.parametrize(("kind", "is_one"), [("not_finite", True), ("out_of_memory", False)])
def test_how_it_ended_counts_where_a_number_was_none(
    folder: RunFolder, kind: events.FaultKind, is_one: bool
) -> None:
    end = events.Failed(time=4.0, step=7, title="the loss became NaN in step 7", kind=kind)
    Recorder(folder.events_file).record(end)
    failure = evidence(folder).failure
    assert (failure is not None and failure.step == 7) == is_one
