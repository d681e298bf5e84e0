"""A record is in the file when the call returns, whatever its numbers and texts are."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder, finite_or_word, now
from workbench.runs.state import status_of
from workbench.runs.states import State


def test_a_record_is_in_the_file_when_the_call_returns(folder: RunFolder, recorder: Recorder) -> None:
    recorder.metrics(3, {"train/loss": 0.5})
    recorder.record(events.Paused(time=now(), step=3))
    metrics, paused = map(json.loads, folder.events_file.read_text().splitlines())
    assert (metrics["type"], metrics["step"], metrics["values"]) == ("metrics", 3, {"train/loss": 0.5})
    assert abs(metrics["time"] - now()) < 5
    assert paused["type"] == "paused"


def test_the_record_is_json_to_every_other_program(folder: RunFolder, recorder: Recorder) -> None:
    recorder.metrics(0, {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 1e-300})
    (line,) = folder.events_file.read_text().splitlines()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    values = json.loads(line, parse_constant=refuse)["values"]
    assert values == {"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": 1e-300}


def test_a_metric_with_a_name_like_json_stays_a_name(folder: RunFolder, recorder: Recorder) -> None:
    recorder.metrics(0, {'a":null,"b': 1.0, "x:null": math.nan})
    series = History(folder).read_all().series
    assert series['a":null,"b'].last == 1.0
    assert math.isnan(series["x:null"].last)


@given(st.floats())
def test_a_number_is_its_word_only_where_json_has_none(value: float) -> None:
    written = finite_or_word(value)
    assert isinstance(written, str) == (not math.isfinite(value))
    assert math.isnan(value) or float(written) == value


def test_a_text_that_is_no_unicode_does_not_cost_the_last_word(
    folder: RunFolder, recorder: Recorder
) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    recorder.record(events.Failed(time=now(), step=3, title=f"{name} is missing", traceback=name))
    status = status_of(folder)
    assert (status.state, status.reason) == (State.FAILED, "caf?.csv is missing")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_disk_is_an_error() -> None:
    recorder = Recorder(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        recorder.metrics(0, {"loss": 1.0})
    with pytest.raises(OSError, match="No space left"):
        recorder.record(events.Paused(time=now(), step=0))
    recorder.close()


def test_the_last_word_after_a_full_disk_can_be_read(
    folder: RunFolder, recorder: Recorder, files_at_most: Callable[[int], AbstractContextManager[None]]
) -> None:
    recorder.metrics(0, {"loss": 1.0})
    with files_at_most(folder.events_file.stat().st_size + 20), pytest.raises(OSError, match="large"):
        recorder.metrics(1, {"loss": 0.5})
    recorder.record(events.Failed(time=now(), step=1, title="the disk is full", kind="disk_full"))
    history = History(folder).read_all()
    assert history.recorded.state is State.FAILED
    assert history.series["loss"].values.tolist() == [1.0]
    assert len(history.faults) == 1


def test_a_second_attempt_goes_on_behind_a_half_written_record(folder: RunFolder) -> None:
    folder.events_file.write_bytes(b'{"type":"metrics","time":1,"st')
    recorder = Recorder(folder.events_file)
    recorder.metrics(1, {"loss": 0.5})
    recorder.close()
    history = History(folder).read_all()
    assert history.series["loss"].values.tolist() == [0.5]
    assert len(history.faults) == 1
