"""Records come back as they were written, and those of a newer version do no harm."""

from __future__ import annotations

import typing

import msgspec
import pytest

from workbench.runs import events

FIGURE = msgspec.Raw(b'{"kind":"text","title":"a","text":"b"}')
ALL: list[events.Event] = [
    events.Queued(time=1.0, pid=7, host="box", device="auto", waiting_for="waits for a-0001"),
    events.Started(
        time=1.0, pid=7, host="box", device="cpu", attempt=2, step=5, checkpoint="last.pt", warm=True
    ),
    events.Metrics(time=1.0, step=1, values={"loss": 0.5, "bad": "NaN"}),
    events.Progress(
        time=1.0,
        step=3,
        device="cpu",
        attempt=2,
        total=9,
        epoch=1,
        epochs=3,
        elapsed_s=0.5,
        eta_s=1.0,
        best=events.Best(metric="loss", value=0.5, step=1),
        phase="train",
        stopping=True,
    ),
    events.Paused(time=1.0, step=3),
    events.Resumed(time=1.0, step=3),
    events.Stopping(time=1.0, step=3, by="me@box:7", when="epoch"),
    events.Checkpoint(time=1.0, step=3, file="last.pt", reason="stop", metrics={"loss": "Infinity"}),
    events.FigureShown(time=1.0, step=3, name="samples", file="samples-00000003.json"),
    events.ProbeTaken(time=1.0, step=3, probe=msgspec.Raw(b'{"name":["0"]}'), request="abc"),
    events.ParameterSet(time=1.0, step=3, name="rate", old=0.1, value=0.2, request="abc"),
    events.Answered(time=1.0, request="abc", refused="not live"),
    events.System(time=8.5, values={"GPU %": 97.0}),
    events.Message(time=1.0, text="careful", level="warning"),
    events.Finished(time=1.0, step=9, results={"loss": 0.1}),
    events.Stopped(time=1.0, step=9, by="SIGTERM"),
    events.Failed(
        time=1.0, step=9, title="t", remedy="r", kind="out_of_memory", exception="e", traceback="tb"
    ),
]


def decode(line: bytes) -> events.Event:
    return msgspec.json.decode(line, type=events.Event)


@pytest.mark.parametrize("record", ALL, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was_written(record: events.Event) -> None:
    line = msgspec.json.encode(record)
    assert b"\n" not in line
    assert decode(line) == record


def test_every_record_type_is_tried() -> None:
    assert {type(record) for record in ALL} == set(typing.get_args(events.Event))


def test_a_small_figure_travels_in_its_record() -> None:
    shown = events.FigureShown(time=1.0, step=3, name="samples", figure=FIGURE)
    back = decode(msgspec.json.encode(shown))
    assert isinstance(back, events.FigureShown)
    assert bytes(back.figure) == bytes(FIGURE)
    assert b'"figure":' not in msgspec.json.encode(ALL[8])


def test_fields_of_a_newer_version_are_passed_over() -> None:
    line = b'{"type":"message","time":1.0,"text":"hello","colour":"red","more":{"a":[1]}}'
    assert decode(line) == events.Message(time=1.0, text="hello")


def test_fields_may_stand_in_any_order() -> None:
    assert decode(b'{"step":4,"time":1.0,"type":"paused"}') == events.Paused(time=1.0, step=4)


def test_metrics_are_told_by_how_their_line_begins() -> None:
    line = msgspec.json.encode(events.Metrics(time=1.0, step=1, values={}))
    assert line.startswith(events.METRICS_PREFIX)


def test_a_step_that_no_array_can_hold_is_no_record() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"type":"metrics","time":1,"step":99999999999999999999,"values":{"a":1}}')
