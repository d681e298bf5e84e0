"""All that a run recorded comes back, once, however it was written and whatever is damaged."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs import events, jsonl
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.states import State

Append = Callable[..., None]


def started(attempt: int = 1, step: int = 0) -> events.Started:
    return events.Started(time=1.0, pid=1, host="box", device="cpu", attempt=attempt, step=step)


def metrics(step: int, **values: float | str) -> events.Metrics:
    return events.Metrics(time=step / 10, step=step, values=values)


def curves(history: History) -> dict[str, list[tuple[int, float]]]:
    return {
        name: list(zip(series.steps.tolist(), series.values.tolist(), strict=True))
        for name, series in history.series.items()
    }


def test_a_run_without_records_has_an_empty_history(folder: RunFolder) -> None:
    history = History(folder).read_all()
    assert (history.series, history.faults, history.ended) == ({}, [], None)


def test_metrics_become_series_in_order_of_appearance(folder: RunFolder, record: Append) -> None:
    record(started(), metrics(0, loss=1.0, rate=0.1), metrics(1, loss=0.5), metrics(1, accuracy=0.9))
    history = History(folder).read_all()
    assert list(history.series) == ["loss", "rate", "accuracy"]
    assert curves(history) == {"loss": [(0, 1.0), (1, 0.5)], "rate": [(0, 0.1)], "accuracy": [(1, 0.9)]}
    assert history.series["loss"].times.tolist() == [0.0, 0.1]


NAMES = st.sampled_from(["loss", "rate", "a b", "größe", '"quoted"', "\x1b[31m"])
NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**53), 2**53).map(float)


@given(st.lists(st.dictionaries(NAMES, NUMBERS, max_size=4), max_size=40), st.integers(60, 400))
def test_whatever_is_recorded_is_read(logged: list[dict[str, float]], block_bytes: int) -> None:
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl.LineReader.read_block, "__defaults__", (block_bytes,))
        folder = RunFolder(Path(place))
        recorder = Recorder(folder.events_file)
        for step, values in enumerate(logged):
            recorder.metrics(step, values)
        recorder.close()
        history = History(folder).read_all()
    expected: dict[str, list[tuple[int, float]]] = {}
    for step, values in enumerate(logged):
        for name, value in values.items():
            expected.setdefault(name, []).append((step, value))
    assert curves(history) == expected
    assert history.faults == []


def test_not_a_number_and_infinities_come_back(folder: RunFolder, recorder: Recorder) -> None:
    recorder.metrics(0, {"a": 1.0, "b": math.inf})
    recorder.metrics(1, {"a": math.nan, "b": -math.inf})
    recorder.metrics(2, {"a": 2.0, "b": 0.0})
    history = History(folder).read_all()
    np.testing.assert_array_equal(history.series["a"].values, [1.0, math.nan, 2.0])
    np.testing.assert_array_equal(history.series["b"].values, [math.inf, -math.inf, 0.0])
    recorder.metrics(3, {"a": math.nan, "b": 1.0})
    np.testing.assert_array_equal(history.read_all().series["a"].values, [1.0, math.nan, 2.0, math.nan])
    assert history.series["b"].last == 1.0


def test_a_word_that_is_no_number_is_a_gap(folder: RunFolder, record: Append) -> None:
    record(metrics(0, loss="many"), metrics(1, loss=1.0))
    np.testing.assert_array_equal(History(folder).read_all().series["loss"].values, [math.nan, 1.0])


def test_everything_else_is_kept_by_kind(folder: RunFolder, record: Append) -> None:
    saved = events.Checkpoint(time=2.0, step=1, file="last.pt", reason="last")
    changed = events.ParameterSet(time=2.0, step=1, name="rate", old=0.1, value=0.2, request="r1")
    refused = events.Answered(time=2.0, request="r2", refused="not live")
    said = events.Message(time=2.0, text="careful")
    ended = events.Finished(time=3.0, step=2)
    record(started(), saved, changed, refused, said, ended)
    history = History(folder).read_all()
    assert history.started == [started()]
    assert history.checkpoints == [saved]
    assert history.parameters_set == [changed]
    assert history.answers == {"r1": changed, "r2": refused}
    assert history.messages == [said]
    assert history.ended == ended
    assert history.recorded.state is State.FINISHED


def test_figures_are_kept_by_name_oldest_first(folder: RunFolder, record: Append) -> None:
    small = msgspec.Raw(b'{"kind":"text"}')
    for step in (1, 2):
        record(events.FigureShown(time=1.0, step=step, name="samples", figure=small))
    (first, second) = History(folder).read_all().figures["samples"]
    assert (first.step, second.step, bytes(first.figure)) == (1, 2, bytes(small))


def test_a_figure_does_not_keep_all_that_was_read_with_it(folder: RunFolder, record: Append) -> None:
    small = msgspec.Raw(b'{"kind":"text"}')
    record(events.FigureShown(time=1.0, step=1, name="samples", figure=small))
    record(*(events.Progress(time=1.0, step=step, phase="x" * 100) for step in range(5000)))
    tracemalloc.start()
    history = History(folder).read_all()
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(history.figures["samples"]) == 1
    assert kept_bytes < folder.events_file.stat().st_size / 4


def test_what_is_appended_is_read_once(folder: RunFolder, record: Append) -> None:
    history = History(folder)
    for step in range(5):
        record(metrics(step, loss=float(step)), events.Message(time=1.0, text=str(step)))
        assert not history.read()
    assert curves(history)["loss"] == [(step, float(step)) for step in range(5)]
    assert [message.text for message in history.messages] == list("01234")


def test_a_half_written_record_waits_until_it_is_whole(folder: RunFolder) -> None:
    line = msgspec.json.encode(metrics(0, loss=1.0)) + b"\n"
    history = History(folder)
    for byte in line:
        history.read()
        assert (history.series, history.faults) == ({}, [])
        with folder.events_file.open("ab") as file:
            file.write(bytes([byte]))
    history.read()
    assert curves(history) == {"loss": [(0, 1.0)]}


DAMAGE = [
    b"no json",
    b'{"type":"metrics","time":1,"ste',
    b'{"type":"metrics","time":1,"step":1,"values":{"loss":NaN}}',
    b'{"type":"metrics","time":1,"step":1e30,"values":{"loss":1}}',
    b'{"type":"metrics","time":1,"step":99999999999999999999,"values":{"loss":1}}',
    b'{"type":"metrics","time":1,"step":1,"values":{"\xff":1}}',
    b'{"type":"message","time":1,"text":"a","more":' + b"[" * 100_000 + b"}",
    b'{"type":"dreaming","time":1}',
    b"\x00" * 50,
    b"[]",
]


@pytest.mark.parametrize("line", DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_line_is_named_with_file_and_number_and_the_rest_is_read(
    folder: RunFolder, record: Append, line: bytes
) -> None:
    record(started(), metrics(0, loss=1.0))
    followed = History(folder).read_all()
    with folder.events_file.open("ab") as file:
        file.write(b"\n" + line + b"\n")
    record(metrics(1, loss=0.5), events.Finished(time=1.0, step=2))
    for history in (followed, History(folder)):
        history.read_all()
        assert len(history.faults) == 1
        assert history.faults[0].startswith("events.jsonl, line 4: ")
        assert curves(history) == {"loss": [(0, 1.0), (1, 0.5)]}
        assert history.ended is not None


@given(
    st.lists(st.binary(max_size=30) | st.just(b'{"type":"message","time":1,"text":"a"}'), max_size=8)
)
def test_no_bytes_at_all_stop_the_reading(lines: list[bytes]) -> None:
    with TemporaryDirectory() as place:
        folder = RunFolder(Path(place))
        folder.events_file.write_bytes(b"\n".join([*lines, b""]))
        recorder = Recorder(folder.events_file)
        recorder.metrics(7, {"loss": 1.0})
        recorder.close()
        assert curves(History(folder).read_all()) == {"loss": [(7, 1.0)]}


def test_records_of_a_newer_version_do_not_break_reading(folder: RunFolder, record: Append) -> None:
    record(metrics(0, loss=1.0))
    with folder.events_file.open("ab") as file:
        file.write(b'{"type":"metrics","time":1,"step":1,"values":{"loss":0.5},"rank":3}\n')
        file.write(b'{"type":"profile","time":1,"step":1}\n')
    record(metrics(2, loss=0.25))
    history = History(folder).read_all()
    assert curves(history) == {"loss": [(0, 1.0), (1, 0.5), (2, 0.25)]}
    assert ["line 3" in fault for fault in history.faults] == [True]


def test_a_new_attempt_abandons_what_lies_beyond_its_checkpoint(
    folder: RunFolder, record: Append
) -> None:
    record(started(), *(metrics(step, loss=float(step)) for step in range(10)))
    for step in (4, 8):
        record(
            events.Checkpoint(time=1.0, step=step, file=f"step-{step}.pt", reason="asked"),
            events.ParameterSet(time=1.0, step=step, name="rate", old=0.1, value=0.2),
            events.FigureShown(time=1.0, step=step, name="samples", file="a.json"),
        )
    record(metrics(8, late=1.0), events.Failed(time=1.0, step=9, title="t"))
    history = History(folder).read_all()
    record(started(attempt=2, step=5))
    record(metrics(6, loss=60.0))
    for after in (history, History(folder)):
        after.read_all()
        assert curves(after) == {
            "loss": [*((step, float(step)) for step in range(6)), (6, 60.0)],
            "late": [],
        }
        assert [saved.step for saved in after.checkpoints] == [4]
        assert [change.step for change in after.parameters_set] == [4]
        assert [figure.step for figure in after.figures["samples"]] == [4]
        assert after.ended is None
        assert (after.recorded.state, after.recorded.attempt) == (State.RUNNING, 2)


def test_what_came_after_the_checkpoint_of_the_same_step_is_there_once(
    folder: RunFolder, record: Append
) -> None:
    def tested(time: float) -> tuple[events.Metrics, events.FigureShown]:
        figure = events.FigureShown(time=time, step=5, name="confusion", file=f"{time}.json")
        return metrics(5, accuracy=time), figure

    record(events.Started(time=1.0, pid=1, host="h", device="cpu"), metrics(5, loss=1.0), *tested(2.0))
    record(events.Started(time=3.0, pid=2, host="h", device="cpu", attempt=2, step=5), *tested(4.0))
    history = History(folder).read_all()
    assert curves(history) == {"loss": [(5, 1.0)], "accuracy": [(5, 4.0)]}
    assert [figure.file for figure in history.figures["confusion"]] == ["4.0.json"]


def test_a_fork_that_begins_at_a_step_keeps_all_of_its_points(
    folder: RunFolder, record: Append
) -> None:
    record(metrics(9, note=1.0), started(step=5), metrics(6, loss=1.0))
    assert curves(History(folder).read_all()) == {"note": [(9, 1.0)], "loss": [(6, 1.0)]}


def test_a_read_keeps_to_its_budget_and_tells_that_more_is_waiting(
    folder: RunFolder, recorder: Recorder
) -> None:
    for step in range(30_000):
        recorder.metrics(step, {"loss": 0.1, "accuracy": 0.2})
    assert folder.events_file.stat().st_size > 2 * jsonl.READ_BLOCK_BYTES
    history = History(folder)
    assert history.read(budget_s=0.0)
    assert 0 < len(history.series["loss"]) < 30_000
    while history.read(budget_s=0.0):
        pass
    assert len(history.series["loss"]) == 30_000


def test_reading_leaves_the_collector_as_it_was(folder: RunFolder, record: Append) -> None:
    record(metrics(0, loss=1.0))
    assert gc.isenabled()
    History(folder).read_all()
    assert gc.isenabled()


def test_a_record_that_was_cut_off_and_written_anew_is_read_anew(
    folder: RunFolder, record: Append
) -> None:
    record(started(), metrics(0, loss=1.0), metrics(1, loss=0.5))
    history = History(folder).read_all()
    folder.events_file.write_bytes(msgspec.json.encode(metrics(0, loss=3.0)) + b"\n")
    assert curves(history.read_all()) == {"loss": [(0, 3.0)]}
    assert history.started == []


def progress(step: int, epoch: int, total: int = 0, epochs: int = 0) -> events.Progress:
    return events.Progress(time=1.0, step=step, epoch=epoch, total=total, epochs=epochs)


def test_where_epochs_begin_is_kept(folder: RunFolder, record: Append) -> None:
    record(started(), progress(3, 1), progress(6, 1), progress(12, 2), progress(19, 2), progress(21, 3))
    assert History(folder).read_all().epochs == [(3, 0.0), (12, 1.0), (21, 2.0)]


def test_where_all_epochs_are_alike_their_parts_are_known(folder: RunFolder, record: Append) -> None:
    record(started(), progress(5, 1, 100, 10), progress(9, 1, 100, 10), progress(15, 2, 100, 10))
    assert History(folder).read_all().epochs == [(5, 0.5), (15, 1.5)]


def test_abandoned_epochs_are_forgotten(folder: RunFolder, record: Append) -> None:
    record(started(), progress(5, 1), progress(15, 2), progress(25, 3), started(2, step=18))
    record(progress(20, 2))
    assert History(folder).read_all().epochs == [(5, 0.0), (15, 1.0), (20, 1.0)]
