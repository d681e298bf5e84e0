"""Frames read from a stream: the length, then as many bytes."""

from __future__ import annotations

from typing import BinaryIO

from workbench.debugging.protocol import LARGEST_FRAME_BYTES, LENGTH


def read(stream: BinaryIO) -> bytes | None:
    """The next frame's bytes; None at the end of the stream.

    Raises:
        ValueError: when the stream ends within a frame, or the frame is larger than any may be.
    """
    head = stream.read(LENGTH.size)
    if not head:
        return None
    if len(head) < LENGTH.size:
        raise ValueError("the connection was cut within a message")
    (length,) = LENGTH.unpack(head)
    if length > LARGEST_FRAME_BYTES:
        raise ValueError(f"a message of {length} bytes is no message")
    body = stream.read(length)
    if len(body) < length:
        raise ValueError("the connection was cut within a message")
    return body
