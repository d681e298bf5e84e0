"""Messages between an inspecting worker and its client, as bytes."""

from __future__ import annotations

import io

import msgspec
import pytest

from workbench.debugging import protocol, wire
from workbench.debugging.protocol import Answered, Asked, Failed, Maps, View
from workbench.figures.data import ImageGrid, Picture


def test_messages_come_whole_and_in_order() -> None:
    picture = Picture(1, 2, 1, b"\x00\xff")
    view = View(request="maps", figure=ImageGrid("t", [picture], ["0"]), ranges=((0.0, 1.0),))
    asked, answered = Asked(7, Maps(layer="a.b", page=2)), Answered(7, view)
    stream = io.BytesIO(protocol.frame(asked) + protocol.frame(answered))
    first, second = wire.read(stream), wire.read(stream)
    assert first is not None
    assert second is not None
    assert msgspec.msgpack.decode(first, type=Asked) == asked
    assert msgspec.msgpack.decode(second, type=Answered) == answered
    assert wire.read(stream) is None


@pytest.mark.parametrize("left", [2, 10])
def test_a_message_that_was_cut_is_no_message(left: int) -> None:
    whole = protocol.frame(Answered(1, Failed(title="a title")))
    with pytest.raises(ValueError, match="cut within a message"):
        wire.read(io.BytesIO(whole[:left]))


def test_what_claims_to_be_far_too_long_is_not_waited_for() -> None:
    with pytest.raises(ValueError, match="is no message"):
        wire.read(io.BytesIO(protocol.LENGTH.pack(protocol.LARGEST_FRAME_BYTES + 1) + b"x"))
