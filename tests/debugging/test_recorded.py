"""Probes in a run's record: read back, cut at a resumption, drawn by layer and time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.debugging import recorded, series
from workbench.debugging.probes import InputProbe, LayerProbe, Probe
from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run

PROBE = Probe(
    step=4,
    loss=0.25,
    inputs=InputProbe(shape=(8, 3), mean=0.5, low=-1.0, high=2.0),
    layers=(
        LayerProbe(name="0", kind="Linear", shape=(8, 4), units=4, mean=1.5, weights=2.0, update=1e-3),
        LayerProbe(name="1", kind="ReLU", shape=(8, 4), units=4, dead=1, zeros=0.5, mean=math.nan),
        LayerProbe(name="0", kind="Linear", call=1, non_finite=3, spread=math.inf),
    ),
)


def of_step(step: int, layers: int = 2) -> Probe:
    return Probe(
        step=step,
        layers=tuple(
            LayerProbe(name=str(i), kind="ReLU", units=10, dead=i % 10, weight_gradient=10.0**-i)
            for i in range(layers)
        ),
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(RunFolder(tmp_path), Recorder(tmp_path / "events.jsonl"))


@pytest.fixture
def probe_at(run: Run) -> Callable[..., None]:
    def write(step: int, probe: Probe | None = None, request: str = "") -> None:
        run.meter.step = step
        run.probed(recorded.encode(probe or of_step(step)), request)

    return write


def test_a_probe_is_read_back_as_it_was() -> None:
    again = recorded.decode(4, recorded.encode(PROBE))
    assert repr(again) == repr(PROBE)  # NaN is nothing's equal


def test_numbers_have_four_digits_and_columns_without_values_are_left_out() -> None:
    layer = LayerProbe(name="a", kind="Linear", mean=0.123456789, spread=1.23456e-12)
    written = json.loads(recorded.encode(Probe(step=1, layers=(layer,))))
    assert written == {"name": ["a"], "kind": ["Linear"], "mean": [0.1235], "spread": [1.235e-12]}


def test_of_very_many_layers_some_are_recorded_and_the_rest_counted() -> None:
    data = recorded.encode(of_step(1, layers=3000))
    again = recorded.decode(1, data)
    assert (len(again.layers), again.left_out) == (recorded.MOST_LAYERS, 2600)
    assert (again.layers[0].name, again.layers[-1].name) == ("0", "2999")
    assert len(data) < 30_000
    assert recorded.decode(1, recorded.encode(again)).left_out == 2600


@pytest.mark.parametrize("data", ["[]", "{", '{"name":["a"]}', '{"name":["a"],"mean":[1,2]}'])
def test_what_is_no_probe_is_refused(data: str) -> None:
    with pytest.raises(WorkbenchError, match="step 7 cannot be read"):
        recorded.decode(7, data.encode())


def test_probes_are_kept_by_their_places_and_answer_their_requests(
    run: Run, probe_at: Callable[..., None]
) -> None:
    history = History(run.folder)
    probe_at(1)
    run.log(loss=1.0)
    assert [one.step for one in history.read_all().probes] == [1]
    probe_at(4, PROBE, "asked")
    assert [one.step for one in history.read_all().probes] == [1, 4]
    assert repr(recorded.decode(4, history.probes[1].read())) == repr(PROBE)
    assert (history.probes[1].request, history.answers["asked"].refused) == ("asked", "")
    assert "" not in history.answers
    assert not history.faults


def test_a_resumed_attempt_abandons_the_probes_beyond_its_step(
    run: Run, probe_at: Callable[..., None]
) -> None:
    start = events.Started(time=1.0, pid=1, host="box", device="cpu")
    run._recorder.record(start)
    for step in (10, 20, 30):
        probe_at(step)
    history = History(run.folder).read_all()
    run._recorder.record(events.Started(time=2e9, pid=1, host="box", device="cpu", attempt=2, step=20))
    probe_at(25)
    assert [one.step for one in history.read_all().probes] == [10, 20, 25]


def test_curves_and_a_map_show_layers_by_step() -> None:
    probes = [of_step(step, layers=3) for step in (5, 10)]
    drawn = series.curves(probes, "dead", ["2", "0"])
    assert [(line.name, list(line.x), list(line.y)) for line in drawn.lines] == [
        ("2", [5.0, 10.0], [0.2, 0.2]),
        ("0", [5.0, 10.0], [0.0, 0.0]),
    ]
    shown = series.heat_map(probes, "weight_gradient")
    assert shown.values == [[0.0, 0.0], [-1.0, -1.0], [-2.0, -2.0]]
    assert (list(shown.rows), list(shown.columns)) == (["0", "1", "2"], ["5", "10"])
    assert series.heat_map([PROBE], "update").values == [[-3.0]]
    assert series.label(PROBE.layers[2]) == "0 (2)"


def test_what_is_drawn_is_bounded_by_layers_and_by_time(
    run: Run, probe_at: Callable[..., None]
) -> None:
    deep = of_step(1, layers=400)
    assert len(series.curves([deep], "dead").lines) == series.MOST_CURVES
    rows = series.heat_map([deep], "dead").rows
    assert (len(rows), rows[0], rows[-1]) == (series.MOST_ROWS, "0", "399")
    for step in range(1, 451):
        probe_at(step)
    course, history = series.Course(), History(run.folder).read_all()
    course.take(history.probes)
    assert len(course.probes) == 114
    assert (course.probes[1].step, course.probes[-1].step) == (5, 450)
    kept = course.probes[:-1]
    probe_at(451)
    course.take(history.read_all().probes)
    assert all(one is other for one, other in zip(kept, course.probes, strict=False))
    assert course.probes[-1].step == 451 and not course.faults


def test_what_cannot_be_drawn_is_named_with_the_nearest() -> None:
    with pytest.raises(WorkbenchError, match="weight_gradient"):
        series.heat_map([PROBE], "weight_gradiant")
    with pytest.raises(WorkbenchError, match="layer"):
        series.curves([PROBE], "mean", ["9"])
